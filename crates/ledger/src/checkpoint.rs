//! Checkpoints: what a log says about itself at one size, signed and cosigned.
//!
//! Source: C2SP tlog-checkpoint v1.0.0.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::Hash;
use crate::note::{NoteError, NoteSignature, NoteSigner, SignedNote, VerifierKey};
use crate::text;

/// The head of a log: its name, how many entries it has, and their root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's unique name, usually that of its key.
    pub origin: String,
    /// How many entries the tree has.
    pub size: u64,
    /// The root over these entries.
    pub root: Hash,
    /// Further lines, which no witness vouches for. Sekimori's own log writes none.
    pub extensions: Vec<String>,
}

/// Why a text is not a checkpoint, or not one to believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointError {
    /// The note around it is wrong.
    Note(NoteError),
    /// A line (from 1) is missing or not what belongs there: 1 origin, 2 size, 3 root hash.
    Line(usize),
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(error) => write!(f, "{error}"),
            Self::Line(1) => f.write_str("line 1 of the checkpoint is not an origin"),
            Self::Line(2) => f.write_str("line 2 of the checkpoint is not a tree size"),
            Self::Line(3) => f.write_str("line 3 of the checkpoint is not a root hash"),
            Self::Line(line) => write!(f, "line {line} of the checkpoint is empty"),
        }
    }
}

impl core::error::Error for CheckpointError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Note(error) => Some(error),
            Self::Line(_) => None,
        }
    }
}

impl From<NoteError> for CheckpointError {
    fn from(error: NoteError) -> Self {
        Self::Note(error)
    }
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    #[must_use]
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Self {
        Self {
            origin: origin.into(),
            size,
            root,
            extensions: Vec::new(),
        }
    }

    /// The text that is signed, with its final newline.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = alloc::format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            self.root.to_base64()
        );
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Reads the text of a note as a checkpoint.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Line`] names the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').unwrap_or_default().split('\n');
        let origin = lines
            .next()
            .filter(|line| !line.is_empty())
            .ok_or(CheckpointError::Line(1))?;
        let size = lines
            .next()
            .and_then(text::decimal)
            .ok_or(CheckpointError::Line(2))?;
        let root = lines
            .next()
            .and_then(Hash::from_base64)
            .ok_or(CheckpointError::Line(3))?;
        let mut extensions = Vec::new();
        for (position, line) in lines.enumerate() {
            if line.is_empty() {
                return Err(CheckpointError::Line(position.saturating_add(4)));
            }
            extensions.push(line.to_string());
        }
        Ok(Self {
            origin: origin.to_string(),
            size,
            root,
            extensions,
        })
    }

    /// Signs this checkpoint as its log.
    ///
    /// A log never signs two checkpoints of which neither continues the other: the caller appends
    /// durably before it signs.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] when a field cannot stand in a checkpoint, as an origin with a newline.
    pub fn sign(&self, signer: &NoteSigner) -> Result<SignedCheckpoint, CheckpointError> {
        let text = self.encode();
        if Self::parse(&text)? != *self {
            return Err(CheckpointError::Line(1));
        }
        let mut note = SignedNote::new(&text)?;
        note.append(signer.sign(&text));
        Ok(SignedCheckpoint {
            checkpoint: self.clone(),
            note,
        })
    }
}

/// A checkpoint with its signature lines, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedNote,
}

impl SignedCheckpoint {
    /// Reads a signed note that holds a checkpoint. Signatures are not verified here.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] about form.
    pub fn parse(note: &str) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(note)?;
        Ok(Self {
            checkpoint: Checkpoint::parse(note.text())?,
            note,
        })
    }

    /// What the checkpoint says; believed only after [`SignedCheckpoint::verify`].
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note with its signature lines.
    #[must_use]
    pub fn note(&self) -> &SignedNote {
        &self.note
    }

    /// Checks one key's signature; `Some(time)` in seconds when it is a cosignature.
    ///
    /// # Errors
    ///
    /// [`NoteError::NotSigned`] and [`NoteError::BadSignature`].
    pub fn verify(&self, key: &VerifierKey) -> Result<Option<u64>, NoteError> {
        self.note.verify(key).map(|verified| verified.time)
    }

    /// Adds a signature line, as a witness returned it.
    pub fn append(&mut self, signature: NoteSignature) {
        self.note.append(signature);
    }

    /// Takes from a witness's answer the lines of known witnesses that verify over this
    /// checkpoint, ignores all others, and says how many were new.
    ///
    /// Source: C2SP tlog-witness, "add-checkpoint".
    pub fn accept_cosignatures(&mut self, answer: &str, witnesses: &[VerifierKey]) -> usize {
        let before = self.note.signatures().len();
        for line in answer.lines().take(crate::note::MAX_SIGNATURES) {
            let Some(signature) = NoteSignature::parse(line) else {
                continue;
            };
            let genuine = witnesses.iter().any(|key| {
                key.claims(&signature) && key.check(self.note.text(), &signature.bytes).is_some()
            });
            if genuine && self.note.signatures().len() < crate::note::MAX_SIGNATURES {
                self.note.append(signature);
            }
        }
        self.note.signatures().len().saturating_sub(before)
    }
}

/// The signed note as it is stored and published.
impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.note, f)
    }
}
