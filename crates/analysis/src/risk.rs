//! The risk formula: likelihood × impact, with every factor that went in. Own judgement.
//!
//! Likelihood is 1 to 3: how near an attacker comes, plus what the phase or an open weakness changes.
//! Impact is 1 to 4: the worst among the assets and hazards concerned. The product is *low* up to 2,
//! *medium* up to 4, *high* up to 8, *critical* above; where little can be lost, it stays *low*.

use serde::Serialize;

use crate::language::Text;
use crate::model::Level;

/// How large a risk is, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// 1 to 3.
    pub likelihood: u32,
    /// What makes the likelihood.
    pub likelihood_factors: Vec<Factor>,
    /// How bad it is.
    pub impact: Level,
    /// What makes the impact: the first reason that reaches it.
    pub impact_factor: Text,
    /// Likelihood × impact.
    pub level: Level,
}

/// One thing that went into a likelihood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Factor {
    /// How much it adds.
    pub points: i32,
    /// Why.
    pub why: Text,
}

impl Factor {
    pub(crate) fn new(points: i32, en: &str, ja: &str) -> Self {
        Factor {
            points,
            why: Text::new(en, ja),
        }
    }
}

impl Risk {
    pub(crate) fn new(factors: Vec<Factor>, impacts: Vec<(Level, Text)>) -> Self {
        let points = factors
            .iter()
            .fold(0_i32, |sum, factor| sum.saturating_add(factor.points));
        let likelihood = points.clamp(1, 3).unsigned_abs();
        let mut worst = (Level::None, Text::default());
        for (level, why) in impacts {
            if level > worst.0 {
                worst = (level, why);
            }
        }
        let (impact, impact_factor) = worst;
        Risk {
            likelihood,
            likelihood_factors: factors,
            impact,
            impact_factor,
            level: level(likelihood, impact),
        }
    }
}

fn level(likelihood: u32, impact: Level) -> Level {
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
    fn points_are_kept_between_one_and_three() {
        let risk = |points| {
            let factors = vec![Factor::new(points, "a", "あ")];
            Risk::new(factors, vec![(Level::Low, Text::same("x"))]).likelihood
        };
        assert_eq!((risk(-7), risk(2), risk(9)), (1, 2, 3));
    }
}
