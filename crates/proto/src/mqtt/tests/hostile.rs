//! Bytes that no one should send.

use super::*;
use proptest::prelude::*;

/// What the server answers to `bytes` as the first thing on a connection.
fn first(bytes: &[u8]) -> (Vec<ServerEvent>, Option<Vec<u8>>) {
    let mut server = ServerConnection::new(at(0), Limits::default());
    server.receive(at(0), bytes);
    let events = events(&mut server);
    (events, server.transmit())
}

#[test]
fn a_connect_that_is_not_taken_has_its_reason_and_its_answer() {
    let check = |bytes: &[u8], expected: Violation, answer: Option<&[u8]>| {
        let (events, sent) = first(bytes);
        assert_eq!(events, [ServerEvent::Violation(expected)], "{bytes:02x?}");
        assert_eq!(sent.as_deref(), answer, "{bytes:02x?}");
    };
    // A ping, TLS, and HTTP are no CONNECT.
    check(&[0xC0, 0x00], Violation::FirstPacket, None);
    check(b"\x16\x03\x01\0\x01", Violation::FirstPacket, None);
    check(b"\x10\x06\0\x04HTTP", Violation::FirstPacket, None);
    check(
        b"\x11\x0D\0\x04MQTT\x04\x02\0\x1E\0\x01x",
        Violation::FirstPacket,
        None,
    );
    // MQTT 3.1, 6 and 3.
    let unsupported = Some(&[0x20, 2, 0, 1][..]);
    check(
        b"\x10\x0E\0\x06MQIsdp\x03\x02\0\x1E\0\0",
        Violation::UnsupportedVersion,
        unsupported,
    );
    check(
        b"\x10\x0D\0\x04MQTT\x06\x02\0\x1E\0\x01x",
        Violation::UnsupportedVersion,
        unsupported,
    );
    check(
        b"\x10\x0D\0\x04MQTT\x03\x02\0\x1E\0\x01x",
        Violation::UnsupportedVersion,
        unsupported,
    );
    // A password, with and without a user name.
    let name = b"\x10\x13\0\x04MQTT\x04\xC2\0\x1E\0\x01x\0\x01u\0\x01p";
    check(name, Violation::PasswordPresented, Some(&[0x20, 2, 0, 4]));
    let alone = b"\x10\x11\0\x04MQTT\x05\x42\0\x1E\0\0\x01x\0\x01p";
    check(
        alone,
        Violation::PasswordPresented,
        Some(&[0x20, 3, 0, 0x86, 0]),
    );
    // A will.
    let will = b"\x10\x13\0\x04MQTT\x04\x06\0\x1E\0\x01x\0\x01t\0\x01m";
    check(will, Violation::WillPresented, Some(&[0x20, 2, 0, 5]));
    let will = b"\x10\x15\0\x04MQTT\x05\x06\0\x1E\0\0\x01x\0\0\x01t\0\x01m";
    check(will, Violation::WillPresented, Some(&[0x20, 3, 0, 0x83, 0]));
    // Flags of a will that is not there, and a reserved one.
    check(
        b"\x10\x0D\0\x04MQTT\x04\x0A\0\x1E\0\x01x",
        Violation::Malformed,
        None,
    );
    check(
        b"\x10\x0D\0\x04MQTT\x04\x03\0\x1E\0\x01x",
        Violation::Malformed,
        None,
    );
    // Another authentication method.
    let method = b"\x10\x12\0\x04MQTT\x05\x02\0\x1E\x04\x15\0\x01k\0\x01x";
    check(
        method,
        Violation::AuthenticationMethod,
        Some(&[0x20, 3, 0, 0x8C, 0]),
    );
    // No client identifier, and yet a session to resume.
    let resume = b"\x10\x0C\0\x04MQTT\x04\0\0\x1E\0\0";
    check(resume, Violation::ClientIdentifier, Some(&[0x20, 2, 0, 2]));
    // A peer that cannot be answered.
    let tiny = b"\x10\x13\0\x04MQTT\x05\x02\0\x1E\x05\x27\0\0\0\x10\0\x01x";
    check(tiny, Violation::PeerPacketLimit, None);
    // Trailing bytes, a property twice, a control character.
    check(
        b"\x10\x0E\0\x04MQTT\x04\x02\0\x1E\0\x01x!",
        Violation::Malformed,
        None,
    );
    let twice = b"\x10\x14\0\x04MQTT\x05\x02\0\x1E\x06\x21\0\x01\x21\0\x01\0\x01x";
    check(twice, Violation::Protocol, Some(&[0x20, 3, 0, 0x82, 0]));
    check(
        b"\x10\x0D\0\x04MQTT\x04\x02\0\x1E\0\x01\0",
        Violation::Malformed,
        None,
    );
    // A six-byte header that announces 268 MB.
    check(
        &[0x10, 0xFF, 0xFF, 0xFF, 0x7F, 0],
        Violation::PacketTooLarge,
        None,
    );
}

