//! SARIF 2.1.0 (OASIS): what stays open, for code hosts and tools that collect results.
//!
//! A result stands for a target that is not covered, for one whose risk was accepted, transferred or
//! dismissed (as a suppressed result with the reason), and for a requirement of which the opposite was observed. What is covered
//! is no result: readers of SARIF show each result as something to mend. A result points to the line of the component
//! or flow in its file, as far as the report knows the files, and names it as its logical place.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use sekimori_analysis::choose::{Method, State};
use sekimori_analysis::evidence::Status;
use sekimori_analysis::language::Language;
use sekimori_analysis::model::Level;

use crate::facts::{self, Fact};
use crate::labels::Labels;
use crate::tables::plain;
use crate::{Report, json as pretty};

pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    let labels = Labels::new(language);
    let mut rules: BTreeMap<String, Value> = BTreeMap::new();
    let mut worst: BTreeMap<String, Option<Level>> = BTreeMap::new();
    let mut results = Vec::new();
    for fact in facts::of(report.analysis, language) {
        if !matches!(
            fact.state,
            State::Open | State::Accepted | State::Transferred | State::Dismissed
        ) {
            continue;
        }
        let id = rule_id(&fact);
        let risk = worst.entry(id.clone()).or_default();
        *risk = (*risk).max(fact.risk);
        let method = labels.text(&format!("method-{}", fact.method.word()));
        rules.entry(id.clone()).or_insert_with(|| {
            let source = if fact.source.is_empty() {
                &method
            } else {
                &fact.source
            };
            json!({
                "id": id,
                "name": plain(&fact.rule),
                "shortDescription": { "text": plain(&short(report, &fact, &labels, language)) },
                "fullDescription": { "text": plain(source) },
                "help": { "text": help(&labels, &fact, source) },
                "properties": { "tags": ["security", fact.method.word()] },
            })
        });
        results.push(of_fact(report, &fact, &id, &labels, language));
    }
    for (id, risk) in worst {
        let properties = rules
            .get_mut(&id)
            .and_then(|rule| rule.get_mut("properties"));
        if let (Some(properties), Some(score)) = (
            properties.and_then(Value::as_object_mut),
            risk.and_then(severity),
        ) {
            properties.insert("security-severity".to_owned(), score.into());
        }
    }
    results.extend(contradictions(report, language, &labels, &mut rules));
    let index: BTreeMap<&str, usize> = rules
        .keys()
        .enumerate()
        .map(|(i, id)| (id.as_str(), i))
        .collect();
    for result in &mut results {
        let place = result
            .get("ruleId")
            .and_then(Value::as_str)
            .and_then(|id| index.get(id));
        if let (Some(place), Some(map)) = (place.copied(), result.as_object_mut()) {
            map.insert("ruleIndex".to_owned(), place.into());
        }
    }
    let analysis = report.analysis;
    pretty::written(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Sekimori",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "language": language.tag(),
                "rules": rules.values().collect::<Vec<&Value>>(),
            }},
            "automationDetails": { "id": format!("sekimori/{}/", analysis.model) },
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": {
                "model": analysis.model,
                "title": plain(analysis.title.of(language)),
                "date": analysis.date.to_string(),
            },
        }],
    }))
}

/// Where to read on; code hosts refuse rules without it.
fn help(labels: &Labels, fact: &Fact, source: &str) -> String {
    match fact.method {
        Method::Stride | Method::Jnsa => look_up(labels, &fact.rule),
        _ => plain(source),
    }
}

/// What a rule finds, in a few words: code hosts show it as the title of each result.
fn short(report: &Report<'_>, fact: &Fact, labels: &Labels, language: Language) -> String {
    let method = labels.text(&format!("method-{}", fact.method.word()));
    let knowledge = &report.analysis.knowledge;
    match fact.method {
        Method::Jnsa => {
            let (threat, phase) = fact.rule.split_once(':').unwrap_or((&fact.rule, ""));
            let known = knowledge.threats.get(threat);
            let threat = known.map_or(threat, |known| known.name.of(language));
            let mut phases = knowledge.phases.iter();
            let known = phases.find(|(known, _)| known.word() == phase);
            let phase = known.map_or(phase, |(_, name)| name.of(language));
            format!("{threat} – {phase}")
        }
        Method::Stpa => {
            let mut scenarios = report.analysis.stpa.targets();
            let kind = scenarios.find(|scenario| scenario.id == fact.id);
            let kind = kind.and_then(|scenario| scenario.stride);
            let kind = kind.map(|stride| labels.text(&format!("stride-{}", stride.word())));
            let named = labels.text("scenarios");
            format!("{method} – {}", kind.unwrap_or(named))
        }
        Method::Stride | Method::Regime | Method::Declared => fact.text.clone(),
        _ => method,
    }
}

