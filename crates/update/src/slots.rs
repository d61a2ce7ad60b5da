//! Two slots, one trial, and the way back.
//!
//! ```text
//! Empty ───begin──▶ Writing ──written──▶ Trial ──confirm──▶ Confirmed ──begin──▶ Writing …
//!   ▲                  │                   │                    ▲
//!   └──────────────────┴──────fail─────────┴────────────────────┘
//!                        (back to what was confirmed before)
//! ```
//! Every verb is one change of one value. The shell writes [`SlotState::encode`] to its file
//! atomically before it acts on the change; a power cut leaves the old value or the new one, and
//! both lead on. Every phase ends: a trial has so many starts of so many seconds each, a writing
//! so many restarts.
//!
//! Two limits hold against old software, and neither ever falls. An offer below the highest
//! counter that was ever confirmed is refused. What may be *started* is bounded by the floor,
//! which rises only when both slots satisfy it, so that the way back stays open.

mod file;
mod refusal;
#[cfg(test)]
mod tests;

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::targets::Release;

pub use file::Unreadable;
pub use refusal::{OutOfTurn, Refusal};

/// Most bytes of the text in a [`Reason`].
pub const MAX_REASON: usize = 400;

/// In place of the highest counter when nobody knows it any more; no release has it.
const HISTORY_LOST: u64 = u64::MAX;

/// One of the two places where a release is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// `"A"` or `"B"`: also the name of its folder.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A release in a slot, by its signed facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Product that it is for.
    pub product: String,
    /// Version, `x.y.z`.
    pub version: String,
    /// Security counter.
    pub counter: u64,
    /// Version of its TUF metadata.
    pub metadata_version: u64,
    /// SHA-256 of the signed metadata: which release exactly.
    #[serde(with = "hex::serde")]
    pub targets_sha256: [u8; 32],
}

/// How patient the machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Starts that a trial gets before it is rolled back; at least 1.
    pub attempts: u8,
    /// Seconds that one start of a trial has to confirm itself; at least 1.
    pub confirm_within_seconds: u32,
    /// Restarts that the writing of the idle slot survives before it is given up.
    pub write_attempts: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: 3,
            confirm_within_seconds: 120,
            write_attempts: 10,
        }
    }
}

/// Where the machine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Phase {
    /// Nothing was ever confirmed: the launcher's own program runs.
    Empty,
    /// A confirmed release runs.
    Confirmed {
        /// Where.
        active: Slot,
    },
    /// The idle slot is being written; what was active still runs.
    Writing {
        /// What runs, if a release does.
        from: Option<Slot>,
        /// What is written.
        to: Slot,
        /// What it will hold.
        release: Installed,
        /// Restarts left before the writing is given up.
        attempts_left: u8,
    },
    /// The new slot runs until it confirms itself or is left.
    Trial {
        /// Where to go back to; none means the launcher's own program.
        from: Option<Slot>,
        /// What is tried.
        to: Slot,
        /// Starts left.
        attempts_left: u8,
    },
}

/// Why a release was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", content = "detail", rename_all = "kebab-case")]
pub enum Reason {
    /// It said that it does not work: which check, and what was observed.
    SelfTestFailed(String),
    /// Its process ended; the text says how.
    Crashed(String),
    /// It did not confirm itself in time.
    DeadlinePassed,
    /// It used all its starts.
    AttemptsUsedUp,
    /// The idle slot was never completely written.
    NeverWritten,
    /// Files could not be fetched or were not those of the release; the text says which.
    FilesRefused(String),
    /// An operator or the device asked for it.
    Asked(String),
}

impl Reason {
    /// The word used in reports and events.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SelfTestFailed(_) => "self-test-failed",
            Self::Crashed(_) => "crashed",
            Self::DeadlinePassed => "deadline-passed",
            Self::AttemptsUsedUp => "attempts-used-up",
            Self::NeverWritten => "never-written",
            Self::FilesRefused(_) => "files-refused",
            Self::Asked(_) => "asked",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            Self::SelfTestFailed(what)
            | Self::Crashed(what)
            | Self::FilesRefused(what)
            | Self::Asked(what) => write!(f, ": {what}"),
            Self::DeadlinePassed | Self::AttemptsUsedUp | Self::NeverWritten => Ok(()),
        }
    }
}