#[test]
fn a_user_name_alone_is_ignored() {
    let (events, _) = first(b"\x10\x10\0\x04MQTT\x04\x82\0\x1E\0\x01x\0\x01u");
    assert!(
        matches!(events.as_slice(), [ServerEvent::Connect(_)]),
        "{events:?}"
    );
}

#[test]
fn a_violation_on_an_open_connection_is_said_in_mqtt_5_and_closes_in_both() {
    let cases: [(&[u8], &[u8], Violation, u8); 9] = [
        (
            b"\x34\x05\0\x01a\0\x01",
            b"\x34\x06\0\x01a\0\x01\0",
            Violation::QosTwo,
            0x9B,
        ),
        (
            b"\x32\x05\0\x01a\0\0",
            b"\x32\x06\0\x01a\0\0\0",
            Violation::PacketIdZero,
            0x82,
        ),
        (
            b"\x62\x02\0\x01",
            b"\x62\x02\0\x01",
            Violation::QosTwo,
            0x9B,
        ),
        (
            b"\x82\x06\0\0\0\x01a\0",
            b"\x82\x07\0\0\0\0\x01a\0",
            Violation::PacketIdZero,
            0x82,
        ),
        (
            b"\x40\x02\0\x01",
            b"\x40\x02\0\x01",
            Violation::Protocol,
            0x82,
        ),
        (
            b"\x40\x02\0\0",
            b"\x40\x02\0\0",
            Violation::PacketIdZero,
            0x82,
        ),
        (
            b"\x20\x02\0\0",
            b"\x20\x03\0\0\0",
            Violation::Protocol,
            0x82,
        ),
        (
            b"\x30\x03\0\x01#",
            b"\x30\x04\0\x01#\0",
            Violation::Malformed,
            0x81,
        ),
        (
            b"\x30\xFF\xFF\x7F",
            b"\x30\xFF\xFF\x7F",
            Violation::PacketTooLarge,
            0x95,
        ),
    ];
    for (older, newer, violation, code) in cases {
        for (version, bytes) in [(Version::V3_1_1, older), (Version::V5, newer)] {
            let mut server = opened(version, Limits::default());
            server.receive(at(1), bytes);
            let seen = events(&mut server);
            assert_eq!(
                seen,
                [ServerEvent::Violation(violation)],
                "{version:?} {bytes:02x?}"
            );
            let goodbye = (version == Version::V5).then(|| [0xE0, 0x01, code].into());
            assert_eq!(server.transmit(), goodbye, "{violation:?}");
            assert!(server.is_closed());
            server.receive(at(2), &[0xC0, 0x00]);
            assert_eq!(events(&mut server), [], "nothing is read any more");
        }
    }
    // Only in MQTT 5: an alias in front of, and instead of, a topic; a subscription identifier.
    for (bytes, violation, code) in [
        (
            &b"\x30\x07\0\x01a\x03\x23\0\x01"[..],
            Violation::TopicAlias,
            0x94,
        ),
        (
            &b"\x30\x06\0\0\x03\x23\0\x01"[..],
            Violation::TopicAlias,
            0x94,
        ),
        (
            &b"\x82\x09\0\x01\x02\x0B\x01\0\x01a\0"[..],
            Violation::Protocol,
            0x82,
        ),
        (&b"\xF0\x00"[..], Violation::AuthenticationMethod, 0x82),
    ] {
        let mut server = opened(Version::V5, Limits::default());
        server.receive(at(1), bytes);
        assert_eq!(
            events(&mut server),
            [ServerEvent::Violation(violation)],
            "{bytes:02x?}"
        );
        assert_eq!(server.transmit(), Some([0xE0, 0x01, code].into()));
    }
}

