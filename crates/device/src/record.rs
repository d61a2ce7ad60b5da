//! What survives a power cut.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use sekimori_update::slots::Slot;

/// One of the two places for a key and its certificate.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum CredentialSlot {
    /// The first.
    One,
    /// The second.
    Two,
}

impl CredentialSlot {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::One => Self::Two,
            Self::Two => Self::One,
        }
    }
}

/// A small thing that is replaced as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Record {
    /// Who the device is, where its server is, and which credential is used. JSON.
    Membership,
    /// The trust bundle whose fingerprint was compared. Deterministic CBOR.
    Trust,
    /// The certificate chain of a credential slot: DER certificates one after the other, the device's own first.
    Certificate(CredentialSlot),
    /// The proofs that the ledger holds the device and its certificate. JSON as the server sent it.
    Proof(CredentialSlot),
    /// How often the device has started. Decimal digits.
    Boot,
    /// The state of the two firmware slots. JSON of `update::slots::SlotState`.
    Slots,
    /// The signed release of a firmware slot: root, approval and targets. JSON as the server sent it.
    Release(Slot),
    /// What the last update came to. JSON.
    LastUpdate,
}

/// Everything that was read back at start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The records that exist.
    pub records: BTreeMap<Record, Vec<u8>>,
    /// The journal, as far as it was written; a torn last line is expected after a power cut.
    pub journal: Vec<u8>,
}
