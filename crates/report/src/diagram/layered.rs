//! A layout in columns: boxes stand in columns, columns in bands, and between any two columns runs a
//! lane in which only lines and their labels are.
//!
//! A line between boxes passes every column between them in a place of its own, and its label stands
//! on it in one of the lanes. A line between boxes of one column turns around in a lane of its own
//! behind that column. So no two boxes can overlap, no line can run through a box or a label, and
//! nothing has to be checked afterwards; the tests check it all the same.
//!
//! The order inside the columns comes from sweeps that put everything near the middle of its
//! neighbors, and the places from the nearest ones that keep all distances (pool adjacent violators).

use std::collections::BTreeMap;

use super::scene::{Area, Point, Stroke};

mod order;
mod place;
#[cfg(test)]
mod tests;

/// What is to be laid out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    /// Boxes, in an order that decides wherever nothing else does.
    pub(crate) boxes: Vec<Box>,
    /// Lines between them.
    pub(crate) lines: Vec<Line>,
    /// How wide the name of each band is at least.
    pub(crate) band_widths: BTreeMap<usize, i32>,
    /// Room above the boxes for the names of bands.
    pub(crate) head: i32,
}

/// A box.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Box {
    /// Which band, from the left.
    pub(crate) band: usize,
    /// Which column of the band, from the left.
    pub(crate) rank: usize,
    /// Width; all boxes of a column become as wide as the widest.
    pub(crate) w: i32,
    /// Height; a box with many lines becomes higher.
    pub(crate) h: i32,
}

/// A line with an arrow at its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Box where it begins.
    pub(crate) from: usize,
    /// Box where it ends.
    pub(crate) to: usize,
    /// Width of its label.
    pub(crate) w: i32,
    /// Height of its label.
    pub(crate) h: i32,
}

/// Where everything stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placed {
    /// Boxes.
    pub(crate) boxes: Vec<Area>,
    /// Lines.
    pub(crate) lines: Vec<Route>,
    /// Bands that hold boxes.
    pub(crate) bands: BTreeMap<usize, Area>,
    /// Width of everything.
    pub(crate) width: i32,
    /// Height of everything.
    pub(crate) height: i32,
}

/// Where a line runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    /// From its beginning to its end.
    pub(crate) strokes: Vec<Stroke>,
    /// Where its label stands.
    pub(crate) label: Area,
    /// Where its arrow points to.
    pub(crate) tip: Point,
    /// `1` when the arrow points to the right, `-1` when to the left.
    pub(crate) direction: i32,
}

/// Distance between two lines that meet one box.
const PORT: i32 = 14;
/// Room between the edge of a band and what is in it.
const PAD: i32 = 16;
/// Room at the edge of the picture.
const MARGIN: i32 = 8;
/// Smallest width of the lanes on both sides of a label.
const LANE: i32 = 34;

/// Where a line meets a box: height of what comes next on it, the line, and which end of it.
type Meeting = (i32, usize, i32);

/// One of the columns.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The band, unless it stands between two.
    band: Option<usize>,
    /// What stands in it, in order from the top.
    items: Vec<usize>,
    x: i32,
    w: i32,
    holds_boxes: bool,
}

/// Something that takes room in a column.
#[derive(Clone, Debug)]
pub(super) struct Item {
    kind: Kind,
    h: i32,
    /// Items of the column before that it is connected with.
    before: Vec<usize>,
    /// Items of the column behind that it is connected with.
    after: Vec<usize>,
    y: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Box(usize),
    /// A line passes, with its label or without.
    Pass {
        line: usize,
        labelled: bool,
    },
    /// A line turns around here; its label stands to the right.
    Turn(usize),
}

impl Item {
    /// Height at which lines meet it, when it is no box.
    fn axis(&self) -> i32 {
        match self.kind {
            Kind::Box(_) => self.y + self.h / 2,
            Kind::Pass { labelled: true, .. } => self.y + self.h - 3,
            Kind::Pass { .. } | Kind::Turn(_) => self.y + self.h / 2,
        }
    }
}

/// Lays a graph out.
pub(crate) fn lay_out(graph: &Graph) -> Placed {
    let mut plan = Plan::new(graph);
    order::improve(&mut plan.columns, &mut plan.items);
    place::vertically(&mut plan.columns, &mut plan.items, graph.head + MARGIN);
    plan.horizontally();
    plan.finish()
}

struct Plan<'g> {
    graph: &'g Graph,
    columns: Vec<Column>,
    items: Vec<Item>,
    /// Items of each line, from the left; the boxes at its ends are not among them.
    chains: Vec<Vec<usize>>,
    /// Column of each box.
    column_of: Vec<usize>,
}

