//! Detectors: what a pattern of events means, and what is to be done about it.
//!
//! They see every event before it is folded. An integrity deviation contains the device; when it has
//! restored its release and passed its self-test, it is released. A burst of refusals, and repeated
//! failures to enroll, raise an alert.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use core::time::Duration;

use jiff::Timestamp;

use crate::code::Code;
use crate::event::Event;

mod burst;
mod silence;

use burst::Bursts;
use silence::Silence;

/// Detail of an event that carries the device's self-test: `passed`, or what failed.
pub const SELF_TEST: &str = "self_test";
/// Value of [`SELF_TEST`] for a test that was passed.
pub const PASSED: &str = "passed";
/// Detail of an integrity deviation: which files differ.
pub const DEVIATIONS: &str = "deviations";

/// What is to be done with a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Containment {
    /// Close everything to it but its state report and repair.
    Contain {
        /// Its name.
        device: String,
        /// What was seen.
        why: String,
    },
    /// Let it back in: it is whole again.
    Release {
        /// Its name.
        device: String,
    },
    /// Keep it out until an operator resumes it.
    Suspend {
        /// Its name.
        device: String,
        /// What was seen.
        why: String,
    },
}

/// What a detector found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detection {
    /// A device must be contained or released.
    Containment(Containment),
    /// Somebody should look.
    Alert(Alert),
}

/// A pattern that needs attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What kind of pattern.
    pub pattern: Pattern,
    /// The device whose events made it, if one did.
    pub device: Option<String>,
    /// Where they came from, if no device made it.
    pub source: Option<String>,
    /// How many events were in the window.
    pub count: u32,
    /// The window.
    pub window: Duration,
}

/// Kinds of pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// Many refusals of one device or source.
    RefusalBurst,
    /// Repeated failures to enroll: somebody may be guessing codes.
    EnrollmentFailures,
    /// A device says nothing for longer than it should.
    Silence,
}

impl Pattern {
    /// The stable code, used as reason of the `alert.raised` event.
    pub fn code(self) -> &'static str {
        match self {
            Self::RefusalBurst => "refusal-burst",
            Self::EnrollmentFailures => "enrollment-failures",
            Self::Silence => "silence",
        }
    }
}

impl Alert {
    /// The `alert.raised` event that puts this alert on record.
    pub fn to_event(&self, at: Timestamp) -> Event {
        let mut event = Event::new(at, Code::AlertRaised)
            .with_reason(self.pattern.code())
            .with_detail("count", alloc::format!("{}", self.count))
            .with_detail(
                "window_seconds",
                alloc::format!("{}", self.window.as_secs()),
            );
        event.device.clone_from(&self.device);
        event.source.clone_from(&self.source);
        event
    }
}

/// From how many events on, and within how long, a pattern counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Refusals of one device or source …
    pub refusals: u32,
    /// … within this time.
    pub refusal_window: Duration,
    /// Failed enrollments from one source …
    pub enrollments: u32,
    /// … within this time.
    pub enrollment_window: Duration,
    /// Devices and sources that are watched at once; the one that was quiet longest makes room.
    pub watched: usize,
    /// What a burst of refusals of one device leads to, beside its alert.
    pub on_burst: OnBurst,
}

/// What a burst of refusals of one device leads to, beside its alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBurst {
    /// Nothing more.
    Alert,
    /// The device is suspended. Only what it did in a session of its own counts, in which it has proven its key:
    /// a stranger who shows a copy of its certificate cannot get it suspended.
    Suspend,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            refusals: 20,
            refusal_window: Duration::from_secs(60),
            enrollments: 5,
            enrollment_window: Duration::from_secs(600),
            watched: 1_024,
            on_burst: OnBurst::Alert,
        }
    }
}

/// All detectors.
#[derive(Debug)]
pub struct Detectors {
    /// Devices contained by us, with what they have shown since.
    contained: BTreeMap<String, Recovery>,
    refusals: Bursts,
    enrollments: Bursts,
    /// Refusals in sessions of devices that have proven their key.
    proven: Bursts,
    on_burst: OnBurst,
    silence: Silence,
    found: VecDeque<Detection>,
}

/// What a contained device has shown; each needs to come after the last deviation.
#[derive(Clone, Copy, Debug, Default)]
struct Recovery {
    restored: bool,
    tested: bool,
}

impl Default for Detectors {
    fn default() -> Self {
        Self::new(Thresholds::default())
    }
}

impl Detectors {
    /// Detectors with these thresholds, and no device contained.
    pub fn new(thresholds: Thresholds) -> Self {
        let Thresholds {
            refusals,
            refusal_window,
            enrollments,
            enrollment_window,
            watched,
            on_burst,
        } = thresholds;
        Self {
            contained: BTreeMap::new(),
            proven: Bursts::new(Pattern::RefusalBurst, refusals, refusal_window, watched),
            on_burst,
            silence: Silence::new(watched),
            refusals: Bursts::new(Pattern::RefusalBurst, refusals, refusal_window, watched),
            enrollments: Bursts::new(
                Pattern::EnrollmentFailures,
                enrollments,
                enrollment_window,
                watched,
            ),
            found: VecDeque::new(),
        }
    }

