//! The launcher: small, never part of a release. It starts what the slots say, and leaves what does not work.
//!
//! ```text
//! decide ─▶ start ─▶ watch ─▶ asked to stop: end
//!   ▲                  ├─ wants a restart: decide
//!   │                  ├─ on trial and not confirmed in time: kill, roll back, decide
//!   │                  ├─ crashed on trial: roll back, decide
//!   └──────────────────┴─ crashed: pause, decide; again and again: the other slot, or this very program
//! ```
//!
//! The payload writes the slot state while it runs; the launcher only while it does not.

use crate::clock::Clock;
use crate::diagnostic::{Diagnostic, Exit};
use crate::files;
use crate::home::Home;
use crate::language::Text;
use crate::slots as slot_files;
use crate::status;
use crate::store;
use core::time::Duration;
use rustix::process::{Signal, kill_process};
use sekimori_device::{Record, signed_release};
use sekimori_update::slots::{BootDecision, Limits, Phase, Reason, Slot, SlotState};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// A payload's exit code that asks for a new start.
pub(crate) const RESTART: u8 = 10;
/// A payload's exit code that says that starting again would not help.
pub(crate) const HOPELESS: u8 = 78;

/// How long a payload may take to end in order.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// The first pause after a crash.
const PAUSE_FROM: Duration = Duration::from_millis(100);
/// The longest pause after crashes.
const PAUSE_TO: Duration = Duration::from_secs(30);
/// A payload that ran this long was well.
const WELL_AFTER: Duration = Duration::from_secs(60);
/// Crashes in a row after which a release is not trusted to start any more.
const PATIENCE: u32 = 5;

/// What the launcher needs to know of the world.
pub(crate) struct Launcher<'a> {
    pub(crate) home: Home,
    pub(crate) clock: Clock,
    /// This very program and the name it is called by, for when no release can be started.
    pub(crate) own: (PathBuf, OsString),
    /// Words for the payload after `payload --home H`.
    pub(crate) words: Vec<OsString>,
    /// Whether the program in a slot may be started.
    pub(crate) trusts: &'a dyn Fn(Slot) -> bool,
}

/// How a payload ended.
enum Ended {
    /// By itself.
    Exited(ExitStatus),
    /// Killed, because the trial's time was over.
    DeadlinePassed,
    /// Because the launcher was asked to stop.
    Stopped,
    /// It never started.
    NotStarted(std::io::Error),
}

/// What comes next.
enum Next {
    Again,
    Pause,
    End,
}

