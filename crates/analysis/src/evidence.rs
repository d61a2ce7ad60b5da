//! From observations to findings: what was required, what was seen, when, and by which probe.
//!
//! A requirement is *met* only when every probe it needs was seen within its window and every negative
//! control was seen refused. What was not observed is never counted as met, and what the ledger records
//! is called recorded, not valid.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::analysis::Analysis;
use crate::attestation::{Attested, Papers, Word};
use crate::checklist::{self, ControlFinding};
use crate::documents::Document;
use crate::knowledge::{self, ProbeName, Says};
use crate::language::Text;
use crate::model::{ComponentKind, Regime};
use crate::requirements::{Answer, Requirement};

/// How far ahead of the server's clock an observation may be before it stops counting.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// Most subjects that a finding names; the others are counted.
const MAX_SUBJECTS: usize = 5;

/// Something that a probe saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Event code.
    pub probe: String,
    /// Reason of the event.
    #[serde(default)]
    pub reason: Option<String>,
    /// Device name, `gateway` or `server`.
    pub subject: String,
    /// Role of the device; [`None`] for what is not a device of ours.
    #[serde(default)]
    pub role: Option<String>,
    /// When it happened, by the clock of whoever saw it.
    pub observed_at: Timestamp,
    /// When the server learned of it.
    pub received_at: Timestamp,
    /// Whether what should have happened did; for a negative control, whether the attempt was refused.
    pub held: bool,
    /// How many equal events this one stands for.
    pub count: u64,
}

/// How it stands with a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The opposite was seen, and nothing later took it back.
    Contradicted,
    /// Something it needs was never seen.
    NotObserved,
    /// Everything was seen, but something too long ago.
    Stale,
    /// Nothing in the system can show it; someone has to state it.
    NeedsStatement,
    /// Nothing in the system can show it; someone answers for it, or a document shows it, until a day.
    Stated,
    /// Everything was seen within its window, negative controls included.
    Met,
}

impl Status {
    /// All statuses, the most urgent first.
    pub const ALL: [Status; 6] = [
        Status::Contradicted,
        Status::NotObserved,
        Status::Stale,
        Status::NeedsStatement,
        Status::Stated,
        Status::Met,
    ];

    /// The word for it in JSON and style sheets.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Contradicted => "contradicted",
            Status::NotObserved => "not-observed",
            Status::Stale => "stale",
            Status::NeedsStatement => "needs-statement",
            Status::Stated => "stated",
            Status::Met => "met",
        }
    }
}

/// What one probe showed of one requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Probe and reason.
    #[serde(flatten)]
    pub probe: ProbeName,
    /// What an observation means.
    pub text: Text,
    /// Whether it is an attempt that must be refused.
    pub negative: bool,
    /// Whether it happened, or is recorded (which does not say that it still holds).
    pub says: Says,
    /// Hours for which an observation counts.
    pub window_hours: u32,
    /// How this probe stands alone.
    pub status: Status,
    /// How many events were seen.
    pub count: u64,
    /// Devices or servers that they are about, at most five.
    pub subjects: Vec<String>,
    /// How many different ones there are.
    pub subject_count: usize,
    /// When the first was observed.
    pub first_observed: Option<Timestamp>,
    /// When the last was observed.
    pub last_observed: Option<Timestamp>,
    /// When the server learned of the last.
    pub last_received: Option<Timestamp>,
    /// How many contradict it.
    pub contradictions: u64,
}

/// How it stands with one requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Id of the requirement.
    pub requirement: String,
    /// Status.
    pub status: Status,
    /// What each probe showed, the ones that must be seen first.
    pub evidence: Vec<Evidence>,
    /// The status in a sentence.
    pub why: Text,
    /// What people answer for, beside what was observed.
    pub attested: Option<Attested>,
}