#[test]
fn more_unacknowledged_messages_than_announced_end_an_mqtt_5_connection() {
    let limits = Limits {
        receive_maximum: NonZeroU16::new(2).unwrap(),
        ..Limits::default()
    };
    let mut server = opened(Version::V5, limits);
    for id in 1..=3 {
        server.receive(at(1), &[0x32, 6, 0, 1, b'a', 0, id, 0]);
    }
    let seen = events(&mut server);
    assert_eq!(seen.len(), 3);
    assert_eq!(
        seen.last(),
        Some(&ServerEvent::Violation(Violation::ReceiveMaximum))
    );
}

#[test]
fn one_acknowledgement_never_stands_for_two_messages() {
    let publish = |first: u8, payload: u8, version: Version| match version {
        Version::V3_1_1 => [first, 6, 0, 1, b'a', 0, 1, payload].to_vec(),
        Version::V5 => [first, 7, 0, 1, b'a', 0, 1, 0, payload].to_vec(),
    };
    let in_use = ServerEvent::Violation(Violation::PacketIdInUse);
    for version in VERSIONS {
        let mut server = opened(version, Limits::default());
        server.receive(at(1), &publish(0x32, 1, version));
        server.receive(at(1), &publish(0x32, 2, version));
        assert_eq!(events(&mut server).last(), Some(&in_use), "{version:?}");

        // Sent again on the same connection: an older client may, and is heard once.
        let mut server = opened(version, Limits::default());
        server.receive(at(1), &publish(0x32, 1, version));
        server.receive(at(1), &publish(0x3A, 1, version));
        let seen = events(&mut server);
        match version {
            Version::V3_1_1 => assert_eq!(seen.len(), 1, "{seen:?}"),
            Version::V5 => assert_eq!(seen.last(), Some(&in_use)),
        }

        // After its acknowledgement the identifier is free.
        let mut server = opened(version, Limits::default());
        for payload in 1..=3 {
            server.receive(at(1), &publish(0x32, payload, version));
            assert_eq!(events(&mut server).len(), 1);
            server.acknowledge(NonZeroU16::MIN, PublishResult::Accepted);
        }
    }
}

#[test]
fn a_peer_that_never_reads_is_given_up() {
    let limits = Limits {
        outgoing_bytes: 64,
        ..Limits::default()
    };
    let mut server = opened(Version::V5, limits);
    let pings: Vec<u8> = [0xC0, 0x00].repeat(40);
    server.receive(at(1), &pings);
    assert_eq!(
        events(&mut server),
        [ServerEvent::Violation(Violation::OutgoingFull)]
    );
    assert!(server.transmit().is_some_and(|bytes| bytes.len() <= 64));
}

#[test]
fn bytes_that_are_held_are_bounded() {
    let limits = Limits {
        receive_maximum: NonZeroU16::MIN,
        ..Limits::default()
    };
    let mut server = opened(Version::V3_1_1, limits);
    let publish = [0x32, 5, 0, 1, b'a', 0, 1].repeat(1_000);
    let mut rounds = 0;
    while !server.is_closed() {
        server.receive(at(1), &publish);
        rounds += 1;
        assert!(
            rounds < 100,
            "a caller that does not stop reading is stopped"
        );
        while let Some(event) = server.event() {
            if event == ServerEvent::Violation(Violation::ReceiveMaximum) {
                break;
            }
        }
    }
}

