//! Two charts: what each step of spending closes, and what each pillar carries.

use sekimori_analysis::choose::Step;

use super::measure::width;
use super::scene::{Anchor, Area, Ink, Item, Paint, Point, Scene, Stroke, rounded};

/// Room for numbers at the left of the curve.
const LEFT: i32 = 52;
/// Room above and below the curve.
const TOP: i32 = 30;
const BELOW: i32 = 44;

/// Names of the two axes of [`frontier`].
pub(crate) struct Axes<'a> {
    /// What is spent.
    pub(crate) cost: &'a str,
    /// What is closed.
    pub(crate) closed: &'a str,
}

/// The curve from nothing to the whole choice: cost to the right, share of the risk closed upward.
///
/// `amount` says a number of points in words, for instance as money.
pub(crate) fn frontier(
    steps: &[Step],
    (w, h): (i32, i32),
    axes: &Axes<'_>,
    amount: &dyn Fn(u64) -> String,
) -> Scene {
    let total = steps.last().map_or(0, |step| step.cost).max(1);
    let plot = Area {
        x: LEFT,
        y: TOP,
        w: w - LEFT - 24,
        h: h - TOP - BELOW,
    };
    let mut scene = Scene {
        width: w,
        height: h,
        items: Vec::new(),
    };
    grid(&mut scene, plot, total, amount);
    let at = |cost: u64, share: u32| Point {
        x: plot.x + scaled(cost, total, plot.w),
        y: plot.bottom() - scaled(u64::from(share), 100, plot.h),
    };
    let mut curve = vec![Stroke::Move(at(0, 0))];
    let mut last = 0;
    for step in steps {
        curve.push(Stroke::Line(at(step.cost, last)));
        curve.push(Stroke::Line(at(step.cost, step.share)));
        last = step.share;
    }
    let mut under = curve.clone();
    under.push(Stroke::Line(at(total, 0)));
    under.push(Stroke::Close);
    scene.items.push(Item::Path(Paint::Under, under));
    scene.items.push(Item::Path(Paint::Curve, curve));
    let text =
        |ink, anchor, x, y, text: &str| Item::Text(ink, anchor, Point { x, y }, text.to_owned());
    scene
        .items
        .push(text(Ink::Soft, Anchor::Start, 4, 14, axes.closed));
    let y = plot.bottom() + 36;
    scene
        .items
        .push(text(Ink::Soft, Anchor::End, plot.right(), y, axes.cost));
    scene
}

/// Lines and numbers behind the curve.
fn grid(scene: &mut Scene, plot: Area, total: u64, amount: &dyn Fn(u64) -> String) {
    for share in [0_u64, 25, 50, 75, 100] {
        let y = plot.bottom() - scaled(share, 100, plot.h);
        let line = vec![
            Stroke::Move(Point { x: plot.x, y }),
            Stroke::Line(Point { x: plot.right(), y }),
        ];
        scene.items.push(Item::Path(Paint::Grid, line));
        let at = Point {
            x: plot.x - 6,
            y: y + 4,
        };
        let said = format!("{share} %");
        scene
            .items
            .push(Item::Text(Ink::Soft, Anchor::End, at, said));
    }
    // As many numbers as have room beside each other.
    // The last number stands wholly to the left of its line, the one before it half.
    let widest = width(&amount(total), Ink::Soft.size()) * 3 / 2 + 16;
    let many = u64::try_from((plot.w / widest.max(1)).clamp(1, 4)).unwrap_or(1);
    let mut last = None;
    for tick in 0..=many {
        let cost = total * tick / many;
        if last == Some(cost) {
            continue;
        }
        last = Some(cost);
        let x = plot.x + scaled(cost, total, plot.w);
        let anchor = match tick {
            0 => Anchor::Start,
            _ if tick == many => Anchor::End,
            _ => Anchor::Middle,
        };
        let y = plot.bottom() + 18;
        scene
            .items
            .push(Item::Text(Ink::Soft, anchor, Point { x, y }, amount(cost)));
    }
}

fn scaled(part: u64, whole: u64, length: i32) -> i32 {
    let length = u64::try_from(length).unwrap_or(0);
    let scaled = part.saturating_mul(length) / whole.max(1);
    i32::try_from(scaled).unwrap_or(i32::MAX)
}

