//! The linear relaxation of a program, by the dual simplex method on a dense dictionary.
//!
//! Numbers here are floating point and only propose multipliers: what they prove is computed anew in
//! whole numbers by [`Relaxation`](crate::bound::Relaxation). Only sums, products and quotients are
//! used, which every machine rounds alike.
//!
//! A dictionary says each *basic* variable as a sum over the others, which stand at one of their
//! bounds. Variables are the columns, between 0 and 1, and what each row has beyond its least, from 0
//! on. Prices are right from the start, because no cost is below 0, and every step keeps them so; when
//! bounds change, the next solution is a few steps away.

#![expect(
    clippy::indexing_slicing,
    reason = "tables have one entry for each row or column of the program, whose indexes are in range"
)]

use alloc::vec;
use alloc::vec::Vec;

use crate::program::Program;
use crate::state::{State, Value};
use crate::task::Work;

/// What is nearer than this to a bound is at it.
const NEAR: f64 = 1e-7;
/// Smallest coefficient that may become a divisor.
const PIVOT: f64 = 1e-7;
/// Steps after which the dictionary is made anew, so that errors do not add up.
const FRESH: u32 = 400;

/// How a solution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nothing is better.
    Solved,
    /// No values keep the rows, or they cost more than asked for.
    Beyond,
    /// Steps ran out; the prices hold.
    Early,
}

/// A dictionary of a program's relaxation.
#[derive(Debug)]
pub(crate) struct Dictionary {
    rows: usize,
    columns: usize,
    /// Basic by nonbasic.
    table: Vec<f64>,
    /// Values of the basic variables.
    values: Vec<f64>,
    /// Prices of the nonbasic variables.
    prices: Vec<f64>,
    /// Variables: columns first, then rows.
    basic: Vec<usize>,
    nonbasic: Vec<usize>,
    is_up: Vec<bool>,
    /// Place of each variable among the basic or the nonbasic ones.
    place: Vec<(bool, usize)>,
    low: Vec<f64>,
    high: Vec<f64>,
    /// Cost of the values.
    cost: f64,
    since_fresh: u32,
    /// Multipliers of the rows that show that no values keep them, when that was found.
    contradiction: Option<Vec<f64>>,
    /// Work space.
    line: Vec<f64>,
    ratios: Vec<(f64, f64, usize)>,
}

/// By hand, because a derived `clone_from` would not keep the allocations.
impl Clone for Dictionary {
    fn clone(&self) -> Self {
        let mut copy = Dictionary {
            rows: 0,
            columns: 0,
            table: Vec::new(),
            values: Vec::new(),
            prices: Vec::new(),
            basic: Vec::new(),
            nonbasic: Vec::new(),
            is_up: Vec::new(),
            place: Vec::new(),
            low: Vec::new(),
            high: Vec::new(),
            cost: 0.0,
            since_fresh: 0,
            contradiction: None,
            line: Vec::new(),
            ratios: Vec::new(),
        };
        copy.clone_from(self);
        copy
    }

    fn clone_from(&mut self, other: &Self) {
        (self.rows, self.columns) = (other.rows, other.columns);
        (self.cost, self.since_fresh) = (other.cost, other.since_fresh);
        self.table.clone_from(&other.table);
        self.values.clone_from(&other.values);
        self.prices.clone_from(&other.prices);
        self.basic.clone_from(&other.basic);
        self.nonbasic.clone_from(&other.nonbasic);
        self.is_up.clone_from(&other.is_up);
        self.place.clone_from(&other.place);
        self.low.clone_from(&other.low);
        self.high.clone_from(&other.high);
        self.line.resize(other.columns, 0.0);
        self.contradiction = None;
    }
}

