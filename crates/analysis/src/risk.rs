//! The risk formula: likelihood × impact, with every factor that went in. Own judgement; see `docs/methods/risk.md`.
//!
//! **Likelihood** is 1 (rare), 2 (possible) or 3 (likely): a sum of points of `knowledge/risk.toml`, from the way in
//! (a boundary that is crossed, hands, people), who shares the network, the phase of life, who would do it, what it
//! takes, what is not protected, what the hardware and its programs make easier, and a weakness that stands open. At
//! least 4 points are possible, at least 6 likely. Protection that is there takes nothing off: it counts in what remains
//! ([`Residual`](crate::choose::Residual)).
//!
//! **Impact** is a level: the worst among the assets that the kind of harm concerns, and the losses to which a control
//! loop leads by this kind of threat, or the component itself, or, one level less for each step, what depends on it.
//!
//! | likelihood | impact low | medium | high | critical |
//! |---|---|---|---|---|
//! | 1 rare | low | low | medium | medium |
//! | 2 possible | low | medium | high | high |
//! | 3 likely | low | high | critical | critical |

use std::sync::Arc;

use serde::Serialize;

use crate::knowledge::{ActorSet, FactorKey, RiskTable};
use crate::language::Text;
use crate::model::Level;

/// Most reasons of an impact that are kept; the worst come first.
const MAX_IMPACTS: usize = 5;

/// How large a risk is, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// 1 rare, 2 possible, 3 likely.
    pub likelihood: u32,
    /// Points that make the likelihood.
    pub points: i32,
    /// Where the points come from.
    pub likelihood_factors: Vec<Factor>,
    /// Who would do it: the actors of the model, else of the device class, else of the sector, else anyone.
    pub actors: ActorSet,
    /// How bad it is.
    pub impact: Level,
    /// What makes the impact, the worst first; at most five.
    pub impact_factors: Vec<Impact>,
    /// Likelihood × impact.
    pub level: Level,
}

/// One thing that went into a likelihood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Factor {
    /// Which.
    pub key: FactorKey,
    /// How much it adds.
    pub points: i32,
    /// Why.
    pub why: Arc<Text>,
}

/// One thing that would be harmed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Impact {
    /// How bad that is.
    pub level: Level,
    /// What: an asset, or a hazard and the loss it leads to.
    pub why: Arc<Text>,
}

impl Impact {
    pub(crate) fn new(level: Level, why: Text) -> Self {
        Impact {
            level,
            why: Arc::new(why),
        }
    }

    /// The same, where the harm takes so many further steps: one level less for each.
    pub(crate) fn away(&self, steps: u32) -> Self {
        let level = self.level.lowered(steps);
        if level == self.level {
            return self.clone();
        }
        let (en, ja) = (&self.why.en, &self.why.ja);
        Impact::new(
            level,
            Text::new(
                format!("{en} (further steps away: {steps})"),
                format!("{ja}（さらに要る手順: {steps}）"),
            ),
        )
    }
}

impl Factor {
    pub(crate) fn of(table: &RiskTable, key: FactorKey) -> Self {
        let (points, why) = table
            .factors
            .get(&key)
            .expect("loading checks that every factor is there");
        Factor {
            key,
            points: *points,
            why: Arc::clone(why),
        }
    }

    /// The weakness that a rule names.
    pub(crate) fn weakness(table: &RiskTable, raise: u32) -> Self {
        let raise = i32::try_from(raise).unwrap_or(i32::MAX);
        Factor {
            points: raise.saturating_mul(table.raise),
            ..Self::of(table, FactorKey::Weakness)
        }
    }
}

/// What makes a likelihood, before it is known what there is to lose.
pub(crate) struct Chance {
    pub(crate) factors: Vec<Factor>,
    pub(crate) actors: ActorSet,
}

impl Chance {
    pub(crate) fn risk(self, table: &RiskTable, impacts: Vec<Impact>) -> Risk {
        Risk::new(table, self.factors, self.actors, impacts)
    }
}

impl Risk {
    pub(crate) fn new(
        table: &RiskTable,
        factors: Vec<Factor>,
        actors: ActorSet,
        mut impacts: Vec<Impact>,
    ) -> Self {
        let points = factors
            .iter()
            .fold(0_i32, |sum, factor| sum.saturating_add(factor.points));
        let likelihood = table.likelihood(points);
        impacts.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.why.cmp(&b.why)));
        impacts.dedup();
        impacts.truncate(MAX_IMPACTS);
        let impact = impacts.first().map_or(Level::None, |worst| worst.level);
        Risk {
            likelihood,
            points,
            likelihood_factors: factors,
            actors,
            impact,
            impact_factors: impacts,
            level: level(likelihood, impact),
        }
    }

    /// The reason that decides the impact.
    pub fn impact_factor(&self) -> &Text {
        static NOTHING: Text = Text {
            en: String::new(),
            ja: String::new(),
        };
        self.impact_factors
            .first()
            .map_or(&NOTHING, |worst| &worst.why)
    }
}

/// Likelihood × impact.
pub(crate) fn level(likelihood: u32, impact: Level) -> Level {
    let weight = match impact {
        Level::None => return Level::None,
        Level::Low => return Level::Low,
        Level::Medium => 2,
        Level::High => 3,
        Level::Critical => 4,
    };
    match likelihood.saturating_mul(weight) {
        0..=2 => Level::Low,
        3..=4 => Level::Medium,
        5..=8 => Level::High,
        _ => Level::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::base;

    #[test]
    fn the_table_of_the_formula() {
        use Level::{Critical, High, Low, Medium, None};
        let table = [
            (1, [None, Low, Low, Medium, Medium]),
            (2, [None, Low, Medium, High, High]),
            (3, [None, Low, High, Critical, Critical]),
        ];
        for (likelihood, row) in table {
            for (impact, expected) in Level::ALL.iter().zip(row) {
                assert_eq!(
                    level(likelihood, *impact),
                    expected,
                    "{likelihood} {impact:?}"
                );
            }
        }
    }

    #[test]
    fn the_limits_of_the_likelihood() {
        let table = &base().risk;
        let expected = [(-3, 1), (3, 1), (4, 2), (5, 2), (6, 3), (99, 3)];
        for (points, likelihood) in expected {
            assert_eq!(table.likelihood(points), likelihood, "{points}");
        }
    }

    #[test]
    fn the_worst_reason_decides_and_comes_first() {
        let table = &base().risk;
        let reason = |level, why: &str| Impact {
            level,
            why: Arc::new(Text::same(why)),
        };
        let reasons = vec![
            reason(Level::Low, "c"),
            reason(Level::High, "b"),
            reason(Level::High, "a"),
            reason(Level::High, "a"),
        ];
        let factors = vec![
            Factor::weakness(table, 2),
            Factor::of(table, FactorKey::Crosses),
        ];
        let risk = Risk::new(table, factors, ActorSet::NONE, reasons);
        assert_eq!((risk.points, risk.likelihood), (7, 3));
        assert_eq!((risk.impact, risk.level), (Level::High, Level::Critical));
        let why: Vec<&str> = risk
            .impact_factors
            .iter()
            .map(|i| i.why.en.as_str())
            .collect();
        assert_eq!(why, ["a", "b", "c"]);
    }
}
