//! Devices that say nothing for longer than they should.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Alert, Detection, Pattern};

/// When each device was heard last. A device is watched from its first message on, and one alert is raised for
/// each silence.
#[derive(Debug)]
pub(super) struct Silence {
    watched: usize,
    devices: BTreeMap<String, Heard>,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Duration,
    longest: Duration,
    told: bool,
}

impl Silence {
    pub(super) fn new(watched: usize) -> Self {
        Self {
            watched,
            devices: BTreeMap::new(),
        }
    }

    /// At most so many devices are watched at once.
    pub(super) fn watch(&mut self, watched: usize) {
        self.watched = watched;
    }

    pub(super) fn heard(&mut self, now: Duration, device: &str, longest: Duration) {
        let heard = Heard {
            at: now,
            longest,
            told: false,
        };
        if let Some(known) = self.devices.get_mut(device) {
            *known = heard;
            return;
        }
        if self.devices.len() >= self.watched {
            // The one that was told of already is missed least, then the one that was quiet longest.
            let first = self
                .devices
                .iter()
                .min_by_key(|(_, heard)| (!heard.told, heard.at));
            let Some(first) = first.map(|(device, _)| device.clone()) else {
                return;
            };
            self.devices.remove(&first);
        }
        self.devices.insert(device.into(), heard);
    }

    pub(super) fn forget(&mut self, device: &str) {
        self.devices.remove(device);
    }

    pub(super) fn forget_all(&mut self) {
        self.devices.clear();
    }

    pub(super) fn overdue(&mut self, now: Duration) -> Vec<Detection> {
        let devices = self.devices.iter_mut();
        let overdue = devices
            .filter(|(_, heard)| !heard.told && now.saturating_sub(heard.at) > heard.longest);
        overdue
            .map(|(device, heard)| {
                heard.told = true;
                Detection::Alert(Alert {
                    pattern: Pattern::Silence,
                    device: Some(device.clone()),
                    source: None,
                    count: 1,
                    window: heard.longest,
                })
            })
            .collect()
    }
}
