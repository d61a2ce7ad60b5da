//! The bytes of an entry: `{0: format, 1: organization, 2: milliseconds, 3: kind, 4: {...}}`.

use alloc::vec::Vec;

use sekimori_ledger::envelope::PublicKey;

use super::{Cause, Entry, EntryBody, EntryError, MAX_LENGTH, MAX_ROOT_KEYS, MAX_TEXT};
use crate::cbor::{Malformed, Reader, Writer};
use crate::id::{DeviceId, Number, SpkiHash};
use crate::name::{DeviceName, MAX_NAME, OrganizationId, RoleId};

const FORMAT: u64 = 1;
const MAX_SPKI: usize = 256;

impl Entry {
    /// The one encoding of the payload, without the envelope.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.map(5).unsigned(0).unsigned(FORMAT);
        writer.unsigned(1).text(self.organization.as_str());
        writer.unsigned(2).millis(self.at);
        writer.unsigned(3).unsigned(kind(&self.body));
        writer.unsigned(4);
        write_body(&mut writer, &self.body);
        writer.finish()
    }

    /// Reads a payload that is already out of its envelope.
    ///
    /// # Errors
    ///
    /// [`EntryError`]: exactly one reason, cheapest check first.
    pub fn decode(payload: &[u8]) -> Result<Self, EntryError> {
        if payload.len() > MAX_LENGTH {
            return Err(EntryError::TooLong);
        }
        let mut reader = Reader::new(payload);
        reader.map(5)?;
        if reader.key(0)?.unsigned()? != FORMAT {
            return Err(reader.malformed().into());
        }
        let organization = reader.key(1)?.parsed(MAX_NAME, OrganizationId::parse)?;
        let at = reader.key(2)?.millis()?;
        let kind = reader.key(3)?.unsigned()?;
        let body = read_body(reader.key(4)?, kind)?.ok_or(EntryError::UnknownKind(kind))?;
        let entry = Self {
            organization,
            at,
            body,
        };
        if entry.encode() != payload {
            return Err(EntryError::NotDeterministic);
        }
        entry.check()?;
        Ok(entry)
    }
}

fn kind(body: &EntryBody) -> u64 {
    match body {
        EntryBody::OrganizationJoined { .. } => 0,
        EntryBody::OrganizationLeft { .. } => 1,
        EntryBody::Root { .. } => 2,
        EntryBody::Issuer { .. } => 3,
        EntryBody::DeviceRegistered { .. } => 4,
        EntryBody::CertificateIssued { .. } => 5,
        EntryBody::KeyRotated { .. } => 6,
        EntryBody::Suspended { .. } => 7,
        EntryBody::Restored { .. } => 8,
        EntryBody::Revoked { .. } => 9,
        EntryBody::DeviceRetired { .. } => 10,
        EntryBody::FirmwareApproved { .. } => 11,
        EntryBody::PolicyApplied { .. } => 12,
        EntryBody::EventHead { .. } => 13,
    }
}

fn write_body(writer: &mut Writer, body: &EntryBody) {
    match body {
        EntryBody::OrganizationJoined {
            organization,
            authority,
        } => {
            writer.map(2).unsigned(0).text(organization.as_str());
            writer.unsigned(1).bytes(&authority.to_spki_der());
        }
        EntryBody::OrganizationLeft { organization } => {
            writer.map(1).unsigned(0).text(organization.as_str());
        }
        EntryBody::Root { keys, threshold } => {
            writer.map(2).unsigned(0).array(keys.len());
            for key in keys {
                writer.bytes(key);
            }
            writer.unsigned(1).unsigned((*threshold).into());
        }
        EntryBody::Issuer {
            certificate_sha256,
            spki,
        } => {
            writer
                .map(2)
                .unsigned(0)
                .bytes(certificate_sha256)
                .unsigned(1)
                .bytes(&spki.0);
        }
        EntryBody::DeviceRegistered {
            id,
            number,
            name,
            role,
            public_key,
        } => {
            writer
                .map(5)
                .unsigned(0)
                .bytes(&id.0)
                .unsigned(1)
                .unsigned(number.0);
            writer
                .unsigned(2)
                .text(name.as_str())
                .unsigned(3)
                .text(role.as_str());
            writer.unsigned(4).bytes(&public_key.to_spki_der());
        }
        EntryBody::CertificateIssued {
            device,
            spki,
            serial_hash,
            not_before,
            not_after,
        } => {
            writer
                .map(5)
                .unsigned(0)
                .bytes(&device.0)
                .unsigned(1)
                .bytes(&spki.0);
            writer.unsigned(2).bytes(serial_hash);
            writer
                .unsigned(3)
                .seconds(*not_before)
                .unsigned(4)
                .seconds(*not_after);
        }
        EntryBody::KeyRotated { device, from, to } => {
            writer.map(3).unsigned(0).bytes(&device.0);
            writer.unsigned(1).bytes(&from.0).unsigned(2).bytes(&to.0);
        }
        EntryBody::Suspended { device, cause } | EntryBody::Revoked { device, cause } => {
            writer
                .map(2)
                .unsigned(0)
                .bytes(&device.0)
                .unsigned(1)
                .unsigned(cause_number(*cause));
        }
        EntryBody::Restored { device } | EntryBody::DeviceRetired { device } => {
            writer.map(1).unsigned(0).bytes(&device.0);
        }
        EntryBody::FirmwareApproved {
            product,
            version,
            counter,
            targets_sha256,
        } => {
            writer
                .map(4)
                .unsigned(0)
                .text(product)
                .unsigned(1)
                .text(version);
            writer
                .unsigned(2)
                .unsigned(*counter)
                .unsigned(3)
                .bytes(targets_sha256);
        }
        EntryBody::PolicyApplied { version, sha256 } => {
            writer
                .map(2)
                .unsigned(0)
                .unsigned(*version)
                .unsigned(1)
                .bytes(sha256);
        }
        EntryBody::EventHead { sequence, hash } => {
            writer
                .map(2)
                .unsigned(0)
                .unsigned(*sequence)
                .unsigned(1)
                .bytes(hash);
        }
    }
}

