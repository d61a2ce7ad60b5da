//! Places for HTTPS connections without a client certificate.
//!
//! Anybody can take such a place and keep it by asking again now and then, so there are fewer of
//! them than places in all, and one source prefix gets only a part: a device that has to renew, and
//! an operator, find the door open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::admission::Prefix;
use crate::settings::Limits;

/// Who is inside without a certificate, by source prefix.
pub(crate) struct Visitors {
    most: usize,
    most_per_prefix: u32,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    total: usize,
    by_prefix: HashMap<Prefix, u32>,
}

/// One place; given back when dropped.
pub(crate) struct Visitor {
    visitors: Arc<Visitors>,
    prefix: Prefix,
}

impl Visitors {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            most: limits.visitors,
            most_per_prefix: limits.visitors_per_prefix,
            inside: Mutex::default(),
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a visitor from `address`, if there is one.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Visitor> {
        let prefix = Prefix::of(address);
        let mut inside = self.inside();
        let of_prefix = inside.by_prefix.get(&prefix).copied().unwrap_or(0);
        if inside.total >= self.most || of_prefix >= self.most_per_prefix {
            return None;
        }
        inside.total += 1;
        inside.by_prefix.insert(prefix, of_prefix + 1);
        Some(Visitor {
            visitors: Arc::clone(self),
            prefix,
        })
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        let mut inside = self.visitors.inside();
        inside.total = inside.total.saturating_sub(1);
        if let Some(count) = inside.by_prefix.get_mut(&self.prefix) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                inside.by_prefix.remove(&self.prefix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_gets_a_part_and_all_get_what_there_is() {
        let visitors = Arc::new(Visitors::new(&Limits {
            visitors: 3,
            visitors_per_prefix: 2,
            ..Limits::default()
        }));
        let from = |network| visitors.enter(IpAddr::from([192, 0, network, 1]));
        let first = [from(1), from(1)];
        assert!(from(1).is_none(), "the prefix has its part");
        let second = from(2);
        assert!(second.is_some());
        assert!(from(3).is_none(), "nothing is left");
        drop(first);
        assert!(from(1).is_some());
        drop(second);
        assert!(visitors.inside().by_prefix.is_empty());
        assert_eq!(visitors.inside().total, 0);
    }
}
