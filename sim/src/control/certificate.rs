//! Certificates. These are stand-ins: text with a keyed digest in place of an authority's signature. X.509 is the
//! shells' matter and is tested there.

use super::Control;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_identity::{DeviceRecord, SpkiHash, Standing};
use sha2::{Digest as _, Sha256};

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Certificate {
    pub(crate) serial: u64,
    pub(crate) name: String,
    /// The whole public key in hexadecimal digits.
    pub(crate) public_key: String,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    /// In place of a signature.
    tag: String,
}

impl Certificate {
    /// A certificate of the authority with this secret.
    pub(crate) fn issue(
        secret: &[u8; 32],
        serial: u64,
        name: &str,
        public_key: &[u8],
        validity: (Timestamp, Timestamp),
    ) -> Self {
        let mut certificate = Self {
            serial,
            name: name.to_string(),
            public_key: hex::encode(public_key),
            not_before: validity.0,
            not_after: validity.1,
            tag: String::new(),
        };
        certificate.tag = certificate.tagged(secret);
        certificate
    }

    fn tagged(&self, secret: &[u8; 32]) -> String {
        let digest = Sha256::new()
            .chain_update(secret)
            .chain_update(self.serial.to_le_bytes())
            .chain_update(&self.name)
            .chain_update(&self.public_key)
            .chain_update(self.not_before.to_string())
            .chain_update(self.not_after.to_string())
            .finalize();
        hex::encode(digest)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a certificate has string keys")
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// What somebody shows in a handshake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presented {
    /// The certificate's bytes, if there is one.
    pub(crate) certificate: Option<Vec<u8>>,
    /// The public key whose private half it proved to hold.
    pub(crate) key: Vec<u8>,
}

/// Who that is.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) record: DeviceRecord,
    pub(crate) spki: SpkiHash,
    pub(crate) not_after: Timestamp,
    pub(crate) expired: bool,
}

impl Control {
    /// Who shows this certificate; or the one reason to refuse. Expired is for the caller to judge.
    pub(crate) fn vouch(
        &self,
        now: Duration,
        presented: &Presented,
    ) -> Result<Client, &'static str> {
        let bytes = presented.certificate.as_ref().ok_or("no-certificate")?;
        let certificate = Certificate::decode(bytes).ok_or("malformed")?;
        if certificate.tagged(&self.authority) != certificate.tag {
            return Err("unknown-issuer");
        }
        if certificate.public_key != hex::encode(&presented.key) {
            return Err("malformed");
        }
        let wall = self.wall(now);
        if wall < certificate.not_before {
            return Err("not-yet-valid");
        }
        let spki = SpkiHash::of_der(&presented.key);
        let registry = &self.log.registry;
        let record = registry.by_spki(&spki).ok_or("unknown-device")?.clone();
        match record.standing {
            Standing::Active => {}
            Standing::Suspended => return Err("suspended"),
            Standing::Revoked | Standing::Retired => return Err("revoked"),
        }
        Ok(Client {
            record,
            spki,
            not_after: certificate.not_after,
            expired: wall > certificate.not_after,
        })
    }

    /// A certificate that this authority made for a key that no device has: for strangers.
    pub(crate) fn certificate_for_nobody(
        &self,
        now: Duration,
        key: &[u8],
        forged: bool,
    ) -> Vec<u8> {
        let secret = if forged { [0; 32] } else { self.authority };
        let wall = self.wall(now);
        let end = wall
            .saturating_add(Duration::from_secs(3600))
            .unwrap_or(Timestamp::MAX);
        Certificate::issue(&secret, u64::MAX, "stranger", key, (self.start, end)).encode()
    }

    /// The same, expired.
    pub(crate) fn expired_certificate(&self, key: &[u8]) -> Vec<u8> {
        let long_ago = Timestamp::UNIX_EPOCH;
        let validity = (long_ago, long_ago);
        Certificate::issue(&self.authority, u64::MAX, "stranger", key, validity).encode()
    }
}
