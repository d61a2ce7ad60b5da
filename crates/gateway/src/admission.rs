//! Budgets that a connection passes before any cryptography is paid for.
//!
//! Each source prefix has a token bucket for new connections and a bound on
//! unfinished handshakes; all prefixes together share a bound as well.
//! Prefixes beyond the table's capacity share one bucket, so that memory stays
//! bounded under a flood from many addresses.

use core::time::Duration;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::settings::Limits;

/// The part of an address that one party usually holds: /24 or /56.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Prefix {
    V4([u8; 3]),
    V6([u8; 7]),
    /// All prefixes that found no place in the table.
    Others,
}

impl Prefix {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, ..] = v6.octets();
                Self::V6([a, b, c, d, e, f, g])
            }
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4([a, b, c]) => write!(f, "{a}.{b}.{c}.0/24"),
            Self::V6([a, b, c, d, e, f2, g]) => {
                let address = std::net::Ipv6Addr::from([
                    *a, *b, *c, *d, *e, *f2, *g, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                ]);
                write!(f, "{address}/56")
            }
            Self::Others => f.write_str("other prefixes"),
        }
    }
}

/// Which budget was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Spent {
    /// New connections of one prefix.
    PrefixRate,
    /// Unfinished handshakes of one prefix.
    PrefixHalfOpen,
    /// Unfinished handshakes of everybody.
    HalfOpen,
    /// Connections of one listener.
    Connections,
    /// HTTPS connections without a client certificate.
    Visitors,
    /// HTTPS connections of one device.
    DeviceConnections,
}

impl Spent {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::PrefixRate => "prefix-rate",
            Self::PrefixHalfOpen => "prefix-half-open",
            Self::HalfOpen => "half-open",
            Self::Connections => "connections",
            Self::Visitors => "visitors",
            Self::DeviceConnections => "device-connections",
        }
    }
}

/// Connections that were shed for one reason, since the last report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shed {
    pub(crate) prefix: Prefix,
    pub(crate) spent: Spent,
    pub(crate) count: u32,
}

/// The budgets of all listeners.
pub(crate) struct Admission {
    table: Mutex<Table>,
    half_open: usize,
    half_open_per_prefix: u32,
    burst: f64,
    per_second: f64,
    prefixes: usize,
}

#[derive(Default)]
struct Table {
    sources: HashMap<Prefix, Source>,
    half_open: usize,
    shed: HashMap<(Prefix, Spent), u32>,
}

struct Source {
    tokens: f64,
    at: Duration,
    half_open: u32,
}

/// The right to one unfinished handshake; given back when dropped.
pub(crate) struct HalfOpen {
    admission: Arc<Admission>,
    prefix: Prefix,
}

impl Admission {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            table: Mutex::default(),
            half_open: limits.half_open,
            half_open_per_prefix: limits.half_open_per_prefix,
            burst: f64::from(limits.prefix_burst),
            per_second: f64::from(limits.prefix_per_second),
            prefixes: limits.prefixes,
        }
    }

    /// Whether a connection from `address` may begin its handshake at `now`.
    pub(crate) fn admit(
        self: &Arc<Self>,
        now: Duration,
        address: IpAddr,
    ) -> Result<HalfOpen, Spent> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Prefix::of(address);
        let known = table.sources.contains_key(&own) || table.sources.len() < self.prefixes;
        let prefix = if known { own } else { Prefix::Others };
        let all_half_open = table.half_open;
        let source = table.sources.entry(prefix).or_insert(Source {
            tokens: self.burst,
            at: now,
            half_open: 0,
        });
        source.refill(now, self.per_second, self.burst);
        let spent = if source.tokens < 1.0 {
            Some(Spent::PrefixRate)
        } else if source.half_open >= self.half_open_per_prefix {
            Some(Spent::PrefixHalfOpen)
        } else if all_half_open >= self.half_open {
            Some(Spent::HalfOpen)
        } else {
            None
        };
        if let Some(spent) = spent {
            table.note(prefix, spent);
            return Err(spent);
        }
        source.tokens -= 1.0;
        source.half_open += 1;
        table.half_open += 1;
        Ok(HalfOpen {
            admission: Arc::clone(self),
            prefix,
        })
    }

    /// Notes that a connection from `address` was shed for lack of a place of this kind.
    pub(crate) fn note_no_place(&self, address: IpAddr, spent: Spent) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Prefix::of(address);
        let known = table.sources.contains_key(&own);
        table.note(if known { own } else { Prefix::Others }, spent);
    }

    /// What was shed since the last call; forgets prefixes that are quiet.
    pub(crate) fn sweep(&self, now: Duration) -> Vec<Shed> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let (per_second, burst) = (self.per_second, self.burst);
        table.sources.retain(|_, source| {
            source.refill(now, per_second, burst);
            source.half_open > 0 || source.tokens < burst
        });
        if table.sources.capacity() > 4 * table.sources.len() + 64 {
            table.sources.shrink_to_fit();
        }
        let mut shed: Vec<Shed> = std::mem::take(&mut table.shed)
            .into_iter()
            .map(|((prefix, spent), count)| Shed {
                prefix,
                spent,
                count,
            })
            .collect();
        shed.sort_by_key(|shed| (shed.prefix, shed.spent));
        shed
    }
}

