//! What conflicts and capacities leave missing, whatever is chosen.
//!
//! A row that may stay short gets columns that stand for what it lacks, each far dearer than any
//! choice. They keep rows from implying each other, so they are only where they are needed: with
//! everything chosen that nothing keeps out, what is left falls apart into small parts, and a part
//! that can be had whole needs none. A best choice misses in each part what that part must miss, since
//! choosing more of the rest never takes anything away.

use alloc::vec;
use alloc::vec::Vec;

use crate::presolve::{Part, taken_apart};
use crate::program::Program;
use crate::search::at_once;
use crate::solve::settle;
use crate::state::{State, Value};
use crate::task::Work;

/// What all that is missing may cost together, so that sums stay far from the end of the numbers.
const MOST: i64 = 1 << 60;

/// What was found out about what must be missing.
pub(crate) struct Shortage {
    /// Price of one missing unit, which is more than all other columns cost together.
    pub(crate) price: i64,
    /// A choice that keeps every row, however dear.
    pub(crate) some: Vec<bool>,
}

/// Adds columns for what may stay missing.
pub(crate) fn shortages(
    program: &mut Program,
    values: &mut Vec<Value>,
    side_rows: usize,
    work: &mut Work,
) -> Shortage {
    let all: i64 = program.costs.iter().sum();
    let restrained = restrained(program, values, side_rows);
    let lacks: Vec<(usize, i64)> = (side_rows..program.rows.len())
        .filter_map(|row| Some((row, lack(program, &restrained, row)?)))
        .collect();
    let (short, mut some) = short(program, values, &restrained, &lacks, work);
    let units: i64 = short
        .iter()
        .filter_map(|(row, lack)| Some(program.rows.get(*row)?.copies.saturating_mul(*lack)))
        .fold(1, i64::saturating_add);
    let price = (all + 1).min(MOST / units).max(1);
    for (row, lack) in short {
        add_missing(program, row, lack, price);
    }
    values.resize(program.costs.len(), Value::Free);
    some.resize(program.costs.len(), true);
    Shortage { price, some }
}

/// How much a demand may lack when everything is chosen that nothing keeps out.
fn lack(program: &Program, restrained: &[bool], row: usize) -> Option<i64> {
    let row = program.rows.get(row)?;
    let safe = row.entries.iter();
    let safe = safe.filter(|entry| restrained.get(entry.at) != Some(&true));
    let lack = row.least - safe.map(|entry| entry.coefficient).sum::<i64>();
    (lack > 0).then_some(lack)
}

/// Columns of 1, 2, 4 … missing units, so that few stand for many.
fn add_missing(program: &mut Program, row: usize, lack: i64, price: i64) {
    let copies = program.rows.get(row).map_or(1, |row| row.copies);
    let (mut left, mut units) = (lack, 1);
    while left > 0 {
        let now = units.min(left);
        program.add_column_in(row, now, price.saturating_mul(copies).saturating_mul(now));
        left -= now;
        units *= 2;
    }
}

/// The rows among `lacks` that no choice was found to keep, and a choice that keeps all others.
fn short(
    program: &Program,
    values: &[Value],
    restrained: &[bool],
    lacks: &[(usize, i64)],
    work: &mut Work,
) -> (Vec<(usize, i64)>, Vec<bool>) {
    let mut state = State::new(program);
    for (column, value) in values.iter().enumerate() {
        let is_sure = *value == Value::Free && restrained.get(column) != Some(&true);
        state.fix(column, if is_sure { Value::In } else { *value });
    }
    let columns = 0..program.costs.len();
    let mut some: Vec<bool> = columns
        .map(|column| state.value(column) == Value::In)
        .collect();
    if lacks.is_empty() {
        return (Vec::new(), some);
    }
    let parts = taken_apart(&state);
    let mut whole = vec![false; program.costs.len()];
    let count = parts.len() as u64;
    for (done, part) in parts.iter().enumerate() {
        let fair = work.left() / 4 / (count - done as u64).max(1);
        let mut share = work.take(fair);
        let found = at_once(part, &mut share).map(|found| found.is_in);
        let found = found.or_else(|| misses_nothing(part, &mut share));
        work.give_back(share);
        for (column, is_in) in part.columns.iter().zip(found.into_iter().flatten()) {
            if let (Some(whole), Some(some)) = (whole.get_mut(*column), some.get_mut(*column)) {
                (*whole, *some) = (true, is_in);
            }
        }
    }
    let is_short = |row: usize| {
        let entries = program
            .rows
            .get(row)
            .into_iter()
            .flat_map(|row| &row.entries);
        let mut open = entries.filter(|entry| state.is_free(entry.at));
        !open.any(|entry| whole.get(entry.at) == Some(&true))
    };
    let each = lacks.iter().copied();
    (each.filter(|(row, _)| is_short(*row)).collect(), some)
}

/// A choice that keeps every row of a part, if the search finds one.
fn misses_nothing(part: &Part, work: &mut Work) -> Option<Vec<bool>> {
    let mut program = part.program.clone();
    program.costs.fill(0);
    for row in 0..program.rows.len() {
        let least = program.rows.get(row).filter(|row| row.is_demand);
        if let Some(least) = least.map(|row| row.least) {
            add_missing(&mut program, row, least, 1);
        }
    }
    let values = vec![Value::Free; program.costs.len()];
    let whole = settle(&program, &values, work, true);
    (program.cost_of(&whole.is_in) == 0).then_some(whole.is_in)
}

/// Columns that some other choice may keep out: in a conflict or a capacity, or needing one that is.
fn restrained(program: &Program, values: &[Value], side_rows: usize) -> Vec<bool> {
    let is_free = |column: usize| values.get(column) == Some(&Value::Free);
    let mut found = vec![false; program.costs.len()];
    for row in program.rows.iter().take(side_rows) {
        let only_takes = row.entries.iter().all(|entry| entry.coefficient < 0);
        let all: i64 = row
            .entries
            .iter()
            .filter(|entry| values.get(entry.at) != Some(&Value::Out))
            .map(|entry| entry.coefficient)
            .sum();
        if only_takes && all < row.least {
            for entry in row.entries.iter().filter(|entry| is_free(entry.at)) {
                if let Some(flag) = found.get_mut(entry.at) {
                    *flag = true;
                }
            }
        }
    }
    loop {
        let mut is_done = true;
        for (column, needs) in program.needs.iter().enumerate() {
            let is_held = needs.iter().any(|needed| found.get(*needed) == Some(&true));
            if let Some(flag) = found.get_mut(column)
                && !*flag
                && is_held
                && is_free(column)
            {
                (*flag, is_done) = (true, false);
            }
        }
        if is_done {
            return found;
        }
    }
}
