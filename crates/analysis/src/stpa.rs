//! The control structure: losses, hazards, and unsafe control actions with the flows that carry them.

use serde::Serialize;

use crate::language::Text;
use crate::model::{Model, Stride, UnsafeKind};
use crate::stride::Threat;

/// One unsafe control action, with everything it hangs on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnsafeAction {
    /// Id in the model.
    pub id: String,
    /// Statement.
    pub text: Text,
    /// Which of the four kinds.
    pub kind: UnsafeKind,
    /// Control action.
    pub action: String,
    /// Controller that acts.
    pub controller: String,
    /// Component under control.
    pub process: String,
    /// Flow that carries the action.
    pub flow: String,
    /// Flows that bring back what happened.
    pub feedback: Vec<String>,
    /// Hazards it leads to.
    pub hazards: Vec<Statement>,
    /// Losses those lead to.
    pub losses: Vec<Statement>,
    /// How an attacker could bring it about.
    pub stride: Vec<Stride>,
    /// STRIDE threats to the flow that carries the action, of those kinds.
    pub threats: Vec<String>,
}

/// A hazard or a loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Id in the model.
    pub id: String,
    /// What it says.
    pub text: Text,
}

/// The unsafe control actions of a model, by id.
pub fn unsafe_actions(model: &Model, threats: &[Threat]) -> Vec<UnsafeAction> {
    let actions = model.unsafe_control_actions.iter();
    actions
        .filter_map(|(id, uca)| {
            let action = model.control_actions.get(&uca.action)?;
            let controller = model.controllers.get(&action.controller)?;
            let hazards = || {
                uca.hazards
                    .iter()
                    .filter_map(|id| Some((id, model.hazards.get(id)?)))
            };
            let mut losses: Vec<&String> = hazards().flat_map(|(_, h)| &h.losses).collect();
            losses.sort();
            losses.dedup();
            Some(UnsafeAction {
                id: id.clone(),
                text: uca.text.clone(),
                kind: uca.kind,
                action: uca.action.clone(),
                controller: action.controller.clone(),
                process: controller.process.clone(),
                flow: action.flow.clone(),
                feedback: action.feedback.iter().cloned().collect(),
                hazards: hazards()
                    .map(|(id, hazard)| Statement {
                        id: id.clone(),
                        text: hazard.text.clone(),
                    })
                    .collect(),
                losses: losses
                    .into_iter()
                    .filter_map(|id| {
                        Some(Statement {
                            id: id.clone(),
                            text: model.losses.get(id)?.text.clone(),
                        })
                    })
                    .collect(),
                stride: uca.stride.iter().copied().collect(),
                threats: threats
                    .iter()
                    .filter(|t| t.element == action.flow && uca.stride.contains(&t.stride))
                    .map(|t| t.id.clone())
                    .collect(),
            })
        })
        .collect()
}
