//! A small log in memory with a log key and two witnesses, all from fixed seeds.

use std::collections::BTreeMap;

use sekimori_ledger::Hash;
use sekimori_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sekimori_ledger::note::{CosignerKey, NoteSigner};
use sekimori_ledger::tree::{Frontier, Nodes};
use sekimori_ledger::trust::LedgerTrust;

/// The origin of the log in all tests.
pub(crate) const ORIGIN: &str = "ledger.example/cold-store";

/// Nodes in a map; an absent one is an error that names it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<(u8, u64), Hash>);

impl Nodes for Memory {
    type Error = String;

    fn node(&self, level: u8, index: u64) -> Result<Hash, String> {
        self.0
            .get(&(level, index))
            .copied()
            .ok_or_else(|| format!("no node {level}/{index}"))
    }
}

/// A log whose entries, nodes and keys a test may change.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) nodes: Memory,
    pub(crate) frontier: Frontier,
}

impl Log {
    pub(crate) fn with_entries(entries: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut log = Self {
            entries: Vec::new(),
            nodes: Memory::default(),
            frontier: Frontier::new(),
        };
        for entry in entries {
            log.push(entry);
        }
        log
    }

    pub(crate) fn of_size(size: u64) -> Self {
        Self::with_entries((0..size).map(|index| format!("entry {index}").into_bytes()))
    }

    pub(crate) fn push(&mut self, entry: Vec<u8>) {
        for (level, index, hash) in self.frontier.push(&entry) {
            let before = self.nodes.0.insert((level, index), hash);
            assert_eq!(before, None, "a node is completed once");
        }
        self.entries.push(entry);
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint::new(ORIGIN, self.frontier.size(), self.frontier.root())
    }

    /// Signed by the log and cosigned by both witnesses.
    pub(crate) fn signed(&self) -> SignedCheckpoint {
        let mut signed = self
            .checkpoint()
            .sign(&log_key())
            .expect("a valid checkpoint");
        for (number, time) in [(1, 1_700_000_000), (2, 1_700_000_060)] {
            signed.append(witness_key(number).cosign(signed.note().text(), time));
        }
        signed
    }
}

pub(crate) fn log_key() -> NoteSigner {
    NoteSigner::from_seed(ORIGIN, &[1; 32]).expect("a valid name")
}

pub(crate) fn witness_key(number: u8) -> CosignerKey {
    let name = format!("witness.example/w{number}");
    CosignerKey::from_seed(&name, &[0x10 + number; 32]).expect("a valid name")
}

pub(crate) fn trust(threshold: u8) -> LedgerTrust {
    LedgerTrust {
        log: log_key().verifier_key().clone(),
        witnesses: (1..=2)
            .map(|number| witness_key(number).verifier_key().clone())
            .collect(),
        threshold,
    }
}

/// Every text that differs from `text` in one bit, with the place.
pub(crate) fn bit_flips(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len()).flat_map(move |position| {
        (0..8).map(move |bit| {
            let mut changed = bytes.to_vec();
            if let Some(byte) = changed.get_mut(position) {
                *byte ^= 1 << bit;
            }
            (position, changed)
        })
    })
}
