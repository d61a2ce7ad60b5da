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
    /// Whether the sentence comes from a part below and carries facts (names, paths) that a
    /// translation by code alone would lose.
    pub(crate) from_below: bool,
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

    /// Marks a sentence that came from a part below: where its code has a translation, the
    /// sentence itself is shown as the detail.
    pub(crate) fn below(mut self) -> Self {
        self.notes.from_below = true;
        self
    }

    /// The form for a terminal. Sentences that stand in the code are English; `ja.ftl` has them
    /// under the error's code.
    pub(crate) fn render(&self, language: Language) -> String {
        let translated = |part: &str| match language {
            Language::En => None,
            Language::Ja => language.find(&format!("{}{part}", self.code), &[]),
        };
        let message = translated("");
        let detail = (self.notes.from_below && message.is_some()).then(|| self.message.clone());
        let mut text = format!(
            "{}[{}]: {}",
            language.text("label-error", &[]),
            self.code,
            message.as_deref().unwrap_or(&self.message)
        );
        let given = |note: &Option<String>, part| {
            note.as_ref()
                .map(|note| translated(part).unwrap_or_else(|| note.clone()))
        };
        let lines = [
            ("label-detail", detail),
            ("label-observed", self.notes.observed.clone()),
            ("label-expected", given(&self.notes.expected, "-expected")),
            ("label-fix", given(&self.notes.fix, "-fix")),
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

/// What was being done with a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Read,
    Write,
}

/// Why the system would not read or write a file, and the usual remedy.
pub(crate) fn why_not(
    language: Language,
    doing: Doing,
    error: &std::io::Error,
) -> (String, String) {
    use std::io::ErrorKind;
    // A file that is to be written need not be there; its folder is what is missing.
    if doing == Doing::Write && error.kind() == ErrorKind::NotFound {
        return (
            language.text("folder-missing", &[]),
            language.text("fix-folder-missing", &[]),
        );
    }
    let fix = match error.kind() {
        ErrorKind::PermissionDenied => "fix-file-forbidden",
        ErrorKind::ReadOnlyFilesystem => "fix-file-read-only",
        ErrorKind::StorageFull => "fix-file-no-space",
        _ => "fix-file-path",
    };
    (cause(language, error), language.text(fix, &[]))
}

/// What the system says of a file, in the reader's language where the cause is a usual one.
fn cause(language: Language, error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let key = match error.kind() {
        ErrorKind::NotFound => "file-missing",
        ErrorKind::PermissionDenied => "file-forbidden",
        ErrorKind::IsADirectory => "file-is-folder",
        ErrorKind::NotADirectory => "file-in-file",
        ErrorKind::ReadOnlyFilesystem => "file-read-only",
        ErrorKind::StorageFull => "file-no-space",
        _ => return error.to_string(),
    };
    language.text(key, &[])
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
        let japanese = error.below().render(Language::Ja);
        assert!(japanese.contains("対処") && japanese.contains("有効な鍵"));
        assert!(
            japanese.contains("詳細: dev-0001 already has"),
            "{japanese}"
        );
    }

    /// Codes of diagnostics, each with its sentence or the key of it, as they stand in the code of this program.
    fn codes_with_sentences(folder: &std::path::Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).expect("our own folder") {
            let path = entry.expect("our own folder").path();
            if path.is_dir() {
                codes_with_sentences(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let source = std::fs::read_to_string(&path).expect("our own text");
                for part in source.split("Diagnostic::new(").skip(1) {
                    let mut words = part.splitn(3, '"');
                    let (_, code, rest) = (words.next(), words.next(), words.next());
                    let sentence = rest
                        .unwrap_or_default()
                        .trim_start_matches(',')
                        .trim_start();
                    let sentence = sentence.split(')').next().unwrap_or_default();
                    if let Some(code) = code.filter(|code| code.starts_with("SK-")) {
                        let sentence: Vec<&str> = sentence.split_whitespace().collect();
                        found.push((code.to_owned(), sentence.join(" ")));
                    }
                }
            }
        }
    }

    fn codes() -> Vec<(String, String)> {
        let mut codes = Vec::new();
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        codes_with_sentences(&source, &mut codes);
        codes
    }

    #[test]
    fn a_code_stands_for_one_error_and_is_translated_once() {
        let mut sentences = std::collections::BTreeMap::new();
        for (code, sentence) in codes() {
            let first = sentences.entry(code.clone()).or_insert(sentence.clone());
            assert_eq!(*first, sentence, "{code}");
            // A sentence that is looked up by a key of its own needs none under its code.
            let is_looked_up = sentence.contains("text(");
            assert!(
                !is_looked_up || Language::Ja.find(&code, &[]).is_none(),
                "{code} stands in ja.ftl, and its sentence too"
            );
        }
    }

    #[test]
    fn every_error_of_this_program_has_a_japanese_sentence() {
        let codes = codes();
        let english = codes.iter().filter(|(_, sentence)| {
            let sentence = sentence.as_str();
            sentence.starts_with('"') || sentence.starts_with("format!")
        });
        let english: Vec<&String> = english.map(|(code, _)| code).collect();
        assert!(english.len() > 15, "{english:?}");
        let missing: Vec<&String> = english
            .into_iter()
            .filter(|code| Language::Ja.find(code, &[]).is_none())
            .collect();
        assert!(missing.is_empty(), "locales/ja.ftl lacks {missing:?}");
    }
}
