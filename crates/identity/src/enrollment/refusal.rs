//! Why a device does not join or stay. The operator reads the exact cause; the wire stays terse.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use jiff::Timestamp;

use crate::id::DeviceId;
use crate::name::DeviceName;
use crate::registry::{DeviceRecord, Standing};

/// Why a device does not join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnrollmentRefusal {
    /// No invitation for this name.
    UnknownName(DeviceName),
    /// The code is wrong; write down what is left.
    WrongCode {
        /// Tries left after this one.
        tries_left: u8,
    },
    /// Too many wrong codes.
    TriesUsedUp,
    /// Another key joined with this invitation.
    UsedUp,
    /// The invitation ended.
    Expired {
        /// When.
        expires: Timestamp,
    },
    /// The key is known already: a copied key, or one that must not come back.
    KeyAlreadyKnown {
        /// Whose it is.
        device: DeviceId,
    },
    /// Another device holds the name and may still act. It stays as it is.
    NameHasActiveKey {
        /// Who.
        holder: DeviceRecord,
    },
    /// Not a P-256 or Ed25519 key, not a point of the curve, or one of small order.
    WeakKey,
    /// The request is not signed by its own key.
    PossessionNotProven,
    /// The request asks for another subject than the invitation's name.
    SubjectDiffers,
}

impl EnrollmentRefusal {
    /// The reason of the event `enroll.refused`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownName(_) => "unknown-name",
            Self::WrongCode { .. } => "wrong-code",
            Self::TriesUsedUp => "tries-used-up",
            Self::UsedUp => "used-up",
            Self::Expired { .. } => "expired",
            Self::KeyAlreadyKnown { .. } => "key-already-known",
            Self::NameHasActiveKey { .. } => "name-has-active-key",
            Self::WeakKey => "weak-key",
            Self::PossessionNotProven => "possession-not-proven",
            Self::SubjectDiffers => "subject-differs",
        }
    }

    /// Whether the answer must be the same as for every other of its kind, because the peer has
    /// not shown that it knows the code.
    #[must_use]
    pub fn wire_is_terse(&self) -> bool {
        matches!(
            self,
            Self::UnknownName(_) | Self::WrongCode { .. } | Self::TriesUsedUp
        )
    }

    /// What was seen.
    #[must_use]
    pub fn observed(&self) -> String {
        match self {
            Self::UnknownName(name) => format!("a request for {name}"),
            Self::WrongCode { tries_left } => format!("{tries_left} tries left"),
            Self::TriesUsedUp => "no tries left".to_string(),
            Self::UsedUp => "the invitation was used by another key".to_string(),
            Self::Expired { expires } => format!("the invitation ended at {expires}"),
            Self::KeyAlreadyKnown { device } => format!("the key belongs to device {device}"),
            Self::NameHasActiveKey { holder } => {
                format!("{} ({}) is {}", holder.name, holder.number, holder.standing)
            }
            Self::WeakKey => "a key that is not a usable P-256 or Ed25519 key".to_string(),
            Self::PossessionNotProven => "the request's own signature does not verify".to_string(),
            Self::SubjectDiffers => "the request's subject is not exactly the name".to_string(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> String {
        match self {
            Self::UnknownName(name) => format!("sekimori device invite {name} --role ROLE"),
            Self::WrongCode { .. } => "type the code again, or invite the device again".to_string(),
            Self::TriesUsedUp | Self::UsedUp | Self::Expired { .. } => {
                "invite the device again; the old code stays worthless".to_string()
            }
            Self::KeyAlreadyKnown { .. } => {
                "if two units share the key, revoke it; else let the device make a new key"
                    .to_string()
            }
            Self::NameHasActiveKey { holder } => {
                format!(
                    "use another name, or  sekimori device revoke {}",
                    holder.name
                )
            }
            Self::WeakKey => "let the device make a P-256 or Ed25519 key".to_string(),
            Self::PossessionNotProven => "sign the request with the key that is in it".to_string(),
            Self::SubjectDiffers => {
                "ask for a subject with the device's name as its only common name".to_string()
            }
        }
    }
}

impl fmt::Display for EnrollmentRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName(name) => write!(f, "nobody invited {name}"),
            Self::WrongCode { .. } => f.write_str("the code is wrong"),
            Self::TriesUsedUp => f.write_str("the invitation had too many wrong codes"),
            Self::UsedUp => f.write_str("the invitation was already used"),
            Self::Expired { .. } => f.write_str("the invitation has expired"),
            Self::KeyAlreadyKnown { .. } => f.write_str("the key is already known"),
            Self::NameHasActiveKey { holder } => {
                write!(f, "{} already has an active key", holder.name)
            }
            Self::WeakKey => f.write_str("the key cannot be used"),
            Self::PossessionNotProven => f.write_str("the device did not prove its key"),
            Self::SubjectDiffers => f.write_str("the request asks for another name"),
        }
    }
}

