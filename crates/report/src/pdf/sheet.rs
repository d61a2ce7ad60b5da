//! Sets blocks on sheets: breaks lines, shares out the width of tables, breaks sheets between rows,
//! and repeats the heads of tables.

use super::fonts::Fonts;
use super::markup::{Align, Block, Cell, Span, Style};
use super::{HEIGHT, Scenes, WIDTH};
use crate::diagram::measure::pieces;
use crate::diagram::scene::{self, Anchor, Item, Paint};

mod around;
mod table;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Color(pub(super) u8, pub(super) u8, pub(super) u8);

const INK: Color = Color(27, 31, 36);
const SOFT: Color = Color(85, 94, 104);
const LINE: Color = Color(201, 208, 216);
const PANEL: Color = Color(244, 246, 248);
const CALM: Color = Color(45, 79, 124);
const CALM_BACK: Color = Color(226, 236, 249);
const BAD: Color = Color(160, 22, 34);
const PAPER: Color = Color(255, 255, 255);

/// Room at the edges of a sheet.
const MARGIN: f32 = 42.0;
/// Room for the number of the sheet.
const FOOT: f32 = 30.0;
/// Font size of running text.
const SIZE: f32 = 8.8;
/// From one line to the next, in parts of the font size.
const LEADING: f32 = 1.5;

/// Words of the style sheet that stand for a color: letters and ground.
const TONES: &[(&str, Color, Color)] = &[
    ("met", Color(26, 107, 54), Color(223, 243, 228)),
    ("closed", Color(26, 107, 54), Color(223, 243, 228)),
    ("level-low", Color(26, 107, 54), Color(223, 243, 228)),
    ("contradicted", BAD, Color(251, 225, 227)),
    ("open", BAD, Color(251, 225, 227)),
    ("level-critical", BAD, Color(251, 225, 227)),
    ("stale", Color(122, 75, 0), Color(253, 238, 203)),
    ("not-observed", Color(122, 75, 0), Color(253, 238, 203)),
    ("expired", Color(122, 75, 0), Color(253, 238, 203)),
    ("level-high", Color(122, 75, 0), Color(253, 238, 203)),
    ("control-live", Color(26, 107, 54), Color(223, 243, 228)),
    ("control-contradicted", BAD, Color(251, 225, 227)),
    ("control-open", Color(122, 75, 0), Color(253, 238, 203)),
    ("control-test", CALM, CALM_BACK),
    ("control-document", CALM, CALM_BACK),
    ("control-process", CALM, CALM_BACK),
    ("needs-statement", CALM, CALM_BACK),
    ("stated", CALM, CALM_BACK),
    ("accepted", CALM, CALM_BACK),
    ("transferred", CALM, CALM_BACK),
    ("dismissed", CALM, CALM_BACK),
    ("level-medium", CALM, CALM_BACK),
    ("not-applicable", Color(79, 88, 98), Color(233, 236, 239)),
    ("below-threshold", Color(79, 88, 98), Color(233, 236, 239)),
    ("badge", Color(79, 88, 98), Color(233, 236, 239)),
];

/// Whether a word of a class gives a color.
pub(super) fn is_tone(word: &str) -> bool {
    TONES.iter().any(|(name, ..)| *name == word)
}

fn tone(word: &str) -> (Color, Color) {
    let known = TONES.iter().find(|(name, ..)| *name == word);
    known.map_or((INK, PANEL), |(_, letters, ground)| (*letters, *ground))
}

/// How a path is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ink {
    pub(super) fill: Option<Color>,
    pub(super) stroke: Option<(Color, f32)>,
    pub(super) dash: Option<(f32, f32)>,
}

/// Something on a sheet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    /// A line of text on its base line.
    Text {
        x: f32,
        y: f32,
        size: f32,
        bold: bool,
        color: Color,
        text: String,
    },
    /// A filled rectangle.
    Area {
        x: f32,
        y: f32,
        w: f32,
        h: f32,
        color: Color,
    },
    /// A path of a picture.
    Path {
        strokes: Vec<scene::Stroke>,
        ink: Ink,
        at: (f32, f32),
        scale: f32,
    },
}

/// A word with its style and width.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    style: Style,
    width: f32,
}

