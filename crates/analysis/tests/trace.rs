//! The trace goes both ways, drops nothing, and its ids survive edits of the model.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use sekimori_analysis::model;
use sekimori_analysis::trace::{NodeKind, Trace, trace};
use sekimori_analysis::{Analysis, analyze};

const EXAMPLE: &str = include_str!("../../../examples/cold-store/model.toml");
const TODAY: Date = date(2026, 11, 20);

fn analysis(text: &str) -> Analysis {
    let model = model::parse("model.toml", text).unwrap_or_else(|problems| panic!("{problems:?}"));
    analyze(&model, TODAY)
}

fn ids(trace: &Trace) -> BTreeSet<String> {
    trace.nodes().map(|node| node.id.clone()).collect()
}

#[test]
fn every_link_can_be_walked_from_both_ends() {
    let trace = trace(&analysis(EXAMPLE));
    let mut links = 0;
    for node in trace.nodes() {
        for near in trace.near(&node.id).values().flatten() {
            assert!(
                trace.are_linked(&near.id, &node.id),
                "{} {}",
                near.id,
                node.id
            );
            links += 1;
        }
    }
    assert!(links > 1_000, "{links}");
}

#[test]
fn whatever_the_analysis_found_is_in_the_trace() {
    let analysis = analysis(EXAMPLE);
    let trace = trace(&analysis);
    let kind = |id: &str| {
        trace
            .node(id)
            .unwrap_or_else(|| panic!("{id} is dropped"))
            .kind
    };
    for threat in &analysis.threats {
        assert_eq!(kind(&threat.id), NodeKind::Threat);
    }
    for cell in analysis.matrices.iter().flat_map(|matrix| &matrix.cells) {
        assert_eq!(kind(&cell.id.to_string()), NodeKind::Cell);
    }
    let before = &analysis.stpa.before_attack;
    for scenario in analysis.stpa.scenarios.iter().chain(before) {
        assert_eq!(kind(&scenario.id), NodeKind::Scenario);
    }
    for item in analysis.regimes.iter().flat_map(|set| &set.items) {
        assert_eq!(kind(&item.id), NodeKind::Item);
        for requirement in &item.requirements {
            assert!(
                trace.are_linked(&item.id, requirement),
                "{} {requirement}",
                item.id
            );
        }
    }
    for requirement in &analysis.requirements {
        let id = requirement.id.as_str();
        assert_eq!(kind(id), NodeKind::Requirement);
        let linked = |other: &str| assert!(trace.are_linked(id, other), "{id} {other}");
        requirement.threats.iter().for_each(|threat| linked(threat));
        requirement.items.iter().for_each(|item| linked(item));
        requirement
            .measure
            .iter()
            .for_each(|measure| linked(measure));
        let near = trace.near(id);
        let count = |kind| near.get(&kind).map_or(0, Vec::len);
        let clauses = requirement.clauses.len() + requirement.rules.len();
        assert_eq!(count(NodeKind::Clause), clauses, "{id}");
        let probes: BTreeSet<_> = requirement
            .observed
            .iter()
            .chain(&requirement.refused)
            .collect();
        assert_eq!(count(NodeKind::Probe), probes.len(), "{id}");
    }
    for node in trace.nodes() {
        for text in [&node.title, &node.text] {
            assert!(!text.en.is_empty() && !text.ja.is_empty(), "{node:?}");
            let is_slip = node.kind == NodeKind::Cell && text.ja.contains(['(', ')']);
            assert!(!is_slip, "half-width: {}", text.ja);
        }
    }
}

#[test]
fn from_a_threat_to_the_regulation_and_back() {
    let trace = trace(&analysis(EXAMPLE));
    let explanation = trace.explain("telemetry:SR-F6").expect("a threat");
    let (requirement, through) = explanation
        .through
        .iter()
        .find(|(id, _)| **id == "REQ-ACL-sensor")
        .expect("access by role answers it");
    let has = |kind: NodeKind, id: &str| {
        through
            .get(&kind)
            .is_some_and(|nodes| nodes.iter().any(|node| node.id == id))
    };
    assert!(has(NodeKind::Measure, "CM-ACL"));
    assert!(has(NodeKind::Clause, "sensor/telemetry/authorize"));
    assert!(has(NodeKind::Probe, "message.permitted"));
    assert!(has(NodeKind::Item, "CRA-I.2d"));
    for start in [
        "CRA-I.2d",
        "message.permitted",
        "sensor/telemetry/authorize",
        "CM-ACL",
    ] {
        let back = trace.explain(start).expect("known");
        let through = &back.through[requirement];
        let threats = through.get(&NodeKind::Threat).into_iter().flatten();
        assert!(
            threats.into_iter().any(|node| node.id == "telemetry:SR-F6"),
            "{start}"
        );
    }
    let rule = trace.explain("policy/tls").expect("a rule of the policy");
    assert!(rule.through.contains_key("REQ-ENC-sensor"));
    assert_eq!(trace.explain("REQ-NOBODY"), None);
}

