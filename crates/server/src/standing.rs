//! Who may act: suspension, revocation, containment. What closes a door closes it first and is
//! written down right after; the ledger makes it permanent.

use std::sync::PoisonError;

use http::StatusCode;
use sekimori_audit::{Code, Containment, Event};
use sekimori_identity::entry::EntryBody;
use sekimori_identity::{Cause, DeviceId, DeviceName, DeviceRecord, Standing};

use crate::api::problem::Problem;
use crate::clock::Stopwatch;
use crate::server::Server;

/// What an operator wants done with a device's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may never act again.
    Revoke(Cause),
    /// It may not act until it is resumed.
    Suspend(Cause),
    /// A suspended device may act again.
    Resume,
    /// It is out of use, in good order.
    Retire,
}

/// What a change of standing did.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Effect {
    /// Live sessions that were closed, on every listener.
    pub sessions_closed: usize,
    /// Milliseconds from the request to the last of them closed.
    pub millis: f64,
}

impl Server {
    /// The newest device with this name.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when nobody has it.
    pub fn device_named(&self, name: &str) -> Result<DeviceRecord, Problem> {
        let unknown = || {
            Problem::new(
                StatusCode::NOT_FOUND,
                "SK-DEV-002",
                format!("there is no device {name:?}"),
            )
            .fix("sekimori device list")
        };
        let name = DeviceName::parse(name).map_err(|_| unknown())?;
        self.ledger()
            .registry()
            .by_name(&name)
            .cloned()
            .ok_or_else(unknown)
    }

    /// Changes what a device may do, closes its sessions, and records it.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when the device cannot come to this from where it stands.
    pub async fn judge(&self, name: &str, verdict: Verdict) -> Result<Effect, Problem> {
        let told = |event: Event| event.with_source("operator");
        self.judge_by(name, verdict, told).await
    }

    /// The same, with an event that says on whose word and why.
    async fn judge_by(
        &self,
        name: &str,
        verdict: Verdict,
        told: impl FnOnce(Event) -> Event + Send,
    ) -> Result<Effect, Problem> {
        let stopwatch = Stopwatch::start();
        let device = self.device_named(name)?;
        let id = device.id;
        let body = match verdict {
            Verdict::Revoke(cause) => EntryBody::Revoked { device: id, cause },
            Verdict::Suspend(cause) => EntryBody::Suspended { device: id, cause },
            Verdict::Resume => EntryBody::Restored { device: id },
            Verdict::Retire => EntryBody::DeviceRetired { device: id },
        };
        // Whoever may no longer act is put out first; the ledger makes it permanent right after.
        let closes = match verdict {
            Verdict::Revoke(_) => Some(Standing::Revoked),
            Verdict::Suspend(_) => Some(Standing::Suspended),
            Verdict::Retire => Some(Standing::Retired),
            Verdict::Resume => None,
        };
        let mut sessions_closed = 0;
        if closes.is_some() && !device.standing.is_final() {
            self.bar(&id, closes);
            sessions_closed = self.device_changed(&id);
        }
        let millis = stopwatch.millis();
        match self.ledger().append(vec![body]).await {
            Ok(_) => self.bar(&id, None),
            Err(crate::ledger::AppendError::Conflict(conflict)) => {
                self.bar(&id, None);
                self.device_changed(&id);
                return Err(
                    Problem::new(StatusCode::CONFLICT, "SK-DEV-005", conflict.to_string())
                        .observed(format!("{} is {}", device.name, device.standing))
                        .detail("standing", device.standing.code()),
                );
            }
            Err(crate::ledger::AppendError::Store(error)) => {
                // The door stays shut until the server ends; only the record is missing.
                return Err(Problem::from(error)
                    .detail("sessions_closed", sessions_closed)
                    .fix("the device is put out, but that is not on record yet: do it again"));
            }
        }
        if closes.is_none() {
            sessions_closed = self.device_changed(&id);
        }
        let event = self.verdict_event(&device, verdict, sessions_closed, millis);
        self.record(told(event));
        if matches!(verdict, Verdict::Revoke(_) | Verdict::Retire) {
            // Nothing is left to heal.
            self.store_of().release_device(&id.0).await?;
            self.forget_containment(&id);
        }
        Ok(Effect {
            sessions_closed,
            millis,
        })
    }

    fn verdict_event(
        &self,
        device: &DeviceRecord,
        verdict: Verdict,
        sessions_closed: usize,
        millis: f64,
    ) -> Event {
        let (code, reason) = match verdict {
            Verdict::Revoke(cause) => (Code::DeviceRevoked, cause.code()),
            Verdict::Retire => (Code::DeviceRevoked, "retired"),
            Verdict::Suspend(cause) => (Code::DeviceSuspended, cause.code()),
            Verdict::Resume => (Code::DeviceResumed, "operator"),
        };
        Event::new(self.now(), code)
            .with_device(device.name.to_string())
            .with_reason(reason)
            .with_detail("sessions_closed", sessions_closed.to_string())
            .with_detail("millis", format!("{millis:.1}"))
    }

    /// Carries out what a detector ordered.
    pub(crate) async fn carry_out(&self, order: Containment) {
        match order {
            Containment::Contain { device, why } => {
                if let Ok(device) = self.device_named(&device) {
                    self.contain(&device, &why).await;
                }
            }
            Containment::Release { device } => {
                if let Ok(device) = self.device_named(&device) {
                    self.release(&device).await;
                }
            }
            Containment::Suspend { device, why } => {
                let standing = self.device_named(&device).map(|device| device.standing);
                if !matches!(standing, Ok(Standing::Active)) {
                    return;
                }
                let verdict = Verdict::Suspend(Cause::Misbehaved);
                let cited = self.cited_by_suspension();
                let told = |event: Event| {
                    let event = event.with_source("detector").with_detail("why", &why);
                    event.citing(&cited)
                };
                if let Err(problem) = self.judge_by(&device, verdict, told).await {
                    tracing::error!(?problem, device, why, "a suspension was not carried out");
                }
            }
        }
    }

    async fn contain(&self, device: &DeviceRecord, why: &str) {
        let stopwatch = Stopwatch::start();
        let now = self.now();
        self.ledger().set_contained(&device.id, true);
        let sessions = self.device_changed(&device.id);
        let millis = stopwatch.millis();
        self.contained_since()
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(device.id, now);
        if let Err(error) = self.store_of().contain(&device.id.0, now, why).await {
            // It holds in memory; after a restart the device's next report brings it back.
            tracing::error!(%error, device = %device.name, "a containment was not written");
        }
        self.record(
            Event::new(now, Code::ContainmentBegun)
                .with_device(device.name.to_string())
                .with_source("server")
                .with_detail("why", why)
                .with_detail("sessions_closed", sessions.to_string())
                .with_detail("millis", format!("{millis:.1}")),
        );
    }

    async fn release(&self, device: &DeviceRecord) {
        let now = self.now();
        if let Err(error) = self.store_of().release_device(&device.id.0).await {
            tracing::error!(%error, device = %device.name, "a release was not written");
        }
        self.ledger().set_contained(&device.id, false);
        self.device_changed(&device.id);
        let mut event = Event::new(now, Code::ContainmentLifted)
            .with_device(device.name.to_string())
            .with_source("server");
        if let Some(since) = self.forget_containment(&device.id) {
            let millis = now.duration_since(since).as_millis();
            event = event.with_detail("contained_millis", millis.to_string());
        }
        self.record(event);
    }

    fn forget_containment(&self, device: &DeviceId) -> Option<jiff::Timestamp> {
        self.contained_since()
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(device)
    }
}
