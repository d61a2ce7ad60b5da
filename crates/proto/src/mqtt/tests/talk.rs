//! A client and a server that follow the rules understand each other.

use super::*;
use mqtt_protocol_core::mqtt::packet::{Property, v5_0};
use proptest::prelude::*;

#[test]
fn connack_announces_what_will_be_refused() {
    let mut server = ServerConnection::new(at(0), Limits::default());
    // Client identifier empty, keep-alive 0, session expiry one hour.
    server.receive(
        at(0),
        b"\x10\x12\0\x04MQTT\x05\x02\0\0\x05\x11\0\0\x0E\x10\0\0",
    );
    assert!(matches!(
        events(&mut server).as_slice(),
        [ServerEvent::Connect(_)]
    ));
    server.accept(at(0), "dev-0001");
    let connack = server.transmit().unwrap();
    let contains = |part: &[u8]| connack.windows(part.len()).any(|window| window == part);
    assert_eq!(
        connack.get(..4),
        Some(&[0x20, byte(connack.len() - 2), 0, 0][..])
    );
    assert!(contains(&[33, 0, 16]), "receive maximum 16: {connack:02x?}");
    assert!(contains(&[36, 1]), "maximum QoS 1: {connack:02x?}");
    assert!(contains(&[37, 0]), "no retained messages: {connack:02x?}");
    assert!(
        contains(&[39, 0, 1, 0, 0]),
        "packets of 64 KiB: {connack:02x?}"
    );
    assert!(
        contains(&[41, 0]),
        "no subscription identifiers: {connack:02x?}"
    );
    assert!(
        contains(&[42, 0]),
        "no shared subscriptions: {connack:02x?}"
    );
    assert!(
        contains(&[17, 0, 0, 0, 0]),
        "the session ends with the connection: {connack:02x?}"
    );
    assert!(contains(b"\x12\0\x08dev-0001"), "its name: {connack:02x?}");
    assert!(
        contains(&[19, 0x04, 0xB0]),
        "keep-alive 1,200 s: {connack:02x?}"
    );
    let (packet, _) = v5_0::Connack::parse(&connack[2..]).unwrap();
    let aliases = packet
        .props()
        .iter()
        .any(|property| matches!(property, Property::TopicAliasMaximum(_)));
    assert!(
        !aliases,
        "topic aliases stay at their default, which is none"
    );
}

#[test]
fn a_message_goes_up_and_its_acknowledgement_comes_down() {
    for version in VERSIONS {
        let (mut client, mut server) = open(version, Limits::default());
        let mut sent = message("sk/dev-0001/temperature", b"{\"celsius\":21.5}");
        sent.duplicate = true;
        sent.envelope = Some(Envelope {
            boot: 7,
            sequence: Envelope::MAXIMUM,
            time: Some(1_700_000_000_000),
        });
        sent.correlation = Some(b"\0\x01".to_vec());
        let packet_id = client.publish(at(1), &sent).unwrap();
        assert!(packet_id.is_some());
        server.receive(at(1), &client.transmit().unwrap());
        let mut expected = sent.clone();
        if version == Version::V3_1_1 {
            expected.envelope = None;
            expected.correlation = None;
        }
        assert_eq!(
            events(&mut server),
            [ServerEvent::Publish {
                packet_id,
                message: expected
            }],
            "{version:?}"
        );
        assert_eq!(
            server.transmit(),
            None,
            "nothing is acknowledged before we say so"
        );
        server.acknowledge(packet_id.unwrap(), PublishResult::Accepted);
        let mut answers = Vec::new();
        client.receive(at(2), &server.transmit().unwrap(), &mut answers);
        let packet_id = packet_id.unwrap();
        assert_eq!(
            answers,
            [ClientEvent::Published {
                packet_id,
                result: PublishResult::Accepted
            }]
        );
        server.acknowledge(packet_id, PublishResult::Accepted);
        assert_eq!(server.transmit(), None, "once is enough");
    }
}

