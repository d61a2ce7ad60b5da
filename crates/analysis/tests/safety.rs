//! What the compromise or failure of a component can harm, and by which way.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::civil::date;
use sekimori_analysis::language::Text;
use sekimori_analysis::safety::{Harm, Impact, Link};
use sekimori_analysis::{analyze, model};

const STORE: &str = include_str!("../../../examples/cold-store/model.toml");
const PUMP: &str = include_str!("models/infusion-pump.toml");

fn impacts(text: &str) -> BTreeMap<String, Impact> {
    let model = model::parse("model.toml", text).unwrap_or_else(|problems| panic!("{problems}"));
    let analysis = analyze(&model, date(2026, 11, 20));
    let impacts = analysis.safety.into_iter();
    impacts
        .map(|impact| (impact.component.clone(), impact))
        .collect()
}

fn ways(harm: &Harm) -> Vec<(&str, Vec<Link>)> {
    let hazards = harm.hazards.iter();
    hazards
        .map(|h| {
            (
                h.hazard.as_str(),
                h.path.iter().map(|step| step.link).collect(),
            )
        })
        .collect()
}

fn told(text: &str) -> String {
    let impacts = impacts(text);
    let name = |id: &str| {
        impacts
            .get(id)
            .map_or_else(|| Text::same(id), |i| i.title.clone())
    };
    let mut out = String::new();
    for (id, impact) in &impacts {
        let _ = writeln!(out, "{id}: {}", impact.worst.word());
        for (wrong, harm) in [
            ("compromise", &impact.compromise),
            ("failure", &impact.failure),
        ] {
            for reached in &harm.hazards {
                let losses = reached.losses.join(" ");
                let said = reached.tell(name);
                let severity = reached.severity.word();
                let _ = writeln!(out, "  {wrong} {} {severity} ({losses})", reached.hazard);
                let _ = writeln!(out, "    {}\n    {}", said.en, said.ja);
            }
        }
    }
    out
}

#[test]
fn the_cold_store() {
    insta::assert_snapshot!("safety_cold_store", told(STORE));
}

#[test]
fn the_infusion_pumps() {
    insta::assert_snapshot!("safety_infusion_pumps", told(PUMP));
}

#[test]
fn a_way_is_the_shortest_and_says_each_step() {
    let impacts = impacts(PUMP);
    let maker = &impacts["vendor"];
    assert_eq!(
        ways(&maker.compromise),
        [
            ("H1", vec![Link::SendsTo, Link::NeededBy, Link::Controls]),
            ("H2", vec![Link::SendsTo, Link::NeededBy, Link::Controls]),
            (
                "H3",
                vec![Link::SendsTo, Link::NeededBy, Link::SendsTo, Link::Stated]
            ),
        ]
    );
    // Silence does not travel along a flow of which nobody says that it is needed.
    assert!(maker.failure.hazards.is_empty());
    assert_eq!(
        ways(&impacts["library"].failure),
        [
            ("H1", vec![Link::NeededBy, Link::Controls]),
            ("H2", vec![Link::NeededBy, Link::Controls]),
        ]
    );
    assert_eq!(impacts["kiosk"].worst.word(), "none");
    let pump = &impacts["pump"];
    assert!(
        pump.compromise
            .hazards
            .iter()
            .all(|hazard| hazard.is_direct())
    );
}

#[test]
fn silence_harms_only_as_denial_of_service_can() {
    let text = STORE.replacen("type = \"not-provided\"", "type = \"provided\"", 1);
    let silent = &impacts(&text)["cloud"];
    // A controller that is silent provides nothing.
    assert!(silent.failure.hazards.is_empty(), "{:?}", silent.failure);
    assert_eq!(silent.compromise.hazards.len(), 2);
    assert_eq!(impacts(STORE)["cloud"].failure.hazards.len(), 1);
}

