//! The places inside the columns: as near to the neighbors as the distances allow.

use super::{Column, Item, Kind};

/// How often the columns are swept in both directions.
const SWEEPS: usize = 6;

/// Gives every item its upper edge; the uppermost item begins at `top`.
#[expect(
    clippy::indexing_slicing,
    reason = "items and columns come from one plan; their indexes fit each other"
)]
pub(super) fn vertically(columns: &mut [Column], items: &mut [Item], top: i32) {
    for column in columns.iter() {
        let mut y = 0;
        let mut above: Option<usize> = None;
        for item in &column.items {
            y += above.map_or(0, |above| distance(&items[above], &items[*item]));
            items[*item].y = y;
            y += items[*item].h;
            above = Some(*item);
        }
    }
    for sweep in 0..SWEEPS {
        let is_last = sweep + 1 == SWEEPS;
        let order: Vec<usize> = if sweep % 2 == 0 {
            (0..columns.len()).collect()
        } else {
            (0..columns.len()).rev().collect()
        };
        for index in order {
            let wanted: Vec<i32> = columns[index]
                .items
                .iter()
                .map(|item| wish(&items[*item], items, sweep % 2 == 0, is_last))
                .collect();
            settle(&columns[index].items, items, &wanted);
        }
    }
    let highest = items.iter().map(|item| item.y).min().unwrap_or(0);
    for item in items {
        item.y += top - highest;
    }
}

/// The upper edge that would put an item level with its neighbors.
#[expect(clippy::indexing_slicing, reason = "see `vertically`")]
fn wish(item: &Item, items: &[Item], forward: bool, both: bool) -> i32 {
    let mut near: Vec<usize> = Vec::new();
    if forward || both {
        near.extend(&item.before);
    }
    if !forward || both {
        near.extend(&item.after);
    }
    if near.is_empty() {
        return item.y;
    }
    let count = i64::try_from(near.len()).unwrap_or(1);
    let sum: i64 = near
        .iter()
        .map(|other| i64::from(items[*other].axis()))
        .sum();
    let axis = i32::try_from(sum.div_euclid(count)).unwrap_or(item.y);
    item.y + axis - item.axis()
}

/// Room between two items, one above the other.
fn distance(above: &Item, below: &Item) -> i32 {
    match (above.kind, below.kind) {
        (Kind::Box(_), Kind::Box(_)) => 26,
        (Kind::Box(_), _) | (_, Kind::Box(_)) => 14,
        (
            Kind::Pass {
                labelled: false, ..
            },
            Kind::Pass {
                labelled: false, ..
            },
        ) => 4,
        _ => 9,
    }
}

/// The places nearest to the wanted ones, in the least squares, that keep order and distances.
#[expect(clippy::indexing_slicing, reason = "see `vertically`")]
fn settle(column: &[usize], items: &mut [Item], wanted: &[i32]) {
    // What every item is away from the first one at least.
    let mut offsets: Vec<i64> = Vec::with_capacity(column.len());
    let mut offset = 0_i64;
    for (index, item) in column.iter().enumerate() {
        if let Some(above) = index.checked_sub(1).map(|above| column[above]) {
            offset += i64::from(items[above].h + distance(&items[above], &items[*item]));
        }
        offsets.push(offset);
    }
    // Blocks that stand as close as they may: sum of their wishes, how many, first item.
    let mut blocks: Vec<(i64, i64, usize)> = Vec::new();
    for (index, wish) in wanted.iter().enumerate() {
        blocks.push((i64::from(*wish) - offsets[index], 1, index));
        while let [.., (sum, count, _), (last, many, _)] = blocks.as_slice() {
            if sum.div_euclid(*count) <= last.div_euclid(*many) {
                break;
            }
            let (last, many, _) = blocks.pop().unwrap_or_default();
            if let Some((sum, count, _)) = blocks.last_mut() {
                *sum += last;
                *count += many;
            }
        }
    }
    for (index, (sum, count, first)) in blocks.iter().enumerate() {
        let end = blocks.get(index + 1).map_or(column.len(), |next| next.2);
        for at in *first..end {
            let y = sum.div_euclid(*count) + offsets[at];
            items[column[at]].y = i32::try_from(y).unwrap_or(0);
        }
    }
}