/// A line of words.
type Row = Vec<Word>;

/// The finished sheets.
pub(super) struct Sheets {
    /// The sheets.
    pub(super) pages: Vec<Sheet>,
    /// Headings: text, sheet, height on it.
    pub(super) headings: Vec<(String, usize, f32)>,
}

/// One sheet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sheet {
    /// What is drawn on it.
    pub(super) marks: Vec<Mark>,
    /// Whether it is wider than high.
    pub(super) is_wide: bool,
}

impl Sheet {
    /// Width and height in points.
    pub(super) const fn size(&self) -> (f32, f32) {
        if self.is_wide {
            (HEIGHT, WIDTH)
        } else {
            (WIDTH, HEIGHT)
        }
    }
}

impl Sheets {
    /// Sets a document.
    pub(super) fn set(blocks: &[Block], scenes: &Scenes, fonts: &Fonts, title: &str) -> Self {
        let mut setter = Setter {
            fonts,
            sheets: Sheets {
                pages: vec![Sheet::default()],
                headings: Vec::new(),
            },
            y: MARGIN,
            wide: Vec::new(),
            sections: blocks
                .iter()
                .filter(|block| matches!(block, Block::Heading(2, _)))
                .count(),
            contents: None,
        };
        for (index, block) in blocks.iter().enumerate() {
            setter.block(block, blocks.get(index + 1), scenes);
        }
        setter.wide_sheets();
        setter.contents();
        setter.feet(title);
        setter.sheets
    }
}

struct Setter<'f> {
    fonts: &'f Fonts,
    sheets: Sheets,
    y: f32,
    /// Pictures that wait for sheets of their own, before the next sheet of text.
    wide: Vec<scene::Scene>,
    /// How many sections there are.
    sections: usize,
    /// How far down the first sheet the table of contents begins; its place is kept until all numbers are known.
    contents: Option<f32>,
}

