//! How a device gets its papers, the first time and again.
//!
//! ```text
//! Idle ─join─▶ SaveInvitation ─▶ FetchTrust ─▶ SaveTrust ─▶ MakeKey ─▶ SaveKey ─▶ Certify ─▶ SaveCertificate
//!   ▲                                             ▲                                              │
//!   │                                          renewal                                           ▼
//!   └──────── promotion after first use ◀── SaveProven ◀── SaveProof ◀── FetchProof ◀── SaveCandidate
//! ```
//!
//! Every `Save…` is durable before the next stage, so that after a power cut the stage follows from the records.
//! Nothing secret is sent before the fingerprint of the trust bundle is compared. The credential in use is not touched
//! until the new one was used.

use crate::context::Context;
use crate::errand::{
    CertificateRequest, Errand, HttpRequest, IssuedCertificate, LinkFailure, Method, Outcome,
    ServerCheck, StorageFailure,
};
use crate::membership::{Credential, Membership, Preparing, Refused};
use crate::pause::Backoff;
use crate::proven::{self, MAX_DOCUMENT, MembershipProof};
use crate::record::{CredentialSlot, Record};
use crate::renewal;
use crate::words::{Invitation, Note};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_identity::{Fingerprint, SpkiHash, TrustBundle};

/// Largest trust bundle that is read, in bytes.
const MAX_BUNDLE: u32 = 16 * 1024;

#[derive(Clone, Debug)]
enum Stage {
    /// Nothing to do: a stranger, refused, or a member.
    Idle,
    FetchTrust,
    SaveTrust(Vec<u8>, Box<TrustBundle>),
    MakeKey,
    Certify,
    SaveCertificate(IssuedCertificate),
    FetchProof,
    SaveProof(Vec<u8>, MembershipProof),
    /// The membership becomes this once it is durable; then comes the next stage.
    Save(Box<Membership>, Next),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Idle,
    FetchTrust,
    Certify,
    FetchProof,
    Promoted(CredentialSlot),
}

/// The machine, and the owner of the membership and the trust bundle.
#[derive(Clone, Debug)]
pub(crate) struct Enrollment {
    stage: Stage,
    membership: Option<Membership>,
    trust: Option<Box<TrustBundle>>,
    backoff: Backoff,
    retry_at: Option<Duration>,
    /// When the newest certificate came, by time since boot.
    certified_at: Option<Duration>,
    renewal_asked: bool,
    used: Option<CredentialSlot>,
    learned: Option<Timestamp>,
}

impl Enrollment {
    /// Goes on where the records end.
    pub(crate) fn new(
        membership: Option<Membership>,
        trust: Option<TrustBundle>,
        backoff: Backoff,
    ) -> Self {
        let stage = match &membership {
            None => Stage::Idle,
            Some(membership) if membership.refused.is_some() => Stage::Idle,
            Some(_) if trust.is_none() => Stage::FetchTrust,
            Some(membership) => {
                if membership.preparing.is_some() {
                    Stage::Certify
                } else if membership.candidate.as_ref().is_some_and(|new| !new.proven) {
                    Stage::FetchProof
                } else if membership.candidate.is_none() && membership.active.is_none() {
                    Stage::MakeKey
                } else {
                    Stage::Idle
                }
            }
        };
        Self {
            stage,
            membership,
            trust: trust.map(Box::new),
            backoff,
            retry_at: None,
            certified_at: None,
            renewal_asked: false,
            used: None,
            learned: None,
        }
    }

    /// The membership as it is on disk.
    pub(crate) fn membership(&self) -> Option<&Membership> {
        self.membership.as_ref()
    }

    /// The trust bundle whose fingerprint was compared.
    pub(crate) fn trust(&self) -> Option<&TrustBundle> {
        self.trust.as_deref()
    }

