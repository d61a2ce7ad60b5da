//! The server's event log: detectors, folding, the chain and cases, and what the sum of it must be.

use core::time::Duration;
use jiff::Timestamp;
use sekimori_audit::case::Cases;
use sekimori_audit::chain::{self, Chain};
use sekimori_audit::detect::{Detection, Detectors};
use sekimori_audit::fold::Folder;
use sekimori_audit::{Case, Code, Containment, Event};
use std::collections::BTreeMap;

/// What makes two events equal.
pub(crate) type Kind = (Code, Option<String>, Option<String>, Option<String>);

/// The event log.
#[derive(Default)]
pub(crate) struct EventLog {
    folder: Folder,
    detectors: Detectors,
    cases: Cases,
    chain: Chain,
    // Durable.
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) recorded: Vec<Event>,
    pub(crate) kept_cases: BTreeMap<u64, Case>,
    // What must come out.
    pub(crate) fed: BTreeMap<Kind, u64>,
    told: BTreeMap<Kind, u64>,
    /// Died with the process before its minute was over.
    lost: BTreeMap<Kind, u64>,
    /// The mistake: every fifth refusal is forgotten.
    pub(crate) forgetful: bool,
    refusals: u64,
}

fn kind(event: &Event) -> Kind {
    (
        event.code,
        event.reason.clone(),
        event.device.clone(),
        event.source.clone(),
    )
}

fn add(sums: &mut BTreeMap<Kind, u64>, event: &Event) {
    let sum = sums.entry(kind(event)).or_default();
    *sum = sum.saturating_add(event.count.into());
}

impl EventLog {
    /// Takes one event; answers what detectors order.
    pub(crate) fn record(&mut self, now: Duration, event: Event) -> Vec<Containment> {
        if event.code == Code::MessageRefused {
            self.refusals = self.refusals.wrapping_add(1);
            if self.forgetful && self.refusals.is_multiple_of(5) {
                return Vec::new();
            }
        }
        self.feed(now, event.bounded());
        let mut orders = Vec::new();
        while let Some(detection) = self.detectors.poll() {
            match detection {
                Detection::Containment(order) => orders.push(order),
                Detection::Alert(alert) => {
                    let at = self.recorded.last().map_or(Timestamp::UNIX_EPOCH, |e| e.at);
                    let event = alert.to_event(at);
                    add(&mut self.fed, &event);
                    self.folder.handle(now, event);
                }
            }
        }
        self.poll(now);
        orders
    }

    fn feed(&mut self, now: Duration, event: Event) {
        add(&mut self.fed, &event);
        self.detectors.handle(now, &event);
        self.folder.handle(now, event);
    }

    /// Writes down what is ready.
    pub(crate) fn poll(&mut self, now: Duration) {
        while let Some(event) = self.folder.poll(now) {
            let record = self.chain.append(event);
            add(&mut self.told, &record.event);
            self.records.push(record.bytes);
            if let Some(case) = self.cases.handle(&record.event) {
                self.kept_cases.insert(case.id, case);
            }
            self.recorded.push(record.event);
        }
    }

    /// When [`Self::poll`] is due.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        self.folder.wake_at()
    }

    /// Ends all windows, so that everything is on record.
    pub(crate) fn flush(&mut self, now: Duration) {
        self.folder.flush();
        self.poll(now);
    }

    /// The process died; what was not written is gone.
    pub(crate) fn crash(&mut self, now: Duration) {
        self.folder.flush();
        while let Some(event) = self.folder.poll(now) {
            add(&mut self.lost, &event);
        }
    }

    /// The process is back; `contained` are the devices that detectors look after.
    pub(crate) fn restart<'a>(
        &mut self,
        contained: impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        let head = chain::verify(&self.records).map_err(|broken| broken.to_string())?;
        self.chain = Chain::resume(head);
        self.folder = Folder::default();
        self.detectors = Detectors::default();
        contained.for_each(|name| self.detectors.resume(name));
        self.cases = Cases::new();
        for case in self.kept_cases.values() {
            self.cases.resume(case.clone());
        }
        Ok(())
    }

    /// Whether every event that went in came out, once.
    pub(crate) fn balance(&self) -> Result<(), String> {
        for (kind, fed) in &self.fed {
            let told = self.told.get(kind).copied().unwrap_or(0);
            let lost = self.lost.get(kind).copied().unwrap_or(0);
            if told.saturating_add(lost) != *fed {
                return Err(format!(
                    "{fed} events {kind:?} went in, {told} are on record, {lost} died in a crash"
                ));
            }
        }
        let unknown = self.told.keys().find(|kind| !self.fed.contains_key(*kind));
        match unknown {
            Some(kind) => Err(format!("{kind:?} is on record, and nobody said it")),
            None => Ok(()),
        }
    }

    /// Verifies the chain; `flip` changes one byte of a copy of one record first.
    pub(crate) fn check(&self, flip: Option<usize>) -> Result<(), String> {
        let mut copy = self.records.clone();
        if let Some(byte) = flip
            .and_then(|at| copy.get_mut(at))
            .and_then(|record| record.last_mut())
        {
            *byte ^= 1;
        }
        let head = chain::verify(&copy).map_err(|broken| broken.to_string())?;
        if head.sequence == self.records.len() as u64 {
            Ok(())
        } else {
            Err(format!("the chain ends at event {}", head.sequence))
        }
    }

    /// How many refusals of sessions with this reason and device went in.
    pub(crate) fn refusals_of(&self, reason: &str, device: &str) -> u64 {
        let refusals = [
            Code::MessageRefused,
            Code::SubscribeRefused,
            Code::ProtocolViolation,
        ];
        let equal = self.fed.iter().filter(|((code, why, of, _), _)| {
            refusals.contains(code)
                && why.as_deref() == Some(reason)
                && of.as_deref() == Some(device)
        });
        equal.map(|(_, count)| *count).sum()
    }
}