#[test]
fn a_compromise_reaches_whatever_a_failure_reaches() {
    for text in [STORE, PUMP] {
        for (id, impact) in impacts(text) {
            for failed in &impact.failure.hazards {
                let mut compromised = impact.compromise.hazards.iter();
                let found = compromised.find(|c| c.hazard == failed.hazard);
                assert!(
                    found.is_some_and(|c| c.path.len() <= failed.path.len()),
                    "{id}"
                );
            }
        }
    }
}

#[test]
fn circles_end() {
    let text = PUMP.replacen(
        "id = \"library\"",
        "id = \"library\"\ndepends_on = [\"server\", \"station\"]",
        1,
    );
    let text = text.replacen(
        "id = \"station\"",
        "id = \"station\"\ndepends_on = [\"library\"]",
        1,
    );
    let impacts = impacts(&text);
    let station = ways(&impacts["station"].failure);
    assert_eq!(
        station[0],
        ("H1", vec![Link::NeededBy, Link::NeededBy, Link::Controls])
    );
}

/// A chain of devices, each of which needs the next, with five flows each, and twenty hazards at the end.
fn large(components: usize) -> String {
    let mut text = String::from(
        "[model]\nformat = \"sekimori-model/0\"\nid = \"large\"\n[[zone]]\nid = \"z\"\n[[loss]]\nid = \"L\"\ntext = \"l\"\n",
    );
    let mut hazards = Vec::new();
    for index in 0..20 {
        let _ = writeln!(
            text,
            "[[hazard]]\nid = \"H{index:02}\"\ntext = \"h\"\nlosses = [\"L\"]"
        );
        hazards.push(format!("\"H{index:02}\""));
    }
    for index in 0..components {
        let _ = writeln!(
            text,
            "[[component]]\nid = \"c{index}\"\nkind = \"service\"\nzone = \"z\""
        );
        if index == 0 {
            let _ = writeln!(text, "hazards = [{}]", hazards.join(", "));
        } else {
            let _ = writeln!(text, "depends_on = [\"c{}\"]", (index + 1) % components);
        }
        for flow in 0..5 {
            let to = (index * 7 + flow * 131 + 1) % components;
            if to != index {
                let _ = writeln!(
                    text,
                    "[[flow]]\nid = \"f{index}-{flow}\"\nfrom = \"c{index}\"\nto = \"c{to}\"\nproto = \"https\"\nsecurity = \"tls13\""
                );
            }
        }
    }
    text
}

#[test]
fn a_full_list_counts_the_rest() {
    let impacts = impacts(&large(10));
    for impact in impacts
        .values()
        .filter(|impact| !impact.compromise.hazards.is_empty())
    {
        assert_eq!(impact.compromise.hazards.len(), 16);
        assert_eq!(impact.compromise.more, 4);
    }
    assert_eq!(impacts["c0"].failure.more, 4);
}

#[test]
fn a_long_way_is_counted_and_not_told() {
    // Each needs the one before it, so that the failure of the last reaches the hazards of the first.
    let mut text = large(100).replace("depends_on", "x_depends_on");
    for index in 0..99 {
        let id = format!("id = \"c{index}\"\n");
        let needs = format!("{id}depends_on = [\"c{}\"]\n", index + 1);
        text = text.replacen(&id, &needs, 1);
    }
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("x_depends_on"));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let impacts = impacts(&text);
    let last_told = &impacts["c23"].failure;
    assert_eq!(
        (last_told.hazards.len(), last_told.more, last_told.farther),
        (16, 4, 0)
    );
    assert_eq!(last_told.hazards[0].path.len(), 24);
    let first_untold = &impacts["c24"].failure;
    assert_eq!((first_untold.hazards.len(), first_untold.farther), (0, 20));
}

#[test]
fn a_thousand_components_and_five_thousand_flows_end() {
    let impacts = impacts(&large(1_000));
    assert_eq!(impacts.len(), 1_000);
    for impact in impacts.values() {
        assert_eq!(impact.compromise.hazards.len(), 16);
        assert!(
            impact
                .compromise
                .hazards
                .iter()
                .all(|reached| reached.path.len() <= 24)
        );
    }
}
