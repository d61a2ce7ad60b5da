//! Typed access to the keys of one section; whatever is wrong is reported and reading goes on.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::identifiers::{Expected, Identifiers, similar};
use crate::diagnostic::{Fault, Problem, Problems, Source};
use crate::language::Text;
use crate::vocabulary::Vocabulary;

pub(super) type Value<'d> = Spanned<DeValue<'d>>;

/// Longest text of one value that a problem repeats, in characters.
const SHOWN: usize = 80;

/// What reading collects beside the model itself.
pub(super) struct Reader<'t> {
    pub(super) source: Source<'t>,
    pub(super) identifiers: Identifiers,
    found: Vec<(Range<usize>, Fault)>,
    omitted: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Reader {
            source: Source::new(text),
            identifiers: Identifiers::default(),
            found: Vec::new(),
            omitted: 0,
        }
    }

    pub(super) fn report(&mut self, span: Range<usize>, fault: Fault) {
        if self.found.len() < Problems::MAX_LISTED {
            self.found.push((span, fault));
        } else {
            self.omitted += 1;
        }
    }

    /// Whether a further problem would still be listed, so that its words are worth making.
    pub(super) fn is_listing(&self) -> bool {
        self.found.len() < Problems::MAX_LISTED
    }

    pub(super) fn into_problems(mut self, file: &str) -> Problems {
        self.found
            .sort_by(|(a, x), (b, y)| (a.start, x.code()).cmp(&(b.start, y.code())));
        Problems {
            file: file.to_owned(),
            list: self
                .found
                .iter()
                .map(|(span, fault)| Problem::new(&self.source, span.clone(), fault))
                .collect(),
            omitted: self.omitted,
        }
    }
}

/// One section of the file, and the keys that it may have.
pub(super) struct Fields<'d> {
    table: &'d DeTable<'d>,
    span: Range<usize>,
    section: String,
}

impl<'d> Fields<'d> {
    /// Opens a section and reports every key that is not in `known`.
    pub(super) fn open(
        reader: &mut Reader<'_>,
        table: &'d DeTable<'d>,
        span: Range<usize>,
        section: &str,
        known: &[&str],
    ) -> Self {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let similar = reader
                .is_listing()
                .then(|| similar(name, known.iter().copied()))
                .flatten();
            reader.report(
                key.span(),
                Fault::UnknownKey {
                    key: shown(name),
                    section: section.to_owned(),
                    similar,
                    known: known.join(", "),
                },
            );
        }
        Fields {
            table,
            span,
            section: section.to_owned(),
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
        let (text, span) = self.text(reader, key)?;
        word(reader, key, text, span)
    }

    /// A word of a closed vocabulary that must be there.
    pub(super) fn required_word<T: Vocabulary>(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
    ) -> Option<T> {
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

    /// A whole number within bounds.
    pub(super) fn number(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
        low: u32,
        high: u32,
    ) -> Option<u32> {
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
        reader.identifiers.refer(key, id, span, expected);
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
        reader.identifiers.refer(key, id, span, expected);
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
                reader.identifiers.refer(key, id, span, expected);
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

/// A value as problems repeat it: short.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}