#[test]
fn every_result_reaches_an_mqtt_5_client_and_a_refusal_closes_on_an_older_one() {
    let all = [
        PublishResult::Accepted,
        PublishResult::NoMatchingSubscribers,
        PublishResult::Unspecified,
        PublishResult::ImplementationSpecific,
        PublishResult::NotAuthorized,
        PublishResult::TopicNameInvalid,
        PublishResult::QuotaExceeded,
        PublishResult::PayloadInvalid,
    ];
    for result in all {
        for version in VERSIONS {
            let (mut client, mut server) = open(version, Limits::default());
            let packet_id = client.publish(at(1), &message("a", b"")).unwrap().unwrap();
            server.receive(at(1), &client.transmit().unwrap());
            assert_eq!(events(&mut server).len(), 1);
            server.acknowledge(packet_id, result);
            let success = matches!(
                result,
                PublishResult::Accepted | PublishResult::NoMatchingSubscribers
            );
            if version == Version::V3_1_1 && !success {
                assert_eq!(server.transmit(), None, "{result:?}");
                assert!(server.is_closed(), "{result:?}");
                continue;
            }
            let mut answers = Vec::new();
            client.receive(at(2), &server.transmit().unwrap(), &mut answers);
            let said = if version == Version::V5 {
                result
            } else {
                PublishResult::Accepted
            };
            assert_eq!(
                answers,
                [ClientEvent::Published {
                    packet_id,
                    result: said
                }]
            );
            assert!(!server.is_closed());
        }
    }
}

#[test]
fn subscriptions_and_messages_down() {
    for version in VERSIONS {
        let (mut client, mut server) = open(version, Limits::default());
        let filters: Vec<FilterRequest> = [
            ("sk/dev-0001/cmd/+", Qos::AtLeastOnce),
            ("x/#", Qos::AtMostOnce),
        ]
        .map(|(filter, qos)| FilterRequest {
            filter: filter.to_string(),
            qos,
        })
        .into();
        let packet_id = client.subscribe(at(1), &filters).unwrap();
        server.receive(at(1), &client.transmit().unwrap());
        assert_eq!(
            events(&mut server),
            [ServerEvent::Subscribe { packet_id, filters }]
        );
        server.acknowledge_subscribe(
            packet_id,
            &[
                SubscribeResult::Granted(Qos::AtLeastOnce),
                SubscribeResult::NotAuthorized,
            ],
        );
        let mut answers = Vec::new();
        client.receive(at(2), &server.transmit().unwrap(), &mut answers);
        let second = match version {
            Version::V3_1_1 => SubscribeResult::Unspecified,
            Version::V5 => SubscribeResult::NotAuthorized,
        };
        let results = [SubscribeResult::Granted(Qos::AtLeastOnce), second].into();
        assert_eq!(answers, [ClientEvent::Subscribed { packet_id, results }]);

        let command = message("sk/dev-0001/cmd/lock", b"{}");
        let packet_id = server.publish(&command).unwrap();
        answers.clear();
        client.receive(at(3), &server.transmit().unwrap(), &mut answers);
        assert_eq!(
            answers,
            [ClientEvent::Message {
                packet_id,
                message: command
            }]
        );
        let packet_id = packet_id.unwrap();
        client.acknowledge(at(3), packet_id, PublishResult::Accepted);
        server.receive(at(3), &client.transmit().unwrap());
        let taken = ServerEvent::PublishAcknowledged {
            packet_id,
            taken: true,
        };
        assert_eq!(events(&mut server), [taken]);

        let packet_id = client.unsubscribe(at(4), &["x/#"]).unwrap();
        server.receive(at(4), &client.transmit().unwrap());
        let filters = ["x/#".to_string()].into();
        assert_eq!(
            events(&mut server),
            [ServerEvent::Unsubscribe { packet_id, filters }]
        );
        server.acknowledge_unsubscribe(packet_id, &[UnsubscribeResult::NoSubscription]);
        answers.clear();
        client.receive(at(4), &server.transmit().unwrap(), &mut answers);
        let results = match version {
            Version::V3_1_1 => Vec::new(),
            Version::V5 => [UnsubscribeResult::NoSubscription].into(),
        };
        assert_eq!(answers, [ClientEvent::Unsubscribed { packet_id, results }]);

        client.disconnect();
        assert!(client.is_closed());
        server.receive(at(5), &client.transmit().unwrap());
        assert_eq!(events(&mut server), [ServerEvent::Disconnect]);
        assert!(server.is_closed());
    }
}

