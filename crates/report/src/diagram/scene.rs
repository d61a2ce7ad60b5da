//! A finished picture: shapes and lines of text at fixed places, and the writer that makes SVG of them.

use std::fmt::Write;

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scene {
    /// Width in units.
    pub(crate) width: i32,
    /// Height in units.
    pub(crate) height: i32,
    /// What is drawn, the hindmost first.
    pub(crate) items: Vec<Item>,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Area {
    /// Left edge.
    pub(crate) x: i32,
    /// Upper edge.
    pub(crate) y: i32,
    /// Width.
    pub(crate) w: i32,
    /// Height.
    pub(crate) h: i32,
}

impl Area {
    /// Right edge.
    pub(crate) const fn right(&self) -> i32 {
        self.x + self.w
    }

    /// Lower edge.
    pub(crate) const fn bottom(&self) -> i32 {
        self.y + self.h
    }
}

/// A point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Point {
    /// From the left.
    pub(crate) x: i32,
    /// From the top.
    pub(crate) y: i32,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stroke {
    /// Goes somewhere without drawing.
    Move(Point),
    /// Draws a straight line.
    Line(Point),
    /// Draws a cubic curve by two control points.
    Curve(Point, Point, Point),
    /// Goes back to where the path began.
    Close,
}

/// How something is painted: a name in the style sheet, and for PDF a color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// A trust zone.
    Zone,
    /// A part of the system.
    Part,
    /// A part that is not ours.
    Foreign,
    /// A line that is protected, or just a line.
    Flow,
    /// A line without protection.
    Bare,
    /// An arrow head.
    Head,
    /// An arrow head of an unprotected line.
    BareHead,
    /// A line of feedback.
    Back,
    /// A thin helping line.
    Grid,
    /// A bar of what is there already.
    Provided,
    /// A bar of what has to be built.
    Built,
    /// The curve of a chart.
    Curve,
    /// The area under it.
    Under,
}

impl Paint {
    /// Name in the style sheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Paint::Zone => "zone",
            Paint::Part => "part",
            Paint::Foreign => "part foreign",
            Paint::Flow => "flow",
            Paint::Bare => "flow bare",
            Paint::Head => "head",
            Paint::BareHead => "head barehead",
            Paint::Back => "flow back",
            Paint::Grid => "grid",
            Paint::Provided => "provided",
            Paint::Built => "built",
            Paint::Curve => "curve",
            Paint::Under => "under",
        }
    }
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// A name.
    Name,
    /// Something beside it.
    Soft,
    /// The name of a zone.
    Zone,
    /// A warning.
    Bare,
}

impl Ink {
    /// Name in the style sheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Ink::Name => "name",
            Ink::Soft => "small",
            Ink::Zone => "zonename",
            Ink::Bare => "small warn",
        }
    }

    /// Font size in units.
    pub(crate) const fn size(self) -> i32 {
        match self {
            Ink::Name => 13,
            Ink::Zone => 12,
            Ink::Soft | Ink::Bare => 11,
        }
    }

    /// From one line to the next.
    pub(crate) const fn leading(self) -> i32 {
        self.size() + 4
    }
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// To the right of it.
    Start,
    /// Around it.
    Middle,
    /// To the left of it.
    End,
}

/// Something in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A shape or a line.
    Path(Paint, Vec<Stroke>),
    /// One line of text on its base line.
    Text(Ink, Anchor, Point, String),
    /// What a pointing reader is told about the items up to [`Item::End`].
    Begin(String),
    /// The end of what belongs together.
    End,
}

