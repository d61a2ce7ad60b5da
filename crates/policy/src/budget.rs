//! Token buckets: how many messages a session may still send on each flow.

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::time::Duration;

use crate::rules::Rate;

/// Messages that any session may send at once: the first reading, a retry and a state change.
const INITIAL: u32 = 3;

/// What one session may still send, flow by flow.
///
/// A bucket holds at most 3 + backlog messages and starts with 3 + (idle × rate), so that a device that
/// was away may resend what it kept. Each message costs one, whatever is decided about it afterward:
/// a budget that only good messages use up would let bad ones in for free.
///
/// At most one bucket for each flow of the policy, so that memory is bounded by the policy. A gateway
/// may keep the budgets of a closed session for the device's next one.
#[derive(Clone, Debug, Default)]
pub struct Budgets {
    seeds: BTreeMap<String, Duration>,
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Clone, Debug)]
struct Bucket {
    rate: Rate,
    /// In nanoseconds × messages: one message costs `per_seconds` × 10⁹ of it, so no fraction is lost.
    credit: u128,
    refilled: Duration,
}

impl Budgets {
    /// Budgets of a device that was never heard of.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how long ago the device's last message on `flow` was accepted, before its first message in
    /// this session.
    pub fn seed(&mut self, flow: &str, idle: Duration) {
        self.seeds.insert(flow.into(), idle);
    }

    /// Whether one more message fits at `now`; if so, it is paid for.
    pub(crate) fn take(&mut self, flow: &str, rate: &Rate, now: Duration) -> bool {
        if let Some(bucket) = self.buckets.get_mut(flow) {
            bucket.adopt(rate);
            bucket.refill(now);
            return bucket.take();
        }
        let idle = self.seeds.remove(flow).unwrap_or_default();
        let mut bucket = Bucket {
            rate: *rate,
            credit: cost(rate).saturating_mul(INITIAL.into()),
            refilled: now,
        };
        bucket.earn(idle);
        let taken = bucket.take();
        self.buckets.insert(flow.into(), bucket);
        taken
    }
}

fn cost(rate: &Rate) -> u128 {
    u128::from(rate.per_seconds) * 1_000_000_000
}

impl Bucket {
    /// Goes over to a new policy's rate, keeping as many whole messages as it holds.
    fn adopt(&mut self, rate: &Rate) {
        if self.rate == *rate {
            return;
        }
        let messages = self.credit.checked_div(cost(&self.rate)).unwrap_or(0);
        self.rate = *rate;
        self.credit = messages.saturating_mul(cost(rate)).min(self.capacity());
    }

    fn capacity(&self) -> u128 {
        let messages = u128::from(INITIAL) + u128::from(self.rate.backlog);
        messages.saturating_mul(cost(&self.rate))
    }

    fn refill(&mut self, now: Duration) {
        self.earn(now.saturating_sub(self.refilled));
        self.refilled = self.refilled.max(now);
    }

    fn earn(&mut self, time: Duration) {
        let earned = time.as_nanos().saturating_mul(self.rate.messages.into());
        self.credit = self.credit.saturating_add(earned).min(self.capacity());
    }

    fn take(&mut self) -> bool {
        match self.credit.checked_sub(cost(&self.rate)) {
            Some(left) => {
                self.credit = left;
                true
            }
            None => false,
        }
    }
}
