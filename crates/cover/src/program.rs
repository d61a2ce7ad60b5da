//! The task as rows `Σ a·x ≥ b` over 0-1 columns, the only form that the search knows.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use crate::state::{State, Value};
use crate::task::{Diversity, Standing, Target, Task, Work};

/// One coefficient: of a row at a column, or of a column in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: usize,
    pub(crate) coefficient: i64,
}

/// `Σ a·x ≥ least`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) least: i64,
    pub(crate) entries: Vec<Entry>,
    /// Whether it only demands: no coefficient is negative.
    pub(crate) is_demand: bool,
    /// Whether its numbers are small enough for the bound, which leaves other rows out.
    pub(crate) is_small: bool,
    /// How many equal rows it stands for: that often counts what is missing in it.
    pub(crate) copies: i64,
}

/// Numbers beyond this, in absolute value, stay out of the bound.
const SMALL: i64 = 1 << 20;

/// Columns with costs, and rows. Every index in it is in range.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) costs: Vec<i64>,
    /// What decides between equal costs.
    pub(crate) burdens: Vec<i64>,
    pub(crate) columns: Vec<Vec<Entry>>,
    pub(crate) rows: Vec<Row>,
    /// Columns that a column needs, also said by rows.
    pub(crate) needs: Vec<Vec<usize>>,
}

impl Program {
    pub(crate) fn add_column(&mut self, cost: i64) -> usize {
        self.costs.push(cost);
        self.burdens.push(0);
        self.columns.push(Vec::new());
        self.needs.push(Vec::new());
        self.costs.len() - 1
    }

    /// Adds a row; coefficients of 0 and columns that are not there are left out.
    pub(crate) fn add_row(&mut self, least: i64, entries: impl IntoIterator<Item = (usize, i64)>) {
        let row = self.rows.len();
        let columns = &mut self.columns;
        let entries = entries.into_iter();
        let mut kept = Vec::with_capacity(entries.size_hint().1.unwrap_or(0));
        for (at, coefficient) in entries {
            if let Some(column) = columns.get_mut(at).filter(|_| coefficient != 0) {
                kept.push(Entry { at, coefficient });
                column.push(Entry {
                    at: row,
                    coefficient,
                });
            }
        }
        let is_small = |value: i64| value.abs() <= SMALL;
        self.rows.push(Row {
            least,
            is_demand: kept.iter().all(|entry| entry.coefficient > 0),
            is_small: is_small(least) && kept.iter().all(|entry| is_small(entry.coefficient)),
            entries: kept,
            copies: 1,
        });
    }

    /// Adds a demand for `least` of a wish, all of whose columns are there; one for nothing is none.
    fn add_demand(&mut self, wish: Wish, least: i64) {
        if least <= 0 {
            return;
        }
        let row = self.rows.len();
        let mut entries = wish.entries;
        for entry in &mut entries {
            entry.coefficient = entry.coefficient.min(least);
            if let Some(column) = self.columns.get_mut(entry.at) {
                column.push(Entry {
                    at: row,
                    coefficient: entry.coefficient,
                });
            }
        }
        self.rows.push(Row {
            least,
            is_demand: true,
            // No coefficient is above it.
            is_small: least <= SMALL,
            entries,
            copies: 1,
        });
    }

    /// Adds a column to one row only.
    pub(crate) fn add_column_in(&mut self, row: usize, coefficient: i64, cost: i64) {
        let at = self.add_column(cost);
        if let (Some(row_of), Some(list)) = (self.rows.get_mut(row), self.columns.get_mut(at)) {
            row_of.entries.push(Entry { at, coefficient });
            list.push(Entry {
                at: row,
                coefficient,
            });
        }
    }

    pub(crate) fn add_need(&mut self, needing: usize, needed: usize) {
        self.add_row(0, [(needing, -1), (needed, 1)]);
        if let Some(needs) = self.needs.get_mut(needing) {
            needs.push(needed);
        }
    }

