//! Equal events within a window become one event with a count.
//!
//! The first of a kind passes at once, so that it is on record and seen; what follows within the window
//! is folded into one event at its end. While it goes on, there is one event in each window. Two events
//! are equal when code, reason, device and source are, so that each reason keeps its own count.
//!
//! Memory is bounded: with more kinds at once than there is room for, further kinds are counted and
//! reported as one `budget.exceeded` event. Kinds that name a device have room of their own, so that
//! strangers cannot crowd out what is said about a device.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use jiff::Timestamp;

use crate::code::Code;
use crate::event::{Event, bounds};

/// How long equal events are folded.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Reason of the event that reports shedding.
pub const SHED: &str = "events-shed";

/// How many kinds of event are told apart at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Kinds that name a device.
    pub named: usize,
    /// Kinds that do not.
    pub anonymous: usize,
    /// Events that wait to be taken by [`Folder::poll`].
    pub ready: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            named: 4_096,
            anonymous: 1_024,
            ready: 8_192,
        }
    }
}

/// Folds events; every count that goes in comes out.
#[derive(Debug, Default)]
pub struct Folder {
    limits: Limits,
    clock: Duration,
    kinds: BTreeMap<Kind, Option<Event>>,
    named: usize,
    /// Every kind once, by the end of its window; windows are equally long, so the order is that of entry.
    ends: VecDeque<(Duration, Kind)>,
    ready: VecDeque<Event>,
    shed: Option<Shed>,
    shed_total: u64,
}

/// What makes two events equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    code: Code,
    reason: Option<String>,
    device: Option<String>,
    source: Option<String>,
}

#[derive(Debug)]
struct Shed {
    until: Duration,
    first_at: Timestamp,
    last_at: Timestamp,
    total: u64,
    by_cause: BTreeMap<String, u64>,
}

impl Folder {
    /// A folder with these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Takes one event in at `now` since boot. Call [`poll`](Self::poll) until it is empty afterward.
    pub fn handle(&mut self, now: Duration, event: Event) {
        self.advance(now);
        let event = event.bounded();
        if !event.code.folds() {
            return self.pass(event);
        }
        let kind = Kind::of(&event);
        if let Some(waiting) = self.kinds.get_mut(&kind) {
            match waiting {
                None => *waiting = Some(event),
                Some(sum) => match sum.count.checked_add(event.count) {
                    Some(count) => add(sum, event, count),
                    None => {
                        let full = core::mem::replace(sum, event);
                        self.ready.push_back(full);
                    }
                },
            }
            return;
        }
        let named = kind.device.is_some();
        let full = if named {
            self.named >= self.limits.named
        } else {
            self.kinds.len().saturating_sub(self.named) >= self.limits.anonymous
        };
        if full {
            return self.shed(event);
        }
        self.named += usize::from(named);
        self.kinds.insert(kind.clone(), None);
        self.ends
            .push_back((self.clock.saturating_add(WINDOW), kind));
        self.pass(event);
    }

    /// The next event that is to be recorded at `now`.
    pub fn poll(&mut self, now: Duration) -> Option<Event> {
        self.advance(now);
        self.ready.pop_front()
    }

    /// When to poll again, if nothing is handled before.
    pub fn wake_at(&self) -> Option<Duration> {
        if !self.ready.is_empty() {
            return Some(self.clock);
        }
        let end = self.ends.front().map(|(until, _)| *until);
        let shed = self.shed.as_ref().map(|shed| shed.until);
        [end, shed].into_iter().flatten().min()
    }

    /// Ends all windows, so that [`poll`](Self::poll) gives everything: before the process stops.
    pub fn flush(&mut self) {
        let ends = core::mem::take(&mut self.ends);
        for (_, kind) in ends {
            self.ready.extend(self.kinds.remove(&kind).flatten());
        }
        self.kinds.clear();
        self.named = 0;
        self.report_shed();
    }

    /// How many events were counted without a record of their own since start.
    pub fn shed_total(&self) -> u64 {
        self.shed_total
    }

    /// Ends the windows that are over. A kind that was quiet for a whole window is forgotten.
    fn advance(&mut self, now: Duration) {
        self.clock = self.clock.max(now);
        while let Some((until, _)) = self.ends.front()
            && *until <= self.clock
        {
            let Some((_, kind)) = self.ends.pop_front() else {
                break;
            };
            match self.kinds.get_mut(&kind).and_then(Option::take) {
                Some(sum) => {
                    self.ready.push_back(sum);
                    self.ends
                        .push_back((self.clock.saturating_add(WINDOW), kind));
                }
                None => {
                    self.named -= usize::from(kind.device.is_some());
                    self.kinds.remove(&kind);
                }
            }
        }
        if self
            .shed
            .as_ref()
            .is_some_and(|shed| shed.until <= self.clock)
        {
            self.report_shed();
        }
    }

    fn pass(&mut self, event: Event) {
        if self.ready.len() < self.limits.ready {
            self.ready.push_back(event);
        } else {
            self.shed(event);
        }
    }

    fn shed(&mut self, event: Event) {
        let count = u64::from(event.count);
        self.shed_total = self.shed_total.saturating_add(count);
        let until = self.clock.saturating_add(WINDOW);
        let shed = self.shed.get_or_insert_with(|| Shed {
            until,
            first_at: event.first_at,
            last_at: event.last_at,
            total: 0,
            by_cause: BTreeMap::new(),
        });
        shed.total = shed.total.saturating_add(count);
        shed.first_at = shed.first_at.min(event.first_at);
        shed.last_at = shed.last_at.max(event.last_at);
        let mut cause = match &event.reason {
            Some(reason) => format!("{} {reason}", event.code),
            None => event.code.to_string(),
        };
        // One place is kept for whatever has no place of its own.
        let room = shed.by_cause.len() < bounds::DETAILS - 1;
        if cause.len() > bounds::KEY_BYTES || !room && !shed.by_cause.contains_key(&cause) {
            cause = "other".into();
        }
        let sum = shed.by_cause.entry(cause).or_default();
        *sum = sum.saturating_add(count);
    }

    fn report_shed(&mut self) {
        let Some(shed) = self.shed.take() else { return };
        let mut event = Event::new(shed.last_at, Code::BudgetExceeded)
            .with_source("server")
            .with_reason(SHED);
        event.first_at = shed.first_at;
        event.count = u32::try_from(shed.total).unwrap_or(u32::MAX);
        for (cause, count) in shed.by_cause {
            event.detail.insert(cause, count.to_string());
        }
        self.ready.push_back(event);
    }
}

impl Kind {
    fn of(event: &Event) -> Self {
        Self {
            code: event.code,
            reason: event.reason.clone(),
            device: event.device.clone(),
            source: event.source.clone(),
        }
    }
}

/// Adds an equal event; the newest details stay.
fn add(sum: &mut Event, event: Event, count: u32) {
    sum.count = count;
    sum.at = sum.at.max(event.at);
    sum.first_at = sum.first_at.min(event.first_at);
    sum.last_at = sum.last_at.max(event.last_at);
    sum.severity = sum.severity.min(event.severity);
    sum.detail = event.detail;
}
