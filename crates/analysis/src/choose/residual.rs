//! What remains of each risk once measures are counted; `docs/methods/risk.md` has the formula.
//!
//! Each point of strength of a measure that answers a risk takes one point off its likelihood; the impact stays. So what
//! is enough against a level brings it down to medium or below, unless more than one weakness stands open.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::targets::Wanted;
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
    points: i32,
    impact: Level,
    by: Vec<Answer>,
}

/// A measure that answers a risk.
pub(super) struct Answer {
    /// Of its instance.
    pub(super) name: String,
    pub(super) strength: u32,
    pub(super) is_there: bool,
}

impl Answered {
    pub(super) fn of(risk: &Risk, by: Vec<Answer>) -> Self {
        Answered {
            points: risk.points,
            impact: risk.impact,
            by,
        }
    }
}

/// What remains of every risk, by the id of its threat, cell or scenario.
pub(super) fn residuals(
    wanted: &Wanted<'_>,
    chosen: &BTreeSet<&str>,
) -> BTreeMap<String, Residual> {
    let risks = wanted.answered.iter();
    let left = |risk: &Answered, counts: &dyn Fn(&Answer) -> bool| {
        let counted = risk.by.iter().filter(|answer| counts(answer));
        let strength: u32 = counted.map(|answer| answer.strength).sum();
        let strength = i32::try_from(strength).unwrap_or(i32::MAX);
        wanted
            .table
            .level(risk.points.saturating_sub(strength), risk.impact)
    };
    risks
        .map(|(id, risk)| {
            let residual = Residual {
                in_place: left(risk, &|answer| answer.is_there),
                chosen: left(risk, &|answer| chosen.contains(answer.name.as_str())),
            };
            (id.clone(), residual)
        })
        .collect()
}
