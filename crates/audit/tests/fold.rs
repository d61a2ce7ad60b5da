//! Folding loses no count, keeps reasons apart, and stays within its memory.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use sekimori_audit::fold::{Folder, Limits, SHED, WINDOW};
use sekimori_audit::{Code, Event};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The wall clock of these tests runs with the time since boot.
fn wall(now: Duration) -> Timestamp {
    Timestamp::UNIX_EPOCH + now
}

fn refused(now: Duration, reason: &str, device: &str) -> Event {
    Event::new(wall(now), Code::MessageRefused)
        .with_reason(reason)
        .with_device(device)
}

fn drain(folder: &mut Folder, now: Duration) -> Vec<Event> {
    std::iter::from_fn(|| folder.poll(now)).collect()
}

fn counts(events: &[Event]) -> Vec<(String, u32)> {
    events
        .iter()
        .map(|event| (event.reason.clone().unwrap_or_default(), event.count))
        .collect()
}

#[test]
fn the_first_passes_at_once_and_the_rest_becomes_one() {
    let mut folder = Folder::default();
    for second in 0..40 {
        let event = refused(seconds(second), "out-of-range", "dev-0001");
        folder.handle(
            seconds(second),
            event.with_detail("observed", second.to_string()),
        );
        let passed = drain(&mut folder, seconds(second));
        assert_eq!(passed.len(), usize::from(second == 0));
    }
    assert_eq!(folder.wake_at(), Some(WINDOW));
    assert!(drain(&mut folder, WINDOW - Duration::from_nanos(1)).is_empty());
    let [sum] = &drain(&mut folder, WINDOW)[..] else {
        panic!("one event")
    };
    assert_eq!(sum.count, 39);
    assert_eq!(
        (sum.first_at, sum.last_at),
        (wall(seconds(1)), wall(seconds(39)))
    );
    assert_eq!(sum.detail["observed"], "39");
    // A whole quiet window later, the kind is new again.
    assert_eq!(folder.wake_at(), Some(WINDOW * 2));
    assert!(drain(&mut folder, WINDOW * 2).is_empty());
    assert_eq!(folder.wake_at(), None);
    folder.handle(WINDOW * 2, refused(WINDOW * 2, "out-of-range", "dev-0001"));
    assert_eq!(drain(&mut folder, WINDOW * 2).len(), 1);
}

#[test]
fn a_long_flood_is_one_event_in_each_window() {
    let mut folder = Folder::default();
    let mut recorded = Vec::new();
    for second in 0..600 {
        folder.handle(
            seconds(second),
            refused(seconds(second), "replayed", "dev-0001"),
        );
        recorded.extend(drain(&mut folder, seconds(second)));
    }
    folder.flush();
    recorded.extend(drain(&mut folder, seconds(600)));
    assert_eq!(recorded.len(), 11);
    assert_eq!(recorded.iter().map(|event| event.count).sum::<u32>(), 600);
    assert_eq!(folder.wake_at(), None);
}

#[test]
fn code_reason_device_and_source_tell_kinds_apart() {
    let mut folder = Folder::default();
    let base = || refused(seconds(0), "out-of-range", "dev-0001").with_source("192.0.2.1");
    let mut other_code = base();
    other_code.code = Code::SubscribeRefused;
    let kinds = [
        base(),
        base().with_reason("rate-exceeded"),
        base().with_device("dev-0002"),
        base().with_source("192.0.2.2"),
        other_code,
    ];
    for event in &kinds {
        folder.handle(seconds(0), event.clone());
        folder.handle(seconds(0), event.clone());
    }
    assert_eq!(drain(&mut folder, seconds(0)).len(), kinds.len());
    assert_eq!(drain(&mut folder, WINDOW).len(), kinds.len());
}

#[test]
fn facts_are_never_folded() {
    let mut folder = Folder::default();
    for _ in 0..3 {
        folder.handle(
            seconds(0),
            Event::new(wall(seconds(0)), Code::PolicyApplied),
        );
    }
    assert_eq!(drain(&mut folder, seconds(0)).len(), 3);
    assert_eq!(folder.wake_at(), None);
}

