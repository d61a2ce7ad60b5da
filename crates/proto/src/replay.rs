//! Accepts each sequence number of a device at most once, across its restarts.
//!
//! A device counts its starts (`boot`) and, within each start, its messages (`sequence`). The window remembers the
//! newest boot, the highest sequence of it, and which of the 64 newest sequences were accepted.
//!
//! Source: RFC 8613 section 7.4, with the boot count in front of the sequence.

/// How many sequence numbers behind the newest one are still told apart.
pub const WINDOW: u64 = 64;

/// What the window says of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Never accepted before.
    Fresh,
    /// Accepted before: a copy, or a resend of it.
    Seen,
    /// Of an earlier boot, or 64 or more behind the newest: whether it was accepted is no longer known.
    TooOld,
}

/// The newest messages of one device, as far as they can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayWindow {
    boot: u64,
    highest: u64,
    /// Bit `n` is set when `highest - n` was accepted.
    seen: u64,
}

impl ReplayWindow {
    /// The window of a device from which nothing was ever accepted, or whose first message is still to come.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            boot: 0,
            highest: 0,
            seen: 0,
        }
    }

    /// The window that [`Self::fields`] described.
    #[must_use]
    pub const fn from_fields(boot: u64, highest: u64, seen: u64) -> Self {
        Self {
            boot,
            highest,
            seen,
        }
    }

    /// `(boot, highest, seen)` to be kept by a store; bit `n` of `seen` stands for `highest - n`.
    #[must_use]
    pub const fn fields(&self) -> (u64, u64, u64) {
        (self.boot, self.highest, self.seen)
    }

    /// The newest boot from which a message was accepted.
    #[must_use]
    pub const fn boot(&self) -> u64 {
        self.boot
    }

    /// Says whether message `sequence` of start `boot` is new, without remembering it.
    #[must_use]
    pub const fn check(&self, boot: u64, sequence: u64) -> Freshness {
        if boot < self.boot {
            return Freshness::TooOld;
        }
        if boot > self.boot || self.seen == 0 || sequence > self.highest {
            return Freshness::Fresh;
        }
        let behind = self.highest.saturating_sub(sequence);
        if behind >= WINDOW {
            return Freshness::TooOld;
        }
        if (self.seen >> behind) & 1 == 1 {
            Freshness::Seen
        } else {
            Freshness::Fresh
        }
    }

    /// Remembers that message `sequence` of start `boot` was accepted.
    ///
    /// A message that [`Self::check`] does not call fresh changes nothing.
    pub const fn accept(&mut self, boot: u64, sequence: u64) {
        if !matches!(self.check(boot, sequence), Freshness::Fresh) {
            return;
        }
        if boot > self.boot || self.seen == 0 {
            *self = Self {
                boot,
                highest: sequence,
                seen: 1,
            };
            return;
        }
        if sequence > self.highest {
            let ahead = sequence.saturating_sub(self.highest);
            // Everything the window knew falls out when the step is as wide as the window.
            let kept = if ahead >= WINDOW {
                0
            } else {
                self.seen << ahead
            };
            self.highest = sequence;
            self.seen = kept | 1;
            return;
        }
        self.seen |= 1 << self.highest.saturating_sub(sequence);
    }
}

impl Default for ReplayWindow {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// Everything ever accepted, without a bound.
    #[derive(Default)]
    struct Everything(BTreeSet<(u64, u64)>);

    impl Everything {
        fn check(&self, boot: u64, sequence: u64) -> Freshness {
            let Some((newest_boot, highest)) = self.0.last().copied() else {
                return Freshness::Fresh;
            };
            if boot < newest_boot
                || boot == newest_boot && sequence < highest && highest - sequence >= WINDOW
            {
                return Freshness::TooOld;
            }
            if self.0.contains(&(boot, sequence)) {
                return Freshness::Seen;
            }
            Freshness::Fresh
        }
    }

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![4 => 0_u64..200, 2 => u64::MAX - 150..=u64::MAX, 1 => any::<u64>()]
    }

    fn boot() -> impl Strategy<Value = u64> {
        prop_oneof![8 => 0_u64..3, 1 => u64::MAX - 1..=u64::MAX]
    }

    proptest! {
        #[test]
        fn the_window_agrees_with_a_set_of_everything_accepted(
            messages in prop::collection::vec((boot(), number()), 0..300),
        ) {
            let mut window = ReplayWindow::new();
            let mut everything = Everything::default();
            for (boot, sequence) in messages {
                let expected = everything.check(boot, sequence);
                prop_assert_eq!(window.check(boot, sequence), expected, "({}, {})", boot, sequence);
                window.accept(boot, sequence);
                if expected == Freshness::Fresh {
                    everything.0.insert((boot, sequence));
                }
                prop_assert_ne!(window.check(boot, sequence), Freshness::Fresh);
                let (boot, highest, seen) = window.fields();
                prop_assert_eq!(ReplayWindow::from_fields(boot, highest, seen), window);
            }
        }
    }

    #[test]
    fn edges() {
        let check = |accepted: &[(u64, u64)], asked: (u64, u64), expected: Freshness| {
            let mut window = ReplayWindow::new();
            accepted
                .iter()
                .for_each(|&(boot, sequence)| window.accept(boot, sequence));
            assert_eq!(
                window.check(asked.0, asked.1),
                expected,
                "{accepted:?} then {asked:?}"
            );
        };
        use Freshness::{Fresh, Seen, TooOld};
        check(&[], (0, 0), Fresh);
        check(&[(0, 0)], (0, 0), Seen);
        check(&[(0, 0)], (0, 1), Fresh);
        check(&[(0, u64::MAX)], (0, u64::MAX), Seen);
        check(&[(0, u64::MAX), (0, u64::MAX)], (0, u64::MAX), Seen);
        check(&[(0, u64::MAX)], (0, u64::MAX - 63), Fresh);
        check(&[(0, u64::MAX)], (0, u64::MAX - 64), TooOld);
        check(&[(0, 0), (0, 64)], (0, 0), TooOld);
        check(&[(0, 0), (0, 63)], (0, 0), Seen);
        check(&[(0, 0), (0, u64::MAX)], (0, u64::MAX), Seen);
        check(&[(1, 10)], (0, 11), TooOld);
        check(&[(1, 10)], (2, 0), Fresh);
        check(&[(1, 10), (2, 0)], (1, 11), TooOld);
        check(&[(u64::MAX, 0)], (u64::MAX, 0), Seen);
        check(&[(u64::MAX, 5)], (0, 6), TooOld);
    }

    #[test]
    fn a_message_that_is_not_fresh_changes_nothing() {
        let mut window = ReplayWindow::new();
        for sequence in [100, 101, 150] {
            window.accept(3, sequence);
        }
        let before = window;
        let stale: Vec<(u64, u64)> = [(3, 100), (3, 86), (2, 500)].into();
        stale
            .iter()
            .for_each(|&(boot, sequence)| window.accept(boot, sequence));
        assert_eq!(window, before);
    }
}
