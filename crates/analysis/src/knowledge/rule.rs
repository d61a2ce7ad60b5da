//! STRIDE rules as data: when a rule fires, how severe that is, and what answers it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Reach;
use crate::language::Text;
use crate::model::Stride;
use crate::vocabulary::vocabulary;

mod fact;

pub use fact::{Fact, Shape};

vocabulary! {
    /// What a rule may be about.
    Subject {
        /// A flow.
        Flow = "flow",
        /// A component of kind `device`.
        Device = "device",
        /// A gateway.
        Gateway = "gateway",
        /// A program on a server.
        Service = "service",
        /// A database or a file store.
        Store = "store",
        /// An application that people use.
        App = "app",
        /// A person.
        Human = "human",
        /// A system of someone else.
        External = "external",
    }
}

/// One STRIDE rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Id; a rule of a model's author starts with `X-` unless it replaces one of ours.
    pub id: String,
    /// Kind of threat.
    pub stride: Stride,
    /// What it is about.
    pub on: BTreeSet<Subject>,
    /// Conditions, all of which must hold.
    #[serde(default)]
    pub when: BTreeMap<Fact, Wanted>,
    /// How the attacker comes near.
    pub reach: Reach,
    /// How much the named weakness raises the likelihood, 0 to 2.
    #[serde(default)]
    pub raise: u32,
    /// What it takes, as an actor's skill: 1 spare time and ready tools, 2 know-how and patience, 3 a laboratory or an
    /// organization.
    #[serde(default = "ready_tools")]
    pub skill: u32,
    /// How many further steps the harm takes after it; the impact counts one level less for each.
    #[serde(default)]
    pub steps: u32,
    /// Whether somebody has to want it; mistakes and faults need no attacker.
    #[serde(default = "wanted_by_someone")]
    pub intent: bool,
    /// Which of c, i, a, p it harms; absent for what its kind of threat usually harms.
    #[serde(default)]
    pub harms: Option<String>,
    /// Countermeasures that answer it.
    #[serde(default)]
    pub answers: Vec<String>,
    /// What happens.
    pub text: Text,
    /// Which document it follows, in our own words; absent for our own (or the author's) judgement alone.
    #[serde(default)]
    pub source: Option<Text>,
}

const fn ready_tools() -> u32 {
    1
}

const fn wanted_by_someone() -> bool {
    true
}

/// What a condition asks of a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Wanted {
    /// That it is so, or that it is not.
    Is(bool),
    /// That it is, or has, one of these words.
    AnyOf(BTreeSet<String>),
}
