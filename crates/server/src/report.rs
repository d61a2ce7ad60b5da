//! Takes in what devices say of themselves: signed state reports.
//!
//! A report says how things are; events say what changed. So each report is compared with the one
//! before it, and only the difference is recorded.

use sekimori_audit::detect::{DEVIATIONS, SELF_TEST};
use sekimori_audit::{Code, Event};
use sekimori_identity::Entry;
use sekimori_identity::SpkiHash;
use sekimori_identity::entry::EntryBody;
use sekimori_ledger::envelope::{self, PublicKey, Signer as _};
use sekimori_session::Accepted;
use sekimori_update::report::{CONTENT_TYPE, StateReport, UpdateResult};
use x509_parser::prelude::FromDer as _;

use crate::server::Server;

/// The flow that carries state reports.
const STATE: &str = "_state";

/// Looks at a platform message that was just kept.
pub(crate) async fn take(server: &Server, message: &Accepted) {
    if message.flow != STATE {
        return;
    }
    match read(server, message).await {
        Ok(report) => {
            if let Err(error) = ingest(server, message, &report).await {
                // The device says it again with its next report.
                tracing::warn!(%error, device = %message.name, "a state report was not taken in");
            }
        }
        Err(why) => server.record(
            Event::new(server.now(), Code::ProtocolViolation)
                .with_device(message.name.to_string())
                .with_reason("state-report")
                .with_detail("observed", why),
        ),
    }
}

/// Opens the envelope with one of the device's own keys.
async fn read(server: &Server, message: &Accepted) -> Result<StateReport, String> {
    let kid = envelope::peek_kid(&message.payload).map_err(|error| error.to_string())?;
    let key = key_of(server, message, kid)
        .await
        .ok_or("signed by a key that is not its own")?;
    let payload =
        envelope::open(CONTENT_TYPE, &message.payload, &key).map_err(|error| error.to_string())?;
    StateReport::decode(payload).map_err(|error| error.to_string())
}

/// The device's key with this id, as its certificates and its registration have it.
async fn key_of(server: &Server, message: &Accepted, kid: [u8; 8]) -> Option<PublicKey> {
    for hash in server.store_of().keys_of(&message.device.0).await.ok()? {
        if !hash.starts_with(&kid) {
            continue;
        }
        let hash = SpkiHash(hash);
        let owner = server.ledger().registry().key(&hash).map(|key| key.device);
        if owner != Some(message.device) {
            continue;
        }
        let certificate = server
            .store_of()
            .certificates_of_key(&hash)
            .await
            .ok()?
            .into_iter()
            .next()?;
        let (_, parsed) =
            x509_parser::certificate::X509Certificate::from_der(&certificate.der).ok()?;
        return PublicKey::from_spki_der(parsed.public_key().raw).ok();
    }
    registered_key(server, message, kid).await
}

async fn registered_key(server: &Server, message: &Accepted, kid: [u8; 8]) -> Option<PublicKey> {
    let author = server.ledger().author().public_key();
    let entries = server.store_of().entries_of(&message.device.0).await.ok()?;
    entries.iter().find_map(
        |stored| match Entry::open(&stored.bytes, &author).ok()?.body {
            EntryBody::DeviceRegistered { public_key, .. } if public_key.kid() == kid => {
                Some(public_key)
            }
            _ => None,
        },
    )
}

async fn ingest(
    server: &Server,
    message: &Accepted,
    report: &StateReport,
) -> Result<(), crate::error::StoreError> {
    let before = server
        .store_of()
        .report(&message.device.0)
        .await?
        .map(|kept| kept.report);
    server
        .store_of()
        .keep_report(&message.device.0, message.received, report)
        .await?;
    let contained = server
        .by_id(&message.device)
        .is_some_and(|record| record.contained);
    let at = server.now();
    for event in changes(at, before.as_ref(), report, contained) {
        server.record(event.with_device(message.name.to_string()));
    }
    Ok(())
}

