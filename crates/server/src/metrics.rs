//! Counters in the text format that Prometheus reads. No label holds a device's name: their number
//! has no bound.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use sekimori_audit::Code;

use crate::store::WriterReport;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByCode {
    code: &'static str,
}

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    events: Family<ByCode, Counter>,
    counts: Family<ByCode, Counter>,
    transactions: Counter,
    writes: Counter,
    unacknowledged: Counter,
    refused: Counter,
    pruned: Counter,
    failing: AtomicU64,
    failure: Mutex<Option<Failure>>,
}

/// A time in which the disk took nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the disk said.
    pub(crate) why: String,
    /// Messages that were not acknowledged so far.
    pub(crate) messages: u64,
    reported: bool,
}

/// Values that are read at the moment they are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) devices: u64,
    pub(crate) sessions: u64,
    pub(crate) ledger_size: u64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("sekimori");
        let events = Family::<ByCode, Counter>::default();
        registry.register("events", "Events by code, before folding", events.clone());
        let counts = Family::<ByCode, Counter>::default();
        registry.register(
            "decisions",
            "Decisions of the gateways by code",
            counts.clone(),
        );
        let transactions = Counter::default();
        registry.register("store_transactions", "Group commits", transactions.clone());
        let writes = Counter::default();
        registry.register("store_writes", "Writes that shared them", writes.clone());
        let unacknowledged = Counter::default();
        registry.register(
            "store_unacknowledged_messages",
            "Messages not kept, so not acknowledged",
            unacknowledged.clone(),
        );
        let refused = Counter::default();
        registry.register(
            "store_refused_writes",
            "Writes that cannot be kept, refused alone",
            refused.clone(),
        );
        let pruned = Counter::default();
        registry.register(
            "store_pruned_messages",
            "Oldest messages of a flow, gone to make room for newer ones",
            pruned.clone(),
        );
        Self {
            registry,
            events,
            counts,
            transactions,
            writes,
            unacknowledged,
            refused,
            pruned,
            failing: AtomicU64::new(0),
            failure: Mutex::default(),
        }
    }

    pub(crate) fn event(&self, code: Code, n: u32) {
        self.events
            .get_or_create(&ByCode {
                code: code.as_str(),
            })
            .inc_by(n.into());
    }

    pub(crate) fn count(&self, code: &'static str, n: u64) {
        self.counts.get_or_create(&ByCode { code }).inc_by(n);
    }

    pub(crate) fn writer(&self, report: &WriterReport) {
        match report {
            WriterReport::Kept {
                writes,
                refused,
                pruned,
            } => {
                self.transactions.inc();
                self.refused.inc_by(u64::try_from(*refused).unwrap_or(0));
                self.pruned.inc_by(*pruned);
                self.writes.inc_by(u64::try_from(*writes).unwrap_or(0));
                if self.failing.swap(0, Ordering::Relaxed) != 0 {
                    let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                    if failure.as_ref().is_some_and(|failure| failure.reported) {
                        *failure = None;
                    }
                }
            }
            WriterReport::Failed { messages, why } => {
                self.unacknowledged
                    .inc_by(u64::try_from(*messages).unwrap_or(0));
                self.failing.store(1, Ordering::Relaxed);
                let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                let failure = failure.get_or_insert_with(|| Failure {
                    why: why.clone(),
                    messages: 0,
                    reported: false,
                });
                failure.messages = failure
                    .messages
                    .saturating_add(u64::try_from(*messages).unwrap_or(0));
            }
        }
    }

    /// A failure of the disk that no event was made of yet; once for each time it fails.
    pub(crate) fn unreported_failure(&self) -> Option<Failure> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let failing = self.store_failing();
        let found = failure.as_mut().filter(|failure| !failure.reported)?;
        found.reported = true;
        let found = found.clone();
        if !failing {
            *failure = None;
        }
        Some(found)
    }

    /// Whether the last transaction was not kept.
    pub(crate) fn store_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn encode(&self, gauges: Gauges) -> String {
        let mut text = String::new();
        let mut momentary = Registry::with_prefix("sekimori");
        let as_gauge = |value: u64| ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
        momentary.register(
            "devices",
            "Devices ever registered",
            as_gauge(gauges.devices),
        );
        momentary.register(
            "sessions",
            "Open connections of devices",
            as_gauge(gauges.sessions),
        );
        momentary.register(
            "ledger_entries",
            "Published entries",
            as_gauge(gauges.ledger_size),
        );
        let failing = self.failing.load(Ordering::Relaxed);
        momentary.register(
            "store_failing",
            "1 while the disk takes nothing",
            as_gauge(failing),
        );
        for registry in [&momentary, &self.registry] {
            let mut part = String::new();
            // Writing into a string fails only when a metric's own encoder does.
            if encode(&mut part, registry).is_ok() {
                text.push_str(part.trim_end_matches("# EOF\n"));
            }
        }
        text.push_str("# EOF\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_the_disk_fails_is_reported_once() {
        let metrics = Metrics::new();
        let fail = WriterReport::Failed {
            messages: 2,
            why: "full".into(),
        };
        let keep = WriterReport::Kept {
            writes: 1,
            refused: 0,
            pruned: 0,
        };
        assert_eq!(metrics.unreported_failure(), None);
        metrics.writer(&fail);
        metrics.writer(&fail);
        assert_eq!(
            metrics.unreported_failure().map(|failure| failure.messages),
            Some(4)
        );
        metrics.writer(&fail);
        assert_eq!(metrics.unreported_failure(), None);
        metrics.writer(&keep);
        assert_eq!(metrics.unreported_failure(), None);
        // Over before anybody looked.
        metrics.writer(&fail);
        metrics.writer(&keep);
        assert_eq!(
            metrics.unreported_failure().map(|failure| failure.messages),
            Some(2)
        );
        assert_eq!(metrics.unreported_failure(), None);
    }

    #[test]
    fn counters_and_gauges_are_told_once() {
        let metrics = Metrics::new();
        metrics.event(Code::MessageRefused, 3);
        metrics.count("message.permitted", 5);
        metrics.writer(&WriterReport::Kept {
            writes: 4,
            refused: 1,
            pruned: 64,
        });
        metrics.writer(&WriterReport::Failed {
            messages: 2,
            why: "full".into(),
        });
        let text = metrics.encode(Gauges {
            devices: 7,
            ..Gauges::default()
        });
        for line in [
            "sekimori_events_total{code=\"message.refused\"} 3",
            "sekimori_decisions_total{code=\"message.permitted\"} 5",
            "sekimori_store_unacknowledged_messages_total 2",
            "sekimori_store_refused_writes_total 1",
            "sekimori_store_pruned_messages_total 64",
            "sekimori_store_failing 1",
            "sekimori_devices 7",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert_eq!(text.matches("# EOF").count(), 1);
    }
}
