//! The policy of a model: every rule names what it serves, and what is not enforced is asked of people.

use std::collections::BTreeSet;

use jiff::civil::date;
use sekimori_analysis::model::{self, Protocol};
use sekimori_analysis::requirements::{Duty, Requirement, demand};
use sekimori_analysis::{Analysis, analyze, policy};
use sekimori_policy::{Contain, Policy};

const EXAMPLE: &str = include_str!("../../../examples/cold-store/model.toml");

fn made(text: &str) -> (Analysis, Policy) {
    let model = model::parse("model.toml", text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let analysis = analyze(&model, date(2026, 11, 20));
    let policy = policy::generate(&model, &analysis, 1);
    policy.validate().expect("a policy that a gateway takes");
    (analysis, policy)
}

fn with(more: &str) -> (Analysis, Policy) {
    made(&format!("{EXAMPLE}\n{more}"))
}

fn requirement<'a>(analysis: &'a Analysis, id: &str) -> &'a Requirement {
    let mut requirements = analysis.requirements.iter();
    requirements
        .find(|requirement| requirement.id == id)
        .unwrap_or_else(|| panic!("{id} is not a requirement"))
}

#[test]
fn what_the_model_asks_is_what_the_policy_says() {
    let (_, policy) = with(
        "[policy]\ncredential_days = 45\nrenew_at_percent = 66\nhandshake_seconds = 4\nidle_seconds = 90\ncontain = \"suspend\"\n[policy.detect]\nrefusals_per_minute = 7\nsilence_factor = 3\n",
    );
    let conduct = &policy.conduct;
    let is = |rule: &Option<sekimori_policy::Ruling<u32>>| {
        let rule = rule.as_ref().expect("asked for");
        assert!(rule.enforced);
        rule.is
    };
    assert_eq!(is(&conduct.credential_days), 45);
    assert_eq!(is(&conduct.renew_at_percent), 66);
    assert_eq!(is(&conduct.handshake_seconds), 4);
    assert_eq!(is(&conduct.idle_seconds), 90);
    assert_eq!(is(&conduct.refusals_per_minute), 7);
    assert_eq!(is(&conduct.silence_factor), 3);
    assert_eq!(
        conduct.contain.as_ref().map(|r| r.is),
        Some(Contain::Suspend)
    );
    // Without a word of the model the life of certificates stays the server's setting.
    let (_, usual) = made(EXAMPLE);
    assert_eq!(usual.conduct.credential_days, None);
    assert_eq!(usual.conduct.silence_factor, None);
    assert_eq!(usual.conduct.contain.map(|r| r.is), Some(Contain::Alert));
}

#[test]
fn every_rule_and_every_peer_names_a_requirement_and_is_named_by_it() {
    for more in ["", "[policy]\nrenew_at_percent = 80\nidle_seconds = 60\n"] {
        let (analysis, policy) = with(more);
        for rule in policy.conduct.rules() {
            assert!(!rule.requirement.is_empty(), "{}", rule.name);
            for id in rule.requirement {
                let requirement = requirement(&analysis, id);
                assert!(requirement.rules.iter().any(|key| key == rule.name), "{id}");
                assert_eq!(requirement.duty == Duty::Platform, rule.enforced, "{id}");
            }
        }
        let said: BTreeSet<&str> = policy
            .conduct
            .rules()
            .iter()
            .map(|rule| rule.name)
            .collect();
        for requirement in &analysis.requirements {
            for key in requirement.rules.iter().filter(|key| *key != "peers") {
                assert!(said.contains(key.as_str()), "{} {key}", requirement.id);
            }
        }
        for role in &policy.roles {
            assert!(!role.peers.is_empty(), "{}", role.id);
            for peer in &role.peers {
                let of_role = format!("REQ-PEERS-{}", role.id);
                assert!(peer.requirement.contains(&of_role));
                for id in &peer.requirement {
                    requirement(&analysis, id);
                }
            }
        }
    }
}

#[test]
fn what_no_gateway_can_enforce_says_so_and_is_asked_of_people() {
    let (analysis, policy) = with("[policy]\nrenew_at_percent = 80\n");
    let renewal = policy.conduct.renew_at_percent.expect("asked for");
    assert!(!renewal.enforced);
    assert_eq!(renewal.requirement, ["REQ-POLICY-RENEWAL"]);
    let asked = requirement(&analysis, "REQ-POLICY-RENEWAL");
    assert_eq!(asked.duty, Duty::People);
    assert!(asked.shall.en.contains("80 %") && asked.shall.ja.contains("80 %"));
    let (analysis, policy) = made(EXAMPLE);
    assert!(policy.conduct.renew_at_percent.expect("the usual").enforced);
    let sensor = policy.roles.iter().find(|role| role.id == "sensor");
    let peers = &sensor.expect("a role").peers;
    let gateway: Vec<_> = peers.iter().filter(|peer| peer.enforced).collect();
    assert_eq!(gateway.len(), 1);
    assert_eq!(gateway[0].protocol, "mqtt");
    let network = requirement(&analysis, "REQ-PEERS-sensor");
    assert_eq!(
        (network.duty, network.rules.as_slice()),
        (Duty::People, &["peers".to_owned()][..])
    );
}

#[test]
fn each_protocol_has_a_demand_of_its_own_in_both_languages() {
    let mut said = BTreeSet::new();
    for protocol in Protocol::ALL {
        let text = demand(*protocol);
        assert!(
            text.en.ends_with('.') && text.ja.ends_with('。'),
            "{protocol:?}"
        );
        assert!(
            said.insert(text.en.clone()) && said.insert(text.ja),
            "{protocol:?}"
        );
    }
    for (protocol, word) in [
        (Protocol::Ble, "LE Secure Connections"),
        (Protocol::Lorawan, "OTAA"),
        (Protocol::Opcua, "SignAndEncrypt"),
        (Protocol::Modbus, "Modbus/TCP Security"),
        (Protocol::Coap, "OSCORE"),
    ] {
        let text = demand(protocol);
        assert!(text.en.contains(word) && text.ja.contains(word), "{word}");
    }
}

#[test]
fn a_flow_outside_the_gateway_a_provider_and_a_person_are_asked_for() {
    let more = r#"
[[component]]
id = "plc"
title = "Cooling plant"
title_ja = "冷却設備"
kind = "external"
zone = "site"

[[component]]
id = "keeper"
title = "Store keeper"
title_ja = "庫番"
kind = "human"
zone = "site"

[[flow]]
id = "plant-state"
title = "State of the plant"
title_ja = "設備の状態"
from = "plc"
to = "gw"
proto = "modbus"
security = "none"
assets = []
max_bytes = 256
"#;
    let (analysis, policy) = with(more);
    let flow = requirement(&analysis, "REQ-FLOW-plant-state");
    assert!(
        flow.shall.en.contains("Modbus/TCP Security"),
        "{}",
        flow.shall.en
    );
    assert_eq!(flow.duty, Duty::People);
    assert!(
        requirement(&analysis, "REQ-CONTRACT-plc")
            .shall
            .ja
            .contains("契約")
    );
    assert!(
        requirement(&analysis, "REQ-PROCEDURE-keeper")
            .shall
            .ja
            .contains("手順書")
    );
    let flows = policy
        .roles
        .iter()
        .flat_map(|role| role.publish.iter().chain(&role.subscribe));
    assert!(flows.into_iter().all(|clause| clause.flow != "plant-state"));
}
