//! The whole device: composes the small machines.

use crate::record::{Memory, Record};
use crate::words::{Action, Input};
use alloc::string::String;
use core::time::Duration;
use jiff::Timestamp;

/// What does not change while the device runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Random bits for jitter; not secret.
    pub entropy: u64,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds of the device.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How many messages wait in the outbox.
    pub outbox_messages: usize,
    /// How many bytes wait in the outbox.
    pub outbox_bytes: usize,
    /// How many messages are sent before the first of them is acknowledged; below the gateway's replay window of 64.
    pub in_flight: usize,
    /// The first pause after a failure.
    pub retry_from: Duration,
    /// The longest pause after failures.
    pub retry_to: Duration,
    /// How long a release on trial may take to prove itself.
    pub trial: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            outbox_messages: 10_000,
            outbox_bytes: 4 * 1024 * 1024,
            in_flight: 8,
            retry_from: Duration::from_millis(500),
            retry_to: Duration::from_secs(60),
            trial: Duration::from_secs(60),
        }
    }
}

/// A record that exists and cannot be read: unreadable history is not absent history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Which record.
    pub record: Record,
    /// What is wrong with it.
    pub why: String,
}

/// A device.
#[derive(Debug)]
pub struct Device {
    _memory: Memory,
}

impl Device {
    /// A device that starts at `now` with what it had stored; this start is counted first of all.
    ///
    /// # Errors
    ///
    /// [`Damaged`] when a record cannot be read.
    pub fn start(
        _config: Config,
        memory: Memory,
        _now: Duration,
        _wall: Timestamp,
    ) -> Result<Self, Damaged> {
        Ok(Self { _memory: memory })
    }

    /// Takes one input. `now` is the time since boot, `wall` what the clock says.
    pub fn handle(&mut self, _now: Duration, _wall: Timestamp, _input: Input) {}

    /// The next thing to do; call until `None` after every [`Self::handle`].
    pub fn poll(&mut self) -> Option<Action> {
        None
    }

    /// When to call [`Self::handle`] with [`Input::Wake`] at the latest, as time since boot.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        None
    }
}