/// A release that was left, and why. It is not taken again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolledBack {
    /// Which release.
    pub release: Installed,
    /// Why.
    pub reason: Reason,
}

/// What to start now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootDecision {
    /// The slot to start; none means the launcher's own program.
    pub slot: Option<Slot>,
    /// Whether it runs on trial.
    pub trial: bool,
    /// On trial: how long this start has, from now, until [`SlotState::confirm`];
    /// after that the launcher calls [`SlotState::fail`] with [`Reason::DeadlinePassed`].
    pub confirm_within: Option<Duration>,
    /// A release that was left by this very decision.
    pub rolled_back: Option<RolledBack>,
}

/// Everything about the slots that must survive a power cut: one value, one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotState {
    phase: Phase,
    limits: Limits,
    a: Option<Installed>,
    b: Option<Installed>,
    floor: u64,
    highest_counter: u64,
    highest_metadata: u64,
    last_rolled_back: Option<RolledBack>,
}

impl SlotState {
    /// A device on which no release was ever installed.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            phase: Phase::Empty,
            limits,
            a: None,
            b: None,
            floor: 0,
            highest_counter: 0,
            highest_metadata: 0,
            last_rolled_back: None,
        }
    }

    /// Rebuilds a state after an [`Unreadable`] file from what the signed metadata in the slots
    /// says. Nothing older than the newest of the two is ever taken, and the newer one has to
    /// prove itself on trial again.
    ///
    /// When neither slot says anything, the launcher's own program runs and every release is refused
    /// with [`Refusal::HistoryLost`]: unreadable history is not absent history. That a device may start
    /// over with [`SlotState::new`] is for its owner to say.
    #[must_use]
    pub fn recover(limits: Limits, a: Option<Installed>, b: Option<Installed>) -> Self {
        let age = |slot: &Option<Installed>| {
            slot.as_ref()
                .map(|release| (release.counter, release.metadata_version))
        };
        let (newer, from) = match (age(&a), age(&b)) {
            (None, None) => {
                return Self {
                    highest_counter: HISTORY_LOST,
                    ..Self::new(limits)
                };
            }
            (Some(_), None) => (Slot::A, None),
            (None, Some(_)) => (Slot::B, None),
            (Some(a), Some(b)) if a > b => (Slot::A, Some(Slot::B)),
            (Some(_), Some(_)) => (Slot::B, Some(Slot::A)),
        };
        let both = || [&a, &b].into_iter().flatten();
        Self {
            phase: Phase::Trial {
                from,
                to: newer,
                attempts_left: limits.attempts.max(1),
            },
            limits,
            floor: both().map(|release| release.counter).min().unwrap_or(0),
            highest_counter: both().map(|release| release.counter).max().unwrap_or(0),
            highest_metadata: both()
                .map(|release| release.metadata_version)
                .max()
                .unwrap_or(0),
            last_rolled_back: None,
            a,
            b,
        }
    }

    /// Where the machine is.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The slot that runs; none means the launcher's own program.
    #[must_use]
    pub fn running(&self) -> Option<Slot> {
        match &self.phase {
            Phase::Empty => None,
            Phase::Confirmed { active } => Some(*active),
            Phase::Writing { from, .. } => *from,
            Phase::Trial { to, .. } => Some(*to),
        }
    }

    /// What a slot holds, completely written.
    #[must_use]
    pub fn installed(&self, slot: Slot) -> Option<&Installed> {
        match slot {
            Slot::A => self.a.as_ref(),
            Slot::B => self.b.as_ref(),
        }
    }

    /// The lowest security counter that may still be started: what both slots satisfy.
    #[must_use]
    pub fn floor(&self) -> u64 {
        self.floor
    }

    /// The lowest security counter that is still taken as an update: the highest ever confirmed.
    #[must_use]
    pub fn highest_counter(&self) -> u64 {
        self.highest_counter
    }

    /// The newest release that was left, and why.
    #[must_use]
    pub fn last_rolled_back(&self) -> Option<&RolledBack> {
        self.last_rolled_back.as_ref()
    }

    /// Whether `release` would be taken, and into which slot, without taking it.
    ///
    /// # Errors
    ///
    /// [`Refusal`] says exactly why not.
    pub fn evaluate(&self, release: &Installed) -> Result<Slot, Refusal> {
        let active = match &self.phase {
            Phase::Empty => None,
            Phase::Confirmed { active } => Some(*active),
            Phase::Writing { .. } | Phase::Trial { .. } => return Err(Refusal::Busy),
        };
        if let Some(running) = active.and_then(|slot| self.installed(slot)) {
            if running.product != release.product {
                return Err(Refusal::WrongProduct {
                    offered: release.product.clone(),
                    expected: running.product.clone(),
                });
            }
            if running.targets_sha256 == release.targets_sha256 {
                return Err(Refusal::AlreadyInstalled);
            }
        }
        if self.highest_counter == HISTORY_LOST {
            return Err(Refusal::HistoryLost);
        }
        if release.counter < self.highest_counter {
            let (offered, floor) = (release.counter, self.highest_counter);
            return Err(Refusal::Older { offered, floor });
        }
        if release.metadata_version < self.highest_metadata {
            let (offered, floor) = (release.metadata_version, self.highest_metadata);
            return Err(Refusal::OlderMetadata { offered, floor });
        }
        match &self.last_rolled_back {
            Some(left) if left.release.targets_sha256 == release.targets_sha256 => {
                Err(Refusal::FailedBefore(left.reason.clone()))
            }
            _ => Ok(active.map_or(Slot::A, Slot::other)),
        }
    }

    /// Takes a verified release: the idle slot, named in the answer, may now be written.
    /// What it held is gone.
    ///
    /// # Errors
    ///
    /// [`Refusal`] says exactly why not; nothing changed.
    pub fn begin(&mut self, release: &Installed) -> Result<Slot, Refusal> {
        let to = self.evaluate(release)?;
        let from = self.running();
        *self.content(to) = None;
        self.phase = Phase::Writing {
            from,
            to,
            release: release.clone(),
            attempts_left: self.limits.write_attempts,
        };
        Ok(to)
    }

    /// Every file of the idle slot is written, flushed and measured: the next boot is a trial.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn`] when nothing is being written.
    pub fn written(&mut self) -> Result<(), OutOfTurn> {
        let Phase::Writing {
            from, to, release, ..
        } = &self.phase
        else {
            return Err(OutOfTurn("written"));
        };
        let (from, to, release) = (*from, *to, release.clone());
        *self.content(to) = Some(release);
        self.phase = Phase::Trial {
            from,
            to,
            attempts_left: self.limits.attempts.max(1),
        };
        Ok(())
    }

    /// Decides what starts now, and spends one start of a trial or one restart of a writing.
    /// Write the state down, then start.
    pub fn boot(&mut self) -> BootDecision {
        let mut rolled_back = None;
        match &mut self.phase {
            Phase::Empty | Phase::Confirmed { .. } => {}
            Phase::Writing { attempts_left, .. } => match attempts_left.checked_sub(1) {
                Some(left) => *attempts_left = left,
                None => rolled_back = self.fail(Reason::NeverWritten).ok(),
            },
            Phase::Trial { attempts_left, .. } => match attempts_left.checked_sub(1) {
                Some(left) => *attempts_left = left,
                None => rolled_back = self.fail(Reason::AttemptsUsedUp).ok(),
            },
        }
        let trial = matches!(self.phase, Phase::Trial { .. });
        let patience = Duration::from_secs(self.limits.confirm_within_seconds.max(1).into());
        BootDecision {
            slot: self.running(),
            trial,
            confirm_within: trial.then_some(patience),
            rolled_back,
        }
    }

    /// The trial passed its self-test: from now on it is what runs.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn`] when nothing is on trial.
    pub fn confirm(&mut self) -> Result<(), OutOfTurn> {
        let Phase::Trial { to, .. } = self.phase else {
            return Err(OutOfTurn("confirm"));
        };
        self.phase = Phase::Confirmed { active: to };
        if let Some(release) = self.installed(to) {
            let (counter, metadata) = (release.counter, release.metadata_version);
            self.highest_counter = self.highest_counter.max(counter);
            self.highest_metadata = self.highest_metadata.max(metadata);
        }
        let both = [&self.a, &self.b].into_iter().flatten();
        let satisfied = both.map(|release| release.counter).min().unwrap_or(0);
        self.floor = self.floor.max(satisfied);
        Ok(())
    }

    /// Leaves the trial, or the writing, for what was confirmed before. The release is not taken
    /// again.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn`] when no update is under way.
    pub fn fail(&mut self, reason: Reason) -> Result<RolledBack, OutOfTurn> {
        let (from, to, written) = match &self.phase {
            Phase::Empty | Phase::Confirmed { .. } => return Err(OutOfTurn("fail")),
            Phase::Writing {
                from, to, release, ..
            } => (*from, *to, Some(release.clone())),
            Phase::Trial { from, to, .. } => (*from, *to, None),
        };
        let left = self.content(to).take();
        let release = written.or(left).expect("a trial has content in its slot");
        self.phase = from.map_or(Phase::Empty, |active| Phase::Confirmed { active });
        let rolled_back = RolledBack {
            release,
            reason: reason.bounded(),
        };
        self.last_rolled_back = Some(rolled_back.clone());
        Ok(rolled_back)
    }

    /// Leaves the writing without blame, because the world was not ready: the same release may be
    /// offered again. What the slot held is gone.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn`] when nothing is being written.
    pub fn set_aside(&mut self) -> Result<(), OutOfTurn> {
        let Phase::Writing { from, .. } = self.phase else {
            return Err(OutOfTurn("set aside"));
        };
        self.phase = from.map_or(Phase::Empty, |active| Phase::Confirmed { active });
        Ok(())
    }

    /// Starts from the other slot, because the confirmed one cannot be started any more.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn`] when no confirmed release runs, or the other slot holds none at or above
    /// the floor.
    pub fn fall_back(&mut self, reason: Reason) -> Result<Slot, OutOfTurn> {
        let Phase::Confirmed { active } = self.phase else {
            return Err(OutOfTurn("fall back"));
        };
        let other = active.other();
        if self
            .installed(other)
            .is_none_or(|release| release.counter < self.floor)
        {
            return Err(OutOfTurn("fall back without another release"));
        }
        let release = self
            .content(active)
            .take()
            .expect("an active slot has content");
        self.last_rolled_back = Some(RolledBack {
            release,
            reason: reason.bounded(),
        });
        self.phase = Phase::Confirmed { active: other };
        Ok(other)
    }

    fn content(&mut self, slot: Slot) -> &mut Option<Installed> {
        match slot {
            Slot::A => &mut self.a,
            Slot::B => &mut self.b,
        }
    }
}

impl Installed {
    /// The facts of a verified release; `signed` is the metadata that it was read from.
    #[must_use]
    pub fn of(release: &Release, signed: &[u8]) -> Self {
        Self {
            product: release.product.clone(),
            version: release.version.clone(),
            counter: release.counter,
            metadata_version: release.metadata_version,
            targets_sha256: Sha256::digest(signed).into(),
        }
    }
}

impl Reason {
    /// The same with a text of at most [`MAX_REASON`] bytes, so that the state file stays small.
    fn bounded(mut self) -> Self {
        match &mut self {
            Self::SelfTestFailed(what)
            | Self::Crashed(what)
            | Self::FilesRefused(what)
            | Self::Asked(what) => {
                let cut = (0..=MAX_REASON)
                    .rev()
                    .find(|&end| what.is_char_boundary(end));
                what.truncate(cut.filter(|&end| end < what.len()).unwrap_or(what.len()));
            }
            Self::DeadlinePassed | Self::AttemptsUsedUp | Self::NeverWritten => {}
        }
        self
    }
}
