//! CycloneDX 1.7 (Ecma-424): parts, data flows, requirements and what shows them, as a bill of materials.
//!
//! The form of its own for threat models comes with CycloneDX 2.0, whose schema still changes; 1.7 is in force and is
//! what tools read. Devices and assets are components; gateways, services, stores, applications and other
//! organizations are services, since only a service may carry data flows, a trust zone and whether a flow of it crosses a
//! boundary. A flow stands at each of its ends that is a service; between two ends that are none, at the system. A threat
//! is an annotation of what it concerns and never a vulnerability: nobody has seen a flaw. People are no part.
//!
//! What shall hold are two kinds of `standards` under `definitions`: our requirements and the items of the model's sets. Claims,
//! evidence and conformance stand under `declarations` only in a report on something observed: a model alone claims nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::model::{AssetKind, Component, ComponentKind, Flow, Level, Model};

use crate::facts;
use crate::labels::Labels;
use crate::tables::plain;
use crate::uuid::uuid;
use crate::words::{self, state_word};
use crate::{Report, json as pretty};

mod declarations;

/// The thing that the whole bill is about.
const SYSTEM: &str = "system";

pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    let analysis = report.analysis;
    let document = Document {
        report,
        model: &analysis.source,
        language,
        labels: Labels::new(language),
        // Both languages of one day are one bill twice; another day is another bill.
        serial: uuid(&[
            "cyclonedx",
            &analysis.model,
            &analysis.date.to_string(),
            language.tag(),
        ]),
    };
    pretty::written(&document.whole())
}

struct Document<'a> {
    report: &'a Report<'a>,
    model: &'a Model,
    language: Language,
    labels: Labels,
    serial: String,
}

