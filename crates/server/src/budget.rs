//! How often someone may ask: token buckets by address prefix and by name, in bounded memory.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

use crate::clock::Stopwatch;

/// How many keys one budget remembers. When all are in use the oldest full ones are forgotten
/// first, so that a flood of new keys cannot push out one that is being limited.
const KEYS: usize = 4096;

/// Token buckets of equal size, one for each key.
#[derive(Debug)]
pub(crate) struct Budgets<K> {
    per_minute: u32,
    started: Stopwatch,
    buckets: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths of a request.
    tokens: u64,
    filled_at: Duration,
}

impl<K: Hash + Eq + Clone> Budgets<K> {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            started: Stopwatch::start(),
            buckets: Mutex::new(HashMap::new()),
        }
    }

    /// Takes one request out of the key's budget; says how long to wait when it is empty.
    pub(crate) fn take(&self, key: &K) -> Result<(), Duration> {
        self.take_at(self.started.elapsed(), key)
    }

    fn take_at(&self, now: Duration, key: &K) -> Result<(), Duration> {
        let capacity = u64::from(self.per_minute) * 1000;
        let mut buckets = self
            .buckets
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if buckets.len() >= KEYS && !buckets.contains_key(key) {
            self.forget_full(&mut buckets, now);
            if buckets.len() >= KEYS {
                return Err(Duration::from_secs(60));
            }
        }
        let bucket = buckets.entry(key.clone()).or_insert(Bucket {
            tokens: capacity,
            filled_at: now,
        });
        bucket.tokens = self.filled(*bucket, now);
        bucket.filled_at = now;
        match bucket.tokens.checked_sub(1000) {
            Some(rest) => {
                bucket.tokens = rest;
                Ok(())
            }
            None => {
                let missing = 1000 - bucket.tokens;
                let millis = (missing * 60).div_ceil(u64::from(self.per_minute).max(1));
                Err(Duration::from_millis(millis))
            }
        }
    }

    fn filled(&self, bucket: Bucket, now: Duration) -> u64 {
        let capacity = u64::from(self.per_minute) * 1000;
        let millis = u64::try_from(now.saturating_sub(bucket.filled_at).as_millis()).unwrap_or(0);
        let added = millis.saturating_mul(u64::from(self.per_minute)) / 60;
        bucket.tokens.saturating_add(added).min(capacity)
    }

    fn forget_full(&self, buckets: &mut HashMap<K, Bucket>, now: Duration) {
        let capacity = u64::from(self.per_minute) * 1000;
        buckets.retain(|_, bucket| self.filled(*bucket, now) < capacity);
    }
}

/// What counts as one neighbor: a /24 of IPv4, a /48 of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Prefix([u8; 6]);

impl Prefix {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self([4, a, b, c, 0, 0])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, ..] = address.octets();
                Self([a, b, c, d, e, f])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_empties_and_fills_with_time() {
        let budgets = Budgets::new(2);
        let at = Duration::from_secs;
        assert_eq!(budgets.take_at(at(0), &"a"), Ok(()));
        assert_eq!(budgets.take_at(at(0), &"a"), Ok(()));
        assert_eq!(budgets.take_at(at(0), &"a"), Err(at(30)));
        assert_eq!(budgets.take_at(at(0), &"b"), Ok(()));
        assert_eq!(budgets.take_at(at(30), &"a"), Ok(()));
        assert!(budgets.take_at(at(30), &"a").is_err());
    }

    #[test]
    fn a_flood_of_names_neither_grows_memory_nor_resets_a_limited_one() {
        let budgets = Budgets::new(1);
        let now = Duration::ZERO;
        assert_eq!(budgets.take_at(now, &0_usize), Ok(()));
        for key in 1..2 * KEYS {
            let _ = budgets.take_at(now, &key);
        }
        assert!(budgets.take_at(now, &0).is_err());
        assert!(budgets.buckets.lock().unwrap().len() <= KEYS);
    }

    #[test]
    fn neighbors_share_a_prefix() {
        let of = |text: &str| Prefix::of(text.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("192.0.2.200"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.9"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8:1::1"), of("2001:db8:1:2::1"));
    }
}
