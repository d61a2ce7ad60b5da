//! Devices' signed state reports: each is compared with the one before, and the difference becomes events.

use super::Control;
use core::time::Duration;
use sekimori_audit::detect::{DEVIATIONS, SELF_TEST};
use sekimori_audit::{Code, Containment, Event};
use sekimori_identity::{EntryBody, SpkiHash};
use sekimori_ledger::envelope::{self, PublicKey};
use sekimori_session::Accepted;
use sekimori_update::report::{CONTENT_TYPE, StateReport, UpdateResult};

impl Control {
    /// Looks at a platform message that was just kept.
    pub(crate) fn take_report(&mut self, now: Duration, message: &Accepted) -> Vec<Containment> {
        if message.flow != "_state" {
            return Vec::new();
        }
        let name = message.name.as_str();
        let read = self.open_report(message);
        let report = match read {
            Ok(report) => report,
            Err(why) => {
                let event = self.event(now, Code::ProtocolViolation).with_device(name);
                let event = event
                    .with_reason("state-report")
                    .with_detail("observed", why);
                return self.record(now, event);
            }
        };
        let before = self.reports.insert(message.device, report.clone());
        let contained = self.contained.contains(&message.device);
        let at = self.wall(now);
        let mut orders = Vec::new();
        for event in changes(at, before.as_ref(), &report, contained) {
            orders.extend(self.record(now, event.with_device(name)));
        }
        orders
    }

    fn open_report(&self, message: &Accepted) -> Result<StateReport, String> {
        let kid = envelope::peek_kid(&message.payload).map_err(|error| error.to_string())?;
        let key = self.key_of(message, kid);
        let key = key.ok_or("signed by a key that is not its own")?;
        let opened = envelope::open(CONTENT_TYPE, &message.payload, &key);
        let payload = opened.map_err(|error| error.to_string())?;
        StateReport::decode(payload).map_err(|error| error.to_string())
    }

    fn key_of(&self, message: &Accepted, kid: [u8; 8]) -> Option<PublicKey> {
        let certificates = self.certificates.iter();
        let mut keys = certificates
            .filter_map(|kept| hex::decode(&kept.certificate.public_key).ok())
            .filter(|der| {
                let hash = SpkiHash::of_der(der);
                let owner = self.log.registry.key(&hash).map(|key| key.device);
                hash.0.starts_with(&kid) && owner == Some(message.device)
            });
        keys.next()
            .and_then(|der| PublicKey::from_spki_der(&der).ok())
    }

    /// The index of the entry that registered a device.
    pub(crate) fn registration(&self, device: sekimori_identity::DeviceId) -> Option<u64> {
        let mut entries = self.log.entries();
        let found = entries.find(|(_, entry)| {
            matches!(&entry.body, EntryBody::DeviceRegistered { id, .. } if *id == device)
        });
        found.map(|(index, _)| index)
    }
}

fn changes(
    at: jiff::Timestamp,
    before: Option<&StateReport>,
    report: &StateReport,
    contained: bool,
) -> Vec<Event> {
    let self_test = report.self_test.to_string();
    let measured = Event::new(at, Code::IntegrityMeasured).with_detail(SELF_TEST, &self_test);
    let mut events = Vec::new();
    if report.proof_verified && !before.is_some_and(|before| before.proof_verified) {
        events.push(Event::new(at, Code::DeviceProofVerified));
    }
    if report.integrity.held {
        let restored = report.restored.filter(|restored| {
            before.and_then(|before| before.restored).as_ref() != Some(restored)
        });
        if contained || restored.is_some() {
            let event = Event::new(at, Code::IntegrityRestored);
            events.push(event.with_detail(SELF_TEST, &self_test));
        }
        events.push(measured);
    } else {
        let known = before.is_some_and(|before| before.integrity == report.integrity);
        if !(contained && known) {
            let files = report.integrity.deviations.iter();
            let files: Vec<String> = files.map(ToString::to_string).collect();
            let event = Event::new(at, Code::IntegrityDeviation);
            events.push(event.with_detail(DEVIATIONS, files.join(", ")));
        }
        events.push(measured.with_reason("deviation"));
    }
    if let Some(update) = &report.last_update
        && before.and_then(|before| before.last_update.as_ref()) != Some(update)
    {
        let code = match update.result {
            UpdateResult::Confirmed => Code::UpdateConfirmed,
            UpdateResult::RolledBack => Code::UpdateRolledBack,
            UpdateResult::Refused => Code::UpdateRefused,
        };
        let mut event = Event::new(at, code).with_detail("release", &update.release);
        if let Some(reason) = &update.reason {
            let word = reason.split(':').next().unwrap_or(reason).trim();
            event = event.with_reason(word).with_detail("observed", reason);
        }
        events.push(event);
    }
    events
}
