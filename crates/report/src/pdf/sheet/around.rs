//! What stands around the text: the table of contents below the title, and the foot of each sheet.

use super::super::markup::{Span, Style};
use super::{MARGIN, Mark, SIZE, SOFT, Setter};

/// From one line of the table of contents to the next.
const CONTENTS_LINE: f32 = 12.5;

impl Setter<'_> {
    /// Keeps a place for the table of contents on the first sheet, below the title.
    pub(super) fn keep_contents(&mut self) {
        let sections = u16::try_from(self.sections).unwrap_or(u16::MAX);
        let height = f32::from(sections) * CONTENTS_LINE;
        if self.contents.is_none() && self.y + height < Self::BOTTOM {
            self.contents = Some(self.y + 10.0);
            self.y += height + 14.0;
        }
    }

    /// Fills the place: each section with the number of its sheet.
    pub(super) fn contents(&mut self) {
        let Some(mut y) = self.contents else { return };
        let face = self.fonts.face(false);
        let right = MARGIN + Self::ROOM;
        let mut marks = Vec::new();
        let mut text = |x: f32, y: f32, text: String| {
            marks.push(Mark::Text {
                x,
                y,
                size: SIZE,
                bold: false,
                color: SOFT,
                text,
            });
        };
        for (heading, page, _) in &self.sheets.headings {
            y += CONTENTS_LINE;
            let number = (page + 1).to_string();
            let x = right - face.width(&number, SIZE);
            text(MARGIN, y, heading.clone());
            text(x, y, number);
        }
        if let Some(first) = self.sheets.pages.first_mut() {
            first.marks.extend(marks);
        }
    }

    /// The title and the number on each sheet.
    pub(super) fn feet(&mut self, title: &str) {
        let count = self.sheets.pages.len();
        let size = 7.5;
        let face = self.fonts.face(false);
        let title = self.rows(
            &[Span {
                text: title.to_owned(),
                style: Style::default(),
            }],
            Self::ROOM - 60.0,
            size,
        );
        let title = title.first().map(|row| {
            row.iter()
                .map(|word| word.text.as_str())
                .collect::<String>()
        });
        for (number, page) in (1..).zip(&mut self.sheets.pages) {
            let place = format!("{number} / {count}");
            let (width, height) = page.size();
            let x = width - MARGIN - face.width(&place, size);
            let texts = [(MARGIN, title.clone().unwrap_or_default()), (x, place)];
            page.marks.extend(texts.map(|(x, text)| Mark::Text {
                x,
                y: height - MARGIN,
                size,
                bold: false,
                color: SOFT,
                text,
            }));
        }
    }
}