fn look_up(labels: &Labels, id: &str) -> String {
    labels.with("data-help", &[("id", id.to_owned().into())])
}

fn rule_id(fact: &Fact) -> String {
    format!("{}/{}", fact.method.word(), fact.rule)
}

fn of_fact(
    report: &Report<'_>,
    fact: &Fact,
    rule: &str,
    labels: &Labels,
    language: Language,
) -> Value {
    let mut text = plain(&format!("{}: {}", fact.title, fact.text));
    if !fact.missing.is_empty() {
        text.push_str(" – ");
        text.push_str(&plain(&fact.missing));
    }
    let state = labels.text(&format!("state-{}", crate::words::state_word(fact.state)));
    let mut result = json!({
        "ruleId": rule,
        "kind": "fail",
        "level": level(fact.risk),
        "message": { "text": format!("{text} ({state}; {})", fact.id) },
        "locations": [location(report, &fact.element)],
        "partialFingerprints": { "sekimoriTarget/v1": fact.id },
        "properties": {
            "target": fact.id,
            "method": fact.method.word(),
            "risk": fact.risk.map(Level::word),
            "need": fact.strength.map(|(need, _)| need),
            "reached": fact.strength.map(|(_, reached)| reached),
            "measures": fact.measures,
            "requirements": fact.requirements,
        },
    });
    if fact.state != State::Open
        && let Some(map) = result.as_object_mut()
    {
        let mut decisions = report.analysis.solution.decisions.iter();
        let decision = decisions.find(|decision| decision.cell == fact.id);
        let why = decision.map_or_else(
            || state.clone(),
            |decision| {
                let why = plain(decision.why.of(language));
                format!(
                    "{state}: {why} ({}, {})",
                    plain(&decision.owner),
                    decision.until
                )
            },
        );
        let suppression =
            json!([{ "kind": "external", "status": "accepted", "justification": why }]);
        map.insert("suppressions".to_owned(), suppression);
    }
    result
}

/// Requirements of which the opposite was observed.
fn contradictions(
    report: &Report<'_>,
    language: Language,
    labels: &Labels,
    rules: &mut BTreeMap<String, Value>,
) -> Vec<Value> {
    let requirements = &report.analysis.requirements;
    let findings = report.found().iter();
    let contradicted = findings.filter(|finding| finding.status == Status::Contradicted);
    contradicted
        .filter_map(|finding| {
            let requirement = requirements.iter().find(|r| r.id == finding.requirement)?;
            let id = format!("requirement/{}", requirement.measure.as_ref().unwrap_or(&requirement.id));
            rules.entry(id.clone()).or_insert_with(|| {
                json!({
                    "id": id,
                    "shortDescription": { "text": plain(requirement.title.of(language)) },
                    "fullDescription": { "text": plain(requirement.shall.of(language)) },
                    "help": { "text": requirement.measure.as_ref().map_or_else(
                        || plain(requirement.why.of(language)),
                        |measure| look_up(labels, measure),
                    ) },
                    "properties": { "tags": ["security", "observed"] },
                })
            });
            let why = plain(finding.why.of(language));
            Some(json!({
                "ruleId": id,
                "kind": "fail",
                "level": "error",
                "message": { "text": format!("{why} ({})", requirement.id) },
                "locations": [location(report, requirement.at.as_deref().unwrap_or(&report.analysis.model))],
                "partialFingerprints": { "sekimoriTarget/v1": requirement.id },
                "properties": { "requirement": requirement.id },
            }))
        })
        .collect()
}

fn location(report: &Report<'_>, element: &str) -> Value {
    let (file, line) = report.place(element);
    let element = if element.is_empty() {
        &report.analysis.model
    } else {
        element
    };
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": file },
            "region": { "startLine": line },
        },
        "logicalLocations": [{ "name": element, "fullyQualifiedName": element, "kind": "element" }],
    })
}

/// The score by which GitHub names the severity of a result, in the middle of its range (own judgement).
fn severity(risk: Level) -> Option<&'static str> {
    match risk {
        Level::Critical => Some("9.5"),
        Level::High => Some("8.0"),
        Level::Medium => Some("5.5"),
        Level::Low => Some("2.0"),
        Level::None => None,
    }
}

/// Without a risk stands what a requirement set demands.
const fn level(risk: Option<Level>) -> &'static str {
    match risk {
        Some(Level::Critical | Level::High) => "error",
        Some(Level::Medium) | None => "warning",
        Some(Level::Low | Level::None) => "note",
    }
}
