//! One namespace of ids: who has which, who names which, and what was probably meant.

use std::collections::BTreeMap;
use std::ops::Range;

use super::reader::{Reader, shown};
use super::words::ComponentKind;
use crate::diagnostic::{Fault, Gravity};
use crate::language::Text;

/// Longest id: a requirement made of it is still an id of the policy (63).
const MAX_LENGTH: usize = 47;
/// Ids of flows that topics use otherwise.
pub(super) const RESERVED_FLOWS: [&str; 2] = ["cmd", "ack"];
/// Most candidates that are compared for one suggestion.
const MAX_CANDIDATES: usize = 2_000;

/// What has an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zone,
    Component(ComponentKind),
    /// A component whose kind could not be read: it stands for any.
    UnreadComponent,
    Asset,
    Flow,
    Loss,
    Hazard,
    Controller,
    ControlAction,
    UnsafeControlAction,
    Scenario,
    Assumption,
}

impl Kind {
    fn words(self) -> Text {
        match self {
            Kind::Zone => Text::new("a zone", "区域"),
            Kind::Component(kind) => Text::new(
                format!("a component of kind \"{}\"", kind.word()),
                format!("種類が \"{}\" の部品", kind.word()),
            ),
            Kind::UnreadComponent => Text::new("a component", "部品"),
            Kind::Asset => Text::new("an asset", "資産"),
            Kind::Flow => Text::new("a flow", "フロー"),
            Kind::Loss => Text::new("a loss", "損失"),
            Kind::Hazard => Text::new("a hazard", "ハザード"),
            Kind::Controller => Text::new("a controller", "制御器"),
            Kind::ControlAction => Text::new("a control action", "制御動作"),
            Kind::UnsafeControlAction => Text::new("an unsafe control action", "非安全制御動作"),
            Kind::Scenario => Text::new("a scenario", "シナリオ"),
            Kind::Assumption => Text::new("an assumption", "前提"),
        }
    }
}

/// What a reference should name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Zone,
    Component,
    Device,
    Gateway,
    Asset,
    Flow,
    Loss,
    Hazard,
    Controller,
    ControlAction,
    UnsafeControlAction,
    Scenario,
    /// A flow or a component.
    Element,
}

impl Expected {
    fn accepts(self, kind: Kind) -> bool {
        match self {
            Expected::Zone => kind == Kind::Zone,
            Expected::Component => {
                matches!(kind, Kind::Component(_) | Kind::UnreadComponent)
            }
            Expected::Device => matches!(
                kind,
                Kind::Component(ComponentKind::Device) | Kind::UnreadComponent
            ),
            Expected::Gateway => matches!(
                kind,
                Kind::Component(ComponentKind::Gateway) | Kind::UnreadComponent
            ),
            Expected::Asset => kind == Kind::Asset,
            Expected::Flow => kind == Kind::Flow,
            Expected::Loss => kind == Kind::Loss,
            Expected::Hazard => kind == Kind::Hazard,
            Expected::Controller => kind == Kind::Controller,
            Expected::ControlAction => kind == Kind::ControlAction,
            Expected::UnsafeControlAction => kind == Kind::UnsafeControlAction,
            Expected::Scenario => kind == Kind::Scenario,
            Expected::Element => matches!(
                kind,
                Kind::Flow | Kind::Component(_) | Kind::UnreadComponent
            ),
        }
    }

    pub(super) fn words(self) -> Text {
        match self {
            Expected::Zone => Kind::Zone.words(),
            Expected::Component => Text::new("a component", "部品"),
            Expected::Device => Kind::Component(ComponentKind::Device).words(),
            Expected::Gateway => Kind::Component(ComponentKind::Gateway).words(),
            Expected::Asset => Kind::Asset.words(),
            Expected::Flow => Kind::Flow.words(),
            Expected::Loss => Kind::Loss.words(),
            Expected::Hazard => Kind::Hazard.words(),
            Expected::Controller => Kind::Controller.words(),
            Expected::ControlAction => Kind::ControlAction.words(),
            Expected::UnsafeControlAction => Kind::UnsafeControlAction.words(),
            Expected::Scenario => Kind::Scenario.words(),
            Expected::Element => Text::new("a flow or a component", "フローか部品"),
        }
    }
}

/// All ids of a model and all places that name one.
#[derive(Default)]
pub(super) struct Identifiers {
    given: BTreeMap<String, (Kind, usize)>,
    apart: BTreeMap<(&'static str, String), usize>,
    references: Vec<Reference>,
}

struct Reference {
    key: String,
    id: String,
    span: Range<usize>,
    expected: Expected,
}

impl Identifiers {
    /// Notes that `key` names `id`; [`resolve`] checks it later.
    pub(super) fn refer(&mut self, key: &str, id: &str, span: Range<usize>, expected: Expected) {
        self.references.push(Reference {
            key: key.to_owned(),
            id: id.to_owned(),
            span,
            expected,
        });
    }