#[test]
fn refusals_of_the_connection_reach_the_client() {
    let cases = [
        (Version::V3_1_1, ConnectRefusal::NotAuthorized, 5),
        (Version::V3_1_1, ConnectRefusal::ServerUnavailable, 3),
        (Version::V3_1_1, ConnectRefusal::QuotaExceeded, 3),
        (Version::V5, ConnectRefusal::NotAuthorized, 0x87),
        (Version::V5, ConnectRefusal::ServerUnavailable, 0x88),
        (Version::V5, ConnectRefusal::QuotaExceeded, 0x97),
    ];
    for (version, refusal, code) in cases {
        let mut client = ClientConnection::new(at(0), &options(version), ClientLimits::default());
        let mut server = ServerConnection::new(at(0), Limits::default());
        server.receive(at(0), &client.transmit().unwrap());
        assert_eq!(events(&mut server).len(), 1);
        server.refuse(refusal);
        let mut answers = Vec::new();
        client.receive(at(0), &server.transmit().unwrap(), &mut answers);
        assert_eq!(
            answers,
            [ClientEvent::Refused { code }],
            "{version:?} {refusal:?}"
        );
        assert!(client.is_closed() && server.is_closed());
    }
}

#[test]
fn every_reason_to_disconnect_reaches_an_mqtt_5_client() {
    let cases = [
        (DisconnectReason::NotAuthorized, 0x87),
        (DisconnectReason::ServerBusy, 0x89),
        (DisconnectReason::ServerShuttingDown, 0x8B),
        (DisconnectReason::SessionTakenOver, 0x8E),
        (DisconnectReason::MessageRateTooHigh, 0x96),
        (DisconnectReason::QuotaExceeded, 0x97),
        (DisconnectReason::AdministrativeAction, 0x98),
    ];
    for (reason, code) in cases {
        let (mut client, mut server) = open(Version::V5, Limits::default());
        server.disconnect(reason);
        let mut answers = Vec::new();
        client.receive(at(1), &server.transmit().unwrap(), &mut answers);
        assert_eq!(
            answers,
            [ClientEvent::Disconnected(DisconnectCause::Gateway(code))]
        );

        let (_, mut older) = open(Version::V3_1_1, Limits::default());
        older.disconnect(reason);
        assert_eq!(older.transmit(), None);
        assert!(older.is_closed());
    }
}

