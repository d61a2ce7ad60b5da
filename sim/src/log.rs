//! The organization's ledger and the other organization's witness, each with what survives its crash.

use jiff::Timestamp;
use sekimori_identity::{Conflict, Entry, EntryBody, OrganizationId, Registry};
use sekimori_ledger::Hash;
use sekimori_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sekimori_ledger::envelope::Ed25519Signer;
use sekimori_ledger::fsck;
use sekimori_ledger::note::{CosignerKey, NoteSigner};
use sekimori_ledger::proof::TlogProof;
use sekimori_ledger::tree::{Frontier, Nodes, consistency_proof};
use sekimori_ledger::trust::LedgerTrust;
use sekimori_ledger::witness::{AddCheckpoint, Witness, WitnessRefusal};
use std::collections::BTreeMap;

/// The origin of the log.
pub(crate) const ORIGIN: &str = "maker.example/log";
/// The name of the witness.
const WITNESS: &str = "partner.example/witness";

/// Complete nodes of the tree, in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryNodes(BTreeMap<(u8, u64), Hash>);

impl Nodes for MemoryNodes {
    type Error = String;

    fn node(&self, level: u8, index: u64) -> Result<Hash, String> {
        let found = self.0.get(&(level, index)).copied();
        found.ok_or_else(|| format!("there is no node {index} of level {level}"))
    }
}

/// The newest checkpoint that the quorum stands behind.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) size: u64,
    pub(crate) note: String,
}

/// The ledger of the organization.
pub(crate) struct Log {
    pub(crate) organization: OrganizationId,
    pub(crate) author: Ed25519Signer,
    pub(crate) trust: LedgerTrust,
    signer: NoteSigner,
    // Durable.
    sealed: Vec<Vec<u8>>,
    entries: Vec<Entry>,
    nodes: MemoryNodes,
    newest: Option<SignedCheckpoint>,
    pub(crate) published: Option<Published>,
    // Follows from the entries.
    frontier: Frontier,
    pub(crate) registry: Registry,
    /// What we believe the witness to have; learned again after a crash.
    witness_size: u64,
    proofs: BTreeMap<(u64, u64), String>,
}

/// The other organization's process.
pub(crate) struct WitnessNode {
    witness: Witness,
    stored: Option<(u64, Hash)>,
    pub(crate) up: bool,
    pub(crate) loses_answer: bool,
}

/// A new ledger and its witness.
pub(crate) fn found(
    organization: &OrganizationId,
    author: Ed25519Signer,
    seeds: [[u8; 32]; 2],
) -> (Log, WitnessNode) {
    let [log_seed, witness_seed] = seeds;
    let signer = NoteSigner::from_seed(ORIGIN, &log_seed).expect("the origin is a key name");
    let cosigner = CosignerKey::from_seed(WITNESS, &witness_seed).expect("it is a key name");
    let trust = LedgerTrust {
        log: signer.verifier_key().clone(),
        witnesses: vec![cosigner.verifier_key().clone()],
        threshold: 1,
    };
    let logs = vec![signer.verifier_key().clone()];
    let log = Log {
        organization: organization.clone(),
        author,
        trust,
        signer,
        sealed: Vec::new(),
        entries: Vec::new(),
        nodes: MemoryNodes::default(),
        newest: None,
        published: None,
        frontier: Frontier::new(),
        registry: Registry::new(),
        witness_size: 0,
        proofs: BTreeMap::new(),
    };
    let node = WitnessNode {
        witness: Witness { cosigner, logs },
        stored: None,
        up: true,
        loses_answer: false,
    };
    (log, node)
}

impl Log {
    /// Appends facts, all or none; answers the index of the first.
    pub(crate) fn append(
        &mut self,
        at: Timestamp,
        bodies: Vec<EntryBody>,
    ) -> Result<u64, Conflict> {
        let first = self.frontier.size();
        let mut registry = self.registry.clone();
        let mut entries = Vec::new();
        for body in bodies {
            let entry = Entry::new(self.organization.clone(), at, body);
            registry.apply(&entry)?;
            entries.push(entry);
        }
        self.registry = registry;
        for entry in entries {
            let bytes = entry.seal(&self.author);
            for (level, index, hash) in self.frontier.push(&bytes) {
                self.nodes.0.insert((level, index), hash);
            }
            self.sealed.push(bytes);
            self.entries.push(entry);
        }
        let checkpoint = Checkpoint::new(ORIGIN, self.frontier.size(), self.frontier.root());
        let signed = checkpoint.sign(&self.signer);
        self.newest = Some(signed.expect("the origin can stand in a checkpoint"));
        Ok(first)
    }

