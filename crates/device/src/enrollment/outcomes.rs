//! What comes back of the errands of [`Enrollment`]: checked, kept, or asked for again.

use super::{Enrollment, Next, Stage};
use crate::context::Context;
use crate::errand::{IssuedCertificate, LinkFailure, Outcome, StorageFailure};
use crate::membership::{Credential, Membership, Preparing};
use crate::proven::{self, MembershipProof};
use crate::words::Note;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use sekimori_identity::{Fingerprint, SpkiHash, TrustBundle};

impl Enrollment {
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
