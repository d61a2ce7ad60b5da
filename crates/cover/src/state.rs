//! Some columns settled, the rest free: what follows from it, and the way back.

#![expect(
    clippy::indexing_slicing,
    reason = "tables have one entry for each row or column of the program, whose indexes are in range"
)]

use alloc::vec;
use alloc::vec::Vec;

use crate::program::Program;
use crate::task::Work;

/// What is settled about a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing.
    Free,
    /// It is chosen.
    In,
    /// It is not.
    Out,
}

/// A partial choice.
///
/// For each row it keeps what the chosen columns give (`sum`), and what the free ones could add
/// (`up`) or take (`down`, not above 0).
#[derive(Clone, Debug)]
pub(crate) struct State<'p> {
    pub(crate) program: &'p Program,
    values: Vec<Value>,
    sum: Vec<i64>,
    up: Vec<i64>,
    down: Vec<i64>,
    cost: i64,
    trail: Vec<usize>,
    queue: Vec<usize>,
    is_queued: Vec<bool>,
}

impl<'p> State<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        let rows = program.rows.len();
        let part = |sign: i64| {
            let of = |row: &crate::program::Row| {
                let entries = row.entries.iter().map(|entry| entry.coefficient);
                entries.filter(|value| value.signum() == sign).sum()
            };
            program.rows.iter().map(of).collect::<Vec<i64>>()
        };
        State {
            program,
            values: vec![Value::Free; program.costs.len()],
            sum: vec![0; rows],
            up: part(1),
            down: part(-1),
            cost: 0,
            trail: Vec::new(),
            queue: (0..rows).rev().collect(),
            is_queued: vec![true; rows],
        }
    }

    pub(crate) fn value(&self, column: usize) -> Value {
        self.values[column]
    }

    pub(crate) fn values(&self) -> Vec<Value> {
        self.values.clone()
    }

    /// Cost of what is chosen.
    pub(crate) fn cost(&self) -> i64 {
        self.cost
    }

    /// What a row still lacks.
    pub(crate) fn lack(&self, row: usize) -> i64 {
        self.program.rows[row].least - self.sum[row]
    }

    /// Whether a row holds whatever becomes of the free columns.
    pub(crate) fn is_settled(&self, row: usize) -> bool {
        self.sum[row] + self.down[row] >= self.program.rows[row].least
    }

    pub(crate) fn is_free(&self, column: usize) -> bool {
        self.values[column] == Value::Free
    }

    /// A point to come back to.
    pub(crate) fn mark(&self) -> usize {
        self.trail.len()
    }

    /// Settles a free column; one that is settled stays as it is.
    pub(crate) fn fix(&mut self, column: usize, value: Value) {
        if self.values[column] != Value::Free || value == Value::Free {
            return;
        }
        self.values[column] = value;
        self.trail.push(column);
        let is_in = value == Value::In;
        if is_in {
            self.cost += self.program.costs[column];
        }
        for entry in &self.program.columns[column] {
            let (row, a) = (entry.at, entry.coefficient);
            if a > 0 {
                self.up[row] -= a;
            } else {
                self.down[row] -= a;
            }
            if is_in {
                self.sum[row] += a;
            }
            // Only then can the row at best reach less than before.
            if (a > 0) != is_in && !self.is_queued[row] {
                self.is_queued[row] = true;
                self.queue.push(row);
            }
        }
    }

    /// Settles what has no choice left; `false` when some row cannot hold any more.
    pub(crate) fn propagate(&mut self, work: &mut Work) -> bool {
        let program = self.program;
        while let Some(row) = self.queue.pop() {
            self.is_queued[row] = false;
            let spare = self.sum[row] + self.up[row] - program.rows[row].least;
            if spare < 0 {
                for row in self.queue.drain(..) {
                    self.is_queued[row] = false;
                }
                return false;
            }
            work.spend(program.rows[row].entries.len() as u64);
            for entry in &program.rows[row].entries {
                if entry.coefficient.abs() > spare && self.values[entry.at] == Value::Free {
                    let value = if entry.coefficient > 0 {
                        Value::In
                    } else {
                        Value::Out
                    };
                    self.fix(entry.at, value);
                }
            }
        }
        true
    }

    /// Frees everything that was settled after `mark`.
    pub(crate) fn undo(&mut self, mark: usize) {
        while self.trail.len() > mark {
            let Some(column) = self.trail.pop() else {
                break;
            };
            let is_in = self.values[column] == Value::In;
            self.values[column] = Value::Free;
            if is_in {
                self.cost -= self.program.costs[column];
            }
            for entry in &self.program.columns[column] {
                let (row, a) = (entry.at, entry.coefficient);
                if a > 0 {
                    self.up[row] += a;
                } else {
                    self.down[row] += a;
                }
                if is_in {
                    self.sum[row] -= a;
                }
            }
        }
    }
}
