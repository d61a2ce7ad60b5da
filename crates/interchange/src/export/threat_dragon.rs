//! OWASP Threat Dragon, version 2: one diagram, zones as boxes side by side, what belongs to a zone inside its box.

use std::collections::BTreeMap;

use sekimori_analysis::Analysis;
use sekimori_analysis::choose::State;
use sekimori_analysis::language::Language;
use sekimori_analysis::model::{ComponentKind, Level, Model, Protocol, Stride};
use sekimori_analysis::stride::Threat;
use serde_json::{Value, json};

/// The release whose format this is.
const VERSION: &str = "2.6.0";
/// Width and height of a component, and the room around it.
const WIDTH: usize = 160;
const HEIGHT: usize = 80;
const GAP: usize = 60;

pub(super) fn document(model: &Model, analysis: &Analysis, language: Language) -> Value {
    let mut threats: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (number, threat) in analysis.threats.iter().enumerate() {
        let told = self::threat(analysis, threat, number + 1, language);
        threats.entry(&threat.element).or_default().push(told);
    }
    let count = analysis.threats.len();
    let mut cells = Vec::new();
    let mut x = 0;
    for (zone_id, zone) in &model.zones {
        let inside: Vec<_> = model
            .components
            .iter()
            .filter(|(_, c)| c.zone == *zone_id)
            .collect();
        let height = GAP + inside.len().max(1) * (HEIGHT + GAP);
        cells.push(json!({
            "shape": "trust-boundary-box",
            "id": cell_id("zone", zone_id),
            "position": { "x": x, "y": 0 },
            "size": { "width": WIDTH + 2 * GAP, "height": height },
            "zIndex": -1,
            "attrs": { "label": { "text": zone.title.of(language) } },
            "data": {
                "type": "tm.BoundaryBox", "name": zone.title.of(language), "description": zone_id,
                "isTrustBoundary": true, "hasOpenThreats": false,
            },
        }));
        for (row, (id, component)) in inside.into_iter().enumerate() {
            let own = threats.get(id.as_str()).cloned().unwrap_or_default();
            let (shape, kind) = shape(component.kind);
            let title = component.title.of(language);
            cells.push(json!({
                "shape": shape,
                "id": cell_id("component", id),
                "position": { "x": x + GAP, "y": GAP + row * (HEIGHT + GAP) },
                "size": { "width": WIDTH, "height": HEIGHT },
                "zIndex": 1,
                "attrs": { "text": { "text": title } },
                "data": {
                    "type": kind, "name": title, "description": id, "isTrustBoundary": false,
                    "outOfScope": false, "reasonOutOfScope": "",
                    "hasOpenThreats": is_open(&own), "threats": own,
                },
            }));
        }
        x += WIDTH + 4 * GAP;
    }
    for (id, flow) in &model.flows {
        let own = threats.get(id.as_str()).cloned().unwrap_or_default();
        let title = flow.title.of(language);
        let protocol = if flow.protocol == Protocol::Other {
            ""
        } else {
            flow.protocol.word()
        };
        let zone = |end: &str| model.components.get(end).map(|c| c.zone.as_str());
        cells.push(json!({
            "shape": "flow",
            "id": cell_id("flow", id),
            "zIndex": 10,
            "connector": "smooth",
            "attrs": { "line": { "targetMarker": { "name": "block" } } },
            "labels": [ { "attrs": { "label": { "text": title } }, "position": 0.5 } ],
            "source": { "cell": cell_id("component", &flow.from) },
            "target": { "cell": cell_id("component", &flow.to) },
            "vertices": [],
            "data": {
                "type": "tm.Flow", "name": title, "description": id, "isTrustBoundary": false,
                "outOfScope": false, "reasonOutOfScope": "", "protocol": protocol,
                "isEncrypted": flow.protection().confidential, "isBidirectional": false,
                "isPublicNetwork": zone(&flow.from) != zone(&flow.to),
                "hasOpenThreats": is_open(&own), "threats": own,
            },
        }));
    }
    json!({
        "version": VERSION,
        "summary": { "title": model.title.of(language), "owner": "", "description": model.id, "id": 0 },
        "detail": {
            "contributors": [], "diagramTop": 1, "reviewer": "", "threatTop": count,
            "diagrams": [ {
                "id": 0, "title": model.title.of(language), "diagramType": "STRIDE", "description": "",
                "placeholder": "", "thumbnail": "./public/content/images/thumbnail.stride.jpg",
                "version": VERSION, "cells": cells,
            } ],
        },
    })
}

/// Zones and components may have the same id there, never here; the prefix keeps readers sure.
fn cell_id(kind: &str, id: &str) -> String {
    format!("{kind}-{id}")
}

fn shape(kind: ComponentKind) -> (&'static str, &'static str) {
    match kind {
        ComponentKind::Store => ("store", "tm.Store"),
        ComponentKind::Human | ComponentKind::External => ("actor", "tm.Actor"),
        ComponentKind::Device
        | ComponentKind::Gateway
        | ComponentKind::Service
        | ComponentKind::App => ("process", "tm.Process"),
    }
}

fn is_open(threats: &[Value]) -> bool {
    threats
        .iter()
        .any(|threat| threat.get("status").and_then(Value::as_str) == Some("Open"))
}

fn threat(analysis: &Analysis, threat: &Threat, number: usize, language: Language) -> Value {
    let state = analysis.solution.states.get(threat.id.as_str()).copied();
    let target = analysis.solution.target(&threat.id);
    let by = target
        .map(|target| target.by.join(", "))
        .unwrap_or_default();
    json!({
        "id": threat.id,
        "title": threat.text.of(language),
        "status": match state {
            Some(State::Closed) => "Mitigated",
            Some(State::NotApplicable | State::BelowThreshold | State::Dismissed) => "NotApplicable",
            Some(State::Accepted | State::Transferred | State::Open) | None => "Open",
        },
        "severity": match threat.risk.level {
            Level::None | Level::Low => "Low",
            Level::Medium => "Medium",
            Level::High => "High",
            Level::Critical => "Critical",
        },
        "type": match threat.stride {
            Stride::Spoofing => "Spoofing",
            Stride::Tampering => "Tampering",
            Stride::Repudiation => "Repudiation",
            Stride::InformationDisclosure => "Information disclosure",
            Stride::DenialOfService => "Denial of service",
            Stride::ElevationOfPrivilege => "Elevation of privilege",
        },
        "description": format!("{} {}", threat.rule, threat.risk.impact_factor().of(language)),
        "mitigation": by,
        "modelType": "STRIDE",
        "number": number,
        "score": "",
    })
}
