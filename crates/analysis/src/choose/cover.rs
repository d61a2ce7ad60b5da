//! The cheapest set that gives every target the strength it needs: forced picks, greedy, reverse deletion.
//!
//! The result is feasible and minimal (no single pick can be taken away), and comes with a lower bound, so
//! that the gap to the optimum is known. It is not always the optimum.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A weighted multi-cover: choose candidates so that each target gets its demand, as cheaply as possible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// Strength that each target needs.
    pub demand: Vec<u32>,
    /// What can be chosen.
    pub candidates: Vec<Candidate>,
}

/// Something that can be chosen once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// What it costs.
    pub cost: u32,
    /// Strength that it gives, by index of the target; each target at most once.
    pub gives: Vec<(usize, u32)>,
}

/// A feasible and minimal choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Indexes of the chosen candidates, ascending.
    pub chosen: Vec<usize>,
    /// Those among them that every choice must contain.
    pub forced: Vec<usize>,
    /// Sum of the costs.
    pub cost: u64,
    /// No choice costs less than this.
    pub lower_bound: u64,
}

/// Chooses. Where all candidates together give a target less than its demand, that much is aimed at.
pub fn solve(task: &Task) -> Cover {
    let demand = reachable(task);
    let mut residual = demand.clone();
    let forced = forced(task, &demand);
    let mut picked = vec![false; task.candidates.len()];
    for index in &forced {
        take(task, *index, &mut picked, &mut residual);
    }
    let forced_cost = cost(task, &picked);
    let lower_bound = forced_cost + bound(task, &picked, &residual);

    let order = greedy(task, &mut picked, &mut residual);
    delete(task, &demand, &mut picked, &order);
    improve(task, &demand, &forced, &mut picked);

    let cost = cost(task, &picked);
    Cover {
        chosen: indexes(&picked),
        forced,
        cost,
        // Both are whole numbers of points, and the bound never exceeds what was found.
        lower_bound: lower_bound.min(cost),
    }
}

/// What the given choice still lacks, by target.
pub fn lacking(task: &Task, chosen: &[usize]) -> Vec<u32> {
    let mut residual = reachable(task);
    let mut picked = vec![false; task.candidates.len()];
    for index in chosen {
        take(task, *index, &mut picked, &mut residual);
    }
    residual
}

/// Demand, but no more than all candidates give together.
fn reachable(task: &Task) -> Vec<u32> {
    let mut offered = vec![0_u32; task.demand.len()];
    for candidate in &task.candidates {
        for (target, strength) in &candidate.gives {
            if let Some(offered) = offered.get_mut(*target) {
                *offered = offered.saturating_add(*strength);
            }
        }
    }
    let both = task.demand.iter().zip(offered);
    both.map(|(demand, offered)| (*demand).min(offered))
        .collect()
}

/// Candidates without which some target falls short, and those that cost nothing.
fn forced(task: &Task, demand: &[u32]) -> Vec<usize> {
    let mut offered = vec![0_u32; demand.len()];
    for candidate in &task.candidates {
        for (target, strength) in &candidate.gives {
            if let Some(offered) = offered.get_mut(*target) {
                *offered = offered.saturating_add(*strength);
            }
        }
    }
    let is_forced = |candidate: &Candidate| {
        candidate.gives.iter().any(|(target, strength)| {
            let offered = offered.get(*target).copied().unwrap_or(0);
            let demand = demand.get(*target).copied().unwrap_or(0);
            demand > 0 && offered.saturating_sub(*strength) < demand
        })
    };
    let candidates = task.candidates.iter().enumerate();
    candidates
        .filter(|(_, candidate)| is_forced(candidate))
        .map(|(index, _)| index)
        .collect()
}

fn take(task: &Task, index: usize, picked: &mut [bool], residual: &mut [u32]) {
    if let Some(flag) = picked.get_mut(index) {
        *flag = true;
    }
    for (target, strength) in gives(task, index) {
        if let Some(left) = residual.get_mut(*target) {
            *left = left.saturating_sub(*strength);
        }
    }
}

