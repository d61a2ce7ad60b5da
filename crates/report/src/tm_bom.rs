//! TM-BOM: the threat model in the form of the OWASP Threat Model Library, schema 1.0.2.
//!
//! The form knows one risk for a likelihood and an impact, kinds of data in nine words and no device class, no
//! phase of life, no control structure: the JSON report has those. Where it demands a word that a model does not
//! say (the kind of a data store, the criticality, who the attacker is), the word is our own judgement and the
//! description says so. Its level of a risk follows from its own matrix; ours stands in the description. Names follow its pattern; an id that does not fit keeps a hash of itself at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use sekimori_analysis::choose::{Method, State};
use sekimori_analysis::language::Language;
use sekimori_analysis::model::{Asset, AssetKind, ComponentKind, Level, Model, Network};
use sekimori_analysis::risk::Risk;

use crate::facts::{self, Fact};
use crate::labels::Labels;
use crate::tables::plain;
use crate::{Report, json as pretty, words};

const SCHEMA: &str = "https://github.com/OWASP/www-project-threat-model-library/blob/v1.0.2/threat-model.schema.json";
const PERSONA: &str = "attacker";

pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    let analysis = report.analysis;
    let document = Document {
        model: &analysis.source,
        report,
        language,
        labels: Labels::new(language),
    };
    let facts: Vec<Fact> = facts::of(analysis, language)
        .into_iter()
        .filter(|fact| matches!(fact.method, Method::Stride | Method::Jnsa | Method::Stpa))
        .filter(|fact| fact.risk.is_some() && fact.state != State::NotApplicable)
        .collect();
    let date = analysis.date.to_string();
    pretty::written(&json!({
        "$schema": SCHEMA,
        "version": date.replace('-', "."),
        "scope": document.scope(&facts),
        "description": words::generated(report, &document.labels),
        "reviewed_at": date,
        "trust_zones": document.zones(),
        "trust_boundaries": document.boundaries(),
        "actors": document.components(Part::Actor),
        "components": document.components(Part::Component),
        "data_stores": document.components(Part::Store),
        "data_sets": document.data_sets(),
        "data_flows": document.flows(),
        "assumptions": document.assumptions(),
        "threat_personas": [document.persona()],
        "threats": document.threats(&facts),
        "controls": document.controls(&facts),
        "risks": document.risks(&facts),
    }))
}

/// Where the form puts a component.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Actor,
    Component,
    Store,
}

impl Part {
    const fn of(kind: ComponentKind) -> Self {
        match kind {
            ComponentKind::Human | ComponentKind::External => Part::Actor,
            ComponentKind::Store => Part::Store,
            _ => Part::Component,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Part::Actor => "actor",
            Part::Component => "component",
            Part::Store => "data_store",
        }
    }
}

struct Document<'a> {
    model: &'a Model,
    report: &'a Report<'a>,
    language: Language,
    labels: Labels,
}

