//! The order inside the columns: sweeps to and fro, of which the one with the fewest crossings stays.

use super::{Column, Item};

/// How often the columns are swept in both directions.
const SWEEPS: usize = 8;

/// Puts the items of each column into an order in which few lines cross.
#[expect(
    clippy::indexing_slicing,
    reason = "items and columns come from one plan; their indexes fit each other"
)]
pub(super) fn improve(columns: &mut [Column], items: &mut [Item]) {
    let mut best: Vec<Vec<usize>> = columns.iter().map(|c| c.items.clone()).collect();
    let mut fewest = crossings(columns, items);
    for sweep in 0..SWEEPS {
        let order: Vec<usize> = if sweep % 2 == 0 {
            (0..columns.len()).collect()
        } else {
            (0..columns.len()).rev().collect()
        };
        for index in order {
            let place = places(columns, items.len());
            let middle = |item: usize| {
                let what = &items[item];
                let near = if sweep % 2 == 0 {
                    &what.before
                } else {
                    &what.after
                };
                let (sum, count) = near.iter().fold((0_i64, 0_i64), |(sum, count), other| {
                    (sum + place[*other], count + 1)
                });
                // Whoever has no neighbor on this side stays where it is.
                if count == 0 { place[item] } else { sum / count }
            };
            let mut ordered = columns[index].items.clone();
            ordered.sort_by_key(|item| middle(*item));
            columns[index].items = ordered;
        }
        let crossed = crossings(columns, items);
        if crossed < fewest {
            fewest = crossed;
            best = columns.iter().map(|c| c.items.clone()).collect();
        }
        if fewest == 0 {
            break;
        }
    }
    for (column, items) in columns.iter_mut().zip(best) {
        column.items = items;
    }
}

/// Place of each item in its column, as parts of a million of the column.
#[expect(clippy::indexing_slicing, reason = "see `improve`")]
fn places(columns: &[Column], count: usize) -> Vec<i64> {
    let mut place = vec![0_i64; count];
    for column in columns {
        let length = i64::try_from(column.items.len()).unwrap_or(i64::MAX).max(1);
        for (index, item) in (0_i64..).zip(&column.items) {
            place[*item] = (2 * index + 1) * 500_000 / length;
        }
    }
    place
}

/// How often lines cross between neighboring columns.
#[expect(clippy::indexing_slicing, reason = "see `improve`")]
fn crossings(columns: &[Column], items: &[Item]) -> u64 {
    let mut rank = vec![0_usize; items.len()];
    for column in columns {
        for (index, item) in column.items.iter().enumerate() {
            rank[*item] = index;
        }
    }
    let mut crossed = 0_u64;
    for (column, next) in columns.iter().zip(columns.iter().skip(1)) {
        // Ends on the right in the order of the ends on the left: every inversion is a crossing.
        let mut ends: Vec<usize> = Vec::new();
        for item in &column.items {
            let mut right: Vec<usize> = items[*item].after.iter().map(|o| rank[*o]).collect();
            right.sort_unstable();
            ends.extend(right);
        }
        let mut tree = vec![0_u64; next.items.len() + 1];
        for (seen, end) in (0_u64..).zip(&ends) {
            let mut at = end + 1;
            let mut not_behind = 0_u64;
            while at > 0 {
                not_behind += tree[at];
                at &= at - 1;
            }
            crossed += seen - not_behind;
            let mut at = end + 1;
            while at < tree.len() {
                tree[at] += 1;
                at += at & at.wrapping_neg();
            }
        }
    }
    crossed
}
