//! Typed access to the keys of one section; whatever is wrong is reported and reading goes on.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::identifiers::{Expected, similar};
use super::keys::{self, Key, SECTIONS, Shape};
use super::reader::{Reader, shown};
use super::settings::Points;
use crate::diagnostic::{Fault, Gravity, WHOLE_FILE};
use crate::language::Text;
use crate::vocabulary::Vocabulary;

pub(super) type Value<'d> = Spanned<DeValue<'d>>;

/// One section of the file, and the keys that it may have.
pub(super) struct Fields<'d> {
    table: &'d DeTable<'d>,
    span: Range<usize>,
    section: String,
    keys: &'static [Key],
}

impl<'d> Fields<'d> {
    /// Opens a section and reports every key that is not in its table of keys.
    pub(super) fn open(
        reader: &mut Reader<'_>,
        table: &'d DeTable<'d>,
        span: Range<usize>,
        section: &str,
        keys: &'static [Key],
    ) -> Self {
        let is_known = |name: &str| keys.iter().any(|key| key.is_named(name));
        let known = || keys.iter().flat_map(Key::names).collect();
        report_unknown(reader, table, section, is_known, known);
        Fields {
            table,
            span,
            section: section.to_owned(),
            keys,
        }
    }

    /// Opens the file as a whole and reports every section that is not known.
    pub(super) fn whole(reader: &mut Reader<'_>, table: &'d DeTable<'d>) -> Self {
        let is_known = |name: &str| SECTIONS.iter().any(|section| section.name == name);
        let known = || SECTIONS.iter().map(|s| s.name.to_owned()).collect();
        report_unknown(reader, table, WHOLE_FILE, is_known, known);
        Fields {
            table,
            span: 0..0,
            section: WHOLE_FILE.to_owned(),
            keys: &[],
        }
    }

    /// What the table of keys says of a key that is about to be read.
    ///
    /// # Panics
    ///
    /// When the table has no such key: then parser and reference have drifted apart.
    fn shape(&self, key: &str) -> Shape {
        match keys::find(self.keys, key) {
            Some(key) => key.shape,
            None => panic!("`{key}` of {} is not in the table of keys", self.section),
        }
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn value(&self, key: &str) -> Option<&'d Value<'d>> {
        self.table.get(key)
    }

    fn required(&self, reader: &mut Reader<'_>, key: &str, example: &str) -> Option<&'d Value<'d>> {
        let value = self.value(key);
        if value.is_none() {
            reader.report(
                self.span(),
                Fault::MissingKey {
                    key: key.to_owned(),
                    section: self.section.clone(),
                    example: format!("{key} = {example}"),
                },
            );
        }
        value
    }

    /// A string that may be absent.
    pub(super) fn text(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
    ) -> Option<(&'d str, Range<usize>)> {
        let value = self.value(key)?;
        string(reader, key, value).map(|text| (text, value.span()))
    }

    /// A string that must be there.
    pub(super) fn required_text(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
        example: &str,
    ) -> Option<(&'d str, Range<usize>)> {
        let value = self.required(reader, key, example)?;
        string(reader, key, value).map(|text| (text, value.span()))
    }

    /// `key` and `key_ja`; without the second, both languages say the first.
    pub(super) fn bilingual(&self, reader: &mut Reader<'_>, key: &str) -> Option<Text> {
        let en = self.text(reader, key).map(|(text, _)| text);
        let ja = self
            .text(reader, &format!("{key}_ja"))
            .map(|(text, _)| text);
        match (en, ja) {
            (Some(en), Some(ja)) => Some(Text::new(en, ja)),
            (Some(only), None) | (None, Some(only)) => Some(Text::same(only)),
            (None, None) => None,
        }
    }

    /// `title` and `title_ja`, or else the id.
    pub(super) fn title(&self, reader: &mut Reader<'_>, id: &str) -> Text {
        self.bilingual(reader, "title")
            .unwrap_or_else(|| Text::same(id))
    }

    /// `text` and `text_ja`, one of which must be there.
    pub(super) fn statement(&self, reader: &mut Reader<'_>) -> Option<Text> {
        let statement = self.bilingual(reader, "text");
        if statement.is_none() {
            self.required(reader, "text", "\"…\"");
        }
        statement
    }

    /// A word of a closed vocabulary.
    pub(super) fn word<T: Vocabulary>(&self, reader: &mut Reader<'_>, key: &str) -> Option<T> {
        self.expect_words::<T>(key);
        let (text, span) = self.text(reader, key)?;
        word(reader, key, text, span)
    }

    /// One of the words of a key whose vocabulary only the table of keys knows.
    pub(super) fn listed_word(&self, reader: &mut Reader<'_>, key: &str) -> Option<&'static str> {
        let Shape::Word(words) = self.shape(key) else {
            panic!("`{key}` is a word");
        };
        let (text, span) = self.text(reader, key)?;
        listed(reader, key, text, span, words)
    }

    /// The table of keys has the vocabulary that the parser reads.
    fn expect_words<T: Vocabulary>(&self, key: &str) {
        let (Shape::Word(words) | Shape::Words(words)) = self.shape(key) else {
            panic!("`{key}` of {} is a word", self.section);
        };
        debug_assert_eq!(words, T::words(), "`{key}` of {}", self.section);
    }

    /// A word of a closed vocabulary that must be there.
    pub(super) fn required_word<T: Vocabulary>(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
    ) -> Option<T> {
        self.expect_words::<T>(key);
        let mut words = T::words().iter();
        let example = words.find(|word| !matches!(**word, "none" | "unknown"));
        let example = format!("\"{}\"", example.copied().unwrap_or(""));
        let (text, span) = self.required_text(reader, key, &example)?;
        word(reader, key, text, span)
    }

    /// A list of words of a closed vocabulary.
    pub(super) fn words<T: Vocabulary + Ord>(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
    ) -> BTreeSet<T> {
        self.expect_words::<T>(key);
        self.strings(reader, key)
            .into_iter()
            .filter_map(|(text, span)| word(reader, key, text, span))
            .collect()
    }

    /// A list of strings that may be absent.
    pub(super) fn strings(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
    ) -> Vec<(&'d str, Range<usize>)> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            wrong_type(
                reader,
                key,
                value,
                Text::new("a list of strings", "文字列の並び"),
            );
            return Vec::new();
        };
        list.iter()
            .filter_map(|item| string(reader, key, item).map(|text| (text, item.span())))
            .collect()
    }

