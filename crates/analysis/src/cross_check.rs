//! The cross-check against three lists of ten common threats, and three ways to look at what was chosen.
//!
//! Which threats touch a system is decided by conditions on the model, kept as data with their reasons. What answers
//! a threat are the countermeasures that realize the advice kept for it in the [`catalogue`]. All conditions, and the
//! rule for when a threat is met, are our own judgement; the threats are those of the lists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::basis::{Basis, Method};
use crate::catalogue::{self, Source};
use crate::choose::Solution;
use crate::knowledge::{Measure, Pillar};
use crate::language::Text;
use crate::stride::Threat;
use crate::system::System;
use crate::vocabulary::vocabulary;

mod condition;
mod lens;
mod load;

pub use condition::Condition;
pub use lens::{Function, Lenses, Quality, Row};

/// Strength that the chosen answers to a threat need altogether (own judgement).
pub const NEED: u32 = 4;

vocabulary! {
    /// How it stands with a threat of a list.
    Touch {
        /// Nothing in the model is touched by it.
        NotTouching = "not-touching",
        /// Chosen countermeasures answer it well enough.
        Met = "met",
        /// Chosen countermeasures answer it, but too weakly or from too few pillars.
        Partly = "partly",
        /// No chosen countermeasure answers it.
        Open = "open",
    }
}

/// The cross-check as a report shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// The three lists.
    pub lists: Vec<ListView>,
    /// What was chosen, seen by STRIDE, by quality, and by function of the NIST CSF.
    pub lenses: Lenses,
    /// When a threat counts as met.
    pub rule: Text,
}

/// One list of ten threats.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListView {
    /// Which.
    pub source: Source,
    /// What a reader calls it.
    pub name: Text,
    /// Edition and where it is published.
    pub document: Text,
    /// Its ten threats, by rank.
    pub hits: Vec<Hit>,
    /// How many are in each state; every state is there.
    pub counts: BTreeMap<Touch, usize>,
}

/// One threat of a list against this system.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// `IPA-O1`, `IPA-P10`, `BSI-8`; stable.
    pub id: String,
    /// Rank in its list.
    pub rank: u32,
    /// Name.
    pub name: Text,
    /// What happens, in our own words.
    pub text: Text,
    /// How it stands.
    pub state: Touch,
    /// Why it touches this system, or why it does not; at least one.
    pub reasons: Vec<Because>,
    /// Chosen countermeasures that answer it, by pillar; pillars without any are absent.
    pub met_by: BTreeMap<Pillar, Vec<Answer>>,
    /// Strength of all of them together.
    pub reached: u32,
    /// Pillars from which nothing was chosen although the catalogue has an answer, cheapest answer first; empty
    /// unless the threat touches the system.
    pub gaps: BTreeMap<Pillar, Vec<Answer>>,
    /// Method, rule and source.
    pub basis: Arc<Basis>,
}

/// One reason, and the elements that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Because {
    /// The reason in a sentence.
    pub text: Text,
    /// Conditions of which all hold; empty when the threat does not touch.
    pub conditions: Vec<Condition>,
    /// Ids of components, flows, assets and so on that fulfil them.
    pub elements: BTreeSet<String>,
}

/// A countermeasure that answers a threat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Countermeasure of the catalogue.
    pub measure: String,
    /// Its name.
    pub name: Text,
    /// Picks of it, by id; empty when it was not chosen.
    pub picks: Vec<Arc<str>>,
    /// Whether platform or hardware already have it everywhere, so that it only must be kept and watched.
    pub provided: bool,
    /// Effort points to have it once.
    pub cost: u32,
}

pub(crate) fn of_system(system: &System<'_>, threats: &[Threat], solution: &Solution) -> View {
    let mut picks: BTreeMap<&str, Vec<Arc<str>>> = BTreeMap::new();
    for pick in &solution.picks {
        let ids = picks.entry(&pick.measure).or_default();
        ids.push(Arc::clone(&pick.id));
    }
    View {
        lists: load::lists()
            .iter()
            .map(|list| list_view(system, list, &picks))
            .collect(),
        lenses: lens::of_system(system, threats, solution),
        rule: Text::new(
            format!(
                "A threat counts as met when the chosen answers to it have a strength of {NEED} altogether and come from two pillars at least (from one where the catalogue has no other); words alone have no strength. Our own judgement."
            ),
            format!(
                "選ばれた対策の強さの合計が{NEED}以上で、二つ以上の柱（他の柱に答えがなければ一つ）から選ばれていれば、対応済みとする。手引きだけでは強さにならない。当方の判断による。"
            ),
        ),
    }
}

fn list_view(
    system: &System<'_>,
    list: &load::List,
    picks: &BTreeMap<&str, Vec<Arc<str>>>,
) -> ListView {
    let hits: Vec<Hit> = list
        .threat
        .iter()
        .map(|threat| hit(system, list, threat, picks))
        .collect();
    let mut counts: BTreeMap<Touch, usize> = Touch::ALL.iter().map(|state| (*state, 0)).collect();
    for hit in &hits {
        if let Some(number) = counts.get_mut(&hit.state) {
            *number += 1;
        }
    }
    ListView {
        source: list.source,
        name: list.source.name(),
        document: list.document.clone(),
        hits,
        counts,
    }
}

