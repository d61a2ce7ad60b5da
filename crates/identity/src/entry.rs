//! What the ledger records: one fact an entry, signed by its author.
//!
//! An entry is deterministic CBOR in a COSE_Sign1 envelope. It holds no personal data; serial
//! numbers are salted and hashed before they come here. Format: `docs/formats/entry.md`.

mod codec;
#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use jiff::Timestamp;
use sekimori_ledger::envelope::{self, EnvelopeError, PublicKey, Signer};
use sha2::{Digest, Sha256};

use crate::cbor::Malformed;
use crate::id::{DeviceId, Number, SpkiHash};
use crate::name::{DeviceName, OrganizationId, RoleId};

/// Content type of the envelope around an entry.
pub const CONTENT_TYPE: &str = "application/sekimori-entry+cbor";
/// Most bytes of a sealed entry.
pub const MAX_LENGTH: usize = 4096;
/// Most keys of a release root.
pub const MAX_ROOT_KEYS: usize = 16;
/// Most bytes of a product's name and of a version.
pub const MAX_TEXT: usize = 63;

/// One recorded fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose fact it is: the author.
    pub organization: OrganizationId,
    /// When it was written, in whole milliseconds.
    pub at: Timestamp,
    /// The fact.
    pub body: EntryBody,
}

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryBody {
    /// An organization takes part from now on; its entries are signed by this key.
    OrganizationJoined {
        /// Who joined.
        organization: OrganizationId,
        /// Signs its entries.
        authority: PublicKey,
    },
    /// An organization does not take part any more.
    OrganizationLeft {
        /// Who left.
        organization: OrganizationId,
    },
    /// Who may release software: `threshold` of these Ed25519 keys.
    Root {
        /// Public keys.
        keys: Vec<[u8; 32]>,
        /// How many of them must sign.
        threshold: u8,
    },
    /// A certification authority whose certificates devices may carry.
    Issuer {
        /// SHA-256 of its certificate in DER.
        certificate_sha256: [u8; 32],
        /// Its public key.
        spki: SpkiHash,
    },
    /// A device is known from now on.
    DeviceRegistered {
        /// Follows from the public key.
        id: DeviceId,
        /// Its plate.
        number: Number,
        /// Its name.
        name: DeviceName,
        /// What it is for.
        role: RoleId,
        /// Its first public key.
        public_key: PublicKey,
    },
    /// A certificate was made for a device; with a new key, that key waits for its first use.
    CertificateIssued {
        /// Whose.
        device: DeviceId,
        /// Over which key.
        spki: SpkiHash,
        /// Salted hash of its serial number; see [`serial_hash`].
        serial_hash: [u8; 32],
        /// Valid from, in whole seconds.
        not_before: Timestamp,
        /// Valid until, in whole seconds.
        not_after: Timestamp,
    },
    /// A device used its new key: the old one ends here.
    KeyRotated {
        /// Whose.
        device: DeviceId,
        /// The key that ends.
        from: SpkiHash,
        /// The key that was used.
        to: SpkiHash,
    },
    /// A device may not act until it is restored.
    Suspended {
        /// Which.
        device: DeviceId,
        /// Why.
        cause: Cause,
    },
    /// A suspended device may act again.
    Restored {
        /// Which.
        device: DeviceId,
    },
    /// A device may never act again.
    Revoked {
        /// Which.
        device: DeviceId,
        /// Why.
        cause: Cause,
    },
    /// A device is out of use, in good order.
    DeviceRetired {
        /// Which.
        device: DeviceId,
    },
    /// A release may be installed.
    FirmwareApproved {
        /// For which product.
        product: String,
        /// Its version.
        version: String,
        /// Its security counter.
        counter: u64,
        /// SHA-256 of its signed TUF metadata.
        targets_sha256: [u8; 32],
    },
    /// A policy is active.
    PolicyApplied {
        /// Its version.
        version: u64,
        /// SHA-256 of its signed bytes.
        sha256: [u8; 32],
    },
    /// The event log reached this place.
    EventHead {
        /// Sequence number of the last event.
        sequence: u64,
        /// Hash of the last record in the chain.
        hash: [u8; 32],
    },
}

/// Why a device was suspended or revoked. A closed list: free text could hold personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Cause {
    /// Nobody said.
    #[default]
    Unspecified,
    /// Its key is known, or may be, to somebody else.
    KeyCompromised,
    /// Nobody knows where it is.
    Lost,
    /// It did what it must not do.
    Misbehaved,
    /// The same key was seen on two devices.
    CloneSuspected,
    /// It was replaced by another.
    Superseded,
}

