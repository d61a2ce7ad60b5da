//! The most that a budget can close.

use alloc::vec::Vec;

use crate::judge::reached;
use crate::program::{Aim, conditions, demands};
use crate::solve::settle;
use crate::task::{Task, Work};

/// What fits a budget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Within {
    /// Indexes of the chosen candidates, ascending; what is forced is among them even where it costs
    /// more than the budget.
    pub chosen: Vec<usize>,
    /// Sum of their costs.
    pub cost: u64,
    /// Weight of the targets that they meet.
    pub weight: u64,
    /// No choice within the budget meets more weight than this.
    pub upper_bound: u64,
}

/// Meets as much weight as `budget` allows, at the least cost for that; proven as far as `work` lasts.
///
/// `weights` counts each target by its index; one without a weight counts nothing.
pub fn within(task: &Task, budget: u64, weights: &[u32], work: &mut Work) -> Within {
    let costs = task.candidates.iter().map(|c| i64::from(c.cost));
    let (mut program, mut values) = conditions(task, costs);
    let count = task.candidates.len();
    let all: i64 = program.costs.iter().sum();
    let price = all + 1;
    let weight_of = |index: usize| i64::from(weights.get(index).copied().unwrap_or(0));
    let given_up = demands(
        task,
        &mut program,
        &mut values,
        Aim::AllOrNothing,
        &|index| weight_of(index) * price,
    );
    let forced: i64 = (0..count)
        .filter(|i| values.get(*i) == Some(&crate::state::Value::In))
        .map(|index| program.costs.get(index).copied().unwrap_or(0))
        .sum();
    let limit = i64::try_from(budget).unwrap_or(i64::MAX).max(forced);
    if all > limit {
        let costs = program.costs.clone();
        let costs = costs.into_iter().take(count).enumerate();
        program.add_row(-limit, costs.map(|(index, cost)| (index, -cost)));
    }
    let whole = settle(&program, &values, work, true);
    let chosen: Vec<usize> = (0..count)
        .filter(|index| whole.is_in.get(*index) == Some(&true))
        .collect();
    let has = reached(task, chosen.iter().copied());
    let all_targets = task.targets.iter().zip(&has).enumerate();
    let met = all_targets.filter(|(_, (target, has))| has.meets(target));
    let weight: u64 = met
        .map(|(i, _)| u64::from(weights.get(i).copied().unwrap_or(0)))
        .sum();
    let reachable: i64 = given_up
        .iter()
        .enumerate()
        .filter(|(_, column)| column.is_some())
        .map(|(index, _)| weight_of(index))
        .sum();
    // The bound counts what must be given up at least, in whole weights.
    let upper = reachable - whole.bound.div_euclid(price);
    let cost = chosen
        .iter()
        .filter_map(|index| task.candidates.get(*index));
    Within {
        cost: cost.map(|candidate| u64::from(candidate.cost)).sum(),
        chosen,
        weight,
        upper_bound: u64::try_from(upper).unwrap_or(0).max(weight),
    }
}
