//! The note itself: reading, writing, verifying, adding signatures.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::{MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, VerifierKey};
use crate::text;

/// One signature line: `— name base64(key id, signature)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// The key name.
    pub name: String,
    /// The first four bytes of the hash of name and key.
    pub key_id: [u8; 4],
    /// The signature, whose form depends on the key's type.
    pub bytes: Vec<u8>,
}

impl NoteSignature {
    /// Reads one line without its newline; `None` when it is not exactly one.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        if !text::is_key_name(name) {
            return None;
        }
        let all = text::base64_bytes(encoded)?;
        let (key_id, bytes) = all.split_first_chunk::<4>()?;
        if bytes.is_empty() {
            return None;
        }
        Some(Self {
            name: name.to_string(),
            key_id: *key_id,
            bytes: bytes.to_vec(),
        })
    }
}

/// The line without its newline.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = self.key_id.to_vec();
        all.extend_from_slice(&self.bytes);
        write!(f, "— {} {}", self.name, text::base64(&all))
    }
}

/// A known key's signature that verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verified {
    /// When it was made, in seconds since the epoch; only cosignatures say so.
    pub time: Option<u64>,
}

/// A note as it was read: nothing in it is to be believed before [`SignedNote::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// A note without signatures yet. The text ends in a newline.
    ///
    /// # Errors
    ///
    /// [`NoteError::NoSignatures`] for a text that does not end in a newline or is empty,
    /// [`NoteError::ControlCharacter`], [`NoteError::TooLong`].
    pub fn new(text: &str) -> Result<Self, NoteError> {
        if text.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        refuse_control_characters(text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::NoSignatures);
        }
        Ok(Self {
            text: text.to_string(),
            signatures: Vec::new(),
        })
    }

    /// Reads a note with at least one signature line.
    ///
    /// # Errors
    ///
    /// Any [`NoteError`] about form; no signature is verified here.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        refuse_control_characters(note)?;
        // The last empty line is the border: texts may have empty lines, signatures not.
        let border = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, rest) = note.split_at(border.saturating_add(1));
        let lines = rest.strip_prefix('\n').unwrap_or_default();
        if lines.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        let mut line_number = text
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count()
            .saturating_add(1);
        let body = lines.strip_suffix('\n').ok_or(NoteError::SignatureLine {
            line: line_number.saturating_add(1),
        })?;
        let mut signatures = Vec::new();
        for line in body.split('\n') {
            line_number = line_number.saturating_add(1);
            if signatures.len() >= MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let signature = NoteSignature::parse(line);
            signatures.push(signature.ok_or(NoteError::SignatureLine { line: line_number })?);
        }
        Ok(Self {
            text: text.to_string(),
            signatures,
        })
    }

    /// The text that was signed, with its final newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signature lines, believed or not.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature line; one that is there already is not added twice.
    pub fn append(&mut self, signature: NoteSignature) {
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
    }

    /// Checks that `key` signed this note. Lines of other keys are ignored; of several lines of
    /// this key each has to verify, and the newest time counts.
    ///
    /// # Errors
    ///
    /// [`NoteError::NotSigned`] and [`NoteError::BadSignature`].
    pub fn verify(&self, key: &VerifierKey) -> Result<Verified, NoteError> {
        let before = self.text.bytes().filter(|byte| *byte == b'\n').count();
        let mut newest = None;
        for (position, line) in self.signatures.iter().enumerate() {
            if !key.claims(line) {
                continue;
            }
            let number = before.saturating_add(2).saturating_add(position);
            let time = key
                .check(&self.text, &line.bytes)
                .ok_or(NoteError::BadSignature { line: number })?;
            newest = newest.max(Some(Verified { time }));
        }
        newest.ok_or(NoteError::NotSigned)
    }
}

/// The note as it is stored and sent.
impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

fn refuse_control_characters(note: &str) -> Result<(), NoteError> {
    let mut line = 1_usize;
    for byte in note.bytes() {
        if byte == b'\n' {
            line = line.saturating_add(1);
        } else if byte < b' ' {
            return Err(NoteError::ControlCharacter { line });
        }
    }
    Ok(())
}
