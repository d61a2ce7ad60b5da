//! Lower bounds: what every choice costs at least, by Lagrangian multipliers of the rows.
//!
//! For multipliers `u ≥ 0` no choice that keeps the rows costs less than
//! `Σ least·u + Σ min(0, cost − Σ a·u)`. All numbers are whole: multipliers and the bound count in
//! 1/4096 of a unit of cost, so that the bound is true without any talk of rounding.

#![expect(
    clippy::indexing_slicing,
    reason = "tables have one entry for each row or column of the relaxation, whose indexes are in range"
)]

use alloc::vec;
use alloc::vec::Vec;

use crate::simplex::Dictionary;
use crate::state::State;
use crate::task::Work;

/// Parts of a unit of cost in which multipliers and bounds are counted.
pub(crate) const SCALE: i64 = 1 << 12;

/// Highest cost and multiplier: sums of a million products with small coefficients stay below 2^63.
const HIGHEST: i64 = 1 << 42;

/// Up to this, a lack times the largest step, and as many squares of it, stay below 2^63.
const LITTLE: usize = 1 << 20;

/// The open rows and free columns of a state, packed for speed.
pub(crate) struct Relaxation {
    /// Columns of the program.
    pub(crate) columns: Vec<usize>,
    /// Rows of the program.
    pub(crate) rows: Vec<usize>,
    costs: Vec<i64>,
    least: Vec<i64>,
    /// Highest multiplier of each row, so that no product is too large.
    highest: Vec<i64>,
    starts: Vec<usize>,
    entries: Vec<(u32, i32)>,
}

/// The best that was found about a relaxation.
pub(crate) struct Bound {
    /// In 1/4096, without what is chosen already.
    pub(crate) value: i64,
    /// Multipliers, by row of the relaxation.
    pub(crate) multipliers: Vec<i64>,
    /// Reduced costs, by column of the relaxation.
    pub(crate) reduced: Vec<i64>,
    /// How often a column was chosen lately, of 1024.
    pub(crate) share: Vec<i64>,
}

/// How long and how far to climb.
#[derive(Clone, Copy)]
pub(crate) struct Climb {
    /// Most iterations.
    pub(crate) rounds: u32,
    /// Iterations without progress after which the step is halved.
    pub(crate) patience: u32,
    /// First step, of 1024.
    pub(crate) step: i64,
}

impl Relaxation {
    pub(crate) fn of(state: &State<'_>) -> Self {
        let program = state.program;
        let mut place = vec![u32::MAX; program.rows.len()];
        let mut rows = Vec::new();
        let mut least = Vec::new();
        let mut highest = Vec::new();
        let mut is_demand = Vec::new();
        for (row, place) in place.iter_mut().enumerate() {
            if !state.is_settled(row) && program.rows[row].is_small {
                *place = u32::try_from(rows.len()).unwrap_or(u32::MAX);
                rows.push(row);
                least.push(state.lack(row));
                let largest = program.rows[row]
                    .entries
                    .iter()
                    .map(|e| e.coefficient.abs())
                    .max();
                highest.push(HIGHEST / largest.unwrap_or(1).max(state.lack(row).abs()).max(1));
                is_demand.push(program.rows[row].is_demand);
            }
        }
        let mut relaxation = Relaxation {
            columns: Vec::new(),
            rows,
            costs: Vec::new(),
            least,
            highest,
            starts: vec![0],
            entries: Vec::new(),
        };
        for column in 0..program.costs.len() {
            if !state.is_free(column) {
                continue;
            }
            relaxation.columns.push(column);
            // A cost that is cut makes the bound lower, never untrue.
            relaxation
                .costs
                .push(program.costs[column].saturating_mul(SCALE).min(HIGHEST));
            for entry in &program.columns[column] {
                let at = place[entry.at];
                if at != u32::MAX {
                    let index = at as usize;
                    let a = match is_demand[index] {
                        true => entry.coefficient.min(relaxation.least[index]),
                        false => entry.coefficient,
                    };
                    relaxation
                        .entries
                        .push((at, i32::try_from(a).unwrap_or(i32::MAX)));
                }
            }
            relaxation.starts.push(relaxation.entries.len());
        }
        relaxation
    }

    fn entries_of(&self, column: usize) -> &[(u32, i32)] {
        &self.entries[self.starts[column]..self.starts[column + 1]]
    }

    /// The bound for given multipliers; fills the reduced costs and what each row lacks then.
    fn evaluate(&self, multipliers: &[i64], reduced: &mut [i64], lack: &mut [i64]) -> i64 {
        let mut value = 0_i64;
        for ((lack, least), u) in lack.iter_mut().zip(&self.least).zip(multipliers) {
            *lack = *least;
            value += least * u;
        }
        for (column, reduced) in reduced.iter_mut().enumerate() {
            let entries = self.entries_of(column);
            let mut rest = self.costs[column];
            for (row, a) in entries {
                rest -= i64::from(*a) * multipliers[*row as usize];
            }
            *reduced = rest;
            if rest < 0 {
                value += rest;
                for (row, a) in entries {
                    lack[*row as usize] -= i64::from(*a);
                }
            }
        }
        value
    }

