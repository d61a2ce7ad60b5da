//! The device's records and journal as files.

use crate::certificate;
use crate::files::{self, FileError};
use crate::home::Home;
use sekimori_device::{CredentialSlot, Memory, Record, StorageFailure};
use sekimori_update::slots::Slot;

/// Every record that there may be.
pub(crate) const RECORDS: [Record; 11] = [
    Record::Membership,
    Record::Trust,
    Record::Certificate(CredentialSlot::One),
    Record::Certificate(CredentialSlot::Two),
    Record::Proof(CredentialSlot::One),
    Record::Proof(CredentialSlot::Two),
    Record::Boot,
    Record::Slots,
    Record::Release(Slot::A),
    Record::Release(Slot::B),
    Record::LastUpdate,
];

/// Reads everything back.
pub(crate) fn load(home: &Home) -> Result<Memory, FileError> {
    let mut memory = Memory::default();
    for record in RECORDS {
        if let Some(bytes) = read(home, record)? {
            memory.records.insert(record, bytes);
        }
    }
    memory.journal = files::read(&home.journal())?.unwrap_or_default();
    Ok(memory)
}

/// Reads a record.
///
/// Certificates are PEM on disk, so that any other program on the device can use them. A file that
/// is none comes back as it is, and whoever reads certificates from it says so.
pub(crate) fn read(home: &Home, record: Record) -> Result<Option<Vec<u8>>, FileError> {
    let bytes = files::read(&home.record(record))?;
    let Record::Certificate(_) = record else {
        return Ok(bytes);
    };
    Ok(bytes.map(|bytes| match pem::parse_many(&bytes) {
        Ok(parts) if !parts.is_empty() => parts
            .into_iter()
            .flat_map(pem::Pem::into_contents)
            .collect(),
        _ => bytes,
    }))
}

/// Replaces a record.
pub(crate) fn keep(home: &Home, record: Record, bytes: &[u8]) -> Result<(), StorageFailure> {
    let path = home.record(record);
    if let Record::Certificate(_) = record
        && let Ok(chain) = certificate::split(bytes)
    {
        let parts: Vec<pem::Pem> = chain
            .into_iter()
            .map(|der| pem::Pem::new("CERTIFICATE", der))
            .collect();
        return Ok(files::replace(&path, pem::encode_many(&parts).as_bytes())?);
    }
    Ok(files::replace(&path, bytes)?)
}

/// Removes a record.
pub(crate) fn forget(home: &Home, record: Record) -> Result<(), StorageFailure> {
    Ok(files::remove(&home.record(record))?)
}

/// Adds to the journal.
pub(crate) fn append(home: &Home, bytes: &[u8]) -> Result<(), StorageFailure> {
    Ok(files::append(&home.journal(), bytes)?)
}

/// Replaces the journal.
pub(crate) fn rewrite(home: &Home, bytes: &[u8]) -> Result<(), StorageFailure> {
    Ok(files::replace(&home.journal(), bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_there_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        home.prepare().unwrap();
        assert_eq!(load(&home).unwrap(), Memory::default());
        let mut expected = Memory::default();
        for (at, record) in RECORDS.into_iter().enumerate() {
            let bytes = vec![u8::try_from(at).unwrap(); 3];
            keep(&home, record, &bytes).unwrap();
            expected.records.insert(record, bytes);
        }
        append(&home, b"one\n").unwrap();
        append(&home, b"two\n").unwrap();
        expected.journal = b"one\ntwo\n".to_vec();
        assert_eq!(
            load(&home).unwrap(),
            expected,
            "each record has a file of its own"
        );
        rewrite(&home, b"").unwrap();
        forget(&home, Record::Boot).unwrap();
        expected.journal.clear();
        expected.records.remove(&Record::Boot);
        assert_eq!(load(&home).unwrap(), expected);
    }
}
