//! A signed release: TUF `targets.json` metadata with one role.
//!
//! What TUF does not know of (product, version, security counter) stands in an extension object
//! `signed.sekimori`, and the right to execute in a target's `custom`, so that other programs
//! for TUF read and verify these files. Format: `docs/formats/release.md`.
//!
//! Signatures are checked over the canonical JSON of what was parsed, as TUF has it; a key that
//! is there twice and a number with a fraction are refused, so that there is only one reading.

mod shape;
#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::json::Value;
use crate::path::{self, PathProblem};

/// Most bytes of signed metadata.
pub const MAX_METADATA: usize = 1024 * 1024;
/// Most files of a release.
pub const MAX_FILES: usize = 4096;
/// Most bytes of one file.
pub const MAX_FILE_LENGTH: u64 = 1 << 30;
/// Most keys of a root, and most signatures of a release.
pub const MAX_KEYS: usize = 16;
/// Largest whole number that every JSON reader keeps exactly: 2^53 - 1.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Who may release: `threshold` of these Ed25519 keys must sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRoot {
    /// Public keys, each counted once.
    pub keys: Vec<[u8; 32]>,
    /// How many different keys must have signed; at least 1.
    pub threshold: u8,
}

/// One release of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Version of the metadata: a device never goes back to a lower one. 1 to [`MAX_INTEGER`].
    pub metadata_version: u64,
    /// What the release is for: 1 to 63 of `a-z 0-9 -`.
    pub product: String,
    /// Version of the software, `x.y.z`.
    pub version: String,
    /// Security counter: rises when an older release must never run again. At most [`MAX_INTEGER`].
    pub counter: u64,
    /// When the offer ends, in whole seconds. What is installed stays valid.
    pub expires: Timestamp,
    /// The files, sorted by path after reading.
    pub files: Vec<ReleaseFile>,
}

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseFile {
    /// Relative path inside the slot; see [`crate::path`].
    pub path: String,
    /// Length in bytes.
    pub length: u64,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// Whether the file may be executed.
    pub executable: bool,
}

/// Whether the reader cares that the release has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// An offer: it must not have expired at this time.
    MustHoldAt(Timestamp),
    /// What is already installed, or is repaired: it does not stop being the release.
    MayHavePassed,
}

/// Why a release is not accepted, or cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseError {
    /// More than [`MAX_METADATA`] bytes.
    TooLong,
    /// Not JSON, or not the shape of TUF targets metadata; the text says where.
    Malformed(String),
    /// A field has a value outside its bounds.
    OutOfBounds(&'static str),
    /// A file name that must not be in a slot.
    Path(String, PathProblem),
    /// The root has no usable key, or a threshold that it cannot reach.
    RootUnusable,
    /// Fewer valid signatures of different root keys than the threshold.
    NotEnoughSignatures {
        /// Valid ones.
        valid: u8,
        /// How many are needed.
        threshold: u8,
    },
    /// The offer has expired.
    Expired {
        /// When.
        expires: Timestamp,
    },
}

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "release metadata is longer than {MAX_METADATA} bytes"),
            Self::Malformed(why) => write!(f, "release metadata is malformed: {why}"),
            Self::OutOfBounds(field) => write!(f, "release metadata: {field} is out of bounds"),
            Self::Path(path, problem) => write!(f, "file name {path:?} {problem}"),
            Self::RootUnusable => f.write_str("release root: its keys cannot reach its threshold"),
            Self::NotEnoughSignatures { valid, threshold } => {
                write!(
                    f,
                    "release has {valid} valid signature(s) of the root, needs {threshold}"
                )
            }
            Self::Expired { expires } => write!(f, "release offer expired at {expires}"),
        }
    }
}

impl core::error::Error for ReleaseError {}

impl ReleaseError {
    /// The word used in reports and events.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "metadata-too-long",
            Self::Malformed(_) => "metadata-malformed",
            Self::OutOfBounds(_) => "metadata-out-of-bounds",
            Self::Path(..) => "path-refused",
            Self::RootUnusable => "root-unusable",
            Self::NotEnoughSignatures { .. } => "not-enough-signatures",
            Self::Expired { .. } => "expired",
        }
    }
}

