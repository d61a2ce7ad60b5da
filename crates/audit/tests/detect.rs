//! Detectors against simple models, and the story of a case.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use sekimori_audit::case::{Cases, Durations, MAX_STEPS, QUIET, State, Subject};
use sekimori_audit::detect::{
    Alert, DEVIATIONS, Detection, Detectors, OnBurst, PASSED, Pattern, SELF_TEST, Thresholds,
};
use sekimori_audit::{Case, Code, Containment, Event};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn wall(now: Duration) -> Timestamp {
    Timestamp::UNIX_EPOCH + now
}

fn event(code: Code, device: &str) -> Event {
    Event::new(Timestamp::UNIX_EPOCH, code).with_device(device)
}

fn found(detectors: &mut Detectors, now: Duration, event: &Event) -> Vec<Detection> {
    detectors.handle(now, event);
    std::iter::from_fn(|| detectors.poll()).collect()
}

fn contain(device: &str, why: &str) -> Vec<Detection> {
    let (device, why) = (device.into(), why.into());
    vec![Detection::Containment(Containment::Contain { device, why })]
}

fn release(device: &str) -> Vec<Detection> {
    let device = device.into();
    vec![Detection::Containment(Containment::Release { device })]
}

#[test]
fn a_deviation_contains_once_and_only_a_tested_restore_releases() {
    let mut detectors = Detectors::default();
    let mut see = |event: Event| found(&mut detectors, seconds(1), &event);
    let deviation =
        || event(Code::IntegrityDeviation, "dev-0001").with_detail(DEVIATIONS, "etc/settings.toml");
    assert_eq!(see(deviation()), contain("dev-0001", "etc/settings.toml"));
    assert_eq!(see(deviation()), []);
    // A test before the restore says nothing, whoever reports it.
    assert_eq!(
        see(event(Code::IntegrityMeasured, "dev-0001").with_detail(SELF_TEST, PASSED)),
        []
    );
    assert_eq!(see(event(Code::IntegrityRestored, "dev-0001")), []);
    assert_eq!(
        see(event(Code::IntegrityMeasured, "dev-0001")
            .with_detail(SELF_TEST, "failed: sensor does not answer")),
        []
    );
    assert_eq!(
        see(event(Code::IntegrityMeasured, "dev-0002").with_detail(SELF_TEST, PASSED)),
        []
    );
    // Another deviation begins again.
    assert_eq!(see(deviation()), []);
    assert_eq!(
        see(event(Code::IntegrityMeasured, "dev-0001").with_detail(SELF_TEST, PASSED)),
        []
    );
    assert_eq!(
        see(event(Code::IntegrityRestored, "dev-0001").with_detail(SELF_TEST, PASSED)),
        release("dev-0001")
    );
    assert_eq!(
        see(event(Code::IntegrityRestored, "dev-0001").with_detail(SELF_TEST, PASSED)),
        []
    );
    assert_eq!(see(deviation()), contain("dev-0001", "etc/settings.toml"));
}

#[test]
fn a_containment_survives_a_restart_and_yields_to_people() {
    let mut detectors = Detectors::default();
    detectors.resume("dev-0001");
    detectors.resume("dev-0002");
    let restored = |name| event(Code::IntegrityRestored, name).with_detail(SELF_TEST, PASSED);
    assert_eq!(
        found(&mut detectors, seconds(1), &restored("dev-0001")),
        release("dev-0001")
    );
    let lifted = event(Code::ContainmentLifted, "dev-0002");
    assert_eq!(found(&mut detectors, seconds(1), &lifted), []);
    assert_eq!(found(&mut detectors, seconds(1), &restored("dev-0002")), []);
    assert!(detectors.contained().is_empty());
}

