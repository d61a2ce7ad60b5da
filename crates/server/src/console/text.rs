//! The console's words, in Japanese and English.

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use sekimori_audit::{Code, Severity};
use unic_langid::LanguageIdentifier;

/// A language that every text exists in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Japanese,
    English,
}

impl Language {
    /// The tag in `lang` attributes, addresses and the cookie.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::English => "en",
        }
    }

    /// The language with this tag.
    pub(crate) fn parse(tag: &str) -> Option<Self> {
        match tag {
            "ja" => Some(Self::Japanese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The language that `Accept-Language` likes best; English when it names neither.
    ///
    /// Source: RFC 9110 section 12.5.4.
    pub(crate) fn accepted(header: &str) -> Self {
        let mut best = (0, Self::English);
        for range in header.split(',').take(32) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let Some(language) = Self::parse(tag.split('-').next().unwrap_or_default()) else {
                continue;
            };
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1000, thousandths);
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static JAPANESE: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        static ENGLISH: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        match self {
            Self::Japanese => JAPANESE.get_or_init(|| load("ja", JAPANESE_SOURCE)),
            Self::English => ENGLISH.get_or_init(|| load("en", ENGLISH_SOURCE)),
        }
    }

    /// The text of a key, if there is one.
    pub(crate) fn find(self, key: &str, arguments: &[(&str, Argument<'_>)]) -> Option<String> {
        let bundle = self.bundle();
        let pattern = bundle.get_message(key)?.value()?;
        let mut values = FluentArgs::new();
        for (name, value) in arguments {
            match value {
                Argument::Text(text) => values.set(*name, *text),
                Argument::Number(number) => {
                    // The number decides the plural form, the grouped digits are what is shown.
                    values.set(*name, FluentValue::from(*number));
                    values.set(format!("{name}-shown"), grouped(*number));
                }
            }
        }
        let mut errors = Vec::new();
        Some(
            bundle
                .format_pattern(pattern, Some(&values), &mut errors)
                .into_owned(),
        )
    }

    /// The text of a key; the key itself where it is missing, which a test forbids.
    pub(crate) fn text(&self, key: &str) -> String {
        self.find(key, &[]).unwrap_or_else(|| key.to_owned())
    }

    /// The text of a key with arguments put in.
    pub(crate) fn with(&self, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        self.find(key, arguments).unwrap_or_else(|| key.to_owned())
    }

    /// The text of a key about so many things.
    pub(crate) fn count(&self, key: &str, count: impl Into<u64>) -> String {
        self.with(key, &[("count", Argument::Number(count.into()))])
    }

    /// The text of a key about one name.
    pub(crate) fn about(&self, key: &str, name: &str) -> String {
        self.with(key, &[("name", Argument::Text(name))])
    }

    /// What an event's code means.
    pub(crate) fn code(&self, code: Code) -> String {
        let key = format!("code-{}", code.as_str().replace('.', "-"));
        self.find(&key, &[]).unwrap_or_else(|| match self {
            Self::Japanese => code.meaning_ja().to_owned(),
            Self::English => code.meaning().to_owned(),
        })
    }

    /// A reason in words; nothing when it is one that the console does not know.
    ///
    /// The same reason can mean something else for another code, which then has a text of its own.
    pub(crate) fn reason(&self, code: Code, reason: &str) -> Option<String> {
        let special = format!("reason-{}--{reason}", code.as_str().replace('.', "-"));
        self.find(&special, &[])
            .or_else(|| self.find(&format!("reason-{reason}"), &[]))
    }

    /// How serious an event is, in one word.
    pub(crate) fn severity(&self, severity: Severity) -> String {
        self.text(&format!("severity-{}", severity.as_str()))
    }
}

/// What is put into a text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Argument<'a> {
    Text(&'a str),
    Number(u64),
}

/// A number with its digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A weight of RFC 9110 section 12.4.2 in thousandths; what cannot be read weighs nothing.
fn thousandths(weight: &str) -> u32 {
    let weight = weight.trim();
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let fraction = format!("{fraction:0<3}");
    match (
        whole,
        fraction
            .get(..3)
            .and_then(|digits| digits.parse::<u32>().ok()),
    ) {
        ("1", _) => 1000,
        ("0", Some(thousandths)) => thousandths,
        _ => 0,
    }
}

const JAPANESE_SOURCE: &str = include_str!("../../locales/ja.ftl");
const ENGLISH_SOURCE: &str = include_str!("../../locales/en.ftl");

fn load(tag: &str, source: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = tag.parse().expect("a tag of ours");
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Bidirectional marks would be copied along with commands and names.
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
    use std::path::Path;

    use super::*;

    const BOTH: [Language; 2] = [Language::Japanese, Language::English];

    /// Key → the variables that its text mentions.
    fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if !line.starts_with(' ')
                && let Some((name, _)) = line.split_once(" =")
            {
                key = name.to_owned();
                let twice = found.insert(key.clone(), BTreeSet::new());
                assert!(twice.is_none(), "{key} is there twice");
            }
            for part in line.split('$').skip(1) {
                let name: String = part
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                    .collect();
                // Japanese has no plural: it shows the number without choosing by it.
                let name = name.trim_end_matches("-shown").to_owned();
                found.entry(key.clone()).or_default().insert(name);
            }
        }
        found
    }

    #[test]
    fn both_languages_have_the_same_keys_with_the_same_variables() {
        assert_eq!(keys(ENGLISH_SOURCE), keys(JAPANESE_SOURCE));
    }

    #[test]
    fn every_code_and_severity_has_a_text_in_both() {
        for language in BOTH {
            for code in Code::ALL {
                let key = format!("code-{}", code.as_str().replace('.', "-"));
                assert!(language.find(&key, &[]).is_some(), "{key} in {language:?}");
            }
            for number in 0..8 {
                let severity = Severity::from_number(number).expect("0 to 7");
                assert_ne!(
                    language.severity(severity),
                    severity.as_str().to_owned() + "!"
                );
                let key = format!("severity-{severity}");
                assert!(language.find(&key, &[]).is_some(), "{key} in {language:?}");
            }
        }
    }

    #[test]
    fn every_reason_has_a_text_in_both() {
        let others = include_str!("reasons.txt")
            .lines()
            .filter(|line| !line.starts_with('#'));
        let all: BTreeSet<&str> = sekimori_policy::Reason::CODES
            .into_iter()
            .chain(others)
            .collect();
        assert!(all.len() > 60, "{}", all.len());
        for reason in all.into_iter().filter(|reason| !reason.is_empty()) {
            for language in BOTH {
                let text = language.reason(Code::MessageRefused, reason);
                assert!(text.is_some(), "reason-{reason} is missing in {language:?}");
            }
        }
    }

    /// Every key that a template or a source file names is there, and every text is used.
    #[test]
    fn every_key_that_is_named_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut named = BTreeSet::new();
        let mut sources = String::new();
        for folder in ["templates", "src/console"] {
            for file in std::fs::read_dir(root.join(folder)).expect("the folder is there") {
                let path = file.expect("a file").path();
                if path.is_file() && !path.ends_with("text.rs") && !path.ends_with("address.rs") {
                    sources += &std::fs::read_to_string(&path).expect("the file reads");
                }
            }
        }
        // However the lines are broken; links have a `with` of their own.
        sources.retain(|c| !c.is_whitespace());
        let calls = sources.replace("address.with(", "");
        for call in [".text(\"", ".with(\"", ".count(\"", ".about(\""] {
            named.extend(
                calls
                    .split(call)
                    .skip(1)
                    .filter_map(|part| part.split('"').next()),
            );
        }
        assert!(named.len() > 50, "{}", named.len());
        let known = keys(ENGLISH_SOURCE);
        for key in named {
            assert!(known.contains_key(key), "{key} has no text");
        }
        let composed = [
            "code-",
            "reason-",
            "severity-",
            "state-",
            "detail-",
            "entry-",
            "cause-",
            "change-",
            "drift-",
            "evidence-",
        ];
        for key in known.keys() {
            let used = composed.iter().any(|prefix| key.starts_with(prefix))
                || sources.contains(&format!("\"{key}\""));
            assert!(used, "{key} is not used");
        }
    }

    #[test]
    fn the_best_liked_language_is_found() {
        let check = |header: &str, expected| {
            assert_eq!(Language::accepted(header), expected, "{header:?}");
        };
        check("", Language::English);
        check("ja", Language::Japanese);
        check("ja-JP,ja;q=0.9,en;q=0.8", Language::Japanese);
        check("en-US,en;q=0.9,ja;q=0.8", Language::English);
        check("fr, ja;q=0.2, en;q=0.1", Language::Japanese);
        check("de;q=1, en;q=0.5, ja;q=0.501", Language::Japanese);
        check("ja;q=0, de", Language::English);
        check("ja;q=x", Language::English);
        check("ja;q=0.１", Language::English);
    }

    #[test]
    fn digits_are_grouped() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(grouped(number), shown);
        }
    }
}
