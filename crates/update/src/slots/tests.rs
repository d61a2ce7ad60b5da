use super::*;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

fn release(counter: u64, metadata_version: u64, content: u8) -> Installed {
    Installed {
        product: "sensor".to_string(),
        version: "1.0.0".to_string(),
        counter,
        metadata_version,
        targets_sha256: [content; 32],
    }
}

fn limits() -> Limits {
    Limits {
        attempts: 2,
        confirm_within_seconds: 60,
        write_attempts: 2,
    }
}

/// A device that confirmed these releases, one after the other.
fn device(releases: &[Installed]) -> SlotState {
    let mut state = SlotState::new(limits());
    for release in releases {
        state.begin(release).unwrap();
        state.written().unwrap();
        assert!(state.boot().trial);
        state.confirm().unwrap();
    }
    state
}

#[test]
fn a_good_release_stays() {
    let mut state = SlotState::new(limits());
    assert_eq!(state.boot().slot, None);
    assert_eq!(state.begin(&release(1, 1, 1)), Ok(Slot::A));
    assert_eq!(
        state.running(),
        None,
        "the old program runs while the new one is written"
    );
    state.written().unwrap();
    let decision = state.boot();
    assert_eq!((decision.slot, decision.trial), (Some(Slot::A), true));
    assert_eq!(decision.confirm_within, Some(Duration::from_secs(60)));
    state.confirm().unwrap();
    let decision = state.boot();
    assert_eq!((decision.slot, decision.trial), (Some(Slot::A), false));
    assert_eq!(decision.confirm_within, None);
    assert_eq!(state.begin(&release(1, 2, 2)), Ok(Slot::B));
}

#[test]
fn a_bad_release_is_left_with_its_reason_and_not_taken_again() {
    let (good, bad) = (release(1, 1, 1), release(1, 2, 2));
    let mut state = device(core::slice::from_ref(&good));
    state.begin(&bad).unwrap();
    state.written().unwrap();
    state.boot();
    let reason = Reason::SelfTestFailed("settings: interval is 0".to_string());
    let left = state.fail(reason.clone()).unwrap();
    assert_eq!(
        left,
        RolledBack {
            release: bad.clone(),
            reason: reason.clone()
        }
    );
    assert_eq!(state.boot().slot, Some(Slot::A));
    assert_eq!(state.last_rolled_back(), Some(&left));
    assert_eq!(state.begin(&bad), Err(Refusal::FailedBefore(reason)));
    // The same software signed again is another offer.
    assert_eq!(state.begin(&release(1, 3, 3)), Ok(Slot::B));
}

#[test]
fn a_release_that_never_answers_uses_up_its_starts() {
    let (good, silent) = (release(1, 1, 1), release(2, 2, 2));
    let mut state = device(core::slice::from_ref(&good));
    state.begin(&silent).unwrap();
    state.written().unwrap();
    for _ in 0..2 {
        assert_eq!(state.boot().slot, Some(Slot::B));
    }
    let decision = state.boot();
    assert_eq!((decision.slot, decision.trial), (Some(Slot::A), false));
    let reason = Reason::AttemptsUsedUp;
    assert_eq!(
        decision.rolled_back,
        Some(RolledBack {
            release: silent,
            reason
        })
    );
    assert_eq!(state.boot().rolled_back, None, "told once");
    assert_eq!(state.highest_counter(), 1, "a trial does not count");
}

#[test]
fn a_writing_that_never_ends_is_given_up() {
    let mut state = device(&[release(1, 1, 1)]);
    state.begin(&release(1, 2, 2)).unwrap();
    for _ in 0..2 {
        assert_eq!(state.boot().rolled_back, None);
        assert!(matches!(state.phase(), Phase::Writing { .. }));
    }
    let left = state.boot().rolled_back.map(|left| left.reason);
    assert_eq!(left, Some(Reason::NeverWritten));
    assert_eq!(state.running(), Some(Slot::A));
}

#[test]
fn what_was_set_aside_may_come_again() {
    let mut state = device(&[release(1, 1, 1)]);
    state.begin(&release(1, 2, 2)).unwrap();
    state.set_aside().unwrap();
    assert_eq!(state.set_aside(), Err(OutOfTurn("set aside")));
    assert_eq!(state.installed(Slot::B), None);
    assert_eq!(state.begin(&release(1, 2, 2)), Ok(Slot::B));
}