    pub(crate) fn cost_of(&self, chosen: &[bool]) -> i64 {
        let both = self.costs.iter().zip(chosen);
        both.filter(|(_, is_chosen)| **is_chosen)
            .map(|(cost, _)| cost)
            .sum()
    }

    /// What each row has under a choice.
    pub(crate) fn activity(&self, chosen: &[bool]) -> Vec<i64> {
        let of = |row: &Row| {
            let entries = row.entries.iter();
            entries
                .filter(|entry| chosen.get(entry.at).copied().unwrap_or(false))
                .map(|entry| entry.coefficient)
                .sum()
        };
        self.rows.iter().map(of).collect()
    }
}

/// What a target can get at most, by the candidates that may be chosen at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// As much of the demand as there is.
    Reachable,
    /// The whole demand, or nothing: a column of its own says that the target is given up.
    AllOrNothing,
}

/// The conditions among candidates, with what is settled by them alone; columns are the candidates.
///
/// Forced candidates and what they need win: a condition among them that cannot be kept is left out
/// here, and shown by [`violations`](crate::violations).
pub(crate) fn conditions(task: &Task, costs: impl Iterator<Item = i64>) -> (Program, Vec<Value>) {
    let mut program = Program::default();
    for cost in costs {
        program.add_column(cost);
    }
    for (burden, candidate) in program.burdens.iter_mut().zip(&task.candidates) {
        *burden = i64::from(candidate.burden);
    }
    let count = task.candidates.len();
    let must = closure(task);
    let mut out: BTreeSet<usize> = BTreeSet::new();
    for (index, candidate) in task.candidates.iter().enumerate() {
        if candidate.standing == Standing::Excluded {
            out.insert(index);
        }
        for needed in &candidate.requires {
            let is_lost = *needed >= count || out_of_reach(task, *needed);
            match (must.contains(&index), is_lost) {
                (true, true) => {}
                (false, true) => {
                    out.insert(index);
                }
                (_, false) if *needed != index => program.add_need(index, *needed),
                (_, false) => {}
            }
        }
    }
    for (a, b) in &task.conflicts {
        if a != b && !(must.contains(a) && must.contains(b)) {
            program.add_row(-1, [(*a, -1), (*b, -1)]);
        }
    }
    for capacity in &task.capacities {
        let used = |only: &dyn Fn(usize) -> bool| -> i64 {
            let uses = capacity.uses.iter().filter(|(user, _)| only(*user));
            uses.map(|(_, amount)| i64::from(*amount)).sum()
        };
        let limit = i64::from(capacity.limit).max(used(&|user| must.contains(&user)));
        if used(&|user| user < count && !out.contains(&user)) > limit {
            let uses = capacity.uses.iter();
            program.add_row(
                -limit,
                uses.map(|(user, amount)| (*user, -i64::from(*amount))),
            );
        }
    }
    let mut state = State::new(&program);
    for index in out {
        state.fix(index, Value::Out);
    }
    for index in must {
        state.fix(index, Value::In);
    }
    // What is forced keeps every condition that is left, so that this settles and never fails.
    let mut work = Work::new(u64::MAX);
    state.propagate(&mut work);
    for column in 0..program.costs.len() {
        if state.value(column) == Value::Free
            && !program.columns.get(column).is_none_or(Vec::is_empty)
        {
            let mark = state.mark();
            state.fix(column, Value::In);
            let is_possible = state.propagate(&mut work);
            state.undo(mark);
            if !is_possible {
                state.fix(column, Value::Out);
                state.propagate(&mut work);
            }
        }
    }
    let values = state.values();
    (program, values)
}