    /// What the multipliers of a dictionary prove, rounded to whole numbers.
    pub(crate) fn proven(&self, dictionary: &Dictionary) -> Bound {
        let each = self.rows.iter().zip(&self.highest);
        let multipliers = each
            .map(|(row, highest)| scaled(dictionary.multiplier(*row)).clamp(0, *highest))
            .collect::<Vec<i64>>();
        let mut reduced = vec![0; self.columns.len()];
        let mut lack = vec![0; self.rows.len()];
        Bound {
            value: self.evaluate(&multipliers, &mut reduced, &mut lack),
            multipliers,
            reduced,
            share: Vec::new(),
        }
    }

    /// First multipliers: each row in turn takes what its columns have left (dual ascent).
    pub(crate) fn ascend(&self) -> Vec<i64> {
        let mut by_row: Vec<Vec<(usize, i64)>> = vec![Vec::new(); self.rows.len()];
        for column in 0..self.columns.len() {
            for (row, a) in self.entries_of(column) {
                if *a > 0 {
                    by_row[*row as usize].push((column, i64::from(*a)));
                }
            }
        }
        let mut left = self.costs.clone();
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|row| by_row[*row].len());
        let mut multipliers = vec![0; self.rows.len()];
        for row in order {
            let highest = by_row[row]
                .iter()
                .map(|(column, a)| left[*column] / a)
                .min();
            let price = highest.unwrap_or(0).clamp(0, self.highest[row]);
            multipliers[row] = price;
            for (column, a) in &by_row[row] {
                left[*column] -= price * a;
            }
        }
        multipliers
    }

    /// Moves each multiplier by `per_lack` of 2^20 for each unit that its row lacks.
    fn walk(&self, multipliers: &mut [i64], lack: &[i64], per_lack: i128) {
        let rows = multipliers.iter_mut().zip(lack).zip(&self.highest);
        let little = i64::try_from(per_lack).ok().filter(|step| *step <= HIGHEST);
        let little = little.filter(|_| lack.iter().all(|l| l.unsigned_abs() <= LITTLE as u64));
        // Most steps are little, and whole numbers of 64 bits are much faster.
        match little {
            Some(step) => {
                for ((u, lack), highest) in rows {
                    *u = (*u + ((step * lack) >> 20)).clamp(0, *highest);
                }
            }
            None => {
                for ((u, lack), highest) in rows {
                    let change = (per_lack * i128::from(*lack)) >> 20;
                    *u = (*u)
                        .saturating_add(i64::try_from(change).unwrap_or(HIGHEST))
                        .clamp(0, *highest);
                }
            }
        }
    }

    /// Climbs from `start`, until `enough` is reached or the climb ends.
    pub(crate) fn climb(
        &self,
        start: Vec<i64>,
        enough: i64,
        climb: Climb,
        work: &mut Work,
    ) -> Bound {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let mut multipliers = start;
        let mut reduced = vec![0; columns];
        let mut lack = vec![0; rows];
        let mut best = Bound {
            value: i64::MIN,
            multipliers: multipliers.clone(),
            reduced: vec![0; columns],
            share: vec![0; columns],
        };
        let (mut step, mut stale) = (climb.step, 0);
        for round in 0..climb.rounds.max(1) {
            work.spend(self.entries.len() as u64 + rows as u64);
            let value = self.evaluate(&multipliers, &mut reduced, &mut lack);
            for (share, reduced) in best.share.iter_mut().zip(&reduced) {
                let now = i64::from(*reduced < 0) * 1024;
                *share = if round == 0 {
                    now
                } else {
                    (*share * 15 + now) / 16
                };
            }
            if value > best.value {
                // Progress that is next to nothing does not count as such.
                if value
                    > best
                        .value
                        .saturating_add(best.value.saturating_abs() / 4096)
                {
                    stale = 0;
                }
                best.value = value;
                best.multipliers.copy_from_slice(&multipliers);
                best.reduced.copy_from_slice(&reduced);
            } else {
                stale += 1;
            }
            if best.value >= enough || work.is_spent() {
                break;
            }
            if stale >= climb.patience {
                stale = 0;
                step /= 2;
                if step < 4 {
                    break;
                }
                multipliers.copy_from_slice(&best.multipliers);
                self.evaluate(&multipliers, &mut reduced, &mut lack);
            }
            let length = length(&lack, &multipliers);
            if length == 0 {
                break;
            }
            let distance = i128::from(enough.saturating_sub(value).max(SCALE / 4));
            let per_lack = (i128::from(step) * distance * 1024) / length;
            self.walk(&mut multipliers, &lack, per_lack);
        }
        best
    }
}

/// The square of how far all rows together are from being met; those that are met and cost nothing cannot move.
fn length(lack: &[i64], multipliers: &[i64]) -> i128 {
    let moving = lack.iter().zip(multipliers);
    let moving = moving.filter(|(lack, u)| **lack > 0 || **u > 0);
    let is_little =
        lack.len() <= LITTLE && lack.iter().all(|lack| lack.unsigned_abs() <= LITTLE as u64);
    if is_little {
        i128::from(moving.map(|(lack, _)| lack * lack).sum::<i64>())
    } else {
        let squares = moving.map(|(lack, _)| i128::from(*lack) * i128::from(*lack));
        squares.sum()
    }
}

/// To the nearest 1/4096; what is out of range goes to its end.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the conversion keeps to the range of whole numbers, and any of them gives a true bound"
)]
fn scaled(multiplier: f64) -> i64 {
    (multiplier * SCALE as f64 + 0.5) as i64
}
