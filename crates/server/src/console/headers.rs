//! What every answer of the console carries.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

/// Nothing but our own files, no frames, no inline script or style.
///
/// Source: W3C Content Security Policy Level 3.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// `same-origin` and not `no-referrer`: with the latter a browser says `Origin: null` of our own
/// forms (WHATWG Fetch, "append a request Origin header").
const FIXED: [(&str, &str); 9] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    ("x-dns-prefetch-control", "off"),
];

/// Adds the headers to an answer; pages are not kept by anybody.
pub(crate) async fn secure(request: Request, next: Next) -> Response {
    let named = host(request.headers()).is_some_and(has_public_name);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if named {
        // A name that means another thing on each machine must not be bound to HTTPS for a year.
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.append(
        header::VARY,
        HeaderValue::from_static("cookie, accept-language"),
    );
    response
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

fn has_public_name(host: &str) -> bool {
    if host.starts_with('[') {
        return false;
    }
    let name = host.split(':').next().unwrap_or_default();
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    let is_local = name == "localhost" || name.ends_with(".localhost");
    name.contains('.') && !is_address && !is_local
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let headers = headers(&[
            ("cookie", "a=1; sk-lang=ja"),
            ("cookie", "xsk-lang=en;sk-lang=en; b"),
        ]);
        assert_eq!(cookie(&headers, "sk-lang"), Some("ja"));
        assert_eq!(cookie(&headers, "a"), Some("1"));
        assert_eq!(cookie(&headers, "b"), None);
        assert_eq!(cookie(&headers, "lang"), None);
    }

    #[test]
    fn only_names_that_mean_one_machine_are_bound_to_https() {
        for (host, expected) in [
            ("console.example:8443", true),
            ("console.example", true),
            ("localhost:8443", false),
            ("a.localhost", false),
            ("127.0.0.1:8443", false),
            ("[::1]:8443", false),
            ("nas", false),
            ("", false),
        ] {
            assert_eq!(has_public_name(host), expected, "{host}");
        }
    }
}
