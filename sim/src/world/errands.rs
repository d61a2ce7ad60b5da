//! What a device's shell does for it: files, keys, sensors, and requests to the server.

use super::{Happening, World};
use crate::control::{Certified, Client, Presented};
use crate::disk::{Key, Write};
use crate::unit::Written;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_device::{
    CertificateRequest, CredentialSlot, Errand, HttpRequest, LinkFailure, Outcome, PathSource,
    ServerCheck, StorageFailure, Ticket,
};
use sekimori_ledger::envelope;
use sekimori_update::slots::Slot;
use sekimori_update::targets::ReleaseFile;
use sha2::{Digest as _, Sha256};

/// A request on its way to the server.
pub(super) struct Request {
    pub(super) unit: usize,
    pub(super) life: u64,
    pub(super) ticket: Ticket,
    errand: Errand,
}

impl World {
    /// A device begins an errand.
    pub(super) fn begin(&mut self, index: usize, life: u64, ticket: Ticket, errand: Errand) {
        let now = self.now;
        let asks_server = match &errand {
            Errand::Ask(_) | Errand::Certify(_) => true,
            Errand::Install { from, .. } => matches!(from, PathSource::Server { .. }),
            _ => false,
        };
        let Some(unit) = self.units.get_mut(index) else {
            return;
        };
        if !asks_server {
            let delay = Duration::from_micros(self.random.between(100, 4_000));
            let happening = Happening::Work {
                unit: index,
                life,
                ticket,
                errand,
            };
            return self.after(delay, happening);
        }
        if unit.loses_requests > 0 {
            unit.loses_requests = unit.loses_requests.saturating_sub(1);
            let outcome = unreachable_outcome(&errand, "the request was lost");
            return self.answer_after(Duration::from_secs(2), index, life, ticket, outcome);
        }
        let delay = unit.latency(now, &mut self.random);
        self.after(
            delay,
            Happening::Request(Request {
                unit: index,
                life,
                ticket,
                errand,
            }),
        );
    }

    pub(super) fn answer_after(
        &mut self,
        delay: Duration,
        unit: usize,
        life: u64,
        ticket: Ticket,
        outcome: Outcome,
    ) {
        let happening = Happening::Answer {
            unit,
            life,
            ticket,
            outcome,
        };
        self.after(delay, happening);
    }

    /// An answer reaches a device.
    pub(super) fn answer(&mut self, index: usize, life: u64, ticket: Ticket, outcome: Outcome) {
        let alive = self.units.get(index).is_some_and(|unit| unit.life == life);
        if alive {
            let done = sekimori_device::Input::Done { ticket, outcome };
            self.feed(index, done);
        }
    }

    /// A device does something by itself.
    pub(super) fn work(&mut self, index: usize, life: u64, ticket: Ticket, errand: Errand) {
        let Some(unit) = self.units.get(index).filter(|unit| unit.life == life) else {
            return;
        };
        let outcome = match errand {
            Errand::Keep { record, bytes } => {
                self.stored_outcome(index, Write::Keep(record, bytes))
            }
            Errand::Forget { record } => self.stored_outcome(index, Write::Forget(record)),
            Errand::Append { bytes } => self.stored_outcome(index, Write::Append(bytes)),
            Errand::Rewrite { bytes } => self.stored_outcome(index, Write::Rewrite(bytes)),
            Errand::Remove { slot, path } => self.stored_outcome(index, Write::Remove(slot, path)),
            Errand::MakeKey { slot } => {
                let p256 = unit.p256;
                let key = Key::make(&mut self.random, p256);
                let public = key.public();
                let written = self.write(index, Write::Key(slot, key));
                written.map(|written| Outcome::KeyMade(result(written).map(|()| public)))
            }
            Errand::Seal {
                slot,
                content_type,
                payload,
            } => {
                let key = unit.disk.keys.get(&slot);
                let key = key.ok_or_else(|| StorageFailure::Other("no such key".to_string()));
                Some(Outcome::Sealed(key.map(|key| {
                    envelope::seal(content_type, &payload, key.signer())
                })))
            }
            Errand::Measure { slot } => Some(Outcome::Measured(Ok(unit.disk.measure(slot)))),
            Errand::Install {
                slot, file, from, ..
            } => self.copy(index, slot, &file, from),
            Errand::Configure { slot } => Some(Outcome::Configured(unit.settings(slot))),
            Errand::SelfTest { credential } => {
                Some(Outcome::SelfTested(unit.self_test(credential)))
            }
            Errand::Actuate { flow, .. } => Some(Outcome::Actuated(match flow.as_str() {
                "lock" => Ok(b"{\"locked\":true}".to_vec()),
                other => Err(format!("there is no {other} here")),
            })),
            Errand::Ask(_) | Errand::Certify(_) => None,
        };
        if let Some(outcome) = outcome {
            self.answer(index, life, ticket, outcome);
        }
    }

