//! Each refusal has exactly one reason, and the cheapest test comes first.

use std::time::Duration;

use proptest::prelude::*;
use sekimori_policy::{
    Action, Budgets, Clause, Decision, FlowKind, Freshness, Policy, Rate, Reason, Request, Role,
    Schema, Sequence, decide,
};

fn clause(flow: &str) -> Clause {
    Clause {
        flow: flow.into(),
        requirement: vec![],
        schema: None,
        range: Default::default(),
        rate: None,
        max_bytes: 256,
        sequence: Sequence::None,
    }
}

fn telemetry() -> Clause {
    let schema = r#"{"type":"object","required":["temp_c"],"additionalProperties":false,
        "properties":{"temp_c":{"type":"number"},"mode":{"type":"string","maxLength":4}}}"#;
    Clause {
        schema: Some(Schema::parse(schema).expect("within the subset")),
        range: [("temp_c".to_string(), [-40.0, 60.0])].into(),
        rate: Some(Rate::new(1, 60)),
        sequence: Sequence::Required,
        ..clause("telemetry")
    }
}

fn policy() -> Policy {
    let loose = Clause {
        range: [
            ("level".to_string(), [0.0, 100.0]),
            ("/inner/x".to_string(), [0.0, 1.0]),
        ]
        .into(),
        ..clause("loose")
    };
    let lock = Clause {
        schema: Some(Schema::parse(r#"{"type":"object","properties":{"locked":{"type":"boolean"}},"required":["locked"]}"#).expect("schema")),
        sequence: Sequence::Required,
        ..clause("lock")
    };
    Policy {
        version: 1,
        model_id: "cold-store".into(),
        conduct: Default::default(),
        roles: vec![
            Role {
                id: "door".into(),
                publish: vec![clause("door-state")],
                subscribe: vec![lock],
                peers: vec![],
            },
            Role {
                id: "sensor".into(),
                publish: vec![telemetry(), loose],
                subscribe: vec![],
                peers: vec![],
            },
        ],
    }
}

struct Device {
    policy: Policy,
    budgets: Budgets,
    role: &'static str,
    contained: bool,
    freshness: Freshness,
    now: Duration,
}

impl Device {
    fn new(role: &'static str) -> Self {
        Self {
            policy: policy(),
            budgets: Budgets::new(),
            role,
            contained: false,
            freshness: Freshness::Fresh,
            now: Duration::ZERO,
        }
    }

    fn ask(&mut self, action: Action<'_>) -> Decision {
        let request = Request {
            device: "dev-0001",
            role: self.role,
            contained: self.contained,
            action,
            freshness: self.freshness,
        };
        decide(&self.policy, &mut self.budgets, self.now, &request)
    }

    fn publish(&mut self, topic: &str, payload: &str) -> Decision {
        self.ask(Action::Publish {
            topic,
            payload: payload.as_bytes(),
            retain: false,
        })
    }

    fn subscribe(&mut self, filter: &str) -> Decision {
        self.ask(Action::Subscribe { filter })
    }
}

/// What was decided, in a word: a code, or flow and kind.
fn word(decision: &Decision) -> String {
    match decision {
        Decision::Permit { flow, kind } => format!("{flow} {kind:?}"),
        Decision::Deny(reason) => reason.code().into(),
    }
}

fn shown(decision: Decision) -> String {
    match decision {
        Decision::Deny(reason) => reason.to_string(),
        Decision::Permit { .. } => panic!("permitted"),
    }
}

const TELEMETRY: &str = "sk/dev-0001/telemetry";

#[test]
fn topics() {
    let cases = [
        (
            "sensor",
            TELEMETRY,
            r#"{"temp_c":4}"#,
            "telemetry Telemetry",
        ),
        (
            "sensor",
            "sk/dev-0002/telemetry",
            r#"{"temp_c":4}"#,
            "not-authorized",
        ),
        ("sensor", "sk/dev-0001/door-state", "{}", "not-authorized"),
        ("sensor", "sk/dev-0001/other", "{}", "not-authorized"),
        ("sensor", "sk/dev-0001/cmd/lock", "{}", "not-authorized"),
        ("sensor", "sk/dev-0001/cmd/lock/ack", "{}", "not-authorized"),
        ("sensor", "sk/dev-0001/#", "{}", "wildcard-refused"),
        ("sensor", "sk/+/telemetry", "{}", "wildcard-refused"),
        ("sensor", "sk/dev-0001/_state", "x", "_state Platform"),
        ("sensor", "sk/dev-0001/_event", "x", "_event Platform"),
        (
            "door",
            "sk/dev-0001/door-state",
            "open",
            "door-state Telemetry",
        ),
        (
            "door",
            "sk/dev-0001/cmd/lock",
            r#"{"locked":true}"#,
            "not-authorized",
        ),
        ("door", "sk/dev-0001/cmd/lock/ack", "", "lock CommandAck"),
        (
            "door",
            "sk/dev-0001/cmd/lock/ack",
            r#"{"done":true}"#,
            "lock CommandAck",
        ),
        ("door", "sk/dev-0001/cmd/lock/ack", "done", "not-json"),
        (
            "door",
            "sk/dev-0001/cmd/_platform/ack",
            "x",
            "_platform Platform",
        ),
        ("stranger", TELEMETRY, r#"{"temp_c":4}"#, "not-authorized"),
    ];
    for (role, topic, payload, expected) in cases {
        let decision = Device::new(role).publish(topic, payload);
        assert_eq!(word(&decision), expected, "{role} {topic} {payload}");
    }
}

#[test]
fn filters() {
    let cases = [
        ("door", "sk/dev-0001/cmd/lock", false, "lock Command"),
        ("door", "sk/dev-0001/cmd/+", false, "+ Command"),
        ("door", "sk/dev-0001/cmd/#", false, "# Command"),
        (
            "door",
            "sk/dev-0001/cmd/_platform",
            false,
            "_platform Platform",
        ),
        (
            "door",
            "sk/dev-0001/cmd/_platform",
            true,
            "_platform Platform",
        ),
        ("door", "sk/dev-0001/cmd/lock", true, "contained"),
        ("door", "sk/dev-0001/cmd/#", true, "contained"),
        ("door", "#", false, "wildcard-refused"),
        ("door", "+/+/+", false, "wildcard-refused"),
        ("door", "sk/#", false, "wildcard-refused"),
        ("door", "sk/+/cmd/lock", false, "wildcard-refused"),
        ("door", "sk/dev-0001/#", false, "wildcard-refused"),
        ("door", "sk/dev-0002/cmd/#", false, "wildcard-refused"),
        ("door", "sk/dev-0001/cmd/+/ack", false, "wildcard-refused"),
        (
            "door",
            "$share/group/sk/dev-0001/cmd/#",
            false,
            "wildcard-refused",
        ),
        (
            "door",
            "$share/group/sk/dev-0001/cmd/lock",
            false,
            "not-authorized",
        ),
        ("door", "$SYS/broker/uptime", false, "not-authorized"),
        ("door", "sk/dev-0002/cmd/lock", false, "not-authorized"),
        ("door", "sk/dev-0001/door-state", false, "not-authorized"),
        ("sensor", "sk/dev-0001/cmd/lock", false, "not-authorized"),
    ];
    for (role, filter, contained, expected) in cases {
        let mut device = Device::new(role);
        device.contained = contained;
        assert_eq!(word(&device.subscribe(filter)), expected, "{role} {filter}");
    }
}

#[test]
fn payloads() {
    let nested = format!("{{\"temp_c\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    let cases = [
        (r#"{"temp_c":-40}"#, "telemetry Telemetry"),
        (r#"{"temp_c":60.0,"mode":"auto"}"#, "telemetry Telemetry"),
        (r#"{"temp_c":60.00000001}"#, "out-of-range"),
        (r#"{"temp_c":999}"#, "out-of-range"),
        (r#"{"temp_c":1e308}"#, "out-of-range"),
        (r#"{"temp_c":-18446744073709551616}"#, "out-of-range"),
        (r#"{"temp_c":1e999}"#, "not-json"),
        (r#"{"temp_c":NaN}"#, "not-json"),
        (r#"{"temp_c":20,"temp_c":999}"#, "not-json"),
        (r#"{"temp_c":999,"temp_c":20}"#, "not-json"),
        (r#"{"temp_c":20,"\u0074emp_c":999}"#, "not-json"),
        (nested.as_str(), "not-json"),
        (r#"{"temp_c":"999"}"#, "schema-violation"),
        (r#"{"temp_c":[999]}"#, "schema-violation"),
        (r#"{"temp_c":null}"#, "schema-violation"),
        (r#"{"Temp_C":999}"#, "schema-violation"),
        (r#"{"temp_c":20,"temp_C":999}"#, "schema-violation"),
        (r#"{"temp_c":20,"mode":"manual"}"#, "schema-violation"),
        (r#"[{"temp_c":20}]"#, "schema-violation"),
        ("", "not-json"),
    ];
    for (payload, expected) in cases {
        let decision = Device::new("sensor").publish(TELEMETRY, payload);
        assert_eq!(word(&decision), expected, "{payload}");
    }
}

#[test]
fn a_range_without_a_schema_cannot_be_stepped_around_by_another_type() {
    let cases = [
        (r#"{"level":50,"inner":{"x":0.5}}"#, "loose Telemetry"),
        (r#"{"other":1}"#, "loose Telemetry"),
        (r#"{"level":101}"#, "out-of-range"),
        (r#"{"inner":{"x":2}}"#, "out-of-range"),
        (r#"{"level":"101"}"#, "schema-violation"),
        (r#"{"level":[101]}"#, "schema-violation"),
        (r#"{"inner":{"x":true}}"#, "schema-violation"),
        ("[101]", "schema-violation"),
        ("101", "schema-violation"),
    ];
    for (payload, expected) in cases {
        let decision = Device::new("sensor").publish("sk/dev-0001/loose", payload);
        assert_eq!(word(&decision), expected, "{payload}");
    }
}

#[test]
fn freshness() {
    let telemetry = [
        (Freshness::Fresh, "telemetry Telemetry"),
        (Freshness::Resend, "telemetry Telemetry"),
        (Freshness::Replayed, "replayed"),
        (Freshness::Absent, "sequence-missing"),
    ];
    for (freshness, expected) in telemetry {
        let mut device = Device::new("sensor");
        device.freshness = freshness;
        assert_eq!(
            word(&device.publish(TELEMETRY, r#"{"temp_c":4}"#)),
            expected
        );
    }
    let plain = [
        (Freshness::Absent, "door-state Telemetry"),
        (Freshness::Replayed, "replayed"),
    ];
    for (freshness, expected) in plain {
        let mut device = Device::new("door");
        device.freshness = freshness;
        assert_eq!(
            word(&device.publish("sk/dev-0001/door-state", "x")),
            expected
        );
        let ack = device.publish("sk/dev-0001/cmd/lock/ack", "");
        assert_eq!(
            ack == Decision::Deny(Reason::Replayed),
            freshness == Freshness::Replayed
        );
    }
}

/// Each request breaks everything from one test on, so the order of tests decides its reason.
#[test]
fn the_cheapest_test_comes_first() {
    let huge = "x".repeat(257);
    let mut device = Device::new("sensor");
    device.freshness = Freshness::Replayed;
    device.contained = true;
    assert_eq!(word(&device.publish(TELEMETRY, &huge)), "contained");
    device.contained = false;
    assert_eq!(
        word(&device.publish("sk/dev-0001/x", &huge)),
        "not-authorized"
    );
    for _ in 0..3 {
        assert_eq!(word(&device.publish(TELEMETRY, &huge)), "payload-too-large");
    }
    assert_eq!(word(&device.publish(TELEMETRY, &huge)), "rate-exceeded");
    device.budgets = Budgets::new();
    assert_eq!(word(&device.publish(TELEMETRY, "x")), "replayed");
    device.freshness = Freshness::Fresh;
    assert_eq!(word(&device.publish(TELEMETRY, "x")), "not-json");
    let both = r#"{"temp_c":999,"extra":1}"#;
    assert_eq!(word(&device.publish(TELEMETRY, both)), "schema-violation");
}

#[test]
fn retained_messages_are_refused() {
    let decision = Device::new("door").ask(Action::Publish {
        topic: "sk/dev-0001/door-state",
        payload: b"{}",
        retain: true,
    });
    assert_eq!(decision, Decision::Deny(Reason::RetainRefused));
}

#[test]
fn without_a_policy_only_the_platform_is_open() {
    let mut device = Device::new("sensor");
    device.policy = Policy::none();
    assert_eq!(word(&device.publish(TELEMETRY, "{}")), "no-policy");
    assert_eq!(
        word(&device.publish("sk/dev-0001/_state", "{}")),
        "_state Platform"
    );
    assert_eq!(word(&device.subscribe("sk/dev-0001/cmd/lock")), "no-policy");
}

#[test]
fn a_contained_device_keeps_only_the_platform() {
    let mut device = Device::new("door");
    device.contained = true;
    let cases = [
        ("sk/dev-0001/door-state", "contained"),
        ("sk/dev-0001/cmd/lock/ack", "contained"),
        ("sk/dev-0001/undeclared", "contained"),
        ("sk/dev-0001/_state", "_state Platform"),
        ("sk/dev-0001/_event", "_event Platform"),
        ("sk/dev-0001/cmd/_platform/ack", "_platform Platform"),
    ];
    for (topic, expected) in cases {
        assert_eq!(word(&device.publish(topic, "")), expected, "{topic}");
    }
}

#[test]
fn commands_are_judged_before_they_are_sent() {
    let locked = br#"{"locked":true}"#;
    let command = |role, contained, flow: &str, payload: &[u8]| {
        let mut device = Device::new(role);
        device.contained = contained;
        device.freshness = Freshness::Absent;
        word(&device.ask(Action::Command { flow, payload }))
    };
    assert_eq!(command("door", false, "lock", locked), "lock Command");
    assert_eq!(command("door", false, "lock", b"{}"), "schema-violation");
    assert_eq!(command("door", false, "open", locked), "not-authorized");
    assert_eq!(command("sensor", false, "lock", locked), "not-authorized");
    assert_eq!(command("door", true, "lock", locked), "contained");
    assert_eq!(
        command("door", true, "_platform", b"x"),
        "_platform Platform"
    );
}

#[test]
fn operators_read_the_exact_cause() {
    let cases = [
        (
            "sk/dev-0002/telemetry",
            "{}",
            "\"sk/dev-0002/telemetry\" is not allowed: the topic belongs to another device",
        ),
        (
            TELEMETRY,
            r#"{"temp_c":999}"#,
            "\"temp_c\" is 999, allowed is -40 to 60",
        ),
        (
            TELEMETRY,
            r#"{"mode":"auto"}"#,
            "payload: required property \"temp_c\" is missing",
        ),
        (
            TELEMETRY,
            r#"{"temp_c":1,"mode":"manual"}"#,
            "\"/mode\": 6 characters, at most 4 are allowed",
        ),
        (
            TELEMETRY,
            r#"{"temp_c":1,"a\nb":2}"#,
            "payload: property \"a\\nb\" is not declared",
        ),
        (
            TELEMETRY,
            r#"{"temp_c":1,"temp_c":2}"#,
            "the payload is not acceptable JSON: an object names the same key twice",
        ),
    ];
    for (topic, payload, expected) in cases {
        assert_eq!(
            shown(Device::new("sensor").publish(topic, payload)),
            expected
        );
    }
    let mut device = Device::new("sensor");
    let flood = (0..4).map(|_| device.publish(TELEMETRY, "{}")).last();
    assert_eq!(
        shown(flood.expect("four were sent")),
        "more than 1 messages in 60 s, and the backlog is used up"
    );
}

#[test]
fn the_bucket_starts_with_three_and_refills() {
    let mut device = Device::new("sensor");
    let permitted = |device: &mut Device| {
        (0..10)
            .filter(|_| word(&device.publish(TELEMETRY, r#"{"temp_c":4}"#)) != "rate-exceeded")
            .count()
    };
    assert_eq!(permitted(&mut device), 3);
    device.now = Duration::from_millis(59_999);
    assert_eq!(permitted(&mut device), 0);
    device.now = Duration::from_secs(60);
    assert_eq!(permitted(&mut device), 1);
    device.now = Duration::from_secs(180);
    assert_eq!(permitted(&mut device), 2);
    // A clock that goes back gives nothing, and takes nothing away.
    device.now = Duration::from_secs(10);
    assert_eq!(permitted(&mut device), 0);
    device.now = Duration::from_secs(240);
    assert_eq!(permitted(&mut device), 1);
}

#[test]
fn a_device_that_was_away_may_resend_what_it_kept() {
    let mut device = Device::new("sensor");
    device.budgets.seed("telemetry", Duration::from_secs(3_600));
    let sent = (0..100).filter(|_| {
        matches!(
            device.publish(TELEMETRY, r#"{"temp_c":4}"#),
            Decision::Permit {
                kind: FlowKind::Telemetry,
                ..
            }
        )
    });
    assert_eq!(sent.count(), 63);
    let mut device = Device::new("sensor");
    device.budgets.seed("telemetry", Duration::MAX);
    let sent = (0..2_000).filter(|_| {
        matches!(
            device.publish(TELEMETRY, r#"{"temp_c":4}"#),
            Decision::Permit { .. }
        )
    });
    // One day of messages is the default backlog.
    assert_eq!(sent.count(), 1_443);
}

#[test]
fn the_platform_has_a_budget_of_its_own_that_no_policy_takes_away() {
    let mut device = Device::new("sensor");
    device.budgets.seed("_state", Duration::MAX);
    let sent = (0..1_000).filter(|_| {
        matches!(
            device.publish("sk/dev-0001/_state", "{}"),
            Decision::Permit { .. }
        )
    });
    assert_eq!(sent.count(), 123);
    assert_eq!(
        word(&device.publish("sk/dev-0001/_state", "{}")),
        "rate-exceeded"
    );
    assert_eq!(
        word(&device.publish("sk/dev-0001/_event", "{}")),
        "_event Platform"
    );
}

fn freshness_strategy() -> impl Strategy<Value = Freshness> {
    prop_oneof![
        Just(Freshness::Fresh),
        Just(Freshness::Resend),
        Just(Freshness::Replayed),
        Just(Freshness::Absent)
    ]
}

proptest! {
    /// Nothing that is stored (permitted and no resend) is ever out of range, whatever is sent.
    #[test]
    fn what_is_permitted_is_in_range(
        payload in r#"\{("temp_c"|"mode"|"temp\\u005fc"):(-?[0-9]{1,4}(\.[0-9])?(e[0-9])?|"x"|null|\[9\])(,("temp_c"|"mode"|"x"):(-?[0-9]{1,4}|"x"))?\}"#,
        freshness in freshness_strategy(),
    ) {
        let mut device = Device::new("sensor");
        device.freshness = freshness;
        let decision = device.publish(TELEMETRY, &payload);
        if matches!(decision, Decision::Permit { .. }) && freshness != Freshness::Resend {
            // A reader that takes the last of two equal keys sees the same value as one that takes the first.
            let value: serde_json::Value = serde_json::from_str(&payload).expect("JSON");
            let observed = value["temp_c"].as_f64().expect("a number");
            prop_assert!((-40.0..=60.0).contains(&observed), "{}", payload);
        }
    }

    #[test]
    fn deciding_never_panics_and_has_a_known_code(
        topic in "(sk/|)(dev-0001|dev-0002|\\+)?/?(cmd/)?(lock|telemetry|_state|#|.{0,6})?(/ack)?",
        payload in proptest::collection::vec(any::<u8>(), 0..64),
        contained: bool,
        retain: bool,
        freshness in freshness_strategy(),
        seconds: u64,
    ) {
        let mut device = Device::new("door");
        device.contained = contained;
        device.freshness = freshness;
        device.now = Duration::from_secs(seconds);
        for action in [
            Action::Publish { topic: &topic, payload: &payload, retain },
            Action::Subscribe { filter: &topic },
            Action::Command { flow: &topic, payload: &payload },
        ] {
            if let Decision::Deny(reason) = device.ask(action) {
                prop_assert!(Reason::CODES.contains(&reason.code()));
                prop_assert!(!reason.to_string().is_empty());
            } else if contained {
                prop_assert!(topic.contains("/_") || topic == "_platform", "{}", topic);
            }
        }
    }
}
