//! With a model in hand, an id is explained with what it hangs on, both ways.

use jiff::civil::{Date, date};
use sekimori_analysis::explain::{Explainer, Explanation};
use sekimori_analysis::language::Text;
use sekimori_analysis::{Analysis, analyze, model};

const EXAMPLE: &str = include_str!("../../../examples/cold-store/model.toml");
const TODAY: Date = date(2026, 11, 20);

fn analysis(text: &str) -> Analysis {
    let model = model::parse("model.toml", text).unwrap_or_else(|problems| panic!("{problems}"));
    analyze(&model, TODAY)
}

fn values<'e>(explanation: &'e Explanation, label: &str) -> &'e [Text] {
    let mut facts = explanation.facts.iter();
    let fact = facts.find(|fact| fact.label.en == label);
    fact.map_or(&[], |fact| &fact.values)
}

fn names(explanation: &Explanation, label: &str, id: &str) -> bool {
    let lead = format!("{id}  ");
    let values = values(explanation, label).iter();
    values
        .clone()
        .any(|value| value.en.starts_with(&lead) && value.ja.starts_with(&lead))
}

/// Whether a way by `requirement` ends at `id`.
fn leads_to(explanation: &Explanation, requirement: &str, id: &str) -> bool {
    let ways = explanation.ways.iter();
    let mut ends = ways
        .filter(|way| way.requirement == requirement)
        .flat_map(|way| &way.ends);
    ends.any(|end| end.values.iter().any(|value| value.en == id))
}

#[test]
fn from_a_threat_to_the_regulation_and_from_there_back() {
    let analysis = analysis(EXAMPLE);
    let explainer = Explainer::new(&analysis);
    let explain = |id: &str| explainer.explain(id).unwrap_or_else(|| panic!("{id}"));
    let chain = [
        "telemetry:SR-F6",
        "CM-ACL",
        "sensor/telemetry/authorize",
        "message.permitted",
        "CRA-I.2d",
    ];
    for start in chain {
        let explanation = explain(start);
        assert!(
            names(&explanation, "Requirements", "REQ-ACL-sensor"),
            "{start}"
        );
        for end in chain.into_iter().filter(|end| *end != start) {
            let leads = leads_to(&explanation, "REQ-ACL-sensor", end);
            assert!(leads, "{start} to {end}");
        }
    }
    // A requirement itself has them all near, and needs no way.
    let requirement = explain("REQ-ACL-sensor");
    assert!(requirement.ways.is_empty());
    for (label, id) in [
        ("STRIDE threats", "telemetry:SR-F6"),
        ("Countermeasures", "CM-ACL"),
        ("Chosen countermeasures", "CM-ACL@sensor"),
        ("Clauses of the policy", "sensor/telemetry/authorize"),
        ("Items of requirement sets", "CRA-I.2d"),
    ] {
        assert!(names(&requirement, label, id), "{label}");
    }
}

#[test]
fn a_risk_says_where_it_comes_from_and_how_it_stands() {
    let analysis = analysis(EXAMPLE);
    let explainer = Explainer::new(&analysis);
    let threat = explainer.explain("telemetry:SR-F6").expect("a threat");
    let found = analysis
        .threats
        .iter()
        .find(|one| one.id == threat.id)
        .expect("found");
    let [risk] = values(&threat, "Risk") else {
        panic!("one risk");
    };
    assert!(risk.en.starts_with(found.risk.level.word()), "{}", risk.en);
    let factors = values(&threat, "Likelihood comes from");
    assert_eq!(factors.len(), found.risk.likelihood_factors.len());
    assert_eq!(values(&threat, "State")[0].ja, "対策あり");
    assert!(names(&threat, "Rules", "SR-F6") && names(&threat, "Parts of the model", "telemetry"));
    // A decision about it is told with reason and owner.
    let cell = explainer.explain("sensor:JT04:P2").expect("a cell");
    let [decision] = values(&cell, "Decision") else {
        panic!("one decision");
    };
    assert!(decision.en.starts_with("accepted: "), "{}", decision.en);
    assert!(
        decision.ja.ends_with(" まで）") && !decision.ja.contains('('),
        "{}",
        decision.ja
    );
}

