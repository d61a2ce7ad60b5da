//! Brings a slot to exactly the files of a release: for a new release as for a repair.
//!
//! Measure, work off the differences, measure again. What is already right is left alone, so that an interrupted
//! installation goes on where it stopped.

use crate::context::Context;
use crate::errand::{Errand, LinkFailure, Outcome, PathSource, StorageFailure};
use crate::pause::Backoff;
use crate::record::CredentialSlot;
use crate::words::Note;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use sekimori_update::measure::{Deviation, DeviationKind, Measured, deviations};
use sekimori_update::slots::Slot;
use sekimori_update::targets::{Release, ReleaseFile};

/// How often the slot may still differ after everything was written.
const ROUNDS: u8 = 3;

#[derive(Clone, Debug)]
enum State {
    Measuring,
    Working,
}

/// Why an installation was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GaveUp {
    /// Whether the release is to blame, or the world: a release that is to blame is not tried again.
    pub(crate) release: bool,
    /// What happened.
    pub(crate) why: String,
}

/// One installation.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    slot: Slot,
    release: Release,
    /// What the other slot holds: its bytes need not be fetched.
    beside: Vec<Measured>,
    state: State,
    todo: VecDeque<Deviation>,
    rounds: u8,
    backoff: Backoff,
    /// Failures that may still happen; a retry budget ends.
    budget: u32,
    retry_at: Option<Duration>,
}

impl Installation {
    /// Will bring `slot` to `release`; `beside` is the newest measurement of the other slot.
    pub(crate) fn new(
        slot: Slot,
        release: Release,
        beside: Vec<Measured>,
        backoff: Backoff,
        budget: u32,
    ) -> Self {
        Self {
            slot,
            release,
            beside,
            state: State::Measuring,
            todo: VecDeque::new(),
            rounds: 0,
            backoff,
            budget,
            retry_at: None,
        }
    }

    /// The next errand.
    pub(crate) fn next(
        &mut self,
        context: &Context<'_>,
        credential: CredentialSlot,
    ) -> Option<Errand> {
        if self.retry_at.is_some_and(|at| context.now < at) {
            return None;
        }
        self.retry_at = None;
        let slot = self.slot;
        match self.state {
            State::Measuring => Some(Errand::Measure { slot }),
            State::Working => {
                let deviation = self.todo.front()?;
                if deviation.kind == DeviationKind::Unexpected {
                    let path = deviation.path.clone();
                    return Some(Errand::Remove { slot, path });
                }
                let file = self.file(&deviation.path)?.clone();
                let beside = self
                    .beside
                    .iter()
                    .any(|other| (other.length, other.sha256) == (file.length, file.sha256));
                let from = if beside {
                    PathSource::Slot(slot.other())
                } else {
                    PathSource::Server { credential }
                };
                Some(Errand::Install {
                    slot,
                    file,
                    from,
                    at: context.time,
                })
            }
        }
    }

    /// Takes its outcome; answers once the installation is over.
    pub(crate) fn done(
        &mut self,
        context: &mut Context<'_>,
        outcome: Outcome,
    ) -> Option<Result<(), GaveUp>> {
        let result = match outcome {
            Outcome::Measured(Ok(found)) => return self.measured(&found),
            Outcome::Measured(Err(failure)) => Err(LinkFailure::Storage(failure)),
            Outcome::Stored(stored) => stored.map_err(LinkFailure::Storage),
            Outcome::Installed(installed) => installed,
            _ => Err(LinkFailure::Malformed("no answer".to_string())),
        };
        match result {
            Ok(()) => {
                self.backoff.succeed();
                self.todo.pop_front();
                if self.todo.is_empty() {
                    self.state = State::Measuring;
                }
                None
            }
            Err(failure) => self.failed(context, failure),
        }
    }

    /// When to ask [`Self::next`] again.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        self.retry_at
    }

    fn measured(&mut self, found: &[Measured]) -> Option<Result<(), GaveUp>> {
        let differences = deviations(&self.release, found);
        let Some(first) = differences.first().map(ToString::to_string) else {
            return Some(Ok(()));
        };
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds > ROUNDS {
            return Some(Err(GaveUp {
                release: false,
                why: format!("still different after writing: {first}"),
            }));
        }
        self.todo = differences.into();
        self.state = State::Working;
        None
    }

    fn failed(
        &mut self,
        context: &mut Context<'_>,
        failure: LinkFailure,
    ) -> Option<Result<(), GaveUp>> {
        let path = self
            .todo
            .front()
            .map(|deviation| deviation.path.clone())
            .unwrap_or_default();
        // The copy beside was not what it was measured to be: fetch instead.
        let beside = self.file(&path).map(|file| file.sha256);
        let full = matches!(failure, LinkFailure::Storage(StorageFailure::Full));
        let before = self.beside.len();
        self.beside
            .retain(|other| full || Some(other.sha256) != beside);
        if self.beside.len() < before {
            return None;
        }
        // The server says that it does not have the file: asking again would not help.
        if let LinkFailure::Refused {
            status: 404 | 410, ..
        } = failure
        {
            return Some(Err(GaveUp {
                release: true,
                why: format!("{path}: the server does not have it"),
            }));
        }
        self.budget = self.budget.saturating_sub(1);
        if self.budget == 0 {
            return Some(Err(GaveUp {
                release: matches!(failure, LinkFailure::Malformed(_)),
                why: format!("{path}: {failure}"),
            }));
        }
        let after = self.backoff.fail(context.jitter);
        self.retry_at = Some(context.now.saturating_add(after));
        context.notes.push(Note::Retrying {
            doing: "install a file",
            because: failure,
            after,
        });
        None
    }

    fn file(&self, path: &str) -> Option<&ReleaseFile> {
        self.release.files.iter().find(|file| file.path == path)
    }
}
