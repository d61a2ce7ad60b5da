//! What was observed decides; what was not observed never counts as met.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use sekimori_analysis::evidence::{Finding, Observation, Status, assess, items};
use sekimori_analysis::{Analysis, analyze, model};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

fn analysis() -> Analysis {
    let model = model::parse("model.toml", TEXT).expect("sound");
    analyze(&model, date(2026, 11, 20))
}

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

fn seen(probe: &str, reason: Option<&str>, role: Option<&str>, hours_ago: i64) -> Observation {
    let at = now() - SignedDuration::from_hours(hours_ago);
    Observation {
        probe: probe.to_owned(),
        reason: reason.map(str::to_owned),
        subject: role.map_or("gateway".to_owned(), |role| format!("{role}-0001")),
        role: role.map(str::to_owned),
        observed_at: at,
        received_at: at,
        held: true,
        count: 1,
    }
}

/// Finding of one requirement of the example.
fn finding(id: &str, observations: &[Observation]) -> Finding {
    let findings = assess(&analysis(), observations, now());
    let found = findings.into_iter().find(|f| f.requirement == id);
    found.unwrap_or_else(|| panic!("{id} is a requirement of the example"))
}

fn range(observations: &[Observation]) -> Status {
    finding("REQ-RANGE-sensor", observations).status
}

#[test]
fn met_needs_the_good_case_and_the_refusal() {
    let good = seen("message.permitted", None, Some("sensor"), 1);
    let refused = seen("message.refused", Some("out-of-range"), Some("sensor"), 2);
    assert_eq!(range(&[]), Status::NotObserved);
    assert_eq!(range(std::slice::from_ref(&good)), Status::NotObserved);
    assert_eq!(range(std::slice::from_ref(&refused)), Status::NotObserved);
    assert_eq!(range(&[good, refused]), Status::Met);
}

#[test]
fn another_reason_or_another_role_does_not_count() {
    let good = seen("message.permitted", None, Some("sensor"), 1);
    let other_reason = seen("message.refused", Some("rate-exceeded"), Some("sensor"), 1);
    assert_eq!(range(&[good.clone(), other_reason]), Status::NotObserved);
    let other_role = seen("message.refused", Some("out-of-range"), Some("door"), 1);
    assert_eq!(range(&[good, other_role]), Status::NotObserved);
}

#[test]
fn a_stranger_refused_counts_for_every_role() {
    let observations = [
        seen("tls.mutual", None, Some("sensor"), 1),
        seen("tls.refused", Some("no-certificate"), None, 1),
        seen("tls.refused", Some("unknown-issuer"), None, 1),
    ];
    let of = |id| finding(id, &observations).status;
    assert_eq!(of("REQ-MUTAUTH-sensor"), Status::Met);
    assert_eq!(of("REQ-MUTAUTH-door"), Status::NotObserved);
}

#[test]
fn old_observations_are_stale() {
    let refused = seen("message.refused", Some("out-of-range"), Some("sensor"), 2);
    let on_the_edge = seen("message.permitted", None, Some("sensor"), 24);
    assert_eq!(range(&[on_the_edge, refused.clone()]), Status::Met);
    let old = seen("message.permitted", None, Some("sensor"), 25);
    assert_eq!(range(&[old, refused]), Status::Stale);
}

#[test]
fn the_older_of_the_two_times_decides() {
    let refused = seen("message.refused", Some("out-of-range"), Some("sensor"), 2);
    let mut buffered = seen("message.permitted", None, Some("sensor"), 1);
    buffered.observed_at = now() - SignedDuration::from_hours(30);
    assert_eq!(range(&[buffered.clone(), refused]), Status::Stale);
    let finding = finding("REQ-RANGE-sensor", &[buffered]);
    let row = &finding.evidence[0];
    assert!(row.last_received > row.last_observed);
}

#[test]
fn a_clock_that_runs_ahead_shows_nothing() {
    let refused = seen("message.refused", Some("out-of-range"), Some("sensor"), 2);
    let mut future = seen("message.permitted", None, Some("sensor"), 0);
    future.observed_at = now() + SignedDuration::from_mins(6);
    assert_eq!(
        range(&[future.clone(), refused.clone()]),
        Status::NotObserved
    );
    future.observed_at = now() + SignedDuration::from_mins(4);
    assert_eq!(range(&[future, refused]), Status::Met);
}

#[test]
fn a_contradiction_stands_until_the_same_subject_takes_it_back() {
    let good = seen("message.permitted", None, Some("sensor"), 3);
    let mut let_through = seen("message.refused", Some("out-of-range"), Some("sensor"), 2);
    let_through.held = false;
    let early = [good.clone(), let_through.clone()];
    assert_eq!(range(&early), Status::Contradicted);
    let mut other = seen("message.refused", Some("out-of-range"), Some("sensor"), 1);
    other.subject = "sensor-0002".to_owned();
    assert_eq!(
        range(&[good.clone(), let_through.clone(), other]),
        Status::Contradicted
    );
    let mended = seen("message.refused", Some("out-of-range"), Some("sensor"), 1);
    assert_eq!(range(&[good, let_through, mended]), Status::Met);
}

#[test]
fn people_have_to_state_what_no_probe_shows() {
    assert_eq!(finding("REQ-ENCLOSURE", &[]).status, Status::NeedsStatement);
    assert_eq!(finding("REQ-ASSUME-A1", &[]).status, Status::NeedsStatement);
}

#[test]
fn counts_times_and_subjects_are_kept() {
    let mut observations = Vec::new();
    for n in 0..7 {
        let mut one = seen("message.permitted", None, Some("sensor"), n);
        one.subject = format!("sensor-{n:04}");
        one.count = 10;
        observations.push(one);
    }
    let finding = finding("REQ-RANGE-sensor", &observations);
    let row = &finding.evidence[0];
    assert_eq!(
        (row.count, row.subject_count, row.subjects.len()),
        (70, 7, 5)
    );
    assert_eq!(row.last_observed, Some(now()));
    assert_eq!(
        row.first_observed,
        Some(now() - SignedDuration::from_hours(6))
    );
    assert_eq!(row.window_hours, 24);
}

#[test]
fn an_item_is_no_better_than_its_worst_requirement() {
    let analysis = analysis();
    let findings = assess(&analysis, &[], now());
    for item in items(&analysis, &findings) {
        assert_ne!(
            item.status,
            Status::Met,
            "{}: nothing was observed",
            item.item
        );
        let expected = item.requirements.is_empty();
        if expected {
            assert_eq!(item.status, Status::NeedsStatement, "{}", item.item);
        }
    }
}
