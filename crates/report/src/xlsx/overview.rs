//! The first sheet: what the workbook is about, how it stands, and how to read the matrix.

use rust_xlsxwriter::{Worksheet, XlsxError};
use sekimori_analysis::choose::State;
use sekimori_analysis::model::Level;

use super::height::Height;
use super::{Book, Styles, plain, shortened};
use crate::words::{self, state_word};

/// Widths of the two columns.
const NAME: u16 = 36;
const TEXT: u16 = 100;

pub(super) fn write(sheet: &mut Worksheet, book: &Book<'_>) -> Result<(), XlsxError> {
    let (analysis, language) = (book.report.analysis, book.language);
    let solution = &analysis.solution;
    let (labels, styles) = (&book.tables.labels, &book.styles);
    sheet.set_column_width(0, NAME)?.set_column_width(1, TEXT)?;
    let title = shortened(&plain(analysis.title.of(language)), 400);
    sheet.write_string_with_format(0, 0, title, &styles.title)?;
    sheet.set_row_height(0, 26.0)?;
    let generated = words::generated(book.report, labels);
    sheet.write_string_with_format(1, 0, generated, &styles.plain_line)?;
    let mut lines = Lines {
        sheet,
        styles,
        row: 3,
    };
    let [bound, _] = solution.bound_and_gap();
    for (key, number) in [
        ("targets", solution.targets.len().to_string()),
        ("open", solution.open().count().to_string()),
        ("picks", solution.picks.len().to_string()),
        ("cost", solution.cost.to_string()),
        ("lower-bound", bound),
        ("requirements", analysis.requirements.len().to_string()),
    ] {
        lines.put(&labels.text(key), &number)?;
    }
    for matrix in &analysis.matrices {
        let component = analysis.components.get(&matrix.component);
        let count = component.map_or(0, |component| component.count).to_string();
        let class = labels.text(&format!("class-{}", matrix.class.word()));
        let units = labels.with("units", &[("count", count.into())]);
        let phase = analysis.knowledge.phases.get(&matrix.phase_now);
        let phase = phase.map_or("", |phase| phase.of(language));
        let now = labels.text("phase-now");
        let said = format!(
            "{} ({}) · {class} · {units} · {now}: {} {phase}",
            matrix.title.of(language),
            matrix.component,
            matrix.phase_now.word()
        );
        lines.put(&labels.text("kind-device"), &plain(&said))?;
    }
    lines.row += 1;
    let legend = labels.text("legend");
    for level in Level::ALL
        .iter()
        .rev()
        .filter(|level| **level > Level::None)
    {
        let shown = labels.text(&format!("level-{}", level.word()));
        lines.mark(&format!("{}: {shown}", labels.text("risk")), level.word())?;
    }
    for state in [
        State::Closed,
        State::Open,
        State::Accepted,
        State::Transferred,
        State::BelowThreshold,
        State::NotApplicable,
    ] {
        let shown = labels.text(&format!("state-{}", state_word(state)));
        lines.mark(
            &format!("{}: {shown}", labels.text("status")),
            state_word(state),
        )?;
    }
    for (mark, key) in [
        ("✓", "legend-chosen"),
        ("–", "data-unused"),
        ("✗", "data-missing"),
        ("*", "own-judgement"),
    ] {
        lines.put(&format!("{legend}: {mark}"), &labels.text(key))?;
    }
    for key in words::METHOD {
        lines.put(&labels.text("section-method"), &labels.text(key))?;
    }
    Ok(())
}

struct Lines<'a> {
    sheet: &'a mut Worksheet,
    styles: &'a Styles,
    row: u32,
}

impl Lines<'_> {
    fn put(&mut self, name: &str, text: &str) -> Result<(), XlsxError> {
        let mut height = Height::default();
        height.add(name, NAME);
        height.add(text, TEXT);
        height.set(self.sheet, self.row)?;
        let Styles {
            name: bold, body, ..
        } = self.styles;
        self.sheet
            .write_string_with_format(self.row, 0, name, bold)?;
        self.sheet
            .write_string_with_format(self.row, 1, text, body)?;
        self.row += 1;
        Ok(())
    }

    /// A color and what it stands for.
    fn mark(&mut self, text: &str, word: &str) -> Result<(), XlsxError> {
        let format = self.styles.mark(word);
        self.sheet
            .write_string_with_format(self.row, 0, text, format)?;
        self.row += 1;
        Ok(())
    }
}
