//! Canonical layout of a model text: order of keys, spaces and blank lines change; words, comments
//! and the order of sections stay.

use toml_edit::{
    Array, Decor, DocumentMut, InlineTable, Item, Key as TomlKey, RawString, Table, Value,
};

use super::keys::{Key, SECTIONS, Shape};

/// Longest line that a list may fill; a longer one gets a line for each item.
const WIDTH: usize = 100;

/// Brings a model text into canonical layout; [`None`] when it is not TOML.
///
/// Within a section the keys stand in the order of the reference. Sections stay where their
/// author put them, because the comments between them tell a story.
pub(super) fn format(text: &str) -> Option<String> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let mut document: DocumentMut = text.parse().ok()?;
    for section in SECTIONS {
        match document.get_mut(section.name) {
            Some(Item::ArrayOfTables(tables)) => {
                for table in tables.iter_mut() {
                    lay_out_section(table, section.keys);
                }
            }
            Some(Item::Table(table)) => lay_out_section(table, section.keys),
            _ => {}
        }
    }
    let last = lines(document.trailing().as_str().unwrap_or(""));
    document.set_trailing(if last.is_empty() {
        last
    } else {
        format!("\n{last}")
    });
    let out = document.to_string();
    // The first section has nothing above that a blank line could part it from.
    Some(format!("{}\n", out.trim_matches('\n')))
}

fn lay_out_section(table: &mut Table, keys: &[Key]) {
    let above = lines(&raw(table.decor().prefix()));
    table.decor_mut().set_prefix(format!("\n{above}"));
    let comment = behind(table.decor());
    table.decor_mut().set_suffix(comment);
    table.sort_values_by(|a, _, b, _| place(keys, a).cmp(&place(keys, b)));
    for (mut key, item) in table.iter_mut() {
        let known = keys.iter().find(|known| known.is_named(key.get()));
        let below: &[Key] = match known.map(|known| known.shape) {
            Some(Shape::Table(keys)) => keys,
            _ => &[],
        };
        match item {
            Item::Value(value) => {
                let above = lines(&raw(key.leaf_decor().prefix()));
                key.leaf_decor_mut().set_prefix(above);
                key.leaf_decor_mut().set_suffix(" ");
                let comment = behind(value.decor());
                lay_out(value, below, key.get().len());
                value.decor_mut().set_prefix(" ");
                value.decor_mut().set_suffix(comment);
            }
            Item::Table(table) if !table.is_dotted() => lay_out_section(table, below),
            _ => {}
        }
    }
}

/// Where a key stands in the reference; a key that it does not know stands last.
fn place(keys: &[Key], key: &TomlKey) -> (usize, bool) {
    let name = key.get();
    let index = keys.iter().position(|known| known.is_named(name));
    let index = index.unwrap_or(keys.len());
    let is_second = keys.get(index).is_some_and(|known| known.name != name);
    (index, is_second)
}

fn raw(text: Option<&RawString>) -> String {
    let text = text.and_then(RawString::as_str);
    text.unwrap_or_default().to_owned()
}

/// The comment behind something on its line, one space before it.
fn behind(decor: &Decor) -> String {
    match raw(decor.suffix()).trim() {
        "" => String::new(),
        comment => format!(" {comment}"),
    }
}

/// Comment lines without indentation; a blank line within or behind them stays one.
fn lines(text: &str) -> String {
    let mut out = String::new();
    let mut is_blank = false;
    for line in text.split('\n') {
        let line = line.trim();
        if line.is_empty() {
            is_blank = !out.is_empty();
            continue;
        }
        if is_blank {
            out.push('\n');
            is_blank = false;
        }
        out.push_str(line);
        out.push('\n');
    }
    // Behind the last comment the text ends with a line break of its own; more is a blank line.
    if text.ends_with("\n\n") && !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Lays out what is inside a value.
fn lay_out(value: &mut Value, keys: &[Key], before: usize) {
    match value {
        Value::Array(array) => lay_out_array(array, before),
        Value::InlineTable(table) => lay_out_inline(table, keys),
        _ => {}
    }
}

fn lay_out_array(array: &mut Array, before: usize) {
    // Comments within a list belong to places that a new layout would take from them.
    if array.to_string().contains('#') {
        return;
    }
    for item in array.iter_mut() {
        lay_out(item, &[], 0);
    }
    array.fmt();
    let is_flat = !array.to_string().contains('\n');
    let width = before + " = ".len() + array.to_string().trim().chars().count();
    if is_flat && width <= WIDTH {
        return;
    }
    for item in array.iter_mut() {
        item.decor_mut().set_prefix("\n    ");
        item.decor_mut().set_suffix("");
    }
    array.set_trailing("\n");
    array.set_trailing_comma(true);
}

fn lay_out_inline(table: &mut InlineTable, keys: &[Key]) {
    if table.to_string().contains('#') {
        return;
    }
    if !keys.is_empty() {
        table.sort_values_by(|a, _, b, _| place(keys, a).cmp(&place(keys, b)));
    }
    for (_, value) in table.iter_mut() {
        lay_out(value, &[], 0);
    }
    table.fmt();
}
