//! A policy has one form, reads back, keeps its bounds, and says what it changes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sekimori_ledger::envelope::{self, Ed25519Signer, PublicKey, Signer};
use sekimori_policy::{
    CONTENT_TYPE, Clause, Policy, PolicyError, Rate, Role, Schema, Sequence, bounds, difference,
    json,
};

const VECTOR: &str = include_str!("../../../docs/formats/vectors/policy.json");
const SEALED: &str = include_str!("../../../docs/formats/vectors/policy.sealed.hex");

fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(&[7; 32])
}

fn key() -> PublicKey {
    signer().public_key()
}

fn clause(flow: &str) -> Clause {
    Clause {
        flow: flow.into(),
        requirement: vec!["req-b".into(), "req-a".into()],
        schema: None,
        range: BTreeMap::new(),
        rate: Some(Rate::new(1, 60)),
        max_bytes: 256,
        sequence: Sequence::Required,
    }
}

/// The policy of the vector, with its lists in another order.
fn cold_store() -> Policy {
    let schema = r#"{"type":"object","required":["temp_c"],"additionalProperties":false,
        "properties":{"temp_c":{"type":"number"}}}"#;
    Policy {
        version: 1,
        model_id: "cold-store".into(),
        roles: vec![
            Role {
                id: "sensor".into(),
                publish: vec![Clause {
                    schema: Some(Schema::parse(schema).expect("within the subset")),
                    range: [("temp_c".to_string(), [-40.0, 60.5])].into(),
                    ..clause("telemetry")
                }],
                subscribe: vec![],
            },
            Role {
                id: "door".into(),
                publish: vec![Clause {
                    requirement: vec![],
                    rate: Some(Rate::new(10, 60)),
                    sequence: Sequence::None,
                    ..clause("door-state")
                }],
                subscribe: vec![Clause {
                    rate: None,
                    ..clause("lock")
                }],
            },
        ],
    }
}

#[test]
fn the_vector_is_what_this_policy_becomes() {
    let canonical = cold_store().canonical();
    assert_eq!(canonical, VECTOR.trim_end());
    let sealed = cold_store().seal(&signer()).expect("within bounds");
    assert_eq!(hex::encode(&sealed), SEALED.trim_end());
    let opened = Policy::open(&sealed, &key()).expect("just sealed");
    assert_eq!(opened.canonical(), canonical);
    assert_eq!(
        hex::encode(opened.digest()),
        "aafe0adddf5b5e3a80b3d9cd740819f40b5d6714c090483ac9a7e75509a59028"
    );
}

#[test]
fn only_the_one_form_opens() {
    let reject = |payload: &str| {
        let sealed = envelope::seal(CONTENT_TYPE, payload.as_bytes(), &signer());
        Policy::open(&sealed, &key()).expect_err("refused")
    };
    let canonical = cold_store().canonical();
    assert_eq!(
        reject(&canonical.replacen(':', ": ", 1)),
        PolicyError::NotCanonical
    );
    assert_eq!(
        reject(&canonical.replace("60.5", "60.50")),
        PolicyError::NotCanonical
    );
    let sealed = cold_store().seal(&signer()).expect("within bounds");
    let other = Ed25519Signer::from_seed(&[8; 32]).public_key();
    assert!(matches!(
        Policy::open(&sealed, &other),
        Err(PolicyError::Envelope(_))
    ));
    let wrong_type = envelope::seal("application/json", canonical.as_bytes(), &signer());
    assert!(matches!(
        Policy::open(&wrong_type, &key()),
        Err(PolicyError::Envelope(_))
    ));
}

#[test]
fn what_is_read_must_say_everything_and_nothing_else() {
    let canonical = cold_store().canonical();
    let parse = |text: String| {
        let error = Policy::parse(text.as_bytes()).expect_err("refused");
        error.to_string()
    };
    let unknown = parse(canonical.replacen("\"flow\"", "\"flaw\":1,\"flow\"", 1));
    assert!(unknown.contains("unknown field `flaw`"), "{unknown}");
    let missing = parse(canonical.replacen("\"max_bytes\":256,", "", 1));
    assert!(missing.contains("missing field `max_bytes`"), "{missing}");
    let twice = parse(canonical.replace(
        "\"temp_c\":[-40,60.5]",
        "\"temp_c\":[-40,60.5],\"temp_c\":[-400,600]",
    ));
    assert_eq!(
        twice,
        "the policy is not JSON: an object names the same key twice"
    );
    let keyword =
        parse(canonical.replace("\"type\":\"number\"", "\"type\":\"number\",\"const\":1"));
    assert!(keyword.contains("\"const\" is not supported"), "{keyword}");
    let torn = &canonical.as_bytes()[..canonical.len() - 1];
    assert!(matches!(Policy::parse(torn), Err(PolicyError::Json(_))));
}

