//! Where a report points to: files of the model as URI references.

use std::fmt::Write as _;

use crate::Report;

/// What the file of a model is called when nobody knows.
const FILE: &str = "model.toml";

impl Report<'_> {
    /// The file with the head of the model.
    pub(crate) fn file(&self) -> String {
        self.place("").0
    }

    /// File and line of an element; those of the model's head for what is no element.
    pub(crate) fn place(&self, element: &str) -> (String, usize) {
        let place = self
            .places
            .and_then(|places| places.element(element).or_else(|| places.header()));
        match place {
            Some(place) => (uri(&place.file), place.line),
            None => (FILE.to_owned(), 1),
        }
    }
}

/// A path as a URI reference (RFC 3986): relative as it is, absolute with the scheme `file`.
fn uri(path: &str) -> String {
    let mut relative = path;
    while let Some(rest) = relative.strip_prefix("./") {
        relative = rest.trim_start_matches('/');
    }
    let mut out = String::new();
    if relative.starts_with('/') {
        out.push_str("file://");
    }
    for byte in relative.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if is_plain {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference_that_every_reader_takes() {
        for (path, expected) in [
            ("model.toml", "model.toml"),
            ("./a/./model.toml", "a/./model.toml"),
            ("../a b/model.toml", "../a%20b/model.toml"),
            ("/home/me/model.toml", "file:///home/me/model.toml"),
            ("温度:1.toml", "%E6%B8%A9%E5%BA%A6%3A1.toml"),
            ("a%2f#?.toml", "a%252f%23%3F.toml"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
