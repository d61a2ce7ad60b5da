//! Why an offer is not taken, and verbs that come out of turn.

use alloc::string::String;
use core::fmt;

use super::Reason;

/// Why an offered release is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Its security counter is below the highest that was ever confirmed here.
    Older {
        /// The offered counter.
        offered: u64,
        /// The lowest that is still taken.
        floor: u64,
    },
    /// Its metadata is older than what was confirmed here.
    OlderMetadata {
        /// The offered metadata version.
        offered: u64,
        /// The lowest that is still taken.
        floor: u64,
    },
    /// It is for something else.
    WrongProduct {
        /// What it is for.
        offered: String,
        /// What this device is.
        expected: String,
    },
    /// It already runs here.
    AlreadyInstalled,
    /// It was tried here and left.
    FailedBefore(Reason),
    /// Another update is under way.
    Busy,
    /// What was installed here before cannot be read any more, so nothing tells whether it is older.
    HistoryLost,
}

impl Refusal {
    /// The word used in reports and events.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Older { .. } => "older",
            Self::OlderMetadata { .. } => "older-metadata",
            Self::WrongProduct { .. } => "wrong-product",
            Self::AlreadyInstalled => "already-installed",
            Self::FailedBefore(_) => "failed-before",
            Self::Busy => "busy",
            Self::HistoryLost => "history-lost",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Older { offered, floor } => {
                write!(f, "older: security counter {offered} is below {floor}")
            }
            Self::OlderMetadata { offered, floor } => {
                write!(f, "older: metadata version {offered} is below {floor}")
            }
            Self::WrongProduct { offered, expected } => {
                write!(f, "release is for {offered}, this device is {expected}")
            }
            Self::AlreadyInstalled => f.write_str("release already runs here"),
            Self::FailedBefore(reason) => write!(f, "release was tried here and left: {reason}"),
            Self::Busy => f.write_str("another update is under way"),
            Self::HistoryLost => f.write_str(
                "history-lost: nothing tells what was installed here before, its owner has to reset the slots",
            ),
        }
    }
}

/// A verb that does not fit the phase: a mistake of the caller, and nothing changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfTurn(pub &'static str);

impl fmt::Display for OutOfTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slots: {} does not fit the phase", self.0)
    }
}

impl core::error::Error for OutOfTurn {}
