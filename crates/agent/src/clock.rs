//! The only place of this crate that asks for the time.

use core::time::Duration;
use jiff::{SignedDuration, Timestamp};
use std::sync::OnceLock;
use std::time::Instant;

/// The two clocks of this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// What is added to the wall clock: zero, except where a wrong clock is tried out.
    error: SignedDuration,
}

impl Clock {
    /// The machine's clocks, the wall clock wrong by `error_seconds`.
    pub(crate) fn new(error_seconds: i64) -> Self {
        started();
        Self {
            error: SignedDuration::from_secs(error_seconds),
        }
    }

    /// Time since this process started.
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    pub(crate) fn now(self) -> Duration {
        Instant::now().saturating_duration_since(started())
    }

    /// What the clock on the wall says.
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    pub(crate) fn wall(self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.error).unwrap_or(now)
    }

    /// The time since boot `at` as an instant for timers.
    pub(crate) fn instant(self, at: Duration) -> Instant {
        let started = started();
        started
            .checked_add(at)
            // Further away than the clock can say: an hour is as good, the question is asked again then.
            .unwrap_or_else(|| started + self.now() + Duration::from_secs(3600))
    }
}

fn started() -> Instant {
    static STARTED: OnceLock<Instant> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    *STARTED.get_or_init(Instant::now)
}
