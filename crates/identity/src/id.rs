//! Ids that are computed or assigned, never chosen.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use sha2::{Digest, Sha256};

/// SHA-256 of a public key as SubjectPublicKeyInfo in DER: what a handshake is looked up by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpkiHash(pub [u8; 32]);

impl SpkiHash {
    /// Hashes a SubjectPublicKeyInfo.
    #[must_use]
    pub fn of_der(spki: &[u8]) -> Self {
        Self(Sha256::digest(spki).into())
    }
}

/// A device for ever: the first 16 bytes of the hash of its first public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub [u8; 16]);

impl DeviceId {
    /// The id of the device whose first key has this hash.
    #[must_use]
    pub fn of_first_key(key: &SpkiHash) -> Self {
        let mut id = [0; 16];
        id.iter_mut().zip(key.0).for_each(|(to, from)| *to = from);
        Self(id)
    }
}

macro_rules! hex_text {
    ($name:ident, $length:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let mut bytes = [0; $length];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAnId)?;
                Ok(Self(bytes))
            }
        }
    };
}

hex_text!(SpkiHash, 32);
hex_text!(DeviceId, 16);

/// The text is not an id or a number of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id of this kind")
    }
}

impl core::error::Error for NotAnId {}

/// The plate of a device: in sequence per organization, starting at 1, written `SK-000001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(pub u64);

impl Number {
    /// The next in sequence, until the numbers end.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SK-{:06}", self.0)
    }
}

impl FromStr for Number {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let digits = text.strip_prefix("SK-").ok_or(NotAnId)?;
        let number = Self(digits.parse().map_err(|_| NotAnId)?);
        // One plate, one text: no sign, no other count of zeros.
        if number.to_string() == *text {
            Ok(number)
        } else {
            Err(NotAnId)
        }
    }
}

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plates_read_back() {
        for number in [1, 999_999, 1_000_000, u64::MAX] {
            assert_eq!(Number(number).to_string().parse(), Ok(Number(number)));
        }
        assert_eq!(Number(1).to_string(), "SK-000001");
        for bad in [
            "SK-1",
            "SK-+00001",
            "000001",
            "SK-0000001",
            "SK-",
            "sk-000001",
        ] {
            assert_eq!(bad.parse::<Number>(), Err(NotAnId), "{bad}");
        }
        assert_eq!(Number(u64::MAX).next(), None);
    }

    #[test]
    fn an_id_is_the_start_of_the_hash() {
        let key = SpkiHash::of_der(b"key");
        let id = DeviceId::of_first_key(&key);
        assert!(key.to_string().starts_with(&id.to_string()));
        assert_eq!(id.to_string().len(), 32);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("zz".parse::<DeviceId>(), Err(NotAnId));
    }
}
