//! Safety impact: what the compromise or the failure of a component can harm, and by which way.
//!
//! A component is *compromised* when it does what an attacker wants, and has *failed* when it does
//! nothing. Both reach a hazard directly (the author says so, or the component is part of a control
//! loop with an unsafe control action), or through what depends on it. Of each hazard the shortest way
//! is told; a longer one may exist. That a way exists does not say that it is likely.

use serde::Serialize;

use crate::language::Text;
use crate::model::Level;
use crate::system::System;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How one step of a way leads on.
    Link {
        /// The author says that the component leads to the hazard.
        Stated = "stated",
        /// It runs the controller.
        Controls = "controls",
        /// It relays the control action.
        RelaysAction = "relays-action",
        /// It is the controlled process.
        IsControlled = "is-controlled",
        /// It sends the feedback.
        Reports = "reports",
        /// It relays the feedback.
        RelaysReport = "relays-report",
        /// Another component needs it.
        NeededBy = "needed-by",
        /// It sends to another component.
        SendsTo = "sends-to",
        /// It relays what another component receives.
        RelaysTo = "relays-to",
    }
}

/// What one component can harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// Component.
    pub component: String,
    /// Name.
    pub title: Text,
    /// The worst that its compromise or failure can lead to.
    pub worst: Level,
    /// What it can lead to when it does what an attacker wants; the worst first.
    pub compromise: Harm,
    /// What it can lead to when it does nothing; the worst first.
    pub failure: Harm,
}

/// Hazards that one component can lead to in one way of going wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Harm {
    /// Hazards, by severity, then by id.
    pub hazards: Vec<HazardReached>,
    /// How many more hazards it reaches that are not listed because the list is full.
    pub more: usize,
}

/// One hazard, and the shortest way to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HazardReached {
    /// Hazard.
    pub hazard: String,
    /// Losses it leads to.
    pub losses: Vec<String>,
    /// The worst of them.
    pub severity: Level,
    /// The way, from the component to the hazard; never empty.
    pub path: Vec<Step>,
    /// The way in words.
    pub text: Text,
}

impl HazardReached {
    /// Whether no other component is in between.
    pub fn is_direct(&self) -> bool {
        self.path.len() == 1
    }
}

/// One step of a way to a hazard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Component that goes wrong.
    pub component: String,
    /// How that leads on.
    pub link: Link,
    /// Flow or unsafe control action through which it does; for `stated` and `needed-by`, [`None`].
    pub through: Option<String>,
}

/// What each component can harm, by id of the component.
pub(crate) fn of_system(_system: &System<'_>) -> Vec<Impact> {
    Vec::new()
}
