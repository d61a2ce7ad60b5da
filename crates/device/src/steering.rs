//! Which machine may send which errand when, and where its outcome goes.

use crate::clock::Verdict as ClockVerdict;
use crate::context::Context;
use crate::desk::Owner;
use crate::device::Device;
use crate::enrollment::{answered, stored};
use crate::errand::{Errand, HttpRequest, LinkFailure, Method, Outcome, ServerCheck};
use crate::outbox::Writing;
use crate::proven::timestamp;
use crate::record::{CredentialSlot, Record};
use crate::words::{Note, RestartReason, Settings};
use crate::{healing, trial, updating};
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;
use sekimori_update::report::{
    CONTENT_TYPE, Integrity, Restored, SelfTest, StateReport, UpdateResult,
};

/// Largest checkpoint that is read, in bytes.
const MAX_CHECKPOINT: u32 = 64 * 1024;
/// How long a restart waits for the last report to be heard and the journal to be written.
const LINGER: Duration = Duration::from_secs(2);

impl Device {
    /// The next errand of a machine that has none out.
    pub(crate) fn next_errand(
        &mut self,
        context: &mut Context<'_>,
        owner: Owner,
    ) -> Option<Errand> {
        match owner {
            Owner::Boot => self.count_start(context.now),
            Owner::Enrollment => {
                if let Some(invitation) = self.invitation.take() {
                    self.enrollment.join(context, invitation);
                }
                self.enrollment.next(context)
            }
            Owner::Clock => self.ask_for_time(context.now),
            Owner::Configure => {
                let ready = self.configured.is_none() && self.healing.holds();
                let slot = self.firmware.running();
                ready.then_some(Errand::Configure { slot })
            }
            Owner::Checkup => {
                let ready = !self.checked && self.configured.is_some() && self.trial.is_none();
                let credential = self.credential();
                ready.then_some(Errand::SelfTest { credential })
            }
            Owner::Healing => {
                let material = healing::Material {
                    trust: self.enrollment.trust(),
                    credential: self.credential(),
                    heard: self.reporting.is_heard(),
                    trial: self.firmware.on_trial(),
                    firmware: &mut self.firmware,
                };
                self.healing.next(context, &material)
            }
            Owner::Trial => self.next_of_trial(context),
            Owner::Updating => {
                if !self.may_update() {
                    return None;
                }
                let credential = self.credential()?;
                let material = updating::Material {
                    trust: self.enrollment.trust()?,
                    firmware: &mut self.firmware,
                    credential,
                    running: self.healing.measured(),
                };
                self.updating.next(context, &material)
            }
            Owner::Report => {
                let slot = self.link.credential()?;
                let ready = self.healing.integrity().is_some() || self.firmware.running().is_none();
                if !ready || !self.reporting.begin(context.now) {
                    return None;
                }
                Some(Errand::Seal {
                    slot,
                    content_type: CONTENT_TYPE,
                    payload: self.report().encode(),
                })
            }
            Owner::Journal => self.write_journal(context.now),
            Owner::Command => self.commanding.next(),
        }
    }

    /// Takes the outcome of an errand.
    pub(crate) fn finish(&mut self, context: &mut Context<'_>, owner: Owner, outcome: Outcome) {
        match owner {
            Owner::Boot => match stored(outcome) {
                Ok(()) => self.boot_durable = true,
                Err(because) => {
                    let after = self.retry.boot.fail(context);
                    let doing = "count this start";
                    context.notes.push(Note::Retrying {
                        doing,
                        because,
                        after,
                    });
                }
            },
            Owner::Enrollment => {
                self.enrollment.done(context, outcome);
                if let Some(membership) = self.enrollment.membership() {
                    self.clock.learn(context.now, membership.time_floor);
                }
            }
            Owner::Clock => self.time_heard(context, outcome),
            Owner::Configure => self.configured(context, outcome),
            Owner::Checkup => {
                self.checked = true;
                if let Outcome::SelfTested(result) = outcome {
                    self.tested(context, result);
                }
            }
            Owner::Healing => self.healed(context, outcome),
            Owner::Trial => self.tried(context, outcome),
            Owner::Updating => self.updated(context, outcome),
            Owner::Report => self.sealed(context, outcome),
            Owner::Journal => self.journal_written(context, outcome),
            Owner::Command => self.commanding.done(outcome),
        }
    }

    /// The credential for requests over HTTPS. A new one that was proven is used at once: the server has seen it with
    /// the request for the proof, and ended the old one there.
    pub(crate) fn credential(&self) -> Option<CredentialSlot> {
        let membership = self.enrollment.membership()?;
        let active = membership.active.as_ref()?;
        let candidate = membership.candidate.as_ref().filter(|new| new.proven);
        Some(candidate.unwrap_or(active).slot)
    }

