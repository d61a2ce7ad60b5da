//! How a device gets in and stays: invitations, first certificates, renewals.
//!
//! The order of steps makes a lost answer harmless. A certificate is kept before its entry is
//! recorded; the entry is recorded before the invitation is marked; the certificate is handed out
//! only when the entry is published. Whatever step the server died at, the same key with the same
//! code asks again and gets what was recorded.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use sekimori_audit::{Code, Event};
use sekimori_identity::enrollment::{
    Admission, EnrollmentRefusal, EnrollmentRequest, Registrar, RenewalRefusal, RenewalRequest,
};
use sekimori_identity::entry::{Entry, EntryBody, serial_hash};
use sekimori_identity::registry::KeyUse;
use sekimori_identity::{DeviceId, DeviceName, Number, RoleId, SpkiHash};
use sekimori_ledger::envelope::{PublicKey, Signer as _};
use sekimori_session::ClientIdentity;

use crate::api::problem::{Problem, not_cosigned};
use crate::est::message::CertificateRequest;
use crate::keys;
use crate::server::Server;
use crate::store::enrollment::StoredCertificate;

/// Names under which the platform's own parts stand in events and observations.
const RESERVED: [&str; 2] = ["gateway", "server"];

/// What an operator gives to whoever sets the device up.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Invited {
    /// The device's name.
    pub name: String,
    /// The device's role.
    pub role: String,
    /// The one-time code.
    pub code: String,
    /// Until when it may be used.
    pub expires: Timestamp,
    /// Where the device joins.
    pub url: String,
    /// The fingerprint of the trust bundle.
    pub root: String,
    /// The one line to run on the device.
    pub join: String,
}

/// Who is given a certificate, and over which key.
struct Subject<'a> {
    device: DeviceId,
    number: Number,
    name: &'a DeviceName,
    role: &'a RoleId,
    public_key: &'a PublicKey,
    spki: SpkiHash,
}