impl Setter<'_> {
    const BOTTOM: f32 = HEIGHT - MARGIN - FOOT;
    const ROOM: f32 = WIDTH - 2.0 * MARGIN;

    fn put(&mut self, mark: Mark) {
        if let Some(page) = self.sheets.pages.last_mut() {
            page.marks.push(mark);
        }
    }

    fn new_page(&mut self) {
        self.wide_sheets();
        self.sheets.pages.push(Sheet::default());
        self.y = MARGIN;
    }

    /// Begins a new sheet when less than `height` is left on this one.
    fn need(&mut self, height: f32) {
        if self.y + height > Self::BOTTOM && self.y > MARGIN {
            self.new_page();
        }
    }

    fn block(&mut self, block: &Block, next: Option<&Block>, scenes: &Scenes) {
        match block {
            Block::Heading(level, spans) => self.heading(*level, spans, next, scenes),
            Block::Text(spans) => self.paragraph(spans, 0.0, SIZE),
            Block::Point(spans) => {
                self.need(SIZE * LEADING);
                let (x, y) = (MARGIN + 2.0, self.y + SIZE * 1.1);
                self.line(&[word_of("•", self.fonts, SIZE)], x, y, SIZE);
                self.paragraph(spans, 12.0, SIZE);
            }
            Block::Gap => self.y += 6.0,
            Block::Picture(id) => match scenes.get(id) {
                Some(scene) if is_wide(scene) => self.wide.push(scene.clone()),
                Some(scene) => self.picture(scene),
                None => {}
            },
            Block::Table(caption, head, rows) => self.table(caption, head, rows),
        }
    }

    fn heading(&mut self, level: u8, spans: &[Span], next: Option<&Block>, scenes: &Scenes) {
        let size = match level {
            1 => 19.0,
            2 => 14.0,
            3 => 11.0,
            _ => 9.6,
        };
        if level == 2 {
            self.keep_contents();
        }
        let rows = self.rows(spans, Self::ROOM, size);
        let lines: f32 = rows.iter().map(|_| size * 1.35).sum();
        // A heading does not stand alone at the foot of a sheet.
        let follows = match next {
            Some(Block::Picture(id)) => match scenes.get(id) {
                Some(scene) if !is_wide(scene) => fit(scene).1 + 8.0,
                _ => 40.0,
            },
            _ => 60.0,
        };
        if self.y > MARGIN {
            self.y += if level <= 2 { 16.0 } else { 8.0 };
        }
        self.need(lines + follows.min(500.0));
        if level == 2 {
            let text: String = spans.iter().map(|span| span.text.as_str()).collect();
            let page = self.sheets.pages.len() - 1;
            self.sheets.headings.push((text, page, self.y));
        }
        for row in &rows {
            let y = self.y + size;
            self.line(row, MARGIN, y, size);
            self.y += size * 1.35;
        }
        if level == 2 {
            let y = self.y + 1.0;
            self.put(Mark::Area {
                x: MARGIN,
                y,
                w: Self::ROOM,
                h: 1.2,
                color: LINE,
            });
            self.y += 6.0;
        }
    }

    fn paragraph(&mut self, spans: &[Span], indent: f32, size: f32) {
        for row in self.rows(spans, Self::ROOM - indent, size) {
            self.need(size * LEADING);
            let y = self.y + size * 1.1;
            self.line(&row, MARGIN + indent, y, size);
            self.y += size * LEADING;
        }
        self.y += 2.5;
    }

    /// Writes one line of words.
    fn line(&mut self, row: &[Word], x: f32, y: f32, size: f32) {
        let mut at = x;
        for word in row {
            let size = size_of(&word.style, size);
            let color = match &word.style.tone {
                Some(name) => {
                    let (letters, ground) = tone(name);
                    self.put(Mark::Area {
                        x: at - 1.5,
                        y: y - size * 0.98,
                        w: word.width + 3.0,
                        h: size * 1.3,
                        color: ground,
                    });
                    letters
                }
                None if word.style.soft => SOFT,
                None => INK,
            };
            self.put(Mark::Text {
                x: at,
                y,
                size,
                bold: word.style.bold,
                color,
                text: word.text.clone(),
            });
            at += word.width;
        }
    }

    /// Breaks spans into lines of at most `room` points.
    fn rows(&self, spans: &[Span], room: f32, size: f32) -> Vec<Row> {
        let mut rows: Vec<Row> = vec![Vec::new()];
        let mut used = 0.0;
        for span in spans {
            if span.text == "\n" {
                rows.push(Vec::new());
                used = 0.0;
                continue;
            }
            let face = self.fonts.face(span.style.bold);
            let own = size_of(&span.style, size);
            let mut add = |rows: &mut Vec<Row>, text: &str| {
                let bare = face.width(text.trim_end(), own);
                if used + bare > room && used > 0.0 {
                    rows.push(Vec::new());
                    used = 0.0;
                }
                let text = if used == 0.0 { text.trim_start() } else { text };
                let width = face.width(text, own);
                used += width;
                let Some(row) = rows.last_mut() else { return };
                match row.last_mut() {
                    Some(last) if last.style == span.style => {
                        last.text.push_str(text);
                        last.width += width;
                    }
                    _ => row.push(Word {
                        text: text.to_owned(),
                        style: span.style.clone(),
                        width,
                    }),
                }
            };
            for piece in pieces(&span.text) {
                if face.width(piece.trim_end(), own) <= room {
                    add(&mut rows, &piece);
                } else {
                    for character in piece.chars() {
                        add(&mut rows, character.encode_utf8(&mut [0; 4]));
                    }
                }
            }
        }
        rows.retain(|row| row.iter().any(|word| !word.text.trim().is_empty()));
        rows
    }

    fn picture(&mut self, scene: &scene::Scene) {
        let (w, h, scale) = fit(scene);
        self.need(h + 6.0);
        let at = (MARGIN + (Self::ROOM - w) / 2.0, self.y + 3.0);
        self.scene(scene, at, scale);
        self.y += h + 8.0;
    }

    /// Sheets wider than high for the pictures that wait for them.
    fn wide_sheets(&mut self) {
        for scene in std::mem::take(&mut self.wide) {
            self.sheets.pages.push(Sheet {
                is_wide: true,
                ..Sheet::default()
            });
            let (w, _, scale) = fit_wide(&scene);
            let at = (MARGIN + (HEIGHT - 2.0 * MARGIN - w) / 2.0, MARGIN);
            self.scene(&scene, at, scale);
        }
    }

    fn scene(&mut self, scene: &scene::Scene, at: (f32, f32), scale: f32) {
        for item in &scene.items {
            match item {
                Item::Path(paint, strokes) => self.put(Mark::Path {
                    strokes: strokes.clone(),
                    ink: ink_of(*paint),
                    at,
                    scale,
                }),
                Item::Text(ink, anchor, place, text) => {
                    let size = length(ink.size()) * scale;
                    let bold = matches!(ink, scene::Ink::Zone | scene::Ink::Bare);
                    let width = self.fonts.face(bold).width(text, size);
                    let x = at.0 + length(place.x) * scale;
                    let x = match anchor {
                        Anchor::Start => x,
                        Anchor::Middle => x - width / 2.0,
                        Anchor::End => x - width,
                    };
                    self.put(Mark::Text {
                        x,
                        y: at.1 + length(place.y) * scale,
                        size,
                        bold,
                        color: match ink {
                            scene::Ink::Name => INK,
                            scene::Ink::Soft => SOFT,
                            scene::Ink::Zone => CALM,
                            scene::Ink::Bare => BAD,
                        },
                        text: text.clone(),
                    });
                }
                Item::Begin(_) | Item::End => {}
            }
        }
    }
}

