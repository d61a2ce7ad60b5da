//! A JSON or YAML document that remembers what was looked at, so that the rest can be named.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use sekimori_analysis::language::Text;
use serde_json::Value;

use crate::note::{Note, NoteKind};
use crate::refusal::Refusal;

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;
/// Most values of one document.
const MAX_VALUES: usize = 1_000_000;
/// Longest text of a value that a note repeats, in characters.
const SHOWN: usize = 60;
/// Longest sentence of a reader that a refusal repeats, in characters.
const SAID: usize = 200;

/// A document with a memory of what was taken from it.
///
/// Values are remembered by their address: the document owns them and never changes, and a path of keys that an author
/// gave may be longer than the document has values.
pub(crate) struct Document {
    root: Value,
    taken: RefCell<BTreeSet<usize>>,
    named: RefCell<BTreeSet<usize>>,
}

impl Document {
    /// Reads JSON.
    pub(crate) fn of_json(text: &str) -> Result<Self, Refusal> {
        // serde_json itself stops at a depth of 128.
        let root: Value = serde_json::from_str(text).map_err(|error| Refusal::Syntax {
            line: error.line(),
            column: error.column(),
            problem: said(&error.to_string()),
        })?;
        Self::checked(root)
    }

    /// Reads YAML, with merge keys, and with bounds on what aliases may multiply.
    pub(crate) fn of_yaml(text: &str) -> Result<Self, Refusal> {
        let root: Value = serde_saphyr::from_str(text).map_err(|error| {
            let place = error.location();
            Refusal::Syntax {
                line: place.map_or(0, |place| usize::try_from(place.line()).unwrap_or(0)),
                column: place.map_or(0, |place| usize::try_from(place.column()).unwrap_or(0)),
                problem: said(&error.to_string()),
            }
        })?;
        Self::checked(root)
    }

    fn checked(root: Value) -> Result<Self, Refusal> {
        let mut left = MAX_VALUES;
        if !is_bounded(&root, MAX_DEPTH, &mut left) {
            return Err(Refusal::TooMany {
                what: Text::new(
                    format!("more than {MAX_VALUES} values, or nested deeper than {MAX_DEPTH}"),
                    format!("値が {MAX_VALUES} 個より多いか、入れ子が {MAX_DEPTH} 階層より深い"),
                ),
                limit: MAX_VALUES,
            });
        }
        Ok(Document {
            root,
            taken: RefCell::default(),
            named: RefCell::default(),
        })
    }

    /// The whole document.
    pub(crate) fn root(&self) -> Node<'_> {
        Node {
            document: self,
            value: &self.root,
        }
    }

    /// Everything that nobody looked at, one note for each kind of place.
    pub(crate) fn left_behind(&self) -> Vec<Note> {
        let mut left = BTreeMap::new();
        self.walk(&self.root, "", &mut left);
        left.into_iter()
            .map(|(place, (count, example))| {
                let (en, ja) = match count {
                    1 => (
                        format!("left behind: {example}"),
                        format!("元のまま残る: {example}"),
                    ),
                    _ => (
                        format!("{count} values left behind, the first: {example}"),
                        format!("{count} 件が元のまま残る。最初の値: {example}"),
                    ),
                };
                Note {
                    kind: NoteKind::NotCarriedOver,
                    place,
                    text: Text::new(en, ja),
                }
            })
            .collect()
    }

    fn walk(&self, value: &Value, pattern: &str, left: &mut BTreeMap<String, (usize, String)>) {
        if self.taken.borrow().contains(&place(value)) {
            return;
        }
        match value {
            Value::Object(map) => {
                let is_named = self.named.borrow().contains(&place(value));
                for (key, value) in map {
                    let shape = if is_named { "*" } else { key };
                    self.walk(value, &join(pattern, &shown(shape)), left);
                }
            }
            Value::Array(list) => {
                let pattern = format!("{pattern}[]");
                for value in list {
                    self.walk(value, &pattern, left);
                }
            }
            // What says nothing is not lost.
            Value::Null | Value::Bool(false) => {}
            Value::String(text) if text.trim().is_empty() => {}
            leaf => {
                let entry = left.entry(pattern.to_owned()).or_insert_with(|| {
                    let text = leaf
                        .as_str()
                        .map_or_else(|| leaf.to_string(), str::to_owned);
                    (0, shown(&text))
                });
                entry.0 += 1;
            }
        }
    }
}

/// One value of a document.
#[derive(Clone, Copy)]
pub(crate) struct Node<'d> {
    document: &'d Document,
    value: &'d Value,
}

