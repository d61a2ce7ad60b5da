//! What is installed: the slots, their signed releases, and what the last update came to.

use crate::device::Damaged;
use crate::offer::{self, Offer};
use crate::record::{Memory, Record};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use sekimori_identity::TrustBundle;
use sekimori_update::report::{LastUpdate, UpdateResult};
use sekimori_update::slots::{Installed, Limits, Phase, Slot, SlotState};
use sekimori_update::targets::{Expiry, Release};
use serde::{Deserialize, Serialize};

/// The newest update that was tried or refused, as it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attempt {
    pub(crate) version: String,
    /// SHA-256 of its metadata in hexadecimal digits.
    pub(crate) targets: String,
    /// How it ended; not yet known while it is written and on trial.
    pub(crate) ended: Option<(UpdateResult, Option<String>)>,
}

/// The firmware of a device.
#[derive(Clone, Debug)]
pub(crate) struct Firmware {
    pub(crate) slots: SlotState,
    /// The releases of the slots whose signatures were verified since the start.
    releases: BTreeMap<Slot, Offer>,
    pub(crate) attempt: Option<Attempt>,
}

impl Firmware {
    /// Reads the records. A signed release that does not verify is left out: it is fetched again.
    pub(crate) fn read(memory: &Memory, trust: Option<&TrustBundle>) -> Result<Self, Damaged> {
        let slots = match memory.records.get(&Record::Slots) {
            None => SlotState::new(Limits::default()),
            Some(bytes) => SlotState::decode(bytes).map_err(|error| Damaged {
                record: Record::Slots,
                why: error.to_string(),
            })?,
        };
        // Only a memory aid: when it cannot be read, the next update writes it anew.
        let attempt = memory
            .records
            .get(&Record::LastUpdate)
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        let mut firmware = Self {
            slots,
            releases: BTreeMap::new(),
            attempt,
        };
        for slot in [Slot::A, Slot::B] {
            if let (Some(trust), Some(bytes)) = (trust, memory.records.get(&Record::Release(slot)))
                && let Ok(offer) = offer::verify(trust, bytes, Expiry::MayHavePassed)
            {
                firmware.adopt(slot, offer);
            }
        }
        Ok(firmware)
    }

    /// Keeps the verified release of a slot, if it is the one that the slot machine speaks of.
    pub(crate) fn adopt(&mut self, slot: Slot, offer: Offer) -> bool {
        let fits = self.expected(slot) == Some(&offer.installed);
        if fits {
            self.releases.insert(slot, offer);
        }
        fits
    }

    /// The verified release of a slot.
    pub(crate) fn release(&self, slot: Slot) -> Option<&Release> {
        let offer = self.releases.get(&slot)?;
        (self.expected(slot) == Some(&offer.installed)).then_some(&offer.release)
    }

    /// The slot that runs.
    pub(crate) fn running(&self) -> Option<Slot> {
        self.slots.running()
    }

    /// The signed facts of what runs.
    pub(crate) fn installed(&self) -> Option<&Installed> {
        self.running().and_then(|slot| self.slots.installed(slot))
    }

    /// Whether what runs is on trial.
    pub(crate) fn on_trial(&self) -> bool {
        matches!(self.slots.phase(), Phase::Trial { .. })
    }

    /// How the last update ended, as the slots and the record say together.
    pub(crate) fn last_update(&self) -> Option<LastUpdate> {
        let attempt = self.attempt.as_ref()?;
        let (result, reason) = match &attempt.ended {
            Some(ended) => ended.clone(),
            None if !matches!(self.slots.phase(), Phase::Confirmed { .. } | Phase::Empty) => {
                return None;
            }
            None => {
                let is = |installed: &Installed| {
                    hex::encode(installed.targets_sha256) == attempt.targets
                };
                if self.installed().is_some_and(is) {
                    (UpdateResult::Confirmed, None)
                } else {
                    let left = self.slots.last_rolled_back();
                    let reason = left.filter(|left| is(&left.release));
                    (
                        UpdateResult::RolledBack,
                        reason.map(|left| left.reason.to_string()),
                    )
                }
            }
        };
        Some(LastUpdate {
            release: attempt.version.clone(),
            result,
            reason,
        })
    }

    fn expected(&self, slot: Slot) -> Option<&Installed> {
        match self.slots.phase() {
            Phase::Writing { to, release, .. } if *to == slot => Some(release),
            _ => self.slots.installed(slot),
        }
    }
}

impl Attempt {
    /// A release that was never started, and why.
    pub(crate) fn refused(release: &Installed, why: &str) -> Self {
        Self {
            version: release.version.clone(),
            targets: hex::encode(release.targets_sha256),
            ended: Some((UpdateResult::Refused, Some(why.to_string()))),
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an attempt has string keys and no failing part")
    }
}
