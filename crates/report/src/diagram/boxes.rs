//! The shapes of the parts of a system: each kind has an outline of its own, and says in words what
//! it is.

use super::measure::{width, wrap};
use super::scene::{Anchor, Area, Ink, Item, Paint, Point, Scene, Stroke, rounded};

/// Width of a box.
pub(crate) const WIDTH: i32 = 156;
/// Room for text in a box.
const ROOM: i32 = WIDTH - 20;

/// The outline of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Something with a chip in it: corners cut, pins above and below.
    Device,
    /// Something that computes: round ends.
    Process,
    /// Something that keeps: open at the right, a double line at the left.
    Store,
    /// Something of others: a double frame.
    External,
    /// A person: a head above the name.
    Human,
    /// Anything else: a plain box.
    Plain,
}

/// A box before it has a place.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    shape: Shape,
    lines: Vec<(Ink, String)>,
    told: String,
}

impl Label {
    /// A box with a name, and what stands below it in small letters.
    pub(crate) fn new(shape: Shape, name: &str, below: &[String]) -> Self {
        let mut lines: Vec<(Ink, String)> = wrap(name, Ink::Name.size(), ROOM)
            .into_iter()
            .map(|line| (Ink::Name, line))
            .collect();
        for text in below {
            let wrapped = wrap(text, Ink::Soft.size(), ROOM);
            lines.extend(wrapped.into_iter().map(|line| (Ink::Soft, line)));
        }
        let told = std::iter::once(name.to_owned())
            .chain(below.iter().cloned())
            .collect::<Vec<String>>()
            .join(" · ");
        Label { shape, lines, told }
    }

    /// How high the box has to be.
    pub(crate) fn height(&self) -> i32 {
        let text: i32 = self.lines.iter().map(|(ink, _)| ink.leading()).sum();
        let above = if self.shape == Shape::Human { 24 } else { 0 };
        text + above + 20
    }

    /// How wide it has to be.
    pub(crate) fn width(&self) -> i32 {
        let widest = self.lines.iter().map(|(ink, line)| width(line, ink.size()));
        WIDTH.max(widest.max().unwrap_or(0) + 20)
    }

    /// Draws the box.
    pub(crate) fn draw(&self, area: Area, scene: &mut Scene) {
        scene.items.push(Item::Begin(self.told.clone()));
        self.outline(area, scene);
        let text: i32 = self.lines.iter().map(|(ink, _)| ink.leading()).sum();
        let above = if self.shape == Shape::Human { 24 } else { 0 };
        let mut y = area.y + (area.h - text - above) / 2 + above;
        if above > 0 {
            person(area.x + area.w / 2, y - above + 2, scene);
        }
        for (ink, line) in &self.lines {
            y += ink.leading();
            let at = Point {
                x: area.x + area.w / 2,
                y: y - 4,
            };
            let item = Item::Text(*ink, Anchor::Middle, at, line.clone());
            scene.items.push(item);
        }
        scene.items.push(Item::End);
    }

    fn outline(&self, area: Area, scene: &mut Scene) {
        let mut path = |paint, strokes| scene.items.push(Item::Path(paint, strokes));
        let line = |x1, y1, x2, y2| {
            vec![
                Stroke::Move(Point { x: x1, y: y1 }),
                Stroke::Line(Point { x: x2, y: y2 }),
            ]
        };
        let Area { x, y, w, h } = area;
        match self.shape {
            Shape::Plain => path(Paint::Part, rounded(area, 4)),
            Shape::Process => path(Paint::Part, rounded(area, 20)),
            Shape::Human => path(Paint::Foreign, rounded(area, 12)),
            Shape::Device => {
                for pin in 1..=4 {
                    let at = x + w / 2 + (2 * pin - 5) * 9;
                    path(Paint::Flow, line(at, y - 5, at, y));
                    path(Paint::Flow, line(at, y + h, at, y + h + 5));
                }
                path(Paint::Part, rounded(area, 3));
            }
            Shape::Store => {
                path(Paint::Part, rounded(area, 0));
                path(Paint::Flow, line(x + 6, y, x + 6, y + h));
            }
            Shape::External => {
                path(Paint::Foreign, rounded(area, 0));
                let inner = Area {
                    x: x + 4,
                    y: y + 4,
                    w: w - 8,
                    h: h - 8,
                };
                path(Paint::Foreign, rounded(inner, 0));
            }
        }
    }
}

/// A head and shoulders, 20 units high, from `top`.
fn person(middle: i32, top: i32, scene: &mut Scene) {
    let head = Area {
        x: middle - 4,
        y: top,
        w: 8,
        h: 8,
    };
    let at = |x, y| Point { x, y };
    let shoulders = vec![
        Stroke::Move(at(middle - 9, top + 20)),
        Stroke::Curve(
            at(middle - 9, top + 6),
            at(middle + 9, top + 6),
            at(middle + 9, top + 20),
        ),
        Stroke::Close,
    ];
    scene.items.push(Item::Path(Paint::Head, rounded(head, 4)));
    scene.items.push(Item::Path(Paint::Head, shoulders));
}
