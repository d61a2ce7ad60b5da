//! The data flow diagram: zones as bands with a boundary around each, parts by their kind, and flows
//! with what protects them.
//!
//! A system that fits on a page is one picture. A larger one is a picture of its zones, and one for
//! each zone with everything that it speaks with.

use std::collections::{BTreeMap, BTreeSet};

use sekimori_analysis::language::Language;
use sekimori_analysis::model::{Component, ComponentKind, Flow, Model};

use super::boxes::{Label, Shape};
use super::drawing::{Arrow, Drawing};
use super::scene::{Ink, Paint, Scene};
use crate::labels::Labels;

mod zones;

/// More zones than this are not drawn side by side.
const MOST_ZONES: usize = 4;
/// More parts than this are not drawn in one picture of a whole system.
const MOST_PARTS: usize = 26;
/// More flows than this are not drawn in one picture of a whole system.
const MOST_FLOWS: usize = 45;
/// More parts than this are not drawn at all; the page says so.
const MOST_DRAWN: usize = 120;

/// One picture with its caption.
pub(crate) struct Picture {
    /// What it shows.
    pub(crate) caption: String,
    /// The picture; [`None`] when it would be too large to be read.
    pub(crate) scene: Option<Scene>,
}

/// The pictures of a system, the one of everything first.
pub(crate) fn pictures(model: &Model, labels: &Labels, language: Language) -> Vec<Picture> {
    let view = View {
        model,
        labels,
        language,
        order: zones::order(model),
    };
    let parts = model.components.len();
    let is_small =
        view.order.len() <= MOST_ZONES && parts <= MOST_PARTS && model.flows.len() <= MOST_FLOWS;
    if parts == 0 {
        return Vec::new();
    }
    if is_small {
        let caption = labels.text("figure-flows");
        let scene = Some(view.whole());
        return vec![Picture { caption, scene }];
    }
    let mut pictures = vec![Picture {
        caption: labels.text("figure-zones"),
        scene: (view.order.len() <= MOST_DRAWN).then(|| view.zones()),
    }];
    for zone in &view.order {
        pictures.push(view.zone(zone));
    }
    pictures
}

struct View<'a> {
    model: &'a Model,
    labels: &'a Labels,
    language: Language,
    /// Zones with something in them, from the left.
    order: Vec<&'a str>,
}

/// One way between two parts: a flow, or the half of one that a gateway relays.
struct Leg<'a> {
    id: &'a str,
    flow: &'a Flow,
    from: &'a str,
    to: &'a str,
    is_second: bool,
}

impl<'a> View<'a> {
    fn zone_name(&self, id: &str) -> String {
        let zone = self.model.zones.get(id);
        zone.map_or_else(
            || id.to_owned(),
            |zone| zone.title.of(self.language).to_owned(),
        )
    }

