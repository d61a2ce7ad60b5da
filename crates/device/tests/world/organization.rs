//! The other side: authority, log, witness, enrollment, offers, and a gateway that remembers everything.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use sekimori_device::{HttpResponse, IssuedCertificate, LinkFailure};
use sekimori_identity::{
    DeviceId, DeviceName, Entry, EntryBody, Number, OrganizationId, RoleId, SpkiHash, TrustBundle,
};
use sekimori_ledger::Hash;
use sekimori_ledger::checkpoint::Checkpoint;
use sekimori_ledger::envelope::{self, Ed25519Signer, PublicKey, Signer};
use sekimori_ledger::note::{CosignerKey, NoteSigner};
use sekimori_ledger::proof::TlogProof;
use sekimori_ledger::tree::{Frontier, Nodes, leaf_hash, node_hash, root};
use sekimori_ledger::trust::LedgerTrust;
use sekimori_proto::mqtt::{Message, PublishResult};
use sekimori_update::report::{self, StateReport};
use sekimori_update::targets::{self, Release, ReleaseFile};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

const RELEASE_SEED: [u8; 32] = [5; 32];
pub(crate) const NAME: &str = "dev-0001";
pub(crate) const CODE: &str = "AAAA-BBBB-CCCC-DDDD";

struct Leaves<'a>(&'a [Vec<u8>]);

impl Nodes for Leaves<'_> {
    type Error = ();
    fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
        if level == 0 {
            return Ok(leaf_hash(&self.0[usize::try_from(index).unwrap()]));
        }
        let (left, right) = (
            self.node(level - 1, index * 2)?,
            self.node(level - 1, index * 2 + 1)?,
        );
        Ok(node_hash(&left, &right))
    }
}

/// What the server knows of the device's keys.
pub(crate) struct Known {
    pub(crate) spki: Vec<u8>,
    pub(crate) entry: usize,
    pub(crate) not_after: Timestamp,
}

pub(crate) struct Organization {
    authority: Ed25519Signer,
    log: NoteSigner,
    witness: CosignerKey,
    entries: Vec<Vec<u8>>,
    /// Signs no checkpoint when false.
    pub(crate) witness_awake: bool,
    pub(crate) code: Option<String>,
    pub(crate) registered: Option<(DeviceId, usize)>,
    pub(crate) keys: Vec<Known>,
    /// Life of a certificate.
    pub(crate) life: SignedDuration,
    pub(crate) blobs: BTreeMap<[u8; 32], Vec<u8>>,
    root: Option<usize>,
    pub(crate) offer: Option<(Vec<u8>, usize)>,
    pub(crate) releases: BTreeMap<String, (Vec<u8>, usize)>,
    pub(crate) seen: BTreeSet<(u64, u64)>,
    pub(crate) newest: Option<(u64, u64)>,
    /// Payloads of telemetry in the order in which they were stored.
    pub(crate) stored: Vec<Vec<u8>>,
    pub(crate) reports: Vec<StateReport>,
    pub(crate) acknowledgements: Vec<Message>,
    pub(crate) contained: bool,
    /// A contained device has reported that it is as released; the operator's side takes its time.
    pub(crate) lift: bool,
    /// Messages and subscriptions that were refused because of containment.
    pub(crate) kept_out: u64,
    /// Answer to the next telemetry message instead of storing it.
    pub(crate) refuse_next: Option<PublishResult>,
}

impl Organization {
    pub(crate) fn new() -> Self {
        let mut organization = Self {
            authority: Ed25519Signer::from_seed(&[1; 32]),
            log: NoteSigner::from_seed("log.example/1", &[2; 32]).unwrap(),
            witness: CosignerKey::from_seed("witness.example", &[3; 32]).unwrap(),
            entries: Vec::new(),
            witness_awake: true,
            code: Some(CODE.into()),
            registered: None,
            keys: Vec::new(),
            life: SignedDuration::from_hours(24 * 30),
            blobs: BTreeMap::new(),
            root: None,
            offer: None,
            releases: BTreeMap::new(),
            seen: BTreeSet::new(),
            newest: None,
            stored: Vec::new(),
            reports: Vec::new(),
            acknowledgements: Vec::new(),
            contained: false,
            lift: false,
            kept_out: 0,
            refuse_next: None,
        };
        let key = Ed25519Signer::from_seed(&RELEASE_SEED).public_key();
        let PublicKey::Ed25519(key) = key else {
            panic!()
        };
        let root = EntryBody::Root {
            keys: vec![key],
            threshold: 1,
        };
        organization.root = Some(organization.record(root));
        organization
    }

