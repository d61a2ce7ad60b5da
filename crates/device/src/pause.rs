//! How long to wait after a failure: twice as long each time, never quite the same.

use core::time::Duration;

/// A small generator for jitter. Its numbers are not secret: they only keep devices apart.
#[derive(Clone, Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) const fn new(entropy: u64) -> Self {
        Self(entropy)
    }

    /// The next number, by SplitMix64.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// Pauses that double from `from` to `to`; each is drawn from its upper half.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    from: Duration,
    to: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(from: Duration, to: Duration) -> Self {
        Self {
            from,
            to,
            failures: 0,
        }
    }

    /// Counts a failure; says how long to wait.
    pub(crate) fn fail(&mut self, jitter: &mut Jitter) -> Duration {
        let doubled = 1_u32
            .checked_shl(self.failures.min(30))
            .and_then(|factor| self.from.checked_mul(factor))
            .unwrap_or(self.to);
        self.failures = self.failures.saturating_add(1);
        let full = doubled.min(self.to);
        let half = full / 2;
        let span = u64::try_from(half.as_micros()).unwrap_or(u64::MAX).max(1);
        half.saturating_add(Duration::from_micros(jitter.draw() % span))
    }

    /// Forgets the failures.
    pub(crate) fn succeed(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pause_is_in_the_upper_half_of_its_bound(entropy: u64, failures in 0_u32..200) {
            let (from, to) = (Duration::from_millis(500), Duration::from_secs(60));
            let mut backoff = Backoff::new(from, to);
            let mut jitter = Jitter::new(entropy);
            let mut bound = from;
            for _ in 0..failures {
                let pause = backoff.fail(&mut jitter);
                prop_assert!(pause >= bound / 2 && pause <= bound, "{pause:?} of {bound:?}");
                bound = (bound * 2).min(to);
            }
            backoff.succeed();
            prop_assert!(backoff.fail(&mut jitter) <= from);
        }
    }

    #[test]
    fn two_devices_do_not_come_back_together() {
        let pauses = |entropy| {
            let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
            let mut jitter = Jitter::new(entropy);
            [(); 6].map(|()| backoff.fail(&mut jitter))
        };
        assert_ne!(pauses(1), pauses(2));
    }
}
