//! Tables for a terminal: aligned for wide characters too, no frames, nothing colored.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// Rows under headings.
pub(super) fn render(headings: &[String], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings);
    for row in rows {
        table.add_row(row);
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// A JSON value as it should stand in a cell.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "✓".to_owned(),
        Value::Bool(false) => "✗".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_keep_their_columns() {
        let text = render(
            &["名前".to_owned(), "n".to_owned()],
            &[
                vec!["センサー".to_owned(), "1".to_owned()],
                vec!["door".to_owned(), "2".to_owned()],
            ],
        );
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, [" 名前      n", " センサー  1", " door      2"]);
    }
}
