//! Documents and results that people attach as evidence, beside what the running system shows.
//!
//! A document is bytes with a name, a hash, an owner and a last day. What a test tool wrote is read
//! ([`read()`]), and only its numbers are kept: a result that failed counts against what it is about, one
//! that tells nothing counts for nothing. Nothing here says that an item is met; it says that someone
//! answers for it until a day.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::vocabulary::vocabulary;

mod coverage;
mod cyclonedx;
mod fold;
mod junit;
mod read;
mod sarif;
mod summary;
mod xml;

pub use read::{Unreadable, read};
pub use summary::{Content, Format, Summary, Verdict};

/// The largest file that may be attached, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Most items that one document may be about.
pub const MAX_ITEMS: usize = 64;

vocabulary! {
    /// What an attached file is.
    DocumentKind {
        /// Something that people wrote.
        Document = "document",
        /// The result of a test.
        Test = "test",
    }
}

/// One attached file, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// `DOC-` and a number, in the order in which they were attached.
    pub id: String,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
    /// Length in bytes.
    pub size: u64,
    /// Name of the file.
    pub name: String,
    /// What its owner calls it.
    pub title: Option<String>,
    /// What it is.
    pub kind: DocumentKind,
    /// Checklist controls, regime items and requirements that it is about.
    pub items: BTreeSet<String>,
    /// Who answers for it.
    pub owner: String,
    /// Who attached it, as the server knew them.
    pub attached_by: String,
    /// When it was attached.
    pub attached_at: Timestamp,
    /// Last day on which it counts.
    pub until: Date,
    /// What the file says, when it is a result that can be read.
    pub summary: Option<Summary>,
    /// Since when it counts no more, and why.
    pub withdrawn: Option<Withdrawal>,
}

/// The end of a document before its last day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// When.
    pub at: Timestamp,
    /// Who did it, as the server knew them.
    pub by: String,
    /// Why, in their words.
    pub why: String,
}

/// What a document is worth on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worth {
    /// It counts.
    Counts,
    /// It is a result that failed, and counts against what it is about.
    Against,
    /// It is a result that tells nothing.
    TellsNothing,
    /// Its last day is over.
    Expired,
    /// It was withdrawn.
    Withdrawn,
}

impl Document {
    /// What the document is worth on `today`.
    ///
    /// A failed result counts against its items until it is withdrawn: the end of its last day does
    /// not make a failure good.
    pub fn worth(&self, today: Date) -> Worth {
        let verdict = self.summary.as_ref().map(|summary| summary.verdict);
        match verdict {
            _ if self.withdrawn.is_some() => Worth::Withdrawn,
            Some(Verdict::Failed) => Worth::Against,
            _ if self.until < today => Worth::Expired,
            Some(Verdict::Inconclusive) => Worth::TellsNothing,
            Some(Verdict::Passed) | None => Worth::Counts,
        }
    }
}
