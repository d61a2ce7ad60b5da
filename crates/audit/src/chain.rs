//! The event chain: each record holds the digest of the one before it.
//!
//! A record is the CBOR array `[previous, event, digest]` with `digest` = SHA-256 of a prefix, `previous`
//! and `event`; see `docs/formats/event.md`. A changed byte breaks the record that it is in, by its own
//! digest. Who changes a record and its digest breaks the next one; who changes all that follow meets an
//! anchor: a head that somebody else keeps, such as the ledger.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest, Sha256};

use crate::event::Event;

mod record;

use record::Parts;
pub use record::{MAX_RECORD_BYTES, RecordError};

/// The last record of a chain: what an anchor keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Its sequence; 0 when the chain is empty.
    pub sequence: u64,
    /// Its digest; zeros when the chain is empty.
    pub hash: [u8; 32],
}

/// The end of the chain, to which events are appended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chain {
    head: Head,
}

/// One event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The event with its sequence, within bounds, and with times in whole microseconds.
    pub event: Event,
    /// What is stored.
    pub bytes: Vec<u8>,
    /// The chain's head after this record.
    pub head: Head,
}

/// Where a chain is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The sequence that the record at this place must have.
    pub sequence: u64,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a record of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The record's contents do not have the digest that it states.
    Digest,
    /// The record is whole, but does not follow the one before it.
    Link,
    /// The record has another sequence.
    Sequence {
        /// The sequence that it has.
        found: u64,
    },
    /// The bytes are not a record.
    Malformed(RecordError),
    /// The record is whole and follows, but an anchor says that another one was here.
    Anchor,
    /// An anchor says that there was a record here, and there is none.
    Missing,
}

impl Chain {
    /// A chain without any record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on after the last record that was kept.
    pub fn resume(head: Head) -> Self {
        Self { head }
    }

    /// The last record.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Gives the event its sequence and makes its record.
    pub fn append(&mut self, event: Event) -> Record {
        let record = record::seal(self.head, event);
        self.head = record.head;
        record
    }
}

/// Reads one record by itself: its own digest is checked, its place in the chain is not.
///
/// # Errors
///
/// [`Why::Malformed`] or [`Why::Digest`].
pub fn read(bytes: &[u8]) -> Result<Record, Why> {
    let (event, parts) = open(bytes)?;
    let head = Head {
        sequence: event.sequence,
        hash: parts.digest,
    };
    Ok(Record {
        event,
        bytes: bytes.into(),
        head,
    })
}

fn open(bytes: &[u8]) -> Result<(Event, Parts<'_>), Why> {
    let parts = record::parse(bytes).map_err(Why::Malformed)?;
    if digest(&parts.previous, parts.body) != parts.digest {
        return Err(Why::Digest);
    }
    let event = record::decode(parts.body).map_err(Why::Malformed)?;
    Ok((event, parts))
}

/// Verifies a whole chain from its first record, and gives its head.
///
/// That the chain ends where it should, only an anchor can say: see [`verify_anchored`].
///
/// # Errors
///
/// [`Broken`] names the first record that does not hold.
pub fn verify<R: AsRef<[u8]>>(records: impl IntoIterator<Item = R>) -> Result<Head, Broken> {
    verify_anchored(Head::default(), records, &[])
}

/// Verifies the records after `start`, and that every anchor at or beyond it is met.
///
/// # Errors
///
/// [`Broken`] names the first record that does not hold, or that is missing.
pub fn verify_anchored<R: AsRef<[u8]>>(
    start: Head,
    records: impl IntoIterator<Item = R>,
    anchors: &[Head],
) -> Result<Head, Broken> {
    let mut verifier = Verifier::new(start, anchors)?;
    for record in records {
        verifier.push(record.as_ref())?;
    }
    verifier.finish()
}

/// Verifies a chain record by record, for chains that do not fit into memory.
#[derive(Clone, Debug)]
pub struct Verifier {
    head: Head,
    anchors: BTreeMap<u64, [u8; 32]>,
}

impl Verifier {
    /// Starts after the record `start`; [`Head::default`] is the beginning of the chain.
    ///
    /// # Errors
    ///
    /// [`Broken`] when the anchors contradict `start` or each other.
    pub fn new(start: Head, anchors: &[Head]) -> Result<Self, Broken> {
        let mut kept = BTreeMap::new();
        for anchor in anchors {
            let known = if anchor.sequence == start.sequence {
                Some(start.hash)
            } else {
                kept.insert(anchor.sequence, anchor.hash)
            };
            if known.is_some_and(|hash| hash != anchor.hash) {
                return Err(Broken {
                    sequence: anchor.sequence,
                    why: Why::Anchor,
                });
            }
        }
        kept.retain(|sequence, _| *sequence > start.sequence);
        Ok(Self {
            head: start,
            anchors: kept,
        })
    }

    /// Checks the next record.
    ///
    /// # Errors
    ///
    /// [`Broken`] when it does not hold.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Event, Broken> {
        let sequence = self.head.sequence.saturating_add(1);
        let broken = |why| Broken { sequence, why };
        let (event, parts) = open(bytes).map_err(broken)?;
        if event.sequence != sequence {
            let found = event.sequence;
            return Err(broken(Why::Sequence { found }));
        }
        if parts.previous != self.head.hash {
            return Err(broken(Why::Link));
        }
        let anchor = self.anchors.remove(&sequence);
        if anchor.is_some_and(|hash| hash != parts.digest) {
            return Err(broken(Why::Anchor));
        }
        self.head = Head {
            sequence,
            hash: parts.digest,
        };
        Ok(event)
    }

    /// The last record that was checked.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Ends the chain here.
    ///
    /// # Errors
    ///
    /// [`Why::Missing`] when an anchor lies beyond the last record.
    pub fn finish(self) -> Result<Head, Broken> {
        if self.anchors.is_empty() {
            return Ok(self.head);
        }
        Err(Broken {
            sequence: self.head.sequence.saturating_add(1),
            why: Why::Missing,
        })
    }
}

/// The digest of a record; the prefix keeps it apart from every other hash of this platform.
fn digest(previous: &[u8; 32], body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"sekimori event record v1\0");
    hash.update(previous);
    hash.update(body);
    hash.finalize().into()
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}: {}", self.sequence, self.why)
    }
}

impl core::error::Error for Broken {}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest => f.write_str("its contents were changed: the digest does not match"),
            Self::Link => f.write_str("it does not follow the event before it"),
            Self::Sequence { found } => write!(f, "event {found} stands in its place"),
            Self::Malformed(error) => write!(f, "not a record: {error}"),
            Self::Anchor => f.write_str("another event was here when the chain was anchored"),
            Self::Missing => {
                f.write_str("it is missing: the chain was longer when it was anchored")
            }
        }
    }
}
