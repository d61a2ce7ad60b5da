//! Who is who: the fold of the ledger's entries.
//!
//! ```text
//! registered ─▶ Active ◀──▶ Suspended        Active, Suspended ─▶ Revoked
//!                                            Active, Suspended, Revoked ─▶ Retired
//! ```
//! A key is `Next` from its certificate until its first use, then `Current`, then `Former`. The
//! current key works until the next one was used. A fact that does not fit changes nothing: it
//! is a [`Conflict`], kept for people to resolve.

#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, VecDeque};
use core::fmt;

use jiff::Timestamp;

use crate::entry::{Entry, EntryBody};
use crate::id::{DeviceId, Number, SpkiHash};
use crate::name::{DeviceName, OrganizationId, RoleId};

/// Most conflicts that a registry keeps; older ones are only counted.
pub const MAX_CONFLICTS: usize = 256;

/// What the ledger says of a device now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It may act.
    Active,
    /// It may not act until it is restored.
    Suspended,
    /// It may never act again.
    Revoked,
    /// It is out of use.
    Retired,
}

impl Standing {
    /// The word used in reports, events and the API.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Retired => "retired",
        }
    }

    /// The standing with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Active, Self::Suspended, Self::Revoked, Self::Retired]
            .into_iter()
            .find(|standing| standing.code() == code)
    }

    /// Whether no way leads back to [`Standing::Active`].
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Revoked | Self::Retired)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What a gateway looks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRecord {
    /// For ever.
    pub id: DeviceId,
    /// The plate.
    pub number: Number,
    /// What people call it.
    pub name: DeviceName,
    /// What it is for.
    pub role: RoleId,
    /// What the ledger says of it.
    pub standing: Standing,
    /// Whether detection has confined it to its repair resources; not a fact of the ledger.
    pub contained: bool,
}

/// What a key is to its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyUse {
    /// In use.
    Current,
    /// Certified, and not yet used.
    Next,
    /// Not to be used any more.
    Former,
}

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRecord {
    /// The device.
    pub device: DeviceId,
    /// What the key is to it.
    pub key_use: KeyUse,
}

/// What the registrar must look up; a registry, or a store that holds the same facts.
pub trait Records {
    /// The newest device with this name.
    fn by_name(&self, name: &DeviceName) -> Option<DeviceRecord>;
    /// The device with this id.
    fn by_id(&self, id: &DeviceId) -> Option<DeviceRecord>;
    /// Whose key this is, also if it is not to be used any more.
    fn key(&self, key: &SpkiHash) -> Option<KeyRecord>;
}

/// A fact that does not fit what is known. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// A new key asks for a name whose holder may still act.
    NameTaken {
        /// The name.
        name: DeviceName,
        /// Who holds it.
        holder: DeviceId,
    },
    /// The same key is already known: of another device, or as a former key.
    KeyTaken {
        /// The key.
        key: SpkiHash,
        /// Whose it is.
        holder: DeviceId,
    },
    /// A plate that is not above every plate of its organization.
    NumberTaken(Number),
    /// No such device.
    UnknownDevice(DeviceId),
    /// The entry is of another organization than the one that registered the device.
    OtherOrganization(DeviceId),
    /// The device cannot come to this from where it stands.
    Standing {
        /// Which.
        device: DeviceId,
        /// Where it stands.
        standing: Standing,
    },
    /// A rotation from a key that is not current, or to one that was not certified.
    UnknownKey {
        /// Which device.
        device: DeviceId,
        /// Which key.
        key: SpkiHash,
    },
}

impl Conflict {
    /// The word used in events.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameTaken { .. } => "name-taken",
            Self::KeyTaken { .. } => "key-taken",
            Self::NumberTaken(_) => "number-taken",
            Self::UnknownDevice(_) => "unknown-device",
            Self::OtherOrganization(_) => "other-organization",
            Self::Standing { .. } => "standing",
            Self::UnknownKey { .. } => "unknown-key",
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken { name, holder } => {
                write!(
                    f,
                    "a new key asks for the name {name}, which device {holder} holds"
                )
            }
            Self::KeyTaken { key, holder } => write!(f, "key {key} already belongs to {holder}"),
            Self::NumberTaken(number) => write!(f, "number {number} is not the next in sequence"),
            Self::UnknownDevice(device) => write!(f, "device {device} was never registered"),
            Self::OtherOrganization(device) => {
                write!(f, "device {device} belongs to another organization")
            }
            Self::Standing { device, standing } => {
                write!(
                    f,
                    "device {device} is {standing}, which does not allow this"
                )
            }
            Self::UnknownKey { device, key } => {
                write!(f, "key {key} has no such use at device {device}")
            }
        }
    }
}

impl core::error::Error for Conflict {}

#[derive(Debug, Clone)]
struct Device {
    /// Only its entries say anything about the device.
    organization: OrganizationId,
    record: DeviceRecord,
    current: SpkiHash,
    next: Option<SpkiHash>,
    not_after: Option<Timestamp>,
}

