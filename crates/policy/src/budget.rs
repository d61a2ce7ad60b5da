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

    /// Goes on with the buckets of the device's session before this one, on the same clock.
    ///
    /// Without it every new session would start with 3 messages on each flow, and a device that
    /// connects again and again would have no limit. What [`Self::seed`] said still holds for flows
    /// that have no bucket yet.
    pub fn carry_over(&mut self, earlier: Budgets) {
        for (flow, bucket) in earlier.buckets {
            self.buckets.entry(flow).or_insert(bucket);
        }
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn rates() -> impl Strategy<Value = Rate> {
        (1_u32..200, 1_u32..4_000, 0_u32..50).prop_map(|(messages, per_seconds, backlog)| Rate {
            messages,
            per_seconds,
            backlog,
        })
    }

    #[test]
    fn a_new_session_gives_nothing_anew() {
        let rate = Rate {
            messages: 1,
            per_seconds: 60,
            backlog: 10,
        };
        let mut first = Budgets::new();
        let now = Duration::from_secs(100);
        let sent = (0..20).filter(|_| first.take("flow", &rate, now)).count();
        assert_eq!(sent, 3);
        let mut second = Budgets::new();
        second.seed("flow", Duration::from_secs(3600));
        second.carry_over(first);
        assert!(!second.take("flow", &rate, now + Duration::from_secs(59)));
        assert!(second.take("flow", &rate, now + Duration::from_secs(60)));
        assert!(second.take("other", &rate, now));
    }

    proptest! {
        /// In no stretch of time does more pass than the capacity and what the rate gives for it; and
        /// what is refused would have been more than that.
        #[test]
        fn no_stretch_of_time_passes_more_than_capacity_and_rate(
            rate in rates(),
            idle in 0_u64..200_000,
            gaps in proptest::collection::vec(0_u64..60_000, 1..200),
        ) {
            let mut budgets = Budgets::new();
            budgets.seed("flow", Duration::from_secs(idle));
            let capacity = u128::from(INITIAL + rate.backlog);
            let cost = u128::from(rate.per_seconds) * 1_000;
            let mut now = 0_u64;
            let mut passed: Vec<u64> = Vec::new();
            // The model counts in messages × milliseconds.
            let mut level = (u128::from(INITIAL) * cost
                + u128::from(idle) * 1_000 * u128::from(rate.messages))
            .min(capacity * cost);
            for (step, gap) in gaps.into_iter().enumerate() {
                // The bucket is made by the first message, so nothing is earned before it.
                let gap = if step == 0 { 0 } else { gap };
                now += gap;
                level = (level + u128::from(gap) * u128::from(rate.messages)).min(capacity * cost);
                let expected = level >= cost;
                prop_assert_eq!(
                    budgets.take("flow", &rate, Duration::from_millis(now)),
                    expected
                );
                if expected {
                    level -= cost;
                    passed.push(now);
                }
            }
            for (from, start) in passed.iter().enumerate() {
                for (to, end) in passed.iter().enumerate().skip(from) {
                    let earned = u128::from(end - start) * u128::from(rate.messages) / cost;
                    prop_assert!((to - from + 1) as u128 <= capacity + earned + 1);
                }
            }
        }

        /// Changing the policy back and forth earns nothing.
        #[test]
        fn another_rate_gives_no_message_for_free(
            steps in proptest::collection::vec(rates(), 1..50),
        ) {
            let mut budgets = Budgets::new();
            let passed = steps
                .iter()
                .filter(|rate| budgets.take("flow", rate, Duration::ZERO))
                .count();
            prop_assert!(passed <= INITIAL as usize);
        }
    }

    #[test]
    fn extremes_neither_panic_nor_open_the_bucket() {
        let extreme = Rate {
            messages: u32::MAX,
            per_seconds: u32::MAX,
            backlog: u32::MAX,
        };
        let mut budgets = Budgets::new();
        budgets.seed("flow", Duration::MAX);
        assert!(budgets.take("flow", &extreme, Duration::MAX));
        assert!(budgets.take("flow", &Rate::new(1, 1), Duration::ZERO));
        let never = Rate {
            messages: 0,
            per_seconds: 1,
            backlog: 0,
        };
        let mut budgets = Budgets::new();
        let passed = (0..100)
            .filter(|seconds| budgets.take("flow", &never, Duration::from_secs(seconds * 1_000)))
            .count();
        assert_eq!(passed, 3);
    }
}