impl Dictionary {
    /// The dictionary of a program in which every column stands at 0.
    pub(crate) fn of(program: &Program) -> Self {
        let (rows, columns) = (program.rows.len(), program.costs.len());
        let mut table = vec![0.0; rows * columns];
        for (row, line) in program.rows.iter().zip(table.chunks_mut(columns.max(1))) {
            for entry in &row.entries {
                line[entry.at] += real(entry.coefficient);
            }
        }
        let place = (0..columns).map(|at| (false, at));
        let place = place.chain((0..rows).map(|at| (true, at)));
        Dictionary {
            rows,
            columns,
            table,
            values: program.rows.iter().map(|row| -real(row.least)).collect(),
            prices: program
                .costs
                .iter()
                .zip(0..)
                .map(|(c, at)| real(*c) + nudge(at))
                .collect(),
            basic: (columns..columns + rows).collect(),
            nonbasic: (0..columns).collect(),
            is_up: vec![false; columns],
            place: place.collect(),
            low: vec![0.0; columns + rows],
            high: (0..columns + rows)
                .map(|variable| {
                    if variable < columns {
                        1.0
                    } else {
                        f64::INFINITY
                    }
                })
                .collect(),
            cost: 0.0,
            since_fresh: 0,
            contradiction: None,
            line: vec![0.0; columns],
            ratios: Vec::new(),
        }
    }

    /// Numbers in it.
    pub(crate) fn size(&self) -> u64 {
        self.table.len() as u64
    }

    /// Cost of the relaxed choice, forced columns included.
    pub(crate) const fn cost(&self) -> f64 {
        self.cost
    }

    /// How much of a column is chosen, of 1.
    pub(crate) fn value(&self, column: usize) -> f64 {
        match self.place[column] {
            (true, at) => self.values[at],
            (false, at) => self.at_bound(at),
        }
    }

    /// What a unit of a row is worth.
    pub(crate) fn multiplier(&self, row: usize) -> f64 {
        match (&self.contradiction, self.place[self.columns + row]) {
            (Some(multipliers), _) => multipliers[row],
            (None, (true, _)) => 0.0,
            (None, (false, at)) => self.prices[at],
        }
    }

    fn at_bound(&self, nonbasic: usize) -> f64 {
        let variable = self.nonbasic[nonbasic];
        if self.is_up[nonbasic] {
            self.high[variable]
        } else {
            self.low[variable]
        }
    }

    /// Takes over what is settled.
    pub(crate) fn settle(&mut self, state: &State<'_>) {
        for column in 0..self.columns {
            let (low, high) = match state.value(column) {
                Value::Free => (0.0, 1.0),
                Value::In => (1.0, 1.0),
                Value::Out => (0.0, 0.0),
            };
            self.bound(column, low, high);
        }
    }

    /// Sets the bounds of a column.
    pub(crate) fn bound(&mut self, column: usize, low: f64, high: f64) {
        if self.low[column] == low && self.high[column] == high {
            return;
        }
        let (is_basic, at) = self.place[column];
        let before = if is_basic { 0.0 } else { self.at_bound(at) };
        self.low[column] = low;
        self.high[column] = high;
        if !is_basic {
            // A price below 0 asks for as much as there may be.
            self.is_up[at] = self.prices[at] < 0.0;
            let change = self.at_bound(at) - before;
            self.shift(at, change);
        }
    }

    /// Moves a nonbasic variable.
    fn shift(&mut self, nonbasic: usize, change: f64) {
        if change != 0.0 {
            self.cost += self.prices[nonbasic] * change;
            let lines = self.table.chunks_exact(self.columns);
            for (value, line) in self.values.iter_mut().zip(lines) {
                *value += line[nonbasic] * change;
            }
        }
    }

    /// Goes on until nothing is better, the cost reaches `enough`, or `steps` are done.
    pub(crate) fn solve(
        &mut self,
        program: &Program,
        enough: f64,
        steps: u32,
        work: &mut Work,
    ) -> Ended {
        self.contradiction = None;
        for _ in 0..steps {
            if self.cost >= enough {
                return Ended::Beyond;
            }
            if self.since_fresh >= FRESH {
                self.refresh(program, work);
            }
            let Some((row, lack)) = self.leaving() else {
                return Ended::Solved;
            };
            if work.is_spent() {
                return Ended::Early;
            }
            if !self.step(row, lack, work) {
                self.contradict(row, lack, enough);
                return Ended::Beyond;
            }
        }
        Ended::Early
    }

