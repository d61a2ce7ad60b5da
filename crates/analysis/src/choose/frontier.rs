//! What each unit of cost closes: the choice in the order in which it pays most.

use std::sync::Arc;

use sekimori_cover::roadmap;
use serde::Serialize;

use super::Method;
use super::targets::{Question, Wanted};
use crate::model::Level;

/// One step on the way from nothing to the whole choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Picks that this step adds, by id.
    pub picks: Vec<Arc<str>>,
    /// Points spent when this step is done.
    pub cost: u64,
    /// Risk weight closed when this step is done.
    pub closed: u64,
    /// The same in percent of the weight of all targets, rounded down.
    pub share: u32,
    /// Targets that this step closes, by id.
    pub targets: Vec<Arc<str>>,
}

/// How much closing a target counts (own judgement): twice as much for each level; a mandatory item
/// of a requirement set counts as a high risk, a promise of the model as a medium one.
pub(super) fn weight(method: Method, risk: Option<Level>) -> u32 {
    match (risk, method) {
        (Some(Level::Critical), _) => 8,
        (Some(Level::High), _) | (None, Method::Regime) => 4,
        (Some(Level::Medium), _) | (None, _) => 2,
        (Some(Level::Low), _) => 1,
        (Some(Level::None), _) => 0,
    }
}

/// The choice in steps, each of which closes something.
pub(super) fn steps(
    wanted: &Wanted<'_>,
    question: &Question<'_, '_>,
    chosen: &[usize],
) -> Vec<Step> {
    let weights = wanted.weights();
    let all: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let name = |index: &usize| question.name(*index).cloned();
    let id = |index: &usize| wanted.targets.get(*index).map(|t| Arc::clone(&t.id));
    roadmap(&question.task, chosen, &weights)
        .into_iter()
        .map(|step| Step {
            picks: step.added.iter().filter_map(name).collect(),
            targets: step.met.iter().filter_map(id).collect(),
            cost: step.cost,
            closed: step.weight,
            share: percent(step.weight, all),
        })
        .collect()
}

/// Rounded down; the whole of nothing is all of it.
pub(super) fn percent(part: u64, whole: u64) -> u32 {
    let share = (part * 100).checked_div(whole).unwrap_or(100);
    u32::try_from(share).unwrap_or(100)
}
