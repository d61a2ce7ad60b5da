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

use std::collections::HashMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::knowledge::Knowledge;
use crate::language::Text;
use crate::model::{Hazard, Level, Loss, LossCategory, Model, Stride};
use crate::requirements::Requirement;
use crate::stride::Threat;
use crate::system::System;

mod attack;
mod before;
mod cause;
mod constraint;
mod element;
mod gap;
mod scenario;
mod structure;
mod unsafe_action;

pub use before::{BeforeRule, When, before_rules};
pub use cause::{Cause, CauseTable, Part, causes};
pub use constraint::{ConstraintRole, SafetyConstraint};
pub use gap::{Gap, GapKind};
pub use scenario::{Factor, Phase, Scenario};
pub use structure::{Edge, EdgeKind, Node, NodeKind, Structure};
pub use unsafe_action::{ActionView, Candidate, Considered, Dismissal, UnsafeAction};

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
    /// Kinds of unsafe control action that nobody wrote about: to be judged, never counted. Those that somebody
    /// dismissed are among them, with the reason.
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
    /// What kind of harm it is.
    pub category: Option<LossCategory>,
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

/// What the control structure of a system tells as of `today`. Requirements come later, by [`trace`].
pub(crate) fn of_system(system: &System<'_>, threats: &[Threat], today: Date) -> ControlAnalysis {
    let model = system.model;
    let mut threats_of = ThreatsOf::new();
    for threat in threats {
        let key = (threat.element.as_str(), threat.stride);
        threats_of.entry(key).or_default().push(threat);
    }
    let actions = unsafe_action::actions(model, today);
    let attacks = attack::of_system(system, &threats_of);
    let mut gaps = gap::of_model(model, &actions);
    let unanswered = attacks.scenarios.iter();
    let unanswered = unanswered.filter(|scenario| scenario.answers.is_empty());
    gaps.extend(unanswered.map(|scenario| Gap::unanswered(&scenario.id)));
    if attacks.is_cut {
        gaps.push(Gap::too_large(model, attacks.scenarios.len()));
    }
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
        candidates: unsafe_action::candidates(model, &actions, today),
        actions,
        gaps,
        unsafe_actions: unsafe_action::unsafe_actions(model, &threats_of),
        before_attack: before::of_system(system, &attacks.scenarios, &threats_of),
        constraints: constraint::of_model(model, &attacks.scenarios),
        scenarios: attacks.scenarios,
    }
}

/// Adds to the constraints the requirements that help to keep them.
pub(crate) fn trace(
    control: &mut ControlAnalysis,
    requirements: &[Requirement],
    knowledge: &Knowledge,
) {
    constraint::trace(control, requirements, knowledge);
}

/// The STRIDE threats of a system, by element and guide word.
type ThreatsOf<'t> = HashMap<(&'t str, Stride), Vec<&'t Threat>>;

fn names_of(threats: Option<&Vec<&Threat>>) -> Vec<String> {
    let threats = threats.into_iter().flatten();
    threats.map(|threat| threat.id.clone()).collect()
}

/// The answers of a table that can be had for this model: its author may have taken measures out.
fn in_force<'a>(system: &System<'_>, answers: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let known = &system.knowledge().measures;
    let answers = answers.into_iter();
    answers
        .filter(|answer| known.contains_key(*answer))
        .cloned()
        .collect()
}

fn loss_view((id, loss): (&String, &Loss)) -> LossView {
    LossView {
        id: id.clone(),
        text: loss.text.clone(),
        category: loss.category,
        severity: loss.severity,
    }
}

/// How bad the worst loss is that a hazard leads to.
pub(crate) fn severity(model: &Model, hazard: &Hazard) -> Level {
    let losses = hazard.losses.iter().filter_map(|id| model.losses.get(id));
    losses
        .map(|loss| loss.severity)
        .max()
        .unwrap_or(Level::Medium)
}