/// The bytes that a release key signs: the canonical JSON of TUF's `signed`.
///
/// For keys that live elsewhere; with the seeds at hand, [`sign`] is shorter.
///
/// # Errors
///
/// [`ReleaseError`] when the release itself would be refused by [`verify`].
pub fn signed_bytes(release: &Release) -> Result<Vec<u8>, ReleaseError> {
    release.check()?;
    Ok(shape::write(release).canonical())
}

/// Puts the signatures, made by these public keys over [`signed_bytes`], beside what they sign.
///
/// # Errors
///
/// [`ReleaseError`] when the release itself would be refused by [`verify`].
pub fn assemble(
    release: &Release,
    signatures: &[([u8; 32], [u8; 64])],
) -> Result<Vec<u8>, ReleaseError> {
    release.check()?;
    if signatures.len() > MAX_KEYS {
        return Err(ReleaseError::OutOfBounds("signatures"));
    }
    let signatures = signatures
        .iter()
        .map(|(key, signature)| {
            Value::object([
                ("keyid", Value::String(key_id(key))),
                ("sig", Value::String(hex::encode(signature))),
            ])
        })
        .collect();
    let envelope = Value::object([
        ("signatures", Value::Array(signatures)),
        ("signed", shape::write(release)),
    ]);
    let bytes = envelope.canonical();
    if bytes.len() > MAX_METADATA {
        return Err(ReleaseError::TooLong);
    }
    Ok(bytes)
}

/// Signs `release` with the Ed25519 keys that these seeds make.
///
/// # Errors
///
/// [`ReleaseError`] when the release itself would be refused by [`verify`].
pub fn sign(release: &Release, seeds: &[[u8; 32]]) -> Result<Vec<u8>, ReleaseError> {
    let message = signed_bytes(release)?;
    let signatures: Vec<_> = seeds
        .iter()
        .map(|seed| {
            let key = SigningKey::from_bytes(seed);
            (
                key.verifying_key().to_bytes(),
                key.sign(&message).to_bytes(),
            )
        })
        .collect();
    assemble(release, &signatures)
}

/// Reads a release that the root signed.
///
/// # Errors
///
/// [`ReleaseError`]: exactly one reason, cheapest check first.
pub fn verify(bytes: &[u8], root: &ReleaseRoot, expiry: Expiry) -> Result<Release, ReleaseError> {
    if bytes.len() > MAX_METADATA {
        return Err(ReleaseError::TooLong);
    }
    let keys = root.usable().ok_or(ReleaseError::RootUnusable)?;
    let envelope = Value::parse(bytes).map_err(ReleaseError::Malformed)?;
    let envelope = envelope
        .as_object()
        .ok_or_else(|| malformed("not an object"))?;
    let signatures = envelope
        .get("signatures")
        .and_then(Value::as_array)
        .ok_or_else(|| malformed("signatures is not a list"))?;
    let signed = envelope
        .get("signed")
        .ok_or_else(|| malformed("signed is missing"))?;

    let valid = count_valid(signatures, &keys, &signed.canonical())?;
    if valid < root.threshold {
        return Err(ReleaseError::NotEnoughSignatures {
            valid,
            threshold: root.threshold,
        });
    }
    let release = shape::read(signed)?;
    release.check()?;
    match expiry {
        Expiry::MustHoldAt(now) if now >= release.expires => Err(ReleaseError::Expired {
            expires: release.expires,
        }),
        Expiry::MustHoldAt(_) | Expiry::MayHavePassed => Ok(release),
    }
}

/// The TUF key id of an Ed25519 public key: SHA-256 of the canonical JSON of the key.
#[must_use]
pub fn key_id(key: &[u8; 32]) -> String {
    let key = Value::object([
        ("keytype", "ed25519".into()),
        (
            "keyval",
            Value::object([("public", Value::String(hex::encode(key)))]),
        ),
        ("scheme", "ed25519".into()),
    ]);
    hex::encode(Sha256::digest(key.canonical()))
}