/// Everything that the entries say about devices.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    devices: BTreeMap<DeviceId, Device>,
    names: BTreeMap<DeviceName, DeviceId>,
    keys: BTreeMap<SpkiHash, KeyRecord>,
    numbers: BTreeMap<OrganizationId, Number>,
    conflicts: VecDeque<(Timestamp, Conflict)>,
    conflicts_seen: u64,
}

impl Registry {
    /// Nobody is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next entry, in the order of the ledger.
    ///
    /// # Errors
    ///
    /// [`Conflict`] when it does not fit; nothing changed, and the conflict is kept.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Conflict> {
        let result = self.fold(entry);
        if let Err(conflict) = &result {
            if self.conflicts.len() == MAX_CONFLICTS {
                self.conflicts.pop_front();
            }
            self.conflicts.push_back((entry.at, conflict.clone()));
            self.conflicts_seen = self.conflicts_seen.saturating_add(1);
        }
        result
    }

    /// The device whose current or next key this is. A former key finds nobody.
    #[must_use]
    pub fn by_spki(&self, key: &SpkiHash) -> Option<&DeviceRecord> {
        let found = self.keys.get(key)?;
        if found.key_use == KeyUse::Former {
            return None;
        }
        self.by_id(&found.device)
    }

    /// The newest device with this name, whatever its standing.
    #[must_use]
    pub fn by_name(&self, name: &DeviceName) -> Option<&DeviceRecord> {
        self.by_id(self.names.get(name)?)
    }

    /// The device with this id.
    #[must_use]
    pub fn by_id(&self, id: &DeviceId) -> Option<&DeviceRecord> {
        self.devices.get(id).map(|device| &device.record)
    }

    /// Whose key this is, also if it is not to be used any more.
    #[must_use]
    pub fn key(&self, key: &SpkiHash) -> Option<KeyRecord> {
        self.keys.get(key).copied()
    }

    /// Until when the newest certificate of this device is valid.
    #[must_use]
    pub fn not_after(&self, id: &DeviceId) -> Option<Timestamp> {
        self.devices.get(id)?.not_after
    }

    /// The plate that the next device of this organization gets, until the numbers end.
    #[must_use]
    pub fn next_number(&self, organization: &OrganizationId) -> Option<Number> {
        self.numbers
            .get(organization)
            .copied()
            .unwrap_or(Number(0))
            .next()
    }

    /// Up to `limit` devices in the order of their ids, after `after`: a page.
    pub fn page(
        &self,
        after: Option<&DeviceId>,
        limit: usize,
    ) -> impl Iterator<Item = &DeviceRecord> {
        use core::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.devices
            .range::<DeviceId, _>((from, Unbounded))
            .take(limit)
            .map(|(_, d)| &d.record)
    }

    /// How many devices were ever registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.devices.len()
    }

    /// Whether no device was ever registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// The newest conflicts, oldest first, with the time of the entry.
    pub fn conflicts(&self) -> impl Iterator<Item = &(Timestamp, Conflict)> {
        self.conflicts.iter()
    }

    /// How many conflicts there ever were.
    #[must_use]
    pub fn conflicts_seen(&self) -> u64 {
        self.conflicts_seen
    }

    /// Confines a device to its repair resources, or lets it out; says whether it is known.
    pub fn set_contained(&mut self, id: &DeviceId, contained: bool) -> bool {
        match self.devices.get_mut(id) {
            Some(device) => {
                device.record.contained = contained;
                true
            }
            None => false,
        }
    }

    fn fold(&mut self, entry: &Entry) -> Result<(), Conflict> {
        use Standing::{Active, Retired, Revoked, Suspended};
        let author = &entry.organization;
        match &entry.body {
            EntryBody::DeviceRegistered {
                id,
                number,
                name,
                role,
                public_key,
            } => {
                let key = SpkiHash::of_der(&public_key.to_spki_der());
                let record = DeviceRecord {
                    id: *id,
                    number: *number,
                    name: name.clone(),
                    role: role.clone(),
                    standing: Active,
                    contained: false,
                };
                self.register(author, record, key)
            }
            EntryBody::CertificateIssued {
                device,
                spki,
                not_after,
                ..
            } => self.certify(author, *device, *spki, *not_after),
            EntryBody::KeyRotated { device, from, to } => self.rotate(author, *device, *from, *to),
            EntryBody::Suspended { device, .. } => {
                self.stand(author, *device, &[Active], Suspended)
            }
            EntryBody::Restored { device } => self.stand(author, *device, &[Suspended], Active),
            EntryBody::Revoked { device, .. } => {
                self.stand(author, *device, &[Active, Suspended], Revoked)
            }
            EntryBody::DeviceRetired { device } => {
                self.stand(author, *device, &[Active, Suspended, Revoked], Retired)
            }
            EntryBody::OrganizationJoined { .. }
            | EntryBody::OrganizationLeft { .. }
            | EntryBody::Root { .. }
            | EntryBody::Issuer { .. }
            | EntryBody::FirmwareApproved { .. }
            | EntryBody::PolicyApplied { .. }
            | EntryBody::EventHead { .. } => Ok(()),
        }
    }

    fn register(
        &mut self,
        organization: &OrganizationId,
        record: DeviceRecord,
        key: SpkiHash,
    ) -> Result<(), Conflict> {
        let id = record.id;
        if let Some(known) = self.keys.get(&key) {
            return Err(Conflict::KeyTaken {
                key,
                holder: known.device,
            });
        }
        if self.devices.contains_key(&id) {
            return Err(Conflict::KeyTaken { key, holder: id });
        }
        if let Some(holder) = self.by_name(&record.name)
            && !holder.standing.is_final()
        {
            return Err(Conflict::NameTaken {
                name: record.name,
                holder: holder.id,
            });
        }
        let last = self.numbers.get(organization).copied().unwrap_or(Number(0));
        if record.number <= last {
            return Err(Conflict::NumberTaken(record.number));
        }
        self.numbers.insert(organization.clone(), record.number);
        self.names.insert(record.name.clone(), id);
        self.keys.insert(
            key,
            KeyRecord {
                device: id,
                key_use: KeyUse::Current,
            },
        );
        self.devices.insert(
            id,
            Device {
                organization: organization.clone(),
                record,
                current: key,
                next: None,
                not_after: None,
            },
        );
        Ok(())
    }

    fn certify(
        &mut self,
        author: &OrganizationId,
        id: DeviceId,
        key: SpkiHash,
        not_after: Timestamp,
    ) -> Result<(), Conflict> {
        let known = self.keys.get(&key).copied();
        let device = self.active(author, id)?;
        match known {
            Some(known) if known.device != id || known.key_use == KeyUse::Former => {
                return Err(Conflict::KeyTaken {
                    key,
                    holder: known.device,
                });
            }
            Some(_) => device.not_after = Some(not_after),
            None => {
                let replaced = device.next.replace(key);
                device.not_after = Some(not_after);
                if let Some(replaced) = replaced {
                    self.keys.insert(
                        replaced,
                        KeyRecord {
                            device: id,
                            key_use: KeyUse::Former,
                        },
                    );
                }
                self.keys.insert(
                    key,
                    KeyRecord {
                        device: id,
                        key_use: KeyUse::Next,
                    },
                );
            }
        }
        Ok(())
    }

    fn rotate(
        &mut self,
        author: &OrganizationId,
        id: DeviceId,
        from: SpkiHash,
        to: SpkiHash,
    ) -> Result<(), Conflict> {
        let device = self.active(author, id)?;
        if device.current != from {
            return Err(Conflict::UnknownKey {
                device: id,
                key: from,
            });
        }
        if device.next != Some(to) {
            return Err(Conflict::UnknownKey {
                device: id,
                key: to,
            });
        }
        device.current = to;
        device.next = None;
        self.keys.insert(
            from,
            KeyRecord {
                device: id,
                key_use: KeyUse::Former,
            },
        );
        self.keys.insert(
            to,
            KeyRecord {
                device: id,
                key_use: KeyUse::Current,
            },
        );
        Ok(())
    }

    fn stand(
        &mut self,
        author: &OrganizationId,
        id: DeviceId,
        from: &[Standing],
        to: Standing,
    ) -> Result<(), Conflict> {
        let device = self.own(author, id)?;
        let standing = device.record.standing;
        if !from.contains(&standing) {
            return Err(Conflict::Standing {
                device: id,
                standing,
            });
        }
        device.record.standing = to;
        Ok(())
    }

    /// The device, if `author` may say something about it.
    fn own(&mut self, author: &OrganizationId, id: DeviceId) -> Result<&mut Device, Conflict> {
        let device = self
            .devices
            .get_mut(&id)
            .ok_or(Conflict::UnknownDevice(id))?;
        if device.organization != *author {
            return Err(Conflict::OtherOrganization(id));
        }
        Ok(device)
    }

    fn active(&mut self, author: &OrganizationId, id: DeviceId) -> Result<&mut Device, Conflict> {
        let device = self.own(author, id)?;
        match device.record.standing {
            Standing::Active => Ok(device),
            standing => Err(Conflict::Standing {
                device: id,
                standing,
            }),
        }
    }
}

impl Records for Registry {
    fn by_name(&self, name: &DeviceName) -> Option<DeviceRecord> {
        self.by_name(name).cloned()
    }

    fn by_id(&self, id: &DeviceId) -> Option<DeviceRecord> {
        self.by_id(id).cloned()
    }

    fn key(&self, key: &SpkiHash) -> Option<KeyRecord> {
        self.key(key)
    }
}
