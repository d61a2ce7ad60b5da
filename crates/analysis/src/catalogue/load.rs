//! Reads the compiled-in candidate files and checks that they fit the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Candidate, Reason, Source, Verdict};
use crate::language::Text;
use crate::{checklist, knowledge};

const FILES: [&str; 5] = [
    include_str!("../../knowledge/candidates-ipa-organizations.toml"),
    include_str!("../../knowledge/candidates-ipa-individuals.toml"),
    include_str!("../../knowledge/candidates-bsi-control.toml"),
    include_str!("../../knowledge/candidates-four-pillars.toml"),
    include_str!("../../knowledge/candidates-csa-steps.toml"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: Source,
    #[serde(rename = "basis")]
    _basis: String,
    candidate: BTreeMap<String, Entry>,
}

/// Exactly one of `keep`, `drop` and `same` is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    keep: Option<BTreeSet<String>>,
    #[serde(default)]
    drop: Option<Reason>,
    #[serde(default)]
    same: Option<String>,
    #[serde(default)]
    en: Option<String>,
    #[serde(default)]
    ja: Option<String>,
}

/// Reads every list; the error says which candidate does not fit and why.
pub(super) fn load() -> Result<BTreeMap<String, Candidate>, String> {
    let mut all = matrix()?;
    for text in FILES {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        for (id, entry) in file.candidate {
            let candidate = candidate(id, file.source, entry)?;
            let id = candidate.id.clone();
            if all.insert(id.clone(), candidate).is_some() {
                return Err(format!("{id} twice"));
            }
        }
    }
    for candidate in all.values() {
        check(candidate, &all)?;
    }
    Ok(all)
}

fn candidate(id: String, source: Source, entry: Entry) -> Result<Candidate, String> {
    let text = match (entry.en, entry.ja) {
        (Some(en), Some(ja)) => Text { en, ja },
        // The checklist has the texts of the controls; they are not written twice.
        (None, None) => match checklist::shipped(&id) {
            Some((text, _)) => text.clone(),
            None => return Err(format!("{id} has no text")),
        },
        _ => return Err(format!("{id} is in one language only")),
    };
    let verdict = match (entry.keep, entry.drop, entry.same) {
        (Some(measures), None, None) if !measures.is_empty() => Verdict::Kept(measures),
        (None, Some(reason), None) if reason != Reason::Duplicate => Verdict::Excluded(reason),
        (None, None, Some(of)) => Verdict::Duplicate(of),
        _ => return Err(format!("{id} has not exactly one verdict")),
    };
    Ok(Candidate {
        id,
        source,
        text,
        verdict,
    })
}

/// The entries of the board's matrix: the first of equal ones is kept, the others repeat it.
fn matrix() -> Result<BTreeMap<String, Candidate>, String> {
    let base = knowledge::base();
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for ((threat, phase), measures) in &base.board {
        let row = threat.trim_start_matches("JT");
        for (number, measure) in measures.iter().enumerate() {
            let id = format!("JM-{row}-{}-{}", phase.word(), number.saturating_add(1));
            let known = base.measures.get(measure);
            let known = known.ok_or_else(|| format!("{id}: unknown measure {measure}"))?;
            let verdict = match first.get(measure.as_str()) {
                Some(of) => Verdict::Duplicate(of.clone()),
                None => Verdict::Kept(BTreeSet::from([measure.clone()])),
            };
            first.entry(measure).or_insert_with(|| id.clone());
            let candidate = Candidate {
                id: id.clone(),
                source: Source::JnsaMatrix,
                text: known.name.clone(),
                verdict,
            };
            all.insert(id, candidate);
        }
    }
    Ok(all)
}

fn check(candidate: &Candidate, all: &BTreeMap<String, Candidate>) -> Result<(), String> {
    let id = &candidate.id;
    match &candidate.verdict {
        Verdict::Kept(measures) => {
            let known = &knowledge::base().measures;
            match measures
                .iter()
                .find(|measure| !known.contains_key(*measure))
            {
                Some(unknown) => Err(format!("{id}: unknown measure {unknown}")),
                None => Ok(()),
            }
        }
        Verdict::Excluded(_) => Ok(()),
        Verdict::Duplicate(of) => match all.get(of).map(|first| &first.verdict) {
            Some(Verdict::Duplicate(_)) => Err(format!("{id}: {of} is itself a duplicate")),
            Some(_) => Ok(()),
            None => Err(format!("{id}: unknown candidate {of}")),
        },
    }
}
