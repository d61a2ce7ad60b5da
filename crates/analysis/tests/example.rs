//! The example parses without a word, and what follows from it is kept as golden files.

use std::collections::BTreeSet;
use std::fmt::Write;

use jiff::civil::{Date, date};
use sekimori_analysis::choose::State;
use sekimori_analysis::model::{self, Model};
use sekimori_analysis::requirements::Duty;
use sekimori_analysis::{Analysis, analyze, policy};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");
const TODAY: Date = date(2026, 11, 20);

fn example() -> (Model, Analysis) {
    let model = match model::parse("model.toml", TEXT) {
        Ok(model) => model,
        Err(problems) => panic!("{problems}"),
    };
    let analysis = analyze(&model, TODAY);
    (model, analysis)
}

#[test]
fn the_example_is_without_error_and_warning() {
    let (model, _) = example();
    assert!(model.warnings.is_empty(), "{}", model.warnings);
    assert!(model::check_dates(&model, "model.toml", TEXT, TODAY).is_empty());
}

#[test]
fn the_policy() {
    let (model, analysis) = example();
    let policy = policy::generate(&model, &analysis, 1);
    let text: serde_json::Value =
        serde_json::from_str(&policy.canonical()).expect("canonical JSON");
    insta::assert_json_snapshot!("policy", text);
}

#[test]
fn the_choice() {
    let (_, analysis) = example();
    let solution = &analysis.solution;
    let mut out = String::new();
    let (cost, bound) = (solution.cost, solution.lower_bound);
    let _ = writeln!(out, "cost {cost}, at least {bound}");
    for pick in &solution.picks {
        let (id, cost, strength) = (&pick.id, pick.cost, pick.strength);
        let from = if pick.provided { "provided" } else { "to do" };
        let _ = writeln!(out, "{id}: cost {cost}, strength {strength}, {from}");
        let _ = writeln!(out, "    {}", pick.why.en);
    }
    insta::assert_snapshot!("choice", out);
}

#[test]
fn the_requirements() {
    let (_, analysis) = example();
    let mut out = String::new();
    for requirement in &analysis.requirements {
        let clauses: Vec<String> = requirement
            .clauses
            .iter()
            .map(|c| format!("{}/{}/{}", c.role, c.flow, c.aspect.word()))
            .collect();
        let _ = writeln!(out, "{} {:?}", requirement.id, requirement.duty);
        let closes: Vec<String> = requirement.closes.iter().map(|id| id.to_string()).collect();
        for (name, list) in [
            ("closes", &closes),
            ("clauses", &clauses),
            ("items", &requirement.items),
        ] {
            if !list.is_empty() {
                let _ = writeln!(out, "    {name}: {}", list.join(" "));
            }
        }
    }
    insta::assert_snapshot!("requirements", out);
}

#[test]
fn the_states_of_all_cells() {
    let (_, analysis) = example();
    let mut out = String::new();
    for matrix in &analysis.matrices {
        let _ = writeln!(out, "{}", matrix.component);
        for row in matrix.cells.chunks(5) {
            let states: Vec<String> = row
                .iter()
                .map(|cell| {
                    let state = analysis.solution.states[cell.id.to_string().as_str()];
                    let level = cell.risk.as_ref().map_or("–", |risk| risk.level.word());
                    format!("{level} {state:?}")
                })
                .collect();
            let _ = writeln!(out, "    {}: {}", row[0].threat, states.join(" | "));
        }
    }
    insta::assert_snapshot!("states", out);
}

#[test]
fn decisions_take_their_cells_out_until_they_end() {
    let (model, analysis) = example();
    let states = &analysis.solution.states;
    assert_eq!(states["sensor:JT04:P2"], State::Accepted);
    assert_eq!(states["door:JT05:P4"], State::Accepted);
    assert!(analysis.solution.decisions.iter().all(|d| d.holds));

    let later = analyze(&model, date(2027, 6, 1));
    assert_eq!(later.solution.states["sensor:JT04:P2"], State::Accepted);
    assert_ne!(later.solution.states["door:JT05:P4"], State::Accepted);
    assert!(later.solution.target("door:JT05:P4").is_some());
    assert!(!later.assumptions[0].holds);
}

#[test]
fn every_trace_leads_somewhere() {
    let (model, analysis) = example();
    let requirements: BTreeSet<&str> = analysis
        .requirements
        .iter()
        .map(|r| r.id.as_str())
        .collect();
    assert_eq!(
        requirements.len(),
        analysis.requirements.len(),
        "ids are unique"
    );
    let policy = policy::generate(&model, &analysis, 1);
    for role in &policy.roles {
        for clause in role.publish.iter().chain(&role.subscribe) {
            assert!(
                !clause.requirement.is_empty(),
                "{} names no requirement",
                clause.flow
            );
            for name in &clause.requirement {
                assert!(requirements.contains(name.as_str()), "{name}");
                assert!(sekimori_policy::is_identifier(name), "{name}");
            }
        }
    }
    for requirement in &analysis.requirements {
        for closed in &requirement.closes {
            assert!(analysis.solution.states.contains_key(closed), "{closed}");
        }
    }
    let served = analysis.regimes.iter().flat_map(|set| &set.items);
    for name in served.flat_map(|item| &item.requirements) {
        assert!(requirements.contains(name.as_str()), "{name}");
    }
}

#[test]
fn the_platform_shows_what_it_enforces_and_people_state_the_rest() {
    let (_, analysis) = example();
    for requirement in &analysis.requirements {
        let has_probe = !requirement.observed.is_empty() || !requirement.refused.is_empty();
        if requirement.duty == Duty::Platform {
            let measure = requirement.measure.as_deref();
            // The boot loader is hardware: a document shows it.
            assert!(
                has_probe || measure == Some("CM-SECBOOT"),
                "{}",
                requirement.id
            );
        } else {
            assert!(!has_probe, "{}", requirement.id);
        }
    }
}

#[test]
fn the_control_structure_hangs_on_flows_and_threats() {
    let (_, analysis) = example();
    let uca = &analysis.stpa.unsafe_actions[0];
    assert_eq!((uca.id.as_str(), uca.flow.as_str()), ("UCA1", "lock"));
    assert_eq!(uca.losses.len(), 2);
    assert!(
        uca.threats.iter().any(|id| id == "lock:SR-F11"),
        "{:?}",
        uca.threats
    );
}

#[test]
fn what_the_gateway_cannot_see_is_asked_of_people() {
    let text = TEXT.replacen("proto = \"mqtt\"", "proto = \"ble\"", 1);
    let model = model::parse("model.toml", &text).expect("sound");
    let analysis = analyze(&model, TODAY);
    let asked = analysis
        .requirements
        .iter()
        .find(|r| r.id == "REQ-FLOW-telemetry");
    assert_eq!(asked.map(|r| r.duty), Some(Duty::People));
    let policy = policy::generate(&model, &analysis, 1);
    let sensor = policy
        .roles
        .iter()
        .find(|role| role.id == "sensor")
        .expect("a role");
    assert!(sensor.publish.is_empty());
}