#[test]
fn a_decision_about_what_is_not_found_is_explained_too() {
    let gone = "[[decision]]\ncell = \"telemetry:SR-F9\"\nstatus = \"accepted\"\nwhy = \"Known\"\nowner = \"Mori\"\nuntil = 2026-01-31\n";
    let analysis = analysis(&format!("{EXAMPLE}\n{gone}"));
    assert!(
        analysis
            .threats
            .iter()
            .all(|one| one.id != "telemetry:SR-F9")
    );
    let explanation = Explainer::new(&analysis).explain("telemetry:SR-F9");
    let explanation = explanation.expect("the decision is there");
    let [decision] = values(&explanation, "Decision") else {
        panic!("one decision");
    };
    assert!(decision.en.contains("2026-01-31, over"), "{}", decision.en);
}

#[test]
fn the_control_structure_is_explained_along_its_own_chain() {
    let analysis = analysis(EXAMPLE);
    let explainer = Explainer::new(&analysis);
    let explain = |id: &str| explainer.explain(id).unwrap_or_else(|| panic!("{id}"));
    let uca = explain("UCA1");
    assert!(names(&uca, "Hazards", "H2") && names(&uca, "Control actions", "unlock"));
    assert!(names(&uca, "Scenarios", "UCA1:spoofing@lock"));
    assert!(names(&uca, "Safety constraints", "SC-UCA1"));
    assert!(names(&explain("H2"), "Losses", "L2"));
    let candidate = explain("unlock:wrong-time");
    assert!(names(&candidate, "Control actions", "unlock"));
    assert!(names(&explain("SC-UCA1"), "Requirements", "REQ-ACL-door"));
}

#[test]
fn rules_and_countermeasures_of_the_model_are_known() {
    let own = r#"
[[rule]]
id = "X-FROST"
stride = "tampering"
on = ["flow"]
reach = "network"
answers = ["CM-X-SEAL"]
text = "Frost forges the reading"
text_ja = "霜が測定値を偽る"
[[measure]]
id = "CM-X-SEAL"
pillar = "network"
place = "device"
kind = "function"
name = "Seal"
name_ja = "封印"
shall = "The sensor is sealed."
shall_ja = "センサーを封印する。"
cost = 1
strength = 3
"#;
    let analysis = analysis(&format!("{EXAMPLE}{own}"));
    let explainer = Explainer::new(&analysis);
    let rule = explainer.explain("X-FROST").expect("the model's own rule");
    assert_eq!(rule.title.ja, "霜が測定値を偽る");
    assert!(names(&rule, "STRIDE threats", "telemetry:X-FROST"));
    let measure = explainer
        .explain("CM-X-SEAL")
        .expect("the model's own measure");
    assert_eq!(measure.title.en, "Seal");
    assert!(names(&measure, "Answers rules", "X-FROST"));
}

#[test]
fn an_alternative_that_was_not_chosen_is_its_countermeasure() {
    let analysis = analysis(EXAMPLE);
    let explainer = Explainer::new(&analysis);
    let there = explainer.explain("CM-ATTEST@door").expect("an alternative");
    assert_eq!(there.facts[0].values[0].en, "It was not chosen at door.");
    assert_eq!(explainer.explain("CM-ATTEST@nowhere"), None);
    let spaced = explainer
        .explain("message.refused replayed")
        .expect("as the findings print it");
    assert_eq!(spaced.id, "message.refused (replayed)");
}

#[test]
fn an_unknown_id_gets_the_nearest_ones() {
    let analysis = analysis(EXAMPLE);
    let explainer = Explainer::new(&analysis);
    for (asked, first) in [
        ("telemetry:SR-F66", "telemetry:SR-F6"),
        ("req-acl-senso", "REQ-ACL-sensor"),
        ("CM-ENCC", "CM-ENC"),
        ("uca1:spoofng@lock", "UCA1:spoofing@lock"),
    ] {
        assert_eq!(explainer.explain(asked), None, "{asked}");
        let nearest = explainer.nearest(asked, 5);
        assert_eq!(
            nearest.first().map(String::as_str),
            Some(first),
            "{nearest:?}"
        );
        assert!(nearest.len() <= 5);
    }
    for nothing in ["", "zzzzzzzzzzzzzzz", &"long ".repeat(1_000)] {
        assert!(explainer.nearest(nothing, 5).is_empty(), "{nothing:?}");
    }
}
