//! What we write, our own importers read again; what does not fit is told.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use sekimori_analysis::language::Language;
use sekimori_analysis::model::{self, Model};
use sekimori_analysis::{Analysis, analyze};
use sekimori_interchange::{Format, NoDescription, Target, export, import, usage_description};
use serde_json::Value;

const TODAY: Date = date(2026, 11, 21);

fn example() -> (Model, Analysis) {
    let text = include_str!("../../../examples/cold-store/model.toml");
    let model = model::parse("model.toml", text).expect("the example is sound");
    let analysis = analyze(&model, TODAY);
    (model, analysis)
}

fn titles<'m>(
    of: impl Iterator<Item = &'m sekimori_analysis::language::Text>,
) -> BTreeSet<&'m str> {
    of.map(|text| text.en.as_str()).collect()
}

#[test]
fn what_is_exported_is_imported_again() {
    let (model, analysis) = example();
    for (target, format) in [
        (Target::Otm, Format::Otm),
        (Target::ThreatDragon, Format::ThreatDragon),
    ] {
        let exported = export(target, &model, &analysis, Language::English);
        assert_eq!(Format::guess(&exported.text), Some(format));
        let again = import(format, exported.text.as_bytes(), TODAY)
            .expect("we wrote it")
            .model;
        assert_eq!(
            titles(model.components.values().map(|c| &c.title)),
            titles(again.components.values().map(|c| &c.title)),
            "{}",
            target.word()
        );
        assert_eq!(model.flows.len(), again.flows.len(), "{}", target.word());
        // Every component is still in the zone of the same name.
        let places = |model: &Model| -> BTreeSet<(String, String)> {
            let components = model.components.values();
            components
                .map(|c| {
                    (
                        c.title.en.clone(),
                        model
                            .zones
                            .get(&c.zone)
                            .map(|z| z.title.en.clone())
                            .unwrap_or_default(),
                    )
                })
                .collect()
        };
        assert_eq!(places(&model), places(&again), "{}", target.word());
    }
}

#[test]
fn every_threat_goes_along_with_its_state() {
    let (model, analysis) = example();
    let exported = export(Target::ThreatDragon, &model, &analysis, Language::English);
    let document: Value = serde_json::from_str(&exported.text).expect("JSON");
    let cells = document
        .pointer("/detail/diagrams/0/cells")
        .and_then(Value::as_array)
        .expect("cells");
    let threats: Vec<&Value> = cells
        .iter()
        .filter_map(|cell| cell.pointer("/data/threats")?.as_array())
        .flatten()
        .collect();
    assert_eq!(threats.len(), analysis.threats.len());
    let status = |wanted: &str| {
        threats
            .iter()
            .filter(|t| t.get("status").and_then(Value::as_str) == Some(wanted))
            .count()
    };
    assert_eq!(
        status("Open") + status("Mitigated") + status("NotApplicable"),
        threats.len()
    );
    assert!(status("Mitigated") > 0);
    let again = export(Target::ThreatDragon, &model, &analysis, Language::Japanese);
    assert_eq!(
        again,
        export(Target::ThreatDragon, &model, &analysis, Language::Japanese)
    );
    assert_ne!(exported, again);
}

#[test]
fn what_the_format_has_no_place_for_is_told_and_nothing_else() {
    let (model, analysis) = example();
    let told = |target: Target| -> Vec<(String, String)> {
        let exported = export(target, &model, &analysis, Language::English);
        let notes = exported.notes.into_iter();
        notes.map(|note| (note.place, note.text.en)).collect()
    };
    let count = |notes: &[(String, String)], place: &str| -> Option<usize> {
        let (_, text) = notes.iter().find(|(at, _)| at == place)?;
        text.split(' ').next()?.parse().ok()
    };
    let (dragon, otm) = (told(Target::ThreatDragon), told(Target::Otm));
    let sequenced = model.flows.values();
    let sequenced = sequenced.filter(|flow| flow.sequence == model::Sequence::Required);
    assert_eq!(count(&otm, "flow.sequence"), Some(sequenced.count()));
    assert_eq!(count(&otm, "uca"), Some(model.unsafe_control_actions.len()));
    // One of the two has a place for assets and for the gateway in between.
    assert_eq!(count(&dragon, "asset"), Some(model.assets.len()));
    assert!(count(&dragon, "flow.via") > Some(0));
    for carried in ["asset", "flow.via", "flow.assets", "component.zone", "zone"] {
        assert_eq!(count(&otm, carried), None, "{carried}");
    }
    // Nothing that the model says is lost in silence.
    let more = "[[statement]]\nitem = \"CSA-4.7\"\nstatus = \"process\"\nwhy = \"w\"\nowner = \"o\"\nuntil = 2027-01-01\n[[measure]]\nid = \"CM-ENC\"\ncost = 1\n";
    let text = format!("{}{more}", model::write(&model));
    let model = model::parse("model.toml", &text).expect("sound");
    let exported = export(Target::Otm, &model, &analysis, Language::English);
    for place in ["statement", "measure"] {
        assert!(
            exported.notes.iter().any(|note| note.place == place),
            "{place}"
        );
    }
}

#[test]
fn a_usage_description_names_the_peers_of_one_device() {
    let text = include_str!("../../../examples/cold-store/model.toml").replace(
        "kind = \"gateway\"",
        "kind = \"gateway\"\nhosts = [\"gw.example.com\", \"192.0.2.1\"]",
    );
    let model = model::parse("model.toml", &text).expect("sound");
    let at = "2026-11-21T00:00:00Z".parse().expect("a time");
    let url = "https://example.com/sensor.json";
    let made = usage_description(&model, "sensor", url, at, Language::English).expect("a device");
    let document: Value = serde_json::from_str(&made.text).expect("JSON");
    assert_eq!(
        document
            .pointer("/ietf-mud:mud/last-update")
            .and_then(Value::as_str),
        Some("2026-11-21T00:00:00+00:00")
    );
    let again = import(Format::Mud, made.text.as_bytes(), TODAY)
        .expect("we wrote it")
        .model;
    let hosts: BTreeSet<&String> = again.components.values().flat_map(|c| &c.hosts).collect();
    assert_eq!(hosts.into_iter().collect::<Vec<_>>(), ["gw.example.com"]);
    assert!(again.flows.values().all(|flow| flow.port == Some(8883)));
    assert!(
        made.notes
            .iter()
            .any(|note| note.text.en.contains("an address is no name"))
    );
    let refused = usage_description(&model, "cloud", url, at, Language::English);
    assert_eq!(
        refused,
        Err(NoDescription::NotADevice {
            devices: vec!["door".to_owned(), "sensor".to_owned()]
        })
    );
}