#[test]
fn refusals_in_a_burst_raise_one_alert_for_each_window() {
    let mut detectors = Detectors::default();
    let mut alerts = Vec::new();
    for second in 0..180 {
        let refused = event(Code::MessageRefused, "dev-0001").with_source("192.0.2.1");
        alerts.extend(
            found(&mut detectors, seconds(second), &refused)
                .into_iter()
                .map(|detection| (second, detection)),
        );
    }
    let alert = |second| {
        (
            second,
            Detection::Alert(Alert {
                pattern: Pattern::RefusalBurst,
                device: Some("dev-0001".into()),
                source: None,
                count: 20,
                window: seconds(60),
            }),
        )
    };
    assert_eq!(alerts, [alert(19), alert(98), alert(177)]);
}

#[test]
fn failures_to_enroll_are_counted_by_source() {
    let mut detectors = Detectors::default();
    let failure =
        |source: &str| Event::new(Timestamp::UNIX_EPOCH, Code::EnrollRefused).with_source(source);
    for second in 0..4 {
        assert_eq!(
            found(&mut detectors, seconds(second), &failure("192.0.2.1")),
            []
        );
        assert_eq!(
            found(&mut detectors, seconds(second), &failure("192.0.2.2")),
            []
        );
    }
    let raised = found(&mut detectors, seconds(599), &failure("192.0.2.1"));
    let [Detection::Alert(alert)] = &raised[..] else {
        panic!("{raised:?}")
    };
    assert_eq!(
        (alert.pattern, alert.count),
        (Pattern::EnrollmentFailures, 5)
    );
    let event = alert.to_event(Timestamp::UNIX_EPOCH);
    assert_eq!(event.reason.as_deref(), Some("enrollment-failures"));
    assert_eq!(event.source.as_deref(), Some("192.0.2.1"));
    // The first four of the other source are out of the window by now.
    assert_eq!(
        found(&mut detectors, seconds(700), &failure("192.0.2.2")),
        []
    );
}

