//! Makes a program smaller without losing every best choice, and takes it apart.
//!
//! 1. What has no choice left is settled (rows are propagated).
//! 2. A column that helps no open row goes.
//! 3. A column goes when another costs no more, does as much in every row, and alone is enough for all
//!    that the first helps. Where it is not enough, "the first only together with the other" holds.
//! 4. A row goes when another implies it.
//! 5. Parts that share no row are solved by themselves.

#![expect(
    clippy::indexing_slicing,
    reason = "tables have one entry for each row or column of the program, whose indexes are in range"
)]

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use crate::program::{Entry, Program};
use crate::state::{State, Value};
use crate::task::Work;

/// What is left to decide, in parts that do not touch each other.
pub(crate) struct Reduced {
    /// What the rows alone force in.
    pub(crate) forced: Vec<usize>,
    /// What is settled, forced columns included.
    pub(crate) chosen: Vec<bool>,
    /// What is left.
    pub(crate) parts: Vec<Part>,
}

/// A part that can be decided by itself: every column is free.
pub(crate) struct Part {
    pub(crate) program: Program,
    /// Rows that only help the search: "the first only together with the other".
    pub(crate) pairs: Vec<(usize, usize)>,
    /// Columns of the whole program, by column of the part.
    pub(crate) columns: Vec<usize>,
}

/// How much one reduction may look at, by entry of the program.
const EFFORT: u64 = 200;

/// Reduces; [`None`] when the settled values leave no choice that keeps every row.
pub(crate) fn reduce(program: &Program, values: &[Value], work: &mut Work) -> Option<Reduced> {
    let mut state = State::new(program);
    for (column, value) in values.iter().enumerate() {
        state.fix(column, *value);
    }
    let mut unlimited = Work::new(u64::MAX);
    if !state.propagate(&mut unlimited) {
        return None;
    }
    let forced = (0..program.costs.len())
        .filter(|column| state.value(*column) == Value::In)
        .collect();
    let entries: u64 = program
        .rows
        .iter()
        .map(|row| row.entries.len() as u64)
        .sum();
    let mut effort = work.take(entries.saturating_mul(EFFORT));
    let takes: Vec<Vec<Entry>> = program
        .columns
        .iter()
        .map(|column| {
            let entries = column.iter().filter(|entry| entry.coefficient < 0);
            entries.copied().collect()
        })
        .collect();
    let mut pairs;
    loop {
        let before = state.mark();
        drop_useless(&mut state);
        pairs = dominated_columns(&mut state, &takes, &mut effort);
        // Columns that went may leave a row only one way to hold.
        if !state.propagate(&mut unlimited) {
            return None;
        }
        if state.mark() == before || effort.is_spent() {
            break;
        }
    }
    let is_needed = needed_rows(&state, &mut effort);
    work.give_back(effort);
    let parts = parts(&state, &is_needed, &pairs);
    let chosen = (0..program.costs.len())
        .map(|column| state.value(column) == Value::In)
        .collect();
    Some(Reduced {
        forced,
        chosen,
        parts,
    })
}

/// Lets go of columns that help no open row; costs are never below 0.
pub(crate) fn drop_useless(state: &mut State<'_>) {
    let program = state.program;
    for column in 0..program.costs.len() {
        if state.is_free(column) {
            let helps = program.columns[column]
                .iter()
                .any(|entry| entry.coefficient > 0 && !state.is_settled(entry.at));
            if !helps {
                state.fix(column, Value::Out);
            }
        }
    }
}

