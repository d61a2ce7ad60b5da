//! The cheapest set that gives every target enough: a weighted 0-1 multi-cover with side conditions.
//!
//! A [`Task`] names targets and candidates. Each candidate costs something and gives strength to some
//! targets; a target may also ask for several candidates, for one that is strong by itself, and for
//! candidates of different groups. Candidates may need others, exclude others, and share capacities.
//! [`greedy`] answers at once; [`solve`] goes on to the proven optimum as long as its [`Work`] lasts;
//! [`within`] closes as much weight as a budget allows; [`roadmap`] orders a choice by what pays most.
//!
//! ```
//! use sekimori_cover::{Candidate, Task, Target, Work, solve};
//!
//! let candidate = |cost, gives: &[(usize, u32)]| Candidate { cost, gives: gives.to_vec(), ..Candidate::default() };
//! let task = Task {
//!     targets: vec![Target::strength(1), Target::strength(2)],
//!     candidates: vec![candidate(3, &[(0, 1)]), candidate(4, &[(0, 1), (1, 2)])],
//!     ..Task::default()
//! };
//! let cover = solve(&task, &mut Work::new(1_000_000));
//! assert_eq!((cover.chosen, cover.cost, cover.lower_bound), (vec![1], 4, 4));
//! ```
//!
//! # How
//!
//! Everything becomes rows `Σ a·x ≥ b` over 0-1 columns: a demand, "one from outside of these groups",
//! a prerequisite (`needed − needing ≥ 0`), a conflict, a capacity. Rows are propagated; dominated
//! columns and rows go; what falls apart is solved in parts. A linear program by the dual simplex method
//! proposes multipliers, or climbing does where a part is too large for that. Bounds are Lagrangian: any
//! multipliers that are not negative give a true bound, and they are whole numbers of 1/4096 of a unit of
//! cost, so that no rounding can make a bound untrue and the same task gives the same answer on every
//! machine.
//!
//! # What this crate refuses to know
//!
//! Threats, countermeasures, money, and time: the limit is a count of steps ([`Work`]), never a clock.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bound;
mod branching;
mod budget;
mod greedy;
mod judge;
mod presolve;
mod program;
mod roadmap;
mod search;
mod shortage;
mod simplex;
mod solve;
mod state;
mod task;

pub use budget::{Within, within};
pub use judge::{Groups, Reached, Violation, reached, violations};
pub use roadmap::{Step, roadmap};
pub use solve::{Cover, Open, greedy, solve};
pub use task::{Candidate, Capacity, Diversity, Standing, Target, Task, Work};