/// Forced candidates and everything that they need, as far as it may be chosen.
fn closure(task: &Task) -> BTreeSet<usize> {
    let candidates = task.candidates.iter().enumerate();
    let mut stack: Vec<usize> = candidates
        .filter(|(_, candidate)| candidate.standing == Standing::Forced)
        .map(|(index, _)| index)
        .collect();
    let mut found = BTreeSet::new();
    while let Some(index) = stack.pop() {
        if let Some(candidate) = task.candidates.get(index)
            && candidate.standing != Standing::Excluded
            && found.insert(index)
        {
            stack.extend(candidate.requires.iter().copied());
        }
    }
    found
}

fn out_of_reach(task: &Task, index: usize) -> bool {
    let candidate = task.candidates.get(index);
    candidate.is_none_or(|candidate| candidate.standing == Standing::Excluded)
}

/// Adds the demands of the targets.
///
/// With [`Aim::AllOrNothing`] the cost of giving up a target is `price` of its index, and the returned
/// list has the column that says so; targets out of reach get none. With [`Aim::Reachable`] targets
/// that ask for the same from the same candidates share their rows.
pub(crate) fn demands(
    task: &Task,
    program: &mut Program,
    values: &mut Vec<Value>,
    aim: Aim,
    price: &dyn Fn(usize) -> i64,
) -> Vec<Option<usize>> {
    let offers = offers(task, values);
    let firsts = match aim {
        Aim::Reachable => firsts(task, &offers),
        Aim::AllOrNothing => (0..task.targets.len()).collect(),
    };
    let mut given_up = Vec::with_capacity(task.targets.len());
    let mut rows_from = Vec::with_capacity(task.targets.len());
    for (index, (target, offers_of)) in task.targets.iter().zip(&offers).enumerate() {
        rows_from.push(program.rows.len());
        let first = firsts.get(index).copied().unwrap_or(index);
        if first < index {
            let ends = [first, first + 1].map(|at| rows_from.get(at).copied().unwrap_or(0));
            let rows = program.rows.get_mut(ends[0]..ends[1]);
            rows.into_iter().flatten().for_each(|row| row.copies += 1);
            given_up.push(None);
            continue;
        }
        let rows = rows_of(task, target, offers_of);
        given_up.push(match aim {
            Aim::Reachable => {
                for row in rows {
                    let least = row.least.min(row.offered());
                    program.add_demand(row, least);
                }
                None
            }
            Aim::AllOrNothing => {
                let is_reachable = rows.iter().all(|row| row.offered() >= row.least);
                is_reachable.then(|| {
                    let column = program.add_column(price(index));
                    values.push(Value::Free);
                    for mut row in rows {
                        let least = row.least;
                        row.entries.push(Entry {
                            at: column,
                            coefficient: least,
                        });
                        program.add_demand(row, least);
                    }
                    column
                })
            }
        });
    }
    given_up
}

/// For each target the first one that asks for the same from the same candidates, which may be itself.
fn firsts(task: &Task, offers: &[Offers]) -> Vec<usize> {
    let mut firsts: Vec<usize> = (0..task.targets.len()).collect();
    let each = task.targets.iter().zip(offers).enumerate();
    let mut order: Vec<(u64, usize)> = each.map(|(i, (t, o))| (digest(t, o), i)).collect();
    order.sort_unstable();
    let alike = |a: usize, b: usize| {
        task.targets.get(a) == task.targets.get(b) && offers.get(a) == offers.get(b)
    };
    for group in order.chunk_by(|a, b| a.0 == b.0) {
        for (place, (_, index)) in group.iter().enumerate() {
            let mut before = group.iter().take(place).map(|(_, first)| *first);
            let first =
                before.find(|first| firsts.get(*first) == Some(first) && alike(*first, *index));
            if let (Some(first), Some(of)) = (first, firsts.get_mut(*index)) {
                *of = first;
            }
        }
    }
    firsts
}

/// Who may give how much to each target, by ascending index.
type Offers = Vec<(usize, u32)>;

