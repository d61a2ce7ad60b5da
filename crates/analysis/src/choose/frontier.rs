//! What each unit of cost closes: the choice in the order in which it pays most.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Method, Pick, Target};
use crate::model::Level;

/// One step on the way from nothing to the whole choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Picks that this step adds, by id.
    pub picks: Vec<String>,
    /// Points spent when this step is done.
    pub cost: u64,
    /// Risk weight closed when this step is done.
    pub closed: u64,
    /// The same in percent of the weight of all targets, rounded down.
    pub share: u32,
    /// Targets that this step closes, by id.
    pub targets: Vec<String>,
}

/// How much closing a target counts (own judgement): twice as much for each level; a mandatory item
/// of a requirement set counts as a high risk, a promise of the model as a medium one.
pub(super) fn weight(method: Method, risk: Option<Level>) -> u64 {
    match (risk, method) {
        (Some(Level::Critical), _) => 8,
        (Some(Level::High), _) | (None, Method::Regime) => 4,
        (Some(Level::Medium), _) | (None, _) => 2,
        (Some(Level::Low), _) => 1,
        (Some(Level::None), _) => 0,
    }
}

/// Orders the picks: next comes what brings most risk nearest to closed for its cost.
///
/// A pick that closes nothing by itself is shown together with the next ones, so that each step closes something.
pub(super) fn steps(targets: &[Target], picks: &[Pick]) -> Vec<Step> {
    let wanted: BTreeMap<&str, &Target> = targets.iter().map(|t| (t.id.as_str(), t)).collect();
    let all: u64 = targets.iter().map(|t| weight(t.method, t.risk)).sum();
    let mut missing: BTreeMap<&str, u32> = targets
        .iter()
        .filter(|target| target.state == super::State::Closed)
        .map(|target| (target.id.as_str(), target.need))
        .collect();
    let mut left: BTreeSet<usize> = (0..picks.len()).collect();
    let mut steps = Vec::new();
    let mut step = Step::default();
    while let Some(next) = best(&left, picks, &wanted, &missing) {
        left.remove(&next);
        let Some(pick) = picks.get(next) else { break };
        step.picks.push(pick.id.clone());
        step.cost += u64::from(pick.cost);
        for id in &pick.helps {
            let Some(lack) = missing.get_mut(id.as_str()).filter(|lack| **lack > 0) else {
                continue;
            };
            *lack = lack.saturating_sub(pick.strength);
            if *lack == 0 {
                step.closed += wanted
                    .get(id.as_str())
                    .map_or(0, |t| weight(t.method, t.risk));
                step.targets.push(id.clone());
            }
        }
        if !step.targets.is_empty() || left.is_empty() {
            step.share = percent(step.closed, all);
            let (cost, closed, share) = (step.cost, step.closed, step.share);
            steps.push(std::mem::replace(
                &mut step,
                Step {
                    cost,
                    closed,
                    share,
                    ..Step::default()
                },
            ));
        }
    }
    steps
}

/// The pick with most progress for its cost; the first among equals.
fn best(
    left: &BTreeSet<usize>,
    picks: &[Pick],
    wanted: &BTreeMap<&str, &Target>,
    missing: &BTreeMap<&str, u32>,
) -> Option<usize> {
    let progress = |pick: &Pick| -> u64 {
        let helped = pick.helps.iter().filter_map(|id| {
            let lack = *missing.get(id.as_str())?;
            let target = wanted.get(id.as_str())?;
            let useful = u64::from(lack.min(pick.strength));
            Some(weight(target.method, target.risk) * 60 * useful / u64::from(target.need.max(1)))
        });
        helped.sum()
    };
    let mut best: Option<(usize, u64, u64)> = None;
    for index in left {
        let Some(pick) = picks.get(*index) else {
            continue;
        };
        let (gain, cost) = (progress(pick), u64::from(pick.cost));
        let is_better = best.is_none_or(|(_, most, at)| gain * at > most * cost);
        if is_better {
            best = Some((*index, gain, cost));
        }
    }
    best.map(|(index, ..)| index)
}

fn percent(part: u64, whole: u64) -> u32 {
    let share = (part * 100).checked_div(whole).unwrap_or(100);
    u32::try_from(share).unwrap_or(100)
}
