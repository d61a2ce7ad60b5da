//! What a witness checks before it cosigns: a log may only grow.
//!
//! [`Witness::evaluate`] is pure. Whoever serves it compares and stores the new size and root
//! atomically, and durably, *before* the cosignature leaves the process: two requests that are
//! evaluated against the same stored state must not both be stored.
//!
//! Source: C2SP tlog-witness v1.0.0.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::Hash;
use crate::checkpoint::SignedCheckpoint;
use crate::note::{CosignerKey, MAX_NOTE_BYTES, NoteError, NoteSignature, VerifierKey};
use crate::text;
use crate::tree::{empty_root, verify_consistency};

/// The largest request body that is read, in bytes.
pub const MAX_REQUEST_BYTES: usize = MAX_NOTE_BYTES + 4 * 1024;

/// The most hashes in a consistency proof that are read.
pub const MAX_HASHES: usize = 63;

/// The path of the call below the witness's submission prefix.
pub const ADD_CHECKPOINT_PATH: &str = "add-checkpoint";

/// The content type of a refusal that carries the witness's size.
pub const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";

/// The body of an `add-checkpoint` request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the log believes the witness to have stored.
    pub old_size: u64,
    /// From the old size to the checkpoint's.
    pub proof: Vec<Hash>,
    /// The new checkpoint, signed by the log.
    pub checkpoint: SignedCheckpoint,
}

impl AddCheckpoint {
    /// Reads a request body.
    ///
    /// # Errors
    ///
    /// [`WitnessRefusal::Malformed`] with the line, from 1.
    pub fn parse(body: &[u8]) -> Result<Self, WitnessRefusal> {
        if body.len() > MAX_REQUEST_BYTES {
            return Err(WitnessRefusal::TooLong);
        }
        let body = core::str::from_utf8(body).map_err(|_| WitnessRefusal::Malformed { line: 1 })?;
        let malformed = |line| WitnessRefusal::Malformed { line };
        let (first, mut rest) = body.split_once('\n').ok_or(malformed(1))?;
        let old_size = first
            .strip_prefix("old ")
            .and_then(text::decimal)
            .ok_or(malformed(1))?;
        let mut proof = Vec::new();
        let mut number = 1_usize;
        loop {
            number = number.saturating_add(1);
            let (line, tail) = rest.split_once('\n').ok_or(malformed(number))?;
            rest = tail;
            if line.is_empty() {
                break;
            }
            if proof.len() >= MAX_HASHES {
                return Err(malformed(number));
            }
            proof.push(Hash::from_base64(line).ok_or(malformed(number))?);
        }
        let checkpoint =
            SignedCheckpoint::parse(rest).map_err(|_| malformed(number.saturating_add(1)))?;
        Ok(Self {
            old_size,
            proof,
            checkpoint,
        })
    }

    /// The request body that a log sends.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut body = alloc::format!("old {}\n", self.old_size);
        for hash in &self.proof {
            body.push_str(&hash.to_base64());
            body.push('\n');
        }
        body.push('\n');
        body.push_str(&alloc::format!("{}", self.checkpoint));
        body
    }

    /// Which log this is about: the key under which the witness keeps its stored state.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.checkpoint.checkpoint().origin
    }
}

/// One exact reason why a witness does not cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WitnessRefusal {
    /// The body is longer than [`MAX_REQUEST_BYTES`].
    TooLong,
    /// The body is not a request; the line (from 1) where it stops being one.
    Malformed {
        /// The line, from 1.
        line: usize,
    },
    /// The old size is larger than the checkpoint's.
    SizesReversed,
    /// The log is not one that this witness looks after.
    UnknownLog,
    /// No trusted key of the log signed the checkpoint, or one did wrongly.
    NotSignedByLog(NoteError),
    /// The witness has another size stored than the log believes.
    OtherSize {
        /// The size of the newest checkpoint that the witness cosigned.
        stored: u64,
    },
    /// Two roots for the same size: the log has shown two histories.
    SplitView {
        /// The size they share.
        stored: u64,
    },
    /// The proof does not show that the log only grew.
    NotConsistent,
}

