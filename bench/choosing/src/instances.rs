//! Made-up tasks, the same on every machine.

use sekimori_cover::{Candidate, Diversity, Target, Task};

/// Numbers that look random: xorshift64*, as Vigna described it.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`, which is at least 1.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        u32::try_from(number % u64::from(end.max(1))).unwrap_or(0)
    }
}

/// What targets ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One candidate is enough; every strength is 1.
    Plain,
    /// Strengths are 1 to 3, and so are demands.
    Strengths,
    /// As the rule of "enough" asks: half of the targets 1, a quarter 2, a quarter 4 with one of
    /// strength 3 and two groups of five.
    Rules,
}

impl Shape {
    pub(crate) const ALL: [Shape; 3] = [Shape::Plain, Shape::Strengths, Shape::Rules];
}

/// Costs as the catalogue has them, as often as it has them.
const COSTS: [u32; 10] = [1, 2, 3, 3, 5, 5, 5, 8, 8, 13];

/// Each candidate helps each target with a chance of `permille`, with one strength for all of them.
pub(crate) fn random(
    seed: u64,
    candidates: u32,
    targets: u32,
    permille: u32,
    shape: Shape,
) -> Task {
    let mut numbers = Numbers::new(seed + 1);
    let mut task = Task::default();
    for _ in 0..candidates {
        let place = numbers.below(10);
        let cost = COSTS
            .iter()
            .zip(0..)
            .find(|(_, at)| *at == place)
            .map_or(1, |(cost, _)| *cost);
        let strength = match shape {
            Shape::Plain => 1,
            Shape::Strengths | Shape::Rules => 1 + numbers.below(3),
        };
        let group = numbers.below(5);
        let helps = (0..targets)
            .zip(0..)
            .filter(|_| numbers.below(1000) < permille);
        let gives = helps.map(|(_, target)| (target, strength)).collect();
        task.candidates.push(Candidate {
            cost,
            group,
            gives,
            ..Candidate::default()
        });
    }
    for _ in 0..targets {
        task.targets.push(match shape {
            Shape::Plain => Target::strength(1),
            Shape::Strengths => Target::strength(1 + numbers.below(3)),
            Shape::Rules => match numbers.below(4) {
                0 | 1 => Target::strength(1),
                2 => Target::strength(2),
                _ => Target {
                    strength: 4,
                    count: 2,
                    peak: 3,
                    groups: Diversity::Two,
                },
            },
        });
    }
    task
}
