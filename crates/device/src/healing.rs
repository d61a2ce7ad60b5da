//! Is it still the software that was released? If not, make it so, without a human.
//!
//! ```text
//! Resting ─▶ Measuring ─▶ as released ─▶ Resting
//!                │ deviation
//!                ▼
//!             Telling ─▶ (Fetching ─▶ Saving, when the signed release is damaged too) ─▶ Installing ─▶ Testing ─▶ Resting
//! ```
//!
//! The deviation is told before it is mended, so that the gateway can contain the device; but a gateway that does not
//! listen does not keep a device from healing.

use crate::context::Context;
use crate::enrollment::{answered, stored};
use crate::errand::{Errand, HttpRequest, LinkFailure, Method, Outcome, ServerCheck};
use crate::firmware::Firmware;
use crate::installing::Installation;
use crate::offer::{self, Offer};
use crate::pause::Backoff;
use crate::proven::MAX_DOCUMENT;
use crate::record::{CredentialSlot, Record};
use crate::words::Note;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use sekimori_identity::TrustBundle;
use sekimori_update::measure::{Deviation, DeviationKind, Measured, deviations};
use sekimori_update::report::Integrity;
use sekimori_update::slots::Slot;
use sekimori_update::targets::Expiry;

/// How long the repair waits for the report of the deviation to be heard.
const TELL_WITHIN: Duration = Duration::from_secs(2);
/// Failures that one repair survives before it measures anew; repairs have no end.
const BUDGET: u32 = 20;

enum State {
    Resting,
    Measuring,
    Telling { until: Duration },
    Fetching,
    Saving(Vec<u8>, Box<Offer>),
    Installing(Box<Installation>),
    Testing,
}

/// What the device has to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing.
    None,
    /// The integrity changed: report it.
    Changed,
    /// Everything is as released again.
    Restored {
        /// The program itself was replaced, and may have run in its changed form.
        program: bool,
    },
}

/// Everything that a repair is made of.
pub(crate) struct Material<'a> {
    pub(crate) trust: Option<&'a TrustBundle>,
    pub(crate) firmware: &'a mut Firmware,
    pub(crate) credential: Option<CredentialSlot>,
    /// Whether the report of the deviation was heard.
    pub(crate) heard: bool,
    /// Whether a deviation is only told, because the release is on trial and would be left.
    pub(crate) trial: bool,
}

/// The machine.
pub(crate) struct Healing {
    state: State,
    next: Duration,
    backoff: Backoff,
    pauses: Backoff,
    /// `None` until the first measurement.
    integrity: Option<Integrity>,
    measured: Vec<Measured>,
    since: Option<Duration>,
    restored: Option<Duration>,
    /// The program differed when this start measured first.
    program: bool,
    first: bool,
    self_test: Option<Result<(), String>>,
}

impl Healing {
    /// A machine that measures at once.
    pub(crate) fn new(backoff: Backoff, pauses: Backoff) -> Self {
        Self {
            state: State::Resting,
            next: Duration::ZERO,
            backoff,
            pauses,
            integrity: None,
            measured: Vec::new(),
            since: None,
            restored: None,
            program: false,
            first: true,
            self_test: None,
        }
    }

    /// Measure now.
    pub(crate) fn attend(&mut self) {
        if matches!(self.state, State::Resting) {
            self.next = Duration::ZERO;
        }
    }

    /// New settings: measure again at the latest then.
    pub(crate) fn no_later_than(&mut self, at: Duration) {
        if matches!(self.state, State::Resting) {
            self.next = self.next.min(at);
        }
    }

    /// Whether the files were measured and are as released; without a release there is nothing that could differ.
    pub(crate) fn holds(&self) -> bool {
        self.since.is_none()
            && self
                .integrity
                .as_ref()
                .is_some_and(|integrity| integrity.held)
    }

    /// The newest answer, for the report and the trial.
    pub(crate) fn integrity(&self) -> Option<&Integrity> {
        self.integrity.as_ref()
    }

