//! Who may act: revocation, suspension, containment.

use super::Control;
use core::time::Duration;
use sekimori_audit::{Code, Containment};
use sekimori_identity::{Cause, DeviceId, EntryBody};

/// What an operator wants done with a device's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Revoke,
    Suspend,
    Resume,
}

impl Control {
    /// Changes a device's standing. The caller closes its sessions first of all.
    pub(crate) fn judge(
        &mut self,
        now: Duration,
        device: DeviceId,
        verdict: Verdict,
    ) -> Vec<Containment> {
        let cause = Cause::Lost;
        let body = match verdict {
            Verdict::Revoke => EntryBody::Revoked { device, cause },
            Verdict::Suspend => EntryBody::Suspended { device, cause },
            Verdict::Resume => EntryBody::Restored { device },
        };
        if self.try_append(now, vec![body]).is_err() {
            return Vec::new();
        }
        let name = self
            .log
            .registry
            .by_id(&device)
            .map(|record| record.name.to_string());
        let code = match verdict {
            Verdict::Revoke => Code::DeviceRevoked,
            Verdict::Suspend => Code::SessionRevoked,
            Verdict::Resume => Code::OperatorSession,
        };
        if verdict == Verdict::Revoke {
            self.contained.remove(&device);
            self.log.registry.set_contained(&device, false);
        }
        let event = self.event(now, code).with_source("operator");
        self.record(now, event.with_device(name.unwrap_or_default()))
    }

    /// Carries out what a detector ordered; answers whose sessions have to be told.
    pub(crate) fn carry_out(
        &mut self,
        now: Duration,
        order: &Containment,
    ) -> (Option<DeviceId>, Vec<Containment>) {
        let (name, contained) = match order {
            Containment::Contain { device, .. } => (device, true),
            Containment::Release { device } => (device, false),
            // No policy of this world asks for it, so detectors never order it.
            Containment::Suspend { .. } => return (None, Vec::new()),
        };
        let Some(record) = self.device(name) else {
            return (None, Vec::new());
        };
        self.log.registry.set_contained(&record.id, contained);
        let code = if contained {
            self.contained.insert(record.id);
            Code::ContainmentBegun
        } else {
            self.contained.remove(&record.id);
            Code::ContainmentLifted
        };
        let event = self.event(now, code).with_device(name.as_str());
        let more = self.record(now, event.with_source("server"));
        (Some(record.id), more)
    }
}