#[test]
fn an_envelope_counts_only_when_it_is_whole_and_said_once() {
    let check = |properties: &[(&str, &str)], expected: Option<Envelope>| {
        let mut body = Vec::from(*b"\0\x01a");
        let mut all = Vec::new();
        for (key, value) in properties {
            all.push(38);
            for text in [key, value] {
                all.extend_from_slice(&[0, byte(text.len())]);
                all.extend_from_slice(text.as_bytes());
            }
        }
        body.push(byte(all.len()));
        body.extend(all);
        let mut packet = Vec::from([0x30, byte(body.len())]);
        packet.extend(body);
        let mut server = opened(Version::V5, Limits::default());
        server.receive(at(1), &packet);
        match events(&mut server).as_slice() {
            [ServerEvent::Publish { message, .. }] => {
                assert_eq!(message.envelope, expected, "{properties:?}");
            }
            other => panic!("{other:?}"),
        }
    };
    let plain = Envelope {
        boot: 1,
        sequence: 2,
        time: None,
    };
    check(&[("sk-boot", "1"), ("sk-seq", "2")], Some(plain));
    check(
        &[("sk-seq", "2"), ("other", "x"), ("sk-boot", "1")],
        Some(plain),
    );
    let timed = Envelope {
        time: Some(3),
        ..plain
    };
    check(
        &[("sk-boot", "1"), ("sk-seq", "2"), ("sk-time", "3")],
        Some(timed),
    );
    check(&[("sk-boot", "1")], None);
    check(&[("sk-seq", "2")], None);
    check(&[], None);
    check(&[("sk-boot", "1"), ("sk-seq", "2"), ("sk-seq", "2")], None);
    for bad in [
        "",
        "+2",
        "-2",
        "02",
        " 2",
        "2 ",
        "0x2",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "２",
    ] {
        check(&[("sk-boot", "1"), ("sk-seq", bad)], None);
        check(&[("sk-boot", bad), ("sk-seq", "2")], None);
        check(&[("sk-boot", "1"), ("sk-seq", "2"), ("sk-time", bad)], None);
    }
    let last = Envelope {
        boot: Envelope::MAXIMUM,
        sequence: 0,
        time: None,
    };
    check(
        &[("sk-boot", "9223372036854775807"), ("sk-seq", "0")],
        Some(last),
    );
}

/// Bytes that look like packets: some right, some with a few bytes changed, some random.
fn nearly_packets() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        Just(b"\0\x01a\0\x01payload".to_vec()),
        Just(b"\0\x01a\0\x01\x0E\x26\0\x07sk-boot\0\x011payload".to_vec()),
        Just(b"\0\x01a\0\x01\x05\x09\0\x02ab!".to_vec()),
        Just(b"\0\x01\0\x01a\x01".to_vec()),
        Just(b"\0\x01\0\0\x01a\x01".to_vec()),
        Just(b"\0\x01\0\0".to_vec()),
        Just(b"\0\x04MQTT\x05\x02\0\x1E\0\0\x01x".to_vec()),
    ];
    let packet = (any::<u8>(), body).prop_map(|(first, body)| {
        let mut packet = Vec::from([first, byte(body.len())]);
        packet.extend(body);
        packet
    });
    let changed = (
        packet,
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    )
        .prop_map(|(mut packet, changes)| {
            for (index, byte) in changes {
                let position = index.index(packet.len());
                packet[position] = byte;
            }
            packet
        });
    prop::collection::vec(changed, 0..6).prop_map(|packets| packets.concat())
}

