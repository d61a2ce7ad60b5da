//! What has to be decided: decisions and assumptions that end, and what stays open without one.

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use sekimori_analysis::Analysis;
use sekimori_analysis::choose::Target;
use sekimori_analysis::language::Language;

use crate::Report;
use crate::labels::Labels;

/// Something that somebody has to decide.
pub(super) struct Due {
    /// What it is about.
    pub(super) what: String,
    /// Who decides; [`None`] when nobody is named.
    pub(super) owner: Option<String>,
    /// Last day; [`None`] when it is due already and has no day.
    pub(super) until: Option<Date>,
    /// Whether that day is over.
    pub(super) is_over: bool,
}

/// Everything that is due within `ahead` days, the most urgent first.
pub(super) fn of(report: &Report<'_>, labels: &Labels, language: Language, ahead: i64) -> Vec<Due> {
    let analysis = report.analysis;
    let span: Span = ahead.days();
    let horizon = analysis.date.saturating_add(span);
    let mut due = Vec::new();
    for decision in &analysis.solution.decisions {
        if decision.until <= horizon {
            let about = about(analysis, &decision.cell, language);
            let status = labels.text(&format!("decision-{}", decision.status.word()));
            let what = labels.with(
                "due-decision",
                &[("status", status.into()), ("about", about.into())],
            );
            due.push(Due {
                what,
                owner: Some(decision.owner.clone()),
                until: Some(decision.until),
                is_over: !decision.holds,
            });
        }
    }
    for assumption in &analysis.assumptions {
        if assumption.review_by <= horizon {
            let text = assumption.text.of(language).to_owned();
            due.push(Due {
                what: labels.with("due-assumption", &[("text", text.into())]),
                owner: None,
                until: Some(assumption.review_by),
                is_over: !assumption.holds,
            });
        }
    }
    due.sort_by(|a, b| a.until.cmp(&b.until).then(a.what.cmp(&b.what)));
    let mut open: Vec<&Target> = analysis.solution.open().collect();
    open.sort_by(|a, b| b.risk.cmp(&a.risk).then(a.id.cmp(&b.id)));
    // What is over comes first, then what nobody has decided, then what will be due.
    let split = due.iter().take_while(|entry| entry.is_over).count();
    let open = open.into_iter().map(|target| Due {
        what: labels.with(
            "due-open",
            &[("about", about(analysis, &target.id, language).into())],
        ),
        owner: None,
        until: None,
        is_over: true,
    });
    let tail = due.split_off(split);
    due.into_iter().chain(open).chain(tail).collect()
}

/// What a target is about: its threat and its element in words, with the id behind them.
pub(super) fn about(analysis: &Analysis, id: &str, language: Language) -> String {
    if let Some(threat) = analysis.threats.iter().find(|threat| threat.id == id) {
        let (text, element) = (threat.text.of(language), threat.title.of(language));
        return format!("{element}: {text} ({id})");
    }
    let parts: Vec<&str> = id.split(':').collect();
    let component = parts
        .first()
        .and_then(|component| analysis.components.get(*component));
    let threat = parts.get(1).and_then(|threat| {
        let known = analysis.knowledge.threats.iter();
        known
            .into_iter()
            .find(|(name, _)| name.as_str() == *threat)
            .map(|(_, threat)| threat.name.of(language))
    });
    match (component, threat) {
        (Some(component), Some(threat)) => {
            format!("{}: {threat} ({id})", component.title.of(language))
        }
        (Some(component), None) => format!("{} ({id})", component.title.of(language)),
        _ => id.to_owned(),
    }
}