/// One bar of [`pillars`].
pub(crate) struct Bar {
    /// Name of the pillar.
    pub(crate) name: String,
    /// How much of it is there already.
    pub(crate) provided: usize,
    /// How much has to be built or done.
    pub(crate) built: usize,
    /// The same in words, and what it covers.
    pub(crate) said: String,
}

/// Horizontal bars, with words at both ends: what is there already is dark, what has to be built is
/// framed only.
pub(crate) fn pillars(bars: &[Bar]) -> Scene {
    const BAR: i32 = 240;
    const ROW: i32 = 30;
    let names = bars.iter().map(|bar| width(&bar.name, Ink::Name.size()));
    let left = names.max().unwrap_or(0) + 14;
    let said = bars.iter().map(|bar| width(&bar.said, Ink::Soft.size()));
    let right = said.max().unwrap_or(0) + 14;
    let most = bars.iter().map(|bar| bar.provided + bar.built).max();
    let most = u64::try_from(most.unwrap_or(0)).unwrap_or(u64::MAX).max(1);
    let length = |count: usize| scaled(u64::try_from(count).unwrap_or(0), most, BAR);
    let mut scene = Scene {
        width: left + BAR + right,
        height: 6,
        items: Vec::new(),
    };
    for bar in bars {
        let y = scene.height;
        let base = y + 17;
        let at = Point {
            x: left - 10,
            y: base,
        };
        scene
            .items
            .push(Item::Text(Ink::Name, Anchor::End, at, bar.name.clone()));
        let area = |x, w| Area {
            x,
            y: y + 4,
            w,
            h: 17,
        };
        let (there, all) = (length(bar.provided), length(bar.provided + bar.built));
        if all > there {
            let built = rounded(area(left + there, all - there), 0);
            scene.items.push(Item::Path(Paint::Built, built));
        }
        if there > 0 {
            let provided = rounded(area(left, there), 0);
            scene.items.push(Item::Path(Paint::Provided, provided));
        }
        let at = Point {
            x: left + all + 8,
            y: base,
        };
        scene
            .items
            .push(Item::Text(Ink::Soft, Anchor::Start, at, bar.said.clone()));
        scene.height += ROW;
    }
    scene
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_stays_in_its_frame_and_never_falls() {
        let step = |cost, share| Step {
            cost,
            share,
            ..Step::default()
        };
        let steps = [step(0, 40), step(3, 70), step(1_000_000, 100)];
        let axes = Axes {
            cost: "cost",
            closed: "closed",
        };
        let scene = frontier(&steps, (600, 240), &axes, &|cost| cost.to_string());
        let curve = scene.items.iter().find_map(|item| match item {
            Item::Path(Paint::Curve, strokes) => Some(strokes),
            _ => None,
        });
        let points: Vec<Point> = curve
            .into_iter()
            .flatten()
            .filter_map(|stroke| match stroke {
                Stroke::Move(point) | Stroke::Line(point) => Some(*point),
                _ => None,
            })
            .collect();
        assert_eq!(points.len(), 7);
        for pair in points.windows(2) {
            let [a, b] = pair else { continue };
            assert!(a.x <= b.x && a.y >= b.y, "{a:?} {b:?}");
        }
        assert!(
            points
                .iter()
                .all(|p| (0..=600).contains(&p.x) && (0..=240).contains(&p.y))
        );
    }

    #[test]
    fn bars_and_words_do_not_leave_the_picture() {
        let bars: Vec<Bar> = [(0, 0), (17, 0), (0, 9), (5, 5)]
            .map(|(provided, built)| Bar {
                name: "認証と身元の確認".to_owned(),
                provided,
                built,
                said: "対策 17（既存 17）、手間 35 ポイント".to_owned(),
            })
            .into();
        let scene = pillars(&bars);
        for item in &scene.items {
            if let Item::Text(ink, anchor, at, text) = item {
                let w = width(text, ink.size());
                let (left, right) = match anchor {
                    Anchor::Start => (at.x, at.x + w),
                    Anchor::Middle => (at.x - w / 2, at.x + w / 2),
                    Anchor::End => (at.x - w, at.x),
                };
                assert!(left >= 0 && right <= scene.width, "{text} {left}..{right}");
                assert!(at.y <= scene.height);
            }
        }
    }
}