impl Document<'_> {
    fn say(&self, text: &sekimori_analysis::language::Text) -> String {
        plain(text.of(self.language))
    }

    fn label(&self, prefix: &str, word: &str) -> String {
        self.labels.text(&format!("{prefix}-{word}"))
    }

    fn own(&self) -> String {
        self.labels.text("own-judgement")
    }

    fn scope(&self, facts: &[Fact]) -> Value {
        let worst = facts.iter().filter_map(|fact| fact.risk).max();
        let (criticality, tier) = match worst.unwrap_or(Level::None) {
            Level::Critical => ("maximal", "mission_critical"),
            Level::High => ("high", "business_critical"),
            Level::Medium => ("moderate", "important"),
            Level::Low => ("low", "non_critical"),
            Level::None => ("minimal", "non_critical"),
        };
        let kinds: BTreeSet<&str> = self.model.assets.values().flat_map(sensitivity).collect();
        let mut zones = self.model.zones.values();
        let is_public = zones.any(|zone| zone.network == Network::Public);
        let title = self.say(&self.report.analysis.title);
        json!({
            "title": title,
            "description": format!("{title} ({}: business_criticality, tier)", self.own()),
            "business_criticality": criticality,
            "data_sensitivity": kinds,
            "exposure": if is_public { "external" } else { "internal" },
            "tier": tier,
        })
    }

    fn zones(&self) -> Vec<Value> {
        let zones = self.model.zones.iter();
        zones
            .map(|(id, zone)| {
                let title = self.say(&zone.title);
                json!({ "symbolic_name": symbol(id), "title": title, "description": title })
            })
            .collect()
    }

    /// Zones that exchange data.
    fn boundaries(&self) -> Vec<Value> {
        let zone = |component: &String| Some(self.model.components.get(component)?.zone.as_str());
        let pairs: BTreeSet<(&str, &str)> = self
            .model
            .flows
            .values()
            .filter_map(|flow| Some((zone(&flow.from)?, zone(&flow.to)?)))
            .filter(|(from, to)| from != to)
            .map(|(from, to)| (from.min(to), from.max(to)))
            .collect();
        pairs
            .into_iter()
            .map(|(a, b)| json!({ "trust_zone_a": symbol(a), "trust_zone_b": symbol(b) }))
            .collect()
    }

    fn components(&self, part: Part) -> Vec<Value> {
        let components = self.model.components.iter();
        components
            .filter(|(_, component)| Part::of(component.kind) == part)
            .map(|(id, component)| {
                let kind = self.label("kind", component.kind.word());
                let count = component.count.to_string();
                let units = self.labels.with("units", &[("count", count.into())]);
                let mut value = json!({
                    "symbolic_name": symbol(id),
                    "title": self.say(&component.title),
                    "description": format!("{kind}, {units}"),
                    "trust_zone": symbol(&component.zone),
                });
                let kind = match (part, component.kind) {
                    (Part::Actor, ComponentKind::External) => Some("third_party"),
                    (Part::Actor, _) => Some("user"),
                    (Part::Store, _) => Some("object"),
                    (Part::Component, _) => None,
                };
                if let (Some(kind), Some(map)) = (kind, value.as_object_mut()) {
                    map.insert("type".to_owned(), kind.into());
                }
                value
            })
            .collect()
    }

    fn data_sets(&self) -> Vec<Value> {
        let assets = self.model.assets.iter();
        assets
            .map(|(id, asset)| {
                let stores = asset.stored_in.iter().filter(|place| {
                    let component = self.model.components.get(*place);
                    component.is_some_and(|c| Part::of(c.kind) == Part::Store)
                });
                let levels = [asset.c, asset.i, asset.a].map(|level| self.label("level", level.word()));
                json!({
                    "symbolic_name": symbol(id),
                    "title": self.say(&asset.title),
                    "description": format!("C/I/A: {}", levels.join(" / ")),
                    "placements": stores.map(|store| json!({ "data_store": symbol(store) })).collect::<Vec<_>>(),
                    "data_sensitivity": sensitivity(asset).collect::<Vec<&str>>(),
                })
            })
            .collect()
    }

    fn flows(&self) -> Vec<Value> {
        let end = |id: &String| {
            let component = self.model.components.get(id);
            let part = component.map_or(Part::Component, |component| Part::of(component.kind));
            json!({ "type": part.word(), "object": symbol(id) })
        };
        let flows = self.model.flows.iter();
        flows
            .map(|(id, flow)| {
                let is_sensitive = flow.assets.iter().any(|asset| {
                    let asset = self.model.assets.get(asset);
                    asset.is_some_and(|asset| asset.personal || asset.c >= Level::Medium)
                });
                json!({
                    "symbolic_name": symbol(id),
                    "title": self.say(&flow.title),
                    "description": format!("{}, {}", words::protocol(flow.protocol, &self.labels), self.labels.protection(flow)),
                    "source": end(&flow.from),
                    "destination": end(&flow.to),
                    "has_sensitive_data": is_sensitive,
                    "encrypted": flow.protection().confidential,
                })
            })
            .collect()
    }

    fn assumptions(&self) -> Vec<Value> {
        let assumptions = self.report.analysis.assumptions.iter();
        assumptions
            .map(|assumption| {
                json!({
                    "description": self.say(&assumption.text),
                    "topics": [symbol(&assumption.id)],
                    "validity": if assumption.holds { "confirmed" } else { "unconfirmed" },
                })
            })
            .collect()
    }

    fn persona(&self) -> Value {
        let knowledge = &self.report.analysis.knowledge;
        let actors = self
            .model
            .actors
            .iter()
            .filter_map(|actor| knowledge.actors.get(actor));
        let names: Vec<String> = actors.map(|actor| self.say(&actor.name)).collect();
        let who = self.labels.text("data-attacker");
        json!({
            "symbolic_name": PERSONA,
            "title": who,
            "description": format!("{} ({}: skill_level, access_level)", if names.is_empty() { who.clone() } else { names.join(", ") }, self.own()),
            "is_person": true,
            "skill_level": "engineer",
            "access_level": "anonymous",
            "malicious_intent": true,
            "applicability_to_org": "moderate",
        })
    }

    fn threats(&self, facts: &[Fact]) -> Vec<Value> {
        facts
            .iter()
            .map(|fact| {
                let text = plain(&fact.text);
                json!({
                    "symbolic_name": symbol(&fact.id),
                    "title": format!("{} {}", self.label("method", fact.method.word()), fact.id),
                    "description": if fact.source.is_empty() { text.clone() } else { plain(&fact.source) },
                    "components_affected": self.affected(&fact.element),
                    "threat_persona": PERSONA,
                    "event": text,
                    "sources": ["adversary"],
                })
            })
            .collect()
    }

    /// The parts that a threat is about: an element, or both ends of a flow. The form knows no affected people.
    fn affected(&self, element: &str) -> Vec<String> {
        let ends = match self.model.flows.get(element) {
            Some(flow) => vec![flow.from.as_str(), flow.to.as_str()],
            None => vec![element],
        };
        let ends = ends.into_iter().filter(|id| {
            let component = self.model.components.get(*id);
            component.is_some_and(|component| Part::of(component.kind) != Part::Actor)
        });
        ends.map(symbol).collect()
    }

    fn controls(&self, facts: &[Fact]) -> Vec<Value> {
        let risks: BTreeMap<&str, Option<Level>> = facts
            .iter()
            .map(|fact| (fact.id.as_str(), fact.risk))
            .collect();
        let knowledge = &self.report.analysis.knowledge;
        let picks = self.report.analysis.solution.picks.iter();
        picks
            .map(|pick| {
                let measure = knowledge.measures.get(&pick.measure);
                let name = measure.map_or_else(|| pick.measure.clone(), |m| self.say(&m.name));
                let helps: Vec<&Arc<str>> = pick
                    .helps
                    .iter()
                    .filter(|id| risks.contains_key(&***id))
                    .collect();
                let worst = helps
                    .iter()
                    .filter_map(|id| risks.get(&***id).copied().flatten())
                    .max();
                json!({
                    "symbolic_name": symbol(&pick.id),
                    "title": name,
                    "description": self.say(&pick.why),
                    "threats": helps.into_iter().map(|id| symbol(id)).collect::<Vec<_>>(),
                    "status": if pick.provided { "active" } else { "suggested" },
                    "priority": worst.map_or("medium", Level::word),
                })
            })
            .collect()
    }

    fn risks(&self, facts: &[Fact]) -> Vec<Value> {
        let analysis = self.report.analysis;
        let mut risks: BTreeMap<String, &Risk> = BTreeMap::new();
        risks.extend(analysis.threats.iter().map(|t| (t.id.clone(), &t.risk)));
        risks.extend(analysis.stpa.targets().map(|s| (s.id.clone(), &s.risk)));
        for cell in analysis.matrices.iter().flat_map(|matrix| &matrix.cells) {
            risks.extend(cell.risk.as_ref().map(|risk| (cell.id.to_string(), risk)));
        }
        facts
            .iter()
            .filter_map(|fact| {
                let risk = risks.get(&fact.id)?;
                let (likelihood, times) = match risk.likelihood {
                    0 => ("rare", 1),
                    1 => ("unlikely", 2),
                    2 => ("possible", 3),
                    _ => ("likely", 4),
                };
                let (impact, weight) = match risk.impact {
                    Level::None => ("negligible", 1),
                    Level::Low => ("minor", 2),
                    Level::Medium => ("moderate", 3),
                    Level::High => ("major", 4),
                    Level::Critical => ("severe", 5),
                };
                let score = times * weight;
                let own = self.label("level", risk.level.word());
                let why: Vec<String> = risk
                    .impact_factors
                    .iter()
                    .map(|f| self.say(&f.why))
                    .collect();
                Some(json!({
                    "symbolic_name": symbol(&format!("risk-{}", fact.id)),
                    "title": format!("{}: {}", self.labels.text("risk"), fact.id),
                    "description": format!("{} (Sekimori: {own})", plain(&fact.text)),
                    "threats": [symbol(&fact.id)],
                    "likelihood": likelihood,
                    "impact": impact,
                    "impact_description": why.join("; "),
                    "score": score,
                    "level": band(score),
                }))
            })
            .collect()
    }
}