#[expect(
    clippy::indexing_slicing,
    reason = "every index was made in this file, for the list that it is used with"
)]
impl<'g> Plan<'g> {
    fn new(graph: &'g Graph) -> Self {
        let mut places: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (index, item) in graph.boxes.iter().enumerate() {
            places
                .entry((item.band, item.rank))
                .or_default()
                .push(index);
        }
        let mut plan = Plan {
            graph,
            columns: Vec::new(),
            items: Vec::new(),
            chains: vec![Vec::new(); graph.lines.len()],
            column_of: vec![0; graph.boxes.len()],
        };
        let place_of = |index: usize| (graph.boxes[index].band, graph.boxes[index].rank);
        let mut last_band = None;
        for ((band, rank), boxes) in &places {
            if last_band.is_some() {
                let inside = (last_band == Some(*band)).then_some(*band);
                plan.column(inside, false);
            }
            let column = plan.column(Some(*band), true);
            for index in boxes {
                plan.column_of[*index] = column;
                let item = plan.item(column, Kind::Box(*index), graph.boxes[*index].h);
                debug_assert_eq!(plan.columns[column].items.last(), Some(&item));
            }
            let turns = graph.lines.iter().any(|line| {
                place_of(line.from) == place_of(line.to) && place_of(line.from) == (*band, *rank)
            });
            if turns {
                plan.column(Some(*band), false);
            }
            last_band = Some(*band);
        }
        plan.thread();
        plan.make_room_for_ports();
        plan
    }

    fn column(&mut self, band: Option<usize>, holds_boxes: bool) -> usize {
        self.columns.push(Column {
            band,
            items: Vec::new(),
            x: 0,
            w: 0,
            holds_boxes,
        });
        self.columns.len() - 1
    }

    fn item(&mut self, column: usize, kind: Kind, h: i32) -> usize {
        let index = self.items.len();
        self.items.push(Item {
            kind,
            h,
            before: Vec::new(),
            after: Vec::new(),
            y: 0,
        });
        self.columns[column].items.push(index);
        index
    }

