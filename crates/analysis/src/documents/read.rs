//! Reads what a test tool wrote: which format it is, then its numbers.

use std::fmt;

use super::{Format, MAX_BYTES, Summary, coverage, cyclonedx, junit, sarif, xml};
use crate::language::Text;

/// Longest name of a tool that is kept, in characters.
const MAX_NAME: usize = 120;

/// Why a result file is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It has more than [`MAX_BYTES`].
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// It is no text in UTF-8.
    NotUtf8 {
        /// Place of the first wrong byte.
        at: usize,
    },
    /// It looks like none of the formats that are read.
    Unknown,
    /// It is not what its format asks for.
    Malformed {
        /// The format it was read as.
        format: Format,
        /// What is wrong, in English; parsers say it.
        why: String,
    },
}

impl Unreadable {
    pub(super) fn malformed(format: Format, why: impl fmt::Display) -> Self {
        Unreadable::Malformed {
            format,
            why: printable(&why.to_string()),
        }
    }

    /// The reason in a sentence.
    pub fn text(&self) -> Text {
        match self {
            Unreadable::TooLarge { bytes } => Text::new(
                format!("the file has {bytes} bytes; at most {MAX_BYTES} are read"),
                format!("ファイルは {bytes} バイトある。読むのは {MAX_BYTES} バイトまで"),
            ),
            Unreadable::NotUtf8 { at } => Text::new(
                format!("the file is not UTF-8 at byte {at}"),
                format!("ファイルの {at} バイト目が UTF-8 ではない"),
            ),
            Unreadable::Unknown => Text::new(
                "the file is none of SARIF, JUnit, LCOV, Cobertura and CycloneDX",
                "ファイルは SARIF・JUnit・LCOV・Cobertura・CycloneDX のいずれでもない",
            ),
            Unreadable::Malformed { format, why } => Text::new(
                format!("the file cannot be read as {}: {why}", format.word()),
                format!("ファイルを {} として読めない: {why}", format.word()),
            ),
        }
    }
}

/// Reads a result, as `format` or as what it looks like.
///
/// # Errors
///
/// [`Unreadable`], which says what the file lacks. No bytes make this panic, and no file makes it take
/// more memory than a small multiple of its size.
pub fn read(bytes: &[u8], format: Option<Format>) -> Result<Summary, Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooLarge { bytes: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Unreadable::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let format = format.or_else(|| detect(text)).ok_or(Unreadable::Unknown)?;
    match format {
        Format::Sarif => sarif::read(text),
        Format::Junit => junit::read(text),
        Format::Lcov => coverage::lcov(text),
        Format::Cobertura => coverage::cobertura(text),
        Format::CycloneDx if text.starts_with('<') => cyclonedx::xml(text),
        Format::CycloneDx => cyclonedx::json(text),
    }
}

/// The format that a text looks like.
fn detect(text: &str) -> Option<Format> {
    if text.starts_with('{') {
        return cyclonedx::looks_like(text)
            .then_some(Format::CycloneDx)
            .or_else(|| sarif::looks_like(text).then_some(Format::Sarif));
    }
    if text.starts_with('<') {
        return match xml::root(text)?.as_str() {
            "testsuites" | "testsuite" => Some(Format::Junit),
            "coverage" => Some(Format::Cobertura),
            "bom" => Some(Format::CycloneDx),
            _ => None,
        };
    }
    let first = text.lines().find(|line| !line.starts_with('#'))?;
    (first.starts_with("TN:") || first.starts_with("SF:")).then_some(Format::Lcov)
}

/// A name from a file, short and without what a terminal would obey.
pub(super) fn name(text: &str) -> Option<String> {
    let text: String = printable(text.trim()).chars().take(MAX_NAME).collect();
    (!text.is_empty()).then_some(text)
}

/// Replaces control characters and those that turn the direction of writing.
fn printable(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| {
            if c.is_control() || turns(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .take(400)
        .collect()
}
