//! What was chosen, seen by STRIDE, by the qualities of security, and by the functions of the NIST CSF.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::choose::{Solution, State};
use crate::model::Stride;
use crate::stride::Threat;
use crate::system::System;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// The three classic qualities of security and the four that ISO/IEC 27000 adds.
    Quality {
        /// Only those who may can read it.
        Confidentiality = "confidentiality",
        /// It is whole and unchanged.
        Integrity = "integrity",
        /// It is there when needed.
        Availability = "availability",
        /// It is who or what it claims to be.
        Authenticity = "authenticity",
        /// It behaves as intended.
        Reliability = "reliability",
        /// Deeds can be traced to the one who did them.
        Accountability = "accountability",
        /// Nobody can deny afterwards what they did.
        NonRepudiation = "non-repudiation",
    }
}

vocabulary! {
    /// Functions of the NIST Cybersecurity Framework 2.0.
    Function {
        /// Risk is steered.
        Govern = "govern",
        /// What there is and what threatens it is known.
        Identify = "identify",
        /// It is prevented.
        Protect = "protect",
        /// It is noticed.
        Detect = "detect",
        /// Something is done about it.
        Respond = "respond",
        /// What was lost comes back.
        Recover = "recover",
    }
}

/// The chosen set in three views; every row is there, also with nothing in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lenses {
    /// By kind of threat that it answers.
    pub stride: BTreeMap<Stride, Row>,
    /// By quality that it keeps.
    pub qualities: BTreeMap<Quality, Row>,
    /// By function that it serves.
    pub functions: BTreeMap<Function, Row>,
}

/// One row of a view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Countermeasures of the catalogue that belong here.
    pub catalogue: usize,
    /// Of them chosen, by id.
    pub chosen: BTreeSet<String>,
    /// How often they were chosen, each place counted.
    pub picks: usize,
    /// STRIDE threats of this kind that had to be answered; 0 in the other views.
    pub asked: usize,
    /// Of them closed.
    pub closed: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "basis")]
    _basis: String,
    measure: BTreeMap<String, Letters>,
}

/// Where a countermeasure belongs, one letter for each; the file says which.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Letters {
    stride: String,
    quality: String,
    csf: String,
}

fn letters() -> &'static BTreeMap<String, Letters> {
    static LETTERS: OnceLock<BTreeMap<String, Letters>> = OnceLock::new();
    LETTERS.get_or_init(|| {
        let file: File = toml::from_str(include_str!("../../knowledge/views.toml"))
            .expect("the compiled-in views are sound; a test reads them");
        file.measure
    })
}

fn stride(letter: char) -> Option<Stride> {
    Some(match letter {
        'S' => Stride::Spoofing,
        'T' => Stride::Tampering,
        'R' => Stride::Repudiation,
        'I' => Stride::InformationDisclosure,
        'D' => Stride::DenialOfService,
        'E' => Stride::ElevationOfPrivilege,
        _ => return None,
    })
}

fn quality(letter: char) -> Option<Quality> {
    Some(match letter {
        'c' => Quality::Confidentiality,
        'i' => Quality::Integrity,
        'a' => Quality::Availability,
        'u' => Quality::Authenticity,
        'r' => Quality::Reliability,
        'k' => Quality::Accountability,
        'n' => Quality::NonRepudiation,
        _ => return None,
    })
}

fn function(letter: char) -> Option<Function> {
    Some(match letter {
        'G' => Function::Govern,
        'I' => Function::Identify,
        'P' => Function::Protect,
        'D' => Function::Detect,
        'R' => Function::Respond,
        'C' => Function::Recover,
        _ => return None,
    })
}

pub(super) fn of_system(system: &System<'_>, threats: &[Threat], solution: &Solution) -> Lenses {
    let mut picks: BTreeMap<&str, usize> = BTreeMap::new();
    for pick in &solution.picks {
        *picks.entry(&pick.measure).or_default() += 1;
    }
    let mut lenses = Lenses {
        stride: rows(Stride::ALL),
        qualities: rows(Quality::ALL),
        functions: rows(Function::ALL),
    };
    for id in system.knowledge().measures.keys() {
        // A countermeasure of the model's author is in no view: nobody said where it belongs.
        let Some(views) = letters().get(id) else {
            continue;
        };
        let times = picks.get(id.as_str()).copied().unwrap_or_default();
        enter(
            &mut lenses.stride,
            views.stride.chars().filter_map(stride),
            id,
            times,
        );
        enter(
            &mut lenses.qualities,
            views.quality.chars().filter_map(quality),
            id,
            times,
        );
        enter(
            &mut lenses.functions,
            views.csf.chars().filter_map(function),
            id,
            times,
        );
    }
    for threat in threats {
        let closed = match solution.states.get(threat.id.as_str()) {
            Some(State::Closed) => true,
            Some(State::Open) => false,
            _ => continue,
        };
        if let Some(row) = lenses.stride.get_mut(&threat.stride) {
            row.asked += 1;
            row.closed += usize::from(closed);
        }
    }
    lenses
}

fn rows<K: Copy + Ord>(all: &[K]) -> BTreeMap<K, Row> {
    all.iter().map(|key| (*key, Row::default())).collect()
}

fn enter<K: Ord>(
    rows: &mut BTreeMap<K, Row>,
    keys: impl Iterator<Item = K>,
    measure: &str,
    times: usize,
) {
    for key in keys {
        let Some(row) = rows.get_mut(&key) else {
            continue;
        };
        row.catalogue += 1;
        row.picks += times;
        if times > 0 {
            row.chosen.insert(measure.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge;

    #[test]
    fn every_measure_of_the_catalogue_has_its_place_in_each_view() {
        for id in knowledge::base().measures.keys() {
            let views = letters().get(id).unwrap_or_else(|| panic!("{id}"));
            let read = |text: &str, known: &dyn Fn(char) -> bool| {
                assert!(!text.is_empty() && text.chars().all(known), "{id}: {text}");
                let distinct: BTreeSet<char> = text.chars().collect();
                assert_eq!(distinct.len(), text.len(), "{id}: {text} twice");
            };
            read(&views.stride, &|letter| stride(letter).is_some());
            read(&views.quality, &|letter| quality(letter).is_some());
            read(&views.csf, &|letter| function(letter).is_some());
        }
        assert_eq!(letters().len(), knowledge::base().measures.len());
    }
}
