//! Keys of notes: who may sign, and by which of the two signature types.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::{NoteError, NoteSignature};
use crate::Hash;
use crate::text;

/// What a signature line's bytes are and what they sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureType {
    /// Type 0x01: 64 bytes over the note's text.
    Ed25519,
    /// Type 0x04, `cosignature/v1`: a time in seconds and 64 bytes over time and text.
    Cosignature,
}

impl SignatureType {
    /// The byte that stands for this type in key ids and verifier keys.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    fn from_byte(byte: u8) -> Result<Self, NoteError> {
        match byte {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::Cosignature),
            other => Err(NoteError::SignatureType(other)),
        }
    }
}

/// A public key together with the name it signs under.
///
/// Displayed and parsed as a C2SP verifier key, `name+hash+base64`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: String,
    signature_type: SignatureType,
    public_key: [u8; 32],
}

impl VerifierKey {
    /// A key by its parts.
    ///
    /// # Errors
    ///
    /// [`NoteError::KeyName`], and [`NoteError::WeakKey`] for 32 bytes that could never verify an
    /// honest signature.
    pub fn new(
        name: &str,
        signature_type: SignatureType,
        public_key: [u8; 32],
    ) -> Result<Self, NoteError> {
        if !text::is_key_name(name) {
            return Err(NoteError::KeyName);
        }
        let point = VerifyingKey::from_bytes(&public_key).map_err(|_| NoteError::WeakKey)?;
        if point.is_weak() {
            return Err(NoteError::WeakKey);
        }
        Ok(Self {
            name: name.to_string(),
            signature_type,
            public_key,
        })
    }

    /// Reads `name+hash+base64`.
    ///
    /// # Errors
    ///
    /// [`NoteError::VerifierKey`], [`NoteError::VerifierKeyHash`] and those of
    /// [`VerifierKey::new`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::VerifierKey);
        };
        let bytes = text::base64_bytes(key).ok_or(NoteError::VerifierKey)?;
        let (kind, public_key) = bytes.split_first().ok_or(NoteError::VerifierKey)?;
        let signature_type = SignatureType::from_byte(*kind)?;
        let public_key = public_key.try_into().map_err(|_| NoteError::VerifierKey)?;
        let key = Self::new(name, signature_type, public_key)?;
        if hash != format!("{:08x}", u32::from_be_bytes(key.key_id())) {
            return Err(NoteError::VerifierKeyHash);
        }
        Ok(key)
    }

    /// The name in the signature lines of this key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How this key signs.
    #[must_use]
    pub fn signature_type(&self) -> SignatureType {
        self.signature_type
    }

    /// The 32 bytes of the Ed25519 public key.
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// The four bytes in front of this key's signatures.
    ///
    /// Source: C2SP signed-note, "Signatures".
    #[must_use]
    pub fn key_id(&self) -> [u8; 4] {
        let kind = [self.signature_type.byte()];
        let hash = Hash::of(&[self.name.as_bytes(), b"\n", &kind, &self.public_key]);
        let [a, b, c, d, ..] = hash.0;
        [a, b, c, d]
    }

    /// Whether a signature line claims to be of this key.
    pub(crate) fn claims(&self, line: &NoteSignature) -> bool {
        line.name == self.name && line.key_id == self.key_id()
    }

    /// Checks the bytes of a signature line over a note's text. `Some(time)` in seconds for a
    /// cosignature, `Some(None)` for a plain signature, `None` when it does not verify.
    pub(crate) fn check(&self, text: &str, bytes: &[u8]) -> Option<Option<u64>> {
        let key = VerifyingKey::from_bytes(&self.public_key).ok()?;
        match self.signature_type {
            SignatureType::Ed25519 => {
                let signature = Signature::from_bytes(bytes.try_into().ok()?);
                key.verify_strict(text.as_bytes(), &signature).ok()?;
                Some(None)
            }
            SignatureType::Cosignature => {
                let (time, signature) = bytes.split_first_chunk::<8>()?;
                let time = u64::from_be_bytes(*time);
                if time > text::MAX_SIZE {
                    return None;
                }
                let signature = Signature::from_bytes(signature.try_into().ok()?);
                key.verify_strict(cosigned_message(time, text).as_bytes(), &signature)
                    .ok()?;
                Some(Some(time))
            }
        }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(33);
        bytes.push(self.signature_type.byte());
        bytes.extend_from_slice(&self.public_key);
        let id = u32::from_be_bytes(self.key_id());
        write!(f, "{}+{id:08x}+{}", self.name, text::base64(&bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        Self::parse(text)
    }
}

/// A log's signing key: signs notes with type 0x01. The secret is erased when it is dropped.
#[derive(Clone)]
pub struct NoteSigner {
    verifier: VerifierKey,
    secret: SigningKey,
}

impl NoteSigner {
    /// A signer from the 32-byte Ed25519 seed.
    ///
    /// # Errors
    ///
    /// [`NoteError::KeyName`] when the name cannot stand in a signature line.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let secret = SigningKey::from_bytes(seed);
        let public_key = secret.verifying_key().to_bytes();
        let verifier = VerifierKey::new(name, SignatureType::Ed25519, public_key)?;
        Ok(Self { verifier, secret })
    }

    /// The public half, to be trusted by others.
    #[must_use]
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a note's text, which ends in a newline.
    #[must_use]
    pub fn sign(&self, text: &str) -> NoteSignature {
        NoteSignature {
            name: self.verifier.name.clone(),
            key_id: self.verifier.key_id(),
            bytes: self.secret.sign(text.as_bytes()).to_bytes().to_vec(),
        }
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.verifier)
    }
}

/// A witness's key: cosigns checkpoints with type 0x04. The secret is erased when it is dropped.
///
/// Use it for nothing else: the signed bytes do not name the cosigner.
#[derive(Clone)]
pub struct CosignerKey {
    verifier: VerifierKey,
    secret: SigningKey,
}

impl CosignerKey {
    /// A cosigner from the 32-byte Ed25519 seed.
    ///
    /// # Errors
    ///
    /// [`NoteError::KeyName`] when the name cannot stand in a signature line.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let secret = SigningKey::from_bytes(seed);
        let public_key = secret.verifying_key().to_bytes();
        let verifier = VerifierKey::new(name, SignatureType::Cosignature, public_key)?;
        Ok(Self { verifier, secret })
    }

    /// The public half, to be trusted by others.
    #[must_use]
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Cosigns a checkpoint's text as seen at `unix_time` seconds.
    ///
    /// Whoever calls this has checked consistency: [`crate::witness::Witness::evaluate`] does.
    #[must_use]
    pub fn cosign(&self, text: &str, unix_time: u64) -> NoteSignature {
        let time = unix_time.min(text::MAX_SIZE);
        let signature = self.secret.sign(cosigned_message(time, text).as_bytes());
        let mut bytes = time.to_be_bytes().to_vec();
        bytes.extend_from_slice(&signature.to_bytes());
        NoteSignature {
            name: self.verifier.name.clone(),
            key_id: self.verifier.key_id(),
            bytes,
        }
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosignerKey({})", self.verifier)
    }
}

/// What a cosigner signs. Source: C2SP tlog-cosignature, "Ed25519 signed message".
fn cosigned_message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}
