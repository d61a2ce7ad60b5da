//! The lines of one section as TOML: in the order of the table of keys, nothing that is a default.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

use crate::language::Text;
use crate::model::keys::{self, Key, Section};

/// The keys of one section or inline table that are written, as TOML.
pub(super) struct Entry {
    pub(super) keys: &'static [Key],
    pub(super) said: Vec<(&'static Key, String, String)>,
}

impl Entry {
    pub(super) fn of(section: &'static Section) -> Self {
        Entry {
            keys: section.keys,
            said: Vec::new(),
        }
    }

    /// Writes `key` with a value that is TOML already.
    pub(super) fn raw(mut self, name: &str, value: impl Display) -> Self {
        let key = self.keys.iter().find(|key| key.is_named(name));
        let key = key.expect("what is written is in the table of keys");
        let value = value.to_string();
        if key.default != Some(value.as_str()) {
            self.said.push((key, name.to_owned(), value));
        }
        self
    }

    pub(super) fn optional(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.raw(name, value),
            None => self,
        }
    }

    pub(super) fn text(self, name: &str, text: &str) -> Self {
        self.raw(name, quoted(text))
    }

    pub(super) fn optional_text(self, name: &str, text: Option<&str>) -> Self {
        self.optional(name, text.map(quoted))
    }

    pub(super) fn said(self, name: &str, text: &Text) -> Self {
        let entry = self.text(name, &text.en);
        if text.en == text.ja {
            entry
        } else {
            entry.text(&format!("{name}_ja"), &text.ja)
        }
    }

    pub(super) fn optional_said(self, name: &str, text: Option<&Text>) -> Self {
        match text {
            Some(text) => self.said(name, text),
            None => self,
        }
    }

    /// A title that is the id needs no words.
    pub(super) fn title(self, id: &str, title: &Text) -> Self {
        if title.en == id && title.ja == id {
            self
        } else {
            self.said("title", title)
        }
    }

    /// A list; an empty one is not written.
    pub(super) fn list<'t>(self, name: &str, texts: impl IntoIterator<Item = &'t str>) -> Self {
        let texts: Vec<String> = texts.into_iter().map(quoted).collect();
        if texts.is_empty() {
            self
        } else {
            self.raw(name, format!("[{}]", texts.join(", ")))
        }
    }

    pub(super) fn strings(self, name: &str, texts: &BTreeSet<String>) -> Self {
        self.list(name, texts.iter().map(String::as_str))
    }

    /// A list that says something even when it is empty.
    pub(super) fn optional_strings(self, name: &str, texts: Option<&BTreeSet<String>>) -> Self {
        match texts {
            Some(texts) if texts.is_empty() => self.raw(name, "[]"),
            Some(texts) => self.strings(name, texts),
            None => self,
        }
    }

    /// A table in one line; an empty one is not written.
    pub(super) fn below(self, name: &str, fill: impl FnOnce(Entry) -> Entry) -> Self {
        let table = fill(Entry {
            keys: keys::below(self.keys, name),
            said: Vec::new(),
        });
        if table.said.is_empty() {
            self
        } else {
            let table = table.inline();
            self.raw(name, table)
        }
    }

    fn in_order(&self) -> impl Iterator<Item = &(&'static Key, String, String)> {
        let keys = self.keys.iter();
        keys.flat_map(|key| {
            let said = self.said.iter();
            said.filter(move |(said, ..)| said.name == key.name)
        })
    }

    pub(super) fn lines(&self) -> String {
        let mut out = String::new();
        for (_, name, value) in self.in_order() {
            let _ = writeln!(out, "{name} = {value}");
        }
        out
    }

    pub(super) fn inline(&self) -> String {
        let said = self.in_order();
        let parts: Vec<String> = said
            .map(|(_, name, value)| format!("{name} = {value}"))
            .collect();
        format!("{{ {} }}", parts.join(", "))
    }
}

/// A string as TOML writes it.
pub(in crate::model) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            other if other.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(other));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A key as TOML writes it: bare when it can be.
pub(super) fn key_text(name: &str) -> String {
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if !name.is_empty() && name.bytes().all(is_bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A number as TOML writes it, whole when it is whole.
pub(super) fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        format!("{number}")
    } else {
        format!("{number:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back() {
        for text in [
            "",
            "a\"b\\c",
            "line\nbreak\ttab\r",
            "\u{0}\u{7f}\u{85}",
            "扉の指令 ✓",
        ] {
            let toml = format!("x = {}", quoted(text));
            let table: toml::Table = toml.parse().expect("TOML");
            assert_eq!(table.get("x").and_then(|x| x.as_str()), Some(text));
        }
    }
}
