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
//!
//! Here stands what is done next; what comes back of it is taken in `outcomes`.

use crate::context::Context;
use crate::errand::{
    CertificateRequest, Errand, HttpRequest, IssuedCertificate, LinkFailure, Method, ServerCheck,
};
use crate::membership::{Credential, Membership, Refused};
use crate::pause::Backoff;
use crate::proven::{MAX_DOCUMENT, MembershipProof};
use crate::record::{CredentialSlot, Record};
use crate::renewal;
use crate::words::{Invitation, Note};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_identity::TrustBundle;

mod outcomes;

pub(crate) use outcomes::{answered, stored};

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