#[test]
fn what_finds_no_room_is_counted_by_cause_and_reported() {
    let limits = Limits {
        named: 1,
        anonymous: 2,
        ready: 100,
    };
    let mut folder = Folder::new(limits);
    let stranger = |number: u32| {
        Event::new(wall(seconds(1)), Code::TlsRefused)
            .with_reason("no-certificate")
            .with_source(format!("192.0.2.{number}"))
    };
    for number in 0..50 {
        folder.handle(seconds(1), stranger(number));
    }
    // Strangers do not take the room of devices.
    folder.handle(seconds(2), refused(seconds(2), "replayed", "dev-0001"));
    folder.handle(seconds(2), refused(seconds(2), "replayed", "dev-0002"));
    assert_eq!(
        counts(&drain(&mut folder, seconds(2))),
        [
            ("no-certificate".into(), 1),
            ("no-certificate".into(), 1),
            ("replayed".into(), 1)
        ]
    );
    let reported = drain(&mut folder, seconds(61));
    assert_eq!(counts(&reported), [(SHED.to_string(), 49)]);
    assert_eq!(reported[0].code, Code::BudgetExceeded);
    assert_eq!(reported[0].detail["tls.refused no-certificate"], "48");
    assert_eq!(reported[0].detail["message.refused replayed"], "1");
    assert_eq!(folder.shed_total(), 49);
}

#[test]
fn a_caller_that_does_not_poll_cannot_fill_memory() {
    let limits = Limits {
        ready: 10,
        ..Limits::default()
    };
    let mut folder = Folder::new(limits);
    for _ in 0..1_000 {
        folder.handle(seconds(0), Event::new(wall(seconds(0)), Code::CommandSent));
    }
    folder.flush();
    let recorded = drain(&mut folder, seconds(0));
    assert_eq!(recorded.len(), 11);
    assert_eq!(recorded.iter().map(|event| event.count).sum::<u32>(), 1_000);
}

#[test]
fn a_count_never_overflows() {
    let mut folder = Folder::default();
    for _ in 0..3 {
        let mut event = refused(seconds(0), "replayed", "dev-0001");
        event.count = u32::MAX;
        folder.handle(seconds(0), event);
    }
    folder.flush();
    let recorded = drain(&mut folder, seconds(0));
    let total: u64 = recorded.iter().map(|event| u64::from(event.count)).sum();
    assert_eq!(total, 3 * u64::from(u32::MAX));
}

#[derive(Clone, Debug)]
struct Operation {
    wait: u64,
    code: Code,
    reason: u8,
    device: Option<u8>,
    count: u32,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let codes = [Code::MessageRefused, Code::TlsRefused, Code::PolicyApplied];
    let operation = (
        0_u64..20_000,
        proptest::sample::select(codes.to_vec()),
        0_u8..3,
        proptest::option::of(0_u8..4),
        1_u32..5,
    )
        .prop_map(|(wait, code, reason, device, count)| Operation {
            wait,
            code,
            reason,
            device,
            count,
        });
    proptest::collection::vec(operation, 0..200)
}

proptest! {
    /// Model: every kind's counts, summed. With room for all, each comes out as it went in; without,
    /// the total does, and the report says what was shed.
    #[test]
    fn every_count_that_goes_in_comes_out(
        operations in operations(),
        named in 0_usize..6,
        anonymous in 0_usize..6,
    ) {
        let limits = Limits { named, anonymous, ready: 1_000 };
        let mut folder = Folder::new(limits);
        let mut now = Duration::ZERO;
        let mut sent: BTreeMap<(Code, Option<String>, Option<String>), u64> = BTreeMap::new();
        let mut seen = sent.clone();
        let mut shed = 0;
        let mut last_emitted = BTreeMap::new();
        let mut take = |events: Vec<Event>, at: Duration| {
            for event in events {
                if event.reason.as_deref() == Some(SHED) {
                    shed += u64::from(event.count);
                    continue;
                }
                assert!(event.first_at <= event.last_at);
                let kind = (event.code, event.reason.clone(), event.device.clone());
                let recent: &mut Vec<Duration> = last_emitted.entry(kind.clone()).or_default();
                recent.retain(|earlier| *earlier + WINDOW > at);
                recent.push(at);
                // The first, and one sum: never more in one window.
                assert!(!event.code.folds() || recent.len() <= 2, "{recent:?}");
                *seen.entry(kind).or_default() += u64::from(event.count);
            }
        };
        for operation in operations {
            now += Duration::from_millis(operation.wait);
            let mut event = Event::new(wall(now), operation.code)
                .with_reason(format!("reason-{}", operation.reason));
            event.device = operation.device.map(|device| format!("dev-{device}"));
            event.count = operation.count;
            let kind = (event.code, event.reason.clone(), event.device.clone());
            *sent.entry(kind).or_default() += u64::from(event.count);
            folder.handle(now, event);
            take(drain(&mut folder, now), now);
        }
        // Time alone brings out the rest.
        while let Some(next) = folder.wake_at() {
            prop_assert!(next > now);
            now = next;
            take(drain(&mut folder, now), now);
        }
        let total: u64 = sent.values().sum();
        prop_assert_eq!(seen.values().sum::<u64>() + shed, total);
        prop_assert_eq!(folder.shed_total(), shed);
        if shed == 0 {
            prop_assert_eq!(seen, sent);
        }
    }
}