#[test]
fn older_and_foreign_offers_are_refused() {
    let mut state = device(&[release(1, 1, 1), release(5, 7, 2)]);
    let check = |state: &SlotState, offer: &Installed, refusal: Refusal| {
        assert_eq!(state.evaluate(offer), Err(refusal));
    };
    check(
        &state,
        &release(4, 9, 3),
        Refusal::Older {
            offered: 4,
            floor: 5,
        },
    );
    check(
        &state,
        &release(5, 6, 3),
        Refusal::OlderMetadata {
            offered: 6,
            floor: 7,
        },
    );
    check(&state, &release(5, 7, 2), Refusal::AlreadyInstalled);
    let foreign = Installed {
        product: "door".to_string(),
        ..release(9, 9, 9)
    };
    let expected = "sensor".to_string();
    check(
        &state,
        &foreign,
        Refusal::WrongProduct {
            offered: "door".to_string(),
            expected,
        },
    );
    state.begin(&release(5, 7, 3)).unwrap();
    check(&state, &release(9, 9, 9), Refusal::Busy);
}

#[test]
fn the_floor_rises_only_when_both_slots_satisfy_it() {
    let mut state = device(&[release(1, 1, 1), release(5, 2, 2)]);
    assert_eq!((state.floor(), state.highest_counter()), (1, 5));
    // So the way back is open, and the offer of an older one is not.
    let mut fallen = state.clone();
    assert_eq!(
        fallen.fall_back(Reason::Crashed("exit 1".to_string())),
        Ok(Slot::A)
    );
    assert_eq!(fallen.boot().slot, Some(Slot::A));
    assert!(matches!(
        fallen.evaluate(&release(4, 9, 9)),
        Err(Refusal::Older { .. })
    ));
    assert!(
        fallen.fall_back(Reason::DeadlinePassed).is_err(),
        "nothing is left to fall back to"
    );

    state.begin(&release(6, 3, 3)).unwrap();
    assert_eq!(state.floor(), 1, "written is not confirmed");
    state.written().unwrap();
    state.confirm().unwrap();
    assert_eq!((state.floor(), state.highest_counter()), (5, 6));
}

#[test]
fn verbs_out_of_turn_change_nothing() {
    let mut state = device(&[release(1, 1, 1)]);
    let before = state.clone();
    assert_eq!(state.written(), Err(OutOfTurn("written")));
    assert_eq!(state.confirm(), Err(OutOfTurn("confirm")));
    assert_eq!(state.fail(Reason::DeadlinePassed), Err(OutOfTurn("fail")));
    assert!(state.fall_back(Reason::DeadlinePassed).is_err());
    assert_eq!(state, before);
}

#[test]
fn an_unreadable_file_is_not_an_absent_one() {
    let state = device(&[release(1, 1, 1), release(5, 2, 2)]);
    let bytes = state.encode();
    assert_eq!(SlotState::decode(&bytes), Ok(state.clone()));
    assert!(matches!(
        SlotState::decode(b""),
        Err(Unreadable::Malformed(_))
    ));
    for end in 0..bytes.len() - 1 {
        assert!(SlotState::decode(&bytes[..end]).is_err(), "torn at {end}");
    }
    let text = String::from_utf8(bytes).unwrap();
    let changed = text.replace("\"floor\":1", "\"floor\":0");
    assert_eq!(
        SlotState::decode(changed.as_bytes()),
        Err(Unreadable::Checksum)
    );
    let newer = text.replace("\"schema\":1", "\"schema\":2");
    assert_eq!(
        SlotState::decode(newer.as_bytes()),
        Err(Unreadable::Schema(2))
    );

    let contradicting = SlotState { b: None, ..state };
    assert!(matches!(
        SlotState::decode(&contradicting.encode()),
        Err(Unreadable::Contradiction(_))
    ));
}