impl Document<'_> {
    fn whole(&self) -> Value {
        let mut whole = json!({
            "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.7",
            "serialNumber": format!("urn:uuid:{}", self.serial),
            "version": 1,
            "metadata": self.metadata(),
            "components": self.components(),
            "services": self.services(),
            "dependencies": self.dependencies(),
            "annotations": self.threats(),
            "definitions": { "standards": self.standards() },
        });
        if let (Some(findings), Some(map)) = (self.report.findings, whole.as_object_mut()) {
            map.insert("declarations".to_owned(), self.declarations(findings));
        }
        whole
    }

    fn say(&self, text: &Text) -> String {
        plain(text.of(self.language))
    }

    /// Midnight of the analysis's day: the same analysis gives the same bytes.
    fn time(&self) -> String {
        format!("{}T00:00:00Z", self.report.analysis.date)
    }

    fn tool() -> Value {
        json!({ "type": "application", "name": "Sekimori", "version": env!("CARGO_PKG_VERSION") })
    }

    fn metadata(&self) -> Value {
        let between: Vec<Value> = self
            .model
            .flows
            .iter()
            .filter(|(_, flow)| !self.is_service(&flow.from) && !self.is_service(&flow.to))
            .map(|(id, flow)| {
                let said = format!(
                    "{} → {}: {} ({})",
                    flow.from,
                    flow.to,
                    self.say(&flow.title),
                    self.protection(flow)
                );
                property(&format!("flow:{id}"), &said)
            })
            .collect();
        let phase = match self.report.findings {
            Some(_) => "operations",
            None => "design",
        };
        json!({
            "timestamp": self.time(),
            "lifecycles": [{ "phase": phase }],
            "tools": { "components": [Self::tool()] },
            "component": {
                "type": "application",
                "bom-ref": SYSTEM,
                "name": self.report.analysis.model,
                "description": self.say(&self.report.analysis.title),
                "properties": between,
            },
        })
    }

    fn is_service(&self, id: &str) -> bool {
        let component = self.model.components.get(id);
        component.is_some_and(|component| !is_part(component.kind) && !is_person(component.kind))
    }

    /// What a reference to a component leads to: people are no part of the bill.
    fn reference(&self, id: &str) -> String {
        match self.model.components.get(id) {
            Some(component) if !is_person(component.kind) => format!("component:{id}"),
            _ => SYSTEM.to_owned(),
        }
    }

    /// A component from outside of the place that it stands in, as data flows name their ends.
    fn link(&self, id: &str) -> String {
        let reference = self.reference(id);
        format!("urn:cdx:{}/1#{reference}", self.serial)
    }

    fn components(&self) -> Vec<Value> {
        let devices = self.model.components.iter();
        let devices = devices.filter(|(_, component)| is_part(component.kind));
        let mut out: Vec<Value> = devices
            .map(|(id, component)| {
                json!({
                    "type": "device",
                    "bom-ref": self.reference(id),
                    "name": id,
                    "description": self.say(&component.title),
                    "properties": self.properties(component),
                })
            })
            .collect();
        out.extend(self.model.assets.iter().map(|(id, asset)| {
            let title = self.say(&asset.title);
            let kind = match asset.kind {
                AssetKind::Configuration => "configuration",
                AssetKind::Data | AssetKind::Log => "dataset",
                AssetKind::Firmware | AssetKind::Key | AssetKind::Credential => "other",
            };
            let mut data = json!({ "type": kind, "name": title, "classification": asset.c.word() });
            if let (true, Some(map)) = (asset.personal, data.as_object_mut()) {
                let personal = self.labels.text("data-personal");
                map.insert("sensitiveData".to_owned(), json!([personal]));
            }
            let levels = [asset.c, asset.i, asset.a].map(Level::word).join("/");
            let stored = asset.stored_in.iter().cloned().collect::<Vec<_>>();
            json!({
                "type": "data",
                "bom-ref": format!("asset:{id}"),
                "name": id,
                "description": title,
                "data": [data],
                "properties": [
                    property("asset-kind", asset.kind.word()),
                    property("confidentiality-integrity-availability", &levels),
                    property("stored-in", &stored.join(" ")),
                ],
            })
        }));
        out
    }

    fn properties(&self, component: &Component) -> Vec<Value> {
        let mut out = vec![
            property("kind", component.kind.word()),
            property("count", &component.count.to_string()),
            property("zone", &component.zone),
        ];
        out.extend(component.class.map(|class| property("class", class.word())));
        out
    }

    fn services(&self) -> Vec<Value> {
        let components = self.model.components.iter();
        components
            .filter(|(id, _)| self.is_service(id))
            .map(|(id, component)| {
                let mut crosses = false;
                let mut data = Vec::new();
                for (flow_id, flow) in &self.model.flows {
                    let direction = match (flow.from == *id, flow.to == *id) {
                        (true, _) => "outbound",
                        (_, true) => "inbound",
                        _ => continue,
                    };
                    crosses |= self.zone(&flow.from) != self.zone(&flow.to);
                    data.push(self.flow(flow_id, flow, direction));
                }
                let zone = self.model.zones.get(&component.zone);
                let zone = zone.map_or_else(|| component.zone.clone(), |z| self.say(&z.title));
                json!({
                    "bom-ref": self.reference(id),
                    "name": id,
                    "description": self.say(&component.title),
                    "x-trust-boundary": crosses,
                    "trustZone": zone,
                    "data": data,
                    "properties": self.properties(component),
                })
            })
            .collect()
    }

    fn zone(&self, component: &str) -> Option<&str> {
        let component = self.model.components.get(component)?;
        Some(&component.zone)
    }

    fn flow(&self, id: &str, flow: &Flow, direction: &str) -> Value {
        let assets = flow
            .assets
            .iter()
            .filter_map(|id| self.model.assets.get(id));
        let worst = assets.clone().map(|asset| asset.c).max();
        let names: Vec<String> = assets.map(|asset| self.say(&asset.title)).collect();
        let mut said = format!("{} ({})", self.say(&flow.title), self.protection(flow));
        if !names.is_empty() {
            said.push_str(": ");
            said.push_str(&names.join(", "));
        }
        json!({
            "flow": direction,
            "classification": worst.unwrap_or(Level::None).word(),
            "name": id,
            "description": said,
            "source": [self.link(&flow.from)],
            "destination": [self.link(&flow.to)],
        })
    }

    fn protection(&self, flow: &Flow) -> String {
        let protocol = words::protocol(flow.protocol, &self.labels);
        format!("{protocol}, {}", self.labels.protection(flow))
    }

    fn dependencies(&self) -> Vec<Value> {
        let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (id, component) in &self.model.components {
            let to = out.entry(self.reference(id)).or_default();
            to.extend(component.depends_on.iter().map(|on| self.reference(on)));
        }
        let one = |(from, to): (String, BTreeSet<String>)| {
            let mut entry = Map::from_iter([("ref".to_owned(), Value::from(from))]);
            if !to.is_empty() {
                entry.insert("dependsOn".to_owned(), json!(to));
            }
            Value::Object(entry)
        };
        out.into_iter().map(one).collect()
    }

    /// What was found, as remarks on components; that on a flow stands at both of its ends.
    fn threats(&self) -> Vec<Value> {
        let facts = facts::of(self.report.analysis, self.language).into_iter();
        facts
            .filter(|fact| fact.risk.is_some())
            .map(|fact| {
                let subjects: BTreeSet<String> = match self.model.flows.get(&fact.element) {
                    Some(flow) => [&flow.from, &flow.to].map(|end| self.reference(end)).into(),
                    None => [self.reference(&fact.element)].into(),
                };
                let state = self
                    .labels
                    .text(&format!("state-{}", state_word(fact.state)));
                let risk = fact.risk.unwrap_or(Level::None).word();
                let risk = self.labels.text(&format!("level-{risk}"));
                let method = self.labels.text(&format!("method-{}", fact.method.word()));
                let mut text = format!(
                    "{}: {} ({method}, {risk}, {state})",
                    fact.id,
                    plain(&fact.text)
                );
                if !fact.measures.is_empty() {
                    text.push_str(": ");
                    text.push_str(&fact.measures.join(", "));
                }
                json!({
                    "bom-ref": format!("target:{}", fact.id),
                    "subjects": subjects,
                    "annotator": { "component": Self::tool() },
                    "timestamp": self.time(),
                    "text": text,
                })
            })
            .collect()
    }
}

/// Whether the bill has it as a component: things, which are built into nothing else.
const fn is_part(kind: ComponentKind) -> bool {
    matches!(kind, ComponentKind::Device)
}

const fn is_person(kind: ComponentKind) -> bool {
    matches!(kind, ComponentKind::Human)
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": format!("sekimori:{name}"), "value": value })
}