    /// Whether nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle)
    }

    /// Takes an invitation, unless the device is a member already.
    pub(crate) fn join(&mut self, context: &mut Context<'_>, invitation: Invitation) {
        if let Some(membership) = &self.membership
            && (membership.active.is_some() || membership.candidate.is_some())
        {
            context.notes.push(Note::AlreadyMember {
                name: membership.name.clone(),
            });
            return;
        }
        let mut next = Membership::invited(invitation);
        if let Some(old) = &self.membership
            && (&old.name, &old.root) == (&next.name, &next.root)
        {
            // The server may know the key from an attempt whose answer was lost.
            next.preparing = old.preparing.clone();
        }
        self.backoff.succeed();
        self.retry_at = None;
        self.trust = None;
        self.stage = Stage::Save(Box::new(next), Next::FetchTrust);
    }

    /// A connection was mutually authenticated with this credential.
    pub(crate) fn used(&mut self, slot: CredentialSlot) {
        self.used = Some(slot);
    }

    /// Somebody asks for a new certificate before it is due.
    pub(crate) fn renew(&mut self) {
        self.renewal_asked = true;
    }

    /// A moment has passed, by the word of witnesses: to be kept with the next change.
    pub(crate) fn learn(&mut self, floor: Timestamp) {
        self.learned = Some(floor);
    }

    /// The next errand. Its outcome goes to [`Self::done`] before this is called again.
    pub(crate) fn next(&mut self, context: &mut Context<'_>) -> Option<Errand> {
        if self.retry_at.is_some_and(|at| context.now < at) {
            return None;
        }
        self.retry_at = None;
        if self.is_idle() {
            self.leave_idle(context);
        }
        match &self.stage {
            Stage::Idle => None,
            Stage::FetchTrust => Some(Errand::Ask(HttpRequest {
                method: Method::Get,
                path: "/api/v1/trust".to_string(),
                server: ServerCheck::Unverified,
                credential: None,
                limit: MAX_BUNDLE,
            })),
            Stage::SaveTrust(bytes, _) => Some(Errand::Keep {
                record: Record::Trust,
                bytes: bytes.clone(),
            }),
            Stage::MakeKey => Some(Errand::MakeKey {
                slot: self.free_slot(),
            }),
            Stage::Certify => self.certify(context),
            Stage::SaveCertificate(issued) => Some(Errand::Keep {
                record: Record::Certificate(self.membership.as_ref()?.preparing.as_ref()?.slot),
                bytes: issued.chain.concat(),
            }),
            Stage::FetchProof => Some(Errand::Ask(HttpRequest {
                method: Method::Get,
                path: "/api/v1/devices/self/proof".to_string(),
                server: ServerCheck::At(context.time),
                credential: Some(self.membership.as_ref()?.candidate.as_ref()?.slot),
                limit: MAX_DOCUMENT,
            })),
            Stage::SaveProof(bytes, _) => Some(Errand::Keep {
                record: Record::Proof(self.membership.as_ref()?.candidate.as_ref()?.slot),
                bytes: bytes.clone(),
            }),
            Stage::Save(membership, _) => Some(Errand::Keep {
                record: Record::Membership,
                bytes: membership.encode(),
            }),
        }
    }

    /// Takes the outcome of the errand.
    pub(crate) fn done(&mut self, context: &mut Context<'_>, outcome: Outcome) {
        match core::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => {}
            Stage::FetchTrust => self.trust_fetched(context, answered(outcome)),
            Stage::SaveTrust(bytes, trust) => match stored(outcome) {
                Ok(()) => {
                    context.notes.push(Note::TrustCompared {
                        organization: trust.organization.to_string(),
                    });
                    self.trust = Some(trust);
                    let prepared = self
                        .membership
                        .as_ref()
                        .is_some_and(|m| m.preparing.is_some());
                    self.advance(if prepared {
                        Stage::Certify
                    } else {
                        Stage::MakeKey
                    });
                }
                Err(failure) => {
                    self.retry(
                        context,
                        Stage::SaveTrust(bytes, trust),
                        "store the trust bundle",
                        failure,
                    );
                }
            },
            Stage::MakeKey => match outcome {
                Outcome::KeyMade(Ok(public_key)) => {
                    let slot = self.free_slot();
                    self.save(Next::Certify, |membership| {
                        membership.preparing = Some(Preparing { slot, public_key });
                    });
                }
                Outcome::KeyMade(Err(failure)) => {
                    self.retry(
                        context,
                        Stage::MakeKey,
                        "make a key",
                        LinkFailure::Storage(failure),
                    );
                }
                _ => self.stage = Stage::MakeKey,
            },
            Stage::Certify => self.certified(context, outcome),
            Stage::SaveCertificate(issued) => self.certificate_saved(context, issued, outcome),
            Stage::FetchProof => self.proof_fetched(context, answered(outcome)),
            Stage::SaveProof(bytes, proof) => match stored(outcome) {
                Ok(()) => self.proof_saved(context, proof),
                Err(failure) => {
                    self.retry(
                        context,
                        Stage::SaveProof(bytes, proof),
                        "store the proof",
                        failure,
                    );
                }
            },
            Stage::Save(membership, next) => match stored(outcome) {
                Ok(()) => self.saved(context, *membership, next),
                Err(failure) => {
                    let stage = Stage::Save(membership, next);
                    self.retry(context, stage, "store the membership", failure);
                }
            },
        }
    }

    /// When to ask [`Self::next`] again.
    pub(crate) fn wake_at(&self, now: Duration, time: Timestamp) -> Option<Duration> {
        if let Some(at) = self.retry_at {
            return Some(at);
        }
        let active = self.idle_member().or_else(|| self.idle_candidate())?;
        let due = now.saturating_add(renewal::wait(active, time));
        Some(due.max(self.earliest_renewal(active, time)))
    }

    fn leave_idle(&mut self, context: &mut Context<'_>) {
        let Some(membership) = &self.membership else {
            return;
        };
        let used = self.used.take();
        // One that is due for renewal before it was used on MQTT was used with its proof, at least.
        if let Some(candidate) = &membership.candidate
            && (used == Some(candidate.slot)
                || candidate.proven && renewal::wait(candidate, context.time).is_zero())
        {
            let candidate = candidate.clone();
            self.save(Next::Promoted(candidate.slot), |membership| {
                membership.active = Some(candidate);
                membership.candidate = None;
                membership.code = None;
            });
            return;
        }
        if let Some(learned) = self.learned.take()
            && learned > membership.time_floor
        {
            self.save(Next::Idle, |membership| membership.time_floor = learned);
            return;
        }
        let asked = core::mem::take(&mut self.renewal_asked);
        if let Some(active) = self.idle_member() {
            let due = renewal::wait(active, context.time).is_zero()
                && context.now >= self.earliest_renewal(active, context.time);
            if due || asked {
                self.stage = Stage::MakeKey;
            }
        }
    }

    /// The credential in use, when nothing is under way that would replace it.
    fn idle_member(&self) -> Option<&Credential> {
        let membership = self.membership.as_ref().filter(|_| self.is_idle())?;
        let active = membership.active.as_ref()?;
        membership.candidate.is_none().then_some(active)
    }

    /// A credential that waits for its first use, when nothing is under way.
    fn idle_candidate(&self) -> Option<&Credential> {
        let membership = self.membership.as_ref().filter(|_| self.is_idle())?;
        membership.candidate.as_ref().filter(|new| new.proven)
    }

    /// A clock far in the future finds every certificate due at once: never renew without a pause.
    fn earliest_renewal(&self, active: &Credential, time: Timestamp) -> Duration {
        self.certified_at.map_or(Duration::ZERO, |at| {
            at.saturating_add(renewal::least_pause(active, time))
        })
    }

    fn free_slot(&self) -> CredentialSlot {
        let active = self.membership.as_ref().and_then(|m| m.active.as_ref());
        active.map_or(CredentialSlot::One, |active| active.slot.other())
    }

    fn certify(&self, context: &Context<'_>) -> Option<Errand> {
        let membership = self.membership.as_ref()?;
        let key = membership.preparing.as_ref()?.slot;
        let name = membership.name.clone();
        let at = context.time;
        Some(Errand::Certify(match &membership.active {
            Some(active) => CertificateRequest::Renew {
                key,
                credential: active.slot,
                name,
                at,
            },
            None => CertificateRequest::Enroll {
                key,
                name,
                code: membership.code.clone()?,
                at,
            },
        }))
    }

    fn trust_fetched(&mut self, context: &mut Context<'_>, answer: Result<Vec<u8>, LinkFailure>) {
        let bytes = match answer {
            Ok(bytes) => bytes,
            Err(failure) => {
                self.retry(
                    context,
                    Stage::FetchTrust,
                    "fetch the trust bundle",
                    failure,
                );
                return;
            }
        };
        let expected = self
            .membership
            .as_ref()
            .map(|m| m.root.clone())
            .unwrap_or_default();
        let observed = Fingerprint::of(&bytes);
        if expected.parse() != Ok(observed) {
            let observed = observed.to_string();
            context.notes.push(Note::WrongRoot {
                expected,
                observed: observed.clone(),
            });
            self.refused(
                "wrong-root".to_string(),
                format!("the server's bundle is {observed}"),
            );
            return;
        }
        match TrustBundle::decode(&bytes) {
            Ok(trust) => self.advance(Stage::SaveTrust(bytes, Box::new(trust))),
            Err(error) => {
                let failure = LinkFailure::Malformed(error.to_string());
                self.retry(context, Stage::FetchTrust, "read the trust bundle", failure);
            }
        }
    }

    fn certified(&mut self, context: &mut Context<'_>, outcome: Outcome) {
        let issued = match outcome {
            Outcome::Issued(issued) => issued,
            _ => Err(LinkFailure::Malformed("no certificate".to_string())),
        };
        let checked = issued.and_then(|issued| self.check_certificate(issued));
        let renewing = self.membership.as_ref().is_some_and(|m| m.active.is_some());
        match checked {
            Ok(issued) => self.advance(Stage::SaveCertificate(issued)),
            Err(failure) if !renewing && is_final(&failure) => {
                let (code, message) = words(&failure);
                context.notes.push(Note::EnrollmentRefused(failure));
                self.refused(code, message);
            }
            Err(failure) => {
                self.retry(context, Stage::Certify, "get a certificate", failure);
            }
        }
    }

    fn check_certificate(
        &self,
        issued: IssuedCertificate,
    ) -> Result<IssuedCertificate, LinkFailure> {
        let membership = self.membership.as_ref();
        let preparing = membership.and_then(|m| m.preparing.as_ref());
        if preparing.is_none_or(|preparing| preparing.public_key != issued.public_key) {
            return Err(LinkFailure::Malformed(
                "the certificate is for another key".to_string(),
            ));
        }
        if membership.is_none_or(|membership| membership.name != issued.name) {
            return Err(LinkFailure::Malformed(format!(
                "the certificate is for {}",
                issued.name
            )));
        }
        if issued.chain.is_empty() || issued.not_before >= issued.not_after {
            return Err(LinkFailure::Malformed(
                "the certificate is never valid".to_string(),
            ));
        }
        Ok(issued)
    }

    fn certificate_saved(
        &mut self,
        context: &mut Context<'_>,
        issued: IssuedCertificate,
        outcome: Outcome,
    ) {
        if let Err(failure) = stored(outcome) {
            self.retry(
                context,
                Stage::SaveCertificate(issued),
                "store the certificate",
                failure,
            );
            return;
        }
        context.notes.push(Note::CertificateIssued {
            not_after: issued.not_after,
        });
        self.certified_at = Some(context.now);
        self.save(Next::FetchProof, |membership| {
            if let Some(preparing) = membership.preparing.take() {
                membership.candidate = Some(Credential {
                    slot: preparing.slot,
                    public_key: preparing.public_key,
                    not_before: issued.not_before,
                    not_after: issued.not_after,
                    proven: false,
                });
            }
        });
    }

    fn proof_fetched(&mut self, context: &mut Context<'_>, answer: Result<Vec<u8>, LinkFailure>) {
        let verified = answer.and_then(|bytes| {
            let (membership, trust) = self
                .membership
                .as_ref()
                .zip(self.trust.as_deref())
                .ok_or_else(|| LinkFailure::Malformed("no trust bundle".to_string()))?;
            let key = membership
                .candidate
                .as_ref()
                .map(|c| SpkiHash::of_der(&c.public_key));
            let key = key.unwrap_or(SpkiHash([0; 32]));
            proven::verify_membership(trust, &bytes, &membership.name, &key)
                .map(|proof| (bytes, proof))
                .map_err(LinkFailure::Malformed)
        });
        match verified {
            Ok((bytes, proof)) => self.advance(Stage::SaveProof(bytes, proof)),
            Err(LinkFailure::CredentialRefused(_)) if self.candidate_ended(context) => {
                // It lay here until it had ended: another one for the same key.
                self.save(Next::Certify, |membership| {
                    membership.preparing = membership.candidate.take().map(|ended| Preparing {
                        slot: ended.slot,
                        public_key: ended.public_key,
                    });
                });
            }
            Err(failure) => self.retry(
                context,
                Stage::FetchProof,
                "verify the ledger's proof",
                failure,
            ),
        }
    }

    fn candidate_ended(&self, context: &Context<'_>) -> bool {
        let membership = self.membership.as_ref();
        let candidate = membership.and_then(|m| m.candidate.as_ref());
        candidate.is_some_and(|candidate| candidate.not_after < context.time)
    }

    fn proof_saved(&mut self, context: &mut Context<'_>, proof: MembershipProof) {
        context.notes.push(Note::ProofVerified {
            witnesses: proof.witnesses,
            number: Some(proof.number.to_string()),
        });
        self.save(Next::Idle, |membership| {
            membership.number = Some(proof.number.to_string());
            if proof.mqtt.is_some() {
                membership.told_mqtt = proof.mqtt;
            }
            membership.time_floor = proof
                .time
                .unwrap_or(membership.time_floor)
                .max(membership.time_floor);
            if let Some(candidate) = &mut membership.candidate {
                candidate.proven = true;
            }
        });
    }

    fn saved(&mut self, context: &mut Context<'_>, membership: Membership, next: Next) {
        self.membership = Some(membership);
        self.advance(match next {
            Next::Idle => Stage::Idle,
            Next::FetchTrust => Stage::FetchTrust,
            Next::Certify => Stage::Certify,
            Next::FetchProof => Stage::FetchProof,
            Next::Promoted(credential) => {
                context.notes.push(Note::Promoted { credential });
                Stage::Idle
            }
        });
    }

    fn refused(&mut self, code: String, message: String) {
        self.save(Next::Idle, |membership| {
            membership.code = None;
            membership.refused = Some(Refused { code, message });
        });
    }

    fn save(&mut self, next: Next, change: impl FnOnce(&mut Membership)) {
        if let Some(mut membership) = self.membership.clone() {
            change(&mut membership);
            self.advance(Stage::Save(Box::new(membership), next));
        }
    }

    fn advance(&mut self, stage: Stage) {
        self.backoff.succeed();
        self.stage = stage;
    }

    fn retry(
        &mut self,
        context: &mut Context<'_>,
        stage: Stage,
        doing: &'static str,
        because: LinkFailure,
    ) {
        let after = self.backoff.fail(context.jitter);
        self.retry_at = Some(context.now.saturating_add(after));
        self.stage = stage;
        context.notes.push(Note::Retrying {
            doing,
            because,
            after,
        });
    }
}