/// Takes the candidate that gives most for its cost, the first among equals, until nothing is missing.
///
/// What a candidate gives can only shrink while others are taken, so an old figure that is still the
/// best after it was looked at again needs no comparison with the rest.
fn greedy(task: &Task, picked: &mut [bool], residual: &mut [u32]) -> Vec<usize> {
    let gain = |index: usize, residual: &[u32]| -> u64 {
        let useful = gives(task, index).iter().map(|(target, strength)| {
            u64::from((*strength).min(residual.get(*target).copied().unwrap_or(0)))
        });
        useful.sum()
    };
    let worth = |index: usize, residual: &[u32]| Worth {
        gain: gain(index, residual),
        cost: u64::from(cost_of(task, index)),
        index,
    };
    let mut heap: BinaryHeap<Worth> = (0..task.candidates.len())
        .filter(|index| !picked.get(*index).copied().unwrap_or(true))
        .map(|index| worth(index, residual))
        .filter(|worth| worth.gain > 0)
        .collect();
    let mut order = Vec::new();
    while let Some(old) = heap.pop() {
        let now = worth(old.index, residual);
        if now.gain == 0 {
            continue;
        }
        if heap.peek().is_some_and(|next| *next > now) {
            heap.push(now);
            continue;
        }
        take(task, now.index, picked, residual);
        order.push(now.index);
    }
    order
}

/// What a candidate gives for its cost; equal only to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Worth {
    gain: u64,
    cost: u64,
    index: usize,
}

impl Ord for Worth {
    fn cmp(&self, other: &Self) -> Ordering {
        let mine = self.gain.saturating_mul(other.cost);
        let theirs = other.gain.saturating_mul(self.cost);
        mine.cmp(&theirs).then(other.index.cmp(&self.index))
    }
}

