//! The trust bundle: what a device pins when it joins, and what it checks everything by.
//!
//! A device gets the SHA-256 of these bytes from its operator (`--root`), fetches the bytes from
//! the server, and compares before it sends anything secret. Format: `docs/formats/bundle.md`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use sekimori_ledger::envelope::PublicKey;
use sekimori_ledger::note::VerifierKey;
use sekimori_ledger::trust::LedgerTrust;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::cbor::{Malformed, Reader, Writer};
use crate::name::{MAX_NAME, OrganizationId};

/// Most bytes of an encoded bundle.
pub const MAX_LENGTH: usize = 16 * 1024;
/// Most certificates of certification authorities.
pub const MAX_ROOTS: usize = 4;
/// Most witnesses.
pub const MAX_WITNESSES: usize = 16;
const FORMAT: u64 = 1;
const MAX_CERTIFICATE: usize = 4096;
const MAX_KEY_TEXT: usize = 1024;
const MAX_SPKI: usize = 256;

/// What one organization's devices trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustBundle {
    /// Whose bundle it is.
    pub organization: OrganizationId,
    /// Rises with every change; a device never goes back to a lower one.
    pub version: u64,
    /// Signs the organization's entries.
    pub authority: PublicKey,
    /// Certificates of the certification authorities, DER; 1 to [`MAX_ROOTS`].
    pub ca_roots: Vec<Vec<u8>>,
    /// The log, its witnesses, and how many of them must have cosigned.
    pub ledger: LedgerTrust,
}

/// SHA-256 of an encoded bundle: what `--root` says, as 64 hexadecimal digits.
#[derive(Clone, Copy)]
pub struct Fingerprint(pub [u8; 32]);

/// Why bytes are not a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleError {
    /// More than [`MAX_LENGTH`] bytes.
    TooLong,
    /// Not the shape of a bundle, from this offset on.
    Malformed {
        /// Offset in bytes.
        at: usize,
    },
    /// A bundle, but not in its one deterministic encoding.
    NotDeterministic,
    /// A value outside its bounds.
    OutOfBounds(&'static str),
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "trust bundle is longer than {MAX_LENGTH} bytes"),
            Self::Malformed { at } => write!(f, "trust bundle is malformed at byte {at}"),
            Self::NotDeterministic => f.write_str("trust bundle is not in deterministic CBOR"),
            Self::OutOfBounds(field) => write!(f, "trust bundle: {field} is out of bounds"),
        }
    }
}

impl core::error::Error for BundleError {}

impl From<Malformed> for BundleError {
    fn from(Malformed { at }: Malformed) -> Self {
        Self::Malformed { at }
    }
}

impl TrustBundle {
    /// The one encoding of this bundle.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.map(8).unsigned(0).unsigned(FORMAT);
        writer.unsigned(1).text(self.organization.as_str());
        writer.unsigned(2).unsigned(self.version);
        writer.unsigned(3).bytes(&self.authority.to_spki_der());
        writer.unsigned(4).array(self.ca_roots.len());
        for root in &self.ca_roots {
            writer.bytes(root);
        }
        writer.unsigned(5).text(&self.ledger.log.to_string());
        writer.unsigned(6).array(self.ledger.witnesses.len());
        for witness in &self.ledger.witnesses {
            writer.text(&witness.to_string());
        }
        writer.unsigned(7).unsigned(self.ledger.threshold.into());
        writer.finish()
    }

    /// Reads a bundle.
    ///
    /// # Errors
    ///
    /// [`BundleError`] when the bytes are not the one encoding of a usable bundle.
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_LENGTH {
            return Err(BundleError::TooLong);
        }
        let bundle = read(&mut Reader::new(bytes))?;
        bundle.check()?;
        if bundle.encode() != bytes {
            return Err(BundleError::NotDeterministic);
        }
        Ok(bundle)
    }

    /// Whether every part is inside its bounds.
    ///
    /// # Errors
    ///
    /// [`BundleError::OutOfBounds`] names the part.
    pub fn check(&self) -> Result<(), BundleError> {
        if self.ca_roots.is_empty() || self.ca_roots.len() > MAX_ROOTS {
            return Err(BundleError::OutOfBounds("ca_roots"));
        }
        if self
            .ca_roots
            .iter()
            .any(|root| root.is_empty() || root.len() > MAX_CERTIFICATE)
        {
            return Err(BundleError::OutOfBounds("ca_roots"));
        }
        let witnesses = self.ledger.witnesses.len();
        if witnesses > MAX_WITNESSES {
            return Err(BundleError::OutOfBounds("witnesses"));
        }
        if usize::from(self.ledger.threshold) > witnesses {
            return Err(BundleError::OutOfBounds("threshold"));
        }
        Ok(())
    }

    /// The fingerprint that an operator gives to a device.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.encode())
    }
}

impl Fingerprint {
    /// The fingerprint of received bytes, before they are believed or even read.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Fingerprint {}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAFingerprint;

impl fmt::Display for NotAFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a root fingerprint is 64 hexadecimal digits")
    }
}

impl core::error::Error for NotAFingerprint {}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    /// Takes upper and lower case, and `:` or spaces between digits, as people copy them.
    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let digits: String = text
            .chars()
            .filter(|character| !matches!(character, ':' | ' '))
            .take(65)
            .collect();
        let mut bytes = [0; 32];
        hex::decode_to_slice(&digits, &mut bytes).map_err(|_| NotAFingerprint)?;
        Ok(Self(bytes))
    }
}

