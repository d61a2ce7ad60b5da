//! Whom a reader believes about the log: one log key, and k of n witnesses.

use alloc::vec::Vec;

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::note::{NoteError, SignatureType, VerifierKey};
use crate::proof::{ProofError, TlogProof};
use crate::tree::{leaf_hash, verify_inclusion};

/// The keys a device, gateway or auditor was given, and how many witnesses must agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerTrust {
    /// The log's key; its name is the log's origin.
    pub log: VerifierKey,
    /// The witnesses of other organizations.
    pub witnesses: Vec<VerifierKey>,
    /// How many distinct witnesses must have cosigned. Zero means one administrator, and is to be
    /// shown as such.
    pub threshold: u8,
}

/// That an entry was recorded, and when it was seen at the latest. Not that it still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The entry's index.
    pub index: u64,
    /// The size of the log that the proof speaks of.
    pub size: u64,
    /// A lower bound of the present time; see [`Believed::time`].
    pub time: Option<u64>,
}

/// A checkpoint that the trusted keys stand behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Believed {
    /// What they stand behind.
    pub checkpoint: Checkpoint,
    /// How many distinct trusted witnesses cosigned.
    pub witnesses: usize,
    /// A moment that at least `threshold` witnesses (and at least one) have said to have passed, in
    /// seconds since the epoch: no minority of witnesses can push a clock forward. `None` when no
    /// trusted witness cosigned.
    pub time: Option<u64>,
}

impl LedgerTrust {
    /// Checks offline that `entry` was recorded, and that enough witnesses saw it.
    ///
    /// # Errors
    ///
    /// The exact [`ProofError`].
    pub fn verify(&self, entry: &[u8], proof: &TlogProof) -> Result<Recorded, ProofError> {
        let believed = self.verify_checkpoint(&proof.checkpoint)?;
        let Checkpoint { size, root, .. } = believed.checkpoint;
        verify_inclusion(&leaf_hash(entry), proof.index, size, &proof.hashes, &root)
            .map_err(ProofError::Inclusion)?;
        Ok(Recorded {
            index: proof.index,
            size,
            time: believed.time,
        })
    }

    /// Checks a checkpoint's log signature and cosignatures.
    ///
    /// A trusted key's signature that does not verify refuses the whole checkpoint; lines of
    /// unknown keys are ignored. The same public key under two names counts once.
    ///
    /// # Errors
    ///
    /// The exact [`ProofError`].
    pub fn verify_checkpoint(&self, note: &str) -> Result<Believed, ProofError> {
        let signed = SignedCheckpoint::parse(note)?;
        if signed.checkpoint().origin != self.log.name() {
            return Err(ProofError::OtherLog);
        }
        signed.verify(&self.log).map_err(ProofError::Log)?;

        let mut seen: Vec<(&[u8; 32], u64)> = Vec::new();
        for witness in &self.witnesses {
            if witness.signature_type() != SignatureType::Cosignature {
                continue;
            }
            match signed.verify(witness) {
                Ok(time) => {
                    let time = time.unwrap_or(0);
                    match seen
                        .iter_mut()
                        .find(|(key, _)| *key == witness.public_key())
                    {
                        Some((_, newest)) => *newest = time.max(*newest),
                        None => seen.push((witness.public_key(), time)),
                    }
                }
                Err(NoteError::NotSigned) => {}
                Err(error) => return Err(ProofError::Cosignature(error)),
            }
        }
        if seen.len() < usize::from(self.threshold) {
            return Err(ProofError::Cosignatures {
                found: seen.len(),
                required: self.threshold,
            });
        }
        seen.sort_unstable_by_key(|(_, time)| core::cmp::Reverse(*time));
        let decisive = usize::from(self.threshold.max(1)).saturating_sub(1);
        Ok(Believed {
            checkpoint: signed.checkpoint().clone(),
            witnesses: seen.len(),
            time: seen.get(decisive).map(|(_, time)| *time),
        })
    }
}