/// Lets go of dominated columns; returns pairs of which the first is only chosen with the second.
fn dominated_columns(
    state: &mut State<'_>,
    takes: &[Vec<Entry>],
    effort: &mut Work,
) -> Vec<(usize, usize)> {
    let program = state.program;
    let mut pairs = Vec::new();
    for weak in 0..program.costs.len() {
        if !state.is_free(weak) || effort.is_spent() {
            continue;
        }
        // Whoever does as much is in the shortest row that the weak one helps.
        let helped = program.columns[weak].iter();
        let shortest = helped
            .filter(|entry| entry.coefficient > 0 && !state.is_settled(entry.at))
            .min_by_key(|entry| program.rows[entry.at].entries.len());
        let Some(shortest) = shortest else { continue };
        for other in &program.rows[shortest.at].entries {
            let strong = other.at;
            if strong == weak || !state.is_free(strong) || !is_preferred(program, strong, weak) {
                continue;
            }
            effort.spend((program.columns[weak].len() + takes[strong].len()) as u64);
            match compare(state, strong, weak, takes) {
                Some(Domination::Replaces) => {
                    state.fix(weak, Value::Out);
                    break;
                }
                Some(Domination::Precedes) => pairs.push((weak, strong)),
                None => {}
            }
        }
    }
    pairs.retain(|(weak, strong)| state.is_free(*weak) && state.is_free(*strong));
    pairs
}

/// Cheaper, less of a burden, or the first among equals: an order, so that columns cannot replace each
/// other in turn.
fn is_preferred(program: &Program, strong: usize, weak: usize) -> bool {
    let rank = |column: usize| (program.costs[column], program.burdens[column], column);
    rank(strong) < rank(weak)
}

enum Domination {
    /// With the strong one chosen, the weak one is of no use.
    Replaces,
    /// With the weak one chosen, the strong one may as well be.
    Precedes,
}

/// Whether `strong` does in every open row at least what `weak` does.
fn compare(
    state: &State<'_>,
    strong: usize,
    weak: usize,
    takes: &[Vec<Entry>],
) -> Option<Domination> {
    let program = state.program;
    let of_strong = program.columns[strong].as_slice();
    // Where the weak one does nothing, the strong one must not take.
    for entry in &takes[strong] {
        let is_shared = find(&program.columns[weak], entry.at).is_some();
        if !is_shared && !state.is_settled(entry.at) {
            return None;
        }
    }
    let mut replaces = true;
    for entry in &program.columns[weak] {
        let (row, mut theirs) = (entry.at, entry.coefficient);
        if state.is_settled(row) {
            continue;
        }
        let mut mine = find(of_strong, row).map_or(0, |entry| entry.coefficient);
        let lack = state.lack(row);
        if program.rows[row].is_demand {
            mine = mine.min(lack);
            theirs = theirs.min(lack);
            replaces &= theirs == 0 || mine >= lack;
        } else {
            replaces &= theirs <= 0;
        }
        if mine < theirs {
            return None;
        }
    }
    Some(if replaces {
        Domination::Replaces
    } else {
        Domination::Precedes
    })
}

/// Columns list their rows in ascending order.
fn find(column: &[Entry], row: usize) -> Option<&Entry> {
    let at = column.binary_search_by_key(&row, |entry| entry.at).ok()?;
    column.get(at)
}

/// Rows that no other row implies.
fn needed_rows(state: &State<'_>, effort: &mut Work) -> Vec<bool> {
    let program = state.program;
    let rows = program.rows.len();
    let mut is_needed: Vec<bool> = (0..rows).map(|row| !state.is_settled(row)).collect();
    let free = |row: usize| -> Vec<(usize, i64)> {
        let lack = state.lack(row);
        let entries = program.rows[row].entries.iter();
        let clipped = |entry: &Entry| match program.rows[row].is_demand {
            true => entry.coefficient.min(lack),
            false => entry.coefficient,
        };
        entries
            .filter(|entry| state.is_free(entry.at))
            .map(|entry| (entry.at, clipped(entry)))
            .collect()
    };
    let lists: Vec<Vec<(usize, i64)>> = (0..rows)
        .map(|row| {
            if is_needed[row] {
                free(row)
            } else {
                Vec::new()
            }
        })
        .collect();
    for strict in 0..rows {
        if !is_needed[strict] || !program.rows[strict].is_demand || effort.is_spent() {
            continue;
        }
        // A row that it implies has all of its columns, so also the one with fewest rows.
        let columns = lists[strict].iter().map(|(column, _)| column);
        let rarest = columns.min_by_key(|column| program.columns[**column].len());
        let Some(rarest) = rarest else { continue };
        for entry in &program.columns[*rarest] {
            let loose = entry.at;
            if loose == strict || !is_needed[loose] || !program.rows[loose].is_demand {
                continue;
            }
            effort.spend(lists[strict].len() as u64);
            let (has, asks) = (state.lack(strict), state.lack(loose));
            // Clipping at `asks` keeps the strict row at `asks` or more; of equal rows the first stays.
            let is_implied = has >= asks
                && covers(&lists[loose], &lists[strict], asks)
                && (has > asks || lists[strict] != lists[loose] || strict < loose);
            if is_implied {
                is_needed[loose] = false;
            }
        }
    }
    is_needed
}

