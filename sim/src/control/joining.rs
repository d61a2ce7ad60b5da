//! Invitations, first certificates and renewals, decided by the real registrar.
//!
//! In the order of the server: the certificate is kept, its entry recorded, the invitation marked; it goes out when
//! the entry is in a cosigned checkpoint.

use super::{Certificate, Client, Control};
use core::time::Duration;
use sekimori_audit::{Code, Containment};
use sekimori_identity::enrollment::{
    Admission, EnrollmentRefusal, EnrollmentRequest, RenewalRequest,
};
use sekimori_identity::entry::serial_hash;
use sekimori_identity::registry::KeyUse;
use sekimori_identity::{DeviceId, DeviceName, EntryBody, RoleId, SpkiHash};

/// A certificate that was made.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    device: DeviceId,
    spki: SpkiHash,
    pub(crate) certificate: Certificate,
    /// The index of its entry.
    index: u64,
}

/// What became of a request for a certificate.
#[derive(Clone, Debug)]
pub(crate) enum Certified {
    /// It may go out when the entry with this index is published.
    Made(Certificate, u64),
    /// It was refused, with this status, code and text.
    Refused(u16, String, String),
}

impl Control {
    /// Invites a device; answers its one-time code.
    pub(crate) fn invite(
        &mut self,
        now: Duration,
        name: &str,
        role: &str,
    ) -> Result<String, String> {
        let name = DeviceName::parse(name).map_err(|error| error.to_string())?;
        let role = RoleId::parse(role).map_err(|error| error.to_string())?;
        let wall = self.wall(now);
        let random = self.random.bytes();
        let invited = self
            .registrar
            .invite(name.clone(), role, random, &self.log.registry, wall);
        let (invitation, code) = invited.map_err(|refusal| refusal.to_string())?;
        self.invitations.insert(name.clone(), invitation);
        let event = self.event(now, Code::DeviceInvited);
        self.record(
            now,
            event.with_device(name.as_str()).with_source("operator"),
        );
        Ok(code.reveal())
    }

    /// Decides one enrollment.
    pub(crate) fn enroll(
        &mut self,
        now: Duration,
        source: &str,
        name: &str,
        code: &str,
        public_key: &[u8],
    ) -> (Certified, Vec<Containment>) {
        let wall = self.wall(now);
        let Ok(name) = DeviceName::parse(name) else {
            return (terse(), self.refuse(now, source, "unknown-name"));
        };
        let request = EnrollmentRequest {
            name: &name,
            code,
            public_key_spki: public_key,
            subject_matches: true,
            possession_proven: true,
        };
        let invitation = self.invitations.get(&name);
        let decided = self
            .registrar
            .evaluate(invitation, &request, &self.log.registry, wall);
        match decided {
            Ok(Admission::Register {
                id,
                name,
                role,
                public_key: key,
                spki,
            }) => {
                let registry = &self.log.registry;
                let number = registry.next_number(&self.log.organization);
                let body = EntryBody::DeviceRegistered {
                    id,
                    number: number.expect("numbers do not end in a run"),
                    name: name.clone(),
                    role,
                    public_key: key,
                };
                let made = self.certify(now, id, name.as_str(), spki, public_key, Some(body));
                self.use_invitation(&name, spki);
                let event = self.event(now, Code::DeviceEnrolled);
                let event = event.with_device(name.as_str()).with_source(source);
                (made, self.record(now, event))
            }
            Ok(Admission::Again { device, spki }) => {
                self.use_invitation(&name, spki);
                let made = match self.kept_and_valid(now, device.id, spki) {
                    Some(kept) => Certified::Made(kept.certificate.clone(), kept.index),
                    None => {
                        self.certify(now, device.id, device.name.as_str(), spki, public_key, None)
                    }
                };
                (made, Vec::new())
            }
            Err(refusal) => {
                if let EnrollmentRefusal::WrongCode { tries_left } = &refusal
                    && let Some(invitation) = self.invitations.get_mut(&name)
                {
                    invitation.tries_left = *tries_left;
                }
                let orders = self.refuse(now, source, refusal.code());
                if refusal.wire_is_terse() {
                    return (terse(), orders);
                }
                let status = match refusal {
                    EnrollmentRefusal::NameHasActiveKey { .. }
                    | EnrollmentRefusal::KeyAlreadyKnown { .. } => 409,
                    EnrollmentRefusal::Expired { .. } | EnrollmentRefusal::UsedUp => 403,
                    _ => 400,
                };
                let (code, text) = (refusal.code().to_string(), refusal.to_string());
                (Certified::Refused(status, code, text), orders)
            }
        }
    }

