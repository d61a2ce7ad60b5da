//! A workbook for engineers: the life-cycle matrix first, then the tables, ready to be printed and handed in.
//!
//! Every value is written as text or number, never as a formula. Color only repeats what the words say. The
//! properties of the file carry the day of the analysis, so that the same analysis gives the same bytes.

use std::collections::BTreeMap;

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
    XlsxError,
};
use sekimori_analysis::choose::{State, Target};
use sekimori_analysis::jnsa::{Cell, Matrix};
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::model::{CellId, Level, Phase};

use crate::tables::{Table, Tables, Value, plain};
use crate::words::state_word;
use crate::{RenderError, Report};

/// What a cell of the file format holds.
const LONGEST: usize = 32_000;
/// What a sheet holds, its head apart.
const ROWS: usize = 1_048_000;
/// Excel's number for A4.
const A4: u8 = 9;

pub(crate) fn render(report: &Report<'_>, language: Language) -> Result<Vec<u8>, Box<RenderError>> {
    write(report, language).map_err(|error| {
        Box::new(RenderError {
            code: "SK-REP-003",
            title: Text::new("the workbook cannot be written", "ブックを書けません"),
            observed: Text::same(error.to_string()),
            fix: Text::new(
                "use --format csv, and report this as a defect",
                "--format csv を使い、不具合として知らせてください",
            ),
        })
    })
}

fn write(report: &Report<'_>, language: Language) -> Result<Vec<u8>, XlsxError> {
    let tables = Tables::new(report, language);
    let date = report.analysis.date;
    let (year, month, day) = (date.year(), date.month(), date.day());
    let created = ExcelDateTime::from_ymd(
        u16::try_from(year).unwrap_or(1900),
        u8::try_from(month).unwrap_or(1),
        u8::try_from(day).unwrap_or(1),
    )?;
    let title = plain(report.analysis.title.of(language));
    let mut book = Workbook::new();
    book.set_properties(
        &DocProperties::new()
            .set_title(shortened(&title, 200))
            .set_author("Sekimori")
            .set_creation_datetime(&created),
    );
    let styles = Styles::new();
    let sheet = book.add_worksheet();
    let name = tables.labels.text("sheet-matrix");
    page(sheet, &name, &title)?;
    matrix(sheet, report, &tables, language, &styles)?;
    for (key, table) in [
        ("sheet-targets", tables.targets()),
        ("sheet-requirements", tables.requirements()),
        ("sheet-regimes", tables.regimes()),
        ("sheet-checklist", tables.checklist()),
        ("sheet-choice", tables.choice()),
        ("sheet-assumptions", tables.assumptions()),
        ("sheet-decisions", tables.decisions()),
    ] {
        let sheet = book.add_worksheet();
        page(sheet, &tables.labels.text(key), &title)?;
        whole(sheet, &table, &styles)?;
    }
    book.save_to_buffer()
}

/// Paper, frame of each page, name.
fn page(sheet: &mut Worksheet, name: &str, title: &str) -> Result<(), XlsxError> {
    // An ampersand begins a command in the head of a page, which holds 255 characters.
    let head = shortened(title, 100).replace('&', "&&");
    sheet
        .set_name(name)?
        .set_landscape()
        .set_paper_size(A4)
        .set_print_fit_to_pages(1, 0)
        .set_margins(0.4, 0.4, 0.7, 0.6, 0.3, 0.3)
        .set_header(format!("&L{head}&R{name}"))
        .set_footer("&R&P / &N");
    Ok(())
}

