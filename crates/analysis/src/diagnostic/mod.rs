//! Problems of a model text: code, place, what was observed, what was expected, and a fix.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level as Mark, Renderer, Snippet};
use serde::Serialize;

use crate::language::{Language, Text};

mod fault;

pub use fault::Fault;
pub(crate) use fault::WHOLE_FILE;

/// Longest excerpt of one source line that a rendered problem shows, in bytes.
const EXCERPT: usize = 160;

/// Whether a problem stops the model from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gravity {
    /// The model cannot be used.
    Error,
    /// The model can be used; the author may want to look.
    Warning,
}

/// Whether rendered problems carry terminal colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Plain text.
    Plain,
    /// ANSI escape sequences.
    Ansi,
}

/// One problem and its place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// `SK-MOD-004` and the like; stable.
    pub code: &'static str,
    /// Whether it stops the model from being used.
    pub gravity: Gravity,
    /// What diagnostics call the file that it is in.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, in one sentence.
    pub message: Text,
    /// What the file says.
    pub observed: Text,
    /// What would have been right.
    pub expected: Text,
    /// What to do.
    pub fix: Text,
    #[serde(skip)]
    excerpt: Excerpt,
}

/// The source line of a problem, cut to a readable width.
#[derive(Clone, Debug, Default, PartialEq)]
struct Excerpt {
    text: String,
    span: Range<usize>,
}

impl Problem {
    /// The problem `fault` at `span` of `source`.
    pub(crate) fn new(file: &str, source: &Source<'_>, span: Range<usize>, fault: &Fault) -> Self {
        let (line, column, excerpt) = source.locate(span);
        let words = fault.words();
        Problem {
            code: fault.code(),
            gravity: fault.gravity(),
            file: file.to_owned(),
            line,
            column,
            message: printable(words.message),
            observed: printable(words.observed),
            expected: printable(words.expected),
            fix: printable(words.fix),
            excerpt,
        }
    }

    /// The problem as a compiler would print it: place, excerpt with a caret, and the three lines.
    pub fn render(&self, language: Language, color: Color) -> String {
        let mark = match (self.gravity, language) {
            (Gravity::Error, Language::English) => Mark::ERROR,
            (Gravity::Error, Language::Japanese) => Mark::ERROR.with_name("エラー"),
            (Gravity::Warning, Language::English) => Mark::WARNING,
            (Gravity::Warning, Language::Japanese) => Mark::WARNING.with_name("警告"),
        };
        let (observed, expected, fix) = match language {
            Language::English => ("observed", "expected", "fix"),
            Language::Japanese => ("実際", "期待", "対処"),
        };
        let group = mark
            .primary_title(self.message.of(language))
            .id(self.code)
            .element(
                Snippet::source(self.excerpt.text.as_str())
                    .line_start(self.line)
                    .path(self.file.as_str())
                    .annotation(AnnotationKind::Primary.span(self.excerpt.span.clone())),
            )
            .element(
                Mark::NOTE
                    .with_name(observed)
                    .message(self.observed.of(language)),
            )
            .element(
                Mark::NOTE
                    .with_name(expected)
                    .message(self.expected.of(language)),
            )
            .element(Mark::HELP.with_name(fix).message(self.fix.of(language)));
        let renderer = match color {
            Color::Plain => Renderer::plain(),
            Color::Ansi => Renderer::styled(),
        };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }
}

/// All problems of one model, by place.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Problems {
    /// What diagnostics call the file, or the folder that holds the files.
    pub file: String,
    /// The problems, by file, line and column.
    pub list: Vec<Problem>,
    /// How many more there were than are listed.
    pub omitted: usize,
}

impl Problems {
    /// The most errors that are listed, and the most warnings; the rest is counted.
    pub const MAX_LISTED: usize = 500;

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are, listed or not.
    pub fn len(&self) -> usize {
        self.list.len() + self.omitted
    }

    /// All listed problems as a compiler would print them, and a last line with their number.
    pub fn render(&self, language: Language, color: Color) -> String {
        let mut out = String::new();
        for problem in &self.list {
            out.push_str(&problem.render(language, color));
            out.push_str("\n\n");
        }
        let errors = self
            .list
            .iter()
            .filter(|p| p.gravity == Gravity::Error)
            .count();
        let warnings = self.list.len() - errors;
        let (file, omitted) = (&self.file, self.omitted);
        out.push_str(&match language {
            Language::English => format!("{file}: {errors} error(s), {warnings} warning(s)"),
            Language::Japanese => format!("{file}: エラー {errors} 件、警告 {warnings} 件"),
        });
        if omitted > 0 {
            out.push_str(&match language {
                Language::English => format!(", {omitted} more not shown"),
                Language::Japanese => format!("、ほか {omitted} 件は省略"),
            });
        }
        out.push('\n');
        out
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Language::English, Color::Plain))
    }
}

impl std::error::Error for Problems {}

/// A text with an index of its lines, so that a thousand problems cost one pass.
pub(crate) struct Source<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let starts = core::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Source { text, starts }
    }

    /// Line of a byte offset, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    fn locate(&self, span: Range<usize>) -> (usize, usize, Excerpt) {
        let begin = self.floor(span.start);
        let line = self.line(begin);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let rest = self.text.get(start..).unwrap_or("");
        let whole = rest.split('\n').next().unwrap_or("").trim_end_matches('\r');
        let column = self
            .text
            .get(start..begin)
            .map_or(1, |before| before.chars().count() + 1);

        // A window of the line around the place, on character boundaries.
        let from = floor_boundary(whole, (begin - start).saturating_sub(EXCERPT / 2));
        let to = floor_boundary(whole, from + EXCERPT);
        let text = whole.get(from..to).unwrap_or("").to_owned();
        let low = (begin - start).saturating_sub(from).min(text.len());
        let end = self.floor(span.end.max(begin)).saturating_sub(start);
        let high = end.saturating_sub(from).clamp(low, text.len());
        (
            line,
            column,
            Excerpt {
                span: low..high,
                text,
            },
        )
    }

    fn floor(&self, offset: usize) -> usize {
        floor_boundary(self.text, offset)
    }
}

/// What a file says may hold terminal escapes; what is printed may not.
fn printable(text: Text) -> Text {
    let clean = |text: String| -> String {
        let characters = text.chars();
        characters
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect()
    };
    Text::new(clean(text.en), clean(text.ja))
}

/// The largest character boundary of `text` that is not beyond `offset`.
fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_survive_odd_spans() {
        let source = Source::new("a = 1\r\nö = \"冷蔵\"\nlast");
        let (line, column, excerpt) = source.locate(12..20);
        assert_eq!((line, column), (2, 5));
        assert_eq!(excerpt.text, "ö = \"冷蔵\"");
        for span in [0..0, 3..3, 21..23, 900..901, 13..14] {
            let (line, _, excerpt) = source.locate(span);
            assert!(line <= 3);
            assert!(excerpt.span.end <= excerpt.text.len());
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("x = \"{}\" # end", "あ".repeat(4000));
        let (line, _, excerpt) = Source::new(&text).locate(6000..6003);
        assert_eq!(line, 1);
        assert!(excerpt.text.len() <= EXCERPT);
    }
}
