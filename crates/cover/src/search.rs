//! Branch and bound over one part: depth first, each node with its bound, until proven or out of work.

#![expect(
    clippy::indexing_slicing,
    reason = "tables have one entry for each row or column of the program, whose indexes are in range"
)]

use alloc::vec;
use alloc::vec::Vec;

use crate::bound::{Bound, Climb, Relaxation, SCALE};
use crate::branching::{Advice, Branching, Here, below};
use crate::greedy::Choice;
use crate::presolve::{Part, drop_useless, reduce};
use crate::program::{Program, Row};
use crate::simplex::Dictionary;
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

/// Demands of more than this are not said in other units.
const MOST_ROUNDED: i64 = 8;
/// Steps that are always there to decide between equal costs, beside a quarter of what the search took.
const AMONG_EQUALS: u64 = 2_000_000;
/// Programs with more numbers than this have bounds by climbing alone.
const LARGEST: usize = 1 << 20;
/// Dearer columns have bounds by climbing alone: what is added to costs would be lost in them.
const DEAREST: i64 = 1 << 40;
/// Steps of the simplex method at one node.
const STEPS: u32 = 5_000;
/// How many nodes are between two tries to make a whole choice of what a node knows.
const PAUSE: u64 = 50;

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
    let worst: i64 = part.program.costs.iter().sum::<i64>() + 1;
    let (best, limit) = match known {
        Some(found) => (Some(found.is_in), found.cost),
        None => (None, worst),
    };
    let before = work.left();
    let mut search = Search::new(part, limit, work);
    search.best = best;
    let bound = search.run();
    let (best, cost) = (search.best, search.limit);
    let spent = before - work.left();
    let bound = bound.min(cost);
    best.map(|is_in| Found {
        is_in: match bound == cost {
            true => {
                let mut share = work.take((work.left() / 4).min(spent / 4 + AMONG_EQUALS));
                let is_in = least_burden(part, is_in, cost, &mut share);
                work.give_back(share);
                is_in
            }
            false => is_in,
        },
        cost,
        bound,
    })
}

/// Of the choices that cost no more than a best one, that with the least burden, and of those the one
/// whose columns come first, as far as work lasts.
fn least_burden(part: &Part, best: Vec<bool>, cost: i64, work: &mut Work) -> Vec<bool> {
    let mut program = part.program.clone();
    let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let places = whole(program.costs.len()).saturating_pow(2) / 2 + 1;
    let costs: Vec<(usize, i64)> = program.costs.iter().copied().enumerate().collect();
    program.add_row(-cost, costs.iter().map(|(column, cost)| (*column, -cost)));
    for ((at, cost), burden) in program.costs.iter_mut().enumerate().zip(&program.burdens) {
        *cost = burden.saturating_mul(places).saturating_add(whole(at));
    }
    if program.costs.iter().any(|cost| *cost >= DEAREST) {
        return best;
    }
    let limit = program.cost_of(&best);
    let part = Part {
        program,
        pairs: part.pairs.clone(),
        columns: part.columns.clone(),
    };
    let mut search = Search::new(&part, limit, work);
    search.is_inner = true;
    search.run();
    search.best.unwrap_or(best)
}

/// Adds, for each demand, what it says in units of several: parts of a unit count whole on the left,
/// because columns are whole, and on the right, because the left is whole then.
fn add_rounded(program: &mut Program, rows: usize) {
    for row in 0..rows {
        let Row {
            least,
            entries,
            is_demand,
            ..
        } = &program.rows[row];
        let most = entries.iter().map(|entry| entry.coefficient).max();
        if !is_demand || *least > MOST_ROUNDED {
            continue;
        }
        let each = (2..=most.unwrap_or(0).min(*least)).filter(|unit| least % unit != 0);
        let rounded: Vec<(i64, Vec<(usize, i64)>)> = each
            .map(|unit| {
                let up = |value: i64| (value + unit - 1) / unit;
                let least = up(*least);
                let entries = entries.iter();
                let entries = entries.map(|entry| (entry.at, up(entry.coefficient).min(least)));
                (least, entries.collect())
            })
            .collect();
        for (least, entries) in rounded {
            program.add_row(least, entries);
        }
    }
}

struct Search<'s> {
    /// Without the rows that only help the search.
    program: &'s Program,
    /// With them.
    searched: Program,
    /// Whether it is a part of what another search looks at.
    is_inner: bool,
    best: Option<Vec<bool>>,
    /// Cost of the best choice; only what is cheaper is looked for.
    limit: i64,
    work: &'s mut Work,
    /// The linear relaxation, where it is small enough.
    linear: Option<Linear>,
    nodes: u64,
}