/// A rectangle with round corners.
pub(crate) fn rounded(area: Area, radius: i32) -> Vec<Stroke> {
    let r = radius.min(area.w / 2).min(area.h / 2);
    let (left, top, right, bottom) = (area.x, area.y, area.right(), area.bottom());
    let at = |x, y| Point { x, y };
    if r == 0 {
        return vec![
            Stroke::Move(at(left, top)),
            Stroke::Line(at(right, top)),
            Stroke::Line(at(right, bottom)),
            Stroke::Line(at(left, bottom)),
            Stroke::Close,
        ];
    }
    // The control points of a quarter circle stand a little less than half a radius from the corner.
    let k = r * 45 / 100;
    vec![
        Stroke::Move(at(left + r, top)),
        Stroke::Line(at(right - r, top)),
        Stroke::Curve(at(right - k, top), at(right, top + k), at(right, top + r)),
        Stroke::Line(at(right, bottom - r)),
        Stroke::Curve(
            at(right, bottom - k),
            at(right - k, bottom),
            at(right - r, bottom),
        ),
        Stroke::Line(at(left + r, bottom)),
        Stroke::Curve(
            at(left + k, bottom),
            at(left, bottom - k),
            at(left, bottom - r),
        ),
        Stroke::Line(at(left, top + r)),
        Stroke::Curve(at(left, top + k), at(left + k, top), at(left + r, top)),
        Stroke::Close,
    ]
}

/// A triangle that ends at `tip` and points along `(dx, dy)`, one of the four directions.
pub(crate) fn arrow_head(tip: Point, dx: i32, dy: i32) -> Vec<Stroke> {
    const LENGTH: i32 = 9;
    const HALF: i32 = 4;
    let back = Point {
        x: tip.x - dx * LENGTH,
        y: tip.y - dy * LENGTH,
    };
    let side = |sign: i32| Point {
        x: back.x + sign * dy * HALF,
        y: back.y + sign * dx * HALF,
    };
    vec![
        Stroke::Move(tip),
        Stroke::Line(side(1)),
        Stroke::Line(side(-1)),
        Stroke::Close,
    ]
}

impl Scene {
    /// The picture as an `svg` element that says what it shows.
    pub(crate) fn svg(&self, title: &str, id: &str) -> String {
        let mut out = String::new();
        let (w, h) = (self.width, self.height);
        // Where it does not fit it shrinks as far as it can be read, and is scrolled from there on.
        let least = w * 7 / 10;
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "<svg viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" style=\"min-width:{least}px\" role=\"img\" aria-labelledby=\"{id}-t\">\
             <title id=\"{id}-t\">{}</title>",
            escaped(title)
        );
        for item in &self.items {
            match item {
                Item::Path(paint, strokes) => {
                    let _ = write!(out, "<path class=\"{}\" d=\"", paint.class());
                    for stroke in strokes {
                        let _ = match stroke {
                            Stroke::Move(p) => write!(out, "M{} {}", p.x, p.y),
                            Stroke::Line(p) => write!(out, "L{} {}", p.x, p.y),
                            Stroke::Curve(a, b, p) => {
                                write!(out, "C{} {} {} {} {} {}", a.x, a.y, b.x, b.y, p.x, p.y)
                            }
                            Stroke::Close => write!(out, "Z"),
                        };
                    }
                    out.push_str("\"/>\n");
                }
                Item::Text(ink, anchor, at, text) => {
                    let anchor = match anchor {
                        Anchor::Start => "",
                        Anchor::Middle => " text-anchor=\"middle\"",
                        Anchor::End => " text-anchor=\"end\"",
                    };
                    let _ = writeln!(
                        out,
                        "<text class=\"{}\" x=\"{}\" y=\"{}\"{anchor}>{}</text>",
                        ink.class(),
                        at.x,
                        at.y,
                        escaped(text)
                    );
                }
                Item::Begin(told) => {
                    let _ = writeln!(out, "<g><title>{}</title>", escaped(told));
                }
                Item::End => out.push_str("</g>\n"),
            }
        }
        out.push_str("</svg>\n");
        out
    }
}

fn escaped(text: &str) -> String {
    let mut html = crate::html::Html::default();
    html.text(text);
    html.finish()
}
