//! STPA-Sec: losses, hazards, the control structure, unsafe control actions, and how an attacker causes them.
//!
//! The author states losses, hazards, controllers, control actions and unsafe control actions. This
//! module draws the structure, names what is missing in it, proposes the kinds of unsafe control action
//! that nobody wrote about (candidates, for people to judge; never facts), puts the six guide words of
//! STRIDE on the flow that carries each action, on its feedback and on the components at the ends
//! (causal scenarios), and turns each unsafe control action into constraints. STPA begins with the
//! attack; what an attacker learns and prepares before it is in [`Phase`] as well.
//!
//! Source: the four kinds of unsafe control action and the classes of causal factors are those of STPA
//! (Leveson and Thomas, *STPA Handbook*, 2018, part 2, steps 3 and 4). Which guide word can cause which
//! kind on which path is our own judgement, kept in `knowledge/stpa-causes.toml`; what comes before an
//! attack is ours as well, in `knowledge/before-attack.toml`.

use serde::Serialize;

use crate::language::Text;
use crate::model::{Hazard, Level, Loss, Model};
use crate::stride::Threat;
use crate::system::System;

mod gap;
mod scenario;
mod structure;
mod unsafe_action;

pub use gap::{Gap, GapKind};
pub use scenario::{Factor, Phase, Scenario};
pub use structure::{Edge, EdgeKind, Node, NodeKind, Structure};
pub use unsafe_action::{ActionView, Candidate, Considered, UnsafeAction};

/// Everything that the control structure of a model tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ControlAnalysis {
    /// What must not be lost, by id.
    pub losses: Vec<LossView>,
    /// System states that lead to a loss, by id.
    pub hazards: Vec<HazardView>,
    /// Who controls what: what a drawing needs.
    pub structure: Structure,
    /// Control actions by id, each with how its four kinds were considered.
    pub actions: Vec<ActionView>,
    /// What is missing in the structure.
    pub gaps: Vec<Gap>,
    /// Unsafe control actions that the author wrote, by id.
    pub unsafe_actions: Vec<UnsafeAction>,
    /// Kinds of unsafe control action that nobody wrote about: to be judged, never counted.
    pub candidates: Vec<Candidate>,
    /// How an attacker could cause an unsafe control action, by id.
    pub scenarios: Vec<Scenario>,
    /// What an attacker can learn and prepare before that, by id.
    pub before_attack: Vec<Scenario>,
    /// What must hold so that no unsafe control action comes about, by id.
    pub constraints: Vec<SafetyConstraint>,
}

impl ControlAnalysis {
    /// Everything that a countermeasure can answer: scenarios of attacks, and of what precedes them.
    pub fn targets(&self) -> impl Iterator<Item = &Scenario> {
        self.scenarios.iter().chain(&self.before_attack)
    }
}

/// A loss as reports show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LossView {
    /// Id in the model.
    pub id: String,
    /// Statement.
    pub text: Text,
    /// How bad it is.
    pub severity: Level,
}

/// A hazard as reports show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HazardView {
    /// Id in the model.
    pub id: String,
    /// Statement.
    pub text: Text,
    /// Losses it leads to.
    pub losses: Vec<String>,
    /// The worst of them; *medium* when the author named none (own judgement).
    pub severity: Level,
}

/// A hazard or a loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Id in the model.
    pub id: String,
    /// What it says.
    pub text: Text,
}

/// What must hold so that an unsafe control action does not come about, or does not end in a loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafetyConstraint {
    /// `SC-UCA1` for the controller, `SC-UCA1:detect` for its mirror; stable.
    pub id: String,
    /// Which of the two.
    pub role: ConstraintRole,
    /// Unsafe control action that it is the answer to.
    pub unsafe_action: String,
    /// What shall hold.
    pub text: Text,
    /// Hazards that it keeps away.
    pub hazards: Vec<String>,
    /// Causal scenarios against which it has to hold.
    pub scenarios: Vec<String>,
    /// Requirements that help to keep it: prevention for the controller, detection and recovery for the mirror.
    pub requirements: Vec<String>,
}

/// On which side of an unsafe control action a constraint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ConstraintRole {
    /// What the controller must and must not do.
    Prevent,
    /// What has to be noticed and answered when it happened all the same.
    Detect,
}

/// What the control structure of a system tells. Requirements come later, by [`trace`].
pub(crate) fn of_system(system: &System<'_>, threats: &[Threat]) -> ControlAnalysis {
    let model = system.model;
    let actions = unsafe_action::actions(model);
    ControlAnalysis {
        losses: model.losses.iter().map(loss_view).collect(),
        hazards: model
            .hazards
            .iter()
            .map(|(id, hazard)| HazardView {
                id: id.clone(),
                text: hazard.text.clone(),
                losses: hazard.losses.iter().cloned().collect(),
                severity: severity(model, hazard),
            })
            .collect(),
        structure: structure::of_model(model),
        candidates: unsafe_action::candidates(&actions),
        actions,
        gaps: Vec::new(),
        unsafe_actions: unsafe_action::unsafe_actions(model, threats),
        scenarios: Vec::new(),
        before_attack: Vec::new(),
        constraints: Vec::new(),
    }
}

fn loss_view((id, loss): (&String, &Loss)) -> LossView {
    LossView {
        id: id.clone(),
        text: loss.text.clone(),
        severity: loss_severity(loss),
    }
}

/// How bad a loss is.
pub(crate) fn loss_severity(_loss: &Loss) -> Level {
    Level::High
}

/// How bad the worst loss is that a hazard leads to.
pub(crate) fn severity(model: &Model, hazard: &Hazard) -> Level {
    let losses = hazard.losses.iter().filter_map(|id| model.losses.get(id));
    losses.map(loss_severity).max().unwrap_or(Level::Medium)
}
