//! Branch and bound over one part: depth first, each node with its bound, until proven or out of work.

#![expect(
    clippy::indexing_slicing,
    reason = "tables have one entry for each row or column of the program, whose indexes are in range"
)]

use alloc::vec;
use alloc::vec::Vec;

use crate::bound::{Bound, Climb, Relaxation, SCALE};
use crate::greedy::Choice;
use crate::presolve::{Part, drop_useless};
use crate::program::Program;
use crate::state::{State, Value};
use crate::task::Work;

/// The best choice that was found for a part, and what every choice costs at least.
pub(crate) struct Found {
    pub(crate) is_in: Vec<bool>,
    pub(crate) cost: i64,
    pub(crate) bound: i64,
}

/// How the root climbs: it pays for the whole tree.
const ROOT: Climb = Climb {
    rounds: 600,
    patience: 12,
    step: 2048,
};
/// How every other node climbs, from where its parent stopped.
const NODE: Climb = Climb {
    rounds: 30,
    patience: 4,
    step: 512,
};

/// The answer of greedy with a bound; [`None`] when greedy found no choice that keeps every row.
pub(crate) fn at_once(part: &Part, work: &mut Work) -> Option<Found> {
    let program = &part.program;
    let nothing = vec![false; program.costs.len()];
    let mut choice = Choice::new(program, nothing.clone());
    if !choice.fill(&program.costs, &nothing, work) {
        return None;
    }
    choice.trim(&nothing);
    let cost = choice.cost();
    Some(Found {
        is_in: choice.is_in,
        cost,
        bound: 0,
    })
}

/// Looks for the best choice of a part, starting with one that is known.
///
/// [`None`] when no choice keeps every row, or when work ended before one was found.
pub(crate) fn best(part: &Part, known: Option<Found>, work: &mut Work) -> Option<Found> {
    let program = &part.program;
    let mut searched = program.clone();
    for (weak, strong) in &part.pairs {
        searched.add_row(0, [(*weak, -1), (*strong, 1)]);
    }
    let worst: i64 = program.costs.iter().sum::<i64>() + 1;
    let mut search = Search {
        program,
        best: known.as_ref().map(|found| found.is_in.clone()),
        limit: known.as_ref().map_or(worst, |found| found.cost),
        work,
    };
    let bound = search.run(&searched);
    let (best, limit) = (search.best, search.limit);
    best.map(|is_in| Found {
        is_in,
        cost: limit,
        bound: bound.min(limit),
    })
}

struct Search<'s> {
    /// Without the rows that only help the search.
    program: &'s Program,
    best: Option<Vec<bool>>,
    /// Cost of the best choice; only what is cheaper is looked for.
    limit: i64,
    work: &'s mut Work,
}

/// A node whose other branch is still open.
struct Frame {
    mark: usize,
    column: usize,
    other: Option<Value>,
    /// Bound of the node, in units of cost.
    bound: i64,
    multipliers: Vec<i64>,
}

enum Node {
    /// Nothing better is below it.
    Done,
    /// Work ended here; nothing below costs less than this.
    Stopped(i64),
    /// The better branch first.
    Branch {
        column: usize,
        first: Value,
        bound: i64,
        multipliers: Vec<i64>,
    },
}

