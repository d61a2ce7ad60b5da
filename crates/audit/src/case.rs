//! A case: one story, from the event that opened it to the one that closed it.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::event::Event;

/// Most steps in one timeline; further events are counted.
pub const MAX_STEPS: usize = 200;
/// Further steps that are kept for integrity and containment, which a flood must not crowd out.
pub const RESERVED_STEPS: usize = 50;
/// Most cases that are open at once.
pub const MAX_OPEN: usize = 1_024;
/// How long a burst must be over for its case to close.
pub const QUIET: Duration = Duration::from_secs(600);

/// One story about one device or source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The sequence of the event that opened it.
    pub id: u64,
    /// What it is about.
    pub subject: Subject,
    /// The event code that opened it.
    pub opened_by: Code,
    /// Its reason, if it has one.
    pub reason: Option<String>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How it stands.
    pub state: State,
    /// Whether the integrity of a device is part of it: then it never closes by waiting.
    pub integrity: bool,
    /// What happened, oldest first.
    pub timeline: Vec<Step>,
    /// Events beyond [`MAX_STEPS`].
    pub omitted: u64,
}

/// What a case is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A device, by name.
    Device(String),
    /// A source that no device proved to be, usually an address.
    Source(String),
}

/// How a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum State {
    /// Not over yet.
    Open,
    /// The device is whole and was let back in.
    Healed {
        /// When.
        at: Timestamp,
    },
    /// The device was revoked.
    Revoked {
        /// When.
        at: Timestamp,
    },
    /// Nothing more happened for [`QUIET`].
    Quiet {
        /// When the last event happened.
        at: Timestamp,
    },
}

/// One event in a case's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Sequence of the event.
    pub sequence: u64,
    /// When the platform took it in.
    pub at: Timestamp,
    /// What happened.
    pub code: Code,
    /// Its reason.
    pub reason: Option<String>,
    /// How many equal things.
    pub count: u32,
    /// What an operator needs beyond that.
    pub detail: BTreeMap<String, String>,
}

/// How long the parts of a case took, counted from its opening; `None` for what did not happen (yet).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// Until the device was contained.
    pub contained: Option<Duration>,
    /// Until it had restored its release.
    pub restored: Option<Duration>,
    /// Until the case was closed.
    pub closed: Option<Duration>,
}

impl Case {
    fn open(event: &Event, subject: Subject) -> Self {
        let mut case = Self {
            id: event.sequence,
            subject,
            opened_by: event.code,
            reason: event.reason.clone(),
            opened_at: event.at,
            state: State::Open,
            integrity: false,
            timeline: Vec::new(),
            omitted: 0,
        };
        case.add(event);
        case
    }

    fn add(&mut self, event: &Event) {
        let closing = match event.code {
            Code::ContainmentLifted => Some(State::Healed { at: event.at }),
            Code::DeviceRevoked => Some(State::Revoked { at: event.at }),
            _ => None,
        };
        self.integrity |= is_integrity(event.code);
        let limit = if is_integrity(event.code) {
            MAX_STEPS + RESERVED_STEPS
        } else {
            MAX_STEPS
        };
        if self.timeline.len() < limit || closing.is_some() {
            self.timeline.push(Step {
                sequence: event.sequence,
                at: event.at,
                code: event.code,
                reason: event.reason.clone(),
                count: event.count,
                detail: event.detail.clone(),
            });
        } else {
            self.omitted = self.omitted.saturating_add(1);
        }
        if let Some(state) = closing {
            self.state = state;
        }
    }

    /// Whether it is not over yet.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// How long its parts took. A clock that was set back gives zero.
    pub fn durations(&self) -> Durations {
        let since = |at: Timestamp| {
            let elapsed = at.duration_since(self.opened_at);
            Duration::try_from(elapsed).unwrap_or_default()
        };
        let first = |code: Code| {
            let step = self.timeline.iter().find(|step| step.code == code);
            step.map(|step| since(step.at))
        };
        let closed = match self.state {
            State::Open => None,
            State::Healed { at } | State::Revoked { at } | State::Quiet { at } => Some(since(at)),
        };
        Durations {
            contained: first(Code::ContainmentBegun),
            restored: first(Code::IntegrityRestored),
            closed,
        }
    }

    fn last_at(&self) -> Timestamp {
        self.timeline
            .last()
            .map_or(self.opened_at, |step| step.at)
            .max(self.opened_at)
    }
}

/// The cases that are open.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    open: BTreeMap<Subject, Case>,
    refused: u64,
}

impl Cases {
    /// No case is open.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a case that was open before a restart.
    pub fn resume(&mut self, case: Case) {
        if case.is_open() {
            self.open.insert(case.subject.clone(), case);
        }
    }

    /// Follows one recorded event; gives the case as it is now, for keeping, when the event belongs to one.
    pub fn handle(&mut self, event: &Event) -> Option<Case> {
        let subject = match (&event.device, &event.source) {
            (Some(device), _) => Subject::Device(device.clone()),
            (None, Some(source)) => Subject::Source(source.clone()),
            (None, None) => return None,
        };
        if let Some(case) = self.open.get_mut(&subject) {
            if !belongs(event.code) {
                return None;
            }
            case.add(event);
            let case = case.clone();
            if !case.is_open() {
                self.open.remove(&subject);
            }
            return Some(case);
        }
        if !matches!(event.code, Code::IntegrityDeviation | Code::AlertRaised) {
            return None;
        }
        if self.open.len() >= MAX_OPEN {
            self.refused = self.refused.saturating_add(1);
            return None;
        }
        let case = Case::open(event, subject.clone());
        self.open.insert(subject, case.clone());
        Some(case)
    }

    /// Closes the cases of bursts that are over at `now`, and gives them for keeping.
    ///
    /// A case about a device's integrity never closes by waiting.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Case> {
        let over = |case: &Case| {
            let elapsed = now.duration_since(case.last_at());
            let quiet = Duration::try_from(elapsed).is_ok_and(|elapsed| elapsed >= QUIET);
            quiet && !case.integrity
        };
        let mut closed = Vec::new();
        self.open.retain(|_, case| {
            if !over(case) {
                return true;
            }
            let mut case = case.clone();
            case.state = State::Quiet { at: case.last_at() };
            closed.push(case);
            false
        });
        closed
    }

    /// The open cases.
    pub fn iter(&self) -> impl Iterator<Item = &Case> {
        self.open.values()
    }

    /// How many cases were not opened because [`MAX_OPEN`] were.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

fn is_integrity(code: Code) -> bool {
    matches!(
        code,
        Code::IntegrityDeviation | Code::IntegrityRestored | Code::ContainmentBegun
    )
}

/// Whether an event belongs to the story of its subject's open case.
fn belongs(code: Code) -> bool {
    !matches!(
        code,
        Code::MessagePermitted | Code::TlsMutual | Code::OperatorSession | Code::BufferResent
    )
}