impl Server {
    /// Invites a device; an earlier invitation for the name ends.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when the name or role is none, or a device with this name may still act.
    pub async fn invite(&self, name: &str, role: &str) -> Result<Invited, Problem> {
        let name = DeviceName::parse(name).map_err(|error| {
            Problem::bad_request(format!("name {name:?}: {error}"), "1 to 63 of a-z 0-9 -")
        })?;
        if RESERVED.contains(&name.as_str()) {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "SK-DEV-008",
                format!("{name} is the name of a part of the platform itself"),
            )
            .about("device", name)
            .expected(format!("any name but {}", RESERVED.join(", ")))
            .fix("use another name, such as the place or the serial number of the device"));
        }
        let role = RoleId::parse(role).map_err(|error| {
            Problem::bad_request(
                format!("role {role:?}: {error}"),
                "the id of a device component",
            )
        })?;
        if let Some(policy) = self.policy()
            && !policy.roles.iter().any(|known| known.id == role.as_str())
        {
            let roles: Vec<&str> = policy.roles.iter().map(|role| role.id.as_str()).collect();
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "SK-DEV-007",
                format!("the policy has no role {role}"),
            )
            .about("role", role)
            .expected(roles.join(", "))
            .fix("use one of these, or add the component to the model and apply it"));
        }
        let now = self.now();
        let random = keys::random().map_err(|error| Problem::internal("make a code", error))?;
        let invited = {
            let registry = self.ledger().registry();
            self.registrar()
                .invite(name.clone(), role.clone(), random, &*registry, now)
        };
        let (invitation, code) = invited.map_err(|refusal| {
            Problem::new(StatusCode::CONFLICT, "SK-DEV-003", refusal.to_string())
                .about("device", &refusal.holder.name)
                .observed(refusal.observed())
                .fix(refusal.fix())
        })?;
        self.store_of().invite(&invitation, now).await?;
        self.record(
            Event::new(now, Code::DeviceInvited)
                .with_device(name.to_string())
                .with_source("operator")
                .with_detail("role", role.to_string()),
        );
        let code = code.reveal();
        let url = self.https_url();
        let root = self.root_fingerprint();
        let join = format!("sekimori-agent join {url} --code {name}:{code} --root {root}");
        Ok(Invited {
            name: name.to_string(),
            role: role.to_string(),
            code,
            expires: invitation.expires,
            url,
            root,
            join,
        })
    }

    pub(crate) fn registrar(&self) -> Registrar {
        let settings = self.settings();
        let signed = |duration: core::time::Duration| {
            SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
        };
        Registrar {
            invitation_lifetime: signed(settings.invitation_life),
            tries: settings.invitation_tries,
            renewal_window: signed(settings.renewal_window),
        }
    }

    /// Lets a device in that shows its one-time code; returns its certificate in DER.
    pub(crate) async fn enroll(
        &self,
        name: &str,
        code: &str,
        request: &CertificateRequest,
        source: &str,
    ) -> Result<Vec<u8>, Problem> {
        let Ok(name) = DeviceName::parse(name) else {
            self.refused("unknown-name", source, None);
            return Err(wrong_name_or_code());
        };
        let (certificate, position) = {
            let _one_at_a_time = self.enrolling().lock().await;
            self.admit(&name, code, request, source).await?
        };
        self.publish(position).await?;
        Ok(certificate)
    }

    async fn admit(
        &self,
        name: &DeviceName,
        code: &str,
        request: &CertificateRequest,
        source: &str,
    ) -> Result<(Vec<u8>, u64), Problem> {
        let now = self.now();
        let invitation = self.store_of().invitation(name).await?;
        let evaluated = {
            let registry = self.ledger().registry();
            let request = EnrollmentRequest {
                name,
                code,
                public_key_spki: &request.public_key,
                subject_matches: request.is_for(name.as_str(), None),
                possession_proven: request.possession_proven,
            };
            self.registrar()
                .evaluate(invitation.as_ref(), &request, &*registry, now)
        };
        match evaluated {
            Ok(Admission::Register {
                id,
                name,
                role,
                public_key,
                spki,
            }) => {
                let number = self
                    .ledger()
                    .registry()
                    .next_number(self.ledger().organization());
                let number = number.ok_or_else(|| {
                    Problem::internal("number a device", "the numbers have come to their end")
                })?;
                let subject = Subject {
                    device: id,
                    number,
                    name: &name,
                    role: &role,
                    public_key: &public_key,
                    spki,
                };
                let registered = EntryBody::DeviceRegistered {
                    id,
                    number,
                    name: name.clone(),
                    role: role.clone(),
                    public_key: public_key.clone(),
                };
                let issued = self.certify(&subject, Some(registered)).await?;
                self.store_of().use_invitation(&name, &spki).await?;
                self.record(
                    Event::new(now, Code::DeviceEnrolled)
                        .with_device(name.to_string())
                        .with_source(source)
                        .with_detail("number", number.to_string())
                        .with_detail("role", role.to_string())
                        .with_detail("days", self.certificate_days())
                        .citing(&self.cited_by_certificates()),
                );
                Ok(issued)
            }
            Ok(Admission::Again { device, spki }) => {
                self.store_of().use_invitation(name, &spki).await?;
                if let Some(found) = self.recorded_certificate(&device.id, &spki).await? {
                    return Ok(found);
                }
                let public_key = public_key(&request.public_key)?;
                let subject = Subject {
                    device: device.id,
                    number: device.number,
                    name: &device.name,
                    role: &device.role,
                    public_key: &public_key,
                    spki,
                };
                self.certify(&subject, None).await
            }
            Err(refusal) => Err(self.refuse_enrollment(name, &refusal, source).await?),
        }
    }

    /// Writes down what a refusal costs before it is answered. Refusals that must look alike take
    /// a write each, so that their time tells nothing either.
    async fn refuse_enrollment(
        &self,
        name: &DeviceName,
        refusal: &EnrollmentRefusal,
        source: &str,
    ) -> Result<Problem, Problem> {
        match refusal {
            EnrollmentRefusal::WrongCode { tries_left } => {
                self.store_of().set_tries(name, *tries_left).await?;
            }
            refusal if refusal.wire_is_terse() => {
                let decoy: [u8; 16] =
                    keys::random().map_err(|error| Problem::internal("take a chance", error))?;
                self.store_of()
                    .set("enrollment-decoy", decoy.to_vec())
                    .await?;
            }
            _ => {}
        }
        self.refused(
            refusal.code(),
            source,
            Some((name.as_str(), refusal.observed())),
        );
        if refusal.wire_is_terse() {
            return Ok(wrong_name_or_code());
        }
        let (status, code) = match refusal {
            EnrollmentRefusal::NameHasActiveKey { .. } => (StatusCode::CONFLICT, "SK-DEV-003"),
            EnrollmentRefusal::KeyAlreadyKnown { .. } => (StatusCode::CONFLICT, "SK-ENR-004"),
            EnrollmentRefusal::Expired { .. } | EnrollmentRefusal::UsedUp => {
                (StatusCode::FORBIDDEN, "SK-ENR-002")
            }
            _ => (StatusCode::BAD_REQUEST, "SK-ENR-003"),
        };
        Ok(Problem::new(status, code, refusal.to_string())
            .about("device", name)
            .observed(refusal.observed())
            .fix(refusal.fix())
            .detail("reason", refusal.code()))
    }

    /// Gives a device that is in a new certificate, over its key or a new one.
    pub(crate) async fn renew(
        &self,
        client: &ClientIdentity,
        request: &CertificateRequest,
        source: &str,
    ) -> Result<Vec<u8>, Problem> {
        let now = self.now();
        let (certificate, position) = {
            let _one_at_a_time = self.enrolling().lock().await;
            let evaluated = {
                let registry = self.ledger().registry();
                let id = client.record.id.to_string();
                let request = RenewalRequest {
                    presented: &client.spki,
                    not_after: client.not_after,
                    public_key_spki: &request.public_key,
                    subject_matches: request.is_for(client.record.name.as_str(), Some(&id)),
                    possession_proven: request.possession_proven,
                };
                self.registrar().evaluate_renewal(&request, &*registry, now)
            };
            let renewal =
                evaluated.map_err(|refusal| self.refuse_renewal(client, &refusal, source))?;
            // The answer to an earlier request with the same new key was lost.
            if renewal.replaces.is_some()
                && let Some(found) = self
                    .recorded_certificate(&renewal.device.id, &renewal.spki)
                    .await?
            {
                found
            } else {
                let subject = Subject {
                    device: renewal.device.id,
                    number: renewal.device.number,
                    name: &renewal.device.name,
                    role: &renewal.device.role,
                    public_key: &renewal.public_key,
                    spki: renewal.spki,
                };
                self.certify(&subject, None).await?
            }
        };
        self.publish(position).await?;
        self.record(
            Event::new(now, Code::DeviceRenewed)
                .with_device(client.record.name.to_string())
                .with_source(source)
                .with_detail("days", self.certificate_days())
                .citing(&self.cited_by_certificates()),
        );
        Ok(certificate)
    }

    fn refuse_renewal(
        &self,
        client: &ClientIdentity,
        refusal: &RenewalRefusal,
        source: &str,
    ) -> Problem {
        self.record(
            Event::new(self.now(), Code::EnrollRefused)
                .with_device(client.record.name.to_string())
                .with_source(source)
                .with_reason(refusal.code())
                .with_detail("observed", refusal.observed()),
        );
        Problem::new(StatusCode::FORBIDDEN, "SK-ENR-005", refusal.to_string())
            .observed(refusal.observed())
            .fix(refusal.fix())
            .detail("reason", refusal.code())
    }

    /// Signs, keeps and records a certificate; returns it with the position of its entry.
    async fn certify(
        &self,
        subject: &Subject<'_>,
        before: Option<EntryBody>,
    ) -> Result<(Vec<u8>, u64), Problem> {
        let issued = self
            .authority()
            .issue_device(
                subject.name.as_str(),
                &subject.device.to_string(),
                &subject.public_key.to_spki_der(),
                self.certificate_life(),
                self.now(),
            )
            .map_err(|why| Problem::internal("sign a certificate", why))?;
        let salt = keys::random().map_err(|error| Problem::internal("take a salt", error))?;
        self.store_of()
            .keep_certificate(&StoredCertificate {
                serial: issued.serial,
                device: subject.device.0,
                number: subject.number.0,
                name: subject.name.to_string(),
                role: subject.role.to_string(),
                spki: subject.spki.0,
                salt,
                der: issued.der.clone(),
                not_before: issued.not_before,
                not_after: issued.not_after,
            })
            .await?;
        let certified = EntryBody::CertificateIssued {
            device: subject.device,
            spki: subject.spki,
            serial_hash: serial_hash(&salt, &issued.serial),
            not_before: issued.not_before,
            not_after: issued.not_after,
        };
        let bodies: Vec<EntryBody> = before.into_iter().chain([certified]).collect();
        let last = u64::try_from(bodies.len()).unwrap_or(1).saturating_sub(1);
        let first = self.ledger().append(bodies).await?;
        Ok((issued.der, first.saturating_add(last)))
    }

    /// A certificate over a key whose entry is on the ledger and that has more than half of its
    /// life before it, with the entry's position.
    pub(crate) async fn recorded_certificate(
        &self,
        device: &DeviceId,
        spki: &SpkiHash,
    ) -> Result<Option<(Vec<u8>, u64)>, Problem> {
        let author = self.ledger().author().public_key();
        let entries = self.store_of().entries_of(&device.0).await?;
        let now = self.now();
        for certificate in self.store_of().certificates_of_key(spki).await? {
            let (spent, left) = (now - certificate.not_before, certificate.not_after - now);
            if left.compare(spent).is_ok_and(core::cmp::Ordering::is_lt) {
                continue;
            }
            let wanted = serial_hash(&certificate.salt, &certificate.serial);
            let found = entries.iter().rev().find(|stored| {
                Entry::open(&stored.bytes, &author).is_ok_and(|entry| {
                    matches!(entry.body, EntryBody::CertificateIssued { serial_hash, .. }
                        if serial_hash == wanted)
                })
            });
            if let Some(stored) = found {
                return Ok(Some((certificate.der, stored.position)));
            }
        }
        Ok(None)
    }

    /// Notices that a device used its new key: the old one ends.
    pub(crate) async fn key_used(&self, device: &DeviceId, used: &SpkiHash) -> Result<(), Problem> {
        let key_use = self.ledger().registry().key(used).map(|key| key.key_use);
        if key_use != Some(KeyUse::Next) {
            return Ok(());
        }
        let known = self.store_of().keys_of(&device.0).await?;
        let current = {
            let registry = self.ledger().registry();
            known.into_iter().map(SpkiHash).find(|key| {
                registry
                    .key(key)
                    .is_some_and(|known| known.key_use == KeyUse::Current)
            })
        };
        let Some(from) = current else { return Ok(()) };
        self.ledger()
            .append(vec![EntryBody::KeyRotated {
                device: *device,
                from,
                to: *used,
            }])
            .await?;
        self.device_changed(device);
        Ok(())
    }

    pub(crate) async fn publish(&self, position: u64) -> Result<(), Problem> {
        self.ledger()
            .wait_published(position, self.settings().cosign_deadline)
            .await
            .map_err(not_cosigned)
    }

    fn refused(&self, reason: &str, source: &str, about: Option<(&str, String)>) {
        let mut event = Event::new(self.now(), Code::EnrollRefused)
            .with_source(source)
            .with_reason(reason);
        if let Some((name, observed)) = about {
            event = event
                .with_detail("name", name)
                .with_detail("observed", observed);
        }
        self.record(event);
    }
}

fn public_key(spki: &[u8]) -> Result<PublicKey, Problem> {
    PublicKey::from_spki_der(spki)
        .map_err(|error| Problem::internal("read a key that was read before", error))
}

/// One answer for everybody who has not shown the right code.
fn wrong_name_or_code() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "SK-ENR-001",
        "the name or the code is not right, or the invitation is used up",
    )
    .fix("check both, or ask the operator for a new invitation")
    .challenge()
}

#[cfg(test)]
mod tests {
    use sekimori_identity::enrollment::JoinCode;

    #[test]
    fn the_join_line_carries_a_code_that_an_agent_can_read() {
        let random = [7; 16];
        let code = sekimori_identity::enrollment::new_code(random).reveal();
        assert!(format!("dev-0001:{code}").parse::<JoinCode>().is_ok());
    }
}
