//! What reading a model collects beside the model itself: problems with their places, ids, and who names which.

use std::collections::BTreeMap;
use std::ops::Range;

use super::identifiers::{Expected, Identifiers};
use crate::diagnostic::{Fault, Gravity, Problem, Problems, Source};
use crate::language::Text;

/// Longest text of one value that a problem repeats, in characters.
const SHOWN: usize = 80;

/// One text of the model, and where it begins when all texts are thought in one row.
struct File<'t> {
    name: &'t str,
    source: Source<'t>,
    base: usize,
}

/// What reading collects beside the model itself.
///
/// Places are counted through all texts in one row, so that they can be compared and kept; the
/// methods that take a span of the text in hand add where that text begins.
pub(super) struct Reader<'t> {
    files: Vec<File<'t>>,
    current: usize,
    pub(super) identifiers: Identifiers,
    named: Vec<Named>,
    found: BTreeMap<Gravity, Vec<Found>>,
    omitted: usize,
}

/// A problem and its place.
type Found = (Range<usize>, Fault);

/// A rule or countermeasure that is named: section, key, id and place.
type Named = (&'static str, String, String, Range<usize>);

impl<'t> Reader<'t> {
    /// A reader of these texts; the first is in hand.
    pub(super) fn new(sources: &[super::Source<'t>]) -> Self {
        let mut base = 0;
        let files = sources.iter().map(|source| {
            let file = File {
                name: source.name,
                source: Source::new(source.text),
                base,
            };
            base += source.text.len() + 1;
            file
        });
        Reader {
            files: files.collect(),
            current: 0,
            identifiers: Identifiers::default(),
            named: Vec::new(),
            found: BTreeMap::new(),
            omitted: 0,
        }
    }

    /// Takes another text in hand.
    pub(super) fn turn_to(&mut self, file: usize) {
        self.current = file;
    }

    /// A span of the text in hand, counted through all texts.
    pub(super) fn everywhere(&self, span: Range<usize>) -> Range<usize> {
        let base = self.files.get(self.current).map_or(0, |file| file.base);
        base + span.start..base + span.end
    }

    /// Where something stands, in words.
    pub(super) fn place(&self, everywhere: usize) -> Text {
        let Some((index, file)) = self.file_at(everywhere) else {
            return Text::default();
        };
        let line = file.source.line(everywhere - file.base);
        if index == self.current {
            Text::new(format!("in line {line}"), format!("{line} 行目"))
        } else {
            let name = file.name;
            Text::new(
                format!("in line {line} of {name}"),
                format!("{name} の {line} 行目"),
            )
        }
    }

    fn file_at(&self, everywhere: usize) -> Option<(usize, &File<'t>)> {
        let index = self.files.partition_point(|file| file.base <= everywhere);
        let index = index.saturating_sub(1);
        self.files.get(index).map(|file| (index, file))
    }

    /// Reports a problem of the text in hand.
    pub(super) fn report(&mut self, span: Range<usize>, fault: Fault) {
        self.report_at(self.everywhere(span), fault);
    }

    /// Reports a problem at a place counted through all texts.
    pub(super) fn report_at(&mut self, everywhere: Range<usize>, fault: Fault) {
        let listed = self.found.entry(fault.gravity()).or_default();
        if listed.len() < Problems::MAX_LISTED {
            listed.push((everywhere, fault));
        } else {
            self.omitted += 1;
        }
    }

    /// Notes that `key` names `id`; it is checked when everything was read.
    pub(super) fn refer(&mut self, key: &str, id: &str, span: Range<usize>, expected: Expected) {
        let everywhere = self.everywhere(span);
        self.identifiers.refer(key, id, everywhere, expected);
    }

    /// Notes that `key` names a countermeasure.
    pub(super) fn refer_to_measure(&mut self, key: &str, id: &str, span: Range<usize>) {
        let everywhere = self.everywhere(span);
        let named = ("measure", key.to_owned(), id.to_owned(), everywhere);
        self.named.push(named);
    }

    /// Notes that `key` names a rule.
    pub(super) fn refer_to_rule(&mut self, key: &str, id: &str, span: Range<usize>) {
        let everywhere = self.everywhere(span);
        let named = ("rule", key.to_owned(), id.to_owned(), everywhere);
        self.named.push(named);
    }

    /// All rules and countermeasures that were named.
    pub(super) fn take_named(&mut self) -> Vec<Named> {
        std::mem::take(&mut self.named)
    }

    /// Whether a further problem of this gravity would still be listed, so that its words are worth making.
    pub(super) fn is_listing(&self, gravity: Gravity) -> bool {
        let listed = self.found.get(&gravity);
        listed.is_none_or(|listed| listed.len() < Problems::MAX_LISTED)
    }

    pub(super) fn into_problems(mut self) -> Problems {
        let found = std::mem::take(&mut self.found).into_values();
        let mut found: Vec<Found> = found.flatten().collect();
        found.sort_by(|(a, x), (b, y)| (a.start, x.code()).cmp(&(b.start, y.code())));
        let list = found.iter().filter_map(|(span, fault)| {
            let (_, file) = self.file_at(span.start)?;
            let span = span.start - file.base..span.end.saturating_sub(file.base);
            Some(Problem::new(file.name, &file.source, span, fault))
        });
        Problems {
            file: whole_name(&self.files),
            list: list.collect(),
            omitted: self.omitted,
        }
    }
}

/// What diagnostics call all texts together: the one file, or the folder that they share.
fn whole_name(files: &[File<'_>]) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    match names.as_slice() {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [first, rest @ ..] => {
            let shared = first
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .to_owned();
            let is_shared = rest.iter().all(|name| {
                name.strip_prefix(shared.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
            });
            if is_shared && !shared.is_empty() {
                shared
            } else {
                names.join(", ")
            }
        }
    }
}

/// A value as problems repeat it: short.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}
