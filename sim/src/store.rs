//! What the server keeps of messages: durable once committed, gone with the process before.

use core::time::Duration;
use sekimori_identity::DeviceId;
use sekimori_policy::FlowKind;
use sekimori_session::{Accepted, ReplayWindow, SessionSeed, StoredResult, Token};
use std::collections::{BTreeMap, BTreeSet};

/// A message that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) device: DeviceId,
    pub(crate) kind: FlowKind,
    pub(crate) payload: Vec<u8>,
}

/// The store of messages.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) messages: Vec<Message>,
    numbers: BTreeMap<(DeviceId, u64, u64), usize>,
    heard: BTreeMap<(DeviceId, String), Duration>,
    /// Handed up and not yet durable: connection, token, message.
    pub(crate) batch: Vec<(u64, Token, Accepted)>,
    /// The mistake: nothing is known of what was before.
    pub(crate) forgetful: bool,
}

impl Store {
    /// Writes one message down.
    pub(crate) fn insert(&mut self, now: Duration, message: &Accepted) -> StoredResult {
        let number = message.boot.zip(message.sequence);
        if let Some((boot, sequence)) = number {
            let key = (message.device, boot, sequence);
            if self.numbers.contains_key(&key) && !self.forgetful {
                return StoredResult::AlreadyStored;
            }
            self.numbers.insert(key, self.messages.len());
        }
        self.heard
            .insert((message.device, message.flow.clone()), now);
        self.messages.push(Message {
            device: message.device,
            kind: message.kind,
            payload: message.payload.clone(),
        });
        StoredResult::Stored
    }

    /// The kept message of this number.
    pub(crate) fn find(&self, device: DeviceId, boot: u64, sequence: u64) -> Option<&Message> {
        let at = *self.numbers.get(&(device, boot, sequence))?;
        self.messages.get(at)
    }

    /// How many telemetry messages of a device are kept.
    pub(crate) fn telemetry_of(&self, device: DeviceId) -> u64 {
        let kept = self.messages.iter();
        let telemetry = kept.filter(|one| one.device == device && one.kind == FlowKind::Telemetry);
        telemetry.count() as u64
    }

    /// The numbers that are kept of a device.
    pub(crate) fn numbers_of(&self, device: DeviceId) -> BTreeSet<(u64, u64)> {
        let from = (device, 0, 0);
        let to = (device, u64::MAX, u64::MAX);
        let range = self.numbers.range(from..=to);
        range
            .map(|((_, boot, sequence), _)| (*boot, *sequence))
            .collect()
    }

    /// What a new session has to know.
    pub(crate) fn seed(&self, device: DeviceId, now: Duration) -> SessionSeed {
        if self.forgetful {
            return SessionSeed::default();
        }
        let numbers = self.numbers_of(device);
        let newest_boot = numbers.last().map(|(boot, _)| *boot);
        let replay = newest_boot.map(|boot| {
            let mut window = ReplayWindow::new();
            for (_, sequence) in numbers.range((boot, 0)..) {
                window.accept(boot, *sequence);
            }
            window
        });
        let heard = self.heard.iter().filter(|((of, _), _)| *of == device);
        let idle = heard
            .map(|((_, flow), at)| (flow.clone(), now.saturating_sub(*at)))
            .collect();
        SessionSeed { replay, idle }
    }
}