#[test]
fn after_a_lost_file_the_newer_slot_must_prove_itself_and_nothing_older_is_taken() {
    let (old, new) = (release(1, 1, 1), release(5, 2, 2));
    let mut state = SlotState::recover(limits(), Some(new), Some(old));
    assert_eq!(SlotState::decode(&state.encode()), Ok(state.clone()));
    let decision = state.boot();
    assert_eq!((decision.slot, decision.trial), (Some(Slot::A), true));
    state.fail(Reason::DeadlinePassed).unwrap();
    assert_eq!(state.boot().slot, Some(Slot::B));
    assert!(matches!(
        state.evaluate(&release(4, 9, 9)),
        Err(Refusal::Older { .. })
    ));

    let alone = SlotState::recover(limits(), None, Some(release(1, 1, 1))).boot();
    assert_eq!((alone.slot, alone.trial), (Some(Slot::B), true));

    // A device that has forgotten everything is not a new one, which would take any old release.
    let mut forgotten = SlotState::recover(limits(), None, None);
    assert_eq!(
        SlotState::decode(&forgotten.encode()),
        Ok(forgotten.clone())
    );
    assert_eq!(forgotten.boot().slot, None, "the launcher's own program");
    for offered in [release(1, 1, 1), release(9, 9, 9)] {
        assert_eq!(forgotten.begin(&offered), Err(Refusal::HistoryLost));
    }
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let mut state = device(&[]);
    state.begin(&release(1, 1, 1)).unwrap();
    let left = state.fail(Reason::Crashed("関".repeat(200))).unwrap();
    let Reason::Crashed(what) = left.reason else {
        panic!()
    };
    assert_eq!(what, "関".repeat(MAX_REASON / 3));
}

/// What is in a slot's folder.
#[derive(Debug, Clone, PartialEq)]
enum Files {
    None,
    Partial,
    Complete(Installed),
}

/// A device with a disk, and a simple account of what must be true of it.
struct World {
    disk: Vec<u8>,
    files: [Files; 2],
    running: BootDecision,
    /// Every release that was ever confirmed, in order.
    confirmed: Vec<Installed>,
    /// What runs when no update is under way.
    home: Option<Installed>,
    starts_of_trial: u8,
}

#[derive(Debug, Clone, Copy)]
enum Cut {
    No,
    BeforeWrite,
    AfterWrite,
}

#[derive(Debug, Clone)]
enum Operation {
    Offer(Installed),
    /// Whatever brings the update a step further.
    Advance,
    Write,
    Finish,
    Reboot,
    Confirm,
    Fail,
    SetAside,
    FallBack,
}

impl World {
    fn new() -> Self {
        let mut state = SlotState::new(limits());
        let running = state.boot();
        Self {
            disk: state.encode(),
            files: [Files::None, Files::None],
            running,
            confirmed: vec![],
            home: None,
            starts_of_trial: 0,
        }
    }

    fn state(&self) -> SlotState {
        SlotState::decode(&self.disk).expect("every written state reads back")
    }

    fn files(&mut self, slot: Slot) -> &mut Files {
        let [a, b] = &mut self.files;
        match slot {
            Slot::A => a,
            Slot::B => b,
        }
    }

    /// Persists `next`, or not; says whether the device is still on to act on it.
    fn persist(&mut self, next: &SlotState, cut: Cut) -> bool {
        if !matches!(cut, Cut::BeforeWrite) {
            self.check_step(next);
            self.disk = next.encode();
        }
        matches!(cut, Cut::No)
    }

    fn check_step(&self, next: &SlotState) {
        let before = self.state();
        assert!(next.floor() >= before.floor(), "the floor never falls");
        assert!(next.highest_counter() >= before.highest_counter());
        assert!(next.floor() <= next.highest_counter());
    }

    fn boot(&mut self) {
        let mut state = self.state();
        let decision = state.boot();
        self.check_step(&state);
        self.disk = state.encode();
        if let Some(slot) = decision.slot {
            let held = state
                .installed(slot)
                .cloned()
                .expect("what starts is installed");
            assert_eq!(
                *self.files(slot),
                Files::Complete(held.clone()),
                "and completely written"
            );
            assert!(held.counter >= state.floor());
            if decision.trial {
                self.starts_of_trial += 1;
                assert!(self.starts_of_trial <= limits().attempts, "a trial ends");
            } else {
                assert_eq!(Some(&held), self.home.as_ref(), "what was confirmed runs");
            }
        } else {
            assert!(!decision.trial);
            assert_eq!(self.home, None);
        }
        self.running = decision;
    }

    fn step_forward(&mut self) -> Operation {
        match self.state().phase() {
            Phase::Writing { to, .. } if *self.files(*to) == Files::Partial => Operation::Write,
            Phase::Writing { .. } => Operation::Finish,
            Phase::Trial { .. } if !self.running.trial => Operation::Reboot,
            _ => Operation::Confirm,
        }
    }

