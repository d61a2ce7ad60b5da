//! PDF: the page of [`crate::html`], set on sheets of A4. Whatever a section writes for the page is
//! in the PDF too; text stays text, pictures stay lines, and the only date in it is the analysis's.
//!
//! Fonts are the machine's own: one that has Japanese is looked for, and only the characters in use
//! are embedded. It is the one form of report that reads files.

use std::collections::BTreeMap;

use krilla::color::rgb;
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use sekimori_analysis::language::{Language, Text};

use crate::diagram::scene;
use crate::{RenderError, Report, html};

mod fonts;
mod markup;
mod sheet;

use fonts::{Face, Fonts};
use sheet::{Color, Ink, Mark, Sheets};

/// Width of a sheet in points.
const WIDTH: f32 = 595.276;
/// Height of a sheet in points.
const HEIGHT: f32 = 841.89;

pub(crate) fn render(report: &Report<'_>, language: Language) -> Result<Vec<u8>, Box<RenderError>> {
    let fonts = Fonts::find()?;
    let (page, scenes) = html::render_with_scenes(report, language);
    let blocks = markup::blocks(&page);
    let title = report.analysis.title.of(language);
    let sheets = Sheets::set(&blocks, &scenes, &fonts, title);
    write(report, language, title, &sheets, &fonts)
}

fn write(
    report: &Report<'_>,
    language: Language,
    title: &str,
    sheets: &Sheets,
    fonts: &Fonts,
) -> Result<Vec<u8>, Box<RenderError>> {
    let settings = SerializeSettings {
        enable_tagging: false,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    for sheet in &sheets.pages {
        let (width, height) = sheet.size();
        let size = PageSettings::from_wh(width, height).unwrap_or_default();
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for mark in &sheet.marks {
            draw(&mut surface, mark, fonts);
        }
        surface.finish();
        page.finish();
    }
    let mut outline = Outline::new();
    for (text, page, y) in &sheets.headings {
        let place = XyzDestination::new(*page, Point::from_xy(0.0, *y));
        outline.push_child(OutlineNode::new(text.clone(), place));
    }
    document.set_outline(outline);
    let date = report.analysis.date;
    let small = |value: i8| u8::try_from(value).unwrap_or(1);
    let day = DateTime::new(u16::try_from(date.year()).unwrap_or(0))
        .month(small(date.month()))
        .day(small(date.day()));
    let metadata = Metadata::new()
        .title(title.to_owned())
        .language(language.tag().to_owned())
        .creator("Sekimori".to_owned())
        .creation_date(day);
    document.set_metadata(metadata);
    document.finish().map_err(|error| {
        Box::new(RenderError {
            code: "SK-REP-002",
            title: Text::new("the PDF cannot be written", "PDF を書き出せません"),
            observed: Text::same(format!("{error:?}")),
            fix: Text::new(
                "use another font: set SEKIMORI_REPORT_FONT to its file",
                "SEKIMORI_REPORT_FONT に別のフォントのファイルを指定してください",
            ),
        })
    })
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, fonts: &Fonts) {
    match mark {
        Mark::Text {
            x,
            y,
            size,
            bold,
            color,
            text,
        } => {
            let face = fonts.face(*bold);
            let glyphs = glyphs(face, text);
            surface.set_stroke(None);
            surface.set_fill(Some(fill(*color)));
            let at = Point::from_xy(*x, *y);
            surface.draw_glyphs(at, &glyphs, face.font(), text, *size, false);
        }
        Mark::Area { x, y, w, h, color } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y, *w, *h) {
                path.push_rect(rect);
            }
            surface.set_stroke(None);
            surface.set_fill(Some(fill(*color)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Path {
            strokes,
            ink,
            at,
            scale,
        } => draw_path(surface, strokes, ink, *at, *scale),
    }
}

fn draw_path(
    surface: &mut Surface<'_>,
    strokes: &[scene::Stroke],
    ink: &Ink,
    (x, y): (f32, f32),
    scale: f32,
) {
    let place = |point: &scene::Point| {
        let length = |value: i32| i16::try_from(value).map_or(0.0, f32::from);
        (x + length(point.x) * scale, y + length(point.y) * scale)
    };
    let mut path = PathBuilder::new();
    for stroke in strokes {
        match stroke {
            scene::Stroke::Move(to) => {
                let (x, y) = place(to);
                path.move_to(x, y);
            }
            scene::Stroke::Line(to) => {
                let (x, y) = place(to);
                path.line_to(x, y);
            }
            scene::Stroke::Curve(a, b, to) => {
                let ((ax, ay), (bx, by), (x, y)) = (place(a), place(b), place(to));
                path.cubic_to(ax, ay, bx, by, x, y);
            }
            scene::Stroke::Close => path.close(),
        }
    }
    let Some(path) = path.finish() else { return };
    surface.set_fill(ink.fill.map(fill));
    surface.set_stroke(ink.stroke.map(|(color, width)| Stroke {
        paint: paint(color),
        width: width * scale,
        dash: ink.dash.map(|(on, off)| StrokeDash {
            array: vec![on * scale, off * scale],
            offset: 0.0,
        }),
        ..Stroke::default()
    }));
    surface.draw_path(&path);
}

fn glyphs(face: &Face, text: &str) -> Vec<KrillaGlyph> {
    let glyph = |(start, character): (usize, char)| {
        let (id, advance) = face.glyph(character);
        let range = start..start + character.len_utf8();
        KrillaGlyph::new(GlyphId::new(id), advance, 0.0, 0.0, 0.0, range, None)
    };
    text.char_indices().map(glyph).collect()
}

fn paint(Color(red, green, blue): Color) -> krilla::paint::Paint {
    rgb::Color::new(red, green, blue).into()
}

fn fill(color: Color) -> Fill {
    Fill {
        paint: paint(color),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}

/// Pictures of a page by the id of their title.
pub(crate) type Scenes = BTreeMap<String, scene::Scene>;