    fn stored_outcome(&mut self, index: usize, write: Write) -> Option<Outcome> {
        let written = self.write(index, write)?;
        Some(Outcome::Stored(result(written)))
    }

    /// Copies a file from the other slot.
    fn copy(
        &mut self,
        index: usize,
        slot: Slot,
        file: &ReleaseFile,
        from: PathSource,
    ) -> Option<Outcome> {
        let PathSource::Slot(source) = from else {
            return None;
        };
        let files = self.units.get(index)?.disk.files.get(&source);
        let mut contents = files.into_iter().flatten().map(|(_, (content, _))| content);
        let found =
            contents.find(|content| <[u8; 32]>::from(Sha256::digest(content)) == file.sha256);
        let Some(content) = found.cloned() else {
            let failure = LinkFailure::Malformed("the other slot does not have it".to_string());
            return Some(Outcome::Installed(Err(failure)));
        };
        self.install(index, slot, file, content)
    }

    fn install(
        &mut self,
        index: usize,
        slot: Slot,
        file: &ReleaseFile,
        content: Vec<u8>,
    ) -> Option<Outcome> {
        let write = Write::Install(slot, file.path.clone(), (content, file.executable));
        let written = self.write(index, write)?;
        Some(Outcome::Installed(
            result(written).map_err(LinkFailure::Storage),
        ))
    }

    /// A request reaches the server.
    pub(super) fn request(&mut self, request: Request) {
        let Request {
            unit: index,
            life,
            ticket,
            errand,
        } = request;
        let Some(unit) = self.units.get(index).filter(|unit| unit.life == life) else {
            return;
        };
        if unit.parted || !self.server_up {
            let outcome = unreachable_outcome(&errand, "no answer");
            return self.answer_after(Duration::from_millis(300), index, life, ticket, outcome);
        }
        self.trace
            .note(self.now, format_args!("{index} asks {}", about(&errand)));
        let outcome = match errand {
            Errand::Ask(request) => Outcome::Answered(self.ask(index, &request)),
            Errand::Certify(request) => match self.certify(index, life, ticket, &request) {
                Ok(()) => return,
                Err(failure) => Outcome::Issued(Err(failure)),
            },
            Errand::Install {
                slot,
                file,
                from: PathSource::Server { credential },
                at,
            } => match self.fetch(index, &file, credential, at) {
                Ok(content) => match self.install(index, slot, &file, content) {
                    Some(outcome) => outcome,
                    None => return,
                },
                Err(failure) => Outcome::Installed(Err(failure)),
            },
            _ => return,
        };
        self.reply(index, life, ticket, outcome);
    }

    /// The server answers; the answer may be lost on its way.
    pub(super) fn reply(&mut self, index: usize, life: u64, ticket: Ticket, outcome: Outcome) {
        let now = self.now;
        let Some(unit) = self.units.get_mut(index) else {
            return;
        };
        if unit.loses_answers > 0 || unit.parted {
            unit.loses_answers = unit.loses_answers.saturating_sub(1);
            let failure = LinkFailure::Unreachable("the answer was lost".to_string());
            let outcome = match outcome {
                Outcome::Issued(_) => Outcome::Issued(Err(failure)),
                Outcome::Installed(_) => Outcome::Installed(Err(failure)),
                _ => Outcome::Answered(Err(failure)),
            };
            return self.answer_after(Duration::from_secs(2), index, life, ticket, outcome);
        }
        let delay = unit.latency(now, &mut self.random);
        self.answer_after(delay, index, life, ticket, outcome);
    }

