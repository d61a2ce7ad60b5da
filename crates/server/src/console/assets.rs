//! The console's own files, inside the binary.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

#[derive(rust_embed::RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// The addresses of the files, each with the beginning of its hash, so that a browser that keeps
/// them for ever still gets new ones.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
}

/// The addresses of the files.
pub(crate) fn addresses() -> &'static Addresses {
    static ADDRESSES: OnceLock<Addresses> = OnceLock::new();
    ADDRESSES.get_or_init(|| Addresses {
        style: address("console.css"),
        script: address("console.js"),
        icon: address("mark.svg"),
    })
}

fn address(name: &str) -> String {
    let tag = tags().get(name).expect("the file is embedded, tested");
    format!("/assets/{tag}/{name}")
}

/// The beginning of each file's SHA-256.
fn tags() -> &'static BTreeMap<String, String> {
    static TAGS: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    TAGS.get_or_init(|| {
        let names = Assets::iter();
        names
            .filter_map(|name| {
                let hash = Assets::get(&name)?.metadata.sha256_hash();
                Some((name.into_owned(), hex::encode(hash.get(..8)?)))
            })
            .collect()
    })
}

/// Serves one file.
pub(crate) async fn serve(
    Path((tag, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let known = tags().get(&name).filter(|known| **known == tag);
    let Some((_, file)) = known.zip(Assets::get(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let entity = format!("\"{tag}\"");
    let lasting = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == entity.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, lasting).into_response();
    }
    let mut response = (lasting, file.data.into_owned()).into_response();
    if let Ok(entity) = HeaderValue::from_str(&entity) {
        response.headers_mut().insert(header::ETAG, entity);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_are_embedded_and_nothing_else() {
        let names: Vec<String> = Assets::iter().map(std::borrow::Cow::into_owned).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        let addresses = addresses();
        assert!(addresses.style.ends_with("/console.css") && addresses.style.len() > 30);
        assert_ne!(
            addresses.script.split('/').nth(2),
            addresses.style.split('/').nth(2)
        );
    }

    #[test]
    fn no_file_asks_for_another_from_elsewhere() {
        for name in Assets::iter() {
            let file = Assets::get(&name).expect("listed");
            let text = String::from_utf8(file.data.into_owned()).expect("text");
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for forbidden in ["http:", "https:", "@import", "eval(", "innerHTML", "url("] {
                assert!(!text.contains(forbidden), "{name} has {forbidden}");
            }
        }
    }
}
