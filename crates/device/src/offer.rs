//! A signed release as the server sends it: who may release, that this one is approved, and the release itself.

use crate::proven::{BASE64, ProvenEntry};
use alloc::format;
use alloc::string::{String, ToString};
use base64::Engine as _;
use sekimori_identity::{EntryBody, TrustBundle};
use sekimori_update::slots::Installed;
use sekimori_update::targets::{self, Expiry, Release, ReleaseRoot};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A release that the ledger and the release root stand behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) release: Release,
    /// Its signed facts, as the slot machine keeps them.
    pub(crate) installed: Installed,
}

#[derive(Serialize, Deserialize)]
struct Document {
    root: ProvenEntry,
    approval: ProvenEntry,
    /// The signed TUF metadata in base 64.
    targets: String,
}

/// Why a document is not an offer to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotBelieved {
    /// The version that it speaks of, when its signature could be checked.
    pub(crate) version: Option<String>,
    /// Code and detail.
    pub(crate) why: String,
}

impl NotBelieved {
    fn new(code: &str, detail: &str) -> Self {
        Self {
            version: None,
            why: format!("{code}: {detail}"),
        }
    }
}

/// Reads and checks a document: root entry, approval entry, metadata, and that they speak of each other.
pub(crate) fn verify(
    bundle: &TrustBundle,
    document: &[u8],
    expiry: Expiry,
) -> Result<Offer, NotBelieved> {
    let document: Document = serde_json::from_slice(document)
        .map_err(|error| NotBelieved::new("offer-malformed", &error.to_string()))?;
    let root = document
        .root
        .believe(bundle)
        .map_err(|why| NotBelieved::new("root-not-proven", &why))?;
    let EntryBody::Root { keys, threshold } = root.entry.body else {
        return Err(NotBelieved::new(
            "root-not-proven",
            "the entry is no release root",
        ));
    };
    let approval = document
        .approval
        .believe(bundle)
        .map_err(|why| NotBelieved::new("approval-not-proven", &why))?;
    let EntryBody::FirmwareApproved {
        product,
        version,
        counter,
        targets_sha256,
    } = approval.entry.body
    else {
        return Err(NotBelieved::new(
            "approval-not-proven",
            "the entry approves nothing",
        ));
    };
    let metadata = BASE64
        .decode(&document.targets)
        .map_err(|_| NotBelieved::new("offer-malformed", "targets are not in base 64"))?;
    let observed: [u8; 32] = Sha256::digest(&metadata).into();
    if observed != targets_sha256 {
        return Err(NotBelieved::new(
            "not-approved",
            &format!("the ledger approves {version} with other metadata"),
        ));
    }
    let release = targets::verify(&metadata, &ReleaseRoot { keys, threshold }, expiry)
        .map_err(|error| NotBelieved::new(error.code(), &error.to_string()))?;
    let facts = (&release.product, &release.version, release.counter);
    if facts != (&product, &version, counter) {
        return Err(NotBelieved {
            version: Some(release.version.clone()),
            why: "not-approved: the approval speaks of another product, version or counter"
                .to_string(),
        });
    }
    let installed = Installed {
        product,
        version,
        counter,
        metadata_version: release.metadata_version,
        targets_sha256,
    };
    Ok(Offer { release, installed })
}
