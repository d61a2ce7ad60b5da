//! Typed access to the keys of one section; whatever is wrong is reported and reading goes on.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::identifiers::{Expected, Identifiers, similar};
use super::keys::{self, Key, SECTIONS, Shape};
use super::settings::Points;
use crate::diagnostic::{Fault, Problem, Problems, Source, WHOLE_FILE};
use crate::language::Text;
use crate::vocabulary::Vocabulary;

pub(super) type Value<'d> = Spanned<DeValue<'d>>;

/// Longest text of one value that a problem repeats, in characters.
const SHOWN: usize = 80;

/// One text of the model, and where it begins when all texts are thought in one row.
struct File<'t> {
    name: &'t str,
    source: Source<'t>,
    base: usize,
}

/// What reading collects beside the model itself.
///
/// Places are counted through all texts in one row, so that they can be compared and kept; the
/// methods that take a span of the text in hand add where that text begins.
pub(super) struct Reader<'t> {
    files: Vec<File<'t>>,
    current: usize,
    pub(super) identifiers: Identifiers,
    named: Vec<Named>,
    found: Vec<(Range<usize>, Fault)>,
    omitted: usize,
}

/// A rule or countermeasure that is named: section, key, id and place.
type Named = (&'static str, String, String, Range<usize>);

impl<'t> Reader<'t> {
    /// A reader of these texts; the first is in hand.
    pub(super) fn new(sources: &[super::Source<'t>]) -> Self {
        let mut base = 0;
        let files = sources.iter().map(|source| {
            let file = File {
                name: source.name,
                source: Source::new(source.text),
                base,
            };
            base += source.text.len() + 1;
            file
        });
        Reader {
            files: files.collect(),
            current: 0,
            identifiers: Identifiers::default(),
            named: Vec::new(),
            found: Vec::new(),
            omitted: 0,
        }
    }

    /// Takes another text in hand.
    pub(super) fn turn_to(&mut self, file: usize) {
        self.current = file;
    }

    /// A span of the text in hand, counted through all texts.
    pub(super) fn everywhere(&self, span: Range<usize>) -> Range<usize> {
        let base = self.files.get(self.current).map_or(0, |file| file.base);
        base + span.start..base + span.end
    }

    /// Where something stands, in words.
    pub(super) fn place(&self, everywhere: usize) -> Text {
        let Some((index, file)) = self.file_at(everywhere) else {
            return Text::default();
        };
        let line = file.source.line(everywhere - file.base);
        if index == self.current {
            Text::new(format!("in line {line}"), format!("{line} 行目"))
        } else {
            let name = file.name;
            Text::new(
                format!("in line {line} of {name}"),
                format!("{name} の {line} 行目"),
            )
        }
    }

    fn file_at(&self, everywhere: usize) -> Option<(usize, &File<'t>)> {
        let index = self.files.partition_point(|file| file.base <= everywhere);
        let index = index.saturating_sub(1);
        self.files.get(index).map(|file| (index, file))
    }

    /// Reports a problem of the text in hand.
    pub(super) fn report(&mut self, span: Range<usize>, fault: Fault) {
        self.report_at(self.everywhere(span), fault);
    }

    /// Reports a problem at a place counted through all texts.
    pub(super) fn report_at(&mut self, everywhere: Range<usize>, fault: Fault) {
        if self.found.len() < Problems::MAX_LISTED {
            self.found.push((everywhere, fault));
        } else {
            self.omitted += 1;
        }
    }

    /// Notes that `key` names `id`; it is checked when everything was read.
    pub(super) fn refer(&mut self, key: &str, id: &str, span: Range<usize>, expected: Expected) {
        let everywhere = self.everywhere(span);
        self.identifiers.refer(key, id, everywhere, expected);
    }

    /// Notes that `key` names a countermeasure.
    pub(super) fn refer_to_measure(&mut self, key: &str, id: &str, span: Range<usize>) {
        let everywhere = self.everywhere(span);
        let named = ("measure", key.to_owned(), id.to_owned(), everywhere);
        self.named.push(named);
    }

    /// Notes that `key` names a rule.
    pub(super) fn refer_to_rule(&mut self, key: &str, id: &str, span: Range<usize>) {
        let everywhere = self.everywhere(span);
        let named = ("rule", key.to_owned(), id.to_owned(), everywhere);
        self.named.push(named);
    }

    /// All rules and countermeasures that were named.
    pub(super) fn take_named(&mut self) -> Vec<Named> {
        std::mem::take(&mut self.named)
    }

    /// Whether a further problem would still be listed, so that its words are worth making.
    pub(super) fn is_listing(&self) -> bool {
        self.found.len() < Problems::MAX_LISTED
    }

    pub(super) fn into_problems(mut self) -> Problems {
        self.found
            .sort_by(|(a, x), (b, y)| (a.start, x.code()).cmp(&(b.start, y.code())));
        let list = self.found.iter().filter_map(|(span, fault)| {
            let (_, file) = self.file_at(span.start)?;
            let span = span.start - file.base..span.end.saturating_sub(file.base);
            Some(Problem::new(file.name, &file.source, span, fault))
        });
        Problems {
            file: whole_name(&self.files),
            list: list.collect(),
            omitted: self.omitted,
        }
    }
}

/// What diagnostics call all texts together: the one file, or the folder that they share.
fn whole_name(files: &[File<'_>]) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    match names.as_slice() {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [first, rest @ ..] => {
            let shared = first
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .to_owned();
            let is_shared = rest.iter().all(|name| {
                name.strip_prefix(shared.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
            });
            if is_shared && !shared.is_empty() {
                shared
            } else {
                names.join(", ")
            }
        }
    }
}

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
        let known = if reader.is_listing() {
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

/// A value as problems repeat it: short.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}
