//! What happened, as a number that differs when anything does.

use core::fmt::{self, Write as _};
use core::time::Duration;

/// A running hash of everything that happened (FNV-1a), and its text when somebody wants to read it.
pub(crate) struct Trace {
    hash: u64,
    pub(crate) lines: Option<Vec<String>>,
}

impl Trace {
    pub(crate) const fn new(verbose: bool) -> Self {
        Self {
            hash: 0xCBF2_9CE4_8422_2325,
            lines: if verbose { Some(Vec::new()) } else { None },
        }
    }

    /// Notes that something happened.
    pub(crate) fn note(&mut self, now: Duration, what: fmt::Arguments<'_>) {
        struct Hasher<'a>(&'a mut u64);
        impl fmt::Write for Hasher<'_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                for byte in text.bytes() {
                    *self.0 = (*self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
                }
                Ok(())
            }
        }
        let mut hasher = Hasher(&mut self.hash);
        // Writing to a hash does not fail.
        let _ = write!(hasher, "{}\n{what}\n", now.as_micros());
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{:>10.3} {what}", now.as_secs_f64()));
        }
    }

    /// The number.
    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }
}
