//! The 13 steps as text for a terminal: how many controls are in each state, what speaks for or against them, and
//! which are open.

use std::collections::BTreeMap;

use sekimori_analysis::attestation::{Attested, DocumentView};
use sekimori_analysis::checklist::{ControlFinding, State, count};
use sekimori_analysis::language::Language;

use crate::Report;
use crate::labels::Labels;

/// States whose controls are told one by one, with the reason.
const TOLD: [State; 4] = [
    State::Contradicted,
    State::Test,
    State::Document,
    State::Process,
];

/// How many characters of a hash are shown.
const HASH: usize = 12;

/// The checklist of a report.
pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    let labels = Labels::new(language);
    let controls = report.controls();
    let by_id: BTreeMap<&str, &ControlFinding> = controls
        .iter()
        .map(|found| (found.control.as_str(), found))
        .collect();
    let mut lines = vec![format!(
        "{}: {}",
        labels.text("text-checklist"),
        counts(&controls, &labels)
    )];
    for step in &report.analysis.checklist.steps {
        let found: Vec<ControlFinding> = step
            .controls
            .iter()
            .filter_map(|control| by_id.get(control.id.as_str()))
            .map(|found| (*found).clone())
            .collect();
        lines.push(format!(
            "{:>2} {}: {}",
            step.number,
            step.name.of(language),
            counts(&found, &labels)
        ));
        for control in &step.controls {
            let Some(found) = by_id.get(control.id.as_str()) else {
                continue;
            };
            if !TOLD.contains(&found.state) {
                continue;
            }
            lines.push(format!(
                "   {} · {} · {}",
                control.id,
                label(found.state, &labels),
                control.text.of(language)
            ));
            lines.push(format!("      {}", found.why.of(language)));
            let documents = found.documents.iter();
            lines.extend(documents.map(|document| paper(document, &labels, language)));
        }
        let open: Vec<&str> = found
            .iter()
            .filter(|found| found.state == State::Open)
            .map(|found| found.control.as_str())
            .collect();
        if !open.is_empty() {
            lines.push(format!(
                "   {}: {}",
                label(State::Open, &labels),
                open.join(" ")
            ));
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What people answer for, of one requirement.
pub(crate) fn papers(attested: &Attested, labels: &Labels, language: Language) -> Vec<String> {
    let mut lines = vec![format!("    {}", attested.why.of(language))];
    let documents = attested.documents.iter();
    lines.extend(documents.map(|document| paper(document, labels, language)));
    lines
}

fn paper(document: &DocumentView, labels: &Labels, language: Language) -> String {
    let hash: String = document.sha256.chars().take(HASH).collect();
    let attached = document.attached_at.to_string();
    let attached: String = attached.chars().take(10).collect();
    let text = labels.with(
        "text-document",
        &[
            ("id", document.id.as_str().into()),
            ("title", document.title.as_str().into()),
            ("hash", hash.into()),
            ("attached", attached.into()),
            ("until", document.until.to_string().into()),
            ("owner", document.owner.as_str().into()),
        ],
    );
    match &document.result {
        Some(result) => format!("      {text} · {}", result.of(language)),
        None => format!("      {text}"),
    }
}

fn counts(controls: &[ControlFinding], labels: &Labels) -> String {
    let counts = count(controls).into_iter().filter(|(_, count)| *count > 0);
    counts
        .map(|(state, count)| format!("{} {count}", label(state, labels)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn label(state: State, labels: &Labels) -> String {
    labels.text(&format!("control-{}", state.word()))
}
