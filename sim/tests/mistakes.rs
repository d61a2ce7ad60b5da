//! Can the simulation find bugs? Each mistake is built into the world, and has to be found by the invariant that it
//! breaks, within a few seeds.

use sekimori_sim::{Mistake, Plan, generate, run, shrink};

/// The most seeds that a mistake may survive.
const SEEDS: u64 = 60;

/// The first plan in which the mistake shows, and the invariant that saw it.
fn first(mistake: Mistake) -> Option<(Plan, &'static str)> {
    (0..SEEDS).find_map(|seed| {
        let mut plan = generate(seed);
        plan.mistake = Some(mistake);
        let violation = run(&plan).violation?;
        Some((plan, violation.invariant))
    })
}

fn check(mistake: Mistake, expected: &[&str]) {
    let Some((plan, found)) = first(mistake) else {
        panic!("{mistake} survives {SEEDS} seeds");
    };
    assert!(
        expected.contains(&found),
        "{mistake} is found by {found}, not by {expected:?}, in\n{plan}"
    );
    let mut without = plan;
    without.mistake = None;
    let violation = run(&without).violation;
    assert_eq!(violation, None, "the same world without {mistake}");
}

macro_rules! mistakes {
    ($($name:ident: $mistake:ident is found by $expected:expr;)+) => {
        $(#[test]
        fn $name() {
            check(Mistake::$mistake, &$expected);
        })+

        #[test]
        fn every_mistake_has_its_test() {
            let tested = [$(Mistake::$mistake,)+];
            for mistake in Mistake::ALL {
                assert!(tested.contains(mistake), "{mistake}");
            }
        }
    };
}

mistakes! {
    acknowledging_before_storing: AcknowledgeBeforeStore is found by ["acknowledged-is-stored"];
    forgetting_what_was_stored: ReplayWindowOff is found by ["stored-once"];
    forgetting_the_counter: FloorIgnored is found by ["slots"];
    handing_out_before_the_cosignature: CertificateBeforeCosignature is found by ["cosigned-before-handed-out"];
    leaving_the_session_of_a_revoked_device: RevokedStaysConnected is found by ["revoked-stores-nothing"];
    not_telling_of_a_containment: ContainmentUntold is found by ["contained-stores-only-platform"];
    losing_an_event: EventLost is found by ["one-refusal-one-event"];
    not_counting_starts: BootNotCounted is found by ["acknowledged-is-stored"];
    updating_in_place: UpdateInPlace is found by ["slots"];
    storing_in_another_order: BatchReversed is found by ["in-order"];
}

#[test]
fn a_failing_plan_gets_shorter_and_still_fails() {
    let (plan, invariant) = first(Mistake::RevokedStaysConnected).expect("it is found");
    let short = shrink(&plan);
    assert!(short.operations.len() <= 8, "{short}");
    assert!(short.operations.len() < plan.operations.len(), "{short}");
    let violation = run(&short).violation.expect("it still fails");
    assert_eq!(violation.invariant, invariant);
    let read: Plan = short.to_string().parse().expect("a plan is text");
    assert_eq!(read, short);
}