/// What a report says that the one before it did not.
fn changes(
    at: jiff::Timestamp,
    before: Option<&StateReport>,
    report: &StateReport,
    contained: bool,
) -> Vec<Event> {
    let self_test = report.self_test.to_string();
    let mut events = Vec::new();
    if report.proof_verified && !before.is_some_and(|before| before.proof_verified) {
        events.push(Event::new(at, Code::DeviceProofVerified));
    }
    if report.integrity.held {
        let restored = report.restored.filter(|restored| {
            before.and_then(|before| before.restored).as_ref() != Some(restored)
        });
        if contained || restored.is_some() {
            let mut event =
                Event::new(at, Code::IntegrityRestored).with_detail(SELF_TEST, self_test.clone());
            if let Some(restored) = report.restored {
                event = event.with_detail("millis", restored.millis.to_string());
            }
            events.push(event);
        }
        events.push(Event::new(at, Code::IntegrityMeasured).with_detail(SELF_TEST, self_test));
    } else {
        let seen_before =
            contained && before.is_some_and(|before| before.integrity == report.integrity);
        if !seen_before {
            let files: Vec<String> = report
                .integrity
                .deviations
                .iter()
                .map(|deviation| format!("{} {}", deviation.path, deviation.kind.code()))
                .collect();
            events.push(
                Event::new(at, Code::IntegrityDeviation)
                    .with_detail(DEVIATIONS, files.join(", "))
                    .with_detail("release", report.release.clone()),
            );
        }
        events.push(
            Event::new(at, Code::IntegrityMeasured)
                .with_reason("deviation")
                .with_detail(SELF_TEST, self_test),
        );
    }
    if let Some(update) = &report.last_update
        && before.and_then(|before| before.last_update.as_ref()) != Some(update)
    {
        let code = match update.result {
            UpdateResult::Confirmed => Code::UpdateConfirmed,
            UpdateResult::RolledBack => Code::UpdateRolledBack,
            UpdateResult::Refused => Code::UpdateRefused,
        };
        let mut event = Event::new(at, code).with_detail("release", update.release.clone());
        if let Some(reason) = &update.reason {
            let word = reason.split(':').next().unwrap_or(reason).trim();
            event = event
                .with_reason(word)
                .with_detail("observed", reason.clone());
        }
        events.push(event);
    }
    let resent = before
        .filter(|before| before.boot == report.boot)
        .map_or(0, |before| before.outbox.resent);
    if report.outbox.resent > resent {
        events.push(
            Event::new(at, Code::BufferResent)
                .with_detail("resent", (report.outbox.resent - resent).to_string())
                .with_detail("dropped", report.outbox.dropped.to_string()),
        );
    }
    events
}

#[cfg(test)]
mod tests {
    use sekimori_update::measure::{Deviation, DeviationKind};
    use sekimori_update::report::{Integrity, LastUpdate, OutboxState, Restored, SelfTest};

    use super::*;

    fn report() -> StateReport {
        StateReport {
            release: "1.0.0".into(),
            product: "door".into(),
            slot: None,
            counter: 1,
            boot: 3,
            trial: false,
            proof_verified: true,
            integrity: Integrity {
                held: true,
                deviations: Vec::new(),
            },
            restored: None,
            last_update: None,
            outbox: OutboxState::default(),
            self_test: SelfTest::Passed,
        }
    }

    fn deviating() -> StateReport {
        let deviations = vec![Deviation {
            path: "etc/settings.toml".into(),
            kind: DeviationKind::Changed,
        }];
        StateReport {
            integrity: Integrity {
                held: false,
                deviations,
            },
            ..report()
        }
    }

    fn codes(
        before: Option<&StateReport>,
        now: &StateReport,
        contained: bool,
    ) -> Vec<&'static str> {
        changes(jiff::Timestamp::UNIX_EPOCH, before, now, contained)
            .iter()
            .map(|event| event.code.as_str())
            .collect()
    }

    #[test]
    fn only_what_changed_is_recorded() {
        let calm = report();
        assert_eq!(
            codes(None, &calm, false),
            ["device.proof-verified", "integrity.measured"]
        );
        assert_eq!(codes(Some(&calm), &calm, false), ["integrity.measured"]);
        let bad = deviating();
        let measured = ["integrity.deviation", "integrity.measured"];
        assert_eq!(codes(Some(&calm), &bad, false), measured);
        assert_eq!(codes(Some(&bad), &bad, true), ["integrity.measured"]);
        // A server that restarted before it could contain the device sees it again.
        assert_eq!(codes(Some(&bad), &bad, false), measured);
        let healed = StateReport {
            restored: Some(Restored { millis: 812 }),
            ..report()
        };
        let restored = ["integrity.restored", "integrity.measured"];
        assert_eq!(codes(Some(&bad), &healed, true), restored);
        assert_eq!(codes(Some(&healed), &healed, false), ["integrity.measured"]);
        // The report that told of it was lost.
        assert_eq!(codes(Some(&calm), &calm, true), restored);
    }

    #[test]
    fn an_update_is_recorded_once_with_its_reason() {
        let calm = report();
        let back = StateReport {
            last_update: Some(LastUpdate {
                release: "1.2.0".into(),
                result: UpdateResult::RolledBack,
                reason: Some("self-test-failed: sensor".into()),
            }),
            ..report()
        };
        let events = changes(jiff::Timestamp::UNIX_EPOCH, Some(&calm), &back, false);
        let event = events
            .iter()
            .find(|event| event.code == Code::UpdateRolledBack)
            .unwrap();
        assert_eq!(event.reason.as_deref(), Some("self-test-failed"));
        assert_eq!(codes(Some(&back), &back, false), ["integrity.measured"]);
    }
}
