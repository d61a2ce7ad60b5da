//! Every section and key that a model may have: one table that the parser reads by, that the
//! reference is written from, and that the JSON Schema for editors is made of.

use super::identifiers::Expected;

mod tables;

pub(super) use tables::{SECTIONS, about_fact};

/// Highest number of a resource, a period or a count that has no bound of its own.
pub(super) const MANY: u32 = 1_000_000_000;

/// A section of the file.
pub(super) struct Section {
    /// Its name.
    pub(super) name: &'static str,
    /// Whether it is written `[[name]]` and may stand any number of times.
    pub(super) many: bool,
    /// What it is, in English and Japanese.
    pub(super) about: Said,
    /// Its keys.
    pub(super) keys: &'static [Key],
}

impl Section {
    /// The section as a file writes it.
    pub(super) fn written(&self) -> String {
        if self.many {
            format!("[[{}]]", self.name)
        } else {
            format!("[{}]", self.name)
        }
    }
}

/// English and Japanese.
pub(super) type Said = (&'static str, &'static str);

/// One key of a section or of a table in it.
pub(super) struct Key {
    /// Its name. A key of shape [`Shape::Said`] stands for two: itself and the one ending in `_ja`.
    pub(super) name: &'static str,
    /// What its value looks like.
    pub(super) shape: Shape,
    /// Whether it must be there.
    pub(super) needed: bool,
    /// What holds when it is absent, as the file would write it.
    pub(super) default: Option<&'static str>,
    /// What it means and what it influences, in English and Japanese.
    pub(super) about: Said,
}

/// What a value looks like.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// The name of the format.
    Format,
    /// An id that this section gives.
    Id,
    /// Free text.
    Text,
    /// Free text in two languages; one is enough, whichever it is.
    Said,
    /// A list of free texts.
    Texts,
    /// One word of a closed vocabulary.
    Word(&'static [&'static str]),
    /// A list of words of a closed vocabulary.
    Words(&'static [&'static str]),
    /// A whole number within bounds.
    Whole(u32, u32),
    /// Effort points with at most three decimals.
    Points,
    /// True or false.
    Truth,
    /// A day.
    Date,
    /// The id of something else.
    Reference(Expected),
    /// A list of ids of other things.
    References(Expected),
    /// A text with a grammar.
    Grammar(Grammar),
    /// A list of texts with a grammar.
    Grammars(Grammar),
    /// A table with keys of its own.
    Table(&'static [Key]),
    /// The subset of JSON Schema that the gateway enforces.
    Schema,
    /// Facts that a rule asks for, by their names.
    Facts,
    /// Bounds of numbers by the name of a field.
    Ranges,
}

/// Texts with a grammar: what they look like in words, as a pattern, and by example.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Grammar {
    /// Messages in a period.
    Rate,
    /// Three letters of ISO 4217.
    Currency,
    /// A name, an address or a network.
    Host,
    /// Cell, threat or scenario, by its id.
    Subject,
    /// Control of the checklist or item of a requirement set.
    Item,
    /// Some of the letters c, i, a, p.
    Harms,
    /// Rule of STRIDE.
    Rule,
    /// Countermeasure.
    Measure,
    /// Rule of STRIDE, or threat and phase.
    Answers,
}

impl Grammar {
    /// A regular expression that every such text matches (ECMA 262, as JSON Schema wants it).
    pub(super) const fn pattern(self) -> &'static str {
        match self {
            Grammar::Rate => "^[0-9]+/[0-9]+[smhd]$",
            Grammar::Currency => "^[A-Z]{3}$",
            Grammar::Host => "^[A-Za-z0-9.:_-]+(/[0-9]{1,3})?$",
            Grammar::Subject => "^[^: @]+(:[^: @]+){0,2}(@[^: @]+)?$",
            Grammar::Item => "^[A-Za-z0-9][A-Za-z0-9 .()/_-]*$",
            Grammar::Harms => "^[ciap]{1,4}$",
            Grammar::Rule => "^(SR|X)-[A-Za-z0-9._-]+$",
            Grammar::Measure => "^CM-[A-Za-z0-9._-]+$",
            Grammar::Answers => "^((SR|X)-[A-Za-z0-9._-]+|JT[0-9]{2}:P[1-5])$",
        }
    }

    /// An example, as the file writes it.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Grammar::Rate => "\"60/60s\"",
            Grammar::Currency => "\"JPY\"",
            Grammar::Host => "\"mqtt.example.org\"",
            Grammar::Subject => "\"sensor:JT04:P2\"",
            Grammar::Item => "\"CSA-4.7\"",
            Grammar::Harms => "\"ci\"",
            Grammar::Rule => "\"X-1\"",
            Grammar::Measure => "\"CM-X-SEAL\"",
            Grammar::Answers => "\"JT04:P2\"",
        }
    }
}

impl Key {
    /// The names that a file may use for this key.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let japanese = matches!(self.shape, Shape::Said).then(|| format!("{}_ja", self.name));
        core::iter::once(self.name.to_owned()).chain(japanese)
    }

    /// Whether `name` is one of them.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let said = matches!(self.shape, Shape::Said);
        name == self.name || (said && name.strip_suffix("_ja") == Some(self.name))
    }
}

/// The key of this name.
pub(super) fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}

/// The section of this name.
///
/// # Panics
///
/// When there is none: the names stand in this crate.
pub(super) fn section(name: &str) -> &'static Section {
    SECTIONS
        .iter()
        .find(|section| section.name == name)
        .expect("a section of the table")
}

/// The keys of a table below a key, as `caps` of `component`.
///
/// # Panics
///
/// When there is none: the names stand in this crate.
pub(super) fn below(keys: &'static [Key], name: &str) -> &'static [Key] {
    match find(keys, name).map(|key| key.shape) {
        Some(Shape::Table(keys)) => keys,
        _ => panic!("{name} is a table of the table"),
    }
}