/// The body of a good answer.
pub(crate) fn answered(outcome: Outcome) -> Result<Vec<u8>, LinkFailure> {
    match outcome {
        Outcome::Answered(Ok(response)) if response.status == 200 => Ok(response.body),
        Outcome::Answered(Ok(response)) => Err(refusal(response.status, &response.body)),
        Outcome::Answered(Err(failure)) => Err(failure),
        _ => Err(LinkFailure::Malformed("no answer".to_string())),
    }
}

/// What a server's error says: `{"error":{"code":…,"message":…}}`, or only its status.
fn refusal(status: u16, body: &[u8]) -> LinkFailure {
    #[derive(serde::Deserialize)]
    struct Document {
        error: Words,
    }
    #[derive(serde::Deserialize)]
    struct Words {
        code: String,
        message: String,
    }
    match serde_json::from_slice::<Document>(body) {
        Ok(Document { error }) => LinkFailure::Refused {
            status,
            code: error.code,
            message: error.message,
        },
        Err(_) => LinkFailure::Refused {
            status,
            code: format!("HTTP {status}"),
            message: String::new(),
        },
    }
}

/// Whether it was written.
pub(crate) fn stored(outcome: Outcome) -> Result<(), LinkFailure> {
    match outcome {
        Outcome::Stored(stored) => stored.map_err(LinkFailure::Storage),
        _ => Err(LinkFailure::Storage(StorageFailure::Other(
            "no answer".to_string(),
        ))),
    }
}

/// Whether asking again with the same code is of no use.
fn is_final(failure: &LinkFailure) -> bool {
    matches!(failure, LinkFailure::Refused { status: 400..=499, .. }
        if !matches!(failure, LinkFailure::Refused { status: 408 | 425 | 429, .. }))
}

fn words(failure: &LinkFailure) -> (String, String) {
    match failure {
        LinkFailure::Refused { code, message, .. } => (code.clone(), message.clone()),
        other => ("refused".to_string(), format!("{other:?}")),
    }
}
