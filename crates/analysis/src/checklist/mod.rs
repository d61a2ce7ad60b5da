//! The CSA's 13 steps: 334 controls as a checklist, each with a state and what gives it.
//!
//! [`Checklist`] is what the model alone says: which controls concern it, and what would show each.
//! [`evidence::judge`](crate::evidence::judge) adds what was observed, what was attached and what the model states. What was not observed,
//! what expired and what tells nothing never shows a control.
//!
//! Source: CSA Japan, *13 steps* (translation of "Future-proofing the connected world"), in our own words.
//! Where a control is put to work, how it is checked, and what of ours shows it is our own judgement.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::attestation::DocumentView;
use crate::documents::Format;
use crate::knowledge::{Check, ProbeName};
use crate::language::Text;
use crate::system::System;
use crate::vocabulary::vocabulary;

mod answers;
mod assess;
mod controls;
pub mod guidance;
pub mod keys;
pub mod privacy;
mod property;

pub(crate) use answers::Found;
pub(crate) use assess::{Known, assess};
pub use controls::is_control;
pub(crate) use controls::shipped;

use answers::Answer;
use controls::ControlEntry;

vocabulary! {
    /// Where a control is put to work.
    Site {
        /// On the product.
        Device = "device",
        /// At the gateway or on the way.
        Gateway = "gateway",
        /// In services behind it.
        Cloud = "cloud",
        /// In an application that people use.
        App = "app",
        /// In how the maker works.
        Process = "process",
    }
}

vocabulary! {
    /// How it stands with a control. The first one that holds is the state.
    State {
        /// Something speaks against it: a failed result, or an observation of the opposite.
        Contradicted = "contradicted",
        /// The running system shows it.
        Live = "live",
        /// The result of a test shows it.
        Test = "test",
        /// A document shows it, or this analysis itself.
        Document = "document",
        /// Someone answers for how people work.
        Process = "process",
        /// It does not concern this system, and the reason is said.
        NotApplicable = "not-applicable",
        /// Nothing shows it.
        Open = "open",
    }
}

/// The checklist of one model.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Checklist {
    /// Steps in the order of the source.
    pub steps: Vec<Step>,
}

/// One of the steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// 1 to 13; 0 for the lessons before them.
    pub number: u8,
    /// Name.
    pub name: Text,
    /// Page of the source.
    pub page: u16,
    /// Controls in the order of the source.
    pub controls: Vec<Control>,
}

/// One control, as far as the model alone can tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Control {
    /// `CSA-4.7` and the like.
    pub id: String,
    /// What is asked for.
    pub text: Text,
    /// Page of the source.
    pub page: u16,
    /// Where on that page: a table, a list, a figure.
    pub r#ref: String,
    /// Where it is put to work (own judgement).
    pub site: Site,
    /// How it is best shown (own judgement).
    pub check: Check,
    /// Why it does not concern this system, when the model says so.
    pub excluded: Option<Text>,
    /// What of the running system shows it; every one is needed. Empty when nothing can.
    pub shown_by: Vec<Shown>,
    /// How the model and this analysis answer it by themselves.
    pub answer: Option<Text>,
    /// What is missing for such an answer.
    pub gap: Option<Text>,
    /// Formats of results that can show it (own judgement).
    pub results: Vec<Format>,
}

/// Something of the running system that shows a control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum Shown {
    /// Every requirement that this countermeasure became is met.
    Measure {
        /// The countermeasure.
        measure: String,
    },
    /// Probes saw it.
    Probes {
        /// What must have been seen.
        observed: Vec<ProbeName>,
        /// What must have been refused.
        refused: Vec<ProbeName>,
    },
    /// A countermeasure would show it, and is neither chosen nor built in.
    Absent {
        /// The countermeasure.
        measure: String,
    },
}

/// How it stands with one control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControlFinding {
    /// Id of the control.
    pub control: String,
    /// State.
    pub state: State,
    /// The state in a sentence.
    pub why: Text,
    /// When the running system last showed it.
    pub last_observed: Option<Timestamp>,
    /// Attached files that are about it, whatever they are worth.
    pub documents: Vec<DocumentView>,
    /// Who answers for it, when a person does.
    pub owner: Option<String>,
    /// Last day on which that holds.
    pub until: Option<Date>,
}

/// How many controls are in each state.
pub fn count(findings: &[ControlFinding]) -> BTreeMap<State, usize> {
    let mut counts: BTreeMap<State, usize> = State::ALL.iter().map(|state| (*state, 0)).collect();
    for finding in findings {
        *counts.entry(finding.state).or_default() += 1;
    }
    counts
}

/// The checklist of a system, as far as its model and the analysis of it can tell.
pub(crate) fn of_system(system: &System<'_>, found: &Found<'_>) -> Checklist {
    let steps = controls::steps().iter().map(|step| Step {
        number: step.step,
        name: step.name.clone(),
        page: step.page,
        controls: step
            .control
            .iter()
            .map(|entry| control(entry, system, found))
            .collect(),
    });
    Checklist {
        steps: steps.collect(),
    }
}

fn control(entry: &ControlEntry, system: &System<'_>, found: &Found<'_>) -> Control {
    let name = entry.answer.as_deref();
    let answered = name.and_then(|name| answers::answer(name, system, found));
    let (answer, gap) = match answered {
        Some(Answer::Is(text)) => (Some(text), None),
        Some(Answer::Lacks(text)) => (None, Some(text)),
        None => (None, None),
    };
    Control {
        id: entry.id.clone(),
        text: entry.text.clone(),
        page: entry.page,
        r#ref: entry.r#ref.clone(),
        site: entry.r#where,
        check: entry.check,
        excluded: property::why_none(&entry.when, system),
        shown_by: shown_by(entry, system, found),
        answer,
        gap,
        results: entry.results.clone(),
    }
}

/// What of the running system shows a control: requirements that were chosen, or what is built in anyway.
fn shown_by(entry: &ControlEntry, system: &System<'_>, found: &Found<'_>) -> Vec<Shown> {
    let is_chosen = |measure: &str| {
        let mut requirements = found.requirements.iter();
        requirements.any(|one| one.measure.as_deref() == Some(measure))
    };
    let mut shown: Vec<Shown> = entry
        .measures
        .iter()
        .map(|id| match system.knowledge().measures.get(id) {
            _ if is_chosen(id) => Shown::Measure {
                measure: id.clone(),
            },
            Some(measure)
                if system.is_provided_everywhere(measure.provided)
                    && !measure.observed.is_empty() =>
            {
                Shown::Probes {
                    observed: measure.observed.clone(),
                    refused: measure.refused.clone(),
                }
            }
            _ => Shown::Absent {
                measure: id.clone(),
            },
        })
        .collect();
    if !entry.observed.is_empty() || !entry.refused.is_empty() {
        shown.push(Shown::Probes {
            observed: entry.observed.clone(),
            refused: entry.refused.clone(),
        });
    }
    shown
}