    /// Whether something that fits has this id.
    pub(super) fn has(&self, id: &str, expected: Expected) -> bool {
        self.given
            .get(id)
            .is_some_and(|(kind, _)| expected.accepts(*kind))
    }

    /// Whether `section`, whose ids are apart from all others, has this one.
    pub(super) fn has_apart(&self, section: &'static str, id: &str) -> bool {
        self.apart.contains_key(&(section, id.to_owned()))
    }
}

/// Gives `id` within a section whose ids are apart from all others, as decisions; a second one is
/// reported.
pub(super) fn give_apart(
    reader: &mut Reader<'_>,
    section: &'static str,
    id: &str,
    span: Range<usize>,
) -> Option<String> {
    let start = reader.everywhere(span.clone()).start;
    let place = (section, id.to_owned());
    if let Some(first) = reader.identifiers.apart.get(&place) {
        let first = reader.place(*first);
        let id = shown(id);
        reader.report(span, Fault::DuplicateId { id, first });
        return None;
    }
    reader.identifiers.apart.insert(place, start);
    Some(id.to_owned())
}

/// Gives `id` to something; [`None`], with a report, when that cannot be.
pub(super) fn give(
    reader: &mut Reader<'_>,
    id: &str,
    span: Range<usize>,
    kind: Kind,
) -> Option<String> {
    check(reader, id, span.clone())?;
    if kind == Kind::Flow && RESERVED_FLOWS.contains(&id) {
        reader.report(span, Fault::ReservedId { id: id.to_owned() });
        return None;
    }
    let start = reader.everywhere(span.clone()).start;
    if let Some((_, first)) = reader.identifiers.given.get(id) {
        let first = reader.place(*first);
        let id = id.to_owned();
        reader.report(span, Fault::DuplicateId { id, first });
        return None;
    }
    let given = &mut reader.identifiers.given;
    given.insert(id.to_owned(), (kind, start));
    Some(id.to_owned())
}

/// Checks the shape of an id that nothing refers to, or that is about to be given.
pub(super) fn check(reader: &mut Reader<'_>, id: &str, span: Range<usize>) -> Option<String> {
    if is_valid(id) {
        return Some(id.to_owned());
    }
    reader.report(span, Fault::InvalidId { id: shown(id) });
    None
}

/// Reports every reference that names nothing, or something else than it should.
pub(super) fn resolve(reader: &mut Reader<'_>) {
    for reference in std::mem::take(&mut reader.identifiers.references) {
        let Reference {
            key,
            id,
            span,
            expected,
        } = reference;
        let fault = match reader.identifiers.given.get(&id) {
            Some((kind, _)) if expected.accepts(*kind) => continue,
            Some((kind, _)) => Fault::WrongReference {
                key,
                id,
                found: kind.words(),
                expected: expected.words(),
            },
            None => Fault::UnknownId {
                similar: reader
                    .is_listing(Gravity::Error)
                    .then(|| likely(&reader.identifiers, &id, expected))
                    .flatten(),
                key,
                id: shown(&id),
                expected: expected.words(),
            },
        };
        reader.report_at(span, fault);
    }
}

pub(super) fn likely(identifiers: &Identifiers, id: &str, expected: Expected) -> Option<String> {
    similar(
        id,
        identifiers
            .given
            .iter()
            .filter(|(_, (kind, _))| expected.accepts(*kind))
            .map(|(id, _)| id.as_str()),
    )
}

fn is_valid(id: &str) -> bool {
    id.len() <= MAX_LENGTH
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// The candidate that `word` was probably meant to be: one edit away, or one for each three letters. Of one letter
/// every other would be as near.
pub(super) fn similar<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<String> {
    let length = word.chars().count();
    if length > MAX_LENGTH {
        return None;
    }
    let allowed = (length / 3).max(usize::from(length > 1));
    candidates
        .take(MAX_CANDIDATES)
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= allowed.saturating_mul(3))
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= allowed)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Number of insertions, deletions, substitutions and swaps of neighbors between two words.
pub(crate) fn edits(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j + 1) + 1)
                .min(at(&row, j) + 1)
                .min(at(&last, j) + usize::from(x != y));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_probably_meant() {
        let known = ["security", "sequence", "schema", "range", "rate"];
        for (word, expected) in [
            ("secuirty", Some("security")),
            ("rang", Some("range")),
            ("Rate", Some("rate")),
            ("zzz", None),
            ("", None),
            ("r", None),
        ] {
            assert_eq!(
                similar(word, known.into_iter()).as_deref(),
                expected,
                "{word}"
            );
        }
        assert_eq!(edits("ab", "ba"), 1);
        assert_eq!(edits("", "abc"), 3);
    }
}