    /// Whether an update may be looked for: not on trial, not while something is to be repaired.
    pub(crate) fn may_update(&self) -> bool {
        self.trial.is_none()
            && self.restart.is_none()
            && self.configured.is_some()
            && self.healing.holds()
            && self.credential().is_some()
    }

    /// Measure, ask for an update, report: now.
    pub(crate) fn attend(&mut self) {
        self.healing.attend();
        self.updating.attend();
        self.reporting.change();
    }

    /// Whether the restart that is due may happen now.
    pub(crate) fn may_restart(&self, now: Duration) -> Option<RestartReason> {
        let (reason, until) = self.restart?;
        // What happened is told before it is forgotten; a trial has nothing to tell yet.
        let heard = self.reporting.is_heard() || reason == RestartReason::Trial;
        let ready = heard && self.writing.is_none() && !self.outbox.needs_writing();
        (ready || now >= until).then_some(reason)
    }

    fn count_start(&self, now: Duration) -> Option<Errand> {
        let due = !self.boot_durable && now >= self.retry.boot.until;
        due.then(|| Errand::Keep {
            record: Record::Boot,
            bytes: self.boot.to_string().into_bytes(),
        })
    }

    fn ask_for_time(&self, now: Duration) -> Option<Errand> {
        let due = self.doubt && now >= self.retry.clock.until;
        (due && self.enrollment.trust().is_some()).then(|| {
            Errand::Ask(HttpRequest {
                method: Method::Get,
                path: "/ledger/checkpoint".to_string(),
                // What comes back is signed by the log and its witnesses.
                server: ServerCheck::Unverified,
                credential: None,
                limit: MAX_CHECKPOINT,
            })
        })
    }

    fn time_heard(&mut self, context: &mut Context<'_>, outcome: Outcome) {
        // However it ends, the question is not asked again at once.
        self.retry.clock.fail(context);
        self.doubt = false;
        let signed = answered(outcome).and_then(|bytes| {
            let text = core::str::from_utf8(&bytes).map_err(|error| error.to_string());
            let trust = self
                .enrollment
                .trust()
                .ok_or_else(|| "no trust bundle".to_string());
            text.and_then(|text| {
                let believed = trust?.ledger.verify_checkpoint(text);
                believed.map_err(|error| error.to_string())
            })
            .map_err(LinkFailure::Malformed)
        });
        let Ok(Some(signed)) = signed.map(|believed| believed.time.and_then(timestamp)) else {
            return;
        };
        let wall = context.wall;
        match self.clock.judge(context.now, wall, signed) {
            ClockVerdict::Corrected => context.notes.push(Note::ClockCorrected { wall, signed }),
            ClockVerdict::Right | ClockVerdict::Stale => {}
        }
        self.enrollment.learn(self.clock.floor());
    }

    fn configured(&mut self, context: &mut Context<'_>, outcome: Outcome) {
        let result = match outcome {
            Outcome::Configured(result) => result,
            _ => Err("no answer".to_string()),
        };
        match result {
            Ok(settings) => {
                self.sensing.configure(context.now, &settings.flows);
                let at = |every| context.now.saturating_add(every);
                self.healing.no_later_than(at(settings.measure_every));
                self.updating.no_later_than(at(settings.update_every));
                self.reporting.no_later_than(at(settings.state_every));
                self.settings = settings;
                self.configured = Some(Ok(()));
            }
            Err(why) => {
                self.settings = Settings::quiet();
                self.sensing.configure(context.now, &[]);
                self.configured = Some(Err(why.clone()));
                self.self_test = SelfTest::Failed(format!("settings: {why}"));
                context
                    .notes
                    .push(Note::SelfTestFailed(format!("settings: {why}")));
                self.reporting.change();
            }
        }
    }

    fn tested(&mut self, context: &mut Context<'_>, result: Result<(), String>) {
        let test = match result {
            Ok(()) => SelfTest::Passed,
            Err(why) => {
                context.notes.push(Note::SelfTestFailed(why.clone()));
                SelfTest::Failed(why)
            }
        };
        if self.self_test != test {
            self.self_test = test;
            self.reporting.change();
        }
    }

    fn healed(&mut self, context: &mut Context<'_>, outcome: Outcome) {
        let every = self.settings.measure_every;
        let mut material = healing::Material {
            trust: self.enrollment.trust(),
            credential: self.credential(),
            heard: self.reporting.is_heard(),
            trial: self.firmware.on_trial(),
            firmware: &mut self.firmware,
        };
        let progress = self.healing.done(context, &mut material, every, outcome);
        if let Some(result) = self.healing.take_self_test() {
            self.self_test = match result {
                Ok(()) => SelfTest::Passed,
                Err(why) => SelfTest::Failed(why),
            };
        }
        match progress {
            healing::Progress::None => {}
            healing::Progress::Changed => {
                self.held_back |= !self.healing.holds();
                self.reporting.change();
            }
            healing::Progress::Restored { program } => {
                self.reporting.change();
                // The settings may have been among the files.
                self.configured = None;
                if program {
                    let until = context.now.saturating_add(LINGER);
                    self.restart.get_or_insert((RestartReason::Repaired, until));
                }
            }
        }
    }

