//! Comma-separated values (RFC 4180): targets and requirements in one long table, for spreadsheets and scripts.
//!
//! The byte order mark lets Excel read Japanese. A cell that a spreadsheet would take for a formula
//! begins with an apostrophe, so that text of a model computes nothing.

use sekimori_analysis::language::Language;

use crate::Report;
use crate::tables::{Column, Table, Tables, Value, plain};

/// What a spreadsheet takes for the beginning of a formula, full-width signs included.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    let tables = Tables::new(report, language);
    let label = |key: &str| tables.labels.text(key);
    let targets = tables.targets().joined(tables.factors());
    let requirements = tables.requirements();
    let mut columns: Vec<&Column> = Vec::new();
    for column in targets.columns.iter().chain(&requirements.columns) {
        if !columns.iter().any(|known| known.key == column.key) {
            columns.push(column);
        }
    }
    let mut text = String::from('\u{feff}');
    let kind = label("kind");
    let names = columns.iter().map(|column| column.name.as_str());
    line(&mut text, std::iter::once(kind.as_str()).chain(names));
    for (kind, table) in [("data-target", &targets), ("requirement", &requirements)] {
        let kind = label(kind);
        rows(&mut text, &kind, table, &columns);
    }
    text
}

fn rows(text: &mut String, kind: &str, table: &Table, columns: &[&Column]) {
    let place = |wanted: &&Column| {
        let mut own = table.columns.iter();
        own.position(|column| column.key == wanted.key)
    };
    let places: Vec<Option<usize>> = columns.iter().map(place).collect();
    for row in &table.rows {
        let mut values = vec![kind.to_owned()];
        values.extend(places.iter().map(|place| {
            let value = place.and_then(|place| row.get(place));
            value.map_or_else(String::new, Value::shown)
        }));
        line(text, values.iter().map(String::as_str));
    }
}

fn line<'v>(text: &mut String, values: impl Iterator<Item = &'v str>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&field(value));
    }
    text.push_str("\r\n");
}

fn field(value: &str) -> String {
    let mut value = plain(value);
    if value.trim_start().starts_with(FORMULA) {
        value.insert(0, '\'');
    }
    if value.contains(['"', ',', '\'']) {
        return format!("\"{}\"", value.replace('"', "\"\""));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_and_computes_nothing() {
        for (value, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=cmd()", "\"'=cmd()\""),
            (" =cmd()", "\"' =cmd()\""),
            ("\t=cmd()", "\"' =cmd()\""),
            ("\r\n@sum", "\"'  @sum\""),
            ("＝cmd()", "\"'＝cmd()\""),
            ("-1", "\"'-1\""),
            ("a\u{1b}[31mb\r\nc", "a[31mb  c"),
            ("", ""),
        ] {
            assert_eq!(field(value), expected, "{value:?}");
        }
    }
}