    /// The basic variable that is farthest out of its bounds, measured along its own direction, and
    /// how much it lacks.
    fn leaving(&self) -> Option<(usize, f64)> {
        let mut best = (0.0, None);
        let lines = self.table.chunks_exact(self.columns);
        for (at, ((value, variable), line)) in
            self.values.iter().zip(&self.basic).zip(lines).enumerate()
        {
            let lack = if *value < self.low[*variable] - NEAR {
                self.low[*variable] - value
            } else if *value > self.high[*variable] + NEAR {
                self.high[*variable] - value
            } else {
                continue;
            };
            // It cannot be the best with any length.
            if lack * lack <= best.0 {
                continue;
            }
            let length: f64 = line.iter().map(|a| a * a).sum();
            let score = lack * lack / (1.0 + length);
            if score > best.0 {
                best = (score, Some((at, lack)));
            }
        }
        best.1
    }

    /// Brings one basic variable to the bound that it lacks; `false` when nothing can.
    fn step(&mut self, row: usize, lack: f64, work: &mut Work) -> bool {
        let toward = if lack > 0.0 { 1.0 } else { -1.0 };
        let line = &self.table[row * self.columns..][..self.columns];
        self.ratios.clear();
        for (at, a) in line.iter().enumerate() {
            let variable = self.nonbasic[at];
            let range = self.high[variable] - self.low[variable];
            let gain = if self.is_up[at] {
                -a * toward
            } else {
                a * toward
            };
            if gain > PIVOT && range > 0.0 {
                let price = self.prices[at];
                let price = if price < 0.0 { -price } else { price };
                self.ratios.push((price / gain, gain, at));
            }
        }
        // The cheapest first; of equal ones that with the larger divisor.
        self.ratios.sort_unstable_by(|a, b| {
            a.0.total_cmp(&b.0)
                .then(b.1.total_cmp(&a.1))
                .then(a.2.cmp(&b.2))
        });
        let mut left = lack * toward;
        let mut entering = None;
        let mut passed = 0;
        for (_, gain, at) in &self.ratios {
            let variable = self.nonbasic[*at];
            let range = self.high[variable] - self.low[variable];
            left -= gain * range;
            if left <= 0.0 {
                entering = Some(*at);
                break;
            }
            passed += 1;
        }
        let Some(entering) = entering else {
            return false;
        };
        for index in 0..passed {
            let at = self.ratios[index].2;
            let variable = self.nonbasic[at];
            let range = self.high[variable] - self.low[variable];
            let change = if self.is_up[at] { -range } else { range };
            self.is_up[at] = !self.is_up[at];
            self.shift(at, change);
        }
        let variable = self.basic[row];
        let goal = if toward > 0.0 {
            self.low[variable]
        } else {
            self.high[variable]
        };
        self.exchange(row, entering, goal, work);
        true
    }

    /// Nothing can bring a basic variable to the bound that it lacks: whatever is asked for it is
    /// gained, and its row says how.
    fn contradict(&mut self, row: usize, lack: f64, enough: f64) {
        let toward = if lack > 0.0 { 1.0 } else { -1.0 };
        let most = self.ratios.last().map_or(0.0, |(ratio, ..)| *ratio);
        let gained = self.ratios.iter().map(|(_, gain, at)| {
            let variable = self.nonbasic[*at];
            gain * (self.high[variable] - self.low[variable])
        });
        let rest = (lack * toward - gained.sum::<f64>()).max(NEAR);
        let asked = most + (enough - self.cost).max(1.0) / rest;
        let line = &self.table[row * self.columns..][..self.columns];
        let mut multipliers = vec![0.0; self.rows];
        for (at, a) in line.iter().enumerate() {
            if let Some(row) = self.nonbasic[at].checked_sub(self.columns) {
                multipliers[row] = self.prices[at] - asked * toward * a;
            }
        }
        if let Some(own) = self.basic[row].checked_sub(self.columns) {
            multipliers[own] = asked;
        }
        self.contradiction = Some(multipliers);
    }