/// Whether `loose` has every column of `strict`, with no less up to `asks`; both ascend by column.
fn covers(loose: &[(usize, i64)], strict: &[(usize, i64)], asks: i64) -> bool {
    let mut rest = loose.iter();
    strict.iter().all(|(column, a)| {
        let same = rest.find(|(other, _)| other >= column);
        same.is_some_and(|(other, b)| other == column && (*b).min(asks) >= (*a).min(asks))
    })
}

/// Takes apart what is left to decide, and leaves nothing out.
pub(crate) fn taken_apart(state: &State<'_>) -> Vec<Part> {
    let rows = 0..state.program.rows.len();
    let is_open: Vec<bool> = rows.map(|row| !state.is_settled(row)).collect();
    parts(state, &is_open, &[])
}

/// Takes apart what shares no row.
fn parts(state: &State<'_>, is_needed: &[bool], pairs: &[(usize, usize)]) -> Vec<Part> {
    let program = state.program;
    let mut leader: Vec<usize> = (0..program.costs.len()).collect();
    fn find(leader: &mut [usize], mut at: usize) -> usize {
        while leader[at] != at {
            leader[at] = leader[leader[at]];
            at = leader[at];
        }
        at
    }
    let free_of = |row: usize| {
        let entries = program.rows[row].entries.iter();
        entries.map(|e| e.at).filter(|at| state.is_free(*at))
    };
    for row in (0..program.rows.len()).filter(|row| is_needed[*row]) {
        let mut columns = free_of(row);
        if let Some(first) = columns.next() {
            for other in columns {
                let (a, b) = (find(&mut leader, first), find(&mut leader, other));
                leader[a.max(b)] = a.min(b);
            }
        }
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for column in 0..program.costs.len() {
        if state.is_free(column) {
            members
                .entry(find(&mut leader, column))
                .or_default()
                .push(column);
        }
    }
    let mut place = vec![(usize::MAX, usize::MAX); program.costs.len()];
    let mut parts = Vec::new();
    for columns in members.into_values() {
        let mut part = Program::default();
        for (index, column) in columns.iter().enumerate() {
            place[*column] = (parts.len(), index);
            let at = part.add_column(program.costs[*column]);
            part.burdens[at] = program.burdens[*column];
        }
        parts.push(Part {
            program: part,
            pairs: Vec::new(),
            columns,
        });
    }
    for row in (0..program.rows.len()).filter(|row| is_needed[*row]) {
        let Some(home) = free_of(row).next().map(|column| place[column].0) else {
            continue;
        };
        let lack = state.lack(row);
        let is_demand = program.rows[row].is_demand;
        let entries = program.rows[row].entries.iter();
        let entries = entries
            .filter(|entry| state.is_free(entry.at))
            .map(|entry| {
                let a = entry.coefficient;
                (place[entry.at].1, if is_demand { a.min(lack) } else { a })
            });
        parts[home].program.add_row(lack, entries);
    }
    for (needing, needs) in program.needs.iter().enumerate() {
        if state.is_free(needing) {
            let (home, at) = place[needing];
            let free = needs.iter().filter(|needed| state.is_free(**needed));
            parts[home].program.needs[at] = free.map(|needed| place[*needed].1).collect();
        }
    }
    for (weak, strong) in pairs {
        let (home, at) = place[*weak];
        if place[*strong].0 == home {
            parts[home].pairs.push((at, place[*strong].1));
        }
    }
    parts
}