proptest! {
    /// Model: all events of one subject, counted anew each time; silent for a window after an alert.
    #[test]
    fn a_burst_agrees_with_a_list_of_everything(
        steps in proptest::collection::vec((0_u64..4_000, 1_u32..4, 0_u8..3), 0..300),
        threshold in 1_u32..20,
    ) {
        let window = seconds(10);
        let thresholds = Thresholds { refusals: threshold, refusal_window: window, ..Thresholds::default() };
        let mut detectors = Detectors::new(thresholds);
        let mut now = Duration::ZERO;
        let mut history: Vec<Vec<(Duration, u32)>> = vec![vec![]; 3];
        let mut silent = [Duration::ZERO; 3];
        for (gap, count, who) in steps {
            now += Duration::from_millis(gap);
            let mut refused = event(Code::MessageRefused, &format!("dev-{who}"));
            refused.count = count;
            let who = usize::from(who);
            let mut expected = None;
            if now >= silent[who] {
                history[who].push((now, count));
                let recent = history[who].iter().filter(|(at, _)| now - *at < window);
                let total: u32 = recent.map(|(_, count)| count).sum();
                if total >= threshold {
                    expected = Some(total);
                    history[who].clear();
                    silent[who] = now + window;
                }
            }
            let raised = found(&mut detectors, now, &refused);
            let counts: Vec<_> = raised.iter().map(|detection| match detection {
                Detection::Alert(alert) => alert.count,
                Detection::Containment(_) => 0,
            }).collect();
            prop_assert_eq!(counts, expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn strangers_without_end_take_no_memory_without_end(addresses in proptest::collection::vec(0_u16.., 1..400)) {
        let thresholds = Thresholds { watched: 16, ..Thresholds::default() };
        let mut detectors = Detectors::new(thresholds);
        for address in addresses {
            let refused = Event::new(Timestamp::UNIX_EPOCH, Code::TlsRefused).with_source(address.to_string());
            detectors.handle(seconds(1), &refused);
            prop_assert!(detectors.watched() <= 16);
        }
    }
}

#[test]
fn a_flood_of_addresses_does_not_hide_a_device() {
    let thresholds = Thresholds {
        watched: 4,
        refusals: 3,
        ..Thresholds::default()
    };
    let mut detectors = Detectors::new(thresholds);
    let mut alerts = 0;
    for number in 0..3 {
        let refused = event(Code::MessageRefused, "dev-0001");
        alerts += found(&mut detectors, seconds(number), &refused).len();
        for address in 0..50 {
            let stranger = Event::new(Timestamp::UNIX_EPOCH, Code::TlsRefused)
                .with_source(format!("{number}-{address}"));
            found(&mut detectors, seconds(number), &stranger);
        }
    }
    assert_eq!(alerts, 1);
}

fn recorded(sequence: u64, at: u64, code: Code) -> Event {
    let mut event = Event::new(wall(Duration::from_millis(at)), code).with_device("dev-0001");
    event.sequence = sequence;
    event
}

#[test]
fn a_case_tells_the_story_with_its_times() {
    let mut cases = Cases::new();
    assert_eq!(cases.handle(&recorded(1, 0, Code::SessionOpened)), None);
    let story = [
        (2, 1_000, Code::IntegrityDeviation),
        (3, 1_040, Code::ContainmentBegun),
        (4, 1_100, Code::MessagePermitted),
        (5, 1_800, Code::IntegrityRestored),
        (6, 1_950, Code::ContainmentLifted),
    ];
    let mut last = None;
    for (sequence, at, code) in story {
        last = cases.handle(&recorded(sequence, at, code)).or(last);
    }
    let case = last.expect("a case was opened");
    assert_eq!(case.id, 2);
    assert_eq!(case.subject, Subject::Device("dev-0001".into()));
    assert_eq!(
        case.timeline
            .iter()
            .map(|step| step.sequence)
            .collect::<Vec<_>>(),
        [2, 3, 5, 6]
    );
    let milliseconds = |millis| Some(Duration::from_millis(millis));
    assert_eq!(
        case.durations(),
        Durations {
            contained: milliseconds(40),
            restored: milliseconds(800),
            closed: milliseconds(950),
        }
    );
    assert!(matches!(case.state, State::Healed { .. }));
    assert_eq!(cases.iter().count(), 0);
    let text = serde_json::to_string(&case).expect("cases have a JSON form");
    assert_eq!(
        serde_json::from_str::<Case>(&text).expect("reads back"),
        case
    );
    assert_eq!(cases.handle(&recorded(7, 2_000, Code::SessionOpened)), None);
}

#[test]
fn a_burst_closes_by_itself_and_a_deviation_does_not() {
    let mut cases = Cases::new();
    let mut alert = Event::new(wall(seconds(10)), Code::AlertRaised).with_source("192.0.2.1");
    alert.sequence = 1;
    assert!(cases.handle(&alert).is_some());
    assert!(
        cases
            .handle(&recorded(2, 10_000, Code::IntegrityDeviation))
            .is_some()
    );
    assert!(cases.expire(wall(seconds(9) + QUIET)).is_empty());
    let closed = cases.expire(wall(seconds(10) + QUIET));
    assert_eq!(closed.iter().map(|case| case.id).collect::<Vec<_>>(), [1]);
    assert_eq!(
        closed[0].state,
        State::Quiet {
            at: wall(seconds(10))
        }
    );
    assert_eq!(cases.iter().map(|case| case.id).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_long_story_is_bounded_and_still_ends() {
    let mut cases = Cases::new();
    cases.handle(&recorded(1, 0, Code::IntegrityDeviation));
    for sequence in 2..1_000 {
        cases.handle(&recorded(sequence, sequence, Code::MessageRefused));
    }
    // What matters is still told after a flood.
    let contained = cases.handle(&recorded(1_000, 1_000, Code::ContainmentBegun));
    assert!(
        contained
            .expect("the case is open")
            .durations()
            .contained
            .is_some()
    );
    let mut resumed = Cases::new();
    for case in cases.iter() {
        resumed.resume(case.clone());
    }
    let end = resumed.handle(&recorded(1_001, 1_001, Code::DeviceRevoked));
    let case = end.expect("the case was open");
    assert_eq!(case.timeline.len(), MAX_STEPS + 2);
    assert_eq!(case.omitted, 999 - MAX_STEPS as u64);
    assert!(matches!(case.state, State::Revoked { .. }));
}

/// A wall clock that was set back makes no time negative.
#[test]
fn a_clock_that_was_set_back_gives_zero() {
    let mut cases = Cases::new();
    cases.handle(&recorded(1, 5_000, Code::IntegrityDeviation));
    let case = cases.handle(&recorded(2, 1_000, Code::ContainmentLifted));
    let durations = case.expect("the case was open").durations();
    assert_eq!(durations.closed, Some(Duration::ZERO));
    assert!(cases.expire(Timestamp::MIN).is_empty());
}

fn suspensions(found: &[Detection]) -> usize {
    let is = |detection: &&Detection| {
        matches!(
            detection,
            Detection::Containment(Containment::Suspend { .. })
        )
    };
    found.iter().filter(is).count()
}

#[test]
fn a_burst_suspends_only_when_that_is_wanted_and_only_a_device_that_proved_its_key() {
    let burst = |on_burst, code: Code| -> Vec<Detection> {
        let mut detectors = Detectors::new(Thresholds {
            refusals: 3,
            on_burst,
            ..Thresholds::default()
        });
        (0..3)
            .flat_map(|second| found(&mut detectors, seconds(second), &event(code, "dev-0001")))
            .collect()
    };
    let wanted = burst(OnBurst::Suspend, Code::MessageRefused);
    assert_eq!(suspensions(&wanted), 1);
    assert_eq!(wanted.len(), 2, "the alert is raised as well: {wanted:?}");
    assert_eq!(suspensions(&burst(OnBurst::Alert, Code::MessageRefused)), 0);
    // Anybody can show a copy of a certificate; the handshake fails, and the device is not to blame.
    let copied = burst(OnBurst::Suspend, Code::TlsRefused);
    assert_eq!((suspensions(&copied), copied.len()), (0, 1), "{copied:?}");
    let stranger = Event::new(Timestamp::UNIX_EPOCH, Code::ProtocolViolation);
    let mut detectors = Detectors::new(Thresholds {
        refusals: 1,
        on_burst: OnBurst::Suspend,
        ..Thresholds::default()
    });
    let stranger = stranger.with_source("192.0.2.1");
    assert_eq!(
        suspensions(&found(&mut detectors, seconds(1), &stranger)),
        0
    );
}

#[test]
fn other_thresholds_hold_from_the_next_event_on() {
    let mut detectors = Detectors::default();
    let refused = || event(Code::MessageRefused, "dev-0001");
    for second in 0..5 {
        assert_eq!(found(&mut detectors, seconds(second), &refused()), []);
    }
    detectors.set(Thresholds {
        refusals: 6,
        ..Thresholds::default()
    });
    // What was counted before counts on.
    assert_eq!(found(&mut detectors, seconds(5), &refused()).len(), 1);
}

#[test]
fn a_silence_is_one_alert_and_ends_with_the_next_word() {
    let mut detectors = Detectors::default();
    let at = |detectors: &mut Detectors, now: u64| -> Vec<String> {
        detectors.tick(seconds(now));
        std::iter::from_fn(|| detectors.poll())
            .map(|detection| match detection {
                Detection::Alert(Alert {
                    pattern: Pattern::Silence,
                    device: Some(device),
                    ..
                }) => device,
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(
        at(&mut detectors, 1_000),
        [] as [&str; 0],
        "nobody was heard yet"
    );
    detectors.heard(seconds(1_000), "dev-0001", seconds(30));
    detectors.heard(seconds(1_000), "dev-0002", seconds(60));
    assert_eq!(at(&mut detectors, 1_030), [] as [&str; 0]);
    assert_eq!(at(&mut detectors, 1_031), ["dev-0001"]);
    assert_eq!(at(&mut detectors, 1_050), [] as [&str; 0], "told once");
    detectors.heard(seconds(1_050), "dev-0001", seconds(30));
    detectors.handle(seconds(1_051), &event(Code::DeviceSuspended, "dev-0002"));
    assert_eq!(at(&mut detectors, 1_081), ["dev-0001"]);
    assert_eq!(
        at(&mut detectors, 2_000),
        [] as [&str; 0],
        "who was put out is not missed"
    );
}
