//! OSCAL 1.1.2 (NIST): the requirements and what was observed of them, as assessment results.
//!
//! Of the seven OSCAL models it is the one whose subject is "what was looked at, what was seen, what risk
//! remains": a system security plan would describe a promise, an assessment plan an intention. Requirements are findings
//! (satisfied only if observed or stated), probes are observations, open and accepted targets are risks. A model
//! alone was not observed: each finding is then `not-satisfied`, with the reason.
//!
//! OSCAL asks for UUIDs and times. Both are derived, so that the same analysis gives the same bytes: the UUIDs from
//! the ids, the times from the day of the analysis and from the observations.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use sekimori_analysis::choose::State;
use sekimori_analysis::evidence::{Finding, Status};
use sekimori_analysis::language::Language;
use sekimori_analysis::model::Level;
use sekimori_analysis::requirements::Requirement;

use crate::facts;
use crate::labels::Labels;
use crate::markdown::escape;
use crate::tables::plain;
use crate::uuid::uuid;
use crate::words::{self, state_word};
use crate::{Report, json as pretty};

const VERSION: &str = "1.1.2";
/// Names the meaning of our properties. It leads nowhere: readers of OSCAL want an address, and `invalid` is nobody's
/// (RFC 6761).
const NAMESPACE: &str = "https://sekimori.invalid/ns/oscal";

pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    let document = Document {
        report,
        language,
        labels: Labels::new(language),
        start: format!("{}T00:00:00Z", report.analysis.date),
    };
    pretty::written(&document.whole())
}

struct Document<'a> {
    report: &'a Report<'a>,
    language: Language,
    labels: Labels,
    start: String,
}

