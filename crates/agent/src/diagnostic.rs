//! Errors for people: code, observed, expected, fix; and the exit code that scripts read.

use crate::language::{Language, Text};
use std::process::ExitCode;

/// What the process tells its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something failed.
    Failed = 1,
    /// The words were not understood.
    Usage = 2,
    /// The check found problems.
    Problems = 3,
    /// Not authorized.
    NotAuthorized = 4,
    /// Not reachable.
    Unreachable = 5,
    /// Something else is in the way.
    Conflict = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// One error with its cause and its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    pub(crate) exit: Exit,
    pub(crate) code: &'static str,
    message: Text,
    lines: Vec<(Label, Text)>,
}

/// What a line under an error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Observed,
    Expected,
    Fix,
}

impl Diagnostic {
    /// An error with a code and a sentence; the rest is added by the other methods.
    pub(crate) fn new(exit: Exit, code: &'static str, message: Text) -> Self {
        Self {
            exit,
            code,
            message,
            lines: Vec::new(),
        }
    }

    /// What was found.
    pub(crate) fn observed(mut self, text: Text) -> Self {
        self.lines.push((Label::Observed, text));
        self
    }

    /// What should have been found.
    pub(crate) fn expected(mut self, text: Text) -> Self {
        self.lines.push((Label::Expected, text));
        self
    }

    /// What the reader can do.
    pub(crate) fn fix(mut self, text: Text) -> Self {
        self.lines.push((Label::Fix, text));
        self
    }

    /// The form for a terminal.
    pub(crate) fn render(&self, language: Language) -> String {
        let error = match language {
            Language::Ja => "エラー",
            Language::En => "error",
        };
        let mut text = format!("{error}[{}]: {}", self.code, self.message.of(language));
        for (label, value) in &self.lines {
            let label = match (label, language) {
                (Label::Observed, Language::Ja) => "実際",
                (Label::Observed, Language::En) => "observed",
                (Label::Expected, Language::Ja) => "期待",
                (Label::Expected, Language::En) => "expected",
                (Label::Fix, Language::Ja) => "対処",
                (Label::Fix, Language::En) => "fix",
            };
            let value = value.of(language).trim_end().replace('\n', "\n    ");
            text.push_str(&format!("\n  {label}: {value}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_seen_and_what_to_do_in_both_languages() {
        let error = Diagnostic::new(Exit::Failed, "SK-AGT-000", Text::new("失敗", "it failed"))
            .observed(Text::fact("a\nb"))
            .fix(Text::new("直す", "mend it"));
        assert_eq!(
            error.render(Language::En),
            "error[SK-AGT-000]: it failed\n  observed: a\n    b\n  fix: mend it"
        );
        assert_eq!(
            error.render(Language::Ja),
            "エラー[SK-AGT-000]: 失敗\n  実際: a\n    b\n  対処: 直す"
        );
    }
}
