//! What may be waited for and expected.

use super::World;
use crate::operation::Predicate;
use core::time::Duration;
use sekimori_audit::case::{State, Subject};
use sekimori_identity::DeviceRecord;
use sekimori_update::report::{StateReport, UpdateResult};

/// How often a predicate is looked at while it is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl World {
    /// Lets time pass until `predicate` holds.
    pub(super) fn wait_for(&mut self, within: Duration, predicate: &Predicate) {
        let until = self.now.saturating_add(within);
        while self.violation.is_none() {
            match self.holds(predicate) {
                Ok(()) => return,
                Err(why) if self.now >= until => {
                    let why = format!("{predicate} does not hold within {within:?}: {why}");
                    return self.violate("story", why);
                }
                Err(_) => {
                    let next = self.now.saturating_add(LOOK_EVERY).min(until);
                    self.run_until(next);
                }
            }
        }
    }

    /// `predicate` holds now, or the run has failed.
    pub(super) fn expect(&mut self, predicate: &Predicate) {
        if let Err(why) = self.holds(predicate) {
            self.violate("story", format!("{predicate} does not hold: {why}"));
        }
    }

    fn record_of(&self, unit: usize) -> Result<DeviceRecord, String> {
        let unit = self.units.get(unit).ok_or("there is no such unit")?;
        let record = self.control.device(&unit.name);
        record.ok_or_else(|| format!("{} is not registered", unit.name))
    }

    fn report_of(&self, unit: usize) -> Result<&StateReport, String> {
        let record = self.record_of(unit)?;
        let report = self.control.reports.get(&record.id);
        report.ok_or_else(|| "it has not reported".to_string())
    }

    fn holds(&self, predicate: &Predicate) -> Result<(), String> {
        let check = |holds: bool, why: String| if holds { Ok(()) } else { Err(why) };
        match predicate {
            Predicate::Enrolled(unit) => {
                let record = self.record_of(*unit)?;
                let status = self.status(*unit)?;
                let plate = status.number == Some(record.number.to_string());
                check(status.member && plate, format!("{status:?}"))
            }
            Predicate::Online(unit) => {
                let status = self.status(*unit)?;
                check(status.connected, format!("{status:?}"))
            }
            Predicate::Closed(unit) => {
                let record = self.record_of(*unit)?;
                let open = self.live.values().any(|live| live.device == record.id);
                check(!open, "a session is open".to_string())
            }
            Predicate::Stored(unit, count) => {
                let record = self.record_of(*unit)?;
                let stored = self.control.store.telemetry_of(record.id);
                check(stored >= *count, format!("{stored} are stored"))
            }
            Predicate::Drained(unit) => {
                let outbox = self.report_of(*unit)?.outbox;
                let lost = self.units.get(*unit).map_or(0, |unit| unit.given_up);
                check(
                    outbox.depth == 0 && lost == 0,
                    format!("{outbox:?}, lost {lost}"),
                )
            }
            Predicate::Runs(unit, version) => {
                let runs = self
                    .units
                    .get(*unit)
                    .and_then(crate::unit::Unit::confirmed_version);
                let says = &self.report_of(*unit)?.release;
                let holds = runs.as_ref() == Some(version) && says == version;
                check(holds, format!("it runs {runs:?} and says {says}"))
            }
            Predicate::LastUpdate(unit, result) => {
                let last = self.report_of(*unit)?.last_update.clone();
                let word = last.as_ref().map(|last| match last.result {
                    UpdateResult::Confirmed => "confirmed",
                    UpdateResult::RolledBack => "rolled-back",
                    UpdateResult::Refused => "refused",
                });
                check(word == Some(result.as_str()), format!("{last:?}"))
            }
            Predicate::Contained(unit) => {
                let record = self.record_of(*unit)?;
                check(record.contained, "it is not".to_string())
            }
            Predicate::Whole(unit) => {
                let record = self.record_of(*unit)?;
                let report = self.report_of(*unit)?;
                let tampered = self.units.get(*unit).map(|unit| unit.tampered.len());
                let holds = !record.contained && report.integrity.held && tampered == Some(0);
                check(
                    holds,
                    format!("contained: {}, {report:?}", record.contained),
                )
            }
            Predicate::Event(code, reason, count) => {
                let sum = self.events_of(code, reason);
                check(sum >= *count, format!("there are {sum}"))
            }
            Predicate::NoEvent(code, reason) => {
                let sum = self.events_of(code, reason);
                check(sum == 0, format!("there are {sum}"))
            }
            Predicate::Healed(unit) => {
                let unit = self.units.get(*unit).ok_or("there is no such unit")?;
                let subject = Subject::Device(unit.name.clone());
                let mut cases = self.control.events.kept_cases.values().rev();
                let case = cases
                    .find(|case| case.subject == subject)
                    .ok_or("no case")?;
                let healed = matches!(case.state, State::Healed { .. });
                check(healed, format!("{:?}", case.state))
            }
            Predicate::Acknowledged(unit) => {
                let acknowledged = self.units.get(*unit).and_then(|unit| unit.acknowledged);
                check(acknowledged == Some(true), format!("{acknowledged:?}"))
            }
            Predicate::Cosigned => {
                let (size, published) =
                    (self.control.log.size(), self.control.log.published_size());
                check(size == published, format!("{published} of {size} entries"))
            }
            Predicate::Verified => {
                self.control.log.check(None)?;
                self.control.events.check(None)
            }
            Predicate::FlipsFound => self.flips_found(),
        }
    }

    /// How many events of this code, and of this reason unless it is `*`, went in.
    fn events_of(&self, code: &str, reason: &str) -> u64 {
        let equal = self
            .control
            .events
            .fed
            .iter()
            .filter(|((of, why, _, _), _)| {
                of.as_str() == code && (reason == "*" || why.as_deref() == Some(reason))
            });
        equal.map(|(_, count)| *count).sum()
    }

    /// A byte that is flipped in a copy is found, and its place is named.
    fn flips_found(&self) -> Result<(), String> {
        let entry = self.control.log.published_size() / 2;
        match self.control.log.check(Some(entry)) {
            Err(why) if why.starts_with(&format!("entry {entry} ")) => {}
            other => return Err(format!("a byte of entry {entry} was flipped: {other:?}")),
        }
        let record = self.control.events.records.len() / 2;
        let sequence = record.saturating_add(1);
        match self.control.events.check(Some(record)) {
            Err(why) if why.starts_with(&format!("event {sequence}:")) => Ok(()),
            other => Err(format!("a byte of event {sequence} was flipped: {other:?}")),
        }
    }

    pub(super) fn status(&self, unit: usize) -> Result<sekimori_device::Status, String> {
        let unit = self.units.get(unit).ok_or("there is no such unit")?;
        let process = unit.process.as_ref();
        process
            .map(|process| process.device.status())
            .ok_or_else(|| "it is off".to_string())
    }
}
