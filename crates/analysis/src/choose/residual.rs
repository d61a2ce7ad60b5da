//! What remains of each risk once measures are counted; `docs/methods/risk.md` has the formula.
//!
//! Each point of strength of a measure that answers a risk takes one point off its likelihood; the impact stays. So what
//! is enough against a level brings it down to medium or below, unless more than one weakness stands open.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::offers::Offer;
use super::targets::{Question, Wanted};
use crate::model::Level;
use crate::risk::Risk;

/// What remains of a risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Residual {
    /// With what the model says is there already: enforced by the platform, in the hardware, or declared of the flow.
    pub in_place: Level,
    /// With the chosen measures.
    pub chosen: Level,
}

/// A risk with the measures that answer it.
pub(super) struct Answered {
    pub(super) id: Arc<str>,
    points: i32,
    impact: Level,
    /// Numbers of offers.
    by: Vec<usize>,
}

impl Answered {
    pub(super) fn of(id: Arc<str>, risk: &Risk, by: Vec<usize>) -> Self {
        Answered {
            id,
            points: risk.points,
            impact: risk.impact,
            by,
        }
    }
}

/// What remains of every risk, by the id of its threat, cell or scenario.
pub(super) fn residuals(
    wanted: &Wanted<'_>,
    question: &Question<'_, '_>,
    is_chosen: &[bool],
) -> BTreeMap<Arc<str>, Residual> {
    let is_chosen = |number: usize| {
        let candidate = question.candidate(number);
        candidate.is_some_and(|index| is_chosen.get(index) == Some(&true))
    };
    let left = |risk: &Answered, counts: &dyn Fn(usize, &Offer<'_>) -> bool| {
        let offers = risk.by.iter();
        let offers = offers.filter_map(|number| Some((*number, wanted.offers.get(*number)?)));
        let counted = offers.filter(|(number, offer)| counts(*number, offer));
        let strength: u32 = counted.map(|(_, offer)| offer.measure.strength).sum();
        let strength = i32::try_from(strength).unwrap_or(i32::MAX);
        let points = risk.points.saturating_sub(strength);
        wanted.table.level(points, risk.impact)
    };
    let risks = wanted.answered.iter();
    risks
        .map(|risk| {
            let residual = Residual {
                in_place: left(risk, &|_, offer| offer.is_there),
                chosen: left(risk, &|number, _| is_chosen(number)),
            };
            (Arc::clone(&risk.id), residual)
        })
        .collect()
}