impl<'d> Node<'d> {
    /// The value of `key`, looked at only when it is read.
    pub(crate) fn get(&self, key: &str) -> Option<Node<'d>> {
        let value = self.value.as_object()?.get(key)?;
        Some(self.below(value))
    }

    /// Follows several keys.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<Node<'d>> {
        keys.iter().try_fold(*self, |node, key| node.get(key))
    }

    /// The entries of a list; none when it is no list.
    pub(crate) fn list(&self, key: &str) -> Vec<Node<'d>> {
        self.get(key).map(|node| node.items()).unwrap_or_default()
    }

    /// The entries of this list.
    pub(crate) fn items(&self) -> Vec<Node<'d>> {
        let items = self.value.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().map(|value| self.below(value)).collect()
    }

    fn below(&self, value: &'d Value) -> Node<'d> {
        let document = self.document;
        Node { document, value }
    }

    /// The entries of a map whose keys are names that its author gave.
    pub(crate) fn named(&self, key: &str) -> Vec<(&'d str, Node<'d>)> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        self.document.named.borrow_mut().insert(place(node.value));
        let entries = node.value.as_object().into_iter().flatten();
        entries
            .map(|(name, value)| (name.as_str(), self.below(value)))
            .collect()
    }

    /// Takes the whole value: it is carried over, or a note of its own tells of it.
    pub(crate) fn take(&self) -> &'d Value {
        self.document.taken.borrow_mut().insert(place(self.value));
        self.value
    }

    /// Takes a text, or a number or truth value as text.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let node = self.get(key)?;
        let text = match node.value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        node.take();
        Some(text)
    }

    /// Takes a truth value; absent counts as no.
    pub(crate) fn flag(&self, key: &str) -> bool {
        let Some(node) = self.get(key) else {
            return false;
        };
        match node.value {
            Value::Bool(flag) => {
                node.take();
                *flag
            }
            Value::String(word) if matches!(word.as_str(), "true" | "false") => {
                node.take();
                word == "true"
            }
            _ => false,
        }
    }

    /// Takes a number.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        let node = self.get(key)?;
        let number = node.value.as_f64()?;
        node.take();
        Some(number)
    }

    /// Takes a list of texts.
    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        self.list(key)
            .into_iter()
            .filter_map(|node| {
                let text = node.value.as_str()?.to_owned();
                node.take();
                Some(text)
            })
            .collect()
    }

    /// Whether there is such a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.value
            .as_object()
            .is_some_and(|map| map.contains_key(key))
    }

    /// The keys of a map, for telling another format.
    pub(crate) fn keys(&self) -> Text {
        let keys: Vec<String> = match self.value {
            Value::Object(map) => map.keys().take(8).map(|key| shown(key)).collect(),
            Value::Array(_) => return Text::new("a list", "リスト"),
            Value::Null => return Text::new("nothing", "空"),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Text::new("a single value", "値が一つだけ");
            }
        };
        let keys = keys.join(", ");
        Text::new(format!("keys: {keys}"), format!("キー: {keys}"))
    }
}

/// What tells a value from every other of its document.
fn place(value: &Value) -> usize {
    core::ptr::from_ref(value).addr()
}

fn join(path: &str, key: &str) -> String {
    // A key may hold the separator.
    let key = key.replace('~', "~0").replace('/', "~1");
    if path.is_empty() {
        key
    } else {
        format!("{path}/{key}")
    }
}

fn is_bounded(value: &Value, depth: usize, left: &mut usize) -> bool {
    let Some(less) = left.checked_sub(1) else {
        return false;
    };
    *left = less;
    match value {
        Value::Object(map) => depth > 0 && map.values().all(|v| is_bounded(v, depth - 1, left)),
        Value::Array(list) => depth > 0 && list.iter().all(|v| is_bounded(v, depth - 1, left)),
        _ => true,
    }
}

/// What a reader of JSON or YAML said, in its own words, without the place, which stands before it anyway.
fn said(text: &str) -> Text {
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let line = match line.split_once(": ") {
        Some((place, rest)) if place.starts_with("line ") => rest,
        _ => line.split(" at line ").next().unwrap_or(line),
    };
    if line.starts_with("recursive references") {
        return Text::new(
            "an alias refers to a value that it is a part of",
            "エイリアスが、それ自身を含む値を指しています",
        );
    }
    Text::same(cut(line, SAID))
}

/// The text on one line, without what a terminal would act on, cut where it is long.
pub(crate) fn shown(text: &str) -> String {
    cut(text, SHOWN)
}

fn cut(text: &str, most: usize) -> String {
    let mut out: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(most)
        .collect();
    if text.chars().count() > most {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(document: &Document) -> Vec<String> {
        document
            .left_behind()
            .into_iter()
            .map(|note| note.place)
            .collect()
    }

    #[test]
    fn what_nobody_looked_at_is_named_once_for_each_kind_of_place() {
        let text =
            r#"{"a": 1, "list": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "empty": "", "no": false}"#;
        let document = Document::of_json(text).expect("JSON");
        for entry in document.root().list("list") {
            assert!(entry.number("x").is_some());
        }
        assert_eq!(places(&document), ["a", "list[]/y"]);
    }

    #[test]
    fn names_that_an_author_gave_are_one_kind_of_place() {
        let text = "assets:\n  One: {id: 1, owner: me}\n  Two: {id: 2, owner: you}\n";
        let document = Document::of_yaml(text).expect("YAML");
        for (_, entry) in document.root().named("assets") {
            assert!(entry.text("id").is_some());
        }
        assert_eq!(places(&document), ["assets/*/owner"]);
    }

    #[test]
    fn merge_keys_are_followed_and_bombs_are_not() {
        let text = "base: &base {id: a, owner: me}\nother:\n  <<: *base\n  id: b\n";
        let document = Document::of_yaml(text).expect("YAML");
        let other = document.root().get("other").expect("there");
        assert_eq!(other.text("owner").as_deref(), Some("me"));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            let list = vec![before; 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{list}]\n"));
        }
        assert!(Document::of_yaml(&bomb).is_err());
    }
}