impl Cause {
    /// All of them, in the order of their numbers in the format.
    pub const ALL: [Self; 6] = [
        Self::Unspecified,
        Self::KeyCompromised,
        Self::Lost,
        Self::Misbehaved,
        Self::CloneSuspected,
        Self::Superseded,
    ];

    /// The word used on the command line, in the API and in events.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromised => "key-compromised",
            Self::Lost => "lost",
            Self::Misbehaved => "misbehaved",
            Self::CloneSuspected => "clone-suspected",
            Self::Superseded => "superseded",
        }
    }

    /// The cause with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why bytes are not an entry of this author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryError {
    /// More than [`MAX_LENGTH`] bytes.
    TooLong,
    /// The envelope does not open with the author's key.
    Envelope(EnvelopeError),
    /// Not the shape of an entry, from this offset of the payload on.
    Malformed {
        /// Offset in bytes.
        at: usize,
    },
    /// An entry, but not in its one deterministic encoding.
    NotDeterministic,
    /// A kind that this version does not know.
    UnknownKind(u64),
    /// It contradicts itself; the text says how.
    Contradiction(&'static str),
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "entry is longer than {MAX_LENGTH} bytes"),
            Self::Envelope(error) => write!(f, "entry does not open: {error}"),
            Self::Malformed { at } => write!(f, "entry is malformed at byte {at}"),
            Self::NotDeterministic => f.write_str("entry is not in deterministic CBOR"),
            Self::UnknownKind(kind) => write!(f, "entry has the unknown kind {kind}"),
            Self::Contradiction(what) => write!(f, "entry contradicts itself: {what}"),
        }
    }
}

impl core::error::Error for EntryError {}

impl From<Malformed> for EntryError {
    fn from(Malformed { at }: Malformed) -> Self {
        Self::Malformed { at }
    }
}

impl Entry {
    /// An entry; its time is cut to whole milliseconds, as the format has it.
    #[must_use]
    pub fn new(organization: OrganizationId, at: Timestamp, body: EntryBody) -> Self {
        let at = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        Self {
            organization,
            at,
            body,
        }
    }

    /// The bytes for the ledger, signed by the author.
    #[must_use]
    pub fn seal(&self, author: &dyn Signer) -> Vec<u8> {
        envelope::seal(CONTENT_TYPE, &self.encode(), author)
    }

    /// Reads an entry of the author with this key.
    ///
    /// # Errors
    ///
    /// [`EntryError`]: exactly one reason, cheapest check first.
    pub fn open(bytes: &[u8], author: &PublicKey) -> Result<Self, EntryError> {
        if bytes.len() > MAX_LENGTH {
            return Err(EntryError::TooLong);
        }
        let payload = envelope::open(CONTENT_TYPE, bytes, author).map_err(EntryError::Envelope)?;
        Self::decode(payload)
    }

    /// Whether the facts fit together; the same pure check for author, server and witness.
    ///
    /// # Errors
    ///
    /// [`EntryError::Contradiction`] says what does not fit.
    pub fn check(&self) -> Result<(), EntryError> {
        let contradiction = match &self.body {
            EntryBody::DeviceRegistered { id, public_key, .. }
                if *id != DeviceId::of_first_key(&SpkiHash::of_der(&public_key.to_spki_der())) =>
            {
                "the id does not follow from the public key"
            }
            EntryBody::DeviceRegistered {
                number: Number(0), ..
            } => "numbers start at 1",
            EntryBody::CertificateIssued {
                not_before,
                not_after,
                ..
            } if not_before >= not_after => "the certificate ends before it begins",
            EntryBody::KeyRotated { from, to, .. } if from == to => "a key is its own successor",
            EntryBody::Root { keys, threshold } if !reachable(keys, *threshold) => {
                "the keys cannot reach the threshold"
            }
            EntryBody::FirmwareApproved {
                product, version, ..
            } if !plain(product) || !plain(version) => {
                "product or version is empty, too long or not plain ASCII"
            }
            _ => return Ok(()),
        };
        Err(EntryError::Contradiction(contradiction))
    }
}

/// The salted hash of a certificate's serial number, as an entry holds it.
#[must_use]
pub fn serial_hash(salt: &[u8; 16], serial: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"sekimori serial v1\0")
        .chain_update(salt)
        .chain_update(serial)
        .finalize()
        .into()
}

fn reachable(keys: &[[u8; 32]], threshold: u8) -> bool {
    let mut different = keys.to_vec();
    different.sort_unstable();
    different.dedup();
    different.len() == keys.len()
        && keys.len() <= MAX_ROOT_KEYS
        && threshold >= 1
        && usize::from(threshold) <= keys.len()
}

fn plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT && text.bytes().all(|byte| byte.is_ascii_graphic())
}