    /// True or false.
    pub(super) fn boolean(&self, reader: &mut Reader<'_>, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            wrong_type(
                reader,
                key,
                value,
                Text::new("true or false", "true か false"),
            );
        }
        found
    }

    /// A whole number within the bounds of the table of keys.
    pub(super) fn number(&self, reader: &mut Reader<'_>, key: &str) -> Option<u32> {
        let Shape::Whole(low, high) = self.shape(key) else {
            panic!("`{key}` of {} is a whole number", self.section);
        };
        let value = self.value(key)?;
        let Some(digits) = value.get_ref().as_integer() else {
            wrong_type(reader, key, value, Text::new("a whole number", "整数"));
            return None;
        };
        let found = u32::from_str_radix(digits.as_str(), digits.radix()).ok();
        let within = found.filter(|n| (low..=high).contains(n));
        if within.is_none() {
            reader.report(
                value.span(),
                Fault::OutOfBounds {
                    key: key.to_owned(),
                    found: shown(digits.as_str()),
                    low: u64::from(low),
                    high: u64::from(high),
                },
            );
        }
        within
    }

    /// Effort points with at most three decimals.
    pub(super) fn points(&self, reader: &mut Reader<'_>, key: &str) -> Option<Points> {
        let value = self.value(key)?;
        if value.get_ref().as_integer().is_none() && value.get_ref().as_float().is_none() {
            wrong_type(reader, key, value, Text::new("a number", "数"));
            return None;
        }
        let points = super::values::number(value).and_then(super::values::points);
        if points.is_none() {
            let found = match (value.get_ref().as_integer(), value.get_ref().as_float()) {
                (Some(whole), _) => shown(whole.as_str()),
                (_, Some(float)) => shown(float.as_str()),
                _ => String::new(),
            };
            let (en, ja) = (
                "a number from 0 to 1000 with at most three decimals",
                "0〜1000 の、小数点以下三桁までの数",
            );
            reader.report(
                value.span(),
                Fault::InvalidValue {
                    key: key.to_owned(),
                    found,
                    expected: Text::new(en, ja),
                },
            );
        }
        points
    }

    /// A day, as a string or as a TOML date.
    pub(super) fn date(&self, reader: &mut Reader<'_>, key: &str) -> Option<Date> {
        let value = self.required(reader, key, "\"2027-05-31\"")?;
        let said = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(at) => at.to_string(),
            _ => {
                wrong_type(
                    reader,
                    key,
                    value,
                    Text::new(
                        "a date such as \"2027-05-31\"",
                        "\"2027-05-31\" のような日付",
                    ),
                );
                return None;
            }
        };
        let date = (said.len() == 10)
            .then(|| said.parse::<Date>().ok())
            .flatten();
        if date.is_none() {
            reader.report(
                value.span(),
                Fault::InvalidDate {
                    key: key.to_owned(),
                    found: format!("\"{}\"", shown(&said)),
                },
            );
        }
        date
    }

    /// A sub-table with keys of its own that may be absent.
    pub(super) fn below(&self, reader: &mut Reader<'_>, key: &str) -> Option<Fields<'d>> {
        let keys = keys::below(self.keys, key);
        let value = self.value(key)?;
        let table = self.table(reader, key)?;
        Some(Fields::open(reader, table, value.span(), key, keys))
    }

    /// A sub-table that may be absent.
    pub(super) fn table(&self, reader: &mut Reader<'_>, key: &str) -> Option<&'d DeTable<'d>> {
        let value = self.value(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            wrong_type(reader, key, value, Text::new("a table", "表"));
        }
        table
    }

    /// The id of something else that may be absent; checked when everything was read.
    pub(super) fn reference(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
        expected: Expected,
    ) -> Option<String> {
        let (id, span) = self.text(reader, key)?;
        reader.refer(key, id, span, expected);
        Some(id.to_owned())
    }

    /// The id of something else that must be there.
    pub(super) fn required_reference(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
        expected: Expected,
    ) -> Option<String> {
        let (id, span) = self.required_text(reader, key, "\"…\"")?;
        reader.refer(key, id, span, expected);
        Some(id.to_owned())
    }

    /// Ids of other things.
    pub(super) fn references(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
        expected: Expected,
    ) -> BTreeSet<String> {
        self.strings(reader, key)
            .into_iter()
            .map(|(id, span)| {
                reader.refer(key, id, span, expected);
                id.to_owned()
            })
            .collect()
    }
}

