//! The state of each control: what the running system, results, documents and people show of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Control, ControlFinding, Shown, State};
use crate::analysis::Analysis;
use crate::attestation::{Attested, Papers, Word};
use crate::evidence::{self, Evidence, Finding, Seen, Status};
use crate::knowledge::Check;
use crate::language::Text;

/// What is known when a checklist is judged.
pub(crate) struct Known<'a> {
    /// How it stands with the requirements, by the countermeasure that each came from.
    by_measure: BTreeMap<&'a str, Vec<&'a Finding>>,
    seen: &'a Seen<'a>,
    papers: &'a Papers<'a>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(
        analysis: &'a Analysis,
        findings: &'a [Finding],
        seen: &'a Seen<'a>,
        papers: &'a Papers<'a>,
    ) -> Self {
        let by_id: BTreeMap<&str, &Finding> = findings
            .iter()
            .map(|finding| (finding.requirement.as_str(), finding))
            .collect();
        let mut by_measure: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for requirement in &analysis.requirements {
            let finding = by_id.get(requirement.id.as_str());
            if let (Some(measure), Some(finding)) = (&requirement.measure, finding) {
                by_measure.entry(measure).or_default().push(finding);
            }
        }
        Known {
            by_measure,
            seen,
            papers,
        }
    }
}

/// How it stands with every control, in the order of the checklist.
pub(crate) fn assess(analysis: &Analysis, known: &Known<'_>) -> Vec<ControlFinding> {
    let steps = analysis.checklist.steps.iter();
    steps
        .flat_map(|step| &step.controls)
        .map(|control| of_control(control, known))
        .collect()
}

/// What the running system, or papers about its requirements, show of a control.
struct Live {
    state: Option<State>,
    why: Text,
    last: Option<Timestamp>,
    /// Whether something could have been observed and was not, or too long ago.
    unseen: bool,
    /// Papers about a requirement that decide.
    attested: Option<Attested>,
}

fn of_control(control: &Control, known: &Known<'_>) -> ControlFinding {
    let attested = known.papers.of(&control.id);
    let live = live(control, known);
    let word = attested.as_ref().map(|attested| attested.word);
    let (state, why) = match (word, live.state) {
        (Some(Word::Against), _) => (State::Contradicted, said(&attested)),
        (_, Some(state @ (State::Contradicted | State::Live))) => (state, live.why.clone()),
        (Some(Word::Test), _) => (State::Test, said(&attested)),
        (Some(Word::Document), _) => (State::Document, said(&attested)),
        (Some(Word::Process), _) => (State::Process, said(&attested)),
        (_, Some(state)) => (state, live.why.clone()),
        (Some(Word::NotApplicable), _) => (State::NotApplicable, said(&attested)),
        (word, None) => match (&control.excluded, &control.answer) {
            (Some(reason), _) => (State::NotApplicable, reason.clone()),
            // What could be observed, and was not, no model answers.
            (None, Some(answer)) if !live.unseen => (State::Document, by_analysis(answer)),
            (None, _) if word == Some(Word::Lapsed) => (State::Open, said(&attested)),
            (None, _) => (State::Open, open(control, &live.why)),
        },
    };
    let by_live = matches!(state, State::Live | State::Contradicted) && word != Some(Word::Against);
    // Papers about a requirement speak for the control only where they decide.
    let decides = |attested: &Attested| attested.why == why;
    let papers = match (&attested, &live.attested) {
        (Some(own), _) if decides(own) || live.attested.is_none() => Some(own),
        (_, Some(about)) if decides(about) => Some(about),
        (own, _) => own.as_ref(),
    };
    let answers = papers.filter(|papers| decides(papers));
    ControlFinding {
        control: control.id.clone(),
        state,
        last_observed: live.last.filter(|_| by_live),
        owner: answers.and_then(|papers| papers.owner.clone()),
        until: answers.and_then(|papers| papers.until),
        documents: papers
            .map(|papers| papers.documents.clone())
            .unwrap_or_default(),
        why,
    }
}

fn by_analysis(answer: &Text) -> Text {
    Text::new(
        format!("By this analysis: {}", answer.en),
        format!("本分析による: {}", answer.ja),
    )
}

fn said(attested: &Option<Attested>) -> Text {
    attested
        .as_ref()
        .map(|attested| attested.why.clone())
        .unwrap_or_default()
}