    fn apply(&mut self, operation: &Operation, cut: Cut) {
        let mut next = self.state();
        let on = match operation {
            Operation::Offer(release) => {
                let highest = self.confirmed.iter().map(|release| release.counter).max();
                match next.begin(release) {
                    Ok(slot) => {
                        assert!(Some(release.counter) >= highest, "an older one is refused");
                        assert_ne!(
                            Some(slot),
                            self.running.slot,
                            "what runs is not overwritten"
                        );
                        let on = self.persist(&next, cut);
                        if !matches!(cut, Cut::BeforeWrite) {
                            self.starts_of_trial = 0;
                            // The writing may have got anywhere before the power went.
                            *self.files(slot) = Files::Partial;
                        }
                        on
                    }
                    Err(_) => true,
                }
            }
            Operation::Advance => unreachable!("it stands for another"),
            Operation::Write => {
                if let Phase::Writing { to, release, .. } = next.phase() {
                    *self.files(*to) = Files::Complete(release.clone());
                }
                matches!(cut, Cut::No)
            }
            Operation::Finish => match next.phase().clone() {
                // The shell measures before it says so.
                Phase::Writing { to, release, .. }
                    if *self.files(to) == Files::Complete(release.clone()) =>
                {
                    next.written().unwrap();
                    self.persist(&next, cut)
                }
                _ => true,
            },
            Operation::Reboot => false,
            Operation::Confirm if self.running.trial => match next.confirm() {
                Ok(()) => {
                    let on = self.persist(&next, cut);
                    if !matches!(cut, Cut::BeforeWrite) {
                        let slot = self.running.slot.unwrap();
                        self.home = next.installed(slot).cloned();
                        self.confirmed.extend(self.home.clone());
                        self.running.trial = false;
                    }
                    on
                }
                Err(_) => true,
            },
            Operation::Confirm => true,
            Operation::Fail => {
                let ran = self.running.trial;
                match next.fail(Reason::DeadlinePassed) {
                    Ok(_) => self.persist(&next, cut) && !ran,
                    Err(_) => true,
                }
            }
            Operation::SetAside => match next.set_aside() {
                Ok(()) => self.persist(&next, cut),
                Err(_) => true,
            },
            Operation::FallBack => match next.fall_back(Reason::Crashed(String::new())) {
                Ok(slot) => {
                    let held = next
                        .installed(slot)
                        .expect("there is something to fall back to");
                    assert!(self.confirmed.contains(held), "only what was confirmed");
                    self.persist(&next, cut);
                    if !matches!(cut, Cut::BeforeWrite) {
                        self.home = next.installed(slot).cloned();
                    }
                    false
                }
                Err(_) => true,
            },
        };
        if !on {
            self.boot();
        }
        let highest = self
            .confirmed
            .iter()
            .map(|release| release.counter)
            .max()
            .unwrap_or(0);
        assert_eq!(self.state().highest_counter(), highest);
    }
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let offer = (0_u64..5, 0_u64..5, 0_u8..12).prop_map(|(counter, metadata, content)| {
        // Mostly rising, so that more than one is taken.
        let rising = u64::from(content) / 3;
        Operation::Offer(release(counter.max(rising), metadata.max(rising), content))
    });
    prop_oneof![
        6 => offer,
        18 => Just(Operation::Advance),
        1 => Just(Operation::Write),
        1 => Just(Operation::Finish),
        2 => Just(Operation::Reboot),
        1 => Just(Operation::Confirm),
        1 => Just(Operation::Fail),
        1 => Just(Operation::SetAside),
        1 => Just(Operation::FallBack),
    ]
}

fn any_cut() -> impl Strategy<Value = Cut> {
    prop_oneof![8 => Just(Cut::No), 1 => Just(Cut::BeforeWrite), 1 => Just(Cut::AfterWrite)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_device_always_starts_what_was_confirmed_or_is_on_trial(
        operations in prop::collection::vec((any_operation(), any_cut()), 1..80),
    ) {
        let mut world = World::new();
        for (operation, cut) in &operations {
            let operation = match operation {
                Operation::Advance => world.step_forward(),
                other => other.clone(),
            };
            world.apply(&operation, *cut);
        }
        // Left alone, every update ends.
        let most = usize::from(limits().attempts + limits().write_attempts) + 2;
        for _ in 0..most {
            world.boot();
        }
        let state = world.state();
        let ended = matches!(state.phase(), Phase::Empty | Phase::Confirmed { .. });
        prop_assert!(ended, "{:?}", state);
    }

    #[test]
    fn reading_never_panics(bytes: Vec<u8>) {
        prop_assert!(SlotState::decode(&bytes).is_err());
    }
}
