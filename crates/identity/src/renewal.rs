//! When a device renews its certificate, even when its clock is wrong.
//!
//! Due at two thirds of the certificate's life, plus a jitter that the server chose, so that a
//! fleet that joined together does not renew together. The question is asked again on every
//! wake, clock change and reconnect, and has no memory: nothing can be missed.

use jiff::{SignedDuration, Timestamp};

/// Longest time a device sleeps before it asks again, whatever [`Due`] said: clocks jump.
pub const ASK_AGAIN_WITHIN: core::time::Duration = core::time::Duration::from_secs(24 * 60 * 60);

/// What a device knows about the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// What its own clock says.
    pub now: Timestamp,
    /// A signed time that has certainly passed, such as a cosignature's.
    pub at_least: Option<Timestamp>,
}

impl Clock {
    /// The best guess: its own clock, but never before what has certainly passed.
    #[must_use]
    pub fn best(&self) -> Timestamp {
        self.at_least
            .map_or(self.now, |at_least| at_least.max(self.now))
    }
}

/// What the schedule says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Not before this time.
    Later(Timestamp),
    /// Renew now; the certificate still holds.
    Now,
    /// Renew now; the certificate has ended, and the server may still take it until then.
    Expired {
        /// When the window closes.
        window_closes: Timestamp,
    },
    /// Ended, and the window is closed by this clock. Clocks err: ask the server once a day, its
    /// clock decides.
    WindowClosed,
    /// The clock is before the certificate's beginning, so it is wrong. Renew now: asking does
    /// no harm, waiting by a wrong clock may never end.
    ClockWrong,
}

/// When to renew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How long after its end a certificate may still be renewed.
    pub window: SignedDuration,
}

impl Default for Schedule {
    /// 90 days, as the registrar's default.
    fn default() -> Self {
        Self {
            window: SignedDuration::from_hours(24 * 90),
        }
    }
}

impl Schedule {
    /// Two thirds of the life, plus `jitter_permille` (0 to 1000, more counts as 1000)
    /// thousandths of a tenth of it.
    #[must_use]
    pub fn due_at(
        &self,
        not_before: Timestamp,
        not_after: Timestamp,
        jitter_permille: u16,
    ) -> Timestamp {
        let life = i128::from(not_after.as_second()) - i128::from(not_before.as_second());
        let life = life.max(0);
        let jitter = life * i128::from(jitter_permille.min(1000)) / 10_000;
        let due = i128::from(not_before.as_second()) + life * 2 / 3 + jitter;
        i64::try_from(due)
            .ok()
            .and_then(|due| Timestamp::from_second(due).ok())
            .unwrap_or(not_after)
    }

    /// What to do now about a certificate with this life.
    #[must_use]
    pub fn evaluate(
        &self,
        clock: Clock,
        not_before: Timestamp,
        not_after: Timestamp,
        jitter_permille: u16,
    ) -> Due {
        let now = clock.best();
        if now < not_before {
            return Due::ClockWrong;
        }
        let due = self.due_at(not_before, not_after, jitter_permille);
        if now < due {
            return Due::Later(due);
        }
        if now <= not_after {
            return Due::Now;
        }
        let window_closes = not_after.checked_add(self.window).unwrap_or(Timestamp::MAX);
        if now <= window_closes {
            Due::Expired { window_closes }
        } else {
            Due::WindowClosed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ask(now: i64, at_least: Option<i64>) -> Due {
        let schedule = Schedule {
            window: SignedDuration::from_secs(300),
        };
        let clock = Clock {
            now: at(now),
            at_least: at_least.map(at),
        };
        schedule.evaluate(clock, at(1000), at(1900), 0)
    }

    #[test]
    fn every_moment_has_its_answer() {
        for (now, due) in [
            (-5000, Due::ClockWrong),
            (999, Due::ClockWrong),
            (1000, Due::Later(at(1600))),
            (1599, Due::Later(at(1600))),
            (1600, Due::Now),
            (1900, Due::Now),
            (
                1901,
                Due::Expired {
                    window_closes: at(2200),
                },
            ),
            (
                2200,
                Due::Expired {
                    window_closes: at(2200),
                },
            ),
            (2201, Due::WindowClosed),
        ] {
            assert_eq!(ask(now, None), due, "{now}");
        }
    }

    #[test]
    fn a_signed_time_mends_a_clock_that_is_behind() {
        assert_eq!(
            ask(0, Some(1950)),
            Due::Expired {
                window_closes: at(2200)
            }
        );
        assert_eq!(ask(1100, Some(1700)), Due::Now);
        // And never turns a clock back.
        assert_eq!(ask(1700, Some(1100)), Due::Now);
    }

    proptest! {
        #[test]
        fn due_is_in_the_last_third(
            begin in 0_i64..4_000_000_000,
            life in 0_i64..4_000_000_000,
            jitter: u16,
        ) {
            let (not_before, not_after) = (at(begin), at(begin + life));
            let due = Schedule::default().due_at(not_before, not_after, jitter);
            prop_assert!(due.as_second() >= begin + life * 2 / 3);
            prop_assert!(due <= not_after);
        }

        #[test]
        fn no_time_overflows(now: i64, begin: i64, end: i64, jitter: u16) {
            let bound = |second: i64| {
                at(second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second()))
            };
            let clock = Clock { now: bound(now), at_least: None };
            let due = Schedule::default().evaluate(clock, bound(begin), bound(end), jitter);
            if bound(now) < bound(begin) {
                prop_assert_eq!(due, Due::ClockWrong);
            }
        }
    }
}
