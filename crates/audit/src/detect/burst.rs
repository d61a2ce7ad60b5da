//! How many events one device or source caused within a window.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use core::time::Duration;

use super::{Alert, Detection, Pattern};
use crate::event::Event;

#[derive(Debug)]
pub(super) struct Bursts {
    pattern: Pattern,
    threshold: u32,
    window: Duration,
    watched: usize,
    subjects: BTreeMap<Subject, Recent>,
}

/// Whose events are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Device(String),
    Source(String),
}

/// What one subject did within the window: at most `threshold` entries, since more would alert.
#[derive(Debug, Default)]
struct Recent {
    entries: VecDeque<(Duration, u32)>,
    total: u32,
    last: Duration,
    /// No second alert before this, so that a long burst is one alert in each window.
    silent_until: Option<Duration>,
}

impl Bursts {
    pub(super) fn new(pattern: Pattern, threshold: u32, window: Duration, watched: usize) -> Self {
        Self {
            pattern,
            threshold: threshold.max(1),
            window,
            watched: watched.max(1),
            subjects: BTreeMap::new(),
        }
    }

    pub(super) fn set(&mut self, threshold: u32, window: Duration, watched: usize) {
        self.threshold = threshold.max(1);
        self.window = window;
        self.watched = watched.max(1);
    }

    pub(super) fn count(&mut self, now: Duration, event: &Event) -> Option<Detection> {
        let subject = match (&event.device, &event.source) {
            (Some(device), _) => Subject::Device(device.clone()),
            (None, Some(source)) => Subject::Source(source.clone()),
            (None, None) => return None,
        };
        if !self.subjects.contains_key(&subject) && self.subjects.len() >= self.watched {
            self.make_room();
        }
        let recent = self.subjects.entry(subject.clone()).or_default();
        let now = now.max(recent.last);
        recent.last = now;
        while let Some((at, count)) = recent.entries.front()
            && now.saturating_sub(*at) >= self.window
        {
            recent.total = recent.total.saturating_sub(*count);
            recent.entries.pop_front();
        }
        if recent.silent_until.is_some_and(|until| now < until) {
            return None;
        }
        recent.entries.push_back((now, event.count));
        recent.total = recent.total.saturating_add(event.count);
        if recent.total < self.threshold {
            return None;
        }
        let count = recent.total;
        recent.entries.clear();
        recent.total = 0;
        recent.silent_until = Some(now.saturating_add(self.window));
        let (device, source) = match subject {
            Subject::Device(device) => (Some(device), None),
            Subject::Source(source) => (None, Some(source)),
        };
        Some(Detection::Alert(Alert {
            pattern: self.pattern,
            device,
            source,
            count,
            window: self.window,
        }))
    }

    pub(super) fn watched(&self) -> usize {
        self.subjects.len()
    }

    /// Forgets the subject that was quiet longest; strangers go before devices, so that a flood of
    /// addresses does not hide a device.
    fn make_room(&mut self) {
        let rank = |(subject, recent): &(&Subject, &Recent)| {
            (matches!(subject, Subject::Device(_)), recent.last)
        };
        let first = self.subjects.iter().min_by_key(rank);
        if let Some(subject) = first.map(|(subject, _)| subject.clone()) {
            self.subjects.remove(&subject);
        }
    }
}