    /// The newest measurement of the running slot.
    pub(crate) fn measured(&self) -> &[Measured] {
        &self.measured
    }

    /// How long the newest restoration took.
    pub(crate) fn restored(&self) -> Option<Duration> {
        self.restored
    }

    /// The result of a self-test after a repair, once.
    pub(crate) fn take_self_test(&mut self) -> Option<Result<(), String>> {
        self.self_test.take()
    }

    /// The next errand.
    pub(crate) fn next(
        &mut self,
        context: &Context<'_>,
        material: &Material<'_>,
    ) -> Option<Errand> {
        if context.now < self.next {
            return None;
        }
        let Some(slot) = material.firmware.running() else {
            self.integrity.get_or_insert(Integrity {
                held: true,
                deviations: Vec::new(),
            });
            return None;
        };
        if matches!(self.state, State::Resting) {
            self.state = State::Measuring;
        }
        if let State::Telling { until } = self.state
            && (material.heard || context.now >= until)
        {
            self.repair(material.firmware, slot);
        }
        match &mut self.state {
            State::Resting | State::Telling { .. } => None,
            State::Measuring => Some(Errand::Measure { slot }),
            State::Fetching => {
                let version = &material.firmware.installed()?.version;
                Some(Errand::Ask(HttpRequest {
                    method: Method::Get,
                    path: format!("/api/v1/devices/self/repair?release={version}"),
                    server: ServerCheck::At(context.time),
                    credential: Some(material.credential?),
                    limit: MAX_DOCUMENT,
                }))
            }
            State::Saving(document, _) => Some(Errand::Keep {
                record: Record::Release(slot),
                bytes: document.clone(),
            }),
            State::Installing(installation) => installation.next(context, material.credential?),
            State::Testing => Some(Errand::SelfTest {
                credential: material.credential,
            }),
        }
    }

    /// Takes its outcome. `every` is the time between two measurements.
    pub(crate) fn done(
        &mut self,
        context: &mut Context<'_>,
        material: &mut Material<'_>,
        every: Duration,
        outcome: Outcome,
    ) -> Progress {
        let Some(slot) = material.firmware.running() else {
            self.state = State::Resting;
            return Progress::None;
        };
        match core::mem::replace(&mut self.state, State::Resting) {
            State::Resting => Progress::None,
            State::Telling { until } => {
                self.state = State::Telling { until };
                Progress::None
            }
            State::Measuring => self.measured_now(context, material, every, outcome),
            State::Fetching => {
                self.fetched(context, material, answered(outcome));
                Progress::None
            }
            State::Saving(document, offer) => {
                match stored(outcome) {
                    Ok(()) => {
                        material.firmware.adopt(slot, *offer);
                        self.repair(material.firmware, slot);
                    }
                    Err(failure) => {
                        self.state = State::Saving(document, offer);
                        self.pause(context, "store the signed release", failure);
                    }
                }
                Progress::None
            }
            State::Installing(mut installation) => {
                match installation.done(context, outcome) {
                    None => self.state = State::Installing(installation),
                    Some(Ok(())) => self.state = State::Testing,
                    Some(Err(gave_up)) => {
                        let because = LinkFailure::Malformed(gave_up.why);
                        self.pause(context, "repair", because);
                    }
                }
                Progress::None
            }
            State::Testing => self.tested(context, every, outcome),
        }
    }