/// Everything the server says of `bytes` in pieces, with each message and subscription answered.
fn all_events(
    mut server: ServerConnection,
    bytes: &[u8],
    cuts: &[usize],
) -> (Vec<ServerEvent>, Vec<u8>) {
    let mut seen = Vec::new();
    let mut sent = Vec::new();
    let mut rest = bytes;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at((*cut).min(rest.len()));
        rest = later;
        server.receive(at(1), now);
        while let Some(event) = server.event() {
            match &event {
                ServerEvent::Connect(_) => server.accept(at(1), "dev-0001"),
                ServerEvent::Publish {
                    packet_id: Some(packet_id),
                    ..
                } => {
                    server.acknowledge(*packet_id, PublishResult::Accepted);
                }
                ServerEvent::Subscribe { packet_id, filters } => {
                    let results = filters.iter().map(|one| SubscribeResult::Granted(one.qos));
                    server.acknowledge_subscribe(*packet_id, &results.collect::<Vec<_>>());
                }
                ServerEvent::Unsubscribe { packet_id, filters } => {
                    let results = filters.iter().map(|_| UnsubscribeResult::Done);
                    server.acknowledge_unsubscribe(*packet_id, &results.collect::<Vec<_>>());
                }
                _ => {}
            }
            seen.push(event);
        }
        sent.extend(server.transmit().unwrap_or_default());
    }
    (seen, sent)
}

/// More than usual, and as many as `PROPTEST_CASES` asks for.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default().cases;
    ProptestConfig::with_cases(asked.max(2_000))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn arbitrary_bytes_never_panic_and_mean_the_same_however_they_are_cut(
        bytes in prop_oneof![nearly_packets(), prop::collection::vec(any::<u8>(), 0..200)],
        cuts in prop::collection::vec(1_usize..30, 1..8),
    ) {
        for version in VERSIONS {
            let limits = Limits::default();
            let whole = all_events(opened(version, limits), &bytes, &[usize::MAX]);
            let pieces = all_events(opened(version, limits), &bytes, &cuts);
            prop_assert_eq!(&whole, &pieces);
            let over = whole.0.iter().position(|event| {
                matches!(event, ServerEvent::Violation(_) | ServerEvent::Disconnect)
            });
            prop_assert!(over.is_none_or(|position| position + 1 == whole.0.len()));
        }
        let fresh = || ServerConnection::new(at(0), Limits::default());
        let whole = all_events(fresh(), &bytes, &[usize::MAX]);
        prop_assert_eq!(whole, all_events(fresh(), &bytes, &cuts));
    }

    #[test]
    fn a_connect_with_changed_bytes_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        rest in nearly_packets(),
    ) {
        for version in VERSIONS {
            let mut client = ClientConnection::new(at(0), &options(version), ClientLimits::default());
            let mut bytes = client.transmit().unwrap();
            for (index, byte) in &changes {
                let position = index.index(bytes.len());
                bytes[position] = *byte;
            }
            bytes.extend_from_slice(&rest);
            let fresh = || ServerConnection::new(at(0), Limits::default());
            let whole = all_events(fresh(), &bytes, &[usize::MAX]);
            prop_assert_eq!(whole, all_events(fresh(), &bytes, &[1]));
        }
    }

    #[test]
    fn a_client_never_panics_on_what_a_gateway_sends(
        bytes in prop_oneof![nearly_packets(), prop::collection::vec(any::<u8>(), 0..200)],
        cut in 1_usize..30,
        accepted in any::<bool>(),
    ) {
        for version in VERSIONS {
            let run = |cut: usize| {
                let mut client = if accepted {
                    open(version, Limits::default()).0
                } else {
                    ClientConnection::new(at(0), &options(version), ClientLimits::default())
                };
                let mut seen = Vec::new();
                for piece in bytes.chunks(cut) {
                    client.receive(at(1), piece, &mut seen);
                }
                seen
            };
            prop_assert_eq!(run(usize::MAX), run(cut));
        }
    }
}
