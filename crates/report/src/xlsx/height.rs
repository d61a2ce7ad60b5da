//! How high a row has to be: spreadsheets do not agree on when they measure wrapped text, so we do.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::plain;
use crate::diagram::measure::wrap;

/// Font size of every table in pixels: 9 points.
const SIZE: i32 = 12;
/// Pixels of one character of a column's width.
const CHARACTER: i32 = 7;
/// Points from one line to the next.
const LEADING: f64 = 12.5;
/// What a row can be high at most, in points.
const HIGHEST: f64 = 409.0;

/// The height of a row under construction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Height {
    lines: usize,
}

impl Height {
    /// Takes in a cell: its text, and the width of its column in characters.
    pub(super) fn add(&mut self, text: &str, width: u16) {
        let room = i32::from(width) * CHARACTER - 4;
        // Latin letters are narrower here than in the widest font, which the measure stands for.
        let size = if text.is_ascii() { SIZE - 1 } else { SIZE };
        let lines = text.lines();
        let lines = lines.map(|line| wrap(&plain(line), size, room).len().max(1));
        self.lines = self.lines.max(lines.sum());
    }

    /// Gives the row its height.
    pub(super) fn set(self, sheet: &mut Worksheet, row: u32) -> Result<(), XlsxError> {
        sheet.set_row_height(row, self.points())?;
        Ok(())
    }

    fn points(self) -> f64 {
        let lines = u32::try_from(self.lines.max(1)).unwrap_or(u32::MAX);
        (f64::from(lines) * LEADING + 4.0).min(HIGHEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_as_high_as_its_highest_cell() {
        let mut height = Height::default();
        height.add("short", 20);
        assert_eq!(height.points(), 16.5);
        height.add("三行\nに分かれた\n文", 20);
        assert_eq!(height.points(), 41.5);
        height.add(&"とても長い文。".repeat(12), 20);
        assert!(height.points() > 80.0);
        height.add(&"長".repeat(9_000), 20);
        assert_eq!(height.points(), HIGHEST);
    }
}
