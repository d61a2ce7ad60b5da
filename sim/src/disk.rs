//! What a device has when the power comes back.

use crate::random::Random;
use crate::words::Cut;
use sekimori_device::{CredentialSlot, Memory, Record};
use sekimori_ledger::envelope::{Ed25519Signer, P256Signer, Signer};
use sekimori_update::measure::Measured;
use sekimori_update::slots::Slot;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A file of a slot: content, and whether it may be executed.
pub(crate) type File = (Vec<u8>, bool);

/// A private key on the disk.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    Ed25519(Box<Ed25519Signer>),
    P256(Box<P256Signer>),
}

impl Key {
    /// A new key.
    pub(crate) fn make(random: &mut Random, p256: bool) -> Self {
        if p256 {
            loop {
                if let Ok(signer) = P256Signer::from_scalar(&random.bytes()) {
                    return Self::P256(Box::new(signer));
                }
            }
        }
        Self::Ed25519(Box::new(Ed25519Signer::from_seed(&random.bytes())))
    }

    pub(crate) fn signer(&self) -> &dyn Signer {
        match self {
            Self::Ed25519(signer) => &**signer,
            Self::P256(signer) => &**signer,
        }
    }

    pub(crate) fn public(&self) -> Vec<u8> {
        self.signer().public_key().to_spki_der()
    }
}

/// One change of the disk, all or nothing but for [`Write::Append`].
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Keep(Record, Vec<u8>),
    Forget(Record),
    Append(Vec<u8>),
    Rewrite(Vec<u8>),
    Key(CredentialSlot, Key),
    Install(Slot, String, File),
    Remove(Slot, String),
}

/// The disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    pub(crate) records: BTreeMap<Record, Vec<u8>>,
    pub(crate) journal: Vec<u8>,
    pub(crate) keys: BTreeMap<CredentialSlot, Key>,
    pub(crate) files: BTreeMap<Slot, BTreeMap<String, File>>,
}

impl Disk {
    /// Writes.
    pub(crate) fn write(&mut self, write: Write) {
        match write {
            Write::Keep(record, bytes) => {
                self.records.insert(record, bytes);
            }
            Write::Forget(record) => {
                self.records.remove(&record);
            }
            Write::Append(bytes) => self.journal.extend(bytes),
            Write::Rewrite(bytes) => self.journal = bytes,
            Write::Key(slot, key) => {
                self.keys.insert(slot, key);
            }
            Write::Install(slot, path, file) => {
                self.files.entry(slot).or_default().insert(path, file);
            }
            Write::Remove(slot, path) => {
                self.files.entry(slot).or_default().remove(&path);
            }
        }
    }

    /// Writes as far as a power cut lets it.
    pub(crate) fn cut(&mut self, write: Write, cut: Cut) {
        match (cut, write) {
            (Cut::After, write) => self.write(write),
            (Cut::Torn, Write::Append(bytes)) => {
                let half = bytes.len() / 2;
                self.journal.extend(bytes.into_iter().take(half));
            }
            (Cut::Before | Cut::Torn, _) => {}
        }
    }

    /// What the device is started with.
    pub(crate) fn memory(&self) -> Memory {
        Memory {
            records: self.records.clone(),
            journal: self.journal.clone(),
        }
    }

    /// Every file of a slot.
    pub(crate) fn measure(&self, slot: Slot) -> Vec<Measured> {
        let files = self.files.get(&slot).into_iter().flatten();
        files
            .map(|(path, (content, executable))| Measured {
                path: path.clone(),
                length: content.len() as u64,
                sha256: Sha256::digest(content).into(),
                executable: *executable,
            })
            .collect()
    }

    /// One file as text.
    pub(crate) fn text(&self, slot: Slot, path: &str) -> Option<&str> {
        let (content, _) = self.files.get(&slot)?.get(path)?;
        core::str::from_utf8(content).ok()
    }
}
