//! Addresses of pages: reading their queries, and writing links.

use std::collections::BTreeMap;

use http::Uri;

/// At most so many characters of one value are read.
const MAX_VALUE: usize = 128;

/// A path with its query, as it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    path: String,
    query: BTreeMap<String, String>,
}

impl Address {
    /// Reads an address; a query that cannot be read counts as none.
    pub(crate) fn of(uri: &Uri) -> Self {
        let query: BTreeMap<String, String> = axum::extract::Query::try_from_uri(uri)
            .map(|axum::extract::Query(query)| query)
            .unwrap_or_default();
        Self {
            path: uri.path().to_owned(),
            query,
        }
    }

    /// A value that is not empty, trimmed and bounded.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let value: String = self
            .query
            .get(name)?
            .trim()
            .chars()
            .take(MAX_VALUE)
            .collect();
        (!value.is_empty()).then_some(value)
    }

    /// A value that reads as a number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.value(name)?.parse().ok()
    }

    /// The same address with one value set; a link.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let mut query = self.query.clone();
        // What belongs to one visit does not travel on.
        query.remove("token");
        query.insert(name.to_owned(), value.to_owned());
        let query: Vec<String> = query
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        match query.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{}", self.path, query.join("&")),
        }
    }

    /// The same address without one value.
    pub(crate) fn without(&self, name: &str) -> String {
        self.with(name, "")
    }
}

/// Text as one value of a query or one segment of a path.
///
/// Source: RFC 3986 section 2.3.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> Address {
        Address::of(&text.parse().expect("an address"))
    }

    #[test]
    fn links_keep_the_rest_of_the_query() {
        let here = address("/devices?q=door%20&role=&state=contained&token=secret");
        assert_eq!(here.value("q").as_deref(), Some("door"));
        assert_eq!(here.value("role"), None);
        assert_eq!(
            here.with("lang", "ja"),
            "/devices?lang=ja&q=door%20&state=contained"
        );
        assert_eq!(here.without("q"), "/devices?state=contained");
        assert_eq!(address("/devices?q=a").without("q"), "/devices");
        assert_eq!(address("/x?after=12").number("after"), Some(12));
        assert_eq!(address("/x?after=-1").number("after"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_linked_reads_back(value in "\\PC{1,40}") {
            let link = Address { path: "/events".into(), ..Address::default() }.with("q", &value);
            prop_assert!(link.is_ascii());
            let expected = value.trim();
            prop_assert_eq!(address(&link).value("q").unwrap_or_default(), expected);
        }

        #[test]
        fn no_query_panics(query in "[ -~]{0,80}") {
            if let Ok(uri) = format!("/x?{query}").parse::<Uri>() {
                let address = Address::of(&uri);
                drop((address.value("q"), address.with("lang", "ja")));
            }
        }
    }
}