/// How it stands with one item of a requirement set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemFinding {
    /// Requirement set.
    pub regime: Regime,
    /// Id of the item.
    pub item: String,
    /// The most urgent status among the requirements that serve it.
    pub status: Status,
    /// Those requirements.
    pub requirements: Vec<String>,
    /// How the model answers it.
    pub answer: Answer,
    /// What people answer for.
    pub attested: Option<Attested>,
}

/// What was observed, by probe, as of one moment.
pub(crate) struct Seen<'a> {
    by_probe: BTreeMap<&'a str, Vec<&'a Observation>>,
    now: Timestamp,
}

/// Everything that is known of a system whose model was analyzed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Assessment {
    /// How it stands with each requirement.
    pub findings: Vec<Finding>,
    /// How it stands with each item of the model's requirement sets.
    pub items: Vec<ItemFinding>,
    /// How it stands with each control of the checklist.
    pub controls: Vec<ControlFinding>,
}

/// Judges requirements, items and controls by what was observed until `now`, by the attached documents and by what
/// the model states. Last days are those of UTC.
pub fn judge(
    analysis: &Analysis,
    observations: &[Observation],
    documents: &[Document],
    now: Timestamp,
) -> Assessment {
    let seen = Seen::new(observations, now);
    let today = now.to_zoned(TimeZone::UTC).date();
    let papers = Papers::new(documents, &analysis.statements, today);
    let findings = findings(analysis, &seen, Some(&papers));
    let items = items_of(analysis, &findings, Some(&papers));
    let known = checklist::Known::new(analysis, &findings, &seen, &papers);
    let controls = checklist::assess(analysis, &known);
    Assessment {
        findings,
        items,
        controls,
    }
}

/// How it stands with every control by what the model itself says, on the day of the analysis.
pub fn controls(analysis: &Analysis) -> Vec<ControlFinding> {
    let seen = Seen::new(&[], Timestamp::MIN);
    let papers = Papers::new(&[], &analysis.statements, analysis.date);
    let findings = findings(analysis, &seen, Some(&papers));
    let known = checklist::Known::new(analysis, &findings, &seen, &papers);
    checklist::assess(analysis, &known)
}

/// Judges every requirement of an analysis by nothing but what was observed until `now`.
pub fn assess(analysis: &Analysis, observations: &[Observation], now: Timestamp) -> Vec<Finding> {
    findings(analysis, &Seen::new(observations, now), None)
}

fn findings(analysis: &Analysis, seen: &Seen<'_>, papers: Option<&Papers<'_>>) -> Vec<Finding> {
    let requirements = analysis.requirements.iter();
    requirements
        .map(|requirement| {
            let finding = finding(analysis, requirement, seen);
            attest(finding, papers)
        })
        .collect()
}

fn finding(analysis: &Analysis, requirement: &Requirement, seen: &Seen<'_>) -> Finding {
    // Only devices have a role of their own; what gateway and services do concerns all of them.
    let role = requirement.at.as_deref().filter(|at| {
        let component = analysis.components.get(*at);
        component.is_some_and(|component| component.kind == ComponentKind::Device)
    });
    let evidence = seen.probes(role, &requirement.observed, &requirement.refused);
    let status = status(&evidence);
    Finding {
        requirement: requirement.id.clone(),
        status,
        why: why(status, &evidence),
        evidence,
        attested: None,
    }
}

/// Adds what people answer for. It never makes a requirement met, and never hides what was not observed; a
/// failed result contradicts.
fn attest(mut finding: Finding, papers: Option<&Papers<'_>>) -> Finding {
    finding.attested = papers.and_then(|papers| papers.of(&finding.requirement));
    if let Some(attested) = &finding.attested
        && let Some(status) = attested_status(finding.status, attested)
    {
        finding.status = status;
        finding.why = attested.why.clone();
    }
    finding
}

/// The status that papers give to something; [`None`] when they change nothing.
fn attested_status(observed: Status, attested: &Attested) -> Option<Status> {
    match (attested.word, observed) {
        (Word::Against, _) => Some(Status::Contradicted),
        (
            Word::Test | Word::Document | Word::Process | Word::NotApplicable,
            Status::NeedsStatement,
        ) => Some(Status::Stated),
        (Word::Lapsed, Status::NeedsStatement) => Some(Status::Stale),
        _ => None,
    }
}

