//! A policy has one form, reads back, keeps its bounds, and says what it changes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sekimori_ledger::envelope::{self, Ed25519Signer, PublicKey, Signer};
use sekimori_policy::{
    CONTENT_TYPE, Clause, Conduct, Contain, MQTT_VERSIONS, PACKETS, Peer, Policy, PolicyError,
    Rate, Receive, Role, Ruling, Schema, Sequence, TLS_GROUPS, TLS_SIGNATURES, TLS_VERSIONS, Tls,
    UNAUTHENTICATED, bounds, difference, json,
};

const VECTOR: &str = include_str!("../../../docs/formats/vectors/policy.json");
const SECOND: &str = include_str!("../../../docs/formats/vectors/policy-2.json");
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
        conduct: Default::default(),
        roles: vec![
            Role {
                id: "sensor".into(),
                publish: vec![Clause {
                    schema: Some(Schema::parse(schema).expect("within the subset")),
                    range: [("temp_c".to_string(), [-40.0, 60.5])].into(),
                    ..clause("telemetry")
                }],
                subscribe: vec![],
                peers: vec![],
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
                peers: vec![],
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
            "~ sensor may publish telemetry: range of humidity: none -> 0 to 100",
            "~ sensor may publish telemetry: range of temp_c: -40 to 60.5 -> -40 to 80",
            "~ sensor may publish telemetry: rate: 1/60s, backlog 1440 -> 1/30s, backlog 2880",
            "~ sensor may publish telemetry: largest payload, in bytes: 256 -> 512",
            "~ sensor may publish telemetry: sequence: required -> none",
            "~ sensor may publish telemetry: requirements: req-a, req-b -> req-b",
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

fn peers() -> impl Strategy<Value = Vec<Peer>> {
    let key = ("[a-z]{1,4}", prop_oneof![Just("mqtt"), Just("ble")]);
    let rest = (any::<Option<u16>>(), any::<bool>());
    proptest::collection::btree_map(key, rest, 0..4).prop_map(|peers| {
        let peers = peers.into_iter();
        peers
            .map(|((component, protocol), (port, enforced))| Peer {
                component,
                protocol: protocol.into(),
                port,
                hosts: vec!["b.example.org".into(), "a.example.org".into()],
                requirement: vec!["REQ-B".into(), "REQ-A".into()],
                enforced,
            })
            .collect()
    })
}

fn ruling<T>(is: T, enforced: bool) -> Ruling<T> {
    Ruling {
        is,
        requirement: vec!["REQ-B".into(), "REQ-A".into()],
        enforced,
    }
}

/// Every rule that there is.
fn full(idle: u32, enforced: bool) -> Conduct {
    let number = |is| Some(ruling(is, enforced));
    let words = |list: &[&str]| list.iter().map(|word| String::from(*word)).collect();
    Conduct {
        tls: Some(ruling(
            Tls {
                versions: words(&TLS_VERSIONS),
                groups: words(&TLS_GROUPS),
                signatures: words(&TLS_SIGNATURES),
            },
            enforced,
        )),
        handshake_seconds: number(10),
        idle_seconds: number(idle),
        credential_days: number(30),
        renew_at_percent: number(66),
        receive: Some(ruling(
            Receive {
                unauthenticated: words(&UNAUTHENTICATED),
                mqtt: words(&MQTT_VERSIONS),
                packets: words(&PACKETS),
                packet_bytes: 65_536,
            },
            enforced,
        )),
        refusals_per_minute: number(20),
        failed_enrollments: number(5),
        silence_factor: number(3),
        contain: Some(ruling(Contain::Suspend, enforced)),
    }
}

fn conducts() -> impl Strategy<Value = Conduct> {
    let some = (2_u32..90_000, any::<bool>()).prop_map(|(idle, enforced)| full(idle, enforced));
    prop_oneof![Just(Conduct::default()), some]
}

fn policies() -> impl Strategy<Value = Policy> {
    let role = (clauses(), clauses(), peers());
    let roles = proptest::collection::btree_map("[a-z][a-z0-9-]{0,8}", role, 0..4);
    (1_u64..(1 << 53), roles, conducts()).prop_map(|(version, roles, conduct)| Policy {
        version,
        model_id: "model".into(),
        conduct,
        roles: roles
            .into_iter()
            .map(|(id, (publish, subscribe, peers))| Role {
                id,
                publish,
                subscribe,
                peers,
            })
            .collect(),
    })
}

#[test]
fn every_rule_keeps_its_bounds_and_its_words() {
    let with = |conduct: Conduct| Policy {
        conduct,
        ..cold_store()
    };
    with(full(900, true)).validate().expect("within bounds");
    let change = |edit: fn(&mut Conduct)| {
        let mut conduct = full(900, true);
        edit(&mut conduct);
        with(conduct).validate().map_err(|error| error.to_string())
    };
    type Edit = fn(&mut Conduct);
    let cases: [(&str, Edit); 9] = [
        ("handshake_seconds 0", |c| {
            c.handshake_seconds = Some(ruling(0, true))
        }),
        ("idle_seconds 1 ", |c| {
            c.idle_seconds = Some(ruling(1, true))
        }),
        ("credential_days 4000", |c| {
            c.credential_days = Some(ruling(4_000, true))
        }),
        ("renew_at_percent 49", |c| {
            c.renew_at_percent = Some(ruling(49, true))
        }),
        ("renew_at_percent 91", |c| {
            c.renew_at_percent = Some(ruling(91, true))
        }),
        ("silence_factor 0", |c| {
            c.silence_factor = Some(ruling(0, true))
        }),
        ("tls groups: \"ffdhe2048\"", |c| {
            c.tls.as_mut().unwrap().is.groups = vec!["ffdhe2048".into()];
        }),
        ("packets: none", |c| {
            c.receive.as_mut().unwrap().is.packets = vec![]
        }),
        ("is there twice", |c| {
            c.contain.as_mut().unwrap().requirement = vec!["a".into(), "a".into()];
        }),
    ];
    for (expected, edit) in cases {
        let error = change(edit).expect_err(expected);
        assert!(error.contains(expected), "{error} does not say {expected}");
    }
    change(|c| c.renew_at_percent = Some(ruling(50, true))).expect("the least");
    change(|c| c.renew_at_percent = Some(ruling(90, true))).expect("the most");
}

#[test]
fn a_policy_of_before_these_rules_keeps_its_bytes() {
    let old = Policy::parse(VECTOR.trim_end().as_bytes()).expect("version 1 of the format");
    assert!(old.conduct.is_empty() && old.roles.iter().all(|role| role.peers.is_empty()));
    assert_eq!(old.canonical(), VECTOR.trim_end());
}

#[test]
fn the_second_vector_has_every_rule() {
    let mut policy = Policy {
        conduct: full(900, true),
        ..cold_store()
    };
    policy.roles[0].peers = vec![Peer {
        component: "gateway".into(),
        protocol: "mqtt".into(),
        port: Some(8883),
        hosts: vec!["gateway.example.org".into()],
        requirement: vec!["req-a".into()],
        enforced: false,
    }];
    assert_eq!(policy.canonical(), SECOND.trim_end());
    let read = Policy::parse(SECOND.as_bytes()).expect("the vector");
    assert_eq!(read.canonical(), SECOND.trim_end());
}

#[test]
fn what_every_device_notices_is_said() {
    let old = cold_store();
    let mut new = old.clone();
    new.conduct.idle_seconds = Some(ruling(600, true));
    new.conduct.contain = Some(ruling(Contain::Suspend, false));
    new.roles[0].peers = vec![Peer {
        component: "gateway".into(),
        protocol: "mqtt".into(),
        port: Some(8883),
        hosts: vec![],
        requirement: vec![],
        enforced: true,
    }];
    let said = |old: &Policy, new: &Policy| -> Vec<String> {
        difference(Some(old), new)
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(
        said(&old, &new),
        [
            "+ sensor speaks with gateway mqtt/8883",
            "~ every device: what happens to a device that goes on being refused: default -> suspend (REQ-A, REQ-B, by people)",
            "~ every device: longest silence of a session, in seconds: default -> 600 (REQ-A, REQ-B, enforced)",
        ]
    );
    let japanese: Vec<String> = difference(Some(&new), &old)
        .iter()
        .map(|change| change.japanese().to_string())
        .collect();
    assert_eq!(
        japanese,
        [
            "- sensor は gateway mqtt/8883 と通信しなくなる",
            "~ 全機器: 拒否が続いた機器の扱い: 停止（REQ-A, REQ-B, 人が守る） → 既定値",
            "~ 全機器: 無通信で切断する時間（秒）: 600（REQ-A, REQ-B, 強制する） → 既定値",
        ]
    );
    let mut moved = new.clone();
    moved.roles[0].peers[0].hosts = vec!["g.example.org".into()];
    assert_eq!(
        said(&new, &moved),
        ["~ sensor speaks with gateway mqtt/8883: any (enforced) -> g.example.org (enforced)"]
    );
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