    /// Decides one renewal.
    pub(crate) fn renew(
        &mut self,
        now: Duration,
        source: &str,
        client: &Client,
        name: &str,
        public_key: &[u8],
    ) -> (Certified, Vec<Containment>) {
        let wall = self.wall(now);
        let request = RenewalRequest {
            presented: &client.spki,
            not_after: client.not_after,
            public_key_spki: public_key,
            subject_matches: client.record.name.as_str() == name,
            possession_proven: true,
        };
        let decided = self
            .registrar
            .evaluate_renewal(&request, &self.log.registry, wall);
        match decided {
            Ok(renewal) => {
                let id = renewal.device.id;
                let known = renewal
                    .replaces
                    .and_then(|_| self.kept_and_valid(now, id, renewal.spki));
                let made = match known {
                    Some(kept) => Certified::Made(kept.certificate.clone(), kept.index),
                    None => self.certify(now, id, name, renewal.spki, public_key, None),
                };
                let event = self.event(now, Code::DeviceRenewed);
                let event = event.with_device(name).with_source(source);
                (made, self.record(now, event))
            }
            Err(refusal) => {
                let (code, text) = (refusal.code().to_string(), refusal.to_string());
                let orders = self.refuse(now, source, refusal.code());
                (Certified::Refused(403, code, text), orders)
            }
        }
    }

    /// A device came with this key: if it is its next one, the old one ends.
    pub(crate) fn key_used(&mut self, now: Duration, device: DeviceId, used: SpkiHash) {
        let registry = &self.log.registry;
        if registry.key(&used).map(|key| key.key_use) != Some(KeyUse::Next) {
            return;
        }
        let keys = self
            .certificates
            .iter()
            .filter(|kept| kept.device == device);
        let current = keys
            .map(|kept| kept.spki)
            .find(|spki| registry.key(spki).map(|key| key.key_use) == Some(KeyUse::Current));
        if let Some(from) = current {
            let body = EntryBody::KeyRotated {
                device,
                from,
                to: used,
            };
            self.append(now, vec![body]);
        }
    }

    /// The index of the entry of the newest certificate over this key.
    pub(crate) fn certificate_entry(&self, device: DeviceId, spki: SpkiHash) -> Option<u64> {
        self.kept(device, spki).map(|kept| kept.index)
    }

    /// The newest certificate over this key, unless its answer was lost for so long that it would end too soon.
    fn kept_and_valid(&self, now: Duration, device: DeviceId, spki: SpkiHash) -> Option<&Kept> {
        let kept = self.kept(device, spki)?;
        let (from, to) = (kept.certificate.not_before, kept.certificate.not_after);
        let half = to.duration_since(from).checked_div(2).unwrap_or_default();
        (to.duration_since(self.wall(now)) > half).then_some(kept)
    }

    fn kept(&self, device: DeviceId, spki: SpkiHash) -> Option<&Kept> {
        let mut newest_first = self.certificates.iter().rev();
        newest_first.find(|kept| kept.device == device && kept.spki == spki)
    }

    fn certify(
        &mut self,
        now: Duration,
        device: DeviceId,
        name: &str,
        spki: SpkiHash,
        public_key: &[u8],
        before: Option<EntryBody>,
    ) -> Certified {
        let wall = self.wall(now);
        let not_before = jiff::Timestamp::from_second(wall.as_second()).unwrap_or(wall);
        let not_after = not_before
            .saturating_add(self.certificate_life)
            .unwrap_or(jiff::Timestamp::MAX);
        let serial = self.certificates.len() as u64;
        let certificate = Certificate::issue(
            &self.authority,
            serial,
            name,
            public_key,
            (not_before, not_after),
        );
        let issued = EntryBody::CertificateIssued {
            device,
            spki,
            serial_hash: serial_hash(&self.random.bytes(), &serial.to_le_bytes()),
            not_before,
            not_after,
        };
        let bodies: Vec<EntryBody> = before.into_iter().chain([issued]).collect();
        let last = bodies.len() as u64;
        match self.try_append(now, bodies) {
            Ok(first) => {
                let index = first.saturating_add(last).saturating_sub(1);
                self.certificates.push(Kept {
                    device,
                    spki,
                    certificate: certificate.clone(),
                    index,
                });
                Certified::Made(certificate, index)
            }
            Err(conflict) => Certified::Refused(409, "conflict".to_string(), conflict.to_string()),
        }
    }

    fn use_invitation(&mut self, name: &DeviceName, spki: SpkiHash) {
        if let Some(invitation) = self.invitations.get_mut(name) {
            invitation.used_by = Some(spki);
        }
    }

    fn refuse(&mut self, now: Duration, source: &str, code: &str) -> Vec<Containment> {
        let event = self.event(now, Code::EnrollRefused);
        self.record(now, event.with_source(source).with_reason(code))
    }
}

/// One answer for everybody who has not shown the right code.
fn terse() -> Certified {
    Certified::Refused(401, "SK-ENR-001".to_string(), "name or code".to_string())
}
