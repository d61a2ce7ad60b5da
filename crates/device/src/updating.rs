//! From an offer to a slot that waits for its trial.
//!
//! ```text
//! Resting ─▶ Asking ─▶ (verified, not older) SaveBegin ─▶ SaveRelease ─▶ SaveAttempt ─▶ Installing ─▶ SaveWritten ─▶ Restart
//!    ▲          │ refused: SaveAttempt                                                      │ given up: SaveFailed
//!    └──────────┴───────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! After a power cut in the middle the device asks again; if the offer is still the same, it goes on with what is
//! already written.

use crate::context::Context;
use crate::enrollment::{answered, stored};
use crate::errand::{Errand, HttpRequest, LinkFailure, Method, Outcome, ServerCheck};
use crate::firmware::{Attempt, Firmware};
use crate::installing::{GaveUp, Installation};
use crate::offer::{self, Offer};
use crate::pause::Backoff;
use crate::proven::MAX_DOCUMENT;
use crate::record::{CredentialSlot, Record};
use crate::words::Note;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use sekimori_identity::TrustBundle;
use sekimori_update::measure::Measured;
use sekimori_update::report::UpdateResult;
use sekimori_update::slots::{Phase, Reason, Refusal, Slot, SlotState};
use sekimori_update::targets::Expiry;

/// Failures that one installation survives.
const BUDGET: u32 = 40;

enum State {
    Resting,
    Asking,
    SaveBegin(Box<SlotState>, Slot, Box<Offer>),
    SaveRelease(Slot, Box<Offer>),
    SaveAttempt(Attempt, Option<(Slot, Box<Offer>)>),
    Installing(Box<Installation>),
    SaveWritten(Box<SlotState>),
    SaveFailed(Box<SlotState>, Attempt),
    Restarting,
}

/// What the device has to do for the update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing.
    None,
    /// How the last update ended is known now: report it.
    Ended,
    /// Start again, for the trial.
    Restart,
}

/// Everything that an update is made of.
pub(crate) struct Material<'a> {
    pub(crate) trust: &'a TrustBundle,
    pub(crate) firmware: &'a mut Firmware,
    pub(crate) credential: CredentialSlot,
    /// The newest measurement of the running slot.
    pub(crate) running: &'a [Measured],
}

/// The machine.
pub(crate) struct Updating {
    state: State,
    next: Duration,
    backoff: Backoff,
    pauses: Backoff,
    document: Vec<u8>,
}

impl Updating {
    /// A machine that asks at once; `pauses` is for installing.
    pub(crate) fn new(backoff: Backoff, pauses: Backoff) -> Self {
        Self {
            state: State::Resting,
            next: Duration::ZERO,
            backoff,
            pauses,
            document: Vec::new(),
        }
    }

    /// Ask now.
    pub(crate) fn attend(&mut self) {
        if matches!(self.state, State::Resting) {
            self.next = Duration::ZERO;
        }
    }

    /// New settings: ask again at the latest then.
    pub(crate) fn no_later_than(&mut self, at: Duration) {
        if matches!(self.state, State::Resting) {
            self.next = self.next.min(at);
        }
    }

    /// The next errand.
    pub(crate) fn next(
        &mut self,
        context: &Context<'_>,
        material: &Material<'_>,
    ) -> Option<Errand> {
        if matches!(self.state, State::Resting) && context.now >= self.next {
            self.state = State::Asking;
        }
        if context.now < self.next {
            return None;
        }
        match &mut self.state {
            State::Resting | State::Restarting => None,
            State::Asking => Some(Errand::Ask(HttpRequest {
                method: Method::Get,
                path: "/api/v1/devices/self/update".to_string(),
                server: ServerCheck::At(context.time),
                credential: Some(material.credential),
                limit: MAX_DOCUMENT,
            })),
            State::SaveBegin(slots, ..)
            | State::SaveWritten(slots)
            | State::SaveFailed(slots, _) => Some(Errand::Keep {
                record: Record::Slots,
                bytes: slots.encode(),
            }),
            State::SaveRelease(slot, _) => Some(Errand::Keep {
                record: Record::Release(*slot),
                bytes: self.document.clone(),
            }),
            State::SaveAttempt(attempt, _) => Some(Errand::Keep {
                record: Record::LastUpdate,
                bytes: attempt.encode(),
            }),
            State::Installing(installation) => installation.next(context, material.credential),
        }
    }