/// The most urgent status of several probes; without any, someone has to state it.
pub(crate) fn status(evidence: &[Evidence]) -> Status {
    let statuses = evidence.iter().map(|evidence| evidence.status);
    statuses.min().unwrap_or(Status::NeedsStatement)
}

impl<'a> Seen<'a> {
    pub(crate) fn new(observations: &'a [Observation], now: Timestamp) -> Self {
        let mut by_probe: BTreeMap<&str, Vec<&Observation>> = BTreeMap::new();
        for observation in observations {
            let list = by_probe.entry(&observation.probe).or_default();
            list.push(observation);
        }
        Seen { by_probe, now }
    }

    /// What probes showed of a role, or of the whole system.
    pub(crate) fn probes(
        &self,
        role: Option<&str>,
        observed: &[ProbeName],
        refused: &[ProbeName],
    ) -> Vec<Evidence> {
        let positive = observed.iter().map(|probe| (probe, false));
        let negative = refused.iter().map(|probe| (probe, true));
        positive
            .chain(negative)
            .map(|(probe, negative)| evidence(role, probe, negative, &self.by_probe, self.now))
            .collect()
    }
}

fn evidence(
    role: Option<&str>,
    probe: &ProbeName,
    negative: bool,
    by_probe: &BTreeMap<&str, Vec<&Observation>>,
    now: Timestamp,
) -> Evidence {
    // Probes are what the platform has; no model changes them.
    let known = knowledge::base().probes.get(&probe.probe);
    let window_hours = known.map_or(0, |known| known.window);
    let mut seen: Vec<&Observation> = by_probe
        .get(probe.probe.as_str())
        .into_iter()
        .flatten()
        .copied()
        .filter(|seen| concerns(role, probe, seen))
        .filter(|seen| is_plausible(seen, now))
        .collect();
    seen.sort_by(|a, b| (at(a), &a.subject).cmp(&(at(b), &b.subject)));
    let held = || seen.iter().filter(|seen| seen.held);
    let status = if is_contradicted(&seen) {
        Status::Contradicted
    } else {
        match held().map(|seen| at(seen)).max() {
            None => Status::NotObserved,
            Some(last) if is_stale(last, window_hours, now) => Status::Stale,
            Some(_) => Status::Met,
        }
    };
    let subjects: BTreeSet<&str> = seen.iter().map(|seen| seen.subject.as_str()).collect();
    Evidence {
        probe: probe.clone(),
        text: known.map(|known| known.text.clone()).unwrap_or_default(),
        negative,
        says: known.map_or(Says::Observed, |known| known.says),
        window_hours,
        status,
        count: held().fold(0, |sum, seen| sum.saturating_add(seen.count)),
        subject_count: subjects.len(),
        subjects: subjects
            .into_iter()
            .take(MAX_SUBJECTS)
            .map(str::to_owned)
            .collect(),
        first_observed: held().map(|seen| seen.observed_at).min(),
        last_observed: held().map(|seen| seen.observed_at).max(),
        last_received: held().map(|seen| seen.received_at).max(),
        contradictions: seen
            .iter()
            .filter(|seen| !seen.held)
            .fold(0, |sum, seen| sum.saturating_add(seen.count)),
    }
}

/// Whether an observation is of the probe and of the role that a requirement is about.
///
/// What a stranger tried has no role and counts for every component: the gateway refuses strangers before
/// it knows what they would have been.
fn concerns(role: Option<&str>, probe: &ProbeName, seen: &Observation) -> bool {
    let reason = probe.reason.is_none() || probe.reason == seen.reason;
    let place = match (role, seen.role.as_deref()) {
        (Some(wanted), Some(role)) => wanted == role,
        _ => true,
    };
    reason && place
}