struct Linear {
    dictionary: Dictionary,
    branching: Branching,
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

impl<'s> Search<'s> {
    fn new(part: &'s Part, limit: i64, work: &'s mut Work) -> Self {
        let program = &part.program;
        let mut searched = program.clone();
        for (weak, strong) in &part.pairs {
            searched.add_row(0, [(*weak, -1), (*strong, 1)]);
        }
        add_rounded(&mut searched, program.rows.len());
        let size = program.costs.len() * searched.rows.len();
        let is_fit = size <= LARGEST && program.costs.iter().all(|cost| *cost < DEAREST);
        let linear = is_fit.then(|| {
            let dictionary = Dictionary::of(&searched);
            Linear {
                branching: Branching::new(&dictionary, program.costs.len()),
                dictionary,
            }
        });
        Search {
            program,
            searched,
            is_inner: false,
            best: None,
            limit,
            work,
            linear,
            nodes: 0,
        }
    }

    /// Returns what every choice costs at least.
    fn run(&mut self) -> i64 {
        let searched = core::mem::take(&mut self.searched);
        let mut state = State::new(&searched);
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
        self.nodes += 1;
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
            let bound = self.bound(state, &relaxation, start.as_deref());
            let units = state.cost()
                + bound.value.div_euclid(SCALE)
                + i64::from(bound.value.rem_euclid(SCALE) > 0);
            if units >= self.limit {
                return Node::Done;
            }
            if is_root && !self.is_inner || self.work.is_spent() || self.nodes.is_multiple_of(PAUSE)
            {
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
            if relaxation.columns.len() * 4 <= state.program.costs.len() * 3
                && let Some(node) = self.inside(state, units)
            {
                return node;
            }
            let (column, first) = match self.advise(state, &relaxation) {
                Some(Advice::Branch(column, first)) => (column, first),
                Some(Advice::Settle(column, value)) => {
                    state.fix(column, value);
                    start = Some(all);
                    continue;
                }
                Some(Advice::Whole) | None => choose(&relaxation, &bound),
            };
            return Node::Branch {
                column,
                first,
                bound: units,
                multipliers: all,
            };
        }
    }

    /// What a state costs at least, beyond what is chosen.
    fn bound(
        &mut self,
        state: &State<'_>,
        relaxation: &Relaxation,
        start: Option<&[i64]>,
    ) -> Bound {
        if let Some(linear) = &mut self.linear {
            linear.dictionary.settle(state);
            linear
                .dictionary
                .solve(state.program, below(self.limit), STEPS, self.work);
            let mut bound = relaxation.proven(&linear.dictionary);
            let columns = relaxation.columns.iter();
            bound.share = columns
                .map(|column| share(linear.dictionary.value(*column)))
                .collect();
            return bound;
        }
        let enough = (self.limit - state.cost()).saturating_mul(SCALE) - SCALE + 1;
        let (first, climb) = match start {
            Some(all) => (relaxation.rows.iter().map(|row| all[*row]).collect(), NODE),
            None => (relaxation.ascend(), ROOT),
        };
        relaxation.climb(first, enough, climb, self.work)
    }

    /// Reduces what is left of a node, and searches each part of it by itself, where rows are fewer
    /// and say more.
    fn inside(&mut self, state: &State<'_>, units: i64) -> Option<Node> {
        self.linear.as_ref()?;
        let values = state.values();
        let Some(reduced) = reduce(self.program, &values, self.work) else {
            return Some(Node::Done);
        };
        let mut is_in = reduced.chosen;
        let mut cost = self.program.cost_of(&is_in);
        let mut bound = cost;
        let mut is_found = true;
        for part in &reduced.parts {
            // The others cost something too, but how much is not known.
            let mut search = Search::new(part, self.limit - bound, self.work);
            search.is_inner = true;
            if let (Some(inner), Some(outer)) = (&mut search.linear, &self.linear) {
                inner.branching.learn(&outer.branching, &part.columns);
            }
            let part_bound = search.run();
            let (best, part_cost) = (search.best, search.limit);
            if let (Some(outer), Some(inner)) = (&mut self.linear, search.linear) {
                outer.branching.teach(&inner.branching, &part.columns);
            }
            bound += part_bound.min(part_cost);
            cost += part_cost;
            if bound >= self.limit {
                return Some(Node::Done);
            }
            match best {
                Some(chosen) => {
                    let both = part.columns.iter().zip(chosen);
                    both.for_each(|(column, flag)| is_in[*column] = flag);
                }
                None => is_found = false,
            }
        }
        if is_found && cost < self.limit {
            self.keep(is_in);
        }
        Some(if bound >= self.limit {
            Node::Done
        } else {
            Node::Stopped(bound.max(units))
        })
    }

    fn advise(&mut self, state: &State<'_>, relaxation: &Relaxation) -> Option<Advice> {
        let linear = self.linear.as_mut()?;
        let here = Here {
            program: state.program,
            dictionary: &linear.dictionary,
            relaxation,
            enough: (self.limit - state.cost()).saturating_mul(SCALE) - SCALE + 1,
            enough_real: below(self.limit),
        };
        Some(linear.branching.advise(&here, self.work))
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

/// Of 1024.
#[expect(
    clippy::cast_possible_truncation,
    reason = "values are between 0 and 1, and what is far out of that only misleads a guess"
)]
fn share(value: f64) -> i64 {
    (value * 1024.0) as i64
}