    /// Goes on with other thresholds; what was counted so far counts on.
    pub fn set(&mut self, thresholds: Thresholds) {
        let Thresholds {
            refusals,
            refusal_window,
            enrollments,
            enrollment_window,
            watched,
            on_burst,
        } = thresholds;
        for bursts in [&mut self.refusals, &mut self.proven] {
            bursts.set(refusals, refusal_window, watched);
        }
        self.enrollments
            .set(enrollments, enrollment_window, watched);
        self.silence.watch(watched);
        self.on_burst = on_burst;
    }

    /// A device was heard at `now`; without another message within `longest` it is too quiet.
    pub fn heard(&mut self, now: Duration, device: &str, longest: Duration) {
        self.silence.heard(now, device, longest);
    }

    /// No device is expected to say anything any more.
    pub fn expect_nothing(&mut self) {
        self.silence.forget_all();
    }

    /// Looks at what did not happen until `now`. Call [`poll`](Self::poll) until it is empty afterward.
    pub fn tick(&mut self, now: Duration) {
        self.found.extend(self.silence.overdue(now));
    }

    /// Takes up a containment that these detectors decided before a restart.
    pub fn resume(&mut self, device: &str) {
        self.contained.entry(device.into()).or_default();
    }

    /// Looks at one event at `now` since boot. Call [`poll`](Self::poll) until it is empty afterward.
    pub fn handle(&mut self, now: Duration, event: &Event) {
        match event.code {
            Code::IntegrityDeviation => self.deviation(event),
            // Whoever lifts a containment or revokes the device takes the decision from us.
            Code::ContainmentLifted | Code::DeviceRevoked => {
                if let Some(device) = &event.device {
                    self.contained.remove(device);
                    self.silence.forget(device);
                }
            }
            // Whoever was put out is not expected to say anything.
            Code::DeviceSuspended => {
                if let Some(device) = &event.device {
                    self.silence.forget(device);
                }
            }
            Code::EnrollRefused => {
                self.found.extend(self.enrollments.count(now, event));
            }
            Code::MessageRefused
            | Code::SubscribeRefused
            | Code::TlsRefused
            | Code::ProtocolViolation => {
                self.found.extend(self.refusals.count(now, event));
                self.suspect(now, event);
            }
            _ => {}
        }
        self.recovery(event);
    }

    /// The next thing that was found.
    pub fn poll(&mut self) -> Option<Detection> {
        self.found.pop_front()
    }

    /// Names of the devices that are contained by these detectors.
    pub fn contained(&self) -> BTreeSet<&str> {
        self.contained.keys().map(String::as_str).collect()
    }

    /// How many devices and sources are watched at the moment.
    pub fn watched(&self) -> usize {
        self.refusals.watched().max(self.enrollments.watched())
    }

    /// Suspends a device whose own session brings refusal after refusal, when that is wanted.
    fn suspect(&mut self, now: Duration, event: &Event) {
        let proven = event.device.is_some() && event.code != Code::TlsRefused;
        if !proven || self.on_burst == OnBurst::Alert {
            return;
        }
        if let Some(Detection::Alert(Alert {
            device: Some(device),
            count,
            window,
            ..
        })) = self.proven.count(now, event)
        {
            let why = alloc::format!("{count} refusals within {} s", window.as_secs());
            self.found
                .push_back(Detection::Containment(Containment::Suspend { device, why }));
        }
    }

    fn deviation(&mut self, event: &Event) {
        let Some(device) = &event.device else { return };
        let known = self
            .contained
            .insert(device.clone(), Recovery::default())
            .is_some();
        if known {
            return;
        }
        let cause = event.detail.get(DEVIATIONS).or(event.reason.as_ref());
        let why = cause
            .cloned()
            .unwrap_or_else(|| event.code.meaning().into());
        let device = device.clone();
        self.found
            .push_back(Detection::Containment(Containment::Contain { device, why }));
    }

    /// Follows a contained device until it is whole and tested again.
    fn recovery(&mut self, event: &Event) {
        let Some(device) = &event.device else { return };
        let Some(recovery) = self.contained.get_mut(device) else {
            return;
        };
        match event.code {
            Code::IntegrityRestored => recovery.restored = true,
            Code::IntegrityMeasured if event.reason.is_some() => recovery.restored = false,
            Code::IntegrityMeasured => {}
            _ => return,
        }
        // A test that was made before the files were restored says nothing.
        recovery.tested = match event.detail.get(SELF_TEST) {
            Some(result) => recovery.restored && result == PASSED,
            None => recovery.tested,
        };
        if recovery.restored && recovery.tested {
            self.contained.remove(device);
            let device = device.clone();
            self.found
                .push_back(Detection::Containment(Containment::Release { device }));
        }
    }
}