    fn id() -> OrganizationId {
        OrganizationId::parse("maker.example").unwrap()
    }

    pub(crate) fn bundle(&self) -> TrustBundle {
        TrustBundle {
            organization: Self::id(),
            version: 1,
            authority: self.authority.public_key(),
            ca_roots: vec![vec![0x30, 0x00]],
            ledger: LedgerTrust {
                log: self.log.verifier_key().clone(),
                witnesses: vec![self.witness.verifier_key().clone()],
                threshold: 1,
            },
        }
    }

    fn record(&mut self, body: EntryBody) -> usize {
        let at = "2026-10-01T00:00:00Z".parse().unwrap();
        let entry = Entry::new(Self::id(), at, body);
        self.entries.push(entry.seal(&self.authority));
        self.entries.len() - 1
    }

    /// A cosigned checkpoint of now.
    pub(crate) fn checkpoint(&self, now: Timestamp) -> String {
        let size = self.entries.len() as u64;
        let root = root(&Leaves(&self.entries), size).unwrap();
        let mut frontier = Frontier::new();
        for entry in &self.entries {
            let _ = frontier.push(entry);
        }
        assert_eq!(frontier.root(), root);
        let checkpoint = Checkpoint::new("log.example/1", size, root);
        let mut signed = checkpoint.sign(&self.log).unwrap();
        if self.witness_awake {
            let time = u64::try_from(now.as_second()).unwrap();
            signed.append(self.witness.cosign(&checkpoint.encode(), time));
        }
        signed.to_string()
    }

    fn proven(&self, index: usize, now: Timestamp) -> serde_json::Value {
        let size = self.entries.len() as u64;
        let leaves = Leaves(&self.entries);
        let proof = TlogProof::build(&leaves, index as u64, size, self.checkpoint(now)).unwrap();
        serde_json::json!({
            "entry": STANDARD.encode(&self.entries[index]),
            "proof": proof.encode(),
        })
    }

