//! The two clocks of this program; everything else gets time as an argument.

use std::time::Instant;

use jiff::Timestamp;

/// Time that only moves forward.
#[expect(clippy::disallowed_methods, reason = "this module is the clock")]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "this module is the clock")]
pub(crate) fn wall() -> Timestamp {
    Timestamp::now()
}