fn read(reader: &mut Reader<'_>) -> Result<TrustBundle, Malformed> {
    reader.map(8)?;
    if reader.key(0)?.unsigned()? != FORMAT {
        return Err(reader.malformed());
    }
    let organization = reader.key(1)?.parsed(MAX_NAME, OrganizationId::parse)?;
    let version = reader.key(2)?.unsigned()?;
    let authority = reader.key(3)?.bytes(MAX_SPKI)?;
    let authority = PublicKey::from_spki_der(authority).map_err(|_| reader.malformed())?;
    let count = reader.key(4)?.array(MAX_ROOTS)?;
    let mut ca_roots = Vec::with_capacity(count);
    for _ in 0..count {
        ca_roots.push(reader.bytes(MAX_CERTIFICATE)?.to_vec());
    }
    let log = reader.key(5)?.parsed(MAX_KEY_TEXT, VerifierKey::parse)?;
    let count = reader.key(6)?.array(MAX_WITNESSES)?;
    let mut witnesses = Vec::with_capacity(count);
    for _ in 0..count {
        witnesses.push(reader.parsed(MAX_KEY_TEXT, VerifierKey::parse)?);
    }
    let threshold = reader.key(7)?.small()?;
    let ledger = LedgerTrust {
        log,
        witnesses,
        threshold,
    };
    Ok(TrustBundle {
        organization,
        version,
        authority,
        ca_roots,
        ledger,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;
    use sekimori_ledger::envelope::{Ed25519Signer, Signer};
    use sekimori_ledger::note::{CosignerKey, NoteSigner};

    fn bundle() -> TrustBundle {
        let log = NoteSigner::from_seed("maker.example/log", &[2; 32]).unwrap();
        let witness = CosignerKey::from_seed("auditor.example/witness", &[3; 32]).unwrap();
        TrustBundle {
            organization: OrganizationId::parse("maker.example").unwrap(),
            version: 1,
            authority: Ed25519Signer::from_seed(&[1; 32]).public_key(),
            // Not a certificate: the bundle carries these bytes and does not read them.
            ca_roots: vec![vec![0x30, 0x03, 0x02, 0x01, 0x05]],
            ledger: LedgerTrust {
                log: log.verifier_key().clone(),
                witnesses: vec![witness.verifier_key().clone()],
                threshold: 1,
            },
        }
    }

    #[test]
    fn the_documented_vector_holds() {
        let vectors = include_str!("../../../docs/formats/vectors/bundle.txt");
        let bytes = crate::vectors::read(vectors, "bundle");
        assert_eq!(hex::encode(&bytes), hex::encode(bundle().encode()));
        assert_eq!(TrustBundle::decode(&bytes), Ok(bundle()));
        let fingerprint = crate::vectors::read(vectors, "fingerprint");
        assert_eq!(hex::encode(fingerprint), bundle().fingerprint().to_string());
    }

    #[test]
    fn what_cannot_be_trusted_is_refused() {
        let good = bundle();
        let with = |change: fn(&mut TrustBundle)| {
            let mut bundle = good.clone();
            change(&mut bundle);
            TrustBundle::decode(&bundle.encode())
        };
        assert_eq!(with(|_| ()), Ok(good.clone()));
        let bounds = |field| Err(BundleError::OutOfBounds(field));
        assert_eq!(with(|bundle| bundle.ca_roots.clear()), bounds("ca_roots"));
        assert_eq!(
            with(|bundle| bundle.ca_roots = vec![vec![]]),
            bounds("ca_roots")
        );
        assert_eq!(
            with(|bundle| bundle.ledger.threshold = 2),
            bounds("threshold")
        );
        for change in [
            (|bundle| bundle.ca_roots = vec![vec![0]; 5]) as fn(&mut TrustBundle),
            |bundle| bundle.ca_roots = vec![vec![0; MAX_CERTIFICATE + 1]],
        ] {
            assert!(matches!(with(change), Err(BundleError::Malformed { .. })));
        }
        let mut long = good.encode();
        long.push(0);
        assert_eq!(
            TrustBundle::decode(&long),
            Err(BundleError::NotDeterministic)
        );
        long.resize(MAX_LENGTH + 1, 0);
        assert_eq!(TrustBundle::decode(&long), Err(BundleError::TooLong));
    }

    #[test]
    fn fingerprints_read_as_people_copy_them() {
        let fingerprint = bundle().fingerprint();
        let text = fingerprint.to_string();
        assert_eq!(text.len(), 64);
        let pairs: Vec<&str> = (0..32).map(|byte| &text[byte * 2..byte * 2 + 2]).collect();
        for typed in [
            text.clone(),
            text.to_uppercase(),
            pairs.join(":"),
            pairs.join(" "),
        ] {
            assert_eq!(typed.parse(), Ok(fingerprint));
        }
        for bad in [
            "",
            &text[1..],
            &std::format!("{text}0"),
            &text.replace(&text[..1], "g"),
        ] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(NotAFingerprint));
        }
        assert_ne!(Fingerprint::of(b"other"), fingerprint);
    }

    proptest! {
        #[test]
        fn what_reads_is_what_was_written(place: prop::sample::Index, byte: u8) {
            let mut bytes = bundle().encode();
            let place = place.index(bytes.len());
            let same = bytes[place] == byte;
            bytes[place] = byte;
            if let Ok(read) = TrustBundle::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes.clone());
            }
            prop_assert_eq!(Fingerprint::of(&bytes) == bundle().fingerprint(), same);
        }

        #[test]
        fn reading_never_panics(bytes: Vec<u8>, text: String) {
            let _ = TrustBundle::decode(&bytes);
            let _ = text.parse::<Fingerprint>();
        }
    }
}
