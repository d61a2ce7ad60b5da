//! From boxes and lines with texts to a picture: measures, lays out, draws.

use std::collections::BTreeMap;

use super::boxes::Label;
use super::layered::{self, Graph, Placed, Route};
use super::measure::{width, wrap};
use super::scene::{Anchor, Area, Ink, Item, Paint, Point, Scene, arrow_head, rounded};

/// Room for the label of a line.
const ROOM: i32 = 132;

/// A picture before it is laid out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drawing {
    /// Boxes: band, column of the band, what stands in it.
    pub(crate) boxes: Vec<(usize, usize, Label)>,
    /// Lines.
    pub(crate) lines: Vec<Arrow>,
    /// Names of bands; a band without a name is not framed.
    pub(crate) bands: BTreeMap<usize, Vec<String>>,
}

/// A line with what is written on it.
#[derive(Clone, Debug)]
pub(crate) struct Arrow {
    /// Box where it begins.
    pub(crate) from: usize,
    /// Box where it ends.
    pub(crate) to: usize,
    /// Name, and what stands below it.
    pub(crate) texts: Vec<(Ink, String)>,
    /// How the line looks.
    pub(crate) paint: Paint,
}

impl Drawing {
    /// Lays everything out and draws it.
    pub(crate) fn scene(&self) -> Scene {
        let texts: Vec<Vec<(Ink, String)>> = self.lines.iter().map(wrapped).collect();
        let mut graph = Graph::default();
        for (band, rank, label) in &self.boxes {
            graph.boxes.push(layered::Box {
                band: *band,
                rank: *rank,
                w: label.width(),
                h: label.height(),
            });
        }
        for (arrow, texts) in self.lines.iter().zip(&texts) {
            let widths = texts.iter().map(|(ink, line)| width(line, ink.size()));
            graph.lines.push(layered::Line {
                from: arrow.from,
                to: arrow.to,
                w: widths.max().unwrap_or(0),
                h: texts.iter().map(|(ink, _)| ink.leading()).sum(),
            });
        }
        let names: BTreeMap<usize, Vec<String>> = self
            .bands
            .iter()
            .map(|(band, texts)| {
                let lines = texts
                    .iter()
                    .flat_map(|text| wrap(text, Ink::Zone.size(), 150));
                (*band, lines.collect())
            })
            .collect();
        for (band, lines) in &names {
            let widths = lines.iter().map(|line| width(line, Ink::Zone.size()));
            graph.band_widths.insert(*band, widths.max().unwrap_or(0));
            let lines = i32::try_from(lines.len()).unwrap_or(i32::MAX);
            let head = lines.saturating_mul(Ink::Zone.leading()).saturating_add(22);
            graph.head = graph.head.max(head);
        }
        let placed = layered::lay_out(&graph);
        self.draw(&placed, &texts, &names)
    }

    fn draw(
        &self,
        placed: &Placed,
        texts: &[Vec<(Ink, String)>],
        names: &BTreeMap<usize, Vec<String>>,
    ) -> Scene {
        let mut scene = Scene {
            width: placed.width,
            height: placed.height,
            items: Vec::new(),
        };
        for (band, area) in &placed.bands {
            let Some(lines) = names.get(band) else {
                continue;
            };
            let frame = Item::Path(Paint::Zone, rounded(*area, 10));
            scene.items.push(frame);
            let mut y = area.y + 4;
            for line in lines {
                y += Ink::Zone.leading();
                let at = Point { x: area.x + 12, y };
                let name = Item::Text(Ink::Zone, Anchor::Start, at, line.clone());
                scene.items.push(name);
            }
        }
        for (arrow, (route, texts)) in self.lines.iter().zip(placed.lines.iter().zip(texts)) {
            draw_line(arrow, route, texts, &mut scene);
        }
        for ((_, _, label), area) in self.boxes.iter().zip(&placed.boxes) {
            label.draw(*area, &mut scene);
        }
        scene
    }
}

fn wrapped(arrow: &Arrow) -> Vec<(Ink, String)> {
    let texts = arrow.texts.iter();
    texts
        .flat_map(|(ink, text)| {
            let lines = wrap(text, ink.size(), ROOM);
            lines.into_iter().map(|line| (*ink, line))
        })
        .collect()
}

fn draw_line(arrow: &Arrow, route: &Route, texts: &[(Ink, String)], scene: &mut Scene) {
    let told: Vec<&str> = arrow.texts.iter().map(|(_, text)| text.as_str()).collect();
    scene.items.push(Item::Begin(told.join(" · ")));
    let head = match arrow.paint {
        Paint::Bare => Paint::BareHead,
        _ => Paint::Head,
    };
    scene
        .items
        .push(Item::Path(arrow.paint, route.strokes.clone()));
    scene
        .items
        .push(Item::Path(head, arrow_head(route.tip, route.direction, 0)));
    let Area { x, mut y, .. } = route.label;
    for (ink, line) in texts {
        y += ink.leading();
        let at = Point { x, y: y - 4 };
        let text = Item::Text(*ink, Anchor::Start, at, line.clone());
        scene.items.push(text);
    }
    scene.items.push(Item::End);
}
