//! On which column to branch: both sides are tried for some steps, and what was learned is kept.

#![expect(
    clippy::indexing_slicing,
    reason = "tables have one entry for each column of the program, whose indexes are in range"
)]

use alloc::vec;
use alloc::vec::Vec;

use crate::bound::{Relaxation, SCALE};
use crate::program::Program;
use crate::simplex::{Dictionary, Ended};
use crate::state::Value;
use crate::task::Work;

/// Tries of one side after which its average is believed.
const RELIABLE: u32 = 4;
/// Columns tried in a row without a better one before the best is taken.
const PATIENCE: u32 = 8;
/// Steps of one try.
const STEPS: u32 = 60;
/// What is nearer than this to 0 or 1 is not broken.
const WHOLE: f64 = 1e-6;

/// What changing a column has cost so far, for each unit of change.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    sum: f64,
    count: u32,
}

impl Record {
    fn add(&mut self, gain: f64, change: f64) {
        self.sum += gain / change.max(WHOLE);
        self.count += 1;
    }

    fn average(self, other: f64) -> f64 {
        match self.count {
            0 => other,
            count => self.sum / f64::from(count),
        }
    }
}

/// What was learned about the columns.
pub(crate) struct Branching {
    /// Of leaving out and of choosing, by column.
    records: Vec<[Record; 2]>,
    all: [Record; 2],
    trial: Dictionary,
}

/// What to do at a node.
pub(crate) enum Advice {
    /// Branch here, with that value first.
    Branch(usize, Value),
    /// Only this value is left for a column.
    Settle(usize, Value),
    /// No column is broken.
    Whole,
}

/// What a node knows.
pub(crate) struct Here<'h> {
    pub(crate) program: &'h Program,
    pub(crate) dictionary: &'h Dictionary,
    pub(crate) relaxation: &'h Relaxation,
    /// Cost in 1/4096 that a child must reach, without what is chosen already.
    pub(crate) enough: i64,
    /// The same as the dictionary counts it.
    pub(crate) enough_real: f64,
}

impl Branching {
    pub(crate) fn new(dictionary: &Dictionary, columns: usize) -> Self {
        Branching {
            records: vec![[Record::default(); 2]; columns],
            all: [Record::default(); 2],
            trial: dictionary.clone(),
        }
    }

    /// Takes over what is known of some columns.
    pub(crate) fn learn(&mut self, other: &Branching, columns: &[usize]) {
        self.all = other.all;
        for (record, column) in self.records.iter_mut().zip(columns) {
            *record = other.records[*column];
        }
    }

    /// Gives back what was learned of some columns.
    pub(crate) fn teach(&mut self, inner: &Branching, columns: &[usize]) {
        self.all = inner.all;
        for (record, column) in inner.records.iter().zip(columns) {
            self.records[*column] = *record;
        }
    }

    /// The column whose better side costs most, as far as some tries can tell.
    pub(crate) fn advise(&mut self, here: &Here<'_>, work: &mut Work) -> Advice {
        let mut broken: Vec<(f64, usize, f64)> = Vec::new();
        for (index, column) in here.relaxation.columns.iter().enumerate() {
            let value = here.dictionary.value(*column);
            if value > WHOLE && value < 1.0 - WHOLE {
                broken.push((self.guess(*column, value), index, value));
            }
        }
        broken.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut best: Option<(f64, usize, f64)> = None;
        let mut stale = 0;
        for (guess, index, value) in broken {
            let column = here.relaxation.columns[index];
            let is_known = self.records[column]
                .iter()
                .all(|side| side.count >= RELIABLE);
            let score = if is_known || work.is_spent() {
                guess
            } else {
                let mut gains = [0.0; 2];
                for (side, gain) in gains.iter_mut().enumerate() {
                    match self.try_side(here, index, side, value, work) {
                        Some(gained) => *gain = gained,
                        None => {
                            let other = if side == 0 { Value::In } else { Value::Out };
                            return Advice::Settle(column, other);
                        }
                    }
                }
                product(gains[0], gains[1])
            };
            if best.is_none_or(|best| score > best.0) {
                best = Some((score, column, value));
                stale = 0;
            } else {
                stale += 1;
                if stale >= PATIENCE {
                    break;
                }
            }
        }
        match best {
            None => Advice::Whole,
            Some((_, column, value)) => {
                let first = if value >= 0.25 { Value::In } else { Value::Out };
                Advice::Branch(column, first)
            }
        }
    }

    fn guess(&self, column: usize, value: f64) -> f64 {
        let average = |side: usize| {
            let all = self.all[side].average(1.0);
            self.records[column][side].average(all)
        };
        product(average(0) * value, average(1) * (1.0 - value))
    }

    /// What a side costs more; [`None`] when nothing better is on it.
    fn try_side(
        &mut self,
        here: &Here<'_>,
        index: usize,
        side: usize,
        value: f64,
        work: &mut Work,
    ) -> Option<f64> {
        let column = here.relaxation.columns[index];
        self.trial.clone_from(here.dictionary);
        work.spend(here.dictionary.size() / 16);
        let bound = if side == 0 { 0.0 } else { 1.0 };
        self.trial.bound(column, bound, bound);
        let ended = self
            .trial
            .solve(here.program, here.enough_real, STEPS, work);
        if ended == Ended::Beyond {
            let proven = here.relaxation.proven(&self.trial);
            let own = proven.reduced[index];
            let settled = if side == 0 { 0 } else { own };
            if proven.value - own.min(0) + settled >= here.enough {
                return None;
            }
        }
        let gain = (self.trial.cost() - here.dictionary.cost()).max(0.0);
        let change = if side == 0 { value } else { 1.0 - value };
        self.records[column][side].add(gain, change);
        self.all[side].add(gain, change);
        Some(gain)
    }
}

/// Both sides have to cost something.
fn product(out: f64, within: f64) -> f64 {
    out.max(1e-4) * within.max(1e-4)
}

/// A little below the next whole unit of cost, as a dictionary counts.
pub(crate) fn below(limit: i64) -> f64 {
    crate::simplex::real(limit) - 1.0 + 0.01 + 1.0 / crate::simplex::real(SCALE)
}