impl PartialOrd for Worth {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Most candidates for which single picks are tried against others.
const MAX_IMPROVED: usize = 2_000;
/// Most exchanges.
const MAX_EXCHANGES: usize = 200;

/// Exchanges one pick for others wherever that is cheaper.
fn improve(task: &Task, demand: &[u32], forced: &[usize], picked: &mut Vec<bool>) {
    if task.candidates.len() > MAX_IMPROVED {
        return;
    }
    for _ in 0..MAX_EXCHANGES {
        let before = cost(task, picked);
        let cheaper = indexes(picked).into_iter().find_map(|removed| {
            if forced.binary_search(&removed).is_ok() {
                return None;
            }
            // The removed one counts as taken, so that greedy leaves it alone.
            let mut trial = vec![false; picked.len()];
            let mut residual = demand.to_vec();
            for index in indexes(picked).into_iter().filter(|i| *i != removed) {
                take(task, index, &mut trial, &mut residual);
            }
            let mut blocked = trial.clone();
            if let Some(flag) = blocked.get_mut(removed) {
                *flag = true;
            }
            let added = greedy(task, &mut blocked, &mut residual);
            if residual.iter().any(|left| *left > 0) {
                return None;
            }
            for index in added {
                if let Some(flag) = trial.get_mut(index) {
                    *flag = true;
                }
            }
            let order = indexes(&trial);
            delete(task, demand, &mut trial, &order);
            (cost(task, &trial) < before).then_some(trial)
        });
        match cheaper {
            Some(better) => *picked = better,
            None => return,
        }
    }
}

/// Takes away what is not needed, dearest and latest first.
fn delete(task: &Task, demand: &[u32], picked: &mut [bool], order: &[usize]) {
    let mut given = vec![0_u32; demand.len()];
    for index in indexes(picked) {
        for (target, strength) in gives(task, index) {
            if let Some(given) = given.get_mut(*target) {
                *given = given.saturating_add(*strength);
            }
        }
    }
    let mut order: Vec<usize> = order.iter().rev().copied().collect();
    order.sort_by_key(|index| std::cmp::Reverse(cost_of(task, *index)));
    for index in order {
        let is_spare = gives(task, index).iter().all(|(target, strength)| {
            let given = given.get(*target).copied().unwrap_or(0);
            given.saturating_sub(*strength) >= demand.get(*target).copied().unwrap_or(0)
        });
        if !is_spare {
            continue;
        }
        if let Some(flag) = picked.get_mut(index) {
            *flag = false;
        }
        for (target, strength) in gives(task, index) {
            if let Some(given) = given.get_mut(*target) {
                *given = given.saturating_sub(*strength);
            }
        }
    }
}

/// Fractions of a point in the dual.
const SCALE: u64 = 1 << 20;

/// A lower bound of what covers `residual`, by raising a feasible dual in several orders.
fn bound(task: &Task, picked: &[bool], residual: &[u32]) -> u64 {
    let mut by_target: Vec<Vec<(usize, u32)>> = vec![Vec::new(); residual.len()];
    for (index, candidate) in task.candidates.iter().enumerate() {
        if picked.get(index).copied().unwrap_or(true) {
            continue;
        }
        for (target, strength) in &candidate.gives {
            let left = residual.get(*target).copied().unwrap_or(0);
            let useful = (*strength).min(left);
            if useful > 0
                && let Some(list) = by_target.get_mut(*target)
            {
                list.push((index, useful));
            }
        }
    }
    let forward: Vec<usize> = (0..residual.len()).collect();
    let backward: Vec<usize> = forward.iter().rev().copied().collect();
    let mut scarce = forward.clone();
    scarce.sort_by_key(|target| by_target.get(*target).map_or(0, Vec::len));
    let mut dear = forward.clone();
    dear.sort_by_key(|target| {
        let list = by_target.get(*target).map_or(&[][..], Vec::as_slice);
        let cheapest = list.iter().map(|(index, _)| cost_of(task, *index)).min();
        std::cmp::Reverse(cheapest.unwrap_or(0))
    });
    [forward, backward, scarce, dear]
        .iter()
        .map(|order| ascend(task, &by_target, residual, order))
        .max()
        .unwrap_or(0)
}

fn ascend(task: &Task, by_target: &[Vec<(usize, u32)>], residual: &[u32], order: &[usize]) -> u64 {
    let mut slack: Vec<u64> = task
        .candidates
        .iter()
        .map(|candidate| u64::from(candidate.cost).saturating_mul(SCALE))
        .collect();
    let mut total = 0_u64;
    for target in order {
        let list = by_target.get(*target).map_or(&[][..], Vec::as_slice);
        let price = list
            .iter()
            .map(|(index, strength)| {
                slack.get(*index).copied().unwrap_or(0) / u64::from((*strength).max(1))
            })
            .min()
            .unwrap_or(0);
        if price == 0 {
            continue;
        }
        for (index, strength) in list {
            if let Some(slack) = slack.get_mut(*index) {
                *slack = slack.saturating_sub(price.saturating_mul(u64::from(*strength)));
            }
        }
        let demand = u64::from(residual.get(*target).copied().unwrap_or(0));
        total = total.saturating_add(price.saturating_mul(demand));
    }
    // The dual is feasible although prices are rounded down; costs are whole, so the bound may be, too.
    total.div_ceil(SCALE)
}

fn gives(task: &Task, index: usize) -> &[(usize, u32)] {
    task.candidates
        .get(index)
        .map_or(&[], |candidate| candidate.gives.as_slice())
}

fn cost_of(task: &Task, index: usize) -> u32 {
    task.candidates.get(index).map_or(0, |c| c.cost)
}

fn cost(task: &Task, picked: &[bool]) -> u64 {
    indexes(picked)
        .into_iter()
        .map(|index| u64::from(cost_of(task, index)))
        .sum()
}

fn indexes(picked: &[bool]) -> Vec<usize> {
    let flags = picked.iter().enumerate();
    flags
        .filter(|(_, flag)| **flag)
        .map(|(index, _)| index)
        .collect()
}