/// What of the running system shows a control. Everything that is listed has to.
fn live(control: &Control, known: &Known<'_>) -> Live {
    let mut parts = Vec::new();
    for shown in &control.shown_by {
        match shown {
            Shown::Measure { measure } => {
                let findings = known.by_measure.get(measure.as_str());
                let findings = findings.map_or(&[][..], Vec::as_slice);
                if findings.is_empty() {
                    parts.push(Part::absent(measure));
                }
                parts.extend(findings.iter().map(|finding| Part::of(finding)));
            }
            Shown::Probes { observed, refused } => {
                let evidence = known.seen.probes(None, observed, refused);
                let status = evidence::status(&evidence);
                parts.push(Part {
                    status,
                    name: names(&evidence, status),
                    last: last(&evidence),
                    attested: None,
                });
            }
            Shown::Absent { measure } => parts.push(Part::absent(measure)),
        }
    }
    let Some(worst) = parts.iter().map(|part| part.status).min() else {
        return Live {
            state: None,
            why: Text::default(),
            last: None,
            unseen: false,
            attested: None,
        };
    };
    let unseen = parts
        .iter()
        .any(|part| matches!(part.status, Status::NotObserved | Status::Stale));
    let mut with: Vec<&str> = parts
        .iter()
        .filter(|part| part.status == worst)
        .map(|part| part.name.as_str())
        .collect();
    with.dedup();
    let more = with.len().saturating_sub(4);
    with.truncate(4);
    let list = with.join(", ");
    let list = if more > 0 {
        format!("{list} +{more}")
    } else {
        list
    };
    // As old as the oldest of what is needed.
    let last = parts.iter().map(|part| part.last).min().flatten();
    let attested = parts
        .iter()
        .filter(|part| part.status == Status::Stated)
        .find_map(|part| part.attested.clone());
    let (state, why) = match worst {
        Status::Contradicted => (
            Some(State::Contradicted),
            Text::new(
                format!("The opposite was observed: {list}."),
                format!("反対の事実が観測された: {list}。"),
            ),
        ),
        Status::Met => (
            Some(State::Live),
            Text::new(
                format!("The running system shows it: {list}."),
                format!("稼働中のシステムが示している: {list}。"),
            ),
        ),
        Status::Stated => match &attested {
            Some(attested) => (state_of(attested.word), attested.why.clone()),
            None => (None, Text::default()),
        },
        Status::NotObserved => (
            None,
            Text::new(
                format!("Not observed: {list}."),
                format!("観測されていない: {list}。"),
            ),
        ),
        Status::Stale => (
            None,
            Text::new(
                format!("Observed or stated too long ago: {list}."),
                format!("観測または申告の期限が切れた: {list}。"),
            ),
        ),
        Status::NeedsStatement => (
            None,
            Text::new(
                format!("Nothing in the system shows it: {list}."),
                format!("システム内に示すものがない: {list}。"),
            ),
        ),
    };
    Live {
        state,
        why,
        last,
        unseen,
        attested,
    }
}

fn state_of(word: Word) -> Option<State> {
    match word {
        Word::Against => Some(State::Contradicted),
        Word::Test => Some(State::Test),
        Word::Document => Some(State::Document),
        Word::Process => Some(State::Process),
        Word::NotApplicable => Some(State::NotApplicable),
        Word::Lapsed => None,
    }
}

/// One thing that has to show a control.
struct Part {
    status: Status,
    name: String,
    last: Option<Timestamp>,
    attested: Option<Attested>,
}

impl Part {
    fn of(finding: &Finding) -> Self {
        Part {
            status: finding.status,
            name: finding.requirement.clone(),
            last: last(&finding.evidence),
            attested: finding.attested.clone(),
        }
    }

    fn absent(measure: &str) -> Self {
        Part {
            status: Status::NeedsStatement,
            name: measure.to_owned(),
            last: None,
            attested: None,
        }
    }
}

/// When the last of what is needed was seen: as old as the oldest.
fn last(evidence: &[Evidence]) -> Option<Timestamp> {
    evidence.iter().map(|one| one.last_observed).min().flatten()
}

fn names(evidence: &[Evidence], status: Status) -> String {
    let with = evidence.iter().filter(|one| one.status == status);
    with.map(|one| evidence::name(&one.probe))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Why nothing shows a control, and what would.
fn open(control: &Control, live: &Text) -> Text {
    let id = &control.id;
    let formats: Vec<&str> = control.results.iter().map(|format| format.word()).collect();
    let formats = formats.join(", ");
    let what = match &control.gap {
        Some(gap) => gap.clone(),
        None if !live.en.is_empty() => live.clone(),
        None => Text::new("Nothing shows it.", "示すものがない。"),
    };
    let how = match control.check {
        _ if !formats.is_empty() => Text::new(
            format!("`sekimori evidence import FILE --for {id}` takes {formats}."),
            format!("`sekimori evidence import FILE --for {id}` で {formats} を取り込める。"),
        ),
        Check::Live => Text::default(),
        Check::Test | Check::Document => Text::new(
            format!("Attach it by `sekimori evidence attach FILE --for {id}`."),
            format!("`sekimori evidence attach FILE --for {id}` で添付する。"),
        ),
        Check::Process => Text::new(
            format!("Someone has to answer for it: `[[statement]] item = \"{id}\"` in the model."),
            format!("責任を持つ人が要る: モデルに `[[statement]] item = \"{id}\"` と書く。"),
        ),
    };
    if how.en.is_empty() {
        return what;
    }
    Text::new(
        format!("{} {}", what.en, how.en),
        format!("{}{}", what.ja, how.ja),
    )
}
