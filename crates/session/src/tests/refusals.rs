//! Each refusal: one reason, one counter, one event, one answer.

use super::*;
use sekimori_policy::Reason;
use sekimori_proto::mqtt::PublishResult;

struct Case {
    code: &'static str,
    device: DeviceRecord,
    policy: Arc<Policy>,
    /// Sent and stored before.
    before: Vec<Message>,
    message: Message,
    answer: PublishResult,
}

fn case(code: &'static str, message: Message, answer: PublishResult) -> Case {
    Case {
        code,
        device: record(),
        policy: policy(),
        before: Vec::new(),
        message,
        answer,
    }
}

fn temperature(payload: &[u8]) -> Message {
    Message {
        payload: payload.to_vec(),
        ..reading(1, 1)
    }
}

/// Every reason that a message can be refused for; `wildcard-refused` is left, because the protocol crate takes a
/// topic with a wildcard for a malformed packet.
fn cases() -> Vec<Case> {
    use PublishResult::{ImplementationSpecific, NotAuthorized, PayloadInvalid, QuotaExceeded};
    let mut retained = note(b"x");
    retained.retain = true;
    let mut bare = reading(1, 1);
    bare.envelope = None;
    let other = Message::new(String::from("sk/dev-0002/note"), Vec::new());
    [
        Case {
            policy: Arc::new(Policy::none()),
            ..case("no-policy", note(b"x"), ImplementationSpecific)
        },
        Case {
            device: DeviceRecord {
                contained: true,
                ..record()
            },
            ..case("contained", note(b"x"), ImplementationSpecific)
        },
        case("not-authorized", other, NotAuthorized),
        case("retain-refused", retained, NotAuthorized),
        Case {
            before: (0..3).map(|sequence| reading(1, sequence)).collect(),
            ..case("rate-exceeded", reading(1, 3), QuotaExceeded)
        },
        case("payload-too-large", note(&[b'x'; 65]), PayloadInvalid),
        case("sequence-missing", bare, PayloadInvalid),
        Case {
            before: [reading(1, 1)].into(),
            ..case("replayed", reading(1, 1), NotAuthorized)
        },
        case("not-json", temperature(b"21.5 degrees"), PayloadInvalid),
        case(
            "schema-violation",
            temperature(br#"{"celsius":"warm"}"#),
            PayloadInvalid,
        ),
        case(
            "out-of-range",
            temperature(br#"{"celsius":85.1}"#),
            PayloadInvalid,
        ),
    ]
    .into()
}

#[test]
fn the_table_has_every_reason() {
    let mut codes: Vec<&str> = cases().iter().map(|case| case.code).collect();
    codes.push("wildcard-refused");
    codes.sort_unstable();
    let mut all = Reason::CODES;
    all.sort_unstable();
    assert_eq!(codes, all);
}

/// The world in which the message of `case` is the next thing to happen.
fn prepared(case: &Case, version: Version) -> World {
    let mut seed = SessionSeed::default();
    if version == Version::V3_1_1 {
        // An older client has no envelope, so what it sent before is known only to the seed.
        for message in &case.before {
            let envelope = message.envelope.unwrap();
            let mut window = seed.replay.unwrap_or_default();
            window.accept(envelope.boot, envelope.sequence);
            seed.replay = Some(window);
        }
    }
    let limits = SessionLimits::default();
    let mut world = World::with(
        version,
        case.device.clone(),
        seed,
        case.policy.clone(),
        limits,
    );
    if version == Version::V5 {
        for message in &case.before {
            world.publish(message);
            world.stored(StoredResult::Stored);
        }
    }
    world.heard.clear();
    world.outputs.clear();
    world
}

fn check_told(world: &World, case: &Case) {
    assert_eq!(world.counts(), [case.code], "one counter");
    let events = world.all_events();
    let event = events.first().unwrap();
    assert_eq!(event.code, Code::MessageRefused);
    assert_eq!(event.reason.as_deref(), Some(case.code));
    assert_eq!(event.device.as_deref(), Some(NAME));
    assert_eq!(event.detail.get("topic"), Some(&case.message.topic));
    assert!(event.detail.get("why").is_some_and(|why| !why.is_empty()));
    assert_eq!(world.stores().len(), 0);
}

#[test]
fn every_reason_is_told_to_an_mqtt_5_device() {
    for case in cases() {
        let mut world = prepared(&case, Version::V5);
        let packet_id = world.publish(&case.message).unwrap();
        let answer = ClientEvent::Published {
            packet_id,
            result: case.answer,
        };
        assert_eq!(world.heard, [answer], "{}", case.code);
        check_told(&world, &case);
        assert_eq!(world.events().len(), 1, "{}", case.code);
        assert_eq!(world.closed(), None, "{}", case.code);
    }
}

#[test]
fn an_older_device_is_told_by_closing() {
    for case in cases() {
        // Without an envelope these two cannot happen; the flow asks for the envelope first.
        let without = [
            "rate-exceeded",
            "replayed",
            "not-json",
            "schema-violation",
            "out-of-range",
        ];
        if without.contains(&case.code) {
            continue;
        }
        let mut world = prepared(&case, Version::V3_1_1);
        world.publish(&case.message);
        assert_eq!(world.heard, [], "{}: no PUBACK", case.code);
        check_told(&world, &case);
        assert_eq!(
            world.closed(),
            Some(CloseReason::RefusedMessage),
            "{}",
            case.code
        );
        assert_eq!(world.events(), [Code::MessageRefused, Code::SessionClosed]);
    }
}

/// The policy of these tests, with a flow that looks inside without asking for a sequence.
fn open_policy() -> Arc<Policy> {
    let mut policy = Policy::clone(&policy());
    policy.roles[0].publish[0].sequence = sekimori_policy::Sequence::None;
    Arc::new(policy)
}

#[test]
fn an_older_device_is_told_by_closing_of_what_is_inside_too() {
    for (code, payload, sent) in [
        ("not-json", &b"21.5 degrees"[..], 1),
        ("schema-violation", br#"{"celsius":"warm"}"#, 1),
        ("out-of-range", br#"{"celsius":85.1}"#, 1),
        ("rate-exceeded", br#"{"celsius":21.5}"#, 4),
    ] {
        let mut world = World::with(
            Version::V3_1_1,
            record(),
            SessionSeed::default(),
            open_policy(),
            SessionLimits::default(),
        );
        for _ in 0..sent {
            world.publish(&temperature(payload));
        }
        assert_eq!(world.counts().last(), Some(&code));
        assert_eq!(world.closed(), Some(CloseReason::RefusedMessage), "{code}");
        assert_eq!(world.heard, [], "{code}");
    }
}

#[test]
fn a_refused_message_that_asks_for_no_answer_gets_none() {
    for case in cases() {
        let mut world = prepared(&case, Version::V5);
        let mut message = case.message.clone();
        message.qos = Qos::AtMostOnce;
        world.publish(&message);
        assert_eq!(world.heard, [], "{}", case.code);
        check_told(&world, &case);
        assert_eq!(world.closed(), None);
    }
}

#[test]
fn filters_are_decided_one_by_one() {
    let check = |filter: &str, expected: SubscribeResult, code: Option<&str>| {
        let mut world = World::open(Version::V5);
        assert_eq!(world.subscribe(filter), expected, "{filter}");
        let reason = world
            .all_events()
            .first()
            .and_then(|event| event.reason.clone());
        assert_eq!(reason.as_deref(), code, "{filter}");
        let expected_events = if code.is_some() { 1 } else { 0 };
        assert_eq!(world.events().len(), expected_events, "{filter}");
        assert_eq!(
            world.counts(),
            code.into_iter().collect::<Vec<_>>(),
            "{filter}"
        );
    };
    let granted = SubscribeResult::Granted(Qos::AtLeastOnce);
    check("sk/dev-0001/cmd/lock", granted, None);
    check("sk/dev-0001/cmd/+", granted, None);
    check("sk/dev-0001/cmd/#", granted, None);
    check("sk/dev-0001/cmd/_platform", granted, None);
    check(
        "#",
        SubscribeResult::WildcardsRefused,
        Some("wildcard-refused"),
    );
    check(
        "sk/+/cmd/lock",
        SubscribeResult::WildcardsRefused,
        Some("wildcard-refused"),
    );
    check(
        "sk/dev-0002/cmd/lock",
        SubscribeResult::NotAuthorized,
        Some("not-authorized"),
    );
    check(
        "sk/dev-0001/cmd/unlock",
        SubscribeResult::NotAuthorized,
        Some("not-authorized"),
    );
    check(
        "$share/g/sk/dev-0001/cmd/lock",
        SubscribeResult::NotAuthorized,
        Some("not-authorized"),
    );

    let mut world = World::open(Version::V3_1_1);
    assert_eq!(
        world.subscribe("#"),
        SubscribeResult::Unspecified,
        "0x80 is its only refusal"
    );
    assert_eq!(world.closed(), None);
}

#[test]
fn subscriptions_are_bounded() {
    let limits = SessionLimits {
        subscriptions: 1,
        ..SessionLimits::default()
    };
    let seed = SessionSeed::default();
    let mut world = World::with(Version::V5, record(), seed, policy(), limits);
    let granted = SubscribeResult::Granted(Qos::AtLeastOnce);
    assert_eq!(world.subscribe("sk/dev-0001/cmd/lock"), granted);
    assert_eq!(
        world.subscribe("sk/dev-0001/cmd/lock"),
        granted,
        "the same again"
    );
    assert_eq!(
        world.subscribe("sk/dev-0001/cmd/+"),
        SubscribeResult::QuotaExceeded
    );
    assert_eq!(world.counts(), ["quota-exceeded"]);
}

#[test]
fn a_device_that_is_refused_too_often_is_sent_away() {
    let limits = SessionLimits {
        refusals_per_minute: 5,
        ..SessionLimits::default()
    };
    let refused = note(&[0; 65]);
    let seed = SessionSeed::default();
    let mut world = World::with(Version::V5, record(), seed.clone(), policy(), limits);
    for _ in 0..5 {
        world.publish(&refused);
    }
    assert_eq!(world.closed(), None);
    world.publish(&refused);
    assert_eq!(world.closed(), Some(CloseReason::TooManyRefusals));
    let events = world.events();
    assert_eq!(
        events[events.len() - 2..],
        [Code::BudgetExceeded, Code::SessionClosed]
    );
    assert_eq!(
        events
            .iter()
            .filter(|code| **code == Code::MessageRefused)
            .count(),
        6
    );
    assert!(matches!(
        world.heard.last(),
        Some(ClientEvent::Disconnected(_))
    ));

    // The same number in two minutes is no reason.
    let mut world = World::with(Version::V5, record(), seed, policy(), limits);
    for _ in 0..10 {
        world.publish(&refused);
        world.now += at(12_001);
    }
    assert_eq!(world.closed(), None);
}
