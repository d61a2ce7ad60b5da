//! Where the elements of a model stand in its texts, for reports that point back to them.
//!
//! A model does not carry its places: two texts that say the same are the same model. Whoever has the texts
//! at hand asks here.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::{Source, guard};
use crate::diagnostic;

/// Sections whose ids have a namespace of their own, so that they could be mistaken for an element.
const APART: [&str; 2] = ["rule", "measure"];

/// A line of one text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What the text is called, as in [`Source::name`].
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
}

/// Where a model and its elements stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    header: Option<Place>,
    elements: BTreeMap<String, Place>,
}

impl Places {
    /// Looks up every element in the texts of a model. What cannot be read has no place.
    #[must_use]
    pub fn of(sources: &[Source<'_>]) -> Self {
        let mut places = Places::default();
        for source in sources {
            if guard::too_deep(source.text).is_none() {
                places.read(source);
            }
        }
        places
    }

    /// Where the component, flow or other element with this id stands.
    #[must_use]
    pub fn element(&self, id: &str) -> Option<&Place> {
        self.elements.get(id)
    }

    /// Where `[model]` stands.
    #[must_use]
    pub fn header(&self) -> Option<&Place> {
        self.header.as_ref()
    }

    fn read(&mut self, source: &Source<'_>) {
        let (document, _) = DeTable::parse_recoverable(source.text);
        let lines = diagnostic::Source::new(source.text);
        let place = |offset: usize| Place {
            file: source.name.to_owned(),
            line: lines.line(offset),
        };
        for (name, value) in document.get_ref() {
            let name = name.get_ref().as_ref();
            if name == "model" {
                let at = place(value.span().start);
                self.header.get_or_insert(at);
            }
            let items = value
                .get_ref()
                .as_array()
                .filter(|_| !APART.contains(&name));
            for item in items.into_iter().flat_map(|items| items.iter()) {
                let id = item.get_ref().as_table().and_then(|table| table.get("id"));
                if let Some(id) = id
                    && let Some(text) = id.get_ref().as_str()
                {
                    let at = place(id.span().start);
                    self.elements.entry(text.to_owned()).or_insert(at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(places: &Places, id: &str) -> Option<(String, usize)> {
        let place = places.element(id)?;
        Some((place.file.clone(), place.line))
    }

    #[test]
    fn an_element_is_found_in_its_file_at_the_line_of_its_id() {
        let one = "# a system\n[model]\nid = \"m\"\n\n[[zone]]\nid = \"site\"\n";
        let two = "[[component]]\nkind = \"device\"\nid = \"sensor\"\n\n[[rule]]\nid = \"site\"\n";
        let places = Places::of(&[
            Source {
                name: "b.toml",
                text: two,
            },
            Source {
                name: "a.toml",
                text: one,
            },
        ]);
        assert_eq!(places.header().map(|place| place.line), Some(2));
        assert_eq!(seen(&places, "site"), Some(("a.toml".to_owned(), 6)));
        assert_eq!(seen(&places, "sensor"), Some(("b.toml".to_owned(), 3)));
        assert_eq!(seen(&places, "cloud"), None);
    }

    #[test]
    fn a_text_that_cannot_be_read_has_no_places_and_harms_no_other() {
        let deep = "a = ".to_owned() + &"[".repeat(10_000);
        for wrong in ["[[", "id = 1\nzone = 3\nmodel = \"x\"", &deep] {
            let good = "[[zone]]\nid = \"site\"\n";
            let sources = [wrong, good].map(|text| Source { name: "m", text });
            assert_eq!(
                seen(&Places::of(&sources), "site"),
                Some(("m".to_owned(), 2))
            );
        }
    }
}
