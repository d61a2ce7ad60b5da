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