fn string<'d>(reader: &mut Reader<'_>, key: &str, value: &'d Value<'d>) -> Option<&'d str> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        wrong_type(reader, key, value, Text::new("a string", "文字列"));
    }
    text
}

fn report_unknown(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    section: &str,
    is_known: impl Fn(&str) -> bool,
    known: impl Fn() -> Vec<String>,
) {
    for key in table.keys() {
        let name = key.get_ref().as_ref();
        if is_known(name) {
            continue;
        }
        let known = if reader.is_listing(Gravity::Error) {
            known()
        } else {
            Vec::new()
        };
        reader.report(
            key.span(),
            Fault::UnknownKey {
                key: shown(name),
                section: section.to_owned(),
                similar: similar(name, known.iter().map(String::as_str)),
                known: known.join(", "),
            },
        );
    }
}

fn listed(
    reader: &mut Reader<'_>,
    key: &str,
    text: &str,
    span: Range<usize>,
    words: &'static [&'static str],
) -> Option<&'static str> {
    let found = words.iter().find(|word| **word == text);
    if found.is_none() {
        let fault = Fault::WrongWord {
            key: key.to_owned(),
            word: shown(text),
            similar: similar(text, words.iter().copied()),
            known: words.join(", "),
        };
        reader.report(span, fault);
    }
    found.copied()
}

fn word<T: Vocabulary>(
    reader: &mut Reader<'_>,
    key: &str,
    text: &str,
    span: Range<usize>,
) -> Option<T> {
    let found = T::from_word(text);
    if found.is_none() {
        reader.report(
            span,
            Fault::WrongWord {
                key: key.to_owned(),
                word: shown(text),
                similar: similar(text, T::words().iter().copied()),
                known: T::words().join(", "),
            },
        );
    }
    found
}

pub(super) fn wrong_type(reader: &mut Reader<'_>, key: &str, value: &Value<'_>, expected: Text) {
    reader.report(
        value.span(),
        Fault::WrongType {
            key: shown(key),
            found: type_name(value.get_ref()),
            expected,
        },
    );
}

fn type_name(value: &DeValue<'_>) -> Text {
    match value {
        DeValue::String(_) => Text::new("a string", "文字列"),
        DeValue::Integer(_) => Text::new("a whole number", "整数"),
        DeValue::Float(_) => Text::new("a number with a fraction", "小数"),
        DeValue::Boolean(_) => Text::new("true or false", "真偽値"),
        DeValue::Datetime(_) => Text::new("a date", "日付"),
        DeValue::Array(_) => Text::new("a list", "並び"),
        DeValue::Table(_) => Text::new("a table", "表"),
    }
}
