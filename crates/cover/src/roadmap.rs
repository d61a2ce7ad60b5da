//! In which order to put a choice to work: what pays most comes first.

use alloc::collections::{BTreeMap, BinaryHeap};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::judge::{Reached, reached};
use crate::task::{Target, Task};

/// One step on the way from nothing to a whole choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Candidates that it adds, in the order in which they pay.
    pub added: Vec<usize>,
    /// Cost of everything up to and with this step.
    pub cost: u64,
    /// Weight of the targets met by everything up to and with this step.
    pub weight: u64,
    /// Targets that it meets, ascending.
    pub met: Vec<usize>,
}

/// Orders `chosen`: next comes what brings most weight nearest to being met for its cost, after what it
/// needs. Every step but the last meets a target; what meets none by itself is a part of the next step.
///
/// Targets that the whole choice does not meet pull nothing. `weights` is by index of the target.
pub fn roadmap(task: &Task, chosen: &[usize], weights: &[u32]) -> Vec<Step> {
    let all = reached(task, chosen.iter().copied());
    let mut way = Way {
        task,
        weights,
        is_wanted: task
            .targets
            .iter()
            .zip(&all)
            .map(|(t, r)| r.meets(t))
            .collect(),
        reached: vec![Reached::default(); task.targets.len()],
        is_left: vec![false; task.candidates.len()],
    };
    for index in chosen {
        way.set_left(*index, true);
    }
    let mut heap: BinaryHeap<Pull> = chosen.iter().map(|index| way.pull(*index)).collect();
    let mut steps = Vec::new();
    let mut step = Step::default();
    while let Some(old) = heap.pop() {
        if !way.is_left(old.candidate) {
            continue;
        }
        let now = way.pull(old.candidate);
        if heap.peek().is_some_and(|next| *next > now) && now != old {
            heap.push(now);
            continue;
        }
        for index in way.bundle(now.candidate) {
            step.cost += way.cost(index);
            step.added.push(index);
            for target in way.put(index) {
                step.weight += u64::from(weights.get(target).copied().unwrap_or(0));
                step.met.push(target);
            }
        }
        if !step.met.is_empty() {
            step.met.sort_unstable();
            let (cost, weight) = (step.cost, step.weight);
            steps.push(core::mem::take(&mut step));
            (step.cost, step.weight) = (cost, weight);
        }
    }
    if !step.added.is_empty() {
        steps.push(step);
    }
    steps
}

struct Way<'t> {
    task: &'t Task,
    weights: &'t [u32],
    is_wanted: Vec<bool>,
    reached: Vec<Reached>,
    /// Whether each candidate is chosen and not there yet.
    is_left: Vec<bool>,
}

impl Way<'_> {
    fn is_left(&self, index: usize) -> bool {
        self.is_left.get(index) == Some(&true)
    }

    fn set_left(&mut self, index: usize, is: bool) {
        if let Some(flag) = self.is_left.get_mut(index) {
            *flag = is;
        }
    }

    fn cost(&self, index: usize) -> u64 {
        self.task
            .candidates
            .get(index)
            .map_or(0, |c| u64::from(c.cost))
    }

    /// A candidate after everything that it needs and that is chosen but not there yet.
    fn bundle(&self, index: usize) -> Vec<usize> {
        let mut bundle = Vec::new();
        let mut stack = vec![index];
        while let Some(next) = stack.pop() {
            if self.is_left(next) && !bundle.contains(&next) {
                bundle.push(next);
                let needs = self
                    .task
                    .candidates
                    .get(next)
                    .map(|c| c.requires.as_slice());
                stack.extend(needs.unwrap_or(&[]));
            }
        }
        bundle.reverse();
        bundle
    }

    fn pull(&self, candidate: usize) -> Pull {
        let bundle = self.bundle(candidate);
        if bundle == [candidate] {
            return self.pull_alone(candidate);
        }
        let mut gains: BTreeMap<usize, Reached> = BTreeMap::new();
        for index in &bundle {
            let Some(candidate) = self.task.candidates.get(*index) else {
                continue;
            };
            for (target, strength) in &candidate.gives {
                let (Some(has), Some(true)) =
                    (self.reached.get(*target), self.is_wanted.get(*target))
                else {
                    continue;
                };
                let gain = gains.entry(*target).or_insert_with(|| has.clone());
                gain.add(candidate.group, *strength);
            }
        }
        let gain = gains
            .iter()
            .map(|(target, after)| self.gain(*target, after));
        Pull {
            gain: gain.sum(),
            cost: bundle.iter().map(|index| self.cost(*index)).sum(),
            candidate,
        }
    }

    /// The same for one that needs nothing else, as most do.
    fn pull_alone(&self, index: usize) -> Pull {
        let candidate = self.task.candidates.get(index);
        let gives = candidate.into_iter().flat_map(|candidate| {
            let group = candidate.group;
            candidate
                .gives
                .iter()
                .map(move |(target, strength)| (*target, group, *strength))
        });
        let gain = gives.map(|(target, group, strength)| {
            let (Some(has), Some(true)) = (self.reached.get(target), self.is_wanted.get(target))
            else {
                return 0;
            };
            let mut after = has.clone();
            after.add(group, strength);
            self.gain(target, &after)
        });
        Pull {
            gain: gain.sum(),
            cost: self.cost(index),
            candidate: index,
        }
    }

    /// How much nearer a target would be, by its weight.
    fn gain(&self, target: usize, after: &Reached) -> u64 {
        let (Some(asks), Some(before)) = (self.task.targets.get(target), self.reached.get(target))
        else {
            return 0;
        };
        let weight = u64::from(self.weights.get(target).copied().unwrap_or(0));
        weight * progress(asks, after).saturating_sub(progress(asks, before))
    }

    /// Puts a candidate; returns the targets that are met now and were not before.
    fn put(&mut self, index: usize) -> Vec<usize> {
        self.set_left(index, false);
        let mut met = Vec::new();
        let Some(candidate) = self.task.candidates.get(index) else {
            return met;
        };
        for (target, strength) in &candidate.gives {
            let (Some(asks), Some(has)) = (
                self.task.targets.get(*target),
                self.reached.get_mut(*target),
            ) else {
                continue;
            };
            let before = has.meets(asks);
            has.add(candidate.group, *strength);
            if !before && has.meets(asks) {
                met.push(*target);
            }
        }
        met
    }
}

/// How near a target is to being met, of 240.
fn progress(asks: &Target, has: &Reached) -> u64 {
    let parts = [
        (has.strength, asks.strength),
        (has.count, asks.count),
        (has.peak, asks.peak),
        (has.groups.count(), asks.groups.number()),
    ];
    let asked = parts.into_iter().filter(|(_, asks)| *asks > 0);
    let done = asked.map(|(has, asks)| 240 * u64::from(has.min(asks)) / u64::from(asks));
    let (sum, count) = done.fold((0, 0), |(sum, count), part| (sum + part, count + 1_u64));
    sum / count.max(1)
}

/// What a candidate closes for its cost; equal only to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pull {
    gain: u64,
    cost: u64,
    candidate: usize,
}

impl Ord for Pull {
    fn cmp(&self, other: &Self) -> Ordering {
        let mine = u128::from(self.gain) * u128::from(other.cost);
        let theirs = u128::from(other.gain) * u128::from(self.cost);
        mine.cmp(&theirs)
            .then(self.gain.cmp(&other.gain))
            .then(other.candidate.cmp(&self.candidate))
    }
}

impl PartialOrd for Pull {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
