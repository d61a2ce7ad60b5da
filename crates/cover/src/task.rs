//! What is asked: targets, candidates, and what goes together with what.

use alloc::vec::Vec;

/// A weighted multi-cover: choose candidates so that each target gets enough, as cheaply as possible.
///
/// Indexes that point nowhere are left out: a strength for a target that is not there counts nothing,
/// and a candidate that needs one that is not there can never be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// What has to be covered.
    pub targets: Vec<Target>,
    /// What can be chosen.
    pub candidates: Vec<Candidate>,
    /// Pairs of candidates of which at most one may be chosen.
    pub conflicts: Vec<(usize, usize)>,
    /// What candidates share.
    pub capacities: Vec<Capacity>,
}

/// Something that needs enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Strength that its chosen candidates give together, at least.
    pub strength: u32,
    /// How many of them there are, at least.
    pub count: u32,
    /// Strength that one of them gives by itself, at least; 0 asks nothing.
    pub peak: u32,
    /// From how many groups they come, at least.
    pub groups: Diversity,
}

impl Target {
    /// A target that asks for strength alone.
    pub const fn strength(strength: u32) -> Self {
        Target {
            strength,
            count: 0,
            peak: 0,
            groups: Diversity::Any,
        }
    }
}

/// From how many different groups something has to come, at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Diversity {
    /// It does not matter.
    #[default]
    Any,
    /// Two.
    Two,
    /// Three.
    Three,
}

impl Diversity {
    /// The same as a number: 0, 2 or 3.
    pub const fn number(self) -> u32 {
        match self {
            Diversity::Any => 0,
            Diversity::Two => 2,
            Diversity::Three => 3,
        }
    }
}

/// Something that can be chosen once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// What it costs.
    pub cost: u32,
    /// Of choices that cost the same, one with less burden is better.
    pub burden: u32,
    /// The group that it belongs to.
    pub group: u32,
    /// Strength that it gives, by index of the target; each target at most once, and more than 0.
    pub gives: Vec<(usize, u32)>,
    /// Candidates without which it cannot be chosen.
    pub requires: Vec<usize>,
    /// Whether there is a choice at all.
    pub standing: Standing,
}

/// Whether there is a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// There is.
    #[default]
    Free,
    /// It has to be chosen.
    Forced,
    /// It must not be chosen.
    Excluded,
}

/// Something that candidates use up together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// How much there is.
    pub limit: u32,
    /// How much each candidate uses; each at most once.
    pub uses: Vec<(usize, u32)>,
}

/// How many steps may still be done; one step looks at one coefficient.
///
/// A limit of steps, unlike one of time, gives the same answer on a slow machine. Some hundred
/// million steps take about a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    left: u64,
}

impl Work {
    /// A limit of `steps`.
    pub const fn new(steps: u64) -> Self {
        Work { left: steps }
    }

    /// Steps that are left.
    pub const fn left(self) -> u64 {
        self.left
    }

    /// Takes a share of what is left, which [`give_back`](Self::give_back) may return in part.
    pub const fn take(&mut self, steps: u64) -> Work {
        let steps = if steps < self.left { steps } else { self.left };
        self.left -= steps;
        Work { left: steps }
    }

    /// Puts back what of a share was not used.
    pub const fn give_back(&mut self, share: Work) {
        self.left = self.left.saturating_add(share.left);
    }

    pub(crate) const fn spend(&mut self, steps: u64) {
        self.left = self.left.saturating_sub(steps);
    }

    pub(crate) const fn is_spent(self) -> bool {
        self.left == 0
    }
}
