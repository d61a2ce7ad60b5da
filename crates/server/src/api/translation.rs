//! Problems in the language of whoever asks.
//!
//! English stands where a problem is made. Japanese is found by the problem's code, in
//! `problems.ja.ftl`; a text that is missing there, which a test forbids, stays English.

use std::sync::OnceLock;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use http::{HeaderValue, header};
use sekimori_analysis::language::Language;
use unic_langid::LanguageIdentifier;

use super::problem::Problem;
use crate::language;

const JAPANESE: &str = include_str!("problems.ja.ftl");

/// Says problems in the language that the request asks for.
pub(super) async fn translate(request: Request, next: Next) -> Response {
    let language = language::accepted(request.headers());
    let response = next.run(request).await;
    if language == Language::English {
        return response;
    }
    let Some(problem) = response.extensions().get::<Problem>().cloned() else {
        return response;
    };
    let mut response = problem.in_japanese().into_response();
    response.extensions_mut().remove::<Problem>();
    let tag = HeaderValue::from_static(Language::Japanese.tag());
    response.headers_mut().insert(header::CONTENT_LANGUAGE, tag);
    response
}

/// One text of a code: its message, or one of its attributes.
pub(super) fn japanese(
    code: &str,
    attribute: Option<&str>,
    arguments: &[(&'static str, String)],
) -> Option<String> {
    let bundle = bundle();
    let message = bundle.get_message(&code.to_ascii_lowercase())?;
    let pattern = match attribute {
        Some(name) => message.get_attribute(name)?.value(),
        None => message.value()?,
    };
    let mut values = FluentArgs::new();
    for (name, value) in arguments {
        values.set(*name, value.as_str());
    }
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&values), &mut errors);
    // A text with a hole is worse than one in the other language.
    errors.is_empty().then(|| text.into_owned())
}

fn bundle() -> &'static FluentBundle<FluentResource> {
    static BUNDLE: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
    BUNDLE.get_or_init(|| {
        let tag: LanguageIdentifier = Language::Japanese.tag().parse().expect("a tag of ours");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Bidirectional marks would be copied along with commands and names.
        bundle.set_use_isolating(false);
        let resource =
            FluentResource::try_new(JAPANESE.to_owned()).expect("our texts parse, tested");
        bundle
            .add_resource(resource)
            .expect("no text is defined twice, tested");
        bundle
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Codes that answers never carry: they end a start.
    const OF_THE_START: [&str; 6] = [
        "SK-SRV-001",
        "SK-SRV-002",
        "SK-SRV-003",
        "SK-SRV-005",
        "SK-SRV-006",
        "SK-SRV-007",
    ];

    fn codes(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                codes(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                let quoted = source.split('"').filter(|text| {
                    text.len() == 10 && text.starts_with("SK-") && !text.contains(' ')
                });
                found.extend(quoted.map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_code_has_a_japanese_text_and_every_text_a_code() {
        let mut found = BTreeSet::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        codes(&source, &mut found);
        for code in OF_THE_START {
            assert!(found.remove(code), "{code} is not used");
        }
        assert!(found.len() > 30, "{found:?}");
        let known: BTreeSet<String> = JAPANESE
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, _)| key)
            .filter(|key| key.starts_with("sk-"))
            .map(str::to_ascii_uppercase)
            .collect();
        assert_eq!(found, known);
    }

    #[test]
    fn a_text_whose_argument_is_missing_stays_english() {
        assert_eq!(japanese("SK-DEV-007", None, &[]), None);
        let role = [("role", "sensor".to_owned())];
        assert_eq!(
            japanese("SK-DEV-007", None, &role).as_deref(),
            Some("ポリシーに役割 sensor はありません")
        );
        assert_eq!(japanese("SK-DEV-007", Some("expected"), &role), None);
        assert_eq!(japanese("SK-XXX-1", None, &[]), None);
    }
}
