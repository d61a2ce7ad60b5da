//! Causal scenarios: how an attacker brings an unsafe control action about.

use std::sync::Arc;

use serde::Serialize;

use crate::basis::Basis;
use crate::language::Text;
use crate::model::{Stride, UnsafeKind};
use crate::risk::Risk;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// When in an attack something happens.
    Phase {
        /// The attacker looks around.
        Survey = "survey",
        /// The attacker gets tools, secrets and a foothold.
        Preparation = "preparation",
        /// The attacker causes an unsafe control action.
        Attack = "attack",
    }
}

vocabulary! {
    /// Where in the control loop the cause lies.
    Factor {
        /// Controller: its algorithm, or what it believes of its process.
        Controller = "controller",
        /// Between controller and process.
        ControlPath = "control-path",
        /// Between process or sensor and controller.
        FeedbackPath = "feedback-path",
        /// In the controlled process itself.
        ControlledProcess = "controlled-process",
        /// Elsewhere: another controller of the same process, or a cause that only the author knows.
        Other = "other",
    }
}

/// One way in which an attacker gets closer to a loss.
///
/// Scenarios of the phase *attack* hang on an unsafe control action; those of the phases before it
/// hang on an element and name the attacks that they make easier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scenario {
    /// `UCA1:spoofing@lock`, `sensor:BA-P2`, or the author's id; stable.
    pub id: String,
    /// When in an attack.
    pub phase: Phase,
    /// Method, rule and source; the rule of an author's own scenario is its id.
    pub basis: Arc<Basis>,
    /// Unsafe control action that it causes; [`None`] before the attack.
    pub unsafe_action: Option<String>,
    /// Which of the four kinds that is.
    pub kind: Option<UnsafeKind>,
    /// Guide word; before the attack, and where an author names none, [`None`].
    pub stride: Option<Stride>,
    /// Flow or component on which it happens.
    pub element: String,
    /// What a reader calls the element.
    pub title: Text,
    /// `flow`, or the kind of component.
    pub element_kind: &'static str,
    /// Where in the control loop the cause lies; [`None`] before the attack.
    pub factor: Option<Factor>,
    /// Other places in the loop where the same element serves; their scenario is the same.
    pub also: Vec<Factor>,
    /// Component at which measures are put to work.
    pub at: String,
    /// What happens.
    pub text: Text,
    /// How large the risk is.
    pub risk: Risk,
    /// Countermeasures that answer it.
    pub answers: Vec<String>,
    /// Whether the author named this guide word, or wrote the scenario.
    pub is_named: bool,
    /// Hazards that it can lead to.
    pub hazards: Vec<String>,
    /// STRIDE threats of the same element and guide word.
    pub threats: Vec<String>,
    /// Before the attack: scenarios of attacks that it makes easier.
    pub enables: Vec<String>,
    /// How many more it makes easier that are not named because the list is full.
    pub enables_more: usize,
}
