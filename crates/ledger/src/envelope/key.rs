//! The two kinds of key that sign envelopes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::Signer as _;
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use zeroize::Zeroizing;

use super::EnvelopeError;
use crate::Hash;

/// DER in front of the 32 bytes of an Ed25519 public key. Source: RFC 8410 section 4.
const ED25519_SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// DER in front of the 65 bytes of a P-256 public key. Source: RFC 5480 section 2.
const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// DER in front of an Ed25519 seed, without and with the public key behind it.
/// Source: RFC 8410 section 7.
const ED25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const ED25519_PKCS8_V2: [u8; 16] = [
    0x30, 0x51, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const ED25519_PKCS8_V2_PUBLIC: [u8; 3] = [0x81, 0x21, 0x00];

/// A public key that signs envelopes, and that a certificate can hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PublicKey {
    /// The 32 bytes of RFC 8032.
    Ed25519([u8; 32]),
    /// The 65 bytes of an uncompressed SEC1 point.
    P256([u8; 65]),
}

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo, in the one form that DER gives these keys.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::Key`] for other algorithms, compressed points, bytes that are no point of
    /// the curve, and Ed25519 points of small order.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, EnvelopeError> {
        let key = if let Some(bytes) = der.strip_prefix(&ED25519_SPKI) {
            Self::Ed25519(bytes.try_into().map_err(|_| EnvelopeError::Key)?)
        } else if let Some(bytes) = der.strip_prefix(&P256_SPKI) {
            Self::P256(bytes.try_into().map_err(|_| EnvelopeError::Key)?)
        } else {
            return Err(EnvelopeError::Key);
        };
        if key.is_valid() {
            Ok(key)
        } else {
            Err(EnvelopeError::Key)
        }
    }

    /// The DER SubjectPublicKeyInfo: 44 bytes for Ed25519, 91 for P-256.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(bytes) => [ED25519_SPKI.as_slice(), bytes].concat(),
            Self::P256(bytes) => [P256_SPKI.as_slice(), bytes].concat(),
        }
    }

    /// The SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_hash(&self) -> Hash {
        Hash::of(&[&self.to_spki_der()])
    }

    /// The short name of the key in an envelope: the first 8 bytes of [`PublicKey::spki_hash`].
    #[must_use]
    pub fn kid(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.spki_hash().0;
        [a, b, c, d, e, f, g, h]
    }

    /// Whether the bytes are a point of the curve that can verify an honest signature.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Ed25519(bytes) => {
                ed25519_dalek::VerifyingKey::from_bytes(bytes).is_ok_and(|point| !point.is_weak())
            }
            Self::P256(bytes) => p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).is_ok(),
        }
    }

    /// Whether the 64-byte `signature` over `message` is this key's. ES256 signatures with a high
    /// `s` are refused, because each would be a second signature made without the key.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(bytes) => {
                let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else {
                    return false;
                };
                ed25519_dalek::VerifyingKey::from_bytes(bytes)
                    .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
            }
            Self::P256(bytes) => {
                use p256::ecdsa::signature::Verifier as _;
                let Ok(signature) = p256::ecdsa::Signature::from_slice(signature) else {
                    return false;
                };
                signature.normalize_s() == signature
                    && p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes)
                        .is_ok_and(|key| key.verify(message, &signature).is_ok())
            }
        }
    }

    /// The COSE algorithm. Source: RFC 9053 sections 2.1 and 2.2.
    pub(super) fn algorithm(&self) -> i8 {
        match self {
            Self::Ed25519(_) => -8,
            Self::P256(_) => -7,
        }
    }

    /// Brings a signature of this key into its one accepted form.
    pub(super) fn normalize(&self, signature: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Ed25519(_) => signature,
            Self::P256(_) => match p256::ecdsa::Signature::from_slice(&signature) {
                Ok(valid) => valid.normalize_s().to_vec(),
                Err(_) => signature,
            },
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = match self {
            Self::Ed25519(bytes) => ("Ed25519", bytes.as_slice()),
            Self::P256(bytes) => ("P256", bytes.as_slice()),
        };
        write!(f, "{name}(")?;
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Something that holds a private key and signs with it, as a file, a TPM or an HSM.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// 64 bytes: an Ed25519 signature, or `r` and `s` of ECDSA with SHA-256.
    fn sign(&self, message: &[u8]) -> Vec<u8>;
}

/// An Ed25519 key in memory, erased when it is dropped.
#[derive(Clone)]
pub struct Ed25519Signer(ed25519_dalek::SigningKey);

impl Ed25519Signer {
    /// The key of a 32-byte seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The private key as PKCS#8 version 1, which every OpenSSL since 1.1.1 reads.
    #[must_use]
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([ED25519_PKCS8.as_slice(), self.0.as_bytes()].concat())
    }
}

impl Signer for Ed25519Signer {
    fn public_key(&self) -> PublicKey {
        PublicKey::Ed25519(self.0.verifying_key().to_bytes())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Signer({:?})", self.public_key())
    }
}

/// A P-256 key in memory, erased when it is dropped. Signing is deterministic (RFC 6979).
#[derive(Clone)]
pub struct P256Signer(p256::ecdsa::SigningKey);

impl P256Signer {
    /// The key of a big-endian scalar.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::Key`] for zero and for values not below the group order; draw again.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, EnvelopeError> {
        p256::ecdsa::SigningKey::from_slice(scalar)
            .map(Self)
            .map_err(|_| EnvelopeError::Key)
    }

    /// The private key as PKCS#8.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::Key`] when the encoder fails, which it does not for a valid key.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let document = self.0.to_pkcs8_der().map_err(|_| EnvelopeError::Key)?;
        Ok(Zeroizing::new(document.as_bytes().to_vec()))
    }
}

impl Signer for P256Signer {
    fn public_key(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        let bytes = point.as_bytes().try_into();
        PublicKey::P256(bytes.expect("an uncompressed P-256 point has 65 bytes"))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        signature.normalize_s().to_vec()
    }
}

impl fmt::Debug for P256Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P256Signer({:?})", self.public_key())
    }
}

/// The signer of a private key in PKCS#8: P-256, or Ed25519 with or without its public key.
///
/// # Errors
///
/// [`EnvelopeError::Key`] for anything else, and for a public key that does not belong.
pub fn signer_from_pkcs8_der(der: &[u8]) -> Result<Box<dyn Signer + Send + Sync>, EnvelopeError> {
    if let Some(seed) = der.strip_prefix(&ED25519_PKCS8) {
        let seed = seed.try_into().map_err(|_| EnvelopeError::Key)?;
        return Ok(Box::new(Ed25519Signer::from_seed(seed)));
    }
    if let Some(rest) = der.strip_prefix(&ED25519_PKCS8_V2) {
        let (seed, rest) = rest.split_first_chunk::<32>().ok_or(EnvelopeError::Key)?;
        let signer = Ed25519Signer::from_seed(seed);
        let public = rest
            .strip_prefix(&ED25519_PKCS8_V2_PUBLIC)
            .ok_or(EnvelopeError::Key)?;
        if signer.0.verifying_key().as_bytes() != public {
            return Err(EnvelopeError::Key);
        }
        return Ok(Box::new(signer));
    }
    let key = p256::ecdsa::SigningKey::from_pkcs8_der(der).map_err(|_| EnvelopeError::Key)?;
    Ok(Box::new(P256Signer(key)))
}
