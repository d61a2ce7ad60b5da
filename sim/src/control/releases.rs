//! Releases: made, signed, approved, offered; also such as nobody should take.

use super::{Control, PRODUCT};
use crate::random::Random;
use crate::words::ReleaseKind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use jiff::{SignedDuration, Timestamp};
use sekimori_audit::{Code, Containment};
use sekimori_identity::EntryBody;
use sekimori_ledger::envelope::{Ed25519Signer, PublicKey, Signer as _};
use sekimori_update::targets::{self, Release, ReleaseFile};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The entry of the release root is the second of every ledger.
const ROOT_ENTRY: u64 = 1;

/// A release that was published.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) version: String,
    pub(crate) files: BTreeMap<String, (Vec<u8>, bool)>,
    counter: u64,
    targets: Vec<u8>,
    approval: u64,
}

/// Everything about releases.
pub(crate) struct Releases {
    seed: [u8; 32],
    stranger: [u8; 32],
    pub(crate) known: Vec<Known>,
    blobs: BTreeMap<[u8; 32], Vec<u8>>,
    /// Which one is offered.
    offer: Option<usize>,
    made: u64,
    /// The highest counter of a release that could be confirmed.
    newest_good: u64,
}

impl Releases {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            seed: random.bytes(),
            stranger: random.bytes(),
            known: Vec::new(),
            blobs: BTreeMap::new(),
            offer: None,
            made: 0,
            newest_good: 0,
        }
    }

    /// Keys and threshold of the root.
    pub(crate) fn root(&self) -> (Vec<[u8; 32]>, u8) {
        match Ed25519Signer::from_seed(&self.seed).public_key() {
            PublicKey::Ed25519(key) => (vec![key], 1),
            PublicKey::P256(_) => (Vec::new(), 1),
        }
    }

    /// The content of this digest.
    pub(crate) fn blob(&self, sha256: &[u8; 32]) -> Option<&Vec<u8>> {
        self.blobs.get(sha256)
    }

    /// The files of a version.
    pub(crate) fn files(&self, version: &str) -> Option<&BTreeMap<String, (Vec<u8>, bool)>> {
        let mut newest_first = self.known.iter().rev();
        newest_first
            .find(|known| known.version == version)
            .map(|known| &known.files)
    }

    /// The release that is offered.
    pub(crate) fn offered(&self) -> Option<&Known> {
        self.known.get(self.offer?)
    }
}

impl Control {
    /// Makes a release of this kind and offers it.
    pub(crate) fn publish(&mut self, now: Duration, kind: ReleaseKind) -> Vec<Containment> {
        if kind == ReleaseKind::Replayed {
            self.releases.offer = (!self.releases.known.is_empty()).then_some(0);
        } else {
            self.make(now, kind);
        }
        let event = self.event(now, Code::UpdateOffered).with_source("operator");
        self.record(now, event.with_detail("kind", kind.word()))
    }

    fn make(&mut self, now: Duration, kind: ReleaseKind) {
        self.releases.made = self.releases.made.saturating_add(1);
        let made = self.releases.made;
        let version = format!("1.{made}.0");
        let counter = match kind {
            ReleaseKind::Older => self.releases.newest_good.saturating_sub(1),
            _ => made,
        };
        let wall = self.wall(now);
        let whole = Timestamp::from_second(wall.as_second()).unwrap_or(wall);
        let validity = match kind {
            ReleaseKind::Expired => SignedDuration::from_secs(-60),
            _ => SignedDuration::from_hours(24 * 365),
        };
        let files = files(&version, kind);
        let release = Release {
            metadata_version: made,
            product: PRODUCT.to_string(),
            version: version.clone(),
            counter,
            expires: whole.saturating_add(validity).unwrap_or(Timestamp::MAX),
            files: files
                .iter()
                .map(|(path, (content, executable))| ReleaseFile {
                    path: path.clone(),
                    length: content.len() as u64,
                    sha256: Sha256::digest(content).into(),
                    executable: *executable,
                })
                .collect(),
        };
        let seed = if kind == ReleaseKind::Forged {
            self.releases.stranger
        } else {
            self.releases.seed
        };
        let targets = targets::sign(&release, &[seed]).expect("within all bounds");
        let approval = match self.releases.known.last() {
            Some(other) if kind == ReleaseKind::Unapproved => other.approval,
            _ => {
                let approved = EntryBody::FirmwareApproved {
                    product: PRODUCT.to_string(),
                    version: version.clone(),
                    counter,
                    targets_sha256: Sha256::digest(&targets).into(),
                };
                self.append(now, vec![approved])
            }
        };
        if kind == ReleaseKind::Good {
            self.releases.newest_good = self.releases.newest_good.max(counter);
        }
        for (content, _) in files.values() {
            let digest = Sha256::digest(content).into();
            self.releases.blobs.insert(digest, content.clone());
        }
        self.releases.offer = Some(self.releases.known.len());
        self.releases.known.push(Known {
            version,
            files,
            counter,
            targets,
            approval,
        });
    }

    /// The signed document of the offer, for a device whose newest report is known; `None` when it has nothing to do.
    pub(crate) fn offer_for(&mut self, device: &sekimori_identity::DeviceId) -> Option<Vec<u8>> {
        let known = self.releases.offered()?.clone();
        if let Some(report) = self.reports.get(device) {
            let ended = report.last_update.as_ref();
            let done = report.release == known.version && report.counter == known.counter;
            if done || ended.is_some_and(|last| last.release == known.version) {
                return None;
            }
        }
        self.document(&known)
    }

    /// The signed document of a version that is installed somewhere.
    pub(crate) fn repair_for(&mut self, version: &str) -> Option<Vec<u8>> {
        let mut newest_first = self.releases.known.iter().rev();
        let known = newest_first.find(|known| known.version == version)?.clone();
        self.document(&known)
    }

    fn document(&mut self, known: &Known) -> Option<Vec<u8>> {
        let root = self.proven(ROOT_ENTRY)?;
        let approval = self.proven(known.approval)?;
        let targets = STANDARD.encode(&known.targets);
        let document =
            serde_json::json!({ "root": root, "approval": approval, "targets": targets });
        Some(document.to_string().into_bytes())
    }

    /// An entry with its proof, once it is published.
    pub(crate) fn proven(&mut self, index: u64) -> Option<serde_json::Value> {
        let proof = self.log.proof(index)?;
        let entry = STANDARD.encode(self.log.sealed(index)?);
        Some(serde_json::json!({ "entry": entry, "proof": proof }))
    }
}

/// The files of a release. What the program does is written in it, for the simulated device to read.
fn files(version: &str, kind: ReleaseKind) -> BTreeMap<String, (Vec<u8>, bool)> {
    let behavior = match kind {
        ReleaseKind::Sick | ReleaseKind::Crashing | ReleaseKind::Hanging => kind.word(),
        _ => "good",
    };
    let interval = match kind {
        ReleaseKind::Unreadable => "soon",
        _ => "5000",
    };
    let program = format!("program {version} {behavior}\n").into_bytes();
    let settings = format!("every_ms = {interval}\n").into_bytes();
    let share = b"the same in every release\n".to_vec();
    BTreeMap::from([
        ("bin/agent".to_string(), (program, true)),
        ("etc/settings.toml".to_string(), (settings, false)),
        ("share/words".to_string(), (share, false)),
    ])
}
