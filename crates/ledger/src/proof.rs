//! Proofs that travel by themselves: an entry was recorded, and these witnesses saw the log.
//!
//! Source: C2SP tlog-proof v1.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::Hash;
use crate::checkpoint::CheckpointError;
use crate::note::{MAX_NOTE_BYTES, NoteError};
use crate::text;
use crate::tree::{MerkleError, Nodes, inclusion_proof};

/// The first line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The longest inclusion proof: the height of a tree of 2^63 - 1 entries.
pub const MAX_HASHES: usize = 63;

/// The longest line of opaque extra data that is skipped, in bytes.
const MAX_EXTRA: usize = 16 * 1024;

/// Everything needed to check offline that an entry is in a log, except the entry and the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// The entry's index in the log, from 0.
    pub index: u64,
    /// From the leaf's sibling up to the root's child.
    pub hashes: Vec<Hash>,
    /// The signed note of the checkpoint with its cosignatures, verbatim.
    pub checkpoint: String,
}

/// Why a proof is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// A line of the proof (from 1) is not what belongs there.
    Line(usize),
    /// The text is longer than any proof.
    TooLong,
    /// The checkpoint inside is not one.
    Checkpoint(CheckpointError),
    /// The checkpoint belongs to another log than the trusted one.
    OtherLog,
    /// The trusted log's signature is missing or wrong.
    Log(NoteError),
    /// A trusted witness's cosignature is there and does not verify.
    Cosignature(NoteError),
    /// Fewer trusted witnesses cosigned than required.
    Cosignatures {
        /// How many distinct trusted witnesses cosigned.
        found: usize,
        /// How many are required.
        required: u8,
    },
    /// The hashes do not lead from the entry to the checkpoint's root.
    Inclusion(MerkleError),
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line} of the proof is not what belongs there"),
            Self::TooLong => f.write_str("the proof is too long"),
            Self::Checkpoint(error) => write!(f, "{error}"),
            Self::OtherLog => f.write_str("the checkpoint is of another log"),
            Self::Log(error) => write!(f, "log signature: {error}"),
            Self::Cosignature(error) => write!(f, "cosignature: {error}"),
            Self::Cosignatures { found, required } => {
                write!(
                    f,
                    "{found} trusted witnesses cosigned, {required} are required"
                )
            }
            Self::Inclusion(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for ProofError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Checkpoint(error) => Some(error),
            Self::Log(error) | Self::Cosignature(error) => Some(error),
            Self::Inclusion(error) => Some(error),
            Self::Line(_) | Self::TooLong | Self::OtherLog | Self::Cosignatures { .. } => None,
        }
    }
}

impl From<CheckpointError> for ProofError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

impl TlogProof {
    /// The proof of entry `index` under a checkpoint of `size` entries, out of stored nodes.
    ///
    /// # Errors
    ///
    /// The store's own error.
    pub fn build<N: Nodes>(
        nodes: &N,
        index: u64,
        size: u64,
        checkpoint: impl Into<String>,
    ) -> Result<Self, N::Error> {
        let hashes = inclusion_proof(nodes, index, size)?;
        Ok(Self {
            index,
            hashes,
            checkpoint: checkpoint.into(),
        })
    }

    /// The text of the proof.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = alloc::format!("{HEADER}\nindex {}\n", self.index);
        for hash in &self.hashes {
            text.push_str(&hash.to_base64());
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Reads a proof. An `extra` line, which is not authenticated, is skipped. The checkpoint is
    /// kept verbatim and only looked into by [`crate::trust::LedgerTrust::verify`].
    ///
    /// # Errors
    ///
    /// [`ProofError::Line`] and [`ProofError::TooLong`].
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        if text.len() > MAX_NOTE_BYTES + MAX_EXTRA {
            return Err(ProofError::TooLong);
        }
        let mut rest = text;
        let mut number = 0_usize;
        let mut next_line = || -> Result<(&str, usize), ProofError> {
            number = number.saturating_add(1);
            let (line, tail) = rest.split_once('\n').ok_or(ProofError::Line(number))?;
            rest = tail;
            Ok((line, number))
        };
        if next_line()?.0 != HEADER {
            return Err(ProofError::Line(1));
        }
        let (mut line, mut at) = next_line()?;
        if let Some(extra) = line.strip_prefix("extra ") {
            if extra.len() > MAX_EXTRA || text::base64_bytes(extra).is_none() {
                return Err(ProofError::Line(at));
            }
            (line, at) = next_line()?;
        }
        let index = line.strip_prefix("index ").and_then(text::decimal);
        let index = index.ok_or(ProofError::Line(at))?;
        let mut hashes = Vec::new();
        loop {
            let (line, at) = next_line()?;
            if line.is_empty() {
                break;
            }
            if hashes.len() >= MAX_HASHES {
                return Err(ProofError::Line(at));
            }
            hashes.push(Hash::from_base64(line).ok_or(ProofError::Line(at))?);
        }
        if rest.is_empty() {
            return Err(ProofError::Line(number.saturating_add(1)));
        }
        Ok(Self {
            index,
            hashes,
            checkpoint: rest.to_string(),
        })
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode())
    }
}