/// The body of this kind; nothing when the kind is not known.
fn read_body(reader: &mut Reader<'_>, kind: u64) -> Result<Option<EntryBody>, Malformed> {
    let pairs = match kind {
        1 | 8 | 10 => 1,
        0 | 2 | 3 | 7 | 9 | 12 | 13 => 2,
        6 => 3,
        11 => 4,
        4 | 5 => 5,
        _ => return Ok(None),
    };
    reader.map(pairs)?;
    reader.key(0)?;
    Ok(Some(match kind {
        0 => EntryBody::OrganizationJoined {
            organization: reader.parsed(MAX_NAME, OrganizationId::parse)?,
            authority: read_public_key(reader.key(1)?)?,
        },
        1 => EntryBody::OrganizationLeft {
            organization: reader.parsed(MAX_NAME, OrganizationId::parse)?,
        },
        2 => EntryBody::Root {
            keys: read_keys(reader)?,
            threshold: reader.key(1)?.small()?,
        },
        3 => EntryBody::Issuer {
            certificate_sha256: reader.fixed()?,
            spki: SpkiHash(reader.key(1)?.fixed()?),
        },
        4 => EntryBody::DeviceRegistered {
            id: DeviceId(reader.fixed()?),
            number: Number(reader.key(1)?.unsigned()?),
            name: reader.key(2)?.parsed(MAX_NAME, DeviceName::parse)?,
            role: reader.key(3)?.parsed(MAX_NAME, RoleId::parse)?,
            public_key: read_public_key(reader.key(4)?)?,
        },
        5 => EntryBody::CertificateIssued {
            device: DeviceId(reader.fixed()?),
            spki: SpkiHash(reader.key(1)?.fixed()?),
            serial_hash: reader.key(2)?.fixed()?,
            not_before: reader.key(3)?.seconds()?,
            not_after: reader.key(4)?.seconds()?,
        },
        6 => EntryBody::KeyRotated {
            device: DeviceId(reader.fixed()?),
            from: SpkiHash(reader.key(1)?.fixed()?),
            to: SpkiHash(reader.key(2)?.fixed()?),
        },
        7 => EntryBody::Suspended {
            device: DeviceId(reader.fixed()?),
            cause: read_cause(reader.key(1)?)?,
        },
        8 => EntryBody::Restored {
            device: DeviceId(reader.fixed()?),
        },
        9 => EntryBody::Revoked {
            device: DeviceId(reader.fixed()?),
            cause: read_cause(reader.key(1)?)?,
        },
        10 => EntryBody::DeviceRetired {
            device: DeviceId(reader.fixed()?),
        },
        11 => EntryBody::FirmwareApproved {
            product: reader.text(MAX_TEXT)?,
            version: reader.key(1)?.text(MAX_TEXT)?,
            counter: reader.key(2)?.unsigned()?,
            targets_sha256: reader.key(3)?.fixed()?,
        },
        12 => EntryBody::PolicyApplied {
            version: reader.unsigned()?,
            sha256: reader.key(1)?.fixed()?,
        },
        13 => EntryBody::EventHead {
            sequence: reader.unsigned()?,
            hash: reader.key(1)?.fixed()?,
        },
        _ => return Ok(None),
    }))
}

fn cause_number(cause: Cause) -> u64 {
    Cause::ALL
        .iter()
        .position(|&known| known == cause)
        .map_or(0, |index| index as u64)
}

fn read_cause(reader: &mut Reader<'_>) -> Result<Cause, Malformed> {
    let number = usize::from(reader.small()?);
    Cause::ALL.get(number).copied().ok_or(reader.malformed())
}

fn read_public_key(reader: &mut Reader<'_>) -> Result<PublicKey, Malformed> {
    let spki = reader.bytes(MAX_SPKI)?;
    PublicKey::from_spki_der(spki).map_err(|_| reader.malformed())
}

fn read_keys(reader: &mut Reader<'_>) -> Result<Vec<[u8; 32]>, Malformed> {
    let count = reader.array(MAX_ROOT_KEYS)?;
    let mut keys = Vec::with_capacity(count);
    for _ in 0..count {
        keys.push(reader.fixed()?);
    }
    Ok(keys)
}