impl Launcher<'_> {
    /// Runs payloads until somebody asks to stop, or a payload ends in peace.
    pub(crate) async fn run(&self) -> Result<(), Diagnostic> {
        let mut crashes: u32 = 0;
        loop {
            let decision = self.decide()?;
            let slot = decision.slot.filter(|slot| {
                // A program that is not what was released is not asked to look at itself.
                decision.trial || crashes < PATIENCE && (self.trusts)(*slot)
            });
            if slot.is_none()
                && let Some(damaged) = decision.slot
            {
                tracing::warn!("slot {damaged} is not started; this program takes its place");
            }
            let begin = self.clock.now();
            let ended = self.start(slot, &decision).await?;
            if self.clock.now().saturating_sub(begin) >= WELL_AFTER {
                crashes = 0;
            }
            match self.judge(ended, &decision)? {
                Next::End => return Ok(()),
                Next::Again => crashes = 0,
                Next::Pause => {
                    crashes = crashes.saturating_add(1);
                    if crashes == PATIENCE && self.fall_back(&decision)? {
                        crashes = 0;
                    }
                    let doubled = PAUSE_FROM.saturating_mul(1 << crashes.min(10));
                    if !self.pause(doubled.min(PAUSE_TO)).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// What to start, by the slots; written down before it is started.
    fn decide(&self) -> Result<BootDecision, Diagnostic> {
        let Some(mut slots) = self.slots()? else {
            return Ok(BootDecision {
                slot: None,
                trial: false,
                confirm_within: None,
                rolled_back: None,
            });
        };
        let before = slots.clone();
        let decision = slots.boot();
        if let Some(left) = &decision.rolled_back {
            let (version, reason) = (&left.release.version, &left.reason);
            tracing::warn!("{version} is left: {reason}");
        }
        if slots != before {
            self.save(&slots)?;
        }
        Ok(decision)
    }

    async fn start(
        &self,
        slot: Option<Slot>,
        decision: &BootDecision,
    ) -> Result<Ended, Diagnostic> {
        let mut command = match slot {
            Some(slot) => Command::new(self.home.slot(slot).join("bin/agent")),
            None => {
                let (program, name) = &self.own;
                let mut command = Command::new(program);
                command.arg0(name);
                command
            }
        };
        command
            .arg("payload")
            .arg("--home")
            .arg(self.home.path())
            .args(&self.words)
            // When the launcher is killed this pipe closes, and the payload ends.
            .stdin(Stdio::piped())
            .kill_on_drop(true);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return Ok(Ended::NotStarted(error)),
        };
        // Kept aside, because waiting for a child closes the pipe to it.
        let _pipe = child.stdin.take();
        self.watch(&mut child, decision.confirm_within).await
    }

    async fn watch(
        &self,
        child: &mut Child,
        confirm_within: Option<Duration>,
    ) -> Result<Ended, Diagnostic> {
        let mut terminate = signal(SignalKind::terminate()).map_err(|error| no_signals(&error))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| no_signals(&error))?;
        let mut attend = signal(SignalKind::user_defined1()).map_err(|error| no_signals(&error))?;
        let deadline = async {
            match confirm_within {
                Some(within) => tokio::time::sleep(within).await,
                None => core::future::pending().await,
            }
        };
        tokio::pin!(deadline);
        let mut watching_trial = confirm_within.is_some();
        loop {
            tokio::select! {
                status = child.wait() => {
                    return status.map(Ended::Exited).map_err(|error| cannot_watch(&error));
                }
                () = &mut deadline, if watching_trial => {
                    watching_trial = false;
                    if self.on_trial()? {
                        child.kill().await.map_err(|error| cannot_watch(&error))?;
                        return Ok(Ended::DeadlinePassed);
                    }
                }
                _ = attend.recv() => tell(child, Signal::USR1),
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            }
        }
        tell(child, Signal::TERM);
        if tokio::time::timeout(STOP_WITHIN, child.wait())
            .await
            .is_err()
        {
            child.kill().await.map_err(|error| cannot_watch(&error))?;
        }
        Ok(Ended::Stopped)
    }

    fn judge(&self, ended: Ended, decision: &BootDecision) -> Result<Next, Diagnostic> {
        let how = match ended {
            Ended::Stopped => return Ok(Next::End),
            Ended::DeadlinePassed => {
                self.leave_trial(Reason::DeadlinePassed)?;
                return Ok(Next::Again);
            }
            Ended::NotStarted(error) => format!("cannot be started: {error}"),
            Ended::Exited(status) => match status.code() {
                Some(0) => return Ok(Next::End),
                Some(code) if code == i32::from(RESTART) => return Ok(Next::Again),
                Some(code) if code == i32::from(HOPELESS) => {
                    let text = Text::new(
                        "エージェントを続けられません。理由は上にあります",
                        "the agent cannot go on; the reason stands above",
                    );
                    return Err(Diagnostic::new(Exit::Failed, "SK-AGT-013", text));
                }
                _ => status.to_string(),
            },
        };
        tracing::warn!("the payload ended: {how}");
        if decision.trial && self.on_trial()? {
            self.leave_trial(Reason::Crashed(how))?;
            return Ok(Next::Again);
        }
        Ok(Next::Pause)
    }

    fn leave_trial(&self, reason: Reason) -> Result<(), Diagnostic> {
        let Some(mut slots) = self.slots()? else {
            return Ok(());
        };
        // It may have confirmed itself in the last moment.
        if let Ok(left) = slots.fail(reason) {
            tracing::warn!("{} is left: {}", left.release.version, left.reason);
            self.save(&slots)?;
        }
        Ok(())
    }

    /// A confirmed release that crashes again and again gives way to the one before it, if that may still run.
    fn fall_back(&self, decision: &BootDecision) -> Result<bool, Diagnostic> {
        let (Some(mut slots), Some(_)) = (self.slots()?, decision.slot) else {
            return Ok(false);
        };
        let why = format!("{PATIENCE} times in a row");
        let fell_back = slots.fall_back(Reason::Crashed(why)).is_ok();
        if fell_back {
            self.save(&slots)?;
        }
        Ok(fell_back)
    }

    async fn pause(&self, time: Duration) -> Result<bool, Diagnostic> {
        let mut terminate = signal(SignalKind::terminate()).map_err(|error| no_signals(&error))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| no_signals(&error))?;
        Ok(tokio::select! {
            () = tokio::time::sleep(time) => true,
            _ = terminate.recv() => false,
            _ = interrupt.recv() => false,
        })
    }

    fn on_trial(&self) -> Result<bool, Diagnostic> {
        let slots = self.slots()?;
        Ok(slots.is_some_and(|slots| matches!(slots.phase(), Phase::Trial { .. })))
    }

    /// The slot state; a damaged one is rebuilt from the signed releases, never taken for absent.
    fn slots(&self) -> Result<Option<SlotState>, Diagnostic> {
        let path = self.home.record(Record::Slots);
        let bytes = files::read(&path).map_err(|error| cannot_store(&error))?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        let error = match SlotState::decode(&bytes) {
            Ok(slots) => return Ok(Some(slots)),
            Err(error) => error,
        };
        let memory = store::load(&self.home).map_err(|error| cannot_store(&error))?;
        let signed = |slot| {
            signed_release(&memory, slot)
                .ok()
                .map(|(installed, _)| installed)
        };
        let slots = SlotState::recover(Limits::default(), signed(Slot::A), signed(Slot::B));
        tracing::warn!(
            "{}: {error}; rebuilt from the signed releases",
            path.display()
        );
        files::replace(&path.with_added_extension("damaged"), &bytes)
            .and_then(|()| files::replace(&path, &slots.encode()))
            .map_err(|error| cannot_store(&error))?;
        Ok(Some(slots))
    }

    fn save(&self, slots: &SlotState) -> Result<(), Diagnostic> {
        let path = self.home.record(Record::Slots);
        files::replace(&path, &slots.encode()).map_err(|error| cannot_store(&error))
    }
}

