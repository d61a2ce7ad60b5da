//! A new release proves itself, or is left.
//!
//! It must read its settings, be exactly what was released, pass its self-test, and be taken by the gateway, all
//! within a deadline.

use crate::context::Context;
use crate::enrollment::stored;
use crate::errand::{Errand, Outcome};
use crate::firmware::Firmware;
use crate::pause::Backoff;
use crate::record::{CredentialSlot, Record};
use crate::words::Note;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;
use sekimori_update::slots::{Reason, SlotState};

enum State {
    Watching,
    Testing,
    SaveConfirmed(Box<SlotState>),
    SaveFailed(Box<SlotState>),
    Over,
}

/// What is known of the release on trial.
pub(crate) struct Facts<'a> {
    /// The settings, once they were read.
    pub(crate) settings: Option<Result<(), &'a str>>,
    /// The first difference from what was released, once it was measured.
    pub(crate) integrity: Option<Result<(), String>>,
    /// Whether the gateway has taken us.
    pub(crate) connected: bool,
    pub(crate) credential: Option<CredentialSlot>,
}

/// How the trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not yet.
    Open,
    /// It is confirmed.
    Confirmed,
    /// It is left: start again.
    Left,
}

/// The machine.
pub(crate) struct Trial {
    state: State,
    deadline: Duration,
    within: Duration,
    backoff: Backoff,
    retry_at: Option<Duration>,
    self_test: Option<Result<(), String>>,
}

impl Trial {
    /// A trial that started at `now` and has to be over within `within`.
    pub(crate) fn new(now: Duration, within: Duration, backoff: Backoff) -> Self {
        Self {
            state: State::Watching,
            deadline: now.saturating_add(within),
            within,
            backoff,
            retry_at: None,
            self_test: None,
        }
    }

    /// The result of its self-test, once it was run.
    pub(crate) fn self_test(&self) -> Option<&Result<(), String>> {
        self.self_test.as_ref()
    }

    /// The next errand.
    pub(crate) fn next(
        &mut self,
        context: &mut Context<'_>,
        firmware: &Firmware,
        facts: &Facts<'_>,
    ) -> Option<Errand> {
        if self.retry_at.is_some_and(|at| context.now < at) {
            return None;
        }
        if matches!(self.state, State::Watching) {
            self.watch(context, firmware, facts);
        }
        match &self.state {
            State::Watching | State::Over => None,
            State::Testing => Some(Errand::SelfTest {
                credential: facts.credential,
            }),
            State::SaveConfirmed(slots) | State::SaveFailed(slots) => Some(Errand::Keep {
                record: Record::Slots,
                bytes: slots.encode(),
            }),
        }
    }

    /// Takes its outcome.
    pub(crate) fn done(
        &mut self,
        context: &mut Context<'_>,
        firmware: &mut Firmware,
        outcome: Outcome,
    ) -> Verdict {
        match core::mem::replace(&mut self.state, State::Watching) {
            State::Watching => Verdict::Open,
            State::Over => {
                self.state = State::Over;
                Verdict::Open
            }
            State::Testing => {
                let result = match outcome {
                    Outcome::SelfTested(result) => result,
                    _ => Err("no answer".to_string()),
                };
                if let Err(why) = &result {
                    self.leave(context, firmware, why.clone());
                }
                self.self_test = Some(result);
                Verdict::Open
            }
            State::SaveConfirmed(slots) => {
                if self.keeps_failing(context, &outcome) {
                    self.state = State::SaveConfirmed(slots);
                    return Verdict::Open;
                }
                firmware.slots = *slots;
                self.state = State::Over;
                Verdict::Confirmed
            }
            State::SaveFailed(slots) => {
                if self.keeps_failing(context, &outcome) {
                    self.state = State::SaveFailed(slots);
                    return Verdict::Open;
                }
                firmware.slots = *slots;
                self.state = State::Over;
                Verdict::Left
            }
        }
    }

    /// When to ask [`Self::next`] again.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        match self.state {
            State::Over => None,
            _ => Some(self.retry_at.unwrap_or(self.deadline)),
        }
    }

    fn watch(&mut self, context: &mut Context<'_>, firmware: &Firmware, facts: &Facts<'_>) {
        if let Some(Err(why)) = facts.settings {
            self.leave(context, firmware, format!("settings: {why}"));
        } else if let Some(Err(why)) = &facts.integrity {
            self.leave(context, firmware, format!("integrity: {why}"));
        } else if facts.settings.is_some() && self.self_test.is_none() {
            // Before the connection: a release that fails by itself need not be waited for.
            self.state = State::Testing;
        } else if let (Some(Ok(())), Some(Ok(())), true) =
            (&self.self_test, &facts.integrity, facts.connected)
        {
            let mut slots = firmware.slots.clone();
            if slots.confirm().is_ok() {
                self.state = State::SaveConfirmed(Box::new(slots));
            }
        } else if context.now >= self.deadline {
            let missing = if facts.settings.is_none() {
                "its settings were not read"
            } else if facts.integrity.is_none() {
                "its files were not measured"
            } else if self.self_test.is_none() {
                "its self-test did not end"
            } else {
                "the gateway did not take it"
            };
            let seconds = self.within.as_secs();
            self.leave(context, firmware, format!("{missing} within {seconds} s"));
        }
    }

    fn leave(&mut self, context: &mut Context<'_>, firmware: &Firmware, why: String) {
        let mut slots = firmware.slots.clone();
        context.notes.push(Note::SelfTestFailed(why.clone()));
        if slots.fail(Reason::SelfTestFailed(why)).is_ok() {
            self.state = State::SaveFailed(Box::new(slots));
        }
    }

    fn keeps_failing(&mut self, context: &mut Context<'_>, outcome: &Outcome) -> bool {
        let Err(because) = stored(outcome.clone()) else {
            return false;
        };
        let after = self.backoff.fail(context.jitter);
        self.retry_at = Some(context.now.saturating_add(after));
        context.notes.push(Note::Retrying {
            doing: "store the trial's result",
            because,
            after,
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pause::Jitter;
    use crate::record::Memory;
    use alloc::vec::Vec;
    use jiff::Timestamp;

    /// Nothing is known of the release but that its files are right and the gateway has taken it.
    #[test]
    fn a_release_is_not_confirmed_before_its_self_test() {
        let firmware = Firmware::read(&Memory::default(), None).unwrap();
        let (mut jitter, mut notes) = (Jitter::new(1), Vec::new());
        let mut context = Context {
            now: Duration::ZERO,
            time: Timestamp::UNIX_EPOCH,
            wall: Timestamp::UNIX_EPOCH,
            jitter: &mut jitter,
            notes: &mut notes,
        };
        let second = Duration::from_secs(1);
        let mut trial = Trial::new(Duration::ZERO, second * 60, Backoff::new(second, second));
        let unread = Facts {
            settings: None,
            integrity: Some(Ok(())),
            connected: true,
            credential: None,
        };
        assert!(trial.next(&mut context, &firmware, &unread).is_none());
        let read = Facts {
            settings: Some(Ok(())),
            ..unread
        };
        let errand = trial.next(&mut context, &firmware, &read);
        assert!(
            matches!(errand, Some(Errand::SelfTest { .. })),
            "{errand:?}"
        );
    }
}
