//! Events and cases as a page tells them.

use core::time::Duration;

use jiff::Timestamp;
use sekimori_audit::case::{State, Subject};
use sekimori_audit::{Case, Code, Event, Severity};

use super::text::{Language, grouped};
use super::time::{Moment, took};

/// One event, or one step of a case.
pub(crate) struct EventView {
    pub(crate) sequence: u64,
    pub(crate) at: Moment,
    pub(crate) code: &'static str,
    /// What it means.
    pub(crate) what: String,
    /// The word of RFC 5424, for the style sheet.
    pub(crate) severity: &'static str,
    pub(crate) severity_text: String,
    pub(crate) device: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) reason: Option<ReasonView>,
    pub(crate) details: Vec<(String, String)>,
    /// How many, when more than one.
    pub(crate) count: Option<String>,
}

/// Why, in words and as its stable code.
pub(crate) struct ReasonView {
    pub(crate) code: String,
    /// The code itself where the console has no words for it.
    pub(crate) text: String,
    pub(crate) explained: bool,
}

impl EventView {
    pub(crate) fn new(t: Language, event: &Event, now: Timestamp) -> Self {
        Self {
            sequence: event.sequence,
            at: Moment::new(t, event.last_at.max(event.at), now),
            code: event.code.as_str(),
            what: t.code(event.code),
            severity: event.severity.as_str(),
            severity_text: t.severity(event.severity),
            device: event.device.clone(),
            source: event.source.clone(),
            reason: reason(t, event.code, event.reason.as_deref()),
            details: details(t, event.detail.iter()),
            count: (event.count > 1).then(|| grouped(event.count.into())),
        }
    }
}

fn reason(t: Language, code: Code, reason: Option<&str>) -> Option<ReasonView> {
    let reason = reason?;
    let text = t.reason(code, reason);
    Some(ReasonView {
        code: reason.to_owned(),
        explained: text.is_some(),
        text: text.unwrap_or_else(|| reason.to_owned()),
    })
}

fn details<'a>(
    t: Language,
    details: impl Iterator<Item = (&'a String, &'a String)>,
) -> Vec<(String, String)> {
    details
        .map(|(name, value)| {
            let key = format!("detail-{}", name.replace(['_', '.'], "-"));
            (
                t.find(&key, &[]).unwrap_or_else(|| name.clone()),
                value.clone(),
            )
        })
        .collect()
}

/// A case.
pub(crate) struct CaseView {
    pub(crate) id: u64,
    /// What it is about, when that is a device.
    pub(crate) device: Option<String>,
    /// What it is about, when no device proved to be it.
    pub(crate) source: Option<String>,
    pub(crate) why: String,
    /// How it stands, for the style sheet.
    pub(crate) state: &'static str,
    pub(crate) state_text: String,
    pub(crate) opened: Moment,
    /// The way from noticed to closed.
    pub(crate) stages: Vec<Stage>,
    pub(crate) steps: Vec<EventView>,
    pub(crate) omitted: Option<String>,
}

/// One part of the way.
pub(crate) struct Stage {
    pub(crate) name: String,
    /// How long after the case was opened; nothing while it has not happened.
    pub(crate) after: Option<String>,
}

impl CaseView {
    pub(crate) fn new(t: Language, case: &Case, now: Timestamp) -> Self {
        let (device, source) = match &case.subject {
            Subject::Device(name) => (Some(name.clone()), None),
            Subject::Source(source) => (None, Some(source.clone())),
        };
        let state = match case.state {
            State::Open => "open",
            State::Healed { .. } => "healed",
            State::Revoked { .. } => "revoked",
            State::Quiet { .. } => "quiet",
        };
        let steps = case.timeline.iter().map(|step| EventView {
            sequence: step.sequence,
            at: Moment::new(t, step.at, now),
            code: step.code.as_str(),
            what: t.code(step.code),
            severity: step.code.severity().as_str(),
            severity_text: t.severity(step.code.severity()),
            device: None,
            source: None,
            reason: reason(t, step.code, step.reason.as_deref()),
            details: details(t, step.detail.iter()),
            count: (step.count > 1).then(|| grouped(step.count.into())),
        });
        Self {
            id: case.id,
            device,
            source,
            why: t.code(case.opened_by),
            state,
            state_text: t.text(&format!("state-case-{state}")),
            opened: Moment::new(t, case.opened_at, now),
            stages: stages(t, case),
            steps: steps.collect(),
            omitted: (case.omitted > 0).then(|| grouped(case.omitted)),
        }
    }
}