    /// EST: with a code for the first key, else with a known key.
    pub(crate) fn certify(
        &mut self,
        public_key: Vec<u8>,
        code: Option<&str>,
        client: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<IssuedCertificate, LinkFailure> {
        let spki = SpkiHash::of_der(&public_key);
        if let Some(code) = code {
            let again = self.keys.iter().any(|known| known.spki == public_key);
            if self.code.as_deref() != Some(code) && !again {
                return Err(refused(401, "SK-ENR-002", "wrong code"));
            }
            if self.registered.is_some() && !again {
                return Err(refused(409, "SK-DEV-003", "already has an active key"));
            }
        } else if !self
            .keys
            .iter()
            .any(|known| Some(known.spki.as_slice()) == client)
        {
            return Err(refused(403, "SK-DEV-001", "unknown key"));
        }
        if self.registered.is_none() {
            let id = DeviceId::of_first_key(&spki);
            let entry = self.record(EntryBody::DeviceRegistered {
                id,
                number: Number(1),
                name: DeviceName::parse(NAME).unwrap(),
                role: RoleId::parse("sensor").unwrap(),
                public_key: PublicKey::from_spki_der(&public_key).unwrap(),
            });
            self.registered = Some((id, entry));
        }
        let (id, _) = self.registered.unwrap();
        let not_after = now + self.life;
        let entry = self.record(EntryBody::CertificateIssued {
            device: id,
            spki,
            serial_hash: [0; 32],
            not_before: now,
            not_after,
        });
        self.keys.push(Known {
            spki: public_key.clone(),
            entry,
            not_after,
        });
        Ok(IssuedCertificate {
            chain: vec![public_key.clone()],
            name: NAME.into(),
            public_key,
            not_before: now,
            not_after,
        })
    }

    pub(crate) fn publish_release(
        &mut self,
        version: &str,
        counter: u64,
        files: &[(&str, &[u8], bool)],
    ) {
        let (major_minor, _) = version.rsplit_once('.').unwrap();
        let release = Release {
            metadata_version: counter * 100 + major_minor.len() as u64,
            product: "cold-store".into(),
            version: version.into(),
            counter,
            expires: "2030-01-01T00:00:00Z".parse().unwrap(),
            files: files
                .iter()
                .map(|(path, content, executable)| ReleaseFile {
                    path: (*path).into(),
                    length: content.len() as u64,
                    sha256: Sha256::digest(content).into(),
                    executable: *executable,
                })
                .collect(),
        };
        let signed = targets::sign(&release, &[RELEASE_SEED]).unwrap();
        let entry = self.record(EntryBody::FirmwareApproved {
            product: "cold-store".into(),
            version: version.into(),
            counter,
            targets_sha256: Sha256::digest(&signed).into(),
        });
        for (_, content, _) in files {
            self.blobs
                .insert(Sha256::digest(content).into(), content.to_vec());
        }
        self.releases
            .insert(version.into(), (signed.clone(), entry));
        self.offer = Some((signed, entry));
    }

    fn document(&self, (signed, approval): &(Vec<u8>, usize), now: Timestamp) -> HttpResponse {
        ok(serde_json::json!({
            "root": self.proven(self.root.unwrap(), now),
            "approval": self.proven(*approval, now),
            "targets": STANDARD.encode(signed),
        })
        .to_string()
        .into_bytes())
    }

    /// HTTPS; `client` is the public key of the certificate that was shown.
    pub(crate) fn answer(&self, path: &str, client: Option<&[u8]>, now: Timestamp) -> HttpResponse {
        let known = self
            .keys
            .iter()
            .rev()
            .find(|known| Some(known.spki.as_slice()) == client);
        match (path, known) {
            ("/api/v1/trust", _) => ok(self.bundle().encode()),
            ("/ledger/checkpoint", _) => ok(self.checkpoint(now).into_bytes()),
            ("/api/v1/devices/self/proof", Some(known)) => {
                let (_, registered) = self.registered.unwrap();
                let entries = [self.proven(registered, now), self.proven(known.entry, now)];
                let document = serde_json::json!({
                    "entries": entries,
                    "endpoints": {"mqtt": "gateway.example:8883"},
                });
                ok(document.to_string().into_bytes())
            }
            ("/api/v1/devices/self/update", Some(_)) if self.contained => status(403),
            ("/api/v1/devices/self/update", Some(_)) => match &self.offer {
                Some(offer) => self.document(offer, now),
                None => status(204),
            },
            (path, Some(_)) => match path.strip_prefix("/api/v1/devices/self/repair?release=") {
                Some(version) => self
                    .releases
                    .get(version)
                    .map_or_else(|| status(404), |offer| self.document(offer, now)),
                None => status(404),
            },
            (_, None) => status(403),
        }
    }

    /// MQTT: what the gateway and the store make of a message.
    pub(crate) fn take(&mut self, message: &Message, client: &[u8]) -> PublishResult {
        if message.topic == format!("sk/{NAME}/_state") {
            let key = PublicKey::from_spki_der(client).unwrap();
            let payload = envelope::open(report::CONTENT_TYPE, &message.payload, &key).unwrap();
            let report = StateReport::decode(payload).unwrap();
            self.lift = self.contained && report.integrity.held;
            self.contained |= !report.integrity.held;
            self.reports.push(report);
            return PublishResult::Accepted;
        }
        if message.topic.ends_with("/ack") {
            self.acknowledgements.push(message.clone());
            return PublishResult::Accepted;
        }
        if self.contained {
            self.kept_out += 1;
            return PublishResult::ImplementationSpecific;
        }
        if let Some(result) = self.refuse_next.take() {
            return result;
        }
        let envelope = message.envelope.expect("telemetry has an envelope");
        let key = (envelope.boot, envelope.sequence);
        if self.seen.contains(&key) {
            assert!(message.duplicate, "{key:?} came again without DUP");
            return PublishResult::Accepted;
        }
        if let Some((boot, sequence)) = self.newest {
            assert!(
                key.0 > boot || key.0 == boot && key.1 + 64 > sequence,
                "{key:?} came too late"
            );
        }
        self.newest = self.newest.max(Some(key));
        self.seen.insert(key);
        self.stored.push(message.payload.clone());
        PublishResult::Accepted
    }
}

fn ok(body: Vec<u8>) -> HttpResponse {
    HttpResponse { status: 200, body }
}

fn status(status: u16) -> HttpResponse {
    HttpResponse {
        status,
        body: Vec::new(),
    }
}

fn refused(status: u16, code: &str, message: &str) -> LinkFailure {
    LinkFailure::Refused {
        status,
        code: code.into(),
        message: message.into(),
    }
}
