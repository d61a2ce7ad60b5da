//! Japanese or English: each text stands beside its other half.

use clap::ValueEnum;

/// A language that every text exists in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Japanese
    Ja,
    /// English
    En,
}

impl Language {
    /// The language of the locale, by the order of POSIX: `LC_ALL`, `LC_MESSAGES`, `LANG`.
    pub(crate) fn of_locale() -> Self {
        let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
        let mut values = names.iter().filter_map(|name| std::env::var(name).ok());
        match values.find(|value| !value.is_empty()) {
            Some(locale) if locale.starts_with("ja") => Self::Ja,
            _ => Self::En,
        }
    }
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    ja: String,
    en: String,
}

impl Text {
    /// A text in both languages.
    pub(crate) fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            ja: ja.into(),
            en: en.into(),
        }
    }

    /// A fact that reads the same in every language.
    pub(crate) fn fact(text: impl core::fmt::Display) -> Self {
        let text = text.to_string();
        Self {
            ja: text.clone(),
            en: text,
        }
    }

    /// The text in `language`.
    pub(crate) fn of(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
        }
    }
}