impl WitnessRefusal {
    /// The HTTP status that answers the request.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::TooLong | Self::Malformed { .. } | Self::SizesReversed => 400,
            Self::NotSignedByLog(_) => 403,
            Self::UnknownLog => 404,
            Self::OtherSize { .. } | Self::SplitView { .. } => 409,
            Self::NotConsistent => 422,
        }
    }

    /// The stored size, which a 409 carries in its body as [`SIZE_CONTENT_TYPE`]: the decimal and
    /// a newline.
    #[must_use]
    pub fn stored_size(self) -> Option<u64> {
        match self {
            Self::OtherSize { stored } | Self::SplitView { stored } => Some(stored),
            _ => None,
        }
    }

    /// A stable word for events and counters.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::Malformed { .. } => "malformed",
            Self::SizesReversed => "sizes-reversed",
            Self::UnknownLog => "unknown-log",
            Self::NotSignedByLog(_) => "not-signed-by-log",
            Self::OtherSize { .. } => "other-size",
            Self::SplitView { .. } => "split-view",
            Self::NotConsistent => "not-consistent",
        }
    }
}

impl fmt::Display for WitnessRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the request is longer than {MAX_REQUEST_BYTES} bytes"),
            Self::Malformed { line } => write!(f, "line {line} of the request is malformed"),
            Self::SizesReversed => f.write_str("the old size is larger than the checkpoint's"),
            Self::UnknownLog => f.write_str("this witness does not look after that log"),
            Self::NotSignedByLog(error) => write!(f, "log signature: {error}"),
            Self::OtherSize { stored } => write!(f, "the stored size is {stored}"),
            Self::SplitView { stored } => {
                write!(
                    f,
                    "the log has shown two different trees of {stored} entries"
                )
            }
            Self::NotConsistent => f.write_str("the proof does not show that the log only grew"),
        }
    }
}

impl core::error::Error for WitnessRefusal {}

/// The size that a witness's 409 answer carries.
#[must_use]
pub fn parse_stored_size(body: &str) -> Option<u64> {
    text::decimal(body.strip_suffix('\n').unwrap_or(body))
}

/// One organization's witness: its key and the logs it looks after.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Signs what was checked.
    pub cosigner: CosignerKey,
    /// The log keys that are trusted; a key's name is its log's origin, and a log whose key is
    /// being replaced has two.
    pub logs: Vec<VerifierKey>,
}

/// What to store, and then what to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The log.
    pub origin: String,
    /// The size to store as the newest cosigned.
    pub size: u64,
    /// The root to store with it.
    pub root: Hash,
    /// The body of the answer: one signature line with its newline. Send only after storing.
    pub line: String,
    /// The cosignature itself.
    pub signature: NoteSignature,
}

impl Witness {
    /// Decides one request against what this witness stored for the request's origin.
    ///
    /// # Errors
    ///
    /// Exactly one [`WitnessRefusal`].
    pub fn evaluate(
        &self,
        stored: Option<&(u64, Hash)>,
        request: &AddCheckpoint,
        unix_time: u64,
    ) -> Result<Cosigned, WitnessRefusal> {
        let checkpoint = request.checkpoint.checkpoint();
        self.verify_log(&request.checkpoint)?;
        if request.old_size > checkpoint.size {
            return Err(WitnessRefusal::SizesReversed);
        }
        let (stored_size, stored_root) = stored.copied().unwrap_or((0, empty_root()));
        if request.old_size != stored_size {
            return Err(WitnessRefusal::OtherSize {
                stored: stored_size,
            });
        }
        if stored_size == checkpoint.size && stored_root != checkpoint.root {
            return Err(WitnessRefusal::SplitView {
                stored: stored_size,
            });
        }
        verify_consistency(
            stored_size,
            &stored_root,
            checkpoint.size,
            &checkpoint.root,
            &request.proof,
        )
        .map_err(|_| WitnessRefusal::NotConsistent)?;

        let signature = self
            .cosigner
            .cosign(request.checkpoint.note().text(), unix_time);
        Ok(Cosigned {
            origin: checkpoint.origin.clone(),
            size: checkpoint.size,
            root: checkpoint.root,
            line: alloc::format!("{signature}\n"),
            signature,
        })
    }

    /// One trusted key of the log is enough; a line of a trusted key that does not verify is not.
    fn verify_log(&self, signed: &SignedCheckpoint) -> Result<(), WitnessRefusal> {
        let origin = &signed.checkpoint().origin;
        let mut keys = self
            .logs
            .iter()
            .filter(|key| key.name() == origin)
            .peekable();
        if keys.peek().is_none() {
            return Err(WitnessRefusal::UnknownLog);
        }
        let mut signed_by_log = false;
        for key in keys {
            match signed.verify(key) {
                Ok(_) => signed_by_log = true,
                Err(NoteError::NotSigned) => {}
                Err(error) => return Err(WitnessRefusal::NotSignedByLog(error)),
            }
        }
        if signed_by_log {
            Ok(())
        } else {
            Err(WitnessRefusal::NotSignedByLog(NoteError::NotSigned))
        }
    }
}