/// The earlier of the two times: an observation is as old as either clock says.
fn at(seen: &Observation) -> Timestamp {
    seen.observed_at.min(seen.received_at)
}

/// Neither clock may be ahead of now by more than the tolerance.
fn is_plausible(seen: &Observation, now: Timestamp) -> bool {
    let latest = now.checked_add(CLOCK_TOLERANCE).unwrap_or(Timestamp::MAX);
    seen.received_at <= latest && seen.observed_at <= latest
}

fn is_stale(last: Timestamp, window_hours: u32, now: Timestamp) -> bool {
    now.duration_since(last) > SignedDuration::from_hours(i64::from(window_hours))
}

/// Whether some subject's last word contradicts.
fn is_contradicted(seen: &[&Observation]) -> bool {
    let mut last: BTreeMap<&str, bool> = BTreeMap::new();
    for seen in seen {
        last.insert(&seen.subject, seen.held);
    }
    last.values().any(|held| !held)
}

fn why(status: Status, evidence: &[Evidence]) -> Text {
    let of = |status: Status| -> Vec<String> {
        let with = evidence.iter().filter(|evidence| evidence.status == status);
        with.map(|evidence| name(&evidence.probe)).collect()
    };
    let list = of(status).join(", ");
    match status {
        Status::Contradicted => Text::new(
            format!("The opposite was observed: {list}."),
            format!("反対の事実が観測された: {list}。"),
        ),
        Status::NotObserved => Text::new(
            format!("Not observed: {list}."),
            format!("観測されていない: {list}。"),
        ),
        Status::Stale => Text::new(
            format!("Observed too long ago: {list}."),
            format!("観測が古い: {list}。"),
        ),
        Status::NeedsStatement => Text::new(
            "No probe can show this; someone has to state it.",
            "これを示すプローブはなく、人が述べる必要がある。",
        ),
        Status::Stated => Text::new(format!("Stated: {list}."), format!("申告済み: {list}。")),
        Status::Met => {
            let total = evidence.len();
            let negative = evidence.iter().filter(|e| e.negative).count();
            Text::new(
                format!(
                    "All {total} probes were observed within their windows, {negative} of them refused attempts."
                ),
                format!(
                    "{total} 種の観測が全て期間内にあり、うち {negative} 種は拒否すべき試みの拒否。"
                ),
            )
        }
    }
}

/// `message.refused (out-of-range)`.
pub fn name(probe: &ProbeName) -> String {
    match &probe.reason {
        Some(reason) => format!("{} ({reason})", probe.probe),
        None => probe.probe.clone(),
    }
}

/// How it stands with every item of the model's requirement sets that concerns the system, by nothing but what was
/// observed.
pub fn items(analysis: &Analysis, findings: &[Finding]) -> Vec<ItemFinding> {
    items_of(analysis, findings, None)
}

fn items_of(
    analysis: &Analysis,
    findings: &[Finding],
    papers: Option<&Papers<'_>>,
) -> Vec<ItemFinding> {
    let by_id: BTreeMap<&str, Status> = findings
        .iter()
        .map(|finding| (finding.requirement.as_str(), finding.status))
        .collect();
    let sets = analysis.regimes.iter();
    sets.flat_map(|set| set.items.iter().map(move |item| (set.regime, item)))
        .filter(|(_, item)| item.answer != Answer::OutOfScope)
        .map(|(regime, item)| {
            let serving = item.requirements.iter();
            let observed = serving
                .filter_map(|id| by_id.get(id.as_str()).copied())
                .min()
                .unwrap_or(Status::NeedsStatement);
            let attested = papers.and_then(|papers| papers.of(&item.id));
            let stated = attested
                .as_ref()
                .and_then(|attested| attested_status(observed, attested));
            ItemFinding {
                regime,
                item: item.id.clone(),
                status: stated.unwrap_or(observed),
                requirements: item.requirements.clone(),
                answer: item.answer,
                attested,
            }
        })
        .collect()
}
