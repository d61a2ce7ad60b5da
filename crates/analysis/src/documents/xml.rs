//! XML as a list of starts, texts and ends: no entities, no declarations of a document type, bounded depth.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// What a reader of XML is told.
pub(super) enum Part<'a> {
    /// An element begins; the path holds it already.
    Start(&'a Element<'a>),
    /// Text inside the last element of the path, as it stands in the file.
    Text(&'a str),
    /// The last element of the path ends.
    End,
}

/// The beginning of an element.
pub(super) struct Element<'a>(BytesStart<'a>);

impl Element<'_> {
    /// Value of an attribute; the first one when it is there twice.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = self.0.attributes();
        // The check for equal names takes time that grows with the square of their number.
        attributes.with_checks(false);
        let found = attributes
            .flatten()
            .find(|attribute| attribute.key.local_name().as_ref() == name)?;
        let value = found.normalized_value(XmlVersion::Implicit1_0);
        Some(value.map_or_else(|_| found.value.to_string(), Cow::into_owned))
    }

    /// A number in an attribute; fractions are cut off.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        let text = self.attribute(name)?;
        let whole = text.trim().split('.').next()?;
        whole.parse().ok()
    }
}

/// Reads a document and hands each part to `visit`, with the path of local names down to it.
///
/// # Errors
///
/// What is wrong with the document, or what `visit` says.
pub(super) fn each(
    text: &str,
    mut visit: impl FnMut(&[String], Part<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut roots = 0_u32;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(start) => {
                open(&mut path, &mut roots, &start)?;
                visit(&path, Part::Start(&Element(start)))?;
            }
            Event::Empty(start) => {
                open(&mut path, &mut roots, &start)?;
                visit(&path, Part::Start(&Element(start)))?;
                visit(&path, Part::End)?;
                path.pop();
            }
            Event::End(_) => {
                visit(&path, Part::End)?;
                path.pop();
            }
            Event::Text(text) => visit(&path, Part::Text(&text))?,
            Event::CData(text) => visit(&path, Part::Text(&text))?,
            // Tools name a document type; what it would declare inside the file is never used.
            Event::DocType(declared) if declared.contains('[') => {
                return Err("a document type with declarations of its own".to_owned());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match (path.is_empty(), roots) {
        (true, 1) => Ok(()),
        (true, _) => Err(format!("{roots} root elements")),
        (false, _) => Err("the file ends inside an element".to_owned()),
    }
}

fn open(path: &mut Vec<String>, roots: &mut u32, start: &BytesStart<'_>) -> Result<(), String> {
    if path.len() >= MAX_DEPTH {
        return Err(format!("more than {MAX_DEPTH} elements inside each other"));
    }
    if path.is_empty() {
        *roots = roots.saturating_add(1);
    }
    path.push(start.local_name().as_ref().to_owned());
    Ok(())
}

/// Local name of the root element.
pub(super) fn root(text: &str) -> Option<String> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => {
                return Some(start.local_name().as_ref().to_owned());
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}
