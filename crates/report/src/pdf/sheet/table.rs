//! Tables: columns share the width as they need it, heads are repeated, rows stay whole where they
//! can.

use super::{
    Align, Cell, INK, LEADING, LINE, MARGIN, Mark, PANEL, Row, Setter, Span, size_of, tone,
};
use crate::diagram::measure::pieces;

/// Font size in tables.
const SIZE: f32 = 7.6;
/// What is at most this wide is not broken for the sake of longer texts.
const SHORT: f32 = 74.0;
/// Room between a cell's edge and its text.
const PAD: f32 = 3.5;

impl Setter<'_> {
    pub(super) fn table(&mut self, caption: &[Span], head: &[Vec<Cell>], rows: &[Vec<Cell>]) {
        let columns = head
            .iter()
            .chain(rows)
            .map(|row| row.iter().map(|cell| cell.columns).sum());
        let count: usize = columns.max().unwrap_or(0);
        if count == 0 {
            return;
        }
        let widths = self.widths(head, rows, count);
        let head: Vec<Vec<Vec<Row>>> = head.iter().map(|row| self.broken(row, &widths)).collect();
        let heads: Vec<(&[Vec<Row>], f32)> = head
            .iter()
            .map(|row| (row.as_slice(), height(row)))
            .collect();
        let head_height: f32 = heads.iter().map(|(_, height)| height).sum();
        self.need(head_height + 50.0);
        if !caption.is_empty() {
            self.paragraph(caption, 0.0, SIZE + 0.4);
        }
        let draw_heads = |setter: &mut Self| {
            for (row, height) in &heads {
                setter.row(row, None, &widths, *height);
            }
        };
        draw_heads(self);
        for cells in rows {
            let mut row = self.broken(cells, &widths);
            // A row that is higher than a sheet goes on on the next one.
            loop {
                let left = Self::BOTTOM - self.y;
                let whole = height(&row);
                if whole <= left {
                    self.row(&row, Some(cells), &widths, whole);
                    break;
                }
                let sheet = Self::BOTTOM - MARGIN - head_height;
                if whole <= sheet {
                    self.new_page();
                    draw_heads(self);
                    continue;
                }
                let lines = lines_in(left);
                if lines < 3 {
                    self.new_page();
                    draw_heads(self);
                    continue;
                }
                let rest: Vec<Vec<Row>> = row
                    .iter_mut()
                    .map(|cell| cell.split_off(lines.min(cell.len())))
                    .collect();
                let part = height(&row);
                self.row(&row, Some(cells), &widths, part);
                row = rest;
                self.new_page();
                draw_heads(self);
            }
        }
        self.y += 8.0;
    }

    /// Lines of each cell.
    fn broken(&self, cells: &[Cell], widths: &[f32]) -> Vec<Vec<Row>> {
        let mut column = 0;
        cells
            .iter()
            .map(|cell| {
                let room: f32 = widths.iter().skip(column).take(cell.columns).sum();
                column += cell.columns;
                self.rows(&cell.spans, room - 2.0 * PAD, SIZE)
            })
            .collect()
    }

    fn row(&mut self, row: &[Vec<Row>], cells: Option<&[Cell]>, widths: &[f32], height: f32) {
        let mut x = MARGIN;
        let mut column = 0;
        for (index, lines) in row.iter().enumerate() {
            let cell = cells.and_then(|cells| cells.get(index));
            let columns = cell.map_or(1, |cell| cell.columns);
            let w: f32 = widths.iter().skip(column).take(columns).sum();
            column += columns;
            let ground = match cell {
                Some(cell) => match &cell.tone {
                    Some(name) => Some(tone(name).1),
                    None => cell.is_head.then_some(PANEL),
                },
                None => Some(PANEL),
            };
            let y = self.y;
            if let Some(color) = ground {
                self.put(Mark::Area {
                    x,
                    y,
                    w,
                    h: height,
                    color,
                });
            }
            let mut base = y + PAD + SIZE;
            for line in lines {
                let used: f32 = line.iter().map(|word| word.width).sum();
                let free = w - 2.0 * PAD - used;
                let shift = match cell.map(|cell| cell.align) {
                    Some(Align::Right) => free,
                    _ => 0.0,
                };
                self.line(line, x + PAD + shift.max(0.0), base, SIZE);
                base += SIZE * LEADING;
            }
            x += w;
        }
        self.y += height;
        let y = self.y;
        let w = x - MARGIN;
        let color = if cells.is_none() { INK } else { LINE };
        self.put(Mark::Area {
            x: MARGIN,
            y: y - 0.3,
            w,
            h: 0.6,
            color,
        });
    }

    /// Widths of columns: what each needs, and what is left in parts of what each would like.
    fn widths(&self, head: &[Vec<Cell>], rows: &[Vec<Cell>], count: usize) -> Vec<f32> {
        let mut least = vec![18.0_f32; count];
        let mut most = vec![18.0_f32; count];
        for row in head.iter().chain(rows) {
            let mut column = 0;
            for cell in row {
                if cell.columns == 1
                    && let (Some(least), Some(most)) = (least.get_mut(column), most.get_mut(column))
                {
                    let (low, high) = self.needs(cell);
                    *least = least.max(low + 2.0 * PAD);
                    *most = most.max(high + 2.0 * PAD);
                }
                column += cell.columns;
            }
        }
        // One long text does not take the whole sheet from the others.
        for most in &mut most {
            *most = most.min(260.0);
        }
        // Ids, numbers and states stay in one line as long as there is room for that.
        let short = least.iter().zip(&most);
        let short: Vec<f32> = short
            .map(|(least, most)| if *most <= SHORT { *most } else { *least })
            .collect();
        if short.iter().sum::<f32>() < Self::ROOM * 0.8 {
            least = short;
        }
        let sum_least: f32 = least.iter().sum();
        if sum_least >= Self::ROOM {
            let scale = Self::ROOM / sum_least;
            return least.iter().map(|width| width * scale).collect();
        }
        let wish: f32 = most
            .iter()
            .zip(&least)
            .map(|(most, least)| (most - least).max(0.0))
            .sum();
        let free = Self::ROOM - sum_least;
        // Where every column has what it would like, what is left over is for all alike.
        let part = if wish > free { free / wish } else { 1.0 };
        let over = (free - wish).max(0.0) / f32::from(u16::try_from(count).unwrap_or(u16::MAX));
        most.iter()
            .zip(&least)
            .map(|(most, least)| least + (most - least).max(0.0) * part + over)
            .collect()
    }

    /// Width of the longest part of a cell that stays together, and of its longest line.
    fn needs(&self, cell: &Cell) -> (f32, f32) {
        let (mut least, mut line, mut most) = (0.0_f32, 0.0_f32, 0.0_f32);
        for span in &cell.spans {
            if span.text == "\n" {
                most = most.max(line);
                line = 0.0;
                continue;
            }
            let face = self.fonts.face(span.style.bold);
            let size = size_of(&span.style, SIZE);
            line += face.width(&span.text, size);
            for piece in pieces(&span.text) {
                least = least.max(face.width(piece.trim_end(), size));
            }
        }
        (least.min(110.0), most.max(line))
    }
}

fn height(cells: &[Vec<Row>]) -> f32 {
    let lines = cells.iter().map(Vec::len).max().unwrap_or(0);
    f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * SIZE * LEADING + 2.0 * PAD
}

/// How many lines have room in a height.
fn lines_in(height: f32) -> usize {
    let mut lines = 0_u16;
    while f32::from(lines + 1) * SIZE * LEADING + 2.0 * PAD <= height {
        lines += 1;
    }
    usize::from(lines)
}