/// The band of a score, as the library's own check of its files has it.
const fn band(score: u32) -> &'static str {
    match score {
        0..=2 => "very_low",
        3..=4 => "low",
        5..=9 => "medium",
        10..=12 => "high",
        13..=16 => "very_high",
        _ => "critical",
    }
}

/// The kinds of data that the form knows.
fn sensitivity(asset: &Asset) -> impl Iterator<Item = &'static str> {
    let kind = match asset.kind {
        AssetKind::Key | AssetKind::Credential => "cred",
        AssetKind::Firmware => "ip",
        AssetKind::Data | AssetKind::Log | AssetKind::Configuration => "op",
    };
    std::iter::once(kind).chain(asset.personal.then_some("pii"))
}

/// An id in the letters that the form admits: `a` to `z`, digits, hyphen.
fn symbol(id: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !id.is_empty() && id.chars().all(fits) {
        return id.to_owned();
    }
    let lower = id.chars().map(|c| c.to_ascii_lowercase());
    let near: String = lower.map(|c| if fits(c) { c } else { '-' }).collect();
    let digest = Sha256::digest(id.as_bytes());
    let hash: String = digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{near}-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_pattern_and_stay_apart() {
        assert_eq!(symbol("sensor-1"), "sensor-1");
        let names = [
            "sensor:JT04:P2",
            "sensor-jt04-p2",
            "sensor:jt04:p2",
            "",
            "温度",
        ]
        .map(symbol);
        let unique: BTreeSet<&String> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
        for name in &names {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(!name.is_empty() && name.chars().all(fits), "{name}");
        }
    }
}
