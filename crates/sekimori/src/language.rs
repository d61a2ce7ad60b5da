//! Which language to speak, and the texts of this program in it.

use std::sync::OnceLock;

use clap::ValueEnum;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

/// A language that every text exists in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Japanese
    Ja,
    /// English
    En,
}

impl Language {
    /// The language of the locale, by the order of POSIX: `LC_ALL`, `LC_MESSAGES`, `LANG`.
    pub(crate) fn of_locale() -> Self {
        let value = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty());
        match value {
            Some(locale) if locale.starts_with("ja") => Language::Ja,
            _ => Language::En,
        }
    }

    /// The tag used in addresses and reports.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Language::Ja => "ja",
            Language::En => "en",
        }
    }

    /// The text of `key`, with `arguments` put in.
    pub(crate) fn text(self, key: &str, arguments: &[(&str, &str)]) -> String {
        self.find(key, arguments).unwrap_or_else(|| key.to_owned())
    }

    /// The text of `key`, if there is one.
    pub(crate) fn find(self, key: &str, arguments: &[(&str, &str)]) -> Option<String> {
        let bundle = self.bundle();
        let pattern = bundle.get_message(key)?.value()?;
        let mut values = FluentArgs::new();
        for (name, value) in arguments {
            values.set(*name, *value);
        }
        let mut errors = Vec::new();
        Some(
            bundle
                .format_pattern(pattern, Some(&values), &mut errors)
                .into_owned(),
        )
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static JA: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        static EN: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        match self {
            Language::Ja => JA.get_or_init(|| load("ja", JA_SOURCE)),
            Language::En => EN.get_or_init(|| load("en", EN_SOURCE)),
        }
    }
}

/// The language asked for on the command line, which is needed before the rest is understood.
pub(crate) fn of_arguments(arguments: &[std::ffi::OsString]) -> Language {
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    let mut named = None;
    while let Some(word) = words.next() {
        if word == "--lang" {
            named = words.next();
        } else if let Some(value) = word.strip_prefix("--lang=") {
            named = Some(value);
        }
    }
    let environment = std::env::var("SEKIMORI_LANG").ok();
    named
        .or(environment.as_deref())
        .and_then(|name| Language::from_str(name, true).ok())
        .unwrap_or_else(Language::of_locale)
}

const EN_SOURCE: &str = include_str!("../locales/en.ftl");
const JA_SOURCE: &str = include_str!("../locales/ja.ftl");

fn load(tag: &str, source: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = tag.parse().expect("a tag of ours");
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Bidirectional marks would be copied along with commands from a terminal.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source.to_owned()).expect("our texts parse, tested");
    bundle
        .add_resource(resource)
        .expect("no text is defined twice, tested");
    bundle
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Key → the variables that its text mentions.
    fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" = ")
                && !line.starts_with(' ')
            {
                key = name.to_owned();
                found.entry(key.clone()).or_default();
            }
            for part in line.split("{ $").skip(1) {
                let name = part.split([' ', '}']).next().expect("split gives one part");
                found
                    .entry(key.clone())
                    .or_default()
                    .insert(name.to_owned());
            }
        }
        found
    }

    /// Whether the English text stands in the code: help, and errors under their codes.
    fn stands_in_code(key: &str) -> bool {
        key.starts_with("help") || key.starts_with("SK-")
    }

    #[test]
    fn both_languages_have_the_same_messages_with_the_same_variables() {
        let english: BTreeMap<_, _> = keys(EN_SOURCE)
            .into_iter()
            .filter(|(key, _)| !stands_in_code(key))
            .collect();
        let japanese: BTreeMap<_, _> = keys(JA_SOURCE)
            .into_iter()
            .filter(|(key, _)| !stands_in_code(key))
            .collect();
        assert_eq!(english, japanese);
    }

    #[test]
    fn both_parse() {
        assert!(Language::En.find("label-fix", &[]).is_some());
        assert!(Language::Ja.find("label-fix", &[]).is_some());
    }
}
