//! A workbook for engineers: the life-cycle matrix first, then the tables, ready to be printed and handed in.
//!
//! Every value is written as text or number, never as a formula. Color only repeats what the words say. The
//! properties of the file carry the day of the analysis, so that the same analysis gives the same bytes.

use std::collections::BTreeMap;

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
    XlsxError,
};
use sekimori_analysis::choose::State;
use sekimori_analysis::jnsa::Cell;
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::model::Level;

use crate::tables::{Table, Tables, Value, plain};
use crate::{RenderError, Report};

mod height;
mod matrix;
mod overview;

use height::Height;

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

/// What every sheet is made from.
struct Book<'a> {
    report: &'a Report<'a>,
    tables: &'a Tables<'a>,
    language: Language,
    styles: Styles,
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
    let mut workbook = Workbook::new();
    workbook.set_properties(
        &DocProperties::new()
            .set_title(shortened(&title, 200))
            .set_author("Sekimori")
            .set_creation_datetime(&created),
    );
    let book = Book {
        report,
        tables: &tables,
        language,
        styles: Styles::new(language),
    };
    let sheet = workbook.add_worksheet();
    page(sheet, &tables.labels.text("sheet-overview"), &title)?;
    overview::write(sheet, &book)?;
    let sheet = workbook.add_worksheet();
    page(sheet, &tables.labels.text("sheet-matrix"), &title)?;
    matrix::write(sheet, &book)?;
    let mut sheets = vec![
        ("sheet-targets", tables.targets()),
        ("sheet-factors", tables.factors()),
        ("sheet-requirements", tables.requirements()),
        ("sheet-regimes", tables.regimes()),
        ("sheet-checklist", tables.checklist()),
        ("sheet-documents", tables.documents()),
        ("sheet-choice", tables.choice()),
    ];
    sheets.extend(tables.comparison().map(|table| ("sheet-what-if", table)));
    sheets.extend([
        ("sheet-lists", tables.lists()),
        ("sheet-assumptions", tables.assumptions()),
        ("sheet-decisions", tables.decisions()),
        ("sheet-questions", tables.questions()),
    ]);
    for (key, table) in sheets {
        let sheet = workbook.add_worksheet();
        page(sheet, &tables.labels.text(key), &title)?;
        whole(sheet, &table, &book.styles)?;
    }
    workbook.save_to_buffer()
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
    let mut head = Height::default();
    for (place, column) in (0_u16..).zip(&table.columns) {
        sheet.set_column_width(place, column.width)?;
        sheet.write_string_with_format(0, place, &column.name, &styles.head)?;
        // The arrow of the filter stands beside the name.
        head.add(&column.name, column.width.saturating_sub(3));
    }
    head.set(sheet, 0)?;
    for (row, values) in (1_u32..).zip(table.rows.iter().take(ROWS)) {
        let mut height = Height::default();
        for (value, column) in values.iter().zip(&table.columns) {
            height.add(&value.shown(), column.width);
        }
        height.set(sheet, row)?;
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
    if table.rows.is_empty() {
        sheet.write_string_with_format(1, 0, "–", &styles.body)?;
    }
    let rows = u32::try_from(table.rows.len().min(ROWS)).unwrap_or_default();
    let columns = u16::try_from(table.columns.len()).unwrap_or(1);
    sheet
        .autofilter(0, 0, rows, columns.saturating_sub(1))?
        .set_freeze_panes(1, 1)?
        .set_repeat_rows(0, 0)?;
    Ok(())
}

/// How cells look.
struct Styles {
    head: Format,
    name: Format,
    body: Format,
    marks: BTreeMap<&'static str, Format>,
    risks: BTreeMap<Level, Format>,
    quiet: Format,
    title: Format,
    plain_line: Format,
}

impl Styles {
    fn new(language: Language) -> Self {
        // Both are where spreadsheets are, and set Japanese as tightly as Latin letters.
        let font = match language {
            Language::English => "Arial",
            Language::Japanese => "Meiryo UI",
        };
        let body = Format::new()
            .set_font_name(font)
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
            ("dismissed", 0x00E3_E6F5),
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
            title: Format::new()
                .set_font_name(font)
                .set_font_size(16.0)
                .set_bold(),
            plain_line: Format::new().set_font_name(font).set_font_size(9.0),
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