    /// A basic variable goes to `goal` and changes places with a nonbasic one.
    fn exchange(&mut self, row: usize, entering: usize, goal: f64, work: &mut Work) {
        let columns = self.columns;
        let divisor = self.table[row * columns + entering];
        let change = (goal - self.values[row]) / divisor;
        let value = self.at_bound(entering) + change;
        self.cost += self.prices[entering] * change;
        let mut line = core::mem::take(&mut self.line);
        line.copy_from_slice(&self.table[row * columns..][..columns]);
        for a in &mut line {
            *a = -*a / divisor;
        }
        line[entering] = 1.0 / divisor;
        let mut touched = 1_u64;
        for (at, (other, value)) in self
            .table
            .chunks_exact_mut(columns)
            .zip(&mut self.values)
            .enumerate()
        {
            let factor = other[entering];
            if factor == 0.0 || at == row {
                continue;
            }
            touched += 1;
            *value += factor * change;
            other[entering] = 0.0;
            for (a, b) in other.iter_mut().zip(&line) {
                *a += factor * b;
            }
        }
        work.spend(touched * columns as u64 / 4);
        let price = self.prices[entering];
        self.prices[entering] = 0.0;
        for (price_of, b) in self.prices.iter_mut().zip(&line) {
            *price_of += price * b;
        }
        self.table[row * columns..][..columns].copy_from_slice(&line);
        self.line = line;
        self.values[row] = value;
        let (leaves, enters) = (self.basic[row], self.nonbasic[entering]);
        self.basic[row] = enters;
        self.nonbasic[entering] = leaves;
        self.is_up[entering] = goal == self.high[leaves] && self.low[leaves] < self.high[leaves];
        self.place[enters] = (true, row);
        self.place[leaves] = (false, entering);
        self.since_fresh += 1;
    }

    /// Makes the dictionary anew from the program, with the same variables basic.
    fn refresh(&mut self, program: &Program, work: &mut Work) {
        let old = core::mem::replace(self, Dictionary::of(program));
        for column in 0..self.columns {
            self.bound(column, old.low[column], old.high[column]);
        }
        let mut rows: Vec<usize> = (0..self.rows)
            .filter(|row| !old.place[self.columns + row].0)
            .collect();
        for column in (0..self.columns).filter(|column| old.place[*column].0) {
            let size = |row: &usize| {
                let a = self.table[*row * self.columns + column];
                if a < 0.0 { -a } else { a }
            };
            // Rows keep their places until they leave.
            let best = rows.iter().enumerate();
            let best = best.max_by(|a, b| size(a.1).total_cmp(&size(b.1)).then(b.0.cmp(&a.0)));
            if let Some((index, row)) = best.map(|(index, row)| (index, *row))
                && size(&row) > PIVOT
            {
                self.exchange(row, column, 0.0, work);
                rows.swap_remove(index);
            }
        }
        for at in 0..self.columns {
            if self.nonbasic[at] >= self.columns {
                self.prices[at] = self.prices[at].max(0.0);
                continue;
            }
            let before = self.at_bound(at);
            self.is_up[at] = self.prices[at] < 0.0;
            let change = self.at_bound(at) - before;
            self.shift(at, change);
        }
        self.since_fresh = 0;
    }
}

/// A little more for each column, so that few prices are equal; bounds never use it.
fn nudge(column: u32) -> f64 {
    let mixed = column.wrapping_mul(0x9e37_79b9) >> 12;
    f64::from(mixed) / f64::from(1_u32 << 20) * 1e-5
}

/// Numbers of programs are far below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "what is rounded only makes a proposal worse; bounds are computed in whole numbers"
)]
pub(crate) fn real(value: i64) -> f64 {
    value as f64
}