    /// When to ask [`Self::next`] again.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        match &self.state {
            State::Telling { until } => Some(*until),
            State::Installing(installation) => installation.wake_at(),
            _ => Some(self.next),
        }
    }

    fn measured_now(
        &mut self,
        context: &mut Context<'_>,
        material: &Material<'_>,
        every: Duration,
        outcome: Outcome,
    ) -> Progress {
        let found = match outcome {
            Outcome::Measured(Ok(found)) => found,
            Outcome::Measured(Err(failure)) => {
                self.pause(context, "measure", LinkFailure::Storage(failure));
                return Progress::None;
            }
            _ => return Progress::None,
        };
        let Some(slot) = material.firmware.running() else {
            return Progress::None;
        };
        let release = material.firmware.release(slot);
        let differences = match release {
            Some(release) => deviations(release, &found),
            // The signed release itself is gone or damaged: nothing can be said to be as released.
            None => Vec::from([Deviation {
                path: "(signed release)".to_string(),
                kind: DeviationKind::Missing,
            }]),
        };
        self.program |= self.first
            && differences.iter().any(|difference| {
                release.is_none_or(|release| {
                    let mut files = release.files.iter();
                    files.any(|file| file.path == difference.path && file.executable)
                })
            });
        self.first = false;
        self.measured = found;
        self.backoff.succeed();
        let integrity = Integrity {
            held: differences.is_empty(),
            deviations: differences,
        };
        let changed = self.integrity.as_ref() != Some(&integrity);
        let held = integrity.held;
        if !held && changed {
            context.notes.push(Note::Deviation {
                files: integrity
                    .deviations
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            });
        }
        self.integrity = Some(integrity);
        if !held {
            self.since.get_or_insert(context.now);
            if material.trial {
                // The trial ends here; nothing is mended that will be left.
                self.next = context.now.saturating_add(every);
            } else {
                self.next = context.now;
                self.state = State::Telling {
                    until: context.now.saturating_add(TELL_WITHIN),
                };
            }
        } else if self.since.is_some() {
            // Somebody else mended it, or a power cut came before the self-test.
            self.next = context.now;
            self.state = State::Testing;
        } else {
            self.next = context.now.saturating_add(every);
        }
        if changed {
            Progress::Changed
        } else {
            Progress::None
        }
    }

    fn repair(&mut self, firmware: &Firmware, slot: Slot) {
        self.state = match firmware.release(slot) {
            Some(release) => State::Installing(Box::new(Installation::new(
                slot,
                release.clone(),
                Vec::new(),
                self.pauses.clone(),
                BUDGET,
            ))),
            None => State::Fetching,
        };
    }

    fn fetched(
        &mut self,
        context: &mut Context<'_>,
        material: &Material<'_>,
        answer: Result<Vec<u8>, LinkFailure>,
    ) {
        let verified = answer.and_then(|document| {
            let trust = material
                .trust
                .ok_or_else(|| LinkFailure::Malformed("no trust bundle".to_string()))?;
            let offer = offer::verify(trust, &document, Expiry::MayHavePassed)
                .map_err(|error| LinkFailure::Malformed(error.why))?;
            if material.firmware.installed() == Some(&offer.installed) {
                Ok((document, offer))
            } else {
                Err(LinkFailure::Malformed(
                    "another release than the one that runs".to_string(),
                ))
            }
        });
        match verified {
            Ok((document, offer)) => self.state = State::Saving(document, Box::new(offer)),
            Err(failure) => {
                self.state = State::Fetching;
                self.pause(context, "fetch the signed release", failure);
            }
        }
    }

    fn tested(&mut self, context: &mut Context<'_>, every: Duration, outcome: Outcome) -> Progress {
        let result = match outcome {
            Outcome::SelfTested(result) => result,
            _ => Err("no answer".to_string()),
        };
        self.self_test = Some(result.clone());
        if let Err(why) = result {
            context.notes.push(Note::SelfTestFailed(why.clone()));
            self.pause(context, "pass the self-test", LinkFailure::Malformed(why));
            return Progress::Changed;
        }
        let since = self.since.take().unwrap_or(context.now);
        let after = context.now.saturating_sub(since);
        self.restored = Some(after);
        self.integrity = Some(Integrity {
            held: true,
            deviations: Vec::new(),
        });
        self.next = context.now.saturating_add(every);
        context.notes.push(Note::Restored { after });
        Progress::Restored {
            program: core::mem::take(&mut self.program),
        }
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