/// Whether the program of a slot is the one that was released: measured before it is started.
pub(crate) fn program_is_as_released(home: &Home, slot: Slot) -> bool {
    let Ok(memory) = store::load(home) else {
        return false;
    };
    let slots = memory.records.get(&Record::Slots);
    let slots = slots.and_then(|bytes| SlotState::decode(bytes).ok());
    let Ok((installed, release)) = signed_release(&memory, slot) else {
        return false;
    };
    let is_it = slots.is_some_and(|slots| slots.installed(slot) == Some(&installed));
    let Ok(found) = slot_files::measure(home, slot) else {
        return false;
    };
    is_it
        && release
            .files
            .iter()
            .filter(|file| file.executable)
            .all(|file| {
                found.iter().any(|found| {
                    (&found.path, found.length, found.sha256, found.executable)
                        == (&file.path, file.length, file.sha256, true)
                })
            })
}

fn tell(child: &Child, what: Signal) {
    if let Some(pid) = child.id().and_then(status::process) {
        // A child that is gone is noticed by waiting for it.
        let _ = kill_process(pid, what);
    }
}

fn no_signals(error: &std::io::Error) -> Diagnostic {
    let text = Text::new("シグナルを受けられません", "signals cannot be received");
    Diagnostic::new(Exit::Failed, "SK-AGT-012", text).observed(Text::fact(error))
}

fn cannot_watch(error: &std::io::Error) -> Diagnostic {
    let text = Text::new("プロセスを見守れません", "the payload cannot be watched");
    Diagnostic::new(Exit::Failed, "SK-AGT-012", text).observed(Text::fact(error))
}

fn cannot_store(error: &files::FileError) -> Diagnostic {
    let text = Text::new(
        "状態を保存できません",
        "the state of the slots cannot be kept",
    );
    Diagnostic::new(Exit::Failed, "SK-AGT-009", text)
        .observed(Text::fact(error))
        .fix(Text::new(
            "空き容量を確かめてください",
            "make room on the disk",
        ))
}

#[cfg(test)]
mod tests;
