//! A plan from a seed: what happens to a fleet on a bad day.

use crate::operation::Operation;
use crate::plan::Plan;
use crate::random::Random;
use crate::words::{
    Act, Cut, Direction, Half, Harm, Intruder, Moment, Order, PolicyKind, Reading, ReleaseKind,
    Side, Target,
};

/// The plan of a seed.
#[must_use]
pub fn generate(seed: u64) -> Plan {
    let mut random = Random::new(seed ^ 0x9E4E_7A7E);
    let mut plan = Plan::quiet(seed);
    plan.units = if random.once_in(3) { 3 } else { 2 };
    plan.p256 = random.once_in(8);
    plan.certificate_life = random.pick(&[240, 3_600, 86_400]).unwrap_or(3_600);
    let operations = &mut plan.operations;
    if !random.once_in(8) {
        operations.push(Operation::Apply(PolicyKind::Standard));
    }
    // Some runs join in trouble, most in peace.
    if random.once_in(3) {
        for _ in 0..random.below(3) {
            operations.extend(trouble(&mut random, plan.units));
        }
    }
    for unit in 0..plan.units {
        operations.push(Operation::Invite(unit));
        if random.once_in(2) {
            operations.push(Operation::Advance(random.between(20, 2_000)));
        }
    }
    let count = random.between(8, 26);
    for _ in 0..count {
        operations.extend(trouble(&mut random, plan.units));
        let millis = match random.below(12) {
            0 => random.between(20_000, 90_000),
            1..=3 => random.between(1, 200),
            _ => random.between(200, 9_000),
        };
        operations.push(Operation::Advance(millis));
    }
    plan
}

/// One or a few operations that belong together.
fn trouble(random: &mut Random, units: usize) -> Vec<Operation> {
    use Operation as O;
    let unit = usize::try_from(random.below(units as u64)).unwrap_or(0);
    let word = |random: &mut Random| random.between(100, 30_000);
    let direction = pick(random, Direction::ALL);
    match random.below(60) {
        0..=3 => vec![O::Cut(unit, pick(random, Side::ALL))],
        4..=6 => vec![O::Part(unit), O::Advance(word(random)), O::Mend(unit)],
        7 => vec![O::Part(unit)],
        8 => vec![O::Mend(unit)],
        9 => vec![O::Slow(unit, random.between(50, 4_000))],
        10 => vec![O::Harm(unit, direction, pick(random, Harm::ALL))],
        11 => vec![O::Drop(unit, direction)],
        12..=13 => vec![O::Lose(unit, pick(random, Half::ALL))],
        14 => {
            let day = 86_400_i64;
            let seconds = [
                -3_600,
                3_600,
                -30 * day,
                30 * day,
                4_000 * day,
                -20_000 * day,
            ];
            vec![O::Clock(unit, random.pick(&seconds).unwrap_or(0))]
        }
        15..=20 => {
            let writes = u32::try_from(random.below(9)).unwrap_or(0);
            let downtime = random.between(100, 20_000);
            vec![O::Crash(unit, writes, pick(random, Cut::ALL), downtime)]
        }
        21 => vec![O::Full(unit, random.between(500, 20_000))],
        22..=26 => vec![O::Tamper(unit, pick(random, Target::ALL))],
        27..=31 => {
            let downtime = random.between(100, 15_000);
            vec![O::ServerCrash(pick(random, Moment::ALL), downtime)]
        }
        32 => vec![O::WitnessDown, O::Advance(word(random)), O::WitnessUp],
        33 => vec![O::WitnessLosesAnswer],
        34 => vec![O::Revoke(unit)],
        35 => vec![O::Suspend(unit)],
        36 => vec![O::Resume(unit)],
        37..=40 => vec![
            O::Publish(ReleaseKind::Good),
            O::Advance(random.between(100, 25_000)),
        ],
        41..=44 => vec![O::Publish(pick(random, ReleaseKind::ALL))],
        45 => vec![O::Apply(pick(random, PolicyKind::ALL))],
        46..=47 => vec![O::Order(unit, pick(random, Order::ALL))],
        48 => vec![O::TakeOver(unit)],
        49..=52 => vec![
            O::Rogue(pick(random, Act::ALL)),
            O::Rogue(pick(random, Act::ALL)),
        ],
        53 => vec![
            O::Rogue(Act::Report),
            O::Advance(random.between(1_000, 6_000)),
            O::Rogue(pick(random, &[Act::Replay, Act::Resend])),
        ],
        54 => vec![
            O::Rogue(Act::Deviating),
            O::Advance(random.between(1, 40)),
            O::Rogue(Act::Report),
            O::Rogue(Act::Report),
        ],
        55 => vec![O::Stranger(pick(random, Intruder::ALL))],
        56..=57 => vec![O::Read(unit, pick(random, Reading::ALL))],
        58 => vec![O::Guess(unit)],
        _ => vec![O::Invite(unit)],
    }
}

fn pick<T: Copy>(random: &mut Random, all: &[T]) -> T {
    random.pick(all).expect("every enumeration has a word")
}