impl Document<'_> {
    fn whole(&self) -> Value {
        let analysis = self.report.analysis;
        let title = escape(analysis.title.of(self.language));
        let plan = self.uuid("plan", "");
        let mut result = json!({
            "uuid": self.uuid("result", ""),
            "title": title,
            "description": words::generated(self.report, &self.labels),
            "start": self.start,
            "reviewed-controls": { "control-selections": [{ "include-all": {} }] },
        });
        // OSCAL admits no empty list.
        for (key, list) in [
            ("observations", self.observations()),
            ("risks", self.risks()),
            ("findings", self.findings()),
        ] {
            if let (false, Some(map)) = (list.is_empty(), result.as_object_mut()) {
                map.insert(key.to_owned(), Value::Array(list));
            }
        }
        json!({ "assessment-results": {
            "uuid": self.uuid("document", &analysis.date.to_string()),
            "metadata": {
                "title": format!("{} – {title}", self.labels.text("report")),
                "last-modified": self.start,
                "version": analysis.date.to_string(),
                "oscal-version": VERSION,
                "props": [self.property("model", &analysis.model)],
            },
            "import-ap": { "href": format!("#{plan}") },
            "results": [result],
            "back-matter": { "resources": [{
                "uuid": plan,
                "title": title,
                "description": format!("Sekimori model: {}", analysis.model),
                "rlinks": [{ "href": self.report.file() }],
            }]},
        }})
    }

    /// Probes that saw something. What was not seen has no time, and is told in the finding.
    fn observations(&self) -> Vec<Value> {
        let mut out = Vec::new();
        for finding in self.report.found() {
            for (index, evidence) in finding.evidence.iter().enumerate() {
                let Some(collected) = evidence.last_observed else {
                    continue;
                };
                let mut props = vec![
                    self.property("probe", &evidence.probe.probe),
                    self.property("count", &evidence.count.to_string()),
                    self.property("contradictions", &evidence.contradictions.to_string()),
                    self.property("status", evidence.status.word()),
                ];
                if let Some(reason) = &evidence.probe.reason {
                    props.push(self.property("reason", reason));
                }
                out.push(json!({
                    "uuid": self.observation(finding, index),
                    "description": escape(evidence.text.of(self.language)),
                    "props": props,
                    "methods": ["TEST"],
                    "types": ["finding"],
                    "collected": collected.to_string(),
                }));
            }
        }
        out
    }

    /// What is not covered, or was left to someone by a decision.
    fn risks(&self) -> Vec<Value> {
        let decisions = self.report.analysis.solution.decisions.iter();
        let decisions: BTreeMap<&str, _> = decisions.map(|d| (d.cell.as_str(), d)).collect();
        let mut out = Vec::new();
        for fact in facts::of(self.report.analysis, self.language) {
            let status = match fact.state {
                State::Open => "open",
                State::Accepted | State::Transferred | State::Dismissed => "deviation-approved",
                _ => continue,
            };
            let state = self
                .labels
                .text(&format!("state-{}", state_word(fact.state)));
            let text = escape(&fact.text);
            let statement = match decisions.get(fact.id.as_str()) {
                Some(decision) => format!(
                    "{state}: {} ({}, {})",
                    escape(decision.why.of(self.language)),
                    escape(&decision.owner),
                    decision.until
                ),
                None if fact.missing.is_empty() => state.clone(),
                None => format!("{state}: {}", escape(&fact.missing)),
            };
            let mut props = vec![
                self.property("target", &fact.id),
                self.property("method", fact.method.word()),
                self.property("state", state_word(fact.state)),
            ];
            props.extend(
                fact.risk
                    .map(|level| self.property("risk", Level::word(level))),
            );
            if !fact.element.is_empty() {
                props.push(self.property("element", &fact.element));
            }
            out.push(json!({
                "uuid": self.uuid("risk", &fact.id),
                "title": format!("{state}: {}", escape(&fact.id)),
                "description": text,
                "statement": statement,
                "props": props,
                "status": status,
            }));
        }
        out
    }

    fn findings(&self) -> Vec<Value> {
        let found = self.report.found().iter();
        let found: BTreeMap<&str, &Finding> = found.map(|f| (f.requirement.as_str(), f)).collect();
        let open: Vec<&str> = {
            let states = self.report.analysis.solution.states.iter();
            let left = states.filter(|(_, state)| {
                matches!(state, State::Open | State::Accepted | State::Transferred)
            });
            left.map(|(id, _)| &**id).collect()
        };
        let requirements = self.report.analysis.requirements.iter();
        requirements
            .map(|requirement| {
                let finding = found.get(requirement.id.as_str()).copied();
                self.finding(requirement, finding, &open)
            })
            .collect()
    }

    fn finding(
        &self,
        requirement: &Requirement,
        finding: Option<&Finding>,
        open: &[&str],
    ) -> Value {
        let status = finding.map_or(Status::NotObserved, |finding| finding.status);
        let (state, reason) = match status {
            Status::Met => ("satisfied", "pass"),
            Status::Stated => ("satisfied", "other"),
            Status::Contradicted => ("not-satisfied", "fail"),
            _ => ("not-satisfied", "other"),
        };
        let said = self.labels.text(&format!("status-{}", status.word()));
        let mut props = vec![
            self.property("requirement", &requirement.id),
            self.property("status", status.word()),
        ];
        for (name, list) in [
            ("measure", requirement.measure.as_slice()),
            ("at", requirement.at.as_slice()),
            ("item", requirement.items.as_slice()),
        ] {
            props.extend(list.iter().map(|value| self.property(name, value)));
        }
        let mut whole = json!({
            "uuid": self.uuid("finding", &requirement.id),
            "title": escape(requirement.title.of(self.language)),
            "description": escape(requirement.shall.of(self.language)),
            "props": props,
            "target": {
                "type": "objective-id",
                "target-id": token(&requirement.id),
                "status": { "state": state, "reason": reason, "remarks": said },
            },
        });
        let observations: Vec<Value> = finding
            .into_iter()
            .flat_map(|finding| {
                let seen = finding.evidence.iter().enumerate();
                seen.filter(|(_, evidence)| evidence.last_observed.is_some())
                    .map(|(index, _)| json!({ "observation-uuid": self.observation(finding, index) }))
            })
            .collect();
        let closes = requirement.closes.iter();
        let risks: Vec<Value> = closes
            .filter(|id| open.binary_search(&&***id).is_ok())
            .map(|id| json!({ "risk-uuid": self.uuid("risk", id) }))
            .collect();
        if let Some(map) = whole.as_object_mut() {
            for (key, list) in [
                ("related-observations", observations),
                ("related-risks", risks),
            ] {
                if !list.is_empty() {
                    map.insert(key.to_owned(), Value::Array(list));
                }
            }
        }
        whole
    }

    fn observation(&self, finding: &Finding, index: usize) -> String {
        self.uuid("observation", &format!("{} {index}", finding.requirement))
    }

    fn property(&self, name: &str, value: &str) -> Value {
        let value = plain(value);
        let value = value.trim();
        let value = if value.is_empty() { "-" } else { value };
        json!({ "ns": NAMESPACE, "name": name, "value": value })
    }

    /// A UUID that only depends on the model's id, the kind of thing and its id.
    fn uuid(&self, kind: &str, id: &str) -> String {
        uuid(&[NAMESPACE, &self.report.analysis.model, kind, id])
    }
}

/// An id as OSCAL's tokens are written.
fn token(id: &str) -> String {
    let kept = id.chars().map(|c| match c {
        c if c.is_alphanumeric() || ".-_".contains(c) => c,
        _ => '_',
    });
    let token: String = kept.collect();
    if token.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        token
    } else {
        format!("_{token}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_what_oscal_admits() {
        for (id, expected) in [
            ("REQ-ENC-sensor", "REQ-ENC-sensor"),
            ("a:b@c", "a_b_c"),
            ("1a", "_1a"),
            ("", "_"),
        ] {
            assert_eq!(token(id), expected);
        }
    }
}
