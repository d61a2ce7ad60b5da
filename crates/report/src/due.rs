//! What people have to decide: decisions and assumptions that end, and what stays open without one.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use sekimori_analysis::choose::State;
use sekimori_analysis::language::Language;

use crate::Report;
use crate::facts::Fact;
use crate::labels::Labels;

/// Days ahead for which decisions are shown as due.
const AHEAD: i64 = 365;

/// Something that somebody has to decide.
pub(crate) struct Due {
    /// What it is about.
    pub(crate) what: String,
    /// Who decides; [`None`] when nobody is named.
    pub(crate) owner: Option<String>,
    /// Last day; [`None`] when it is due already and has no day.
    pub(crate) until: Option<Date>,
    /// Whether that day is over.
    pub(crate) is_over: bool,
}

/// Everything that is due within a year, the most urgent first: what is over, then what nobody has decided, then what
/// will end.
pub(crate) fn of(
    report: &Report<'_>,
    facts: &BTreeMap<String, Fact>,
    labels: &Labels,
    language: Language,
) -> Vec<Due> {
    let analysis = report.analysis;
    let span: Span = AHEAD.days();
    let horizon = analysis.date.saturating_add(span);
    let mut due = Vec::new();
    for decision in &analysis.solution.decisions {
        if decision.until <= horizon {
            let about = facts
                .get(&decision.cell)
                .map_or_else(|| decision.cell.clone(), |fact| about(fact, labels));
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
    let split = due.iter().take_while(|entry| entry.is_over).count();
    let tail = due.split_off(split);
    let open = open(facts).into_iter().map(|fact| Due {
        what: labels.with("due-open", &[("about", about(fact, labels).into())]),
        owner: None,
        until: None,
        is_over: true,
    });
    due.into_iter().chain(open).chain(tail).collect()
}

/// What stays open, the gravest first.
pub(crate) fn open(facts: &BTreeMap<String, Fact>) -> Vec<&Fact> {
    let mut open: Vec<&Fact> = facts
        .values()
        .filter(|fact| fact.state == State::Open)
        .collect();
    open.sort_by_cached_key(|fact| fact.urgency());
    open
}

/// Where it is and what happens there, with the id behind it.
pub(crate) fn about(fact: &Fact, labels: &Labels) -> String {
    let name = format!("{}: {}", fact.title, fact.text);
    let id = fact.id.as_str();
    labels.with("named", &[("name", name.into()), ("id", id.into())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekimori_analysis::{analyze, model};

    #[test]
    fn whatever_can_be_open_is_told_in_words_and_with_its_id() {
        let text = include_str!("../../../examples/cold-store/model.toml");
        let model = model::parse("model.toml", text).expect("the example has no problem");
        let analysis = analyze(&model, jiff::civil::date(2026, 11, 20));
        for language in Language::ALL {
            let labels = Labels::new(language);
            for fact in crate::facts::of(&analysis, language) {
                let said = about(&fact, &labels);
                assert!(said.contains(&fact.id), "{said}");
                assert!(
                    said.contains(&fact.title) && said.contains(&fact.text),
                    "{said}"
                );
                assert!(fact.title != fact.id && !fact.text.is_empty(), "{said}");
            }
        }
    }
}
