//! Who the device is, where its server is, and which credential it uses: one record.

use crate::record::CredentialSlot;
use crate::words::Invitation;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const SCHEMA: u32 = 1;
/// Most bytes of a record.
const MAX_LENGTH: usize = 64 * 1024;

/// The membership, as it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Membership {
    schema: u32,
    /// `https://host:port`.
    pub(crate) url: String,
    /// Where the owner says MQTT is.
    pub(crate) mqtt: Option<String>,
    /// Where the server says MQTT is.
    pub(crate) told_mqtt: Option<String>,
    pub(crate) name: String,
    /// The fingerprint of the trust bundle that the owner gave.
    pub(crate) root: String,
    /// The one-time code, until it is used up.
    pub(crate) code: Option<String>,
    /// Why the enrollment ended without a certificate.
    pub(crate) refused: Option<Refused>,
    /// The plate.
    pub(crate) number: Option<String>,
    /// The credential in use.
    pub(crate) active: Option<Credential>,
    /// One that waits for its first use.
    pub(crate) candidate: Option<Credential>,
    /// A key for which a certificate is being asked: kept, so that after a restart it is asked for the same key.
    pub(crate) preparing: Option<Preparing>,
    /// A moment that has passed, by the word of witnesses.
    pub(crate) time_floor: Timestamp,
}

/// Why the enrollment ended without a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// A key without a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preparing {
    pub(crate) slot: CredentialSlot,
    /// DER SubjectPublicKeyInfo.
    #[serde(with = "hexadecimal")]
    pub(crate) public_key: Vec<u8>,
}

/// A key with its certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credential {
    pub(crate) slot: CredentialSlot,
    /// DER SubjectPublicKeyInfo in hexadecimal digits.
    #[serde(with = "hexadecimal")]
    pub(crate) public_key: Vec<u8>,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    /// Whether the ledger's proof was verified and stored.
    pub(crate) proven: bool,
}

impl Membership {
    /// What an invitation promises.
    pub(crate) fn invited(invitation: Invitation) -> Self {
        Self {
            schema: SCHEMA,
            url: invitation.url,
            mqtt: invitation.mqtt,
            told_mqtt: None,
            name: invitation.name,
            root: invitation.root,
            code: Some(invitation.code),
            refused: None,
            number: None,
            active: None,
            candidate: None,
            preparing: None,
            time_floor: Timestamp::UNIX_EPOCH,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a membership has string keys and no failing part")
    }

    /// Reads a record.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MAX_LENGTH {
            return Err("longer than any membership".to_string());
        }
        let membership: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if membership.schema != SCHEMA {
            return Err("written by a newer program".to_string());
        }
        Ok(membership)
    }

    /// Host and port of MQTT over TLS: what the owner said, else what the server said, else port 8883 of its host.
    pub(crate) fn mqtt_address(&self) -> String {
        let host = host(&self.url);
        let told = self.mqtt.as_deref().or(self.told_mqtt.as_deref());
        match told {
            Some(address) if address.starts_with(':') => alloc::format!("{host}{address}"),
            Some(address) => address.to_string(),
            None => alloc::format!("{host}:8883"),
        }
    }

    /// The credential to come back with: the one that waits first, then in turn.
    pub(crate) fn credential(&self, attempt: u32) -> Option<&Credential> {
        let candidate = self.candidate.as_ref().filter(|candidate| candidate.proven);
        match (candidate, self.active.as_ref()) {
            (Some(candidate), Some(active)) => Some(if attempt.is_multiple_of(2) {
                candidate
            } else {
                active
            }),
            (candidate, active) => candidate.or(active),
        }
    }
}

fn host(url: &str) -> &str {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or(authority);
    match authority.rsplit_once(':') {
        // An IPv6 address keeps its colons inside brackets.
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

mod hexadecimal {
    use alloc::string::String;
    use alloc::vec::Vec;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership(url: &str, mqtt: Option<&str>, told: Option<&str>) -> Membership {
        let mut membership = Membership::invited(Invitation {
            url: url.into(),
            mqtt: mqtt.map(Into::into),
            name: "dev-0001".into(),
            code: "CODE".into(),
            root: "00".into(),
        });
        membership.told_mqtt = told.map(Into::into);
        membership
    }

    #[test]
    fn the_owner_decides_where_mqtt_is_then_the_server() {
        for (url, mqtt, told, expected) in [
            ("https://h:8443", None, None, "h:8883"),
            ("https://h", None, None, "h:8883"),
            ("https://h:8443/x", None, Some("127.0.0.1:9"), "127.0.0.1:9"),
            ("https://h:8443", None, Some(":9"), "h:9"),
            ("https://[::1]:8443", None, Some(":9"), "[::1]:9"),
            ("https://[::1]", None, None, "[::1]:8883"),
            ("https://h:8443", Some("m:1"), Some(":9"), "m:1"),
        ] {
            assert_eq!(
                membership(url, mqtt, told).mqtt_address(),
                expected,
                "{url}"
            );
        }
    }

    #[test]
    fn a_record_reads_back_and_a_damaged_one_does_not() {
        let membership = membership("https://h", None, None);
        let bytes = membership.encode();
        assert_eq!(Membership::decode(&bytes), Ok(membership));
        for length in 0..bytes.len() {
            assert!(Membership::decode(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_new_credential_is_tried_first_then_in_turn_with_the_old_one() {
        let mut membership = membership("https://h", None, None);
        let credential = |slot, proven| Credential {
            slot,
            public_key: Vec::new(),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            proven,
        };
        let slot = |membership: &Membership, attempt| {
            membership
                .credential(attempt)
                .map(|credential| credential.slot)
        };
        assert_eq!(slot(&membership, 0), None);
        membership.active = Some(credential(CredentialSlot::One, true));
        membership.candidate = Some(credential(CredentialSlot::Two, false));
        assert_eq!(
            slot(&membership, 0),
            Some(CredentialSlot::One),
            "not proven yet"
        );
        membership.candidate = Some(credential(CredentialSlot::Two, true));
        assert_eq!(slot(&membership, 0), Some(CredentialSlot::Two));
        assert_eq!(slot(&membership, 1), Some(CredentialSlot::One));
        assert_eq!(slot(&membership, 2), Some(CredentialSlot::Two));
    }
}
