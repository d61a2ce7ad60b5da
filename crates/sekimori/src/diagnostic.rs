//! Errors for people: code, observed, expected, fix; and the exit code that scripts read.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::language::Language;

/// What the process tells its caller. Design: 0 done, 1 failed, 2 usage, 3 the check found
/// problems, 4 not authorized, 5 unreachable, 6 conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    Problems = 3,
    NotAuthorized = 4,
    Unreachable = 5,
    Conflict = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// One error with its cause and its remedy.
#[derive(Debug, Clone)]
pub(crate) struct Diagnostic {
    pub(crate) exit: Exit,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) notes: Box<Notes>,
}

/// What belongs to an error beside its sentence; apart, so that an error stays small on its way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    pub(crate) observed: Option<String>,
    pub(crate) expected: Option<String>,
    pub(crate) fix: Option<String>,
}

impl Diagnostic {
    /// An error with a code and a sentence; the rest is added by the `with_` methods.
    pub(crate) fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        Diagnostic {
            exit,
            code: code.to_owned(),
            message: message.into(),
            notes: Box::default(),
        }
    }

    /// What was found.
    pub(crate) fn observed(mut self, text: impl std::fmt::Display) -> Self {
        self.notes.observed = Some(text.to_string());
        self
    }

    /// What should have been found.
    pub(crate) fn expected(mut self, text: impl std::fmt::Display) -> Self {
        self.notes.expected = Some(text.to_string());
        self
    }

    /// What the reader can do.
    pub(crate) fn fix(mut self, text: impl std::fmt::Display) -> Self {
        self.notes.fix = Some(text.to_string());
        self
    }

    /// The form for a terminal.
    pub(crate) fn render(&self, language: Language) -> String {
        let mut text = format!("error[{}]: {}", self.code, self.message);
        let lines = [
            ("label-observed", &self.notes.observed),
            ("label-expected", &self.notes.expected),
            ("label-fix", &self.notes.fix),
        ];
        for (label, value) in lines {
            if let Some(value) = value {
                let label = language.text(label, &[]);
                let value = value.trim_end().replace('\n', "\n    ");
                // Writing to a string cannot fail.
                let _ = write!(text, "\n  {label}: {value}");
            }
        }
        text
    }
}

/// What every command returns.
pub(crate) type Outcome<T = ()> = Result<T, Diagnostic>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_like_cargos() {
        let error = Diagnostic::new(
            Exit::Conflict,
            "SK-DEV-003",
            "dev-0001 already has an active key",
        )
        .observed("certificate 07:ac.. issued 2 min ago")
        .fix("use another name");
        assert_eq!(
            error.render(Language::En),
            "error[SK-DEV-003]: dev-0001 already has an active key\n  observed: certificate 07:ac.. issued 2 min ago\n  fix: use another name"
        );
        assert!(error.render(Language::Ja).contains("対処"));
    }
}
