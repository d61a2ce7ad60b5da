//! What shall hold, who says that it does, and what shows it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use sekimori_analysis::evidence::{Finding, Status};

use super::{Document, SYSTEM, property};
use crate::tables::plain;
use crate::words;

const ASSESSOR: &str = "assessor";

impl Document<'_> {
    /// Our requirements, and the items of the model's requirement sets in our own words.
    pub(super) fn standards(&self) -> Vec<Value> {
        let analysis = self.report.analysis;
        let requirements: Vec<Value> = analysis
            .requirements
            .iter()
            .map(|requirement| {
                let mut properties = vec![property("pillar", requirement.pillar.word())];
                let closes = requirement.closes.iter();
                properties.extend(closes.map(|id| property("closes", id)));
                let items = requirement.items.iter();
                properties.extend(items.map(|id| property("item", id)));
                json!({
                    "bom-ref": format!("requirement:{}", requirement.id),
                    "identifier": requirement.id,
                    "title": self.say(&requirement.title),
                    "text": self.say(&requirement.shall),
                    "properties": properties,
                })
            })
            .collect();
        let own = json!({
            "bom-ref": "standard:own",
            "name": format!("{}: {}", self.labels.text("requirements"), analysis.model),
            "version": analysis.date.to_string(),
            "description": words::generated(self.report, &self.labels),
            "requirements": requirements,
        });
        let sets = analysis.regimes.iter().map(|set| {
            let items: Vec<Value> = set
                .items
                .iter()
                .map(|item| {
                    json!({
                        "bom-ref": format!("item:{}", item.id),
                        "identifier": item.id,
                        "title": plain(&item.r#ref),
                        "text": self.say(&item.text),
                    })
                })
                .collect();
            json!({
                "bom-ref": format!("standard:{}", set.regime.word()),
                "name": self.say(&set.name),
                "version": self.say(&set.version),
                "description": self.say(&set.note),
                "requirements": items,
            })
        });
        std::iter::once(own).chain(sets).collect()
    }

    /// One claim for each requirement, with what was observed for and against it.
    pub(super) fn declarations(&self, findings: &[Finding]) -> Value {
        let analysis = self.report.analysis;
        let found: BTreeMap<&str, &Finding> = findings
            .iter()
            .map(|finding| (finding.requirement.as_str(), finding))
            .collect();
        let claims: Vec<Value> = analysis
            .requirements
            .iter()
            .filter_map(|requirement| {
                let finding = found.get(requirement.id.as_str())?;
                let target = requirement.at.as_deref();
                let mut claim = json!({
                    "bom-ref": claim(&requirement.id),
                    "target": target.map_or_else(|| SYSTEM.to_owned(), |at| self.reference(at)),
                    "predicate": self.say(&requirement.shall),
                    "reasoning": self.say(&finding.why),
                });
                put(&mut claim, "evidence", references(finding, Side::For));
                put(
                    &mut claim,
                    "counterEvidence",
                    references(finding, Side::Against),
                );
                Some(claim)
            })
            .collect();
        let mut whole = json!({
            "assessors": [{
                "bom-ref": ASSESSOR,
                "thirdParty": false,
                "organization": { "name": "Sekimori" },
            }],
            "attestations": self.attestations(&found),
            "claims": claims,
        });
        let evidence = findings.iter().flat_map(|finding| self.evidence(finding));
        put(&mut whole, "evidence", evidence.collect());
        whole
    }

    fn attestations(&self, found: &BTreeMap<&str, &Finding>) -> Vec<Value> {
        let analysis = self.report.analysis;
        let requirements: Vec<Value> = analysis
            .requirements
            .iter()
            .filter_map(|requirement| {
                let finding = found.get(requirement.id.as_str())?;
                let claims = vec![Value::from(claim(&requirement.id))];
                Some(self.mapped(
                    &format!("requirement:{}", requirement.id),
                    claims,
                    finding.status,
                ))
            })
            .collect();
        let items: Vec<Value> = self
            .report
            .items()
            .iter()
            .map(|item| {
                let served = item.requirements.iter();
                let claims = served.filter(|id| found.contains_key(id.as_str()));
                let claims = claims.map(|id| Value::from(claim(id))).collect();
                self.mapped(&format!("item:{}", item.item), claims, item.status)
            })
            .collect();
        [("requirements", requirements), ("section-regimes", items)]
            .into_iter()
            .filter(|(_, map)| !map.is_empty())
            .map(|(summary, map)| {
                json!({
                    "summary": self.labels.text(summary),
                    "assessor": ASSESSOR,
                    "map": map,
                })
            })
            .collect()
    }

    /// Nothing gets a number that nobody has seen or stated: a score of 0 says that the opposite was observed.
    fn mapped(&self, requirement: &str, claims: Vec<Value>, status: Status) -> Value {
        let said = self.labels.text(&format!("status-{}", status.word()));
        let mut conformance = Map::from_iter([("rationale".to_owned(), Value::from(said))]);
        let score = match status {
            Status::Met | Status::Stated => Some(1),
            Status::Contradicted => Some(0),
            Status::NotObserved | Status::Stale | Status::NeedsStatement => None,
        };
        conformance.extend(score.map(|score| ("score".to_owned(), Value::from(score))));
        let mut whole = json!({ "requirement": requirement, "conformance": conformance });
        let side = match status {
            Status::Contradicted => "counterClaims",
            _ => "claims",
        };
        put(&mut whole, side, claims);
        whole
    }

    fn evidence(&self, finding: &Finding) -> Vec<Value> {
        let seen = finding.evidence.iter().enumerate();
        seen.filter_map(|(index, evidence)| {
            let created = evidence.last_observed?;
            let status = self
                .labels
                .text(&format!("status-{}", evidence.status.word()));
            Some(json!({
                "bom-ref": evidence_reference(finding, index),
                "propertyName": format!("sekimori:probe:{}", evidence.probe.probe),
                "description": format!("{} ({status})", self.say(&evidence.text)),
                "data": [{
                    "name": plain(&evidence.probe.probe),
                    "contents": { "attachment": {
                        "contentType": "text/plain",
                        "content": format!(
                            "count={} contradictions={} subjects={}",
                            evidence.count, evidence.contradictions, evidence.subject_count
                        ),
                    }},
                }],
                "created": created.to_string(),
            }))
        })
        .collect()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    For,
    Against,
}

/// The evidence of a finding that speaks for its requirement, or against it.
fn references(finding: &Finding, side: Side) -> Vec<Value> {
    let seen = finding.evidence.iter().enumerate();
    seen.filter(|(_, evidence)| evidence.last_observed.is_some())
        .filter(|(_, evidence)| {
            (evidence.status == Status::Contradicted) == (side == Side::Against)
        })
        .map(|(index, _)| Value::from(evidence_reference(finding, index)))
        .collect()
}

fn claim(requirement: &str) -> String {
    format!("claim:{requirement}")
}

fn evidence_reference(finding: &Finding, index: usize) -> String {
    format!("evidence:{}:{index}", finding.requirement)
}

/// Adds a list, unless there is nothing to list.
fn put(whole: &mut Value, key: &str, list: Vec<Value>) {
    if let (false, Some(map)) = (list.is_empty(), whole.as_object_mut()) {
        map.insert(key.to_owned(), Value::Array(list));
    }
}