    fn next_of_trial(&mut self, context: &mut Context<'_>) -> Option<Errand> {
        let credential = self.credential();
        let connected = self.link.is_up();
        let integrity =
            self.healing
                .integrity()
                .map(|integrity| match integrity.deviations.first() {
                    None => Ok(()),
                    Some(deviation) => Err(deviation.to_string()),
                });
        let settings = self.configured.as_ref().map(|configured| match configured {
            Ok(()) => Ok(()),
            Err(why) => Err(why.as_str()),
        });
        let facts = trial::Facts {
            settings,
            integrity,
            connected,
            credential,
        };
        self.trial.as_mut()?.next(context, &self.firmware, &facts)
    }

    fn tried(&mut self, context: &mut Context<'_>, outcome: Outcome) {
        let Some(trial) = &mut self.trial else {
            return;
        };
        let verdict = trial.done(context, &mut self.firmware, outcome);
        match trial.self_test() {
            Some(Ok(())) => self.self_test = SelfTest::Passed,
            Some(Err(why)) => self.self_test = SelfTest::Failed(why.clone()),
            None => {}
        }
        match verdict {
            trial::Verdict::Open => {}
            trial::Verdict::Confirmed => {
                self.trial = None;
                self.checked = true;
                self.tell_of_update(context);
                self.reporting.change();
            }
            trial::Verdict::Left => {
                self.tell_of_update(context);
                self.reporting.change();
                let until = context.now.saturating_add(LINGER);
                self.restart.get_or_insert((RestartReason::RollBack, until));
            }
        }
    }

    fn tell_of_update(&self, context: &mut Context<'_>) {
        let Some(last) = self.firmware.last_update() else {
            return;
        };
        context
            .notes
            .push(if last.result == UpdateResult::Confirmed {
                Note::UpdateConfirmed {
                    version: last.release,
                }
            } else {
                Note::UpdateFailed {
                    version: Some(last.release),
                    why: last.reason.unwrap_or_default(),
                }
            });
    }

    fn updated(&mut self, context: &mut Context<'_>, outcome: Outcome) {
        let every = self.settings.update_every;
        let Some((credential, trust)) = self.credential().zip(self.enrollment.trust()) else {
            return;
        };
        let mut material = updating::Material {
            trust,
            firmware: &mut self.firmware,
            credential,
            running: self.healing.measured(),
        };
        match self.updating.done(context, &mut material, every, outcome) {
            updating::Progress::None => {}
            updating::Progress::Ended => self.reporting.change(),
            updating::Progress::Restart => {
                let until = context.now.saturating_add(LINGER);
                self.restart.get_or_insert((RestartReason::Trial, until));
            }
        }
    }

    fn write_journal(&mut self, now: Duration) -> Option<Errand> {
        if now < self.retry.journal.until {
            return None;
        }
        let writing = self.outbox.writing(now)?;
        let errand = match &writing {
            Writing::Append(bytes) => Errand::Append {
                bytes: bytes.clone(),
            },
            Writing::Rewrite(bytes) => Errand::Rewrite {
                bytes: bytes.clone(),
            },
        };
        self.writing = Some(writing);
        Some(errand)
    }

    fn journal_written(&mut self, context: &mut Context<'_>, outcome: Outcome) {
        let result = stored(outcome);
        if let Some(writing) = self.writing.take() {
            self.outbox.written(&writing, result.is_ok());
        }
        match result {
            Ok(()) => self.retry.journal.backoff.succeed(),
            Err(because) => {
                let after = self.retry.journal.fail(context);
                let doing = "write the journal";
                context.notes.push(Note::Retrying {
                    doing,
                    because,
                    after,
                });
            }
        }
    }

    pub(crate) fn report(&self) -> StateReport {
        let installed = self.firmware.installed();
        let membership = self.enrollment.membership();
        let credential = membership.and_then(|m| m.active.as_ref().or(m.candidate.as_ref()));
        let integrity = self.healing.integrity().cloned();
        let millis = |after: Duration| u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        StateReport {
            release: installed
                .map_or(&self.config.version, |i| &i.version)
                .clone(),
            product: installed
                .map_or(&self.config.product, |i| &i.product)
                .clone(),
            slot: self.firmware.running(),
            counter: installed.map_or(0, |installed| installed.counter),
            boot: self.boot,
            trial: self.firmware.on_trial(),
            proof_verified: credential.is_some_and(|credential| credential.proven),
            integrity: integrity.unwrap_or(Integrity {
                held: true,
                deviations: alloc::vec::Vec::new(),
            }),
            restored: self.healing.restored().map(|after| Restored {
                millis: millis(after),
            }),
            last_update: self.firmware.last_update(),
            outbox: self.outbox.state(),
            self_test: self.self_test.clone(),
        }
    }
}
