//! What sessions leave for the next session of the same device: its message budgets.
//!
//! A device that connects again and again would otherwise start with a fresh budget each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sekimori_identity::DeviceId;
use sekimori_policy::Budgets;

/// Budgets of devices that were connected lately.
pub(crate) struct Leftovers {
    most: usize,
    kept: Mutex<HashMap<DeviceId, (Duration, Budgets)>>,
}

impl Leftovers {
    /// Room for `most` devices; past that, the one that left first is forgotten.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            kept: Mutex::default(),
        }
    }

    /// Keeps what a session left at `now`, the time since the gateway's start.
    pub(crate) fn keep(&self, now: Duration, device: DeviceId, budgets: Budgets) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= self.most && !kept.contains_key(&device) {
            let oldest = kept
                .iter()
                .min_by_key(|(_, (left, _))| *left)
                .map(|(device, _)| *device);
            if let Some(oldest) = oldest {
                kept.remove(&oldest);
            }
        }
        kept.insert(device, (now, budgets));
    }

    /// Gives what the device's last session left, once.
    pub(crate) fn take(&self, device: &DeviceId) -> Option<Budgets> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(device).map(|(_, budgets)| budgets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_left_first_makes_room() {
        let leftovers = Leftovers::new(2);
        let device = |byte| DeviceId([byte; 16]);
        for (second, byte) in [(1, 1), (2, 2), (3, 3)] {
            leftovers.keep(Duration::from_secs(second), device(byte), Budgets::new());
        }
        assert!(leftovers.take(&device(1)).is_none());
        assert!(leftovers.take(&device(2)).is_some());
        assert!(leftovers.take(&device(2)).is_none(), "given once");
        assert!(leftovers.take(&device(3)).is_some());
    }
}
