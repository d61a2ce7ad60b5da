//! The only place in this crate that asks what time it is.

use core::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::UnixTime;
use tokio::time::Instant;

/// Both clocks of a gateway: timers count from its start, the wall has dates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose timers start at zero now.
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// Time since the start.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The moment that lies `at` after the start, for a timer.
    pub(crate) fn instant(&self, at: Duration) -> Instant {
        self.start + at
    }

    /// Date and time, as certificates are checked against.
    pub(crate) fn unix(&self) -> UnixTime {
        UnixTime::since_unix_epoch(since_1970())
    }

    /// Date and time.
    pub(crate) fn wall(&self) -> Timestamp {
        let since = since_1970();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        Timestamp::new(seconds, i32::try_from(since.subsec_nanos()).unwrap_or(0))
            .unwrap_or(Timestamp::MAX)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock module of this shell"
)]
fn since_1970() -> Duration {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
}
