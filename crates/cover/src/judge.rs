//! What a choice reaches and what it breaks, straight from the task: the search is not trusted.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use crate::task::{Standing, Target, Task};

/// What a choice gives one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Strength of all its chosen candidates.
    pub strength: u32,
    /// How many they are.
    pub count: u32,
    /// Strength of the strongest.
    pub peak: u32,
    /// Groups that they come from.
    pub groups: Groups,
}

/// A set of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// Those below 64, a bit for each: a set of few groups needs no allocation.
    few: u64,
    others: BTreeSet<u32>,
}

impl Groups {
    /// How many they are.
    pub fn count(&self) -> u32 {
        let others = u32::try_from(self.others.len()).unwrap_or(u32::MAX);
        self.few.count_ones().saturating_add(others)
    }

    fn insert(&mut self, group: u32) {
        match 1_u64.checked_shl(group) {
            Some(bit) => self.few |= bit,
            None => {
                self.others.insert(group);
            }
        }
    }
}

impl Reached {
    /// Counts one more candidate.
    pub fn add(&mut self, group: u32, strength: u32) {
        if strength > 0 {
            self.strength = self.strength.saturating_add(strength);
            self.count = self.count.saturating_add(1);
            self.peak = self.peak.max(strength);
            self.groups.insert(group);
        }
    }

    /// Whether that is enough for `target`.
    pub fn meets(&self, target: &Target) -> bool {
        self.strength >= target.strength
            && self.count >= target.count
            && self.peak >= target.peak
            && self.groups.count() >= target.groups.number()
    }
}

/// What a choice gives each target.
pub fn reached(task: &Task, chosen: impl IntoIterator<Item = usize>) -> Vec<Reached> {
    let mut reached = vec![Reached::default(); task.targets.len()];
    for candidate in chosen.into_iter().filter_map(|i| task.candidates.get(i)) {
        for (target, strength) in &candidate.gives {
            if let Some(reached) = reached.get_mut(*target) {
                reached.add(candidate.group, *strength);
            }
        }
    }
    reached
}

/// A condition of the task that a choice does not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// A candidate was chosen without one that it needs.
    Missing {
        /// Who needs.
        candidate: usize,
        /// Who is needed.
        needs: usize,
    },
    /// Two candidates were chosen that exclude each other.
    Conflict(usize, usize),
    /// More was used than there is.
    Overused {
        /// Index of the capacity.
        capacity: usize,
        /// How much more than its limit.
        by: u64,
    },
    /// A forced candidate was not chosen.
    LeftOut(usize),
    /// An excluded candidate was chosen.
    LetIn(usize),
}

/// Every condition that `chosen` does not keep, whatever it covers.
pub fn violations(task: &Task, chosen: &[usize]) -> Vec<Violation> {
    let mut is_chosen = vec![false; task.candidates.len()];
    for index in chosen {
        if let Some(flag) = is_chosen.get_mut(*index) {
            *flag = true;
        }
    }
    let has = |index: &usize| is_chosen.get(*index) == Some(&true);
    let mut found = Vec::new();
    for (index, candidate) in task.candidates.iter().enumerate() {
        match (candidate.standing, has(&index)) {
            (Standing::Forced, false) => found.push(Violation::LeftOut(index)),
            (Standing::Excluded, true) => found.push(Violation::LetIn(index)),
            _ => {}
        }
        if has(&index) {
            let missing = candidate.requires.iter().filter(|n| !has(n));
            found.extend(missing.map(|needs| Violation::Missing {
                candidate: index,
                needs: *needs,
            }));
        }
    }
    for (a, b) in &task.conflicts {
        if a != b && has(a) && has(b) {
            found.push(Violation::Conflict(*a, *b));
        }
    }
    for (index, capacity) in task.capacities.iter().enumerate() {
        let users = capacity.uses.iter().filter(|(user, _)| has(user));
        let used: u64 = users.map(|(_, amount)| u64::from(*amount)).sum();
        if used > u64::from(capacity.limit) {
            found.push(Violation::Overused {
                capacity: index,
                by: used - u64::from(capacity.limit),
            });
        }
    }
    found
}