/// A table with a frozen head that is repeated on each page, and a filter.
fn whole(sheet: &mut Worksheet, table: &Table, styles: &Styles) -> Result<(), XlsxError> {
    for (place, column) in (0_u16..).zip(&table.columns) {
        sheet.set_column_width(place, f64::from(column.width))?;
        sheet.write_string_with_format(0, place, &column.name, &styles.head)?;
    }
    for (row, values) in (1_u32..).zip(table.rows.iter().take(ROWS)) {
        for (place, value) in (0_u16..).zip(values) {
            match value {
                Value::Number(number) => {
                    let number = u32::try_from(*number).unwrap_or(u32::MAX);
                    sheet.write_number_with_format(row, place, number, &styles.body)?;
                }
                Value::Mark(word, shown) => {
                    let format = styles.mark(word);
                    sheet.write_string_with_format(row, place, plain(shown), format)?;
                }
                Value::Text(text) | Value::Code(text) => {
                    let text = shortened(&plain(text), LONGEST);
                    sheet.write_string_with_format(row, place, text, &styles.body)?;
                }
            }
        }
    }
    let rows = u32::try_from(table.rows.len().min(ROWS)).unwrap_or_default();
    let columns = u16::try_from(table.columns.len()).unwrap_or(1);
    sheet
        .autofilter(0, 0, rows, columns.saturating_sub(1))?
        .set_freeze_panes(1, 1)?
        .set_repeat_rows(0, 0)?;
    Ok(())
}

/// Twelve threats by five phases for each device: one sheet, a page for each device.
fn matrix(
    sheet: &mut Worksheet,
    report: &Report<'_>,
    tables: &Tables<'_>,
    language: Language,
    styles: &Styles,
) -> Result<(), XlsxError> {
    let analysis = report.analysis;
    let knowledge = &analysis.knowledge;
    let labels = &tables.labels;
    let mut head = vec![labels.text("kind-device"), labels.text("threat")];
    head.extend(Phase::ALL.iter().map(|phase| {
        let name = knowledge.phases.get(phase);
        format!(
            "{} {}",
            phase.word(),
            name.map_or("", |name| name.of(language))
        )
    }));
    for (place, name) in (0_u16..).zip(&head) {
        let width = match place {
            0 => 16.0,
            1 => 22.0,
            _ => 30.0,
        };
        sheet.set_column_width(place, width)?;
        sheet.write_string_with_format(0, place, name, &styles.head)?;
    }
    let cell = MatrixCell {
        tables,
        targets: analysis
            .solution
            .targets
            .iter()
            .map(|t| (t.id.as_str(), t))
            .collect(),
        states: &analysis.solution.states,
        language,
        report,
    };
    let mut row = 1_u32;
    let mut breaks = Vec::new();
    for matrix in analysis.matrices.iter().take(ROWS / 12) {
        let cells: BTreeMap<&CellId, &Cell> = matrix.cells.iter().map(|c| (&c.id, c)).collect();
        for (id, threat) in &knowledge.threats {
            let title = shortened(&plain(matrix.title.of(language)), LONGEST);
            sheet.write_string_with_format(row, 0, title, &styles.name)?;
            let threat_name = format!("{id} {}", threat.name.of(language));
            sheet.write_string_with_format(row, 1, plain(&threat_name), &styles.name)?;
            for (place, phase) in (2_u16..).zip(Phase::ALL) {
                let wanted = CellId {
                    component: matrix.component.clone(),
                    threat: id.clone(),
                    phase: *phase,
                };
                let (text, format) = match cells.get(&wanted) {
                    Some(found) => (
                        cell.text(matrix, found),
                        styles.of_cell(found, cell.state(found)),
                    ),
                    None => ("–".to_owned(), &styles.body),
                };
                sheet.write_string_with_format(row, place, text, format)?;
            }
            row = row.saturating_add(1);
        }
        breaks.push(row);
    }
    breaks.pop();
    // A sheet holds 1,023 page breaks.
    breaks.truncate(1000);
    sheet
        .set_page_breaks(&breaks)?
        .autofilter(0, 0, row.saturating_sub(1), 6)?
        .set_freeze_panes(1, 2)?
        .set_repeat_rows(0, 0)?;
    Ok(())
}

/// What the words of one cell are made from.
struct MatrixCell<'a> {
    tables: &'a Tables<'a>,
    targets: BTreeMap<&'a str, &'a Target>,
    states: &'a BTreeMap<String, State>,
    language: Language,
    report: &'a Report<'a>,
}

