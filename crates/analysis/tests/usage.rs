//! No countermeasure of the catalogue is an orphan, and no control structure explodes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::civil::date;
use sekimori_analysis::knowledge;
use sekimori_analysis::stpa::{GapKind, before_rules, causes};
use sekimori_analysis::{analyze, model};

/// Countermeasures that answer no rule, cell or scenario, and why they are there all the same.
const ONLY_FOR_ITEMS: [(&str, &str); 3] = [
    (
        "CM-BUILDCHECK",
        "how the maker works: requirement sets ask for it, no single attack does",
    ),
    (
        "CM-PSIRT",
        "how the maker answers reports: requirement sets ask for it",
    ),
    (
        "CM-THREATMODEL",
        "this analysis itself: requirement sets ask for it",
    ),
];

#[test]
fn every_countermeasure_answers_a_rule_a_cell_or_a_scenario_or_says_why_not() {
    let base = knowledge::base();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    used.extend(
        base.rules
            .iter()
            .flat_map(|rule| &rule.answers)
            .map(String::as_str),
    );
    used.extend(base.board.values().flatten().map(String::as_str));
    for table in base.tables.values() {
        let cells = table.cells.values().flat_map(|cell| cell.measures.keys());
        used.extend(cells.map(String::as_str));
    }
    used.extend(
        before_rules()
            .iter()
            .flat_map(|rule| &rule.answers)
            .map(String::as_str),
    );
    used.extend(
        causes()
            .causes
            .iter()
            .flat_map(|cause| &cause.answers)
            .map(String::as_str),
    );
    let all = base.measures.keys().map(String::as_str);
    let alone: BTreeSet<&str> = all.filter(|id| !used.contains(id)).collect();
    let known: BTreeSet<&str> = ONLY_FOR_ITEMS.iter().map(|(id, _)| *id).collect();
    assert_eq!(alone, known);
    for (id, why) in ONLY_FOR_ITEMS {
        let measure = &base.measures[id];
        assert!(!measure.items.is_empty() && !why.is_empty(), "{id}");
    }
}

/// A loop with so many unsafe control actions and reports that their product is beyond every bound.
fn huge(unsafe_actions: u32, reports: u32) -> String {
    let mut text = String::from(
        r#"
[model]
format = "sekimori-model/0"
id = "huge"
risk_threshold = "critical"
[[zone]]
id = "z"
[[component]]
id = "brain"
kind = "service"
zone = "z"
[[component]]
id = "plant"
kind = "device"
class = "mcu-board"
zone = "z"
[[loss]]
id = "L"
text = "A little"
severity = "low"
[[hazard]]
id = "H"
text = "Hardly any"
losses = ["L"]
[[controller]]
id = "control"
component = "brain"
process = "plant"
[[flow]]
id = "order"
from = "brain"
to = "plant"
proto = "mqtt"
security = "tls13"
"#,
    );
    let mut names = Vec::new();
    for report in 0..reports {
        names.push(format!("\"r{report}\""));
        let _ = write!(
            text,
            "[[flow]]\nid = \"r{report}\"\nfrom = \"plant\"\nto = \"brain\"\nproto = \"mqtt\"\nsecurity = \"tls13\"\n"
        );
    }
    let names = names.join(", ");
    let _ = write!(
        text,
        "[[control_action]]\nid = \"act\"\ncontroller = \"control\"\nflow = \"order\"\nfeedback = [{names}]\n"
    );
    for uca in 0..unsafe_actions {
        let _ = write!(
            text,
            "[[uca]]\nid = \"U{uca}\"\naction = \"act\"\ntype = \"provided\"\ntext = \"Once too often\"\nhazards = [\"H\"]\n"
        );
    }
    text
}

#[test]
fn a_huge_control_structure_is_cut_and_says_so() {
    let most = 50_000;
    let text = huge(300, 80);
    let model = model::parse("huge.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let analysis = analyze(&model, date(2026, 11, 20));
    let stpa = &analysis.stpa;
    assert_eq!(stpa.scenarios.len(), most);
    let cut: Vec<_> = stpa
        .gaps
        .iter()
        .filter(|gap| gap.kind == GapKind::TooLarge)
        .collect();
    let [gap] = cut.as_slice() else {
        panic!("one gap, not {}", cut.len());
    };
    for text in [&gap.text.en, &gap.text.ja] {
        assert!(text.contains(&most.to_string()), "{text}");
    }
    // What precedes an attack names some of what it makes easier, and counts the rest.
    assert!(!stpa.before_attack.is_empty());
    for scenario in &stpa.before_attack {
        assert!(scenario.enables.len() <= 50, "{}", scenario.enables.len());
        assert!(scenario.enables_more == 0 || scenario.enables.len() == 50);
    }
}

#[test]
fn a_structure_just_small_enough_is_whole_and_says_nothing() {
    let text = huge(20, 10);
    let model = model::parse("small.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let stpa = analyze(&model, date(2026, 11, 20)).stpa;
    assert!(!stpa.gaps.iter().any(|gap| gap.kind == GapKind::TooLarge));
    let of = |uca: &str| {
        let scenarios = stpa.scenarios.iter();
        scenarios
            .filter(|one| one.unsafe_action.as_deref() == Some(uca))
            .count()
    };
    let each = of("U0");
    assert!(each > 20, "{each}");
    assert_eq!(stpa.scenarios.len(), 20 * each);
}