impl Table {
    fn note(&mut self, prefix: Prefix, spent: Spent) {
        let count = self.shed.entry((prefix, spent)).or_insert(0);
        *count = count.saturating_add(1);
    }
}

impl Source {
    fn refill(&mut self, now: Duration, per_second: f64, burst: f64) {
        let idle = now.saturating_sub(self.at).as_secs_f64();
        self.tokens = (self.tokens + idle * per_second).min(burst);
        self.at = now;
    }
}

impl Drop for HalfOpen {
    fn drop(&mut self) {
        let mut table = self
            .admission
            .table
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        table.half_open = table.half_open.saturating_sub(1);
        if let Some(source) = table.sources.get_mut(&self.prefix) {
            source.half_open = source.half_open.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(change: impl FnOnce(&mut Limits)) -> Arc<Admission> {
        let mut limits = Limits {
            half_open: 8,
            half_open_per_prefix: 4,
            prefix_burst: 6,
            prefix_per_second: 2,
            prefixes: 2,
            ..Limits::default()
        };
        change(&mut limits);
        Arc::new(Admission::new(&limits))
    }

    fn address(last: u8, network: u8) -> IpAddr {
        IpAddr::from([192, 0, network, last])
    }

    #[test]
    fn a_prefix_spends_its_burst_and_earns_its_rate() {
        let admission = admission(|_| {});
        let now = Duration::from_secs(5);
        for last in 0..6 {
            assert!(admission.admit(now, address(last, 1)).is_ok());
        }
        assert_eq!(
            admission.admit(now, address(9, 1)).err(),
            Some(Spent::PrefixRate)
        );
        assert!(admission.admit(now, address(9, 2)).is_ok());
        let later = now + Duration::from_millis(500);
        assert!(admission.admit(later, address(9, 1)).is_ok());
        assert!(admission.admit(later, address(9, 1)).is_err());
    }

    #[test]
    fn unfinished_handshakes_are_bounded_per_prefix_and_in_all() {
        let admission = admission(|limits| limits.half_open = 5);
        let now = Duration::ZERO;
        let first: Vec<_> = (0..4)
            .map(|last| admission.admit(now, address(last, 1)))
            .collect();
        assert!(first.iter().all(Result::is_ok));
        assert_eq!(
            admission.admit(now, address(7, 1)).err(),
            Some(Spent::PrefixHalfOpen)
        );
        let other = admission.admit(now, address(7, 2));
        assert!(other.is_ok());
        assert_eq!(
            admission.admit(now, address(8, 2)).err(),
            Some(Spent::HalfOpen)
        );
        drop(first);
        assert!(admission.admit(now, address(7, 1)).is_ok());
    }

    #[test]
    fn prefixes_beyond_the_table_share_one_bucket() {
        let admission = admission(|_| {});
        let now = Duration::ZERO;
        let held: Vec<_> = (1..=2)
            .map(|network| admission.admit(now, address(1, network)))
            .collect();
        for network in 10..16 {
            assert!(admission.admit(now, address(1, network)).is_ok());
        }
        assert!(admission.admit(now, address(1, 30)).is_err());
        let shed = admission.sweep(now);
        assert_eq!(
            shed,
            vec![Shed {
                prefix: Prefix::Others,
                spent: Spent::PrefixRate,
                count: 1
            }]
        );
        assert_eq!(held.len(), 2);
    }

    #[test]
    fn shed_connections_are_reported_once_with_their_count() {
        let admission = admission(|_| {});
        let now = Duration::ZERO;
        for last in 0..10 {
            let _ = admission.admit(now, address(last, 1));
        }
        assert_eq!(
            admission.sweep(now),
            vec![Shed {
                prefix: Prefix::V4([192, 0, 1]),
                spent: Spent::PrefixRate,
                count: 4
            }]
        );
        assert_eq!(admission.sweep(now), vec![]);
    }

    #[test]
    fn a_quiet_prefix_is_forgotten() {
        let admission = admission(|_| {});
        assert!(admission.admit(Duration::ZERO, address(1, 1)).is_ok());
        admission.sweep(Duration::from_secs(60));
        let table = admission.table.lock().unwrap();
        assert!(table.sources.is_empty());
        assert_eq!(table.half_open, 0);
    }

    #[test]
    fn an_address_mapped_into_ipv6_has_its_ipv4_prefix() {
        let mapped: IpAddr = "::ffff:192.0.1.9".parse().unwrap();
        assert_eq!(Prefix::of(mapped), Prefix::V4([192, 0, 1]));
        let v6: IpAddr = "2001:db8:1:22ff::1".parse().unwrap();
        assert_eq!(Prefix::of(v6).to_string(), "2001:db8:1:2200::/56");
    }
}
