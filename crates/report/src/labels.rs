//! The words of the report itself, from the two Fluent files.

use std::borrow::Cow;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};

use sekimori_analysis::language::Language;
use sekimori_analysis::model::{Component, Flow, LinkProtection, Security};

const ENGLISH: &str = include_str!("../locale/en.ftl");
const JAPANESE: &str = include_str!("../locale/ja.ftl");

/// The words of one language.
pub(crate) struct Labels {
    bundle: FluentBundle<FluentResource>,
}

impl Labels {
    pub(crate) fn new(language: Language) -> Self {
        let text = match language {
            Language::English => ENGLISH,
            Language::Japanese => JAPANESE,
        };
        // A broken message would show as its key; a test reads every message of both files.
        let resource = match FluentResource::try_new(text.to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        let tag = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new(vec![tag]);
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Labels { bundle }
    }

    /// The words for `key`.
    pub(crate) fn text(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// What protects a flow on its way: its protocol, and the link or tunnel below.
    pub(crate) fn protection(&self, flow: &Flow) -> String {
        if flow.is_by_people() {
            return self.text("protection-people");
        }
        let link = self.text(&format!("link-{}", flow.link.word()));
        let security = self.text(&format!("security-{}", flow.security.word()));
        match (flow.security, flow.link) {
            (_, LinkProtection::None) => security,
            (Security::None | Security::Unknown, _) => link,
            _ => self.with(
                "protection-both",
                &[("security", security.into()), ("link", link.into())],
            ),
        }
    }

    /// The kind of a component, and that it is bought.
    pub(crate) fn kind(&self, component: &Component) -> String {
        let kind = self.text(&format!("kind-{}", component.kind.word()));
        if component.bought {
            self.with("kind-bought", &[("kind", kind.into())])
        } else {
            kind
        }
    }

    /// The words for `key` with numbers and names filled in.
    pub(crate) fn with(&self, key: &str, arguments: &[(&str, Cow<'_, str>)]) -> String {
        let pattern = self.bundle.get_message(key).and_then(|m| m.value());
        debug_assert!(pattern.is_some(), "no words for {key}");
        let Some(pattern) = pattern else {
            return key.to_owned();
        };
        let mut args = FluentArgs::new();
        for (name, value) in arguments {
            args.set(*name, FluentValue::from(value.as_ref()));
        }
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(&args), &mut errors);
        debug_assert!(errors.is_empty(), "{key}: {errors:?}");
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Keys of a file with the names of their arguments.
    fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        FluentResource::try_new(text.to_owned()).expect("a sound Fluent file");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, value)| {
                let places = value.split("{ $").skip(1);
                let names = places.filter_map(|place| place.split(' ').next());
                (key.to_owned(), names.map(str::to_owned).collect())
            })
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_and_arguments() {
        let (en, ja) = (keys(ENGLISH), keys(JAPANESE));
        assert!(en.len() > 50);
        assert_eq!(en, ja);
    }

    #[test]
    fn nothing_is_left_untranslated() {
        let (en, ja) = (
            Labels::new(Language::English),
            Labels::new(Language::Japanese),
        );
        let known = keys(ENGLISH);
        for key in known.keys() {
            let arguments: Vec<(&str, Cow<'_, str>)> = known
                .get(key)
                .into_iter()
                .flatten()
                .map(|name| (name.as_str(), Cow::from("7")))
                .collect();
            let (en, ja) = (en.with(key, &arguments), ja.with(key, &arguments));
            assert!(!en.is_empty() && !en.contains('{'), "{key}: {en}");
            assert!(!en.chars().any(|c| c > '\u{2fff}'), "{key}: {en}");
            assert!(ja.chars().any(|c| c > '\u{2fff}'), "{key}: {ja}");
        }
    }

    #[test]
    fn every_word_of_a_vocabulary_has_a_label() {
        use sekimori_analysis::checklist::{self, Site};
        use sekimori_analysis::choose::{Method, State};
        use sekimori_analysis::cross_check::{Function, Quality, Touch};
        use sekimori_analysis::documents::DocumentKind;
        use sekimori_analysis::evidence::Status;
        use sekimori_analysis::knowledge::{Check, Confidence, ItemStatus, Pillar, Says};
        use sekimori_analysis::model::{
            ComponentKind, DecisionStatus, DeviceClass, Level, LinkProtection, Security, Stride,
            UnsafeKind,
        };
        use sekimori_analysis::policy::Aspect;
        let known = keys(ENGLISH);
        let mut wanted: Vec<String> = Vec::new();
        let mut add = |prefix: &str, words: &[&str]| {
            wanted.extend(words.iter().map(|word| format!("{prefix}-{word}")));
        };
        add("aspect", Aspect::WORDS);
        add("level", Level::WORDS);
        add("security", Security::WORDS);
        add("link", LinkProtection::WORDS);
        add("stride", Stride::WORDS);
        add("kind", ComponentKind::WORDS);
        add("class", DeviceClass::WORDS);
        add("uca", UnsafeKind::WORDS);
        add("decision", DecisionStatus::WORDS);
        add("pillar", Pillar::WORDS);
        add("check", Check::WORDS);
        add("item", ItemStatus::WORDS);
        add("confidence", Confidence::WORDS);
        add("says", Says::WORDS);
        add("site", Site::WORDS);
        add("control", checklist::State::WORDS);
        add("document", DocumentKind::WORDS);
        add("touch", Touch::WORDS);
        add("quality", Quality::WORDS);
        add("function", Function::WORDS);
        add("status", &Status::ALL.map(Status::word));
        for state in [
            State::NotApplicable,
            State::BelowThreshold,
            State::Accepted,
            State::Transferred,
            State::Dismissed,
            State::Closed,
            State::Open,
        ] {
            add("state", &[crate::words::state_word(state)]);
        }
        for method in Method::ALL {
            add("method", &[method.word()]);
        }
        for key in wanted {
            assert!(known.contains_key(&key), "{key}");
        }
    }
}