    /// Gives each line its place in every column that it passes.
    fn thread(&mut self) {
        let box_items: BTreeMap<usize, usize> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(item, what)| match what.kind {
                Kind::Box(index) => Some((index, item)),
                _ => None,
            })
            .collect();
        let mut load = vec![0_usize; self.columns.len()];
        for (index, line) in self.graph.lines.iter().enumerate() {
            let (from, to) = (self.column_of[line.from], self.column_of[line.to]);
            let (first, last) = (from.min(to), from.max(to));
            if first == last {
                let turn = self.item(first + 1, Kind::Turn(index), line.h.max(PORT));
                for end in [line.from, line.to] {
                    self.connect(box_items[&end], turn);
                }
                load[first + 1] += 1;
                self.chains[index].push(turn);
                continue;
            }
            let lanes = (first + 1)..last;
            let is_lane = |column: &usize| !self.columns[*column].holds_boxes;
            let turning = |column: usize| {
                self.columns[column - 1].holds_boxes
                    && self
                        .columns
                        .get(column + 1)
                        .is_some_and(|next| !next.holds_boxes)
            };
            // The emptiest lane takes the label; of equal ones the first behind its beginning.
            let labelled = lanes
                .clone()
                .filter(is_lane)
                .filter(|column| !turning(*column))
                .min_by_key(|column| (load[*column], column.abs_diff(from)));
            let (left, right) = if from < to {
                (line.from, line.to)
            } else {
                (line.to, line.from)
            };
            let mut previous = box_items[&left];
            for column in lanes {
                let has_label = labelled == Some(column);
                let h = if has_label { line.h + 6 } else { 8 };
                let kind = Kind::Pass {
                    line: index,
                    labelled: has_label,
                };
                let item = self.item(column, kind, h);
                if has_label {
                    load[column] += 1;
                }
                self.connect(previous, item);
                self.chains[index].push(item);
                previous = item;
            }
            self.connect(previous, box_items[&right]);
        }
    }

    fn connect(&mut self, before: usize, after: usize) {
        self.items[before].after.push(after);
        self.items[after].before.push(before);
    }

    /// A box is high enough for all lines on either side.
    fn make_room_for_ports(&mut self) {
        for item in &mut self.items {
            if let Kind::Box(_) = item.kind {
                let ports = item.before.len().max(item.after.len());
                let ports = i32::try_from(ports).unwrap_or(i32::MAX / PORT);
                item.h = item.h.max(ports.saturating_add(1).saturating_mul(PORT));
            }
        }
    }

    fn label_width(&self, column: usize) -> i32 {
        let widths = self.columns[column]
            .items
            .iter()
            .map(|item| match self.items[*item].kind {
                Kind::Box(index) => self.graph.boxes[index].w,
                Kind::Pass {
                    line,
                    labelled: true,
                } => self.graph.lines[line].w + 6,
                Kind::Turn(line) => self.graph.lines[line].w + 6,
                Kind::Pass { .. } => 0,
            });
        widths.max().unwrap_or(0)
    }

    fn horizontally(&mut self) {
        let mut x = MARGIN;
        let mut begun: Option<(usize, i32)> = None;
        for index in 0..self.columns.len() {
            let w = self.label_width(index);
            let band = self.columns[index].band;
            let previous = index.checked_sub(1).map(|before| self.columns[before].band);
            if band.is_some() && previous != Some(band) {
                begun = band.map(|band| (band, x));
                x += PAD;
            }
            self.columns[index].x = x;
            self.columns[index].w = w;
            x += w;
            let next = self.columns.get(index + 1).map(|next| next.band);
            let lines = i32::try_from(self.columns[index].items.len()).unwrap_or(i32::MAX);
            let lane = LANE + lines.min(30);
            if let Some(band) = band {
                if next == Some(Some(band)) {
                    x += lane;
                } else {
                    // The name of a band may be wider than what is in it.
                    let least = self.graph.band_widths.get(&band).copied().unwrap_or(0);
                    let start = begun.map_or(x, |(_, start)| start);
                    x = (x + PAD).max(start + least + 2 * PAD);
                    if next.is_some() {
                        x += lane - PAD / 2;
                    }
                }
            } else if next.is_some() {
                x += lane - PAD / 2;
            }
        }
    }

    fn finish(self) -> Placed {
        let mut placed = Placed {
            boxes: vec![Area::default(); self.graph.boxes.len()],
            lines: vec![Route::default(); self.graph.lines.len()],
            ..Placed::default()
        };
        let bottom = self
            .items
            .iter()
            .map(|item| item.y + item.h)
            .max()
            .unwrap_or(0);
        for column in &self.columns {
            for item in &column.items {
                let what = &self.items[*item];
                if let Kind::Box(index) = what.kind {
                    placed.boxes[index] = Area {
                        x: column.x,
                        y: what.y,
                        w: column.w,
                        h: what.h,
                    };
                }
            }
            if let Some(band) = column.band {
                let area = placed.bands.entry(band).or_insert(Area {
                    x: column.x - PAD,
                    y: MARGIN,
                    w: 0,
                    h: bottom + PAD - MARGIN,
                });
                let least = self.graph.band_widths.get(&band).copied().unwrap_or(0);
                area.w = (column.x + column.w + PAD - area.x).max(least + 2 * PAD);
            }
        }
        let right = placed.bands.values().map(Area::right).max().unwrap_or(0);
        placed.width = right + MARGIN;
        placed.height = bottom + PAD + MARGIN;
        let ports = self.ports();
        let column_of_item: BTreeMap<usize, usize> = self
            .columns
            .iter()
            .enumerate()
            .flat_map(|(index, column)| column.items.iter().map(move |item| (*item, index)))
            .collect();
        for (index, line) in self.graph.lines.iter().enumerate() {
            let chain = &self.chains[index];
            let (from, to) = (self.column_of[line.from], self.column_of[line.to]);
            let at = |end: usize, side: i32| {
                let area = placed.boxes[end];
                let y = ports.get(&(index, end, side)).copied().unwrap_or(area.y);
                let x = if side > 0 { area.right() } else { area.x };
                Point { x, y }
            };
            placed.lines[index] = if from == to {
                let [turn] = chain.as_slice() else { continue };
                let column = &self.columns[column_of_item[turn]];
                let (start, end) = (at(line.from, 1), at(line.to, 2));
                self.turned(&self.items[*turn], column, start, end, line)
            } else {
                let mut points: Vec<(Point, Point)> = chain
                    .iter()
                    .map(|item| {
                        let column = &self.columns[column_of_item[item]];
                        let y = self.items[*item].axis();
                        let right = column.x + column.w;
                        (Point { x: column.x, y }, Point { x: right, y })
                    })
                    .collect();
                let ends = if from < to {
                    (at(line.from, 1), at(line.to, -1))
                } else {
                    points.reverse();
                    for pair in &mut points {
                        *pair = (pair.1, pair.0);
                    }
                    (at(line.from, -1), at(line.to, 1))
                };
                let mut route = straight(ends, &points);
                route.direction = if from < to { 1 } else { -1 };
                let labelled = chain.iter().find(|item| {
                    matches!(self.items[**item].kind, Kind::Pass { labelled: true, .. })
                });
                if let Some(item) = labelled {
                    let column = &self.columns[column_of_item[item]];
                    route.label = Area {
                        x: column.x + 3,
                        y: self.items[*item].y,
                        w: line.w,
                        h: line.h,
                    };
                }
                route
            };
        }
        placed
    }

    /// Where each line meets its boxes: by line, box and side (`1` right, `2` right at the end of a
    /// line that turns, `-1` left).
    fn ports(&self) -> BTreeMap<(usize, usize, i32), i32> {
        let mut meet: BTreeMap<(usize, bool), Vec<Meeting>> = BTreeMap::new();
        for (index, line) in self.graph.lines.iter().enumerate() {
            let (from, to) = (self.column_of[line.from], self.column_of[line.to]);
            let chain = &self.chains[index];
            let axis = |item: Option<&usize>| item.map_or(0, |item| self.items[*item].axis());
            if from == to {
                let y = axis(chain.first());
                meet.entry((line.from, true))
                    .or_default()
                    .push((y, index, 1));
                meet.entry((line.to, true)).or_default().push((y, index, 2));
                continue;
            }
            let (left, right) = if from < to {
                (line.from, line.to)
            } else {
                (line.to, line.from)
            };
            let (next, before) = (chain.first(), chain.last());
            let y = axis(next);
            meet.entry((left, true)).or_default().push((y, index, 1));
            let y = axis(before);
            meet.entry((right, false)).or_default().push((y, index, -1));
        }
        let mut ports = BTreeMap::new();
        for ((end, _), mut lines) in meet {
            lines.sort_unstable();
            let Some(area) = self.box_item(end) else {
                continue;
            };
            let count = i32::try_from(lines.len()).unwrap_or(i32::MAX - 1);
            for (place, (_, index, side)) in (1_i32..).zip(lines) {
                // A line keeps to the middle of its box when it is alone.
                let y = area.y + area.h * place / (count + 1);
                ports.insert((index, end, side), y);
            }
        }
        ports
    }

    fn box_item(&self, index: usize) -> Option<&Item> {
        let column = &self.columns[self.column_of[index]];
        let mut items = column.items.iter().map(|item| &self.items[*item]);
        items.find(|item| item.kind == Kind::Box(index))
    }

    /// A line that turns around in the lane behind its column.
    fn turned(&self, item: &Item, column: &Column, start: Point, end: Point, line: &Line) -> Route {
        let turn = Point {
            x: column.x,
            y: item.axis(),
        };
        let half = |point: Point| (point.x + turn.x) / 2;
        // At the turn, the line is vertical, from the side where it begins to the side where it ends.
        let bend = ((end.y - start.y) / 4).clamp(-24, 24);
        Route {
            strokes: vec![
                Stroke::Move(start),
                Stroke::Curve(
                    Point {
                        x: half(start),
                        y: start.y,
                    },
                    Point {
                        x: turn.x,
                        y: turn.y - bend,
                    },
                    turn,
                ),
                Stroke::Curve(
                    Point {
                        x: turn.x,
                        y: turn.y + bend,
                    },
                    Point {
                        x: half(end),
                        y: end.y,
                    },
                    end,
                ),
            ],
            label: Area {
                x: turn.x + 6,
                y: item.y + (item.h - line.h) / 2,
                w: line.w,
                h: line.h,
            },
            tip: end,
            direction: -1,
        }
    }
}

/// A line from box to box over its places in the columns between.
fn straight((start, end): (Point, Point), points: &[(Point, Point)]) -> Route {
    let mut strokes = vec![Stroke::Move(start)];
    let mut last = start;
    let mut curve_to = |strokes: &mut Vec<Stroke>, to: Point| {
        let half = (last.x + to.x) / 2;
        strokes.push(if last.y == to.y {
            Stroke::Line(to)
        } else {
            let y = last.y;
            Stroke::Curve(Point { x: half, y }, Point { x: half, y: to.y }, to)
        });
        last = to;
    };
    for (enter, leave) in points {
        curve_to(&mut strokes, *enter);
        curve_to(&mut strokes, *leave);
    }
    curve_to(&mut strokes, end);
    Route {
        strokes,
        tip: end,
        ..Route::default()
    }
}