fn hit(
    system: &System<'_>,
    list: &load::List,
    threat: &load::TopThreat,
    picks: &BTreeMap<&str, Vec<Arc<str>>>,
) -> Hit {
    let reasons = reasons(system, threat);
    let touches = reasons.iter().any(|reason| !reason.conditions.is_empty());
    let known = &system.knowledge().measures;
    let answers: Vec<&Measure> = answers(&threat.id)
        .into_iter()
        .filter_map(|id| known.get(id))
        .filter(|measure| measure.strength > 0)
        .collect();
    let mut met_by: BTreeMap<Pillar, Vec<Answer>> = BTreeMap::new();
    let mut others: BTreeMap<Pillar, Vec<&Measure>> = BTreeMap::new();
    let mut reached = 0_u32;
    for measure in &answers {
        match picks.get(measure.id.as_str()) {
            Some(ids) => {
                reached = reached.saturating_add(measure.strength);
                let by = met_by.entry(measure.pillar).or_default();
                by.push(answer(system, measure, ids.clone()));
            }
            None => others.entry(measure.pillar).or_default().push(measure),
        }
    }
    let pillars: BTreeSet<Pillar> = answers.iter().map(|measure| measure.pillar).collect();
    let state = if !touches {
        Touch::NotTouching
    } else if met_by.is_empty() {
        Touch::Open
    } else if reached >= NEED && met_by.len() >= pillars.len().min(2) {
        Touch::Met
    } else {
        Touch::Partly
    };
    others.retain(|pillar, _| touches && !met_by.contains_key(pillar));
    Hit {
        id: threat.id.clone(),
        rank: threat.rank,
        name: threat.name.clone(),
        text: threat.text.clone(),
        state,
        reasons,
        met_by,
        reached,
        gaps: others
            .into_iter()
            .map(|(pillar, measures)| {
                let answers = measures.into_iter();
                let mut answers: Vec<Answer> = answers
                    .map(|measure| answer(system, measure, Vec::new()))
                    .collect();
                answers.sort_by(|a, b| (a.cost, &a.measure).cmp(&(b.cost, &b.measure)));
                (pillar, answers)
            })
            .collect(),
        basis: Arc::new(Basis {
            method: Method::CrossCheck,
            rule: threat.id.clone(),
            source: list.document.clone(),
            own_judgement: true,
        }),
    }
}

fn answer(system: &System<'_>, measure: &Measure, picks: Vec<Arc<str>>) -> Answer {
    let provided = system.is_provided_everywhere(measure.provided);
    Answer {
        measure: measure.id.clone(),
        name: measure.name.clone(),
        picks,
        provided,
        cost: if provided {
            measure.cost_provided
        } else {
            measure.cost
        },
    }
}

fn reasons(system: &System<'_>, threat: &load::TopThreat) -> Vec<Because> {
    let mut reasons = Vec::new();
    for touch in &threat.touch {
        let found: Option<Vec<BTreeSet<String>>> = touch
            .when
            .iter()
            .map(|condition| {
                let elements = condition.elements(system);
                (!elements.is_empty()).then_some(elements)
            })
            .collect();
        if let Some(found) = found {
            reasons.push(Because {
                text: touch.why.clone(),
                conditions: touch.when.clone(),
                elements: found.into_iter().flatten().collect(),
            });
        }
    }
    if reasons.is_empty() {
        reasons.push(Because {
            text: threat.otherwise.clone(),
            conditions: Vec::new(),
            elements: BTreeSet::new(),
        });
    }
    reasons
}

/// Countermeasures that realize the advice kept for a threat of a list, by id.
pub fn answers(threat: &str) -> BTreeSet<&'static str> {
    catalogue::candidates()
        .values()
        .filter(|candidate| {
            let prefix = candidate.id.rsplit_once('-').map(|(threat, _)| threat);
            prefix == Some(threat)
        })
        .flat_map(catalogue::realized_by)
        .collect()
}

/// Ids of the threats of all lists.
pub(crate) fn common_ids() -> impl Iterator<Item = &'static str> {
    let threats = load::lists().iter().flat_map(|list| &list.threat);
    threats.map(|threat| threat.id.as_str())
}

/// A threat of one of the lists as the lists have it, whatever the system.
pub struct CommonThreat {
    /// Name.
    pub name: Text,
    /// What happens.
    pub text: Text,
    /// Edition of the list and where it is published.
    pub document: Text,
    /// Reasons for which it touches a system.
    pub touches: Vec<Text>,
    /// Why it does not touch the others.
    pub otherwise: Text,
}

/// The threat of a list with this id.
pub fn common_threat(id: &str) -> Option<CommonThreat> {
    load::lists().iter().find_map(|list| {
        let threat = list.threat.iter().find(|threat| threat.id == id)?;
        Some(CommonThreat {
            name: threat.name.clone(),
            text: threat.text.clone(),
            document: list.document.clone(),
            touches: threat.touch.iter().map(|touch| touch.why.clone()).collect(),
            otherwise: threat.otherwise.clone(),
        })
    })
}

#[cfg(test)]
mod tests;