fn stages(t: Language, case: &Case) -> Vec<Stage> {
    let durations = case.durations();
    let stage = |name: &str, after: Option<Duration>| Stage {
        name: t.text(name),
        after: after.map(|after| took(t, after)),
    };
    let mut stages = vec![stage("stage-noticed", Some(Duration::ZERO))];
    let about_integrity = case.opened_by == Code::IntegrityDeviation;
    let revoked = matches!(case.state, State::Revoked { .. });
    if about_integrity || durations.contained.is_some() {
        stages.push(stage("stage-contained", durations.contained));
    }
    if (about_integrity && !revoked) || durations.restored.is_some() {
        stages.push(stage("stage-restored", durations.restored));
    }
    let last = match case.state {
        State::Revoked { .. } => "stage-revoked",
        State::Open | State::Healed { .. } if about_integrity => "stage-let-back-in",
        State::Healed { .. } => "stage-let-back-in",
        State::Open | State::Quiet { .. } => "stage-quiet",
    };
    stages.push(stage(last, durations.closed));
    stages
}

/// The severities that a filter offers: the events that are at least so serious.
pub(crate) const SEVERITIES: [Severity; 4] = [
    Severity::Alert,
    Severity::Error,
    Severity::Warning,
    Severity::Notice,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_780_000_000_000 + millis).expect("a time")
    }

    fn case(codes: &[(Code, i64)]) -> Case {
        let mut cases = sekimori_audit::case::Cases::new();
        let mut newest = None;
        for ((code, millis), sequence) in codes.iter().zip(1..) {
            let mut event = Event::new(at(*millis), *code).with_device("dev-0001");
            event.sequence = sequence;
            newest = cases.handle(&event).or(newest);
        }
        newest.expect("a case was opened")
    }

    fn told(case: &Case) -> Vec<(String, Option<String>)> {
        let view = CaseView::new(Language::English, case, at(60_000));
        view.stages
            .into_iter()
            .map(|stage| (stage.name, stage.after))
            .collect()
    }

    fn stage(name: &str, after: &str) -> (String, Option<String>) {
        (
            name.to_owned(),
            (!after.is_empty()).then(|| after.to_owned()),
        )
    }

    #[test]
    fn a_healed_case_tells_how_long_each_part_took() {
        let case = case(&[
            (Code::IntegrityDeviation, 0),
            (Code::ContainmentBegun, 40),
            (Code::IntegrityRestored, 900),
            (Code::ContainmentLifted, 1_250),
        ]);
        let expected = [
            stage("Noticed", "0 ms"),
            stage("Contained", "40 ms"),
            stage("Restored", "900 ms"),
            stage("Let back in", "1.2 s"),
        ];
        assert_eq!(told(&case), expected);
    }

    #[test]
    fn what_did_not_happen_yet_has_no_time() {
        let case = case(&[(Code::IntegrityDeviation, 0), (Code::ContainmentBegun, 40)]);
        let expected = [
            stage("Noticed", "0 ms"),
            stage("Contained", "40 ms"),
            stage("Restored", ""),
            stage("Let back in", ""),
        ];
        assert_eq!(told(&case), expected);
    }

    #[test]
    fn a_revoked_device_is_not_promised_a_way_back() {
        let case = case(&[
            (Code::IntegrityDeviation, 0),
            (Code::ContainmentBegun, 40),
            (Code::DeviceRevoked, 5_000),
        ]);
        let expected = [
            stage("Noticed", "0 ms"),
            stage("Contained", "40 ms"),
            stage("Revoked", "5.0 s"),
        ];
        assert_eq!(told(&case), expected);
    }

    #[test]
    fn a_reason_without_words_shows_its_code() {
        let event = Event::new(at(0), Code::MessageRefused).with_reason("made-up");
        let view = EventView::new(Language::English, &event, at(0));
        let reason = view.reason.expect("a reason");
        assert_eq!((reason.text.as_str(), reason.explained), ("made-up", false));
    }

    #[test]
    fn the_same_reason_can_mean_another_thing_for_another_code() {
        let t = Language::English;
        assert_ne!(
            t.reason(Code::TlsRefused, "expired"),
            t.reason(Code::EnrollRefused, "expired")
        );
    }
}