impl Search<'_> {
    /// Returns what every choice costs at least.
    fn run(&mut self, searched: &Program) -> i64 {
        let mut state = State::new(searched);
        let mut frames: Vec<Frame> = Vec::new();
        let mut multipliers = None;
        loop {
            match self.node(&mut state, multipliers.take()) {
                Node::Stopped(bound) => {
                    let open = frames.iter().filter(|frame| frame.other.is_some());
                    return open.map(|frame| frame.bound).fold(bound, i64::min);
                }
                Node::Branch {
                    column,
                    first,
                    bound,
                    multipliers: found,
                } => {
                    let other = match first {
                        Value::In => Value::Out,
                        _ => Value::In,
                    };
                    multipliers = Some(found.clone());
                    frames.push(Frame {
                        mark: state.mark(),
                        column,
                        other: Some(other),
                        bound,
                        multipliers: found,
                    });
                    state.fix(column, first);
                }
                Node::Done => loop {
                    let Some(frame) = frames.last_mut() else {
                        return self.limit;
                    };
                    state.undo(frame.mark);
                    if let Some(other) = frame.other.take().filter(|_| frame.bound < self.limit) {
                        state.fix(frame.column, other);
                        multipliers = Some(frame.multipliers.clone());
                        break;
                    }
                    frames.pop();
                },
            }
        }
    }

    fn node(&mut self, state: &mut State<'_>, start: Option<Vec<i64>>) -> Node {
        let rows = state.program.rows.len();
        let is_root = start.is_none();
        let mut start = start;
        loop {
            if !state.propagate(self.work) || state.cost() >= self.limit {
                return Node::Done;
            }
            drop_useless(state);
            if !state.propagate(self.work) {
                return Node::Done;
            }
            if (0..rows).all(|row| state.is_settled(row)) {
                self.keep(
                    (0..state.program.costs.len())
                        .map(|c| state.value(c) == Value::In)
                        .collect(),
                );
                return Node::Done;
            }
            let relaxation = Relaxation::of(state);
            let enough = (self.limit - state.cost()).saturating_mul(SCALE) - SCALE + 1;
            let first = match &start {
                Some(all) => relaxation.rows.iter().map(|row| all[*row]).collect(),
                None => relaxation.ascend(),
            };
            let climb = if is_root { ROOT } else { NODE };
            let bound = relaxation.climb(first, enough, climb, self.work);
            let units = state.cost()
                + bound.value.div_euclid(SCALE)
                + i64::from(bound.value.rem_euclid(SCALE) > 0);
            if units >= self.limit {
                return Node::Done;
            }
            if is_root || self.work.is_spent() {
                self.complete(state, &relaxation, &bound);
                if units >= self.limit {
                    return Node::Done;
                }
            }
            if self.work.is_spent() {
                return Node::Stopped(units.max(state.cost()));
            }
            let mut all = vec![0; rows];
            for (row, u) in relaxation.rows.iter().zip(&bound.multipliers) {
                all[*row] = *u;
            }
            if self.settle(state, &relaxation, &bound) {
                // Columns were settled: look again, from where this climb ended.
                start = Some(all);
                continue;
            }
            let (column, first) = choose(&relaxation, &bound);
            return Node::Branch {
                column,
                first,
                bound: units,
                multipliers: all,
            };
        }
    }

    /// Settles columns whose other value would cost as much as what is known.
    fn settle(&self, state: &mut State<'_>, relaxation: &Relaxation, bound: &Bound) -> bool {
        let room = (self.limit - state.cost()).saturating_mul(SCALE) - bound.value;
        let mut settled = false;
        for (column, reduced) in relaxation.columns.iter().zip(&bound.reduced) {
            // Strictly more than one unit below the limit is what could still be better.
            if reduced.abs() > room - SCALE {
                let value = if *reduced > 0 { Value::Out } else { Value::In };
                if *reduced != 0 {
                    state.fix(*column, value);
                    settled = true;
                }
            }
        }
        settled
    }

    /// Makes a whole choice from a node, with reduced costs as prices.
    fn complete(&mut self, state: &State<'_>, relaxation: &Relaxation, bound: &Bound) {
        let columns = self.program.costs.len();
        let nothing = vec![false; columns];
        let mut prices = self.program.costs.clone();
        for (column, reduced) in relaxation.columns.iter().zip(&bound.reduced) {
            prices[*column] = (*reduced).max(0);
        }
        let is_in = (0..columns)
            .map(|column| state.value(column) == Value::In)
            .collect();
        let mut choice = Choice::new(self.program, is_in);
        if choice.fill(&prices, &nothing, self.work) {
            choice.trim(&nothing);
            let mut share = self.work.take(self.work.left() / 20);
            choice.exchange(&nothing, &mut share);
            self.work.give_back(share);
            self.keep(choice.is_in);
        }
    }

    fn keep(&mut self, is_in: Vec<bool>) {
        let cost = self.program.cost_of(&is_in);
        if cost < self.limit || self.best.is_none() && cost <= self.limit {
            self.limit = cost;
            self.best = Some(is_in);
        }
    }
}

/// The column that the bound is least sure of, and the value that it leans to.
fn choose(relaxation: &Relaxation, bound: &Bound) -> (usize, Value) {
    let mut best = (i64::MIN, 0);
    for index in 0..relaxation.columns.len() {
        let share = bound.share[index];
        let doubt = 512 - (share - 512).abs();
        // Among equals what costs next to nothing to change tells least; look at the dear first.
        let score = doubt * SCALE * 16 - bound.reduced[index].abs();
        if score > best.0 {
            best = (score, index);
        }
    }
    let column = relaxation.columns[best.1];
    (
        column,
        if bound.share[best.1] >= 256 {
            Value::In
        } else {
            Value::Out
        },
    )
}