impl ReleaseRoot {
    /// The different keys, by key id, when they can reach the threshold.
    fn usable(&self) -> Option<BTreeMap<String, VerifyingKey>> {
        if self.threshold == 0 || self.keys.len() > MAX_KEYS {
            return None;
        }
        let keys: BTreeMap<_, _> = self
            .keys
            .iter()
            .filter_map(|key| Some((key_id(key), VerifyingKey::from_bytes(key).ok()?)))
            .filter(|(_, key)| !key.is_weak())
            .collect();
        (keys.len() >= usize::from(self.threshold)).then_some(keys)
    }
}

/// How many different root keys signed `message`. Signatures of strangers do not count.
fn count_valid(
    signatures: &[Value],
    keys: &BTreeMap<String, VerifyingKey>,
    message: &[u8],
) -> Result<u8, ReleaseError> {
    if signatures.len() > MAX_KEYS {
        return Err(ReleaseError::OutOfBounds("signatures"));
    }
    let mut seen = BTreeSet::new();
    let mut valid = 0_u8;
    for signature in signatures {
        let fields = signature
            .as_object()
            .ok_or_else(|| malformed("signature"))?;
        let key_id = fields
            .get("keyid")
            .and_then(Value::as_str)
            .ok_or_else(|| malformed("signature.keyid"))?;
        if !seen.insert(key_id) {
            return Err(malformed("a key id is there twice"));
        }
        let bytes = fields
            .get("sig")
            .and_then(Value::as_str)
            .ok_or_else(|| malformed("signature.sig"))?;
        let Some(key) = keys.get(key_id) else {
            continue;
        };
        let mut decoded = [0; 64];
        if hex::decode_to_slice(bytes, &mut decoded).is_err() {
            continue;
        }
        if key
            .verify_strict(message, &Signature::from_bytes(&decoded))
            .is_ok()
        {
            valid = valid.saturating_add(1);
        }
    }
    Ok(valid)
}

impl Release {
    /// Whether every field is inside its bounds.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::OutOfBounds`] or [`ReleaseError::Path`] names the first that is not.
    pub fn check(&self) -> Result<(), ReleaseError> {
        let named = |text: &str, separators: &str| {
            !text.is_empty()
                && text.len() <= 63
                && text.chars().all(|character| {
                    character.is_ascii_lowercase()
                        || character.is_ascii_digit()
                        || separators.contains(character)
                })
        };
        let bounds = [
            (
                "version",
                (1..=MAX_INTEGER).contains(&self.metadata_version),
            ),
            ("sekimori.counter", self.counter <= MAX_INTEGER),
            ("sekimori.product", named(&self.product, "-")),
            ("sekimori.version", is_version(&self.version)),
            ("expires", is_whole_second(self.expires)),
            ("targets", (1..=MAX_FILES).contains(&self.files.len())),
            (
                "targets.length",
                self.files.iter().all(|file| file.length <= MAX_FILE_LENGTH),
            ),
        ];
        if let Some((field, _)) = bounds.into_iter().find(|(_, holds)| !holds) {
            return Err(ReleaseError::OutOfBounds(field));
        }
        path::check_all(self.files.iter().map(|file| file.path.as_str()))
            .map_err(|(path, problem)| ReleaseError::Path(path, problem))
    }

    /// The file with this path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&ReleaseFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// `x.y.z`, each a number without leading zeros, below 2^32.
fn is_version(text: &str) -> bool {
    let parts = text.split('.');
    parts.clone().count() == 3
        && parts.clone().all(|part| {
            part.bytes().all(|byte| byte.is_ascii_digit())
                && (part == "0" || !part.starts_with('0'))
                && part.parse::<u32>().is_ok()
        })
}

/// The form that TUF has: whole seconds, years with four digits.
fn is_whole_second(at: Timestamp) -> bool {
    at.subsec_nanosecond() == 0 && (0..=253_402_207_200).contains(&at.as_second())
}

fn malformed(what: &str) -> ReleaseError {
    ReleaseError::Malformed(what.to_string())
}
