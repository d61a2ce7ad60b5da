//! What the ledger says, checked offline against the trust bundle.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use sekimori_identity::{DeviceId, Entry, EntryBody, Number, SpkiHash, TrustBundle};
use sekimori_ledger::proof::TlogProof;
use serde::{Deserialize, Serialize};

/// Base 64 with or without padding, as servers write it.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Largest document of proofs or offer that is read, in bytes.
pub(crate) const MAX_DOCUMENT: u32 = 2 * 1024 * 1024;

/// An entry with the proof that it was recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ProvenEntry {
    /// The sealed entry in base 64.
    entry: String,
    /// The proof as C2SP text.
    proof: String,
}

/// An entry that was recorded, as the trusted log and enough witnesses say.
#[derive(Clone, Debug)]
pub(crate) struct Believed {
    pub(crate) entry: Entry,
    /// How many trusted witnesses cosigned.
    pub(crate) witnesses: usize,
    /// A moment that has passed, by the witnesses' word.
    pub(crate) time: Option<Timestamp>,
}

impl ProvenEntry {
    /// Checks the author's signature, the inclusion proof and the cosignatures.
    pub(crate) fn believe(&self, bundle: &TrustBundle) -> Result<Believed, String> {
        let bytes = BASE64
            .decode(&self.entry)
            .map_err(|_| "an entry is not in base 64".to_string())?;
        let entry = Entry::open(&bytes, &bundle.authority).map_err(|error| error.to_string())?;
        if entry.organization != bundle.organization {
            return Err(format!(
                "an entry is of {}, not of {}",
                entry.organization, bundle.organization
            ));
        }
        let proof = TlogProof::parse(&self.proof).map_err(|error| error.to_string())?;
        let recorded = bundle
            .ledger
            .verify(&bytes, &proof)
            .map_err(|error| error.to_string())?;
        let witnesses = bundle
            .ledger
            .verify_checkpoint(&proof.checkpoint)
            .map_or(0, |believed| believed.witnesses);
        Ok(Believed {
            entry,
            witnesses,
            time: recorded.time.and_then(timestamp),
        })
    }
}

/// The proof that the ledger knows this device and its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MembershipProof {
    pub(crate) number: Number,
    pub(crate) witnesses: usize,
    pub(crate) time: Option<Timestamp>,
    /// Where MQTT is, when the server says so.
    pub(crate) mqtt: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    entries: Vec<ProvenEntry>,
    #[serde(default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    #[serde(default)]
    mqtt: Option<String>,
}

/// Reads the answer to `GET /api/v1/devices/self/proof` and checks it for the device `name` with this key.
pub(crate) fn verify_membership(
    bundle: &TrustBundle,
    document: &[u8],
    name: &str,
    key: &SpkiHash,
) -> Result<MembershipProof, String> {
    let document: Document =
        serde_json::from_slice(document).map_err(|error| format!("not a proof: {error}"))?;
    let mut registered: Option<(DeviceId, Number)> = None;
    let mut certified: Option<DeviceId> = None;
    let mut witnesses = usize::MAX;
    let mut time = None;
    for proven in &document.entries {
        let believed = proven.believe(bundle)?;
        witnesses = witnesses.min(believed.witnesses);
        time = time.max(believed.time);
        match believed.entry.body {
            EntryBody::DeviceRegistered {
                id,
                number,
                name: recorded,
                ..
            } if recorded.as_str() == name => registered = Some((id, number)),
            EntryBody::CertificateIssued { device, spki, .. } if spki == *key => {
                certified = Some(device);
            }
            _ => {}
        }
    }
    let (id, number) = registered.ok_or_else(|| format!("no proof that {name} was registered"))?;
    if certified != Some(id) {
        return Err("no proof that this key's certificate was issued to it".to_string());
    }
    Ok(MembershipProof {
        number,
        witnesses,
        time,
        mqtt: document.endpoints.mqtt,
    })
}

/// Seconds since 1970 as a time.
pub(crate) fn timestamp(seconds: u64) -> Option<Timestamp> {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
}
