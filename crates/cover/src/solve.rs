//! From a task to a choice, its cost, its bound, and what stays open.

use alloc::vec::Vec;

use crate::greedy::Choice;
use crate::judge::{Reached, Violation, reached, violations};
use crate::presolve::{Part, Reduced, reduce};
use crate::program::{Aim, Program, conditions, demands};
use crate::search::{Found, at_once, best};
use crate::shortage::{Shortage, shortages};
use crate::state::Value;
use crate::task::{Task, Work};

/// What was chosen, and how good it is.
///
/// No chosen candidate can be taken away, other than the forced ones of the task, without opening a
/// target further or leaving another candidate without what it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Indexes of the chosen candidates, ascending.
    pub chosen: Vec<usize>,
    /// Those among them that every choice must contain.
    pub forced: Vec<usize>,
    /// Sum of the costs.
    pub cost: u64,
    /// No choice that covers as much costs less than this.
    pub lower_bound: u64,
    /// Targets that the choice does not meet, by index.
    pub open: Vec<Open>,
    /// Whether it is proven that no choice misses less than this one does.
    pub misses_least: bool,
    /// Conditions among forced candidates that cannot be kept.
    pub violations: Vec<Violation>,
}

impl Cover {
    /// Whether no choice that covers as much costs less.
    pub fn is_optimal(&self) -> bool {
        self.misses_least && self.cost == self.lower_bound
    }
}

/// A target that the choice does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Its index.
    pub target: usize,
    /// What the choice gives it.
    pub reached: Reached,
    /// What it would get from everything that may be chosen at all, whatever that costs or excludes.
    pub reachable: Reached,
}

/// Chooses at once: by cost for strength, without what turns out to be spare. The bound is a weak one.
///
/// See [`solve`] for what is chosen when not everything can be had.
pub fn greedy(task: &Task) -> Cover {
    run(task, &mut Work::new(u64::MAX), false)
}

/// Chooses as cheaply as possible, and goes on until that is proven or `work` is spent.
///
/// Where everything that may be chosen gives a target less than it asks for, that much is aimed at.
/// What conflicts and capacities leave missing is kept as small as possible, before any cost counts.
pub fn solve(task: &Task, work: &mut Work) -> Cover {
    run(task, work, true)
}

fn run(task: &Task, work: &mut Work, exactly: bool) -> Cover {
    let costs = task.candidates.iter().map(|c| i64::from(c.cost));
    let (mut program, mut values) = conditions(task, costs);
    let side_rows = program.rows.len();
    demands(task, &mut program, &mut values, Aim::Reachable, &|_| 0);
    let Shortage { price, some } = shortages(&mut program, &mut values, side_rows, work);
    let mut whole = settle(&program, &values, work, exactly);
    if !Choice::new(&program, whole.is_in.clone()).is_complete() {
        let is_kept: Vec<bool> = values.iter().map(|value| *value == Value::In).collect();
        let mut choice = Choice::new(&program, some);
        choice.trim(&is_kept);
        whole.is_in = choice.is_in;
    }
    let count = task.candidates.len();
    let chosen: Vec<usize> = (0..count)
        .filter(|index| whole.is_in.get(*index) == Some(&true))
        .collect();
    let total = program.cost_of(&whole.is_in);
    let (missing, cost) = (total.div_euclid(price), total.rem_euclid(price));
    let misses_least = whole.bound.div_euclid(price) >= missing;
    let lower_bound = match misses_least {
        true => whole.bound - missing * price,
        false => 0,
    };
    let unsigned = |value: i64| u64::try_from(value).unwrap_or(0);
    Cover {
        forced: whole.forced.into_iter().filter(|i| *i < count).collect(),
        cost: unsigned(cost),
        lower_bound: unsigned(lower_bound.min(cost)),
        open: open(task, &chosen, &values),
        misses_least,
        violations: violations(task, &chosen),
        chosen,
    }
}

/// A choice for a whole program.
pub(crate) struct Whole {
    pub(crate) is_in: Vec<bool>,
    pub(crate) forced: Vec<usize>,
    pub(crate) bound: i64,
}

/// Decides every part: all of them at once first, then each as well as work allows.
pub(crate) fn settle(program: &Program, values: &[Value], work: &mut Work, exactly: bool) -> Whole {
    let is_kept: Vec<bool> = values.iter().map(|value| *value == Value::In).collect();
    let Some(reduced) = reduce(program, values, work) else {
        // Only a program without columns for what is missing can get here; nothing beyond what is
        // forced keeps its rows.
        return Whole {
            forced: Vec::new(),
            bound: 0,
            is_in: is_kept,
        };
    };
    let Reduced {
        forced,
        chosen: mut is_in,
        parts,
    } = reduced;
    let mut bound = program.cost_of(&is_in);
    let quick = |part: &Part| at_once(part, &mut Work::new(u64::MAX));
    let mut found: Vec<Option<Found>> = parts.iter().map(quick).collect();
    // The smallest first: what they leave of their share goes to the larger ones.
    let size = |part: &Part| {
        part.program
            .rows
            .iter()
            .map(|row| row.entries.len())
            .sum::<usize>()
    };
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|index| (parts.get(*index).map_or(0, size), *index));
    let mut left: usize = parts.iter().map(size).sum();
    for index in order {
        let (Some(part), Some(found)) = (parts.get(index), found.get_mut(index)) else {
            continue;
        };
        let size = size(part);
        let fair = u128::from(work.left()) * size as u128 / (left.max(1) as u128);
        left -= size.min(left);
        let mut share = match exactly {
            true => work.take(u64::try_from(fair).unwrap_or(u64::MAX)),
            false => Work::new(1),
        };
        *found = best(part, found.take(), &mut share);
        if exactly {
            work.give_back(share);
        }
    }
    for (part, found) in parts.iter().zip(&found) {
        let Some(found) = found else { continue };
        bound += found.bound;
        for (column, _) in part.columns.iter().zip(&found.is_in).filter(|(_, is)| **is) {
            if let Some(flag) = is_in.get_mut(*column) {
                *flag = true;
            }
        }
    }
    let mut choice = Choice::new(program, is_in);
    choice.trim(&is_kept);
    Whole {
        is_in: choice.is_in,
        forced,
        bound,
    }
}

fn open(task: &Task, chosen: &[usize], values: &[Value]) -> Vec<Open> {
    let possible = (0..task.candidates.len()).filter(|i| values.get(*i) != Some(&Value::Out));
    let most = reached(task, possible);
    let has = reached(task, chosen.iter().copied());
    let all = task.targets.iter().zip(has.into_iter().zip(most));
    all.enumerate()
        .filter(|(_, (target, (has, _)))| !has.meets(target))
        .map(|(target, (_, (reached, reachable)))| Open {
            target,
            reached,
            reachable,
        })
        .collect()
}