    /// Who asks, by the credential that it shows.
    fn client(
        &mut self,
        index: usize,
        credential: CredentialSlot,
        expired_too: bool,
    ) -> Result<Client, LinkFailure> {
        let unit = self.units.get(index);
        let source = unit.map(|unit| unit.source.clone()).unwrap_or_default();
        let presented = unit.map(|unit| {
            let (certificate, key) = unit.credential(credential);
            let key = key.map(Key::public).unwrap_or_default();
            Presented { certificate, key }
        });
        self.admit(&presented.unwrap_or_default(), &source, expired_too)
            .map_err(|reason| LinkFailure::CredentialRefused(reason.to_string()))
    }

    fn ask(
        &mut self,
        index: usize,
        request: &HttpRequest,
    ) -> Result<sekimori_device::HttpResponse, LinkFailure> {
        if let ServerCheck::At(at) = request.server {
            self.server_is_valid(at)?;
        }
        let client = match request.credential {
            Some(credential) => Some(self.client(index, credential, false)?),
            None => None,
        };
        self.control.get(&request.path, client.as_ref())
    }

    fn fetch(
        &mut self,
        index: usize,
        file: &ReleaseFile,
        credential: CredentialSlot,
        at: Timestamp,
    ) -> Result<Vec<u8>, LinkFailure> {
        self.server_is_valid(at)?;
        self.client(index, credential, false)?;
        let blob = self.control.releases.blob(&file.sha256).cloned();
        blob.ok_or_else(|| LinkFailure::Refused {
            status: 404,
            code: "SK-UPD-001".to_string(),
            message: String::new(),
        })
    }

    /// A certificate is asked for. It goes out when its entry is cosigned, so that this only begins it.
    fn certify(
        &mut self,
        index: usize,
        life: u64,
        ticket: Ticket,
        request: &CertificateRequest,
    ) -> Result<(), LinkFailure> {
        let (CertificateRequest::Enroll { key, at, .. }
        | CertificateRequest::Renew { key, at, .. }) = request;
        self.server_is_valid(*at)?;
        let unit = self.units.get(index);
        let source = unit.map(|unit| unit.source.clone()).unwrap_or_default();
        let public = unit
            .and_then(|unit| unit.disk.keys.get(key))
            .map(Key::public);
        let public = public.unwrap_or_default();
        let (certified, orders) = match request {
            CertificateRequest::Enroll { name, code, .. } => {
                self.control.enroll(self.now, &source, name, code, &public)
            }
            CertificateRequest::Renew {
                credential, name, ..
            } => {
                let client = self.client(index, *credential, true)?;
                self.control
                    .renew(self.now, &source, &client, name, &public)
            }
        };
        self.orders.extend(orders);
        match certified {
            Certified::Made(certificate, entry) => {
                self.hand_out(index, life, ticket, certificate, entry);
                Ok(())
            }
            Certified::Refused(status, code, message) => Err(LinkFailure::Refused {
                status,
                code,
                message,
            }),
        }
    }
}

fn result(written: Written) -> Result<(), StorageFailure> {
    match written {
        Written::Done => Ok(()),
        Written::Failed(failure) => Err(failure),
        Written::PowerCut(_) => Err(StorageFailure::Other("power failed".to_string())),
    }
}

/// What an errand comes to when nobody answers.
fn unreachable_outcome(errand: &Errand, why: &str) -> Outcome {
    let failure = LinkFailure::Unreachable(why.to_string());
    match errand {
        Errand::Certify(_) => Outcome::Issued(Err(failure)),
        Errand::Install { .. } => Outcome::Installed(Err(failure)),
        _ => Outcome::Answered(Err(failure)),
    }
}

/// What an errand is about, in a few words.
fn about(errand: &Errand) -> String {
    match errand {
        Errand::Ask(request) => request.path.clone(),
        Errand::Certify(CertificateRequest::Enroll { .. }) => "for a first certificate".to_string(),
        Errand::Certify(CertificateRequest::Renew { .. }) => "for a new certificate".to_string(),
        Errand::Install { file, .. } => format!("for {}", file.path),
        _ => "nothing".to_string(),
    }
}
