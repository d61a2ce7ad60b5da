//! The CSA's 13 steps: 334 controls as a checklist, each with a state and what gives it.
//!
//! [`Checklist`] is what the model alone says: which controls concern it, and what would show each.
//! `assess` adds what was observed, what was attached and what the model states. What was not observed,
//! what expired and what tells nothing never shows a control.
//!
//! Source: CSA Japan, *13 steps* (translation of "Future-proofing the connected world"), in our own words.
//! Where a control is put to work, how it is checked, and what of ours shows it is our own judgement.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::documents::Worth;
use crate::knowledge::{Check, ProbeName};
use crate::language::Text;
use crate::vocabulary::vocabulary;

pub mod guidance;
pub mod keys;
pub mod privacy;

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
    /// How the model itself answers it.
    pub answer: Option<Text>,
    /// What of the model stands in the way of an answer.
    pub gap: Option<Text>,
}

/// Something of the running system that shows a control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum Shown {
    /// A requirement of this analysis is met.
    Requirement {
        /// Its id.
        id: String,
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

/// An attached file as a finding names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentView {
    /// Id of the document.
    pub id: String,
    /// Its title, else the name of its file.
    pub title: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// When it was attached.
    pub attached_at: Timestamp,
    /// Who answers for it.
    pub owner: String,
    /// Last day on which it counts.
    pub until: Date,
    /// What it is worth now.
    pub worth: Worth,
    /// What its result says, in a sentence.
    pub result: Option<Text>,
}

/// How many controls are in each state.
pub fn count(findings: &[ControlFinding]) -> BTreeMap<State, usize> {
    let mut counts: BTreeMap<State, usize> = State::ALL.iter().map(|state| (*state, 0)).collect();
    for finding in findings {
        *counts.entry(finding.state).or_default() += 1;
    }
    counts
}
