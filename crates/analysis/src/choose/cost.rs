//! What a countermeasure costs at one place: effort, and what it takes of devices and gateway.
//!
//! `effort + ram·w + flash·w + cpu·w + gateway·w + hardware·w·units`, with the weights `w` of the
//! model's `[cost]`, rounded to whole points. Effort counts once for each kind of device, hardware for
//! each unit, by volume: a part is the cheaper the more of it are bought ([`pieces`]). What platform or hardware already
//! have costs the effort of keeping it, and nothing else.

use serde::Serialize;

use crate::knowledge::{Measure, Resources};
use crate::model::{Cost, Points};

/// The parts of a cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Parts {
    /// Effort, in points.
    pub effort: u32,
    /// Memory of the devices.
    pub ram: Points,
    /// Program storage of the devices.
    pub flash: Points,
    /// Processor time of the devices.
    pub cpu: Points,
    /// Load of the gateway.
    pub gateway: Points,
    /// Hardware in all units together.
    pub hardware: Points,
}

impl Parts {
    /// What `measure` costs where `units` devices have it; 0 units means that it is not on a device.
    pub(super) fn of(measure: &Measure, is_provided: bool, units: u32, weights: &Cost) -> Self {
        if is_provided {
            return Parts {
                effort: measure.cost_provided,
                ..Parts::default()
            };
        }
        let Resources {
            ram_kib,
            flash_kib,
            cpu_percent,
            gateway_percent,
            unit,
        } = measure.resources;
        let on_device = u32::from(units > 0);
        let each = unit.thousandths().saturating_mul(pieces(units));
        Parts {
            effort: measure.cost,
            ram: times(weights.ram_kib, ram_kib * on_device),
            flash: times(weights.flash_kib, flash_kib * on_device),
            cpu: times(weights.cpu_percent, cpu_percent * on_device),
            gateway: times(weights.gateway_percent, gateway_percent),
            hardware: Points::from_thousandths(
                u32::try_from(u64::from(each) * u64::from(weights.unit.thousandths()) / 1_000)
                    .unwrap_or(u32::MAX),
            ),
        }
    }

    /// The sum in whole points, half a point up.
    pub fn total(&self) -> u32 {
        let parts = [self.ram, self.flash, self.cpu, self.gateway, self.hardware];
        let thousandths: u64 = parts.iter().map(|part| u64::from(part.thousandths())).sum();
        let whole = u32::try_from((thousandths + 500) / 1_000).unwrap_or(u32::MAX);
        self.effort.saturating_add(whole)
    }
}

/// What so many units count for: the first thousand in full, up to ten thousand by half, up to a hundred thousand by a
/// fifth, and by a tenth beyond. Own judgement, after the price breaks of parts.
fn pieces(units: u32) -> u32 {
    let steps = [(0, 1_000, 1), (1_000, 10_000, 2), (10_000, 100_000, 5)];
    let below = steps.into_iter().map(|(from, to, share)| {
        let within = units.min(to).saturating_sub(from);
        within / share
    });
    below.sum::<u32>() + units.saturating_sub(100_000) / 10
}

fn times(weight: Points, amount: u32) -> Points {
    Points::from_thousandths(weight.thousandths().saturating_mul(amount))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge;

    fn check(is_provided: bool, units: u32, expected: u32) {
        let mut measure = knowledge::base().measures["CM-ENC"].clone();
        measure.cost = 8;
        measure.cost_provided = 1;
        measure.resources = Resources {
            ram_kib: 30,
            flash_kib: 100,
            cpu_percent: 4,
            gateway_percent: 1,
            unit: Points::from_thousandths(2),
        };
        let parts = Parts::of(&measure, is_provided, units, &Cost::default());
        assert_eq!(parts.total(), expected, "{parts:?}");
    }

    #[test]
    fn every_part_counts_where_it_belongs() {
        // 8 + 30·0.02 + 100·0.005 + 4·0.1 + 1·0.2 + 2/1000·2500 = 8 + 0.6 + 0.5 + 0.4 + 0.2 + 5
        check(false, 4000, 15);
        check(false, 1, 10);
        check(false, 0, 8);
        check(true, 4000, 1);
    }

    #[test]
    fn a_part_is_the_cheaper_the_more_are_bought() {
        let expected = [
            (1, 1),
            (1_000, 1_000),
            (4_000, 2_500),
            (50_000, 13_500),
            (300_000, 43_500),
            (u32::MAX, 429_510_229),
        ];
        for (units, counted) in expected {
            assert_eq!(pieces(units), counted, "{units}");
        }
    }

    #[test]
    fn numbers_at_their_end_stay_there() {
        let most = Points::from_thousandths(u32::MAX);
        let parts = Parts {
            effort: u32::MAX,
            hardware: most,
            ram: most,
            ..Parts::default()
        };
        assert_eq!(parts.total(), u32::MAX);
    }
}