    /// How many entries there are.
    pub(crate) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// How many entries the quorum stands behind.
    pub(crate) fn published_size(&self) -> u64 {
        self.published
            .as_ref()
            .map_or(0, |published| published.size)
    }

    /// The request to the witness, when there is something that it has not cosigned.
    pub(crate) fn request(&self) -> Option<AddCheckpoint> {
        let newest = self.newest.clone()?;
        let size = newest.checkpoint().size;
        if size <= self.published_size() {
            return None;
        }
        let old_size = self.witness_size.min(size);
        let proof = if old_size == 0 {
            Vec::new()
        } else {
            consistency_proof(&self.nodes, old_size, size).expect("every node is kept")
        };
        Some(AddCheckpoint {
            old_size,
            proof,
            checkpoint: newest,
        })
    }

    /// Takes the witness's answer to a request; says whether something new is published.
    pub(crate) fn cosigned(
        &mut self,
        request: &AddCheckpoint,
        answer: Result<String, WitnessRefusal>,
    ) -> Result<bool, String> {
        match answer {
            Ok(lines) => {
                let mut signed = request.checkpoint.clone();
                let size = signed.checkpoint().size;
                if signed.accept_cosignatures(&lines, &self.trust.witnesses) == 0 {
                    return Err("the witness answered without a valid cosignature".to_string());
                }
                self.witness_size = self.witness_size.max(size);
                if size <= self.published_size() {
                    return Ok(false);
                }
                let note = signed.to_string();
                self.trust
                    .verify_checkpoint(&note)
                    .map_err(|error| error.to_string())?;
                self.published = Some(Published { size, note });
                Ok(true)
            }
            Err(refusal) => match refusal.stored_size() {
                Some(stored) if stored <= self.size() => {
                    self.witness_size = stored;
                    Ok(false)
                }
                _ => Err(refusal.to_string()),
            },
        }
    }

    /// The proof of an entry under the published checkpoint.
    pub(crate) fn proof(&mut self, index: u64) -> Option<String> {
        let published = self.published.as_ref()?;
        if index >= published.size {
            return None;
        }
        let key = (index, published.size);
        if let Some(known) = self.proofs.get(&key) {
            return Some(known.clone());
        }
        let proof = TlogProof::build(&self.nodes, index, published.size, published.note.clone());
        let text = proof.expect("every node is kept").encode();
        self.proofs.insert(key, text.clone());
        Some(text)
    }

    /// The sealed bytes of an entry.
    pub(crate) fn sealed(&self, index: u64) -> Option<&[u8]> {
        let bytes = self.sealed.get(usize::try_from(index).ok()?)?;
        Some(bytes)
    }

    /// Every entry with its index.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, &Entry)> {
        (0..).zip(&self.entries)
    }

    /// Forgets what is not durable, and derives it again.
    pub(crate) fn restart(&mut self) -> Result<(), String> {
        self.witness_size = self.published_size();
        self.proofs.clear();
        let mut registry = Registry::new();
        for entry in &self.entries {
            registry.apply(entry).map_err(|error| error.to_string())?;
        }
        self.registry = registry;
        let size = self.sealed.len() as u64;
        let frontier = Frontier::from_nodes(size, &self.nodes)?;
        if frontier != self.frontier {
            return Err("the tree's edge is another after the restart".to_string());
        }
        Ok(())
    }

    /// Re-derives everything. `flip` changes one byte of a copy of one entry first.
    pub(crate) fn check(&self, flip: Option<u64>) -> Result<(), String> {
        let Some(published) = &self.published else {
            return Ok(());
        };
        let mut copy = self.sealed.clone();
        if let Some(byte) = flip
            .and_then(|index| copy.get_mut(usize::try_from(index).ok()?))
            .and_then(|entry| entry.last_mut())
        {
            *byte ^= 1;
        }
        let entries = copy.iter().map(Ok::<_, String>);
        let report = fsck::check(entries, &self.nodes, published.note.as_bytes(), &self.trust)
            .map_err(|divergence| divergence.to_string())?;
        if report.size == published.size && report.witnesses == 1 {
            Ok(())
        } else {
            Err(format!("re-derived something else: {report:?}"))
        }
    }
}

impl WitnessNode {
    /// Answers a request, and keeps what it answered.
    pub(crate) fn answer(
        &mut self,
        request: &AddCheckpoint,
        unix_time: u64,
    ) -> Result<String, WitnessRefusal> {
        // Through its text, as it goes over the wire.
        let request = AddCheckpoint::parse(request.encode().as_bytes())?;
        let cosigned = self
            .witness
            .evaluate(self.stored.as_ref(), &request, unix_time)?;
        self.stored = Some((cosigned.size, cosigned.root));
        Ok(cosigned.line)
    }
}
