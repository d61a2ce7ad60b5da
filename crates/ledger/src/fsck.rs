//! Re-deriving a whole ledger: is everything that is stored what the signed checkpoint says?
//!
//! [`check`] hashes every entry again, compares every stored node, rebuilds the root, and verifies
//! the log's signature and each cosignature. When something disagrees, the signed checkpoint is
//! the arbiter, and the answer is the one place where the ledger stops being what was signed.

mod locate;

use alloc::string::{String, ToString};
use core::fmt;

use crate::Hash;
use crate::checkpoint::SignedCheckpoint;
use crate::note::{NoteError, VerifierKey};
use crate::text;
use crate::tree::{Frontier, Nodes, StoredNode, inclusion_proof, verify_inclusion};
use crate::trust::LedgerTrust;

/// Where a ledger first differs from what was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// An entry, by its index.
    Entry(u64),
    /// A stored node of the tree.
    Node {
        /// 0 for leaves.
        level: u8,
        /// The node's index in its level.
        index: u64,
    },
    /// A line of the checkpoint, from 1: origin, size, root, an empty line, signatures.
    Checkpoint {
        /// The line, from 1.
        line: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(index) => write!(f, "entry {index}"),
            Self::Node { level, index } => write!(f, "node {index} of level {level}"),
            Self::Checkpoint { line } => write!(f, "checkpoint line {line}"),
        }
    }
}

/// What is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not what was signed.
    Changed,
    /// It should be there and is not.
    Missing,
    /// The store could not give it, for this reason.
    Unreadable(String),
    /// The line is not what belongs there.
    Malformed,
    /// The signature of a trusted key does not verify.
    BadSignature,
    /// A signature that is needed is not there; the name says whose, when it is one key's.
    NotSigned {
        /// The key name, or none when any further witness would do.
        name: Option<String>,
    },
    /// Entries and nodes agree with each other and not with the signed root: all of them were
    /// rewritten together, so that no single entry can be named.
    Rewritten,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("is not what was signed"),
            Self::Missing => f.write_str("is missing"),
            Self::Unreadable(reason) => write!(f, "cannot be read: {reason}"),
            Self::Malformed => f.write_str("is malformed"),
            Self::BadSignature => f.write_str("holds a signature that does not verify"),
            Self::NotSigned { name: Some(name) } => {
                write!(f, "should hold the signature of {name}")
            }
            Self::NotSigned { name: None } => {
                f.write_str("should hold the cosignature of one more trusted witness")
            }
            Self::Rewritten => f.write_str("signs another history than the one stored"),
        }
    }
}

/// The first place where the ledger is not what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub fault: Fault,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.fault)
    }
}

impl core::error::Error for Divergence {}

/// What was re-derived and found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The signed size.
    pub size: u64,
    /// The signed root, derived again from the entries.
    pub root: Hash,
    /// Stored nodes that were compared.
    pub nodes: u64,
    /// Entries stored behind the signed size, waiting for the next checkpoint.
    pub pending: u64,
    /// Distinct trusted witnesses whose cosignature was verified.
    pub witnesses: usize,
    /// See [`crate::trust::Believed::time`].
    pub time: Option<u64>,
}

/// Derives a ledger again from its entries, in order from index 0, and compares every stored node
/// and the signed checkpoint with it. Needs memory for one entry at a time.
///
/// # Errors
///
/// [`Divergence`]: the first place that is not what was signed.
pub fn check<I, B, E, N>(
    entries: I,
    nodes: &N,
    checkpoint: &[u8],
    trust: &LedgerTrust,
) -> Result<Report, Divergence>
where
    I: IntoIterator<Item = Result<B, E>>,
    B: AsRef<[u8]>,
    E: fmt::Display,
    N: Nodes,
    N::Error: fmt::Display,
{
    let derived = Derived::from_entries(entries, nodes, claimed_size(checkpoint))?;
    let signed = match core::str::from_utf8(checkpoint).map(SignedCheckpoint::parse) {
        Ok(Ok(signed)) => signed,
        Ok(Err(_)) | Err(_) => {
            return Err(locate::in_checkpoint(checkpoint, &derived, nodes, trust));
        }
    };
    if signed.checkpoint().origin != trust.log.name() || signed.verify(&trust.log).is_err() {
        return Err(locate::in_checkpoint(checkpoint, &derived, nodes, trust));
    }
    derived.compare(&signed, nodes)?;
    verify_cosignatures(&signed, trust)?;

    let believed = trust
        .verify_checkpoint(&signed.to_string())
        .map_err(|_| Divergence {
            place: Place::Checkpoint {
                line: locate::stray_line(&signed, trust),
            },
            fault: Fault::NotSigned { name: None },
        })?;
    let size = signed.checkpoint().size;
    Ok(Report {
        size,
        root: signed.checkpoint().root,
        nodes: derived.nodes,
        pending: derived.size.saturating_sub(size),
        witnesses: believed.witnesses,
        time: believed.time,
    })
}

