//! What every small machine is handed with each call.

use crate::pause::Jitter;
use crate::words::Note;
use alloc::vec::Vec;
use core::time::Duration;
use jiff::Timestamp;

/// The two clocks, jitter, and a place for notes.
pub(crate) struct Context<'a> {
    /// Time since boot.
    pub(crate) now: Duration,
    /// The time to go by; see [`crate::clock`].
    pub(crate) time: Timestamp,
    /// What the clock says.
    pub(crate) wall: Timestamp,
    pub(crate) jitter: &'a mut Jitter,
    pub(crate) notes: &'a mut Vec<Note>,
}
