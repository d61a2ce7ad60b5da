//! TLS sessions that may be resumed, as long as their epoch holds.
//!
//! The store is stateful: a ticket is only a random name for what is kept
//! here. Advancing the epoch forgets all of it, so that a revocation makes
//! resumption impossible for everybody who connected before; they do one full
//! handshake, in which standing is checked.

use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::server::StoresServerSessions;

use crate::clock::Clock;

/// The most octets of one resumable session: one certificate of ours fits four times. A peer with a
/// longer chain does a full handshake each time, so that memory is bounded by [`Limits::resumable`].
///
/// [`Limits::resumable`]: crate::settings::Limits::resumable
const MOST_OCTETS: usize = 4 * 1024;

/// The number that all resumable sessions of a gateway share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Epoch(Arc<AtomicU64>);

impl Epoch {
    /// Ends every resumable session of before.
    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn current(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// The resumable sessions of one listener.
pub(crate) struct ResumableSessions {
    epoch: Epoch,
    clock: Clock,
    capacity: usize,
    life: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    epoch: u64,
    values: HashMap<Vec<u8>, (Duration, Vec<u8>)>,
    oldest_first: VecDeque<Vec<u8>>,
}

impl ResumableSessions {
    pub(crate) fn new(epoch: Epoch, clock: Clock, capacity: usize, life: Duration) -> Self {
        Self {
            epoch,
            clock,
            capacity,
            life,
            kept: Mutex::default(),
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let epoch = self.epoch.current();
        if kept.epoch != epoch {
            *kept = Kept {
                epoch,
                ..Kept::default()
            };
        }
        f(&mut kept)
    }
}

impl StoresServerSessions for ResumableSessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        if self.capacity == 0 || value.len() > MOST_OCTETS {
            return false;
        }
        let now = self.clock.now();
        self.with(|kept| {
            while kept.oldest_first.len() >= self.capacity {
                if let Some(oldest) = kept.oldest_first.pop_front() {
                    kept.values.remove(&oldest);
                }
            }
            kept.oldest_first.push_back(key.clone());
            kept.values.insert(key, (now, value));
        });
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let now = self.clock.now();
        self.with(|kept| {
            let (at, value) = kept.values.get(key)?;
            (now.saturating_sub(*at) <= self.life).then(|| value.clone())
        })
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        let now = self.clock.now();
        self.with(|kept| {
            let (at, value) = kept.values.remove(key)?;
            (now.saturating_sub(at) <= self.life).then_some(value)
        })
    }

    fn can_cache(&self) -> bool {
        self.capacity > 0
    }
}

impl core::fmt::Debug for ResumableSessions {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ResumableSessions")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(capacity: usize) -> (Epoch, ResumableSessions) {
        let epoch = Epoch::default();
        let store = ResumableSessions::new(
            epoch.clone(),
            Clock::start(),
            capacity,
            Duration::from_secs(60),
        );
        (epoch, store)
    }

    #[tokio::test]
    async fn a_session_is_taken_once() {
        let (_, store) = store(4);
        assert!(store.put(vec![1], vec![9]));
        assert_eq!(store.take(&[1]), Some(vec![9]));
        assert_eq!(store.take(&[1]), None);
    }

    #[tokio::test]
    async fn a_new_epoch_forgets_all_sessions_of_before_and_none_of_after() {
        let (epoch, store) = store(4);
        store.put(vec![1], vec![9]);
        epoch.advance();
        store.put(vec![2], vec![8]);
        assert_eq!(store.take(&[1]), None);
        assert_eq!(store.take(&[2]), Some(vec![8]));
    }

    #[tokio::test]
    async fn a_session_with_a_long_chain_is_not_kept() {
        let (_, store) = store(4);
        assert!(store.put(vec![1], vec![0; MOST_OCTETS]));
        assert!(!store.put(vec![2], vec![0; MOST_OCTETS + 1]));
        assert_eq!(store.get(&[2]), None);
    }

    #[tokio::test]
    async fn the_oldest_session_makes_room() {
        let (_, store) = store(2);
        for key in 0..3 {
            store.put(vec![key], vec![key]);
        }
        assert_eq!(store.get(&[0]), None);
        assert_eq!(store.get(&[1]), Some(vec![1]));
        assert_eq!(store.get(&[2]), Some(vec![2]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_too_old_after_its_life() {
        let (_, store) = store(2);
        store.put(vec![1], vec![1]);
        store.put(vec![2], vec![2]);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(store.take(&[1]), Some(vec![1]));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(store.take(&[2]), None);
    }
}