impl MatrixCell<'_> {
    fn state(&self, cell: &Cell) -> State {
        let state = self.states.get(&cell.id.to_string()).copied();
        state.unwrap_or(State::NotApplicable)
    }

    /// State and risk in words, strength, then the measures by name: those that were chosen first.
    fn text(&self, matrix: &Matrix, cell: &Cell) -> String {
        let labels = &self.tables.labels;
        let mut lines = vec![labels.text(&format!("state-{}", state_word(self.state(cell))))];
        if let Some(risk) = &cell.risk {
            let level = labels.text(&format!("level-{}", risk.level.word()));
            lines.push(format!("{}: {level}", labels.text("risk")));
        }
        let id = cell.id.to_string();
        if let Some(target) = self.targets.get(id.as_str()) {
            lines.push(labels.with(
                "strength-of",
                &[
                    ("reached", target.reached.to_string().into()),
                    ("need", target.need.to_string().into()),
                ],
            ));
            lines.extend(
                target
                    .by
                    .iter()
                    .map(|pick| format!("✓ {}", self.measure(pick))),
            );
            if let Some(missing) = &target.missing {
                lines.push(format!("✗ {}", plain(missing.of(self.language))));
            }
        }
        if cell.basis.own_judgement {
            lines.push(format!("* {}", labels.text("own-judgement")));
        }
        if matrix.phase_now == cell.phase {
            lines.push(labels.text("phase-now"));
        }
        shortened(&lines.join("\n"), LONGEST)
    }

    fn measure(&self, pick: &str) -> String {
        let id = pick.split('@').next().unwrap_or(pick);
        let measure = self.report.analysis.knowledge.measures.get(id);
        let name = measure.map_or("", |measure| measure.name.of(self.language));
        format!("{id} {}", plain(name)).trim_end().to_owned()
    }
}

/// How cells look.
struct Styles {
    head: Format,
    name: Format,
    body: Format,
    marks: BTreeMap<&'static str, Format>,
    risks: BTreeMap<Level, Format>,
    quiet: Format,
}

impl Styles {
    fn new() -> Self {
        let body = Format::new()
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::RGB(0x00B0_B7BF))
            .set_font_size(9.0);
        let fill = |color: u32| body.clone().set_background_color(Color::RGB(color));
        let marks = [
            ("open", 0x00F8_D7DA),
            ("contradicted", 0x00F8_D7DA),
            ("critical", 0x00F8_D7DA),
            ("high", 0x00FD_E5D0),
            ("medium", 0x00FF_F4CC),
            ("stale", 0x00FF_F4CC),
            ("low", 0x00EA_F4E4),
            ("closed", 0x00DD_F0E0),
            ("met", 0x00DD_F0E0),
            ("live", 0x00DD_F0E0),
            ("accepted", 0x00E3_E6F5),
            ("transferred", 0x00E3_E6F5),
        ];
        let risks = [
            (Level::Critical, 0x00F8_D7DA),
            (Level::High, 0x00FD_E5D0),
            (Level::Medium, 0x00FF_F4CC),
            (Level::Low, 0x00EA_F4E4),
        ];
        Styles {
            head: fill(0x001F_3A4D).set_font_color(Color::White).set_bold(),
            name: body.clone().set_bold(),
            marks: marks
                .into_iter()
                .map(|(word, color)| (word, fill(color)))
                .collect(),
            risks: risks
                .into_iter()
                .map(|(level, color)| (level, fill(color)))
                .collect(),
            quiet: body.clone().set_font_color(Color::RGB(0x0060_6770)),
            body,
        }
    }

    fn mark(&self, word: &str) -> &Format {
        self.marks.get(word).unwrap_or(&self.body)
    }

    /// By risk; what needs nothing stays white.
    fn of_cell(&self, cell: &Cell, state: State) -> &Format {
        match (&cell.risk, state) {
            (_, State::NotApplicable) | (None, _) => &self.quiet,
            (Some(risk), _) => self.risks.get(&risk.level).unwrap_or(&self.body),
        }
    }
}

/// At most so many UTF-16 units, as the file format counts; whatever is cut is marked as cut.
fn shortened(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut units = 0_usize;
    let kept = text.chars().take_while(|c| {
        units = units.saturating_add(c.len_utf16());
        units < most
    });
    format!("{}…", kept.collect::<String>())
}