fn offers(task: &Task, values: &[Value]) -> Vec<Offers> {
    let candidates = task.candidates.iter().enumerate();
    let possible = candidates.filter(|(index, _)| values.get(*index) != Some(&Value::Out));
    let mut counts = vec![0_usize; task.targets.len()];
    for (target, _) in possible.clone().flat_map(|(_, candidate)| &candidate.gives) {
        if let Some(count) = counts.get_mut(*target) {
            *count += 1;
        }
    }
    let mut offers: Vec<Offers> = counts.into_iter().map(Vec::with_capacity).collect();
    for (index, candidate) in possible {
        for (target, strength) in &candidate.gives {
            if let Some(offers) = offers.get_mut(*target).filter(|_| *strength > 0) {
                match offers.last_mut() {
                    Some((last, known)) if *last == index => *known = *strength,
                    _ => offers.push((index, *strength)),
                }
            }
        }
    }
    offers
}

/// Equal for equal demands; what it says of others is checked. FNV-1a over whole numbers.
fn digest(target: &Target, offers: &Offers) -> u64 {
    let Target {
        strength,
        count,
        peak,
        groups,
    } = *target;
    let head = [strength, count, peak, groups.number()].map(u64::from);
    let tail = offers
        .iter()
        .map(|(index, strength)| (*index as u64).rotate_left(32) ^ u64::from(*strength));
    head.into_iter()
        .chain(tail)
        .fold(0xcbf2_9ce4_8422_2325, |sum, number| {
            (sum ^ number)
                .wrapping_mul(0x0100_0000_01b3)
                .rotate_left(23)
        })
}

/// A demand before it is known how much of it can be had.
struct Wish {
    least: i64,
    entries: Vec<Entry>,
}

impl Wish {
    /// All that can be had.
    fn offered(&self) -> i64 {
        self.entries.iter().map(|entry| entry.coefficient).sum()
    }
}

fn rows_of(task: &Task, target: &Target, offers: &Offers) -> Vec<Wish> {
    let wish = |least: u32, given: &dyn Fn(usize, u32) -> i64| {
        let entries = offers.iter().map(|(index, strength)| Entry {
            at: *index,
            coefficient: given(*index, *strength),
        });
        Wish {
            least: i64::from(least),
            entries: entries.filter(|entry| entry.coefficient > 0).collect(),
        }
    };
    let mut rows = Vec::with_capacity(4);
    if target.strength > 0 {
        rows.push(wish(target.strength, &|_, strength| i64::from(strength)));
    }
    if target.count > 1 || (target.count == 1 && target.strength == 0) {
        rows.push(wish(target.count, &|_, _| 1));
    }
    if target.peak > 0 {
        rows.push(wish(1, &|_, strength| i64::from(strength >= target.peak)));
    }
    if target.groups.number() == 0 {
        return rows;
    }
    let group_of = |index: usize| task.candidates.get(index).map_or(0, |c| c.group);
    let mut groups: Vec<u32> = offers.iter().map(|(index, _)| group_of(*index)).collect();
    groups.sort_unstable();
    groups.dedup();
    // From k groups: outside of any k - 1 of them is one more. What cannot be had is an empty wish.
    let wanted = target.groups.number() as usize;
    if groups.len() < wanted {
        rows.push(Wish {
            least: 1,
            entries: Vec::new(),
        });
    }
    let can_be_had = wanted.min(groups.len());
    if can_be_had == 1 && target.strength == 0 && target.count == 0 {
        rows.push(wish(1, &|_, _| 1));
    }
    if can_be_had == 2 {
        for group in &groups {
            rows.push(wish(1, &|index, _| i64::from(group_of(index) != *group)));
        }
    }
    if can_be_had == 3 && target.groups == Diversity::Three {
        for (place, a) in groups.iter().enumerate() {
            for b in groups.iter().take(place) {
                let is_other = |index: usize| ![*a, *b].contains(&group_of(index));
                rows.push(wish(1, &|index, _| i64::from(is_other(index))));
            }
        }
    }
    rows
}
