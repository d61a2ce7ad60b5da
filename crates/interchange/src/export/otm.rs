//! Open Threat Model 0.2.0.

use std::collections::BTreeMap;

use sekimori_analysis::Analysis;
use sekimori_analysis::choose::State;
use sekimori_analysis::language::Language;
use sekimori_analysis::model::{ComponentKind, Flow, Level, LinkProtection, Model, Physical};
use serde_json::{Value, json};

pub(super) fn document(model: &Model, analysis: &Analysis, language: Language) -> Value {
    let mut by_element: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for threat in &analysis.threats {
        let state = analysis.solution.states.get(threat.id.as_str()).copied();
        let is_closed = state == Some(State::Closed);
        let target = analysis.solution.target(&threat.id);
        let by: Vec<Value> = target
            .iter()
            .flat_map(|target| &target.by)
            .map(|pick| json!({ "mitigation": pick, "state": "required" }))
            .collect();
        by_element.entry(&threat.element).or_default().push(json!({
            "threat": threat.id,
            "state": if is_closed { "mitigate" } else { "expose" },
            "mitigations": by,
        }));
    }
    let threats_of = |id: &str| by_element.get(id).cloned().unwrap_or_default();
    json!({
        "otmVersion": "0.2.0",
        "project": { "name": model.title.of(language), "id": model.id },
        "representations": [],
        "assets": model.assets.iter().map(|(id, asset)| json!({
            "id": id,
            "name": asset.title.of(language),
            "risk": {
                "confidentiality": percent(asset.c),
                "integrity": percent(asset.i),
                "availability": percent(asset.a),
            },
        })).collect::<Vec<_>>(),
        "trustZones": model.zones.iter().map(|(id, zone)| json!({
            "id": id,
            "name": zone.title.of(language),
            "risk": { "trustRating": match zone.physical {
                Physical::Exposed => 10,
                Physical::Restricted => 50,
                Physical::Locked => 90,
            } },
        })).collect::<Vec<_>>(),
        "components": model.components.iter().map(|(id, component)| json!({
            "id": id,
            "name": component.title.of(language),
            "type": word(component.kind),
            "parent": { "trustZone": component.zone },
            "assets": {
                "processed": processed(model, id),
                "stored": model.assets.iter().filter(|(_, asset)| asset.stored_in.contains(id)).map(|(id, _)| id).collect::<Vec<_>>(),
            },
            "threats": threats_of(id),
        })).collect::<Vec<_>>(),
        "dataflows": model.flows.iter().map(|(id, flow)| json!({
            "id": id,
            "name": flow.title.of(language),
            "source": flow.from,
            "destination": flow.to,
            "bidirectional": false,
            "assets": flow.assets,
            "threats": threats_of(id),
            "tags": tags(flow),
            "attributes": { "via": flow.via },
        })).collect::<Vec<_>>(),
        "threats": analysis.threats.iter().map(|threat| json!({
            "id": threat.id,
            "name": threat.text.of(language),
            "categories": [threat.stride.word()],
            "risk": {
                "likelihood": threat.risk.likelihood * 100 / 3,
                "impact": percent(threat.risk.impact),
                "impactComment": threat.risk.impact_factor().of(language),
            },
        })).collect::<Vec<_>>(),
        "mitigations": analysis.solution.picks.iter().map(|pick| json!({
            "id": pick.id,
            "name": pick.measure,
            "description": pick.why.of(language),
            "riskReduction": u64::from(pick.strength.min(3)) * 100 / 3,
        })).collect::<Vec<_>>(),
    })
}

fn tags(flow: &Flow) -> Vec<&'static str> {
    let mut tags = vec![flow.protocol.word(), flow.security.word()];
    if flow.link != LinkProtection::None {
        tags.push(flow.link.word());
    }
    tags
}

fn processed<'m>(model: &'m Model, component: &str) -> Vec<&'m String> {
    let flows = model.flows.values().filter(|flow| {
        flow.from == component || flow.to == component || flow.via.as_deref() == Some(component)
    });
    let assets: std::collections::BTreeSet<&String> = flows.flat_map(|flow| &flow.assets).collect();
    assets.into_iter().collect()
}

fn percent(level: Level) -> u32 {
    match level {
        Level::None => 0,
        Level::Low => 25,
        Level::Medium => 50,
        Level::High => 75,
        Level::Critical => 100,
    }
}

fn word(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::Device => "iot-device",
        ComponentKind::Gateway => "gateway",
        ComponentKind::Service => "web-service",
        ComponentKind::Store => "database",
        ComponentKind::App => "client-application",
        ComponentKind::Human => "human-user",
        ComponentKind::External => "external-service",
    }
}