#[test]
fn ids_survive_new_names_and_another_order() {
    let before = ids(&trace(&analysis(EXAMPLE)));
    let renamed: String = EXAMPLE
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some((key @ ("title" | "title_ja"), _)) => format!("{key} = \"Renamed 改名\"\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_eq!(ids(&trace(&analysis(&renamed))), before);
    // Sections in reverse order; subtables stay with the section that they belong to.
    let mut sections: Vec<String> = vec![String::new()];
    for line in EXAMPLE.lines() {
        if line.starts_with("[[") || line.starts_with("[model]") {
            sections.push(String::new());
        }
        if let Some(section) = sections.last_mut() {
            section.push_str(line);
            section.push('\n');
        }
    }
    sections.reverse();
    assert_eq!(ids(&trace(&analysis(&sections.concat()))), before);
}

#[test]
fn more_flows_and_components_take_no_id_away() {
    let before = analysis(EXAMPLE);
    let more = format!(
        "{EXAMPLE}\n[[component]]\nid = \"plc\"\ntitle = \"Plant\"\ntitle_ja = \"設備\"\nkind = \"external\"\nzone = \"site\"\n\n[[flow]]\nid = \"plant\"\ntitle = \"State\"\ntitle_ja = \"状態\"\nfrom = \"plc\"\nto = \"gw\"\nproto = \"opcua\"\nsecurity = \"none\"\nmax_bytes = 64\n"
    );
    let after = trace(&analysis(&more));
    let found = |id: &str| after.node(id).is_some();
    for threat in &before.threats {
        assert!(found(&threat.id), "{}", threat.id);
    }
    for item in before.regimes.iter().flat_map(|set| &set.items) {
        assert!(found(&item.id));
    }
    for requirement in before.requirements.iter().filter(|r| r.measure.is_none()) {
        assert!(found(&requirement.id), "{}", requirement.id);
    }
    assert!(found("REQ-FLOW-plant") && found("REQ-CONTRACT-plc"));
    assert!(after.are_linked("REQ-FLOW-plant", "plant"));
}

#[test]
fn who_would_accept_a_mandatory_item_away_is_told_what_can_be_done() {
    let decision = "[[decision]]\ncell = \"sensor:CRA-I.2b\"\nstatus = \"accepted\"\nwhy = \"Known.\"\nwhy_ja = \"承知。\"\nowner = \"Mori\"\nuntil = 2027-03-31\n";
    let text = format!("{EXAMPLE}\n{decision}");
    let model = model::parse("model.toml", &text).expect("usable nevertheless");
    let said = model.warnings.list.iter();
    let mut said = said.filter(|problem| problem.message.en.contains("CRA-I.2b"));
    let problem = said.next().expect("a warning");
    assert!(problem.observed.en.contains("[[statement]]"), "{problem:?}");
    assert!(problem.observed.ja.contains("要件集の項目"), "{problem:?}");
    // It takes nothing out of what has to be closed.
    let analysis = analyze(&model, TODAY);
    assert!(analysis.solution.target("sensor:CRA-I.2b").is_some());
}

#[test]
fn a_decision_about_what_is_gone_is_a_warning_and_the_others_hold() {
    let decide = |cell: &str| {
        format!(
            "[[decision]]\ncell = \"{cell}\"\nstatus = \"accepted\"\nwhy = \"Known.\"\nwhy_ja = \"承知。\"\nowner = \"Mori\"\nuntil = 2027-03-31\n\n"
        )
    };
    let text = format!(
        "{EXAMPLE}\n{}{}",
        decide("wall:JT04:P2"),
        decide("telemetry:SR-F2")
    );
    let model = model::parse("model.toml", &text).expect("usable nevertheless");
    let said: Vec<String> = model
        .warnings
        .list
        .iter()
        .map(|problem| problem.message.en.clone())
        .collect();
    assert!(
        said.iter().any(|message| message.contains("wall")),
        "{said:?}"
    );
    let analysis = analyze(&model, TODAY);
    let decisions = &analysis.solution.decisions;
    let holds = |cell: &str| decisions.iter().any(|d| d.cell == cell && d.holds);
    assert!(holds("telemetry:SR-F2"), "{decisions:?}");
}
