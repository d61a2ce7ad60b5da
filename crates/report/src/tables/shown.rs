//! Requirement sets, checklist, documents and lists of common threats: what others ask for, and what shows it.

use std::collections::{BTreeMap, BTreeSet};

use sekimori_analysis::cross_check::Answer;
use sekimori_analysis::evidence::Status;
use sekimori_analysis::knowledge::Pillar;

use super::{Table, Tables, Value, nothing};
use crate::{papers, words};

impl Tables<'_> {
    /// Items of the model's requirement sets and how it stands with each.
    pub(crate) fn regimes(&self) -> Table {
        let items = self.report.items();
        let statuses: BTreeMap<(&str, &str), Status> = items
            .iter()
            .map(|found| ((found.regime.word(), found.item.as_str()), found.status))
            .collect();
        let mut rows = Vec::new();
        for set in &self.report.analysis.regimes {
            for item in &set.items {
                let status = statuses.get(&(set.regime.word(), item.id.as_str()));
                rows.push(vec![
                    self.say(&set.name),
                    Value::Code(item.id.clone()),
                    Value::Text(item.r#ref.clone()),
                    Value::Text(self.label("item", item.status.word())),
                    self.say(&item.text),
                    status.map_or_else(nothing, |status| self.mark("status", status.word())),
                    Value::Text(self.label("check", item.check.word())),
                    Value::Code(item.requirements.join(", ")),
                    self.say(&item.why),
                ]);
            }
        }
        self.table(
            "section-regimes",
            &[
                ("data-set", 18),
                ("data-id", 15),
                ("data-place", 12),
                ("data-weight", 9),
                ("text", 46),
                ("status", 11),
                ("checked-by", 11),
                ("served-by", 28),
                ("why", 38),
            ],
            rows,
        )
    }

    /// The 334 controls and how it stands with each.
    pub(crate) fn checklist(&self) -> Table {
        let controls = self.report.controls();
        let found: BTreeMap<&str, _> = controls
            .iter()
            .map(|finding| (finding.control.as_str(), finding))
            .collect();
        let mut rows = Vec::new();
        for step in &self.report.analysis.checklist.steps {
            for control in &step.controls {
                let Some(finding) = found.get(control.id.as_str()) else {
                    continue;
                };
                let until = finding.until.map(|date| date.to_string());
                rows.push(vec![
                    Value::Text(format!("{} {}", step.number, step.name.of(self.language))),
                    Value::Code(control.id.clone()),
                    self.say(&control.text),
                    Value::Text(self.label("site", control.site.word())),
                    Value::Text(self.label("check", control.check.word())),
                    self.mark("control", finding.state.word()),
                    self.say(&finding.why),
                    Value::Text(finding.owner.clone().unwrap_or_default()),
                    Value::Text(until.unwrap_or_default()),
                    Value::Text(
                        finding
                            .documents
                            .iter()
                            .map(|document| format!("{} ({})", document.title, document.id))
                            .collect::<Vec<String>>()
                            .join("; "),
                    ),
                ]);
            }
        }
        self.table(
            "section-checklist",
            &[
                ("data-step", 16),
                ("data-id", 10),
                ("text", 48),
                ("site", 10),
                ("checked-by", 10),
                ("status", 11),
                ("why", 42),
                ("owner", 12),
                ("until", 11),
                ("data-documents", 18),
            ],
            rows,
        )
    }

    /// Everything that was attached, with its whole hash.
    pub(crate) fn documents(&self) -> Table {
        let rows = papers::of(self.report)
            .into_iter()
            .map(|paper| {
                let view = paper.view;
                let attached: String = view.attached_at.to_string().chars().take(10).collect();
                let result = view.result.as_ref();
                let about: Vec<&str> = paper.about.into_iter().collect();
                vec![
                    Value::Code(view.id.clone()),
                    Value::Text(view.title.clone()),
                    Value::Text(self.label("document", view.kind.word())),
                    Value::Text(self.labels.text(words::worth_key(view.worth))),
                    result.map_or_else(nothing, |result| self.say(result)),
                    Value::Text(view.owner.clone()),
                    Value::Text(attached),
                    Value::Text(view.until.to_string()),
                    Value::Code(view.sha256.clone()),
                    Value::Code(about.join(", ")),
                ]
            })
            .collect();
        self.table(
            "section-documents",
            &[
                ("data-id", 12),
                ("data-title", 24),
                ("kind", 10),
                ("status", 10),
                ("data-result", 30),
                ("owner", 14),
                ("data-attached", 11),
                ("until", 11),
                ("sha256", 34),
                ("about", 26),
            ],
            rows,
        )
    }

    /// The thirty common threats: which touch the system, why, and what answers them.
    pub(crate) fn lists(&self) -> Table {
        let comma = words::comma(self.language);
        let answers = |answers: &BTreeMap<Pillar, Vec<Answer>>| {
            let said = answers.iter().map(|(pillar, answers)| {
                let pillar = self.label("pillar", pillar.word());
                let names: Vec<&str> = answers.iter().map(|a| a.name.of(self.language)).collect();
                format!("{pillar}: {}", names.join(comma))
            });
            Value::Text(said.collect::<Vec<String>>().join("; "))
        };
        let mut rows = Vec::new();
        for list in &self.report.analysis.cross_check.lists {
            for hit in &list.hits {
                let reasons = hit
                    .reasons
                    .iter()
                    .map(|reason| reason.text.of(self.language));
                let elements: BTreeSet<&str> = hit
                    .reasons
                    .iter()
                    .flat_map(|reason| reason.elements.iter().map(String::as_str))
                    .collect();
                let elements: Vec<&str> = elements.into_iter().collect();
                rows.push(vec![
                    self.say(&list.name),
                    Value::Code(hit.basis.rule.clone()),
                    self.say(&hit.name),
                    Value::Text(self.label("touch", hit.state.word())),
                    Value::Text(reasons.collect::<Vec<&str>>().join(" ")),
                    Value::Code(elements.join(", ")),
                    answers(&hit.met_by),
                    answers(&hit.gaps),
                    self.say(&hit.basis.source),
                ]);
            }
        }
        self.table(
            "section-lists",
            &[
                ("list", 18),
                ("data-id", 9),
                ("threat", 24),
                ("status", 10),
                ("why", 34),
                ("element", 18),
                ("met-by", 36),
                ("gaps", 28),
                ("data-source", 24),
            ],
            rows,
        )
    }
}