fn word_of(text: &str, fonts: &Fonts, size: f32) -> Word {
    Word {
        text: text.to_owned(),
        style: Style::default(),
        width: fonts.face(false).width(text, size),
    }
}

fn size_of(style: &Style, size: f32) -> f32 {
    if style.small { size * 0.88 } else { size }
}

/// Width and height of a picture on a sheet, and its scale.
fn fit(scene: &scene::Scene) -> (f32, f32, f32) {
    let (w, h) = (length(scene.width), length(scene.height));
    let room = Setter::BOTTOM - MARGIN - 20.0;
    let scale = (Setter::ROOM / w.max(1.0)).min(room / h.max(1.0)).min(0.75);
    (w * scale, h * scale, scale)
}

/// Width, height and scale of a picture on a sheet wider than high.
fn fit_wide(scene: &scene::Scene) -> (f32, f32, f32) {
    let (w, h) = (length(scene.width), length(scene.height));
    let (across, down) = (HEIGHT - 2.0 * MARGIN, WIDTH - 2.0 * MARGIN - FOOT);
    let scale = (across / w.max(1.0)).min(down / h.max(1.0)).min(0.75);
    (w * scale, h * scale, scale)
}

/// Whether a picture could hardly be read between the margins of a text, and gains by a sheet of its own.
fn is_wide(scene: &scene::Scene) -> bool {
    let scale = fit(scene).2;
    scale < 0.52 && fit_wide(scene).2 > scale * 1.2
}

fn length(units: i32) -> f32 {
    i16::try_from(units).map_or(f32::from(i16::MAX), f32::from)
}

fn ink_of(paint: Paint) -> Ink {
    let stroke = |color, width| Some((color, width));
    let (fill, stroke, dash) = match paint {
        Paint::Zone => (Some(PANEL), stroke(CALM, 1.2), Some((7.0, 4.0))),
        Paint::Part => (Some(PAPER), stroke(INK, 1.3), None),
        Paint::Foreign => (Some(PAPER), stroke(SOFT, 1.3), None),
        Paint::Flow => (None, stroke(SOFT, 1.3), None),
        Paint::Bare => (None, stroke(BAD, 1.6), Some((5.0, 3.0))),
        Paint::Head => (Some(SOFT), None, None),
        Paint::BareHead => (Some(BAD), None, None),
        Paint::Back => (None, stroke(CALM, 1.6), Some((2.0, 3.0))),
        Paint::Grid => (None, stroke(LINE, 1.0), None),
        Paint::Provided => (Some(CALM), stroke(CALM, 1.0), None),
        Paint::Built => (Some(CALM_BACK), stroke(CALM, 1.0), None),
        Paint::Curve => (None, stroke(CALM, 2.2), None),
        Paint::Under => (Some(CALM_BACK), None, None),
    };
    Ink { fill, stroke, dash }
}
