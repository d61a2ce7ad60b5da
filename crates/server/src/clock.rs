//! The only place of this crate that asks what time it is.

use std::sync::Arc;

use jiff::Timestamp;

/// Tells the wall-clock time; tests put their own in.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The computer's own clock.
    #[must_use]
    pub fn system() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the shell's clock module"
        )]
        Self(Arc::new(Timestamp::now))
    }

    /// A clock that a caller drives.
    #[must_use]
    pub fn from_function(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl core::fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "Clock({})", self.now())
    }
}

/// Measures how long something took; for figures, never for decisions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the shell's clock module"
        )]
        Self(std::time::Instant::now())
    }

    /// Milliseconds since the start, with fractions.
    pub(crate) fn millis(self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1000.0
    }

    pub(crate) fn elapsed(self) -> core::time::Duration {
        self.0.elapsed()
    }
}