#[test]
fn every_bound_is_kept() {
    let broken = |change: fn(&mut Policy)| {
        let mut policy = cold_store();
        change(&mut policy);
        let sealed = policy.seal(&signer()).expect_err("refused").to_string();
        let text = policy.canonical();
        assert!(Policy::parse(text.as_bytes()).is_err(), "{sealed}");
        sealed.replace("the policy breaks a bound: ", "")
    };
    type Change = fn(&mut Policy);
    let cases: [(Change, &str); 14] = [
        (|p| p.version = 1 << 53, "version 9007199254740992"),
        (|p| p.model_id = "a b".into(), "model_id \"a b\""),
        (
            |p| p.roles[1].id = "sensor".into(),
            "\"sensor\" is there twice",
        ),
        (|p| p.roles[0].id = "_s".into(), "role \"_s\": not an id"),
        (
            |p| p.roles[0].publish[0].flow = "cmd".into(),
            "role \"sensor\": publish \"cmd\": not a flow id",
        ),
        (
            |p| p.roles[0].publish[0].flow = "a/b".into(),
            "role \"sensor\": publish \"a/b\": not a flow id",
        ),
        (
            |p| p.roles[0].publish[0].flow = "_state".into(),
            "role \"sensor\": publish \"_state\": not a flow id",
        ),
        (
            |p| {
                let twin = p.roles[0].publish[0].clone();
                p.roles[0].publish.push(twin);
            },
            "role \"sensor\": publish: \"telemetry\" is there twice",
        ),
        (
            |p| p.roles[0].publish[0].max_bytes = 0,
            "role \"sensor\": publish \"telemetry\": max_bytes 0",
        ),
        (
            |p| p.roles[0].publish[0].max_bytes = bounds::PAYLOAD_BYTES + 1,
            "role \"sensor\": publish \"telemetry\": max_bytes 262145",
        ),
        (
            |p| {
                p.roles[0].publish[0].rate = Some(Rate {
                    messages: 0,
                    per_seconds: 1,
                    backlog: 0,
                })
            },
            "role \"sensor\": publish \"telemetry\": rate 0/1s with backlog 0",
        ),
        (
            |p| {
                p.roles[0].publish[0].rate = Some(Rate {
                    messages: 1,
                    per_seconds: 0,
                    backlog: 0,
                })
            },
            "role \"sensor\": publish \"telemetry\": rate 1/0s with backlog 0",
        ),
        (
            |p| {
                p.roles[0].publish[0]
                    .range
                    .insert("temp_c".into(), [2.0, 1.0]);
            },
            "role \"sensor\": publish \"telemetry\": range of \"temp_c\": 2 to 1",
        ),
        (
            |p| {
                p.roles[0].publish[0]
                    .range
                    .insert("temp_c".into(), [f64::NAN, 1.0]);
            },
            "role \"sensor\": publish \"telemetry\": range of \"temp_c\": NaN to 1",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(broken(change), expected);
    }
}

#[test]
fn the_default_backlog_is_one_day() {
    let backlog = |messages, seconds| Rate::new(messages, seconds).backlog;
    assert_eq!(backlog(1, 60), 1_440);
    assert_eq!(backlog(10, 60), bounds::BACKLOG);
    assert_eq!(backlog(1, 86_400), 1);
    assert_eq!(backlog(1, 200_000), 0);
    assert_eq!(backlog(u32::MAX, 1), bounds::BACKLOG);
    assert_eq!(backlog(1, 0), 0);
}

#[test]
fn the_difference_says_each_change_in_one_line() {
    let lines = |old: Option<&Policy>, new: &Policy| -> Vec<String> {
        let changes = difference(old, new);
        changes.iter().map(ToString::to_string).collect()
    };
    let old = cold_store();
    assert_eq!(
        lines(None, &old),
        [
            "+ role door",
            "+ door may publish door-state",
            "+ door may receive lock",
            "+ role sensor",
            "+ sensor may publish telemetry",
        ]
    );
    let mut new = old.clone();
    new.version = 2;
    new.roles.reverse();
    assert!(
        lines(Some(&old), &new).is_empty(),
        "order and version change nothing"
    );
    let telemetry = &mut new.roles[1].publish[0];
    telemetry.range.insert("temp_c".into(), [-40.0, 80.0]);
    telemetry.range.insert("humidity".into(), [0.0, 100.0]);
    telemetry.schema = None;
    telemetry.rate = Some(Rate::new(1, 30));
    telemetry.sequence = Sequence::None;
    telemetry.max_bytes = 512;
    telemetry.requirement.pop();
    new.roles[0].subscribe[0].flow = "unlock".into();
    new.roles.push(Role {
        id: "gate".into(),
        ..Role::default()
    });
    assert_eq!(
        lines(Some(&old), &new),
        [
            "- door may receive lock",
            "+ door may receive unlock",
            "+ role gate",
            "~ sensor may publish telemetry: schema: {\"additionalProperties\":false,\"properties\":{\"temp_c\":{\"type\":\"number\"}},\"required\":[\"temp_c\"],\"type\":\"object\"} -> none",
            "~ sensor may publish telemetry: range humidity: none -> 0 to 100",
            "~ sensor may publish telemetry: range temp_c: -40 to 60.5 -> -40 to 80",
            "~ sensor may publish telemetry: rate: 1/60s, backlog 1440 -> 1/30s, backlog 2880",
            "~ sensor may publish telemetry: max_bytes: 256 -> 512",
            "~ sensor may publish telemetry: sequence: required -> none",
            "~ sensor may publish telemetry: requirement: req-a, req-b -> req-b",
        ]
    );
    assert_eq!(
        lines(Some(&old), &Policy::none()),
        ["- role door", "- role sensor"]
    );
}

fn clauses() -> impl Strategy<Value = Vec<Clause>> {
    let id = "[a-z][a-z0-9-]{0,8}";
    let schema = prop_oneof![
        Just(None),
        Just(Some(r#"{"type":"number","minimum":-0.1,"maximum":1e15}"#)),
        Just(Some(
            r#"{"type":"object","properties":{"é":{"type":"string","enum":["\n"]}}}"#
        )),
    ];
    let range = proptest::collection::btree_map(
        ".{1,8}",
        (-1e15..1e15_f64, 0.0..1e15_f64).prop_map(|(low, width)| [low, low + width]),
        0..4,
    );
    let rate =
        proptest::option::of((1_u32..1_000, 1_u32..1_000).prop_map(|(m, s)| Rate::new(m, s)));
    let clause = (
        id,
        proptest::collection::btree_set(id, 0..4),
        schema,
        range,
        rate,
        1..=bounds::PAYLOAD_BYTES,
        any::<bool>(),
    )
        .prop_map(
            |(flow, requirement, schema, range, rate, max_bytes, required)| Clause {
                flow,
                requirement: requirement.into_iter().rev().collect(),
                schema: schema.map(|text| Schema::parse(text).expect("within the subset")),
                range,
                rate,
                max_bytes,
                sequence: if required {
                    Sequence::Required
                } else {
                    Sequence::None
                },
            },
        );
    proptest::collection::vec(clause, 0..5).prop_map(|mut clauses| {
        clauses.retain(|clause| clause.flow != "cmd");
        clauses.sort_by(|a, b| b.flow.cmp(&a.flow));
        clauses.dedup_by(|a, b| a.flow == b.flow);
        clauses
    })
}

fn policies() -> impl Strategy<Value = Policy> {
    let roles =
        proptest::collection::btree_map("[a-z][a-z0-9-]{0,8}", (clauses(), clauses()), 0..4);
    (1_u64..(1 << 53), roles).prop_map(|(version, roles)| Policy {
        version,
        model_id: "model".into(),
        roles: roles
            .into_iter()
            .map(|(id, (publish, subscribe))| Role {
                id,
                publish,
                subscribe,
            })
            .collect(),
    })
}

proptest! {
    #[test]
    fn a_policy_reads_back_and_its_form_is_one(policy in policies()) {
        let sealed = policy.seal(&signer()).expect("within bounds");
        let opened = Policy::open(&sealed, &key()).expect("just sealed");
        prop_assert_eq!(opened.canonical(), policy.canonical());
        prop_assert!(difference(Some(&policy), &opened).is_empty());
        let mut shuffled = policy.clone();
        shuffled.roles.reverse();
        prop_assert_eq!(shuffled.digest(), policy.digest());
    }

    #[test]
    fn a_difference_is_empty_only_for_equal_policies(a in policies(), b in policies()) {
        let mut same = b.clone();
        same.version = a.version;
        let equal = same.canonical() == a.canonical();
        prop_assert_eq!(difference(Some(&a), &b).is_empty(), equal);
    }

    #[test]
    fn reading_never_panics(at in 0_usize..700, byte: u8) {
        let mut bytes = VECTOR.trim_end().as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(policy) = Policy::parse(&bytes) {
            prop_assert!(policy.validate().is_ok());
            prop_assert!(json::parse(&bytes).is_ok());
        }
    }
}