    fn legs(&self) -> Vec<Leg<'a>> {
        let mut legs = Vec::new();
        for (id, flow) in &self.model.flows {
            let leg = |from: &'a str, to: &'a str, is_second| Leg {
                id,
                flow,
                from,
                to,
                is_second,
            };
            match &flow.via {
                Some(via) => {
                    legs.push(leg(&flow.from, via, false));
                    legs.push(leg(via, &flow.to, true));
                }
                None => legs.push(leg(&flow.from, &flow.to, false)),
            }
        }
        legs
    }

    fn label(&self, id: &str, component: &Component, zone: Option<String>) -> Label {
        let kind = self.labels.kind(component);
        let kind = if component.count > 1 {
            format!("{kind} ×{}", component.count)
        } else {
            kind
        };
        let below: Vec<String> = [Some(id.to_owned()), Some(kind), zone]
            .into_iter()
            .flatten()
            .collect();
        let shape = match component.kind {
            ComponentKind::Device => Shape::Device,
            ComponentKind::Gateway | ComponentKind::Service | ComponentKind::App => Shape::Process,
            ComponentKind::Store => Shape::Store,
            ComponentKind::Human => Shape::Human,
            ComponentKind::External => Shape::External,
        };
        let name = component.title.of(self.language);
        let name = if name.is_empty() { id } else { name };
        Label::new(shape, name, &below)
    }

    fn arrow(&self, leg: &Leg<'_>, boxes: &BTreeMap<&str, usize>) -> Option<Arrow> {
        let name = leg.flow.title.of(self.language);
        let name = if name.is_empty() { leg.id } else { name };
        let protection = self.labels.protection(leg.flow);
        let is_open = leg.flow.is_bare();
        let mut texts = if leg.is_second {
            vec![(Ink::Soft, format!("… {}", leg.id))]
        } else {
            vec![(Ink::Name, name.to_owned())]
        };
        let protocol = crate::words::protocol(leg.flow.protocol, self.labels);
        let said = format!("{protocol} · {protection}");
        if !leg.is_second || is_open {
            texts.push((if is_open { Ink::Bare } else { Ink::Soft }, said));
        }
        Some(Arrow {
            from: *boxes.get(leg.from)?,
            to: *boxes.get(leg.to)?,
            texts,
            paint: if is_open { Paint::Bare } else { Paint::Flow },
        })
    }

    /// Everything in one picture.
    fn whole(&self) -> Scene {
        let mut drawing = Drawing::default();
        let mut boxes = BTreeMap::new();
        for (band, zone) in self.order.iter().enumerate() {
            drawing.bands.insert(band, vec![self.zone_name(zone)]);
            for (id, component) in &self.model.components {
                if component.zone == *zone {
                    boxes.insert(id.as_str(), drawing.boxes.len());
                    let label = self.label(id, component, None);
                    drawing.boxes.push((band, 0, label));
                }
            }
        }
        let legs = self.legs();
        drawing.lines = legs
            .iter()
            .filter_map(|leg| self.arrow(leg, &boxes))
            .collect();
        drawing.scene()
    }

    /// The zones as boxes, with how many flows run between them.
    fn zones(&self) -> Scene {
        let mut drawing = Drawing::default();
        let mut boxes: BTreeMap<&str, usize> = BTreeMap::new();
        let zone_of = |id: &str| self.model.components.get(id).map(|c| c.zone.as_str());
        let legs = self.legs();
        // As many columns as rows, nearly: the picture stays on the page.
        let columns = (1..)
            .find(|n| n * n >= self.order.len())
            .unwrap_or(1)
            .min(4);
        for (index, zone) in self.order.iter().enumerate() {
            let parts = self.model.components.values().filter(|c| c.zone == **zone);
            let inside = self.model.flows.values().filter(|flow| {
                zone_of(&flow.from) == Some(zone) && zone_of(&flow.to) == Some(zone)
            });
            let (parts, inside) = (parts.count().to_string(), inside.count().to_string());
            let below = vec![
                self.labels.with("figure-parts", &[("count", parts.into())]),
                self.labels
                    .with("figure-inside", &[("count", inside.into())]),
            ];
            boxes.insert(zone, drawing.boxes.len());
            let label = Label::new(Shape::Plain, &self.zone_name(zone), &below);
            drawing
                .boxes
                .push((0, index * columns / self.order.len(), label));
        }
        let mut between: BTreeMap<(usize, usize), (usize, usize)> = BTreeMap::new();
        for leg in &legs {
            let ends = [leg.from, leg.to].map(|id| zone_of(id).and_then(|zone| boxes.get(zone)));
            let [Some(from), Some(to)] = ends else {
                continue;
            };
            if from != to {
                let (all, open) = between.entry((*from, *to)).or_default();
                *all += 1;
                *open += usize::from(leg.flow.is_bare());
            }
        }
        for ((from, to), (all, open)) in between {
            let count = |key, count: usize| {
                self.labels
                    .with(key, &[("count", count.to_string().into())])
            };
            let mut texts = vec![(Ink::Name, count("figure-count", all))];
            if open > 0 {
                texts.push((Ink::Bare, count("figure-bare", open)));
            }
            let paint = if open > 0 { Paint::Bare } else { Paint::Flow };
            drawing.lines.push(Arrow {
                from,
                to,
                texts,
                paint,
            });
        }
        drawing.scene()
    }

    /// One zone, and on both sides what it speaks with.
    fn zone(&self, zone: &str) -> Picture {
        let caption = self
            .labels
            .with("figure-zone", &[("zone", self.zone_name(zone).into())]);
        let place = |id: &str| self.order.iter().position(|other| *other == id);
        let zone_of = |id: &str| {
            self.model
                .components
                .get(id)
                .map_or("", |c| c.zone.as_str())
        };
        let legs: Vec<Leg<'_>> = self
            .legs()
            .into_iter()
            .filter(|leg| zone_of(leg.from) == zone || zone_of(leg.to) == zone)
            .collect();
        let mut shown: BTreeSet<&str> = legs.iter().flat_map(|leg| [leg.from, leg.to]).collect();
        let parts = self.model.components.iter();
        shown.extend(
            parts
                .filter(|(_, c)| c.zone == zone)
                .map(|(id, _)| id.as_str()),
        );
        if shown.len() > MOST_DRAWN || legs.len() > 2 * MOST_DRAWN {
            return Picture {
                caption,
                scene: None,
            };
        }
        let mut drawing = Drawing::default();
        let mut boxes = BTreeMap::new();
        drawing.bands.insert(1, vec![self.zone_name(zone)]);
        for id in shown {
            let Some(component) = self.model.components.get(id) else {
                continue;
            };
            let is_here = component.zone == zone;
            let band = match place(&component.zone).cmp(&place(zone)) {
                _ if is_here => 1,
                std::cmp::Ordering::Less => 0,
                _ => 2,
            };
            let elsewhere = (!is_here).then(|| self.zone_name(&component.zone));
            boxes.insert(id, drawing.boxes.len());
            let label = self.label(id, component, elsewhere);
            drawing.boxes.push((band, 0, label));
        }
        drawing.lines = legs
            .iter()
            .filter_map(|leg| self.arrow(leg, &boxes))
            .collect();
        Picture {
            caption,
            scene: Some(drawing.scene()),
        }
    }
}