/// The size in the checkpoint's second line, before anything is believed.
fn claimed_size(checkpoint: &[u8]) -> Option<u64> {
    let line = checkpoint.split(|byte| *byte == b'\n').nth(1)?;
    text::decimal(core::str::from_utf8(line).ok()?)
}

/// What the entries say, and where the stored nodes first say something else.
struct Derived {
    size: u64,
    root: Hash,
    /// The size that the checkpoint claims and the root the entries had then.
    claimed: Option<(u64, Hash)>,
    nodes: u64,
    difference: Option<Divergence>,
}

impl Derived {
    fn from_entries<I, B, E, N>(
        entries: I,
        nodes: &N,
        claimed: Option<u64>,
    ) -> Result<Self, Divergence>
    where
        I: IntoIterator<Item = Result<B, E>>,
        B: AsRef<[u8]>,
        E: fmt::Display,
        N: Nodes,
        N::Error: fmt::Display,
    {
        let mut frontier = Frontier::new();
        let at_claimed = |frontier: &Frontier| {
            (claimed == Some(frontier.size())).then(|| (frontier.size(), frontier.root()))
        };
        let mut claimed_root = at_claimed(&frontier);
        let mut compared = 0_u64;
        let mut difference = None;
        for entry in entries {
            let entry = entry.map_err(|error| Divergence {
                place: Place::Entry(frontier.size()),
                fault: Fault::Unreadable(error.to_string()),
            })?;
            for complete in frontier.push(entry.as_ref()) {
                compared = compared.saturating_add(1);
                if difference.is_none() {
                    difference = compare_node(nodes, complete);
                }
            }
            claimed_root = claimed_root.or_else(|| at_claimed(&frontier));
        }
        Ok(Self {
            size: frontier.size(),
            root: frontier.root(),
            claimed: claimed_root,
            nodes: compared,
            difference,
        })
    }

    /// Compares entries and nodes with a checkpoint that the log did sign.
    fn compare<N: Nodes>(&self, signed: &SignedCheckpoint, nodes: &N) -> Result<(), Divergence> {
        let checkpoint = signed.checkpoint();
        let Some((size, derived_root)) = self.claimed else {
            return Err(Divergence {
                place: Place::Entry(self.size),
                fault: Fault::Missing,
            });
        };
        if derived_root == checkpoint.root {
            // The entries are right, so a node that differs from them is wrong itself.
            return self.difference.clone().map_or(Ok(()), Err);
        }
        let Some(difference) = &self.difference else {
            let place = Place::Checkpoint { line: 3 };
            return Err(Divergence {
                place,
                fault: Fault::Rewritten,
            });
        };
        // If the stored leaf leads to the signed root, the leaf is right and the entry is not.
        if let Place::Node { level: 0, index } = difference.place
            && leaf_is_signed(nodes, index, size, &checkpoint.root)
        {
            return Err(Divergence {
                place: Place::Entry(index),
                fault: Fault::Changed,
            });
        }
        Err(difference.clone())
    }
}

/// Whether the stored nodes prove the stored leaf under a signed root.
fn leaf_is_signed<N: Nodes>(nodes: &N, index: u64, size: u64, root: &Hash) -> bool {
    let Ok(leaf) = nodes.node(0, index) else {
        return false;
    };
    inclusion_proof(nodes, index, size)
        .is_ok_and(|proof| verify_inclusion(&leaf, index, size, &proof, root).is_ok())
}

fn compare_node<N>(nodes: &N, (level, index, hash): StoredNode) -> Option<Divergence>
where
    N: Nodes,
    N::Error: fmt::Display,
{
    let fault = match nodes.node(level, index) {
        Ok(stored) if stored == hash => return None,
        Ok(_) => Fault::Changed,
        Err(error) => Fault::Unreadable(error.to_string()),
    };
    Some(Divergence {
        place: Place::Node { level, index },
        fault,
    })
}

/// Checks each cosignature of a trusted witness, present ones one by one.
fn verify_cosignatures(signed: &SignedCheckpoint, trust: &LedgerTrust) -> Result<(), Divergence> {
    for key in &trust.witnesses {
        if let Err(NoteError::BadSignature { line }) = signed.verify(key) {
            let place = Place::Checkpoint { line };
            return Err(Divergence {
                place,
                fault: Fault::BadSignature,
            });
        }
    }
    Ok(())
}

/// Whether any trusted key claims a signature line.
fn is_known(line: &crate::note::NoteSignature, trust: &LedgerTrust) -> bool {
    let mut keys = core::iter::once(&trust.log).chain(&trust.witnesses);
    keys.any(|key: &VerifierKey| key.claims(line))
}
