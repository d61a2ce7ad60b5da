//! Each STRIDE rule has a model that makes it fire, and a near miss that does not.

use std::collections::BTreeSet;

use jiff::civil::date;
use sekimori_analysis::model::Model;
use sekimori_analysis::{analyze, knowledge, model, stride};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

/// Rule, element on which it fires in the example, and the edit after which it does not.
const CASES: &[(&str, &str, &[Edit])] = &[
    ("SR-F1", "telemetry", SAME_ZONE),
    ("SR-F2", "telemetry", SAME_ZONE),
    ("SR-F3", "telemetry", SAME_ZONE),
    ("SR-F4", "telemetry", SAME_ZONE),
    ("SR-F5", "telemetry", SAME_ZONE),
    ("SR-F6", "telemetry", SAME_ZONE),
    ("SR-F7", "telemetry", SAME_ZONE),
    (
        "SR-F11",
        "lock",
        &[("flow = \"lock\"", "flow = \"door-state\"")],
    ),
    (
        "SR-F12",
        "telemetry",
        &[("\"door-state\", \"telemetry\"", "\"door-state\"")],
    ),
    ("SR-D1", "sensor", NO_FLOW),
    ("SR-D2", "sensor", NOT_A_DEVICE),
    ("SR-D3", "sensor", NOT_A_DEVICE),
    (
        "SR-D4",
        "sensor",
        &[(
            "stored_in = [\"sensor\", \"cloud\"]",
            "stored_in = [\"cloud\"]",
        )],
    ),
    ("SR-D5", "sensor", NOT_A_DEVICE),
    ("SR-D6", "sensor", NOT_A_DEVICE),
    (
        "SR-D7",
        "sensor",
        &[("[\"ble\", \"uart-debug\"]", "[\"ble\", \"uart\"]")],
    ),
    (
        "SR-D8",
        "sensor",
        &[("[\"ble\", \"uart-debug\"]", "[\"wifi\", \"uart-debug\"]")],
    ),
    ("SR-G1", "gw", NOT_A_GATEWAY),
    ("SR-G2", "gw", NOT_A_GATEWAY),
    ("SR-G3", "gw", NOT_A_GATEWAY),
    ("SR-V1", "cloud", NOT_A_SERVICE),
    (
        "SR-V2",
        "cloud",
        &[(
            "stored_in = [\"sensor\", \"cloud\"]",
            "stored_in = [\"sensor\"]",
        )],
    ),
    ("SR-V3", "cloud", NOT_A_SERVICE),
];

/// Rule, element, and the edit after which it fires; in the example it does not.
const WEAKNESSES: &[(&str, &str, &[Edit])] = &[
    (
        "SR-F8",
        "telemetry",
        &[(
            "rate = \"120/60s\" # one reading a second, with room for a late one\nbacklog = 3600",
            "#",
        )],
    ),
    (
        "SR-F9",
        "lock",
        &[(
            "schema = { type = \"object\", required = [\"locked\"], additionalProperties = false, properties = { locked = { type = \"boolean\" } } }\n",
            "",
        )],
    ),
    (
        "SR-F10",
        "telemetry",
        &[("security = \"tls13\"", "security = \"none\"")],
    ),
    (
        "SR-F13",
        "telemetry",
        &[
            ("security = \"tls13\"", "security = \"unknown\""),
            ("sequence = \"required\"", "sequence = \"none\""),
        ],
    ),
    (
        "SR-D9",
        "sensor",
        &[("secure_boot = true", "secure_boot = false")],
    ),
    (
        "SR-H1",
        "cloud",
        &[("kind = \"service\"", "kind = \"human\"")],
    ),
];

type Edit = (&'static str, &'static str);

const SAME_ZONE: &[Edit] = &[
    ("zone = \"field\"", "zone = \"site\""),
    ("zone = \"internet\"", "zone = \"site\""),
];
const NO_FLOW: &[Edit] = &[("from = \"sensor\"", "from = \"door\"")];
const NOT_A_DEVICE: &[Edit] = &[
    ("kind = \"device\" # device", "kind = \"app\" # device"),
    ("sensor:JT04:P2", "door:JT04:P2"),
];
const NOT_A_GATEWAY: &[Edit] = &[
    ("kind = \"gateway\"", "kind = \"external\""),
    ("via = \"gw\"\n", ""),
];
const NOT_A_SERVICE: &[Edit] = &[("kind = \"service\"", "kind = \"human\"")];

fn edited(edits: &[Edit]) -> Model {
    let mut text = TEXT.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        // Removing the gateway takes it out of every flow; other edits touch the first place only.
        text = if to.is_empty() {
            text.replace(from, to)
        } else {
            text.replacen(from, to, 1)
        };
    }
    model::parse("model.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn fires(model: &Model, rule: &str, element: &str) -> bool {
    let threats = stride::threats(model);
    threats
        .iter()
        .any(|threat| threat.rule == rule && threat.element == element)
}

#[test]
fn every_rule_fires_and_has_a_near_miss() {
    let example = edited(&[]);
    for (rule, element, edits) in CASES {
        assert!(fires(&example, rule, element), "{rule} on {element}");
        assert!(
            !fires(&edited(edits), rule, element),
            "{rule} after {edits:?}"
        );
    }
    for (rule, element, edits) in WEAKNESSES {
        assert!(!fires(&example, rule, element), "{rule} on {element}");
        assert!(
            fires(&edited(edits), rule, element),
            "{rule} after {edits:?}"
        );
    }
}

#[test]
fn no_rule_is_without_a_case() {
    let cases = CASES.iter().chain(WEAKNESSES).map(|(rule, ..)| *rule);
    let rules = knowledge::base().rules.iter().map(|rule| rule.id.as_str());
    assert_eq!(
        cases.collect::<BTreeSet<_>>(),
        rules.collect::<BTreeSet<_>>()
    );
}

#[test]
fn a_weakness_asks_for_what_the_model_does_not_say() {
    let (_, _, edits) = WEAKNESSES[0];
    let model = edited(edits);
    let analysis = analyze(&model, date(2026, 11, 20));
    let pick = analysis
        .solution
        .picks
        .iter()
        .find(|pick| pick.id == "CM-RATE@telemetry");
    assert_eq!(pick.map(|pick| pick.provided), Some(false));
    assert!(
        analysis
            .requirements
            .iter()
            .any(|r| r.id == "REQ-RATE-telemetry")
    );
}

#[test]
fn guidance_alone_leaves_every_target_open() {
    use sekimori_analysis::choose::{Wishes, compare};
    let measures = || knowledge::base().measures.values();
    assert!(measures().filter(|m| m.strength == 0).count() >= 4);
    let wishes = Wishes {
        without: measures()
            .filter(|m| m.strength > 0)
            .map(|m| m.id.clone())
            .collect(),
        ..Wishes::default()
    };
    let compared = compare(&edited(&[]), date(2026, 11, 20), &wishes);
    assert_eq!((compared.after.picks, compared.after.closed), (0, 0));
    assert!(compared.before.closed > 0);
}
