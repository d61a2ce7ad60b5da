//! What time it is, on a device whose clock may be wrong.
//!
//! Time that witnesses signed is a lower bound that survives restarts. When the server's certificate seems not to be
//! valid, the newest signed time decides who is wrong: if the clock is more than a day away from it, the clock is.

use core::time::Duration;
use jiff::{SignedDuration, Timestamp};

/// How far a clock may be from signed time before it is called wrong.
const TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// The clock.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// The newest signed time: a moment that has passed.
    floor: Timestamp,
    /// Where the bound has got to since: a time, and the time since boot at which it was that late.
    since: (Timestamp, Duration),
    /// Signed time, and the time since boot at which it was heard.
    corrected: Option<(Timestamp, Duration)>,
}

/// What signed time says about the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The clock is right: whoever is not valid now is not valid.
    Right,
    /// The clock was wrong; signed time is used from now on.
    Corrected,
    /// The signed time is older than one heard before: it says nothing.
    Stale,
}

impl Clock {
    /// A clock that knows, at `now`, that `floor` has passed.
    pub(crate) const fn new(now: Duration, floor: Timestamp) -> Self {
        Self {
            floor,
            since: (floor, now),
            corrected: None,
        }
    }

    /// The time to go by.
    pub(crate) fn time(&self, now: Duration, wall: Timestamp) -> Timestamp {
        let at_least = run_on(self.since, now);
        let Some(corrected) = self.corrected else {
            return wall.max(at_least);
        };
        let time = run_on(corrected, now);
        // The clock was set meanwhile.
        if distance(wall, time) <= TOLERANCE {
            return wall.max(at_least);
        }
        time.max(at_least)
    }

    /// Learns at `now` that `signed` has passed.
    pub(crate) fn learn(&mut self, now: Duration, signed: Timestamp) {
        self.floor = self.floor.max(signed);
        if signed > run_on(self.since, now) {
            self.since = (signed, now);
        }
    }

    /// A moment that has passed.
    pub(crate) const fn floor(&self) -> Timestamp {
        self.floor
    }

    /// Judges the clock by the newest signed time.
    pub(crate) fn judge(&mut self, now: Duration, wall: Timestamp, signed: Timestamp) -> Verdict {
        if signed < self.floor {
            return Verdict::Stale;
        }
        self.learn(now, signed);
        if distance(wall, signed) <= TOLERANCE {
            return Verdict::Right;
        }
        self.corrected = Some((signed, now));
        Verdict::Corrected
    }
}

/// What has become of a time that was heard at a time since boot.
fn run_on((time, heard): (Timestamp, Duration), now: Duration) -> Timestamp {
    let age = SignedDuration::try_from(now.saturating_sub(heard)).unwrap_or(SignedDuration::MAX);
    time.checked_add(age).unwrap_or(Timestamp::MAX)
}

fn distance(a: Timestamp, b: Timestamp) -> SignedDuration {
    a.duration_since(b).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_clock_that_starts_in_1970_is_lifted_to_what_has_passed() {
        let clock = Clock::new(Duration::ZERO, at("2026-10-01T00:00:00Z"));
        let time = clock.time(Duration::ZERO, Timestamp::UNIX_EPOCH);
        assert_eq!(time, at("2026-10-01T00:00:00Z"));
        let later = at("2026-10-05T00:00:00Z");
        assert_eq!(clock.time(Duration::ZERO, later), later);
        // And it runs on from there, though the clock on the wall does not get that far.
        let time = clock.time(Duration::from_secs(90), Timestamp::UNIX_EPOCH);
        assert_eq!(time, at("2026-10-01T00:01:30Z"));
    }

    #[test]
    fn a_clock_in_the_future_is_corrected_and_runs_on() {
        let mut clock = Clock::new(Duration::ZERO, at("2026-10-01T00:00:00Z"));
        let wall = at("2040-01-01T00:00:00Z");
        let signed = at("2026-10-05T00:00:00Z");
        let heard = Duration::from_secs(10);
        assert_eq!(clock.judge(heard, wall, signed), Verdict::Corrected);
        assert_eq!(
            clock.time(Duration::from_secs(70), wall),
            at("2026-10-05T00:01:00Z")
        );
        // Somebody set the clock: it is believed again.
        let set = at("2026-10-05T00:01:30Z");
        assert_eq!(clock.time(Duration::from_secs(70), set), set);
    }

    #[test]
    fn an_old_signed_time_neither_corrects_nor_lowers_the_bound() {
        let mut clock = Clock::new(Duration::ZERO, at("2026-10-01T00:00:00Z"));
        let wall = at("2026-10-02T00:00:00Z");
        let old = at("2025-01-01T00:00:00Z");
        assert_eq!(clock.judge(Duration::ZERO, wall, old), Verdict::Stale);
        assert_eq!(clock.time(Duration::ZERO, wall), wall);
        assert_eq!(clock.floor(), at("2026-10-01T00:00:00Z"));
    }

    #[test]
    fn a_right_clock_is_left_alone() {
        let mut clock = Clock::new(Duration::ZERO, Timestamp::UNIX_EPOCH);
        let wall = at("2026-10-05T00:00:00Z");
        let signed = at("2026-10-04T12:00:00Z");
        assert_eq!(clock.judge(Duration::ZERO, wall, signed), Verdict::Right);
        assert_eq!(clock.time(Duration::ZERO, wall), wall);
    }
}