    /// Takes its outcome. `every` is the time between two questions.
    pub(crate) fn done(
        &mut self,
        context: &mut Context<'_>,
        material: &mut Material<'_>,
        every: Duration,
        outcome: Outcome,
    ) -> Progress {
        match core::mem::replace(&mut self.state, State::Resting) {
            State::Resting => Progress::None,
            State::Restarting => {
                self.state = State::Restarting;
                Progress::None
            }
            State::Asking => {
                self.asked(context, material, every, outcome);
                Progress::None
            }
            State::Installing(installation) => {
                self.installed(context, material, *installation, outcome)
            }
            saving => match stored(outcome) {
                Ok(()) => {
                    self.backoff.succeed();
                    self.saved(context, material, every, saving)
                }
                Err(failure) => {
                    self.state = saving;
                    self.pause(context, "store the update's state", failure);
                    Progress::None
                }
            },
        }
    }

    /// When to ask [`Self::next`] again.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        match &self.state {
            State::Restarting => None,
            State::Installing(installation) => installation.wake_at(),
            _ => Some(self.next),
        }
    }

    fn asked(
        &mut self,
        context: &mut Context<'_>,
        material: &Material<'_>,
        every: Duration,
        outcome: Outcome,
    ) {
        if matches!(&outcome, Outcome::Answered(Ok(response)) if response.status == 204) {
            self.backoff.succeed();
            self.next = context.now.saturating_add(every);
            self.give_up_writing(context, material.firmware, "the offer was withdrawn");
            return;
        }
        let document = match answered(outcome) {
            Ok(document) => document,
            Err(failure) => {
                self.pause(context, "ask for an update", failure);
                return;
            }
        };
        self.backoff.succeed();
        self.next = context.now.saturating_add(every);
        match offer::verify(material.trust, &document, Expiry::MustHoldAt(context.time)) {
            Ok(offer) => {
                self.document = document;
                self.consider(context, material.firmware, offer);
            }
            Err(error) => {
                if self.give_up_writing(context, material.firmware, &error.why) {
                    return;
                }
                let version = error.version.unwrap_or_else(|| "unknown".to_string());
                self.refuse(
                    context,
                    material.firmware,
                    version,
                    String::new(),
                    error.why,
                );
            }
        }
    }

    fn consider(&mut self, context: &mut Context<'_>, firmware: &Firmware, offer: Offer) {
        let mut slots = firmware.slots.clone();
        if let Phase::Writing { to, release, .. } = slots.phase().clone() {
            if release == offer.installed {
                self.next = context.now;
                self.state = State::SaveRelease(to, Box::new(offer));
                return;
            }
            self.give_up_writing(context, firmware, "another release is offered");
            return;
        }
        match slots.begin(&offer.installed) {
            Ok(slot) => {
                self.next = context.now;
                self.state = State::SaveBegin(Box::new(slots), slot, Box::new(offer));
            }
            // Nothing new is said by saying it again.
            Err(Refusal::AlreadyInstalled | Refusal::FailedBefore(_) | Refusal::Busy) => {}
            Err(refusal) => {
                let targets = hex::encode(offer.installed.targets_sha256);
                let version = offer.installed.version;
                self.refuse(context, firmware, version, targets, refusal.to_string());
            }
        }
    }

    /// Leaves what was being written before a restart and is not offered any more. Answers whether there was any.
    fn give_up_writing(&mut self, context: &Context<'_>, firmware: &Firmware, why: &str) -> bool {
        let Phase::Writing { release, .. } = firmware.slots.phase() else {
            return false;
        };
        let attempt = Attempt::refused(release, why);
        let mut slots = firmware.slots.clone();
        if slots.set_aside().is_err() {
            return false;
        }
        self.next = context.now;
        self.state = State::SaveFailed(Box::new(slots), attempt);
        true
    }

    fn refuse(
        &mut self,
        context: &mut Context<'_>,
        firmware: &Firmware,
        version: String,
        targets: String,
        why: String,
    ) {
        let attempt = Attempt {
            version: version.clone(),
            targets,
            ended: Some((UpdateResult::Refused, Some(why.clone()))),
        };
        if firmware.attempt.as_ref() == Some(&attempt) {
            return;
        }
        context.notes.push(Note::UpdateFailed {
            version: Some(version),
            why,
        });
        self.next = context.now;
        self.state = State::SaveAttempt(attempt, None);
    }

    fn saved(
        &mut self,
        context: &mut Context<'_>,
        material: &mut Material<'_>,
        every: Duration,
        saving: State,
    ) -> Progress {
        match saving {
            State::SaveBegin(slots, slot, offer) => {
                material.firmware.slots = *slots;
                self.state = State::SaveRelease(slot, offer);
            }
            State::SaveRelease(slot, offer) => {
                material.firmware.adopt(slot, (*offer).clone());
                let attempt = Attempt {
                    version: offer.installed.version.clone(),
                    targets: hex::encode(offer.installed.targets_sha256),
                    ended: None,
                };
                self.state = State::SaveAttempt(attempt, Some((slot, offer)));
            }
            State::SaveAttempt(attempt, begun) => {
                material.firmware.attempt = Some(attempt);
                let Some((slot, offer)) = begun else {
                    self.next = context.now.saturating_add(every);
                    return Progress::Ended;
                };
                let running = material.running.to_vec();
                let pauses = self.pauses.clone();
                let installation = Installation::new(slot, offer.release, running, pauses, BUDGET);
                self.state = State::Installing(Box::new(installation));
            }
            State::SaveWritten(slots) => {
                material.firmware.slots = *slots;
                self.state = State::Restarting;
                let attempt = material.firmware.attempt.as_ref();
                context.notes.push(Note::TrialReady {
                    version: attempt
                        .map(|attempt| attempt.version.clone())
                        .unwrap_or_default(),
                });
                return Progress::Restart;
            }
            State::SaveFailed(slots, attempt) => {
                material.firmware.slots = *slots;
                let reason = attempt.ended.as_ref().and_then(|(_, why)| why.clone());
                context.notes.push(Note::UpdateFailed {
                    version: Some(attempt.version.clone()),
                    why: reason.unwrap_or_default(),
                });
                self.state = State::SaveAttempt(attempt, None);
            }
            other => self.state = other,
        }
        Progress::None
    }

    fn installed(
        &mut self,
        context: &mut Context<'_>,
        material: &Material<'_>,
        mut installation: Installation,
        outcome: Outcome,
    ) -> Progress {
        let mut slots = material.firmware.slots.clone();
        let written = match slots.phase() {
            Phase::Writing { release, .. } => Some(release.clone()),
            _ => None,
        };
        self.state = match installation.done(context, outcome) {
            None => State::Installing(Box::new(installation)),
            Some(Ok(())) if slots.written().is_ok() => State::SaveWritten(Box::new(slots)),
            Some(Ok(())) => State::Resting,
            Some(Err(GaveUp { release, why })) => {
                let left = if release {
                    slots.fail(Reason::FilesRefused(why.clone())).is_ok()
                } else {
                    slots.set_aside().is_ok()
                };
                match written.filter(|_| left) {
                    Some(release) => {
                        State::SaveFailed(Box::new(slots), Attempt::refused(&release, &why))
                    }
                    None => State::Resting,
                }
            }
        };
        Progress::None
    }

    fn pause(&mut self, context: &mut Context<'_>, doing: &'static str, because: LinkFailure) {
        let after = self.backoff.fail(context.jitter);
        self.next = context.now.saturating_add(after);
        context.notes.push(Note::Retrying {
            doing,
            because,
            after,
        });
    }
}
