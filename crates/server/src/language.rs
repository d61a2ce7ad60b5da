//! In which language whoever asks is answered.

use http::{HeaderMap, header};
use sekimori_analysis::language::Language;

/// How many languages of a request are looked at.
const RANGES: usize = 32;

/// The language that `Accept-Language` likes best; English when it names neither of ours.
///
/// Source: RFC 9110 section 12.5.4.
pub(crate) fn accepted(headers: &HeaderMap) -> Language {
    let header = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut best = (0.0, Language::English);
    for range in header.split(',').take(RANGES) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let Some(language) = Language::parse(&tag) else {
            continue;
        };
        let weight = parts
            .find_map(|part| part.trim().strip_prefix("q="))
            .map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        if weight > best.0 {
            best = (weight, language);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_of_ours_is_found() {
        for (header, expected) in [
            ("", Language::English),
            ("ja", Language::Japanese),
            ("ja-JP,ja;q=0.9,en;q=0.8", Language::Japanese),
            ("en-US,en;q=0.9,ja;q=0.8", Language::English),
            ("fr, ja;q=0.2, en;q=0.1", Language::Japanese),
            ("ja;q=0, de", Language::English),
            ("ja;q=x", Language::English),
            ("ja;q=NaN", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::ACCEPT_LANGUAGE,
                header::HeaderValue::from_static(header),
            );
            assert_eq!(accepted(&headers), expected, "{header:?}");
        }
        assert_eq!(accepted(&HeaderMap::new()), Language::English);
    }
}
