//! Nothing overlaps, no line runs through a box, every label has its lane: on many random graphs.

use proptest::prelude::*;

use super::*;

fn graphs() -> impl Strategy<Value = Graph> {
    let boxes = prop::collection::vec((0_usize..4, 0_usize..2, 60_i32..170, 30_i32..120), 1..40);
    boxes.prop_flat_map(|boxes| {
        let count = boxes.len();
        let line = (0..count, 0..count, 20_i32..170, 14_i32..60);
        (Just(boxes), prop::collection::vec(line, 0..70)).prop_map(|(boxes, lines)| Graph {
            boxes: boxes
                .into_iter()
                .map(|(band, rank, w, h)| Box { band, rank, w, h })
                .collect(),
            lines: lines
                .into_iter()
                .map(|(from, to, w, h)| Line { from, to, w, h })
                .collect(),
            band_widths: BTreeMap::from([(1, 400)]),
            head: 40,
        })
    })
}

/// Points along a route, near enough to each other to notice a box of the smallest size.
pub(crate) fn points(strokes: &[Stroke]) -> Vec<(f64, f64)> {
    let at = |p: &Point| (f64::from(p.x), f64::from(p.y));
    let mut out = Vec::new();
    let mut last = (0.0, 0.0);
    for stroke in strokes {
        match stroke {
            Stroke::Move(p) => {
                last = at(p);
                out.push(last);
            }
            Stroke::Line(p) => {
                let end = at(p);
                out.extend((1..=40).map(|step| {
                    let t = f64::from(step) / 40.0;
                    (last.0 + (end.0 - last.0) * t, last.1 + (end.1 - last.1) * t)
                }));
                last = end;
            }
            Stroke::Curve(a, b, p) => {
                let (a, b, end) = (at(a), at(b), at(p));
                out.extend((1..=40).map(|step| {
                    let t = f64::from(step) / 40.0;
                    let u = 1.0 - t;
                    let mix = |s: f64, a: f64, b: f64, e: f64| {
                        u * u * u * s + 3.0 * u * u * t * a + 3.0 * u * t * t * b + t * t * t * e
                    };
                    (mix(last.0, a.0, b.0, end.0), mix(last.1, a.1, b.1, end.1))
                }));
                last = end;
            }
            Stroke::Close => {}
        }
    }
    out
}

fn overlap(a: &Area, b: &Area) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn holds(area: &Area, (x, y): (f64, f64)) -> bool {
    x > f64::from(area.x) + 0.5
        && x < f64::from(area.right()) - 0.5
        && y > f64::from(area.y) + 0.5
        && y < f64::from(area.bottom()) - 0.5
}

proptest! {
    #[test]
    fn nothing_overlaps_and_no_line_runs_through_anything(graph in graphs()) {
        let placed = lay_out(&graph);
        let all = Area { x: 0, y: 0, w: placed.width, h: placed.height };
        let labels: Vec<&Area> = placed.lines.iter().map(|route| &route.label).collect();
        for (index, area) in placed.boxes.iter().enumerate() {
            prop_assert!(area.w >= graph.boxes[index].w && area.h >= graph.boxes[index].h);
            let band = &placed.bands[&graph.boxes[index].band];
            prop_assert!(area.x > band.x && area.right() < band.right());
            prop_assert!(area.y >= band.y + graph.head && area.bottom() < band.bottom());
            prop_assert!(band.x >= 0 && band.right() <= all.w && band.bottom() <= all.h);
            for other in placed.boxes.iter().skip(index + 1) {
                prop_assert!(!overlap(area, other), "{area:?} {other:?}");
            }
            for label in &labels {
                prop_assert!(!overlap(area, label), "{area:?} {label:?}");
            }
        }
        for (index, label) in labels.iter().enumerate() {
            let line = &graph.lines[index];
            prop_assert!(label.w == line.w && label.h == line.h, "{label:?} of {line:?}");
            prop_assert!(label.x >= 0 && label.y >= 0 && label.right() <= all.w && label.bottom() <= all.h);
            for other in labels.iter().skip(index + 1) {
                prop_assert!(!overlap(label, other), "{label:?} {other:?}");
            }
        }
        for (index, route) in placed.lines.iter().enumerate() {
            let line = &graph.lines[index];
            for point in points(&route.strokes) {
                for area in &placed.boxes {
                    prop_assert!(!holds(area, point), "{line:?} at {point:?} in {area:?}");
                }
                for label in &labels {
                    prop_assert!(!holds(label, point), "{line:?} at {point:?} in {label:?}");
                }
            }
            // A line begins and ends at its boxes.
            let (Some(first), Some(last)) = (points(&route.strokes).first().copied(), points(&route.strokes).last().copied()) else {
                return Err(TestCaseError::fail("no line"));
            };
            for (end, (x, y)) in [(line.from, first), (line.to, last)] {
                let area = &placed.boxes[end];
                prop_assert!(x == f64::from(area.x) || x == f64::from(area.right()));
                prop_assert!(y > f64::from(area.y) && y < f64::from(area.bottom()));
            }
        }
        for (left, right) in placed.bands.values().zip(placed.bands.values().skip(1)) {
            prop_assert!(!overlap(left, right));
        }
    }

    #[test]
    fn the_same_graph_stands_in_the_same_places(graph in graphs()) {
        let (first, second) = (lay_out(&graph), lay_out(&graph));
        prop_assert_eq!(first.boxes, second.boxes);
    }
}
