//! Signed notes: a text, and lines that say who signed it.
//!
//! Source: C2SP signed-note v1.0.0 and tlog-cosignature v1.0.0 (Ed25519).

mod key;
mod signed;

use core::fmt;

pub use key::{CosignerKey, NoteSigner, SignatureType, VerifierKey};
pub use signed::{NoteSignature, SignedNote, Verified};

/// The largest note that is read, in bytes: 16 post-quantum signature lines fit twice.
pub const MAX_NOTE_BYTES: usize = 128 * 1024;

/// The most signature lines that are read.
pub const MAX_SIGNATURES: usize = 64;

/// Why a note, a key or a signature line is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteError {
    /// Longer than [`MAX_NOTE_BYTES`].
    TooLong,
    /// A control character other than newline, at this line (from 1).
    ControlCharacter {
        /// The line, from 1.
        line: usize,
    },
    /// No text, or no blank line between text and signatures.
    NoSignatures,
    /// A line among the signatures is not one, at this line (from 1).
    SignatureLine {
        /// The line, from 1.
        line: usize,
    },
    /// More than [`MAX_SIGNATURES`] lines.
    TooManySignatures,
    /// A key name is empty, or has a space, a plus or a control character.
    KeyName,
    /// Not `name+hash+base64`.
    VerifierKey,
    /// The hash in the verifier key is not that of its name and key.
    VerifierKeyHash,
    /// A signature type that is not Ed25519 (0x01) or an Ed25519 cosignature (0x04).
    SignatureType(u8),
    /// The 32 bytes are not a point of the curve, or a weak one.
    WeakKey,
    /// A known key's signature does not verify: the text was changed, or the signature.
    BadSignature {
        /// The line, from 1.
        line: usize,
    },
    /// The key did not sign this note.
    NotSigned,
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the note is longer than {MAX_NOTE_BYTES} bytes"),
            Self::ControlCharacter { line } => write!(f, "line {line} has a control character"),
            Self::NoSignatures => f.write_str("the note has no text or no signatures"),
            Self::SignatureLine { line } => write!(f, "line {line} is not a signature line"),
            Self::TooManySignatures => {
                write!(f, "the note has more than {MAX_SIGNATURES} signature lines")
            }
            Self::KeyName => f.write_str("a key name has no spaces, plus or control characters"),
            Self::VerifierKey => f.write_str("a verifier key is written name+hash+base64"),
            Self::VerifierKeyHash => f.write_str("the verifier key's hash is not that of the key"),
            Self::SignatureType(byte) => write!(f, "signature type {byte:#04x} is not supported"),
            Self::WeakKey => f.write_str("not a usable Ed25519 public key"),
            Self::BadSignature { line } => {
                write!(f, "the signature in line {line} does not verify")
            }
            Self::NotSigned => f.write_str("the key did not sign this note"),
        }
    }
}

impl core::error::Error for NoteError {}
