//! Messages up: stored first, acknowledged then, once.

use super::*;
use proptest::prelude::*;
use sekimori_policy::FlowKind;
use sekimori_proto::mqtt::PublishResult;

fn published(world: &mut World) -> Vec<(NonZeroU16, PublishResult)> {
    let heard = core::mem::take(&mut world.heard);
    heard
        .into_iter()
        .map(|event| match event {
            ClientEvent::Published { packet_id, result } => (packet_id, result),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_message_is_acknowledged_after_it_is_stored() {
    let mut world = World::open(Version::V5);
    let mut message = reading(7, 42);
    message.envelope = Some(Envelope {
        boot: 7,
        sequence: 42,
        time: Some(1_700_000_000_123),
    });
    let packet_id = world.publish(&message).unwrap();
    assert_eq!(world.heard, [], "not before it is durable");
    assert_eq!(
        world.stores(),
        [&Accepted {
            device: DeviceId([1; 16]),
            name: DeviceName::parse(NAME).unwrap(),
            flow: String::from("temperature"),
            kind: FlowKind::Telemetry,
            payload: br#"{"celsius":21.5}"#.to_vec(),
            boot: Some(7),
            sequence: Some(42),
            device_time: Some(Timestamp::from_millisecond(1_700_000_000_123).unwrap()),
            received: wall(world.now),
        }]
    );
    assert_eq!(world.counts(), ["message.permitted"]);
    world.stored(StoredResult::Stored);
    assert_eq!(
        published(&mut world),
        [(packet_id, PublishResult::Accepted)]
    );
    assert_eq!(world.events(), []);
}

#[test]
fn a_message_that_cannot_be_kept_is_not_acknowledged_and_ends_the_session() {
    for version in VERSIONS {
        let mut world = World::open(version);
        world.publish(&note(b"one"));
        world.publish(&note(b"two"));
        world.stored(StoredResult::Failed);
        assert_eq!(world.closed(), Some(CloseReason::StoreFailed));
        assert!(
            !world
                .heard
                .iter()
                .any(|event| matches!(event, ClientEvent::Published { .. })),
            "{:?}",
            world.heard
        );
        world.stored(StoredResult::Stored);
        assert_eq!(
            world.closed(),
            Some(CloseReason::StoreFailed),
            "nothing follows"
        );
    }
}

#[test]
fn resends_and_replays() {
    /// What is expected of a message: a store, a PUBACK at once, or a refusal.
    #[derive(Debug, PartialEq)]
    enum Fate {
        Store,
        Acknowledge,
        Refuse,
    }
    // Accepted before: boot 5, numbers 30 and 100.
    let mut window = ReplayWindow::new();
    window.accept(5, 30);
    window.accept(5, 100);
    let cases = [
        (reading(5, 101), Fate::Store),
        (again(reading(5, 101)), Fate::Store),
        (reading(5, 99), Fate::Store),
        (reading(5, 37), Fate::Store),
        (reading(6, 0), Fate::Store),
        (reading(5, 100), Fate::Refuse),
        (again(reading(5, 100)), Fate::Acknowledge),
        (reading(5, 36), Fate::Refuse),
        // Too old to tell: the store decides, which keeps each number once.
        (again(reading(5, 36)), Fate::Store),
        (reading(4, Envelope::MAXIMUM), Fate::Refuse),
        (again(reading(4, Envelope::MAXIMUM)), Fate::Store),
    ];
    for (message, expected) in cases {
        let seed = SessionSeed {
            replay: Some(window),
            idle: Vec::new(),
        };
        let mut world = World::with(
            Version::V5,
            record(),
            seed,
            policy(),
            SessionLimits::default(),
        );
        world.publish(&message);
        let answers: Vec<PublishResult> = published(&mut world)
            .into_iter()
            .map(|(_, result)| result)
            .collect();
        let fate = match (world.stores().len(), answers.as_slice()) {
            (1, []) => Fate::Store,
            (0, [PublishResult::Accepted]) => Fate::Acknowledge,
            (0, [PublishResult::NotAuthorized]) => Fate::Refuse,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            fate, expected,
            "{:?} {}",
            message.envelope, message.duplicate
        );
        if expected == Fate::Acknowledge {
            assert_eq!(world.counts(), ["message.resent"]);
        }
    }
}

#[test]
fn a_message_that_still_waits_for_the_store_is_stored_once() {
    let mut world = World::open(Version::V5);
    let first = world.publish(&reading(1, 1)).unwrap();
    let second = world.publish(&again(reading(1, 1))).unwrap();
    let third = world.publish(&reading(1, 1)).unwrap();
    assert_eq!(
        published(&mut world),
        [(third, PublishResult::NotAuthorized)]
    );
    assert_eq!(world.stores().len(), 1);
    world.stored(StoredResult::Stored);
    let both = [
        (first, PublishResult::Accepted),
        (second, PublishResult::Accepted),
    ];
    assert_eq!(published(&mut world), both);
}

#[test]
fn the_store_that_knows_better_is_believed() {
    let mut world = World::open(Version::V5);
    let packet_id = world.publish(&again(reading(1, 1))).unwrap();
    world.stored(StoredResult::AlreadyStored);
    assert_eq!(
        published(&mut world),
        [(packet_id, PublishResult::Accepted)]
    );
    world.publish(&reading(1, 1));
    assert_eq!(world.stores().len(), 0, "now it is seen");
}

#[test]
fn what_was_buffered_is_told_of_once() {
    let mut world = World::open(Version::V5);
    for sequence in 0..3 {
        world.publish(&again(reading(1, sequence)));
        world.stored(StoredResult::Stored);
    }
    assert_eq!(world.events(), []);
    world.now += at(4_999);
    world.handle(Input::Wake);
    assert_eq!(world.events(), []);
    world.now += at(1);
    assert_eq!(world.session.wake_at(), Some(world.now));
    world.handle(Input::Wake);
    assert_eq!(world.events(), [Code::BufferResent]);
    let messages = world.all_events()[0].detail.get("messages").cloned();
    assert_eq!(messages.as_deref(), Some("3"));
}

#[test]
fn a_device_that_was_away_may_send_what_it_kept() {
    let sent = |idle: u64| {
        let idle = Vec::from([(String::from("temperature"), Duration::from_secs(idle))]);
        let seed = SessionSeed { replay: None, idle };
        let mut world = World::with(
            Version::V5,
            record(),
            seed,
            policy(),
            SessionLimits::default(),
        );
        for sequence in 0..30 {
            world.publish(&reading(1, sequence));
            if world.stores().is_empty() {
                break;
            }
            world.stored(StoredResult::Stored);
        }
        world
            .counts()
            .iter()
            .filter(|code| **code == "message.permitted")
            .count()
    };
    assert_eq!(sent(0), 3);
    assert_eq!(sent(50), 8);
    assert_eq!(sent(100_000), 23, "three and the backlog");
}

#[test]
fn the_socket_is_left_unread_while_too_much_waits_for_the_store() {
    let limits = SessionLimits {
        in_flight: 2,
        ..SessionLimits::default()
    };
    for version in VERSIONS {
        let mut world = World::with(version, record(), SessionSeed::default(), policy(), limits);
        let mut bytes = Vec::new();
        for payload in 0..5 {
            let mut message = note(&[payload]);
            message.qos = Qos::AtMostOnce;
            world.client.publish(world.now, &message).unwrap();
            bytes.extend(world.client.transmit().unwrap());
        }
        world.handle(Input::Bytes(&bytes));
        assert_eq!(world.stores().len(), 2, "the rest is not even read");
        assert!(!world.session.wants_read());
        // Our slowness is not the device's silence.
        world.now += at(3_600_000);
        assert_eq!(world.session.wake_at(), None);
        world.handle(Input::Wake);
        for _ in 0..5 {
            world.stored(StoredResult::Stored);
        }
        assert!(world.session.wants_read());
        assert_eq!(world.session.wake_at(), Some(world.now + at(45_000)));
        let permitted = world.counts().len();
        assert_eq!(permitted, 5, "nothing was dropped");
    }
}

#[test]
fn platform_flows_are_stored_without_policy_and_while_contained() {
    for contained in [false, true] {
        let device = DeviceRecord {
            contained,
            ..record()
        };
        let mut world = World::with(
            Version::V5,
            device,
            SessionSeed::default(),
            Arc::new(Policy::none()),
            SessionLimits::default(),
        );
        let state = Message::new(String::from("sk/dev-0001/_state"), Vec::from(*b"\xD2\x84"));
        world.publish(&state);
        assert_eq!(world.stores().len(), 1);
        assert_eq!(world.stores()[0].kind, FlowKind::Platform);
        assert_eq!(world.stores()[0].flow, "_state");
    }
}

/// One step of a run: a message with this number, sent again or not, or an answer of the store.
#[derive(Clone, Debug)]
enum Step {
    Publish {
        sequence: u64,
        duplicate: bool,
    },
    Answer {
        which: prop::sample::Index,
        already: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let publish = (0_u64..90, any::<bool>()).prop_map(|(sequence, duplicate)| Step::Publish {
        sequence,
        duplicate,
    });
    let answer = (any::<prop::sample::Index>(), any::<bool>())
        .prop_map(|(which, already)| Step::Answer { which, already });
    prop::collection::vec(prop_oneof![publish, answer], 0..120)
}

proptest! {
    #[test]
    fn nothing_is_acknowledged_before_it_is_stored(steps in steps()) {
        let idle = Vec::from([(String::from("temperature"), Duration::from_secs(100_000))]);
        let seed = SessionSeed { replay: None, idle };
        let mut world =
            World::with(Version::V5, record(), seed, policy(), SessionLimits::default());
        // Which number each packet identifier in flight carries, and which numbers are durable.
        let mut sent = alloc::collections::BTreeMap::new();
        let mut durable = alloc::collections::BTreeSet::new();
        let mut questions: Vec<(Token, u64)> = Vec::new();
        for step in steps {
            match step {
                Step::Publish { sequence, duplicate } => {
                    let mut message = reading(1, sequence);
                    message.duplicate = duplicate;
                    let Ok(packet_id) = world.client.publish(world.now, &message) else {
                        continue;
                    };
                    sent.insert(packet_id.unwrap(), sequence);
                    world.flush();
                }
                Step::Answer { which, already } => {
                    if questions.is_empty() {
                        continue;
                    }
                    let (token, sequence) = questions.remove(which.index(questions.len()));
                    let known = !durable.insert(sequence);
                    let result = if already || known {
                        StoredResult::AlreadyStored
                    } else {
                        StoredResult::Stored
                    };
                    world.handle(Input::Stored { token, result });
                }
            }
            for output in world.outputs.drain(..) {
                if let Output::Store { token, message } = output {
                    let sequence = message.sequence.unwrap();
                    // What is too old to tell is asked about again; the store keeps it once.
                    let newest = durable.last().copied().unwrap_or_default();
                    prop_assert!(
                        !durable.contains(&sequence) || sequence + 64 <= newest,
                        "{} is stored twice", sequence
                    );
                    prop_assert!(questions.iter().all(|(_, other)| *other != sequence));
                    questions.push((token, sequence));
                }
            }
            for (packet_id, result) in published(&mut world) {
                let sequence = sent.remove(&packet_id).unwrap();
                if result == PublishResult::Accepted {
                    prop_assert!(durable.contains(&sequence), "{} is not stored", sequence);
                }
            }
        }
        // In the end everything that waits is answered.
        for (token, _) in questions {
            world.handle(Input::Stored { token, result: StoredResult::Stored });
        }
        for (packet_id, _) in published(&mut world) {
            sent.remove(&packet_id);
        }
        prop_assert!(sent.is_empty(), "no answer to {:?}", sent);
    }
}