#[test]
fn in_flight_is_bounded_in_both_directions() {
    let limits = Limits {
        receive_maximum: NonZeroU16::new(2).unwrap(),
        ..Limits::default()
    };
    for version in VERSIONS {
        let (mut client, mut server) = open(version, limits);
        for _ in 0..2 {
            server.publish(&message("a", b"")).unwrap();
        }
        assert_eq!(server.publish(&message("a", b"")), Err(PublishError::Busy));
        let mut quick = message("a", b"");
        quick.qos = Qos::AtMostOnce;
        assert_eq!(server.publish(&quick), Ok(None), "QoS 0 is not counted");

        for _ in 0..2 {
            client.publish(at(1), &message("a", b"")).unwrap();
        }
        let third = client.publish(at(1), &message("a", b""));
        match version {
            // The server has told its limit.
            Version::V5 => assert_eq!(third, Err(PublishError::Busy)),
            // The server cannot tell its limit, so it stops reading.
            Version::V3_1_1 => {
                third.unwrap();
                server.receive(at(1), &client.transmit().unwrap());
                let first = events(&mut server);
                assert_eq!(first.len(), 2, "{first:?}");
                assert!(!server.wants_read());
                server.acknowledge(NonZeroU16::MIN, PublishResult::Accepted);
                assert!(server.wants_read());
                assert_eq!(events(&mut server).len(), 1);
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_not_sent() {
    for version in VERSIONS {
        let (mut client, mut server) = open(version, Limits::default());
        let large = message("a", &[0; 300 * 1024]);
        assert_eq!(server.publish(&large), Err(PublishError::TooLarge));
        assert_eq!(client.publish(at(0), &large), Err(PublishError::TooLarge));
        assert_eq!(
            server.publish(&message("a/+", b"")),
            Err(PublishError::Invalid)
        );
        assert_eq!(
            client.publish(at(0), &message("a/#", b"")),
            Err(PublishError::Invalid)
        );
        assert_eq!(
            client.publish(at(0), &message("", b"")),
            Err(PublishError::Invalid)
        );
        // The identifier of a message that was not sent is free again.
        assert_eq!(server.transmit(), None);
        assert_eq!(client.transmit(), None);
        let half = message("a", &[0; 50 * 1024]);
        let mut sent = 0;
        while server.publish(&half).is_ok() {
            sent += 1;
        }
        assert!(sent <= 8, "the outgoing buffer is bounded: {sent}");
        assert_eq!(server.publish(&half), Err(PublishError::Busy));
    }
    let (_, mut server) = open(Version::V5, Limits::default());
    assert_eq!(
        server.publish(&message("a", &[0; 65 * 1024])),
        Err(PublishError::TooLarge)
    );
}

#[test]
fn a_client_that_speaks_before_it_is_accepted_is_heard_in_order() {
    for version in VERSIONS {
        let mut client = ClientConnection::new(at(0), &options(version), ClientLimits::default());
        let mut server = ServerConnection::new(at(0), Limits::default());
        let mut bytes = client.transmit().unwrap();
        bytes.extend_from_slice(&[0xC0, 0x00]);
        server.receive(at(0), &bytes);
        assert_eq!(events(&mut server).len(), 1);
        assert_eq!(server.transmit(), None, "no answer overtakes the CONNACK");
        server.accept(at(0), "dev-0001");
        assert_eq!(events(&mut server), []);
        let answer = server.transmit().unwrap();
        assert_eq!(answer.first(), Some(&0x20));
        assert!(answer.ends_with(&[0xD0, 0x00]));
    }
}

fn any_message() -> impl Strategy<Value = Message> {
    let topic = "[a-zA-Z0-9/_$é漢 -]{1,40}";
    let number = || 0..=Envelope::MAXIMUM;
    let envelope =
        (number(), number(), prop::option::of(0..i64::MAX)).prop_map(|(boot, sequence, time)| {
            Envelope {
                boot,
                sequence,
                time,
            }
        });
    (
        topic,
        prop::collection::vec(any::<u8>(), 0..300),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(envelope),
        prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
    )
        .prop_map(
            |(topic, payload, quick, duplicate, retain, envelope, correlation)| Message {
                topic,
                payload,
                qos: if quick {
                    Qos::AtMostOnce
                } else {
                    Qos::AtLeastOnce
                },
                duplicate: duplicate && !quick,
                retain,
                envelope,
                correlation,
            },
        )
}

proptest! {
    #[test]
    fn messages_arrive_as_they_were_sent_however_the_bytes_are_cut(
        messages in prop::collection::vec(any_message(), 1..12),
        cuts in prop::collection::vec(1_usize..64, 1..30),
    ) {
        for version in VERSIONS {
            let (mut client, mut server) = open(version, Limits::default());
            let mut stream = Vec::new();
            let mut expected = Vec::new();
            for message in &messages {
                let Ok(packet_id) = client.publish(at(1), message) else { break };
                stream.extend(client.transmit().unwrap());
                let mut message = message.clone();
                if version == Version::V3_1_1 {
                    message.envelope = None;
                    message.correlation = None;
                }
                expected.push(ServerEvent::Publish { packet_id, message });
            }
            let mut seen = Vec::new();
            let mut rest = stream.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                server.receive(at(1), now);
                seen.extend(events(&mut server));
                rest = later;
            }
            prop_assert_eq!(seen, expected);
        }
    }
}
