//! Answers at once: what gives most for its cost, then away with what is not needed, then exchanges.

#![expect(
    clippy::indexing_slicing,
    reason = "tables have one entry for each row or column of the program, whose indexes are in range"
)]

use alloc::collections::BinaryHeap;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};

use crate::program::Program;
use crate::task::Work;

/// A choice that grows and shrinks, with what each row has.
#[derive(Clone)]
pub(crate) struct Choice<'p> {
    program: &'p Program,
    pub(crate) is_in: Vec<bool>,
    activity: Vec<i64>,
}

impl<'p> Choice<'p> {
    pub(crate) fn new(program: &'p Program, is_in: Vec<bool>) -> Self {
        Choice {
            activity: program.activity(&is_in),
            program,
            is_in,
        }
    }

    pub(crate) fn cost(&self) -> i64 {
        self.program.cost_of(&self.is_in)
    }

    /// Whether every row holds.
    pub(crate) fn is_complete(&self) -> bool {
        let rows = self.program.rows.iter().zip(&self.activity);
        rows.into_iter()
            .all(|(row, activity)| *activity >= row.least)
    }

    fn put(&mut self, column: usize) {
        if !self.is_in[column] {
            self.is_in[column] = true;
            for entry in &self.program.columns[column] {
                self.activity[entry.at] += entry.coefficient;
            }
        }
    }

    fn remove(&mut self, column: usize) {
        if self.is_in[column] {
            self.is_in[column] = false;
            for entry in &self.program.columns[column] {
                self.activity[entry.at] -= entry.coefficient;
            }
        }
    }

    /// A column with everything that it needs and that is not there yet; nothing when one of them is
    /// blocked or may not be put.
    fn bundle(&self, column: usize, is_blocked: &[bool]) -> Bundle {
        if self.program.needs[column].is_empty() {
            let is_open = !self.is_in[column] && !is_blocked[column];
            return if is_open {
                Bundle::One([column])
            } else {
                Bundle::Many(Vec::new())
            };
        }
        let mut bundle = Vec::new();
        let mut stack = vec![column];
        while let Some(next) = stack.pop() {
            if self.is_in[next] || bundle.contains(&next) {
                continue;
            }
            if is_blocked[next] {
                return Bundle::Many(Vec::new());
            }
            bundle.push(next);
            stack.extend(&self.program.needs[next]);
        }
        Bundle::Many(bundle)
    }

    /// Whether a bundle keeps every row that takes.
    fn admits(&mut self, bundle: &[usize]) -> bool {
        let is_taken = |choice: &Self, column: &usize| {
            choice.program.columns[*column].iter().any(|entry| {
                entry.coefficient < 0
                    && choice.activity[entry.at] < choice.program.rows[entry.at].least
            })
        };
        for column in bundle {
            self.put(*column);
        }
        let keeps = !bundle.iter().any(|column| is_taken(self, column));
        for column in bundle {
            self.remove(*column);
        }
        keeps
    }

    fn gain(&self, bundle: &[usize]) -> i64 {
        let entries = bundle
            .iter()
            .flat_map(|column| &self.program.columns[*column]);
        entries
            .filter(|entry| entry.coefficient > 0 && self.program.rows[entry.at].is_demand)
            .map(|entry| {
                let lack = self.program.rows[entry.at].least - self.activity[entry.at];
                entry.coefficient.min(lack).max(0)
            })
            .sum()
    }

    /// Adds what gives most for its price until nothing is missing; `false` when it cannot.
    ///
    /// An old figure that is still the best after it was looked at again needs no comparison with the
    /// rest: what a column gives can only shrink while others are added.
    pub(crate) fn fill(&mut self, prices: &[i64], is_blocked: &[bool], work: &mut Work) -> bool {
        let mut heap = BinaryHeap::new();
        for column in 0..self.program.costs.len() {
            if let Some(worth) = self.worth(column, prices, is_blocked, work) {
                heap.push(worth);
            }
        }
        while let Some(old) = heap.pop() {
            let Some(now) = self.worth(old.column, prices, is_blocked, work) else {
                continue;
            };
            if heap.peek().is_some_and(|next| *next > now) {
                heap.push(now);
                continue;
            }
            for column in self.bundle(now.column, is_blocked).columns() {
                self.put(*column);
            }
        }
        self.is_complete()
    }

    fn worth(
        &mut self,
        column: usize,
        prices: &[i64],
        is_blocked: &[bool],
        work: &mut Work,
    ) -> Option<Worth> {
        if self.is_in[column] || is_blocked[column] {
            return None;
        }
        work.spend(self.program.columns[column].len() as u64);
        let bundle = self.bundle(column, is_blocked);
        let bundle = bundle.columns();
        let gain = self.gain(bundle);
        if gain == 0 || !self.admits(bundle) {
            return None;
        }
        let price = bundle.iter().map(|column| prices[*column].max(0)).sum();
        Some(Worth {
            gain,
            price,
            column,
        })
    }

    /// Takes away what no row needs, the dearest first.
    pub(crate) fn trim(&mut self, is_kept: &[bool]) {
        let mut order: Vec<usize> = (0..self.is_in.len())
            .filter(|column| self.is_in[*column] && !is_kept[*column])
            .collect();
        let rank = |column: usize| {
            let program = self.program;
            (program.costs[column], program.burdens[column], column)
        };
        order.sort_by_key(|column| Reverse(rank(*column)));
        // What is needed by another can go once the other is gone, so that one pass is not enough.
        loop {
            let before = order.len();
            order.retain(|column| {
                let is_spare = self.program.columns[*column].iter().all(|entry| {
                    let least = self.program.rows[entry.at].least;
                    entry.coefficient <= 0 || self.activity[entry.at] - entry.coefficient >= least
                });
                if is_spare {
                    self.remove(*column);
                }
                !is_spare
            });
            if order.len() == before {
                return;
            }
        }
    }

    /// Exchanges one column for others wherever that is cheaper, as long as work lasts.
    pub(crate) fn exchange(&mut self, is_kept: &[bool], work: &mut Work) {
        let prices = self.program.costs.clone();
        loop {
            let before = self.cost();
            let mut better = None;
            for column in 0..self.is_in.len() {
                if !self.is_in[column] || is_kept[column] || work.is_spent() {
                    continue;
                }
                let mut trial = self.clone();
                trial.remove(column);
                let mut is_blocked = vec![false; self.is_in.len()];
                is_blocked[column] = true;
                work.spend(self.is_in.len() as u64);
                if trial.fill(&prices, &is_blocked, work) {
                    trial.trim(is_kept);
                    if trial.cost() < before {
                        better = Some(trial);
                        break;
                    }
                }
            }
            match better {
                Some(better) => *self = better,
                None => return,
            }
        }
    }
}

/// A column with what it needs; most need nothing, and are looked at often.
enum Bundle {
    One([usize; 1]),
    Many(Vec<usize>),
}

impl Bundle {
    fn columns(&self) -> &[usize] {
        match self {
            Bundle::One(column) => column,
            Bundle::Many(columns) => columns,
        }
    }
}

/// What a column gives for its price; equal only to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Worth {
    gain: i64,
    price: i64,
    column: usize,
}

impl Ord for Worth {
    fn cmp(&self, other: &Self) -> Ordering {
        let mine = i128::from(self.gain) * i128::from(other.price);
        let theirs = i128::from(other.gain) * i128::from(self.price);
        mine.cmp(&theirs)
            .then(self.gain.cmp(&other.gain))
            .then(other.column.cmp(&self.column))
    }
}

impl PartialOrd for Worth {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