impl core::error::Error for EnrollmentRefusal {}

/// Why a device does not get a new certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenewalRefusal {
    /// Nobody has this key.
    UnknownKey,
    /// The key was replaced, and its successor was used.
    FormerKey {
        /// Whose it was.
        device: DeviceId,
    },
    /// The device may not act.
    Standing(Standing),
    /// The window after the end of its certificate closed.
    TooLate {
        /// When the certificate ended.
        not_after: Timestamp,
        /// When the window closed.
        closed: Timestamp,
    },
    /// The new key is known already, of another device or as a former key.
    KeyAlreadyKnown {
        /// Whose it is.
        device: DeviceId,
    },
    /// Not a P-256 or Ed25519 key, not a point of the curve, or one of small order.
    WeakKey,
    /// The request is not signed by its own key.
    PossessionNotProven,
    /// The request asks for another subject or name than the certificate has.
    SubjectDiffers,
}

impl RenewalRefusal {
    /// The reason of the event `enroll.refused`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown-device",
            Self::FormerKey { .. } => "former-key",
            Self::Standing(standing) => standing.code(),
            Self::TooLate { .. } => "too-late",
            Self::KeyAlreadyKnown { .. } => "key-already-known",
            Self::WeakKey => "weak-key",
            Self::PossessionNotProven => "possession-not-proven",
            Self::SubjectDiffers => "subject-differs",
        }
    }

    /// What was seen.
    #[must_use]
    pub fn observed(&self) -> String {
        match self {
            Self::UnknownKey => "a key that no device has".to_string(),
            Self::FormerKey { device } => format!("a key that device {device} gave up"),
            Self::Standing(standing) => format!("the device is {standing}"),
            Self::TooLate { not_after, closed } => {
                format!("the certificate ended at {not_after}, renewal was possible until {closed}")
            }
            Self::KeyAlreadyKnown { device } => format!("the key belongs to device {device}"),
            Self::WeakKey => "a key that is not a usable P-256 or Ed25519 key".to_string(),
            Self::PossessionNotProven => "the request's own signature does not verify".to_string(),
            Self::SubjectDiffers => "the request's names are not the certificate's".to_string(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> String {
        match self {
            Self::Standing(Standing::Suspended) => "sekimori device resume NAME".to_string(),
            Self::UnknownKey | Self::Standing(_) | Self::TooLate { .. } => {
                "revoke the old identity if it still holds the name, then invite the device again"
                    .to_string()
            }
            Self::FormerKey { .. } => {
                "let the device use its newest key; if it has none, treat this as a copied key"
                    .to_string()
            }
            Self::KeyAlreadyKnown { .. } => "let the device make a new key".to_string(),
            Self::WeakKey => "let the device make a P-256 or Ed25519 key".to_string(),
            Self::PossessionNotProven => "sign the request with the key that is in it".to_string(),
            Self::SubjectDiffers => {
                "ask for exactly the subject and names of the present certificate".to_string()
            }
        }
    }
}

impl fmt::Display for RenewalRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey => f.write_str("no device has this key"),
            Self::FormerKey { .. } => f.write_str("the key was replaced"),
            Self::Standing(standing) => write!(f, "the device is {standing}"),
            Self::TooLate { .. } => f.write_str("the certificate ended too long ago"),
            Self::KeyAlreadyKnown { .. } => f.write_str("the new key is already known"),
            Self::WeakKey => f.write_str("the new key cannot be used"),
            Self::PossessionNotProven => f.write_str("the device did not prove its new key"),
            Self::SubjectDiffers => f.write_str("the request asks for another name"),
        }
    }
}

impl core::error::Error for RenewalRefusal {}

/// Why a name is not invited: its holder may still act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRefusal {
    /// Who holds the name.
    pub holder: DeviceRecord,
}

impl InvitationRefusal {
    /// The word used in the API.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "name-has-active-key"
    }

    /// What was seen.
    #[must_use]
    pub fn observed(&self) -> String {
        format!(
            "{} ({}) is {}",
            self.holder.name, self.holder.number, self.holder.standing
        )
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> String {
        format!(
            "use another name, or  sekimori device revoke {}",
            self.holder.name
        )
    }
}

impl fmt::Display for InvitationRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} already has an active key", self.holder.name)
    }
}

impl core::error::Error for InvitationRefusal {}
