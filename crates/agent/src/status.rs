//! What the agent says of itself on this machine: written by the payload, read by `status`.

use crate::clock::Clock;
use crate::diagnostic::{Diagnostic, Exit};
use crate::home::Home;
use crate::language::Text;
use crate::{files, store};
use jiff::Timestamp;
use sekimori_device::{Config, Device, Limits, Status};
use sekimori_update::report::StateReport;
use serde::{Deserialize, Serialize};

/// The status, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StatusFile {
    pub(crate) name: Option<String>,
    pub(crate) number: Option<String>,
    /// Whether it has a credential that was used.
    pub(crate) member: bool,
    /// Code and words of a refused enrollment.
    pub(crate) refused: Option<(String, String)>,
    /// Whether an agent runs.
    pub(crate) running: bool,
    /// Its process.
    pub(crate) pid: Option<u32>,
    /// Whether the gateway has taken it.
    pub(crate) connected: bool,
    /// End of the certificate in use.
    pub(crate) not_after: Option<Timestamp>,
    pub(crate) url: Option<String>,
    pub(crate) mqtt: Option<String>,
    /// What it says of itself, as in its signed state report.
    #[serde(flatten)]
    pub(crate) report: StateReport,
}

impl StatusFile {
    /// The status of a device; `pid` is the process that runs it.
    pub(crate) fn of(status: Status, pid: Option<u32>) -> Self {
        Self {
            name: status.name,
            number: status.number,
            member: status.member,
            refused: status.refused,
            running: pid.is_some(),
            pid,
            connected: status.connected,
            not_after: status.not_after,
            url: status.url,
            mqtt: status.mqtt,
            report: status.report,
        }
    }
}

/// The configuration of a device that this program runs.
pub(crate) fn config(entropy: u64) -> Config {
    Config {
        product: "sekimori-agent".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        entropy,
        limits: Limits::default(),
    }
}

/// A device as it would start now, only to look at it: nothing is written.
pub(crate) fn look(home: &Home, clock: Clock) -> Result<Status, Diagnostic> {
    let memory = store::load(home).map_err(|error| unreadable(&error))?;
    let device = Device::start(config(0), memory, clock.now(), clock.wall());
    let mut status = device.map_err(|error| damaged(&error))?.status();
    // That look was not a start.
    status.report.boot = status.report.boot.saturating_sub(1);
    Ok(status)
}

/// The status of the running agent, or of one that would start now.
pub(crate) fn read(home: &Home, clock: Clock) -> Result<StatusFile, Diagnostic> {
    let bytes = files::read(&home.status()).map_err(|error| unreadable(&error))?;
    let written: Option<StatusFile> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match written {
        Some(status) if status.pid.is_some_and(is_alive) => Ok(status),
        _ => look(home, clock).map(|status| StatusFile::of(status, None)),
    }
}

/// Whether the process runs: one that has ended and is not yet waited for runs no program any more.
fn is_alive(pid: u32) -> bool {
    match std::fs::read_link(format!("/proc/{pid}/exe")) {
        Ok(_) => true,
        // It is somebody else's, so it is there.
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    }
}

/// A process by its number.
pub(crate) fn process(pid: u32) -> Option<rustix::process::Pid> {
    i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
}

/// A record that exists and cannot be read.
pub(crate) fn damaged(error: &sekimori_device::Damaged) -> Diagnostic {
    Diagnostic::new(
        Exit::Failed,
        "SK-AGT-010",
        Text::new(
            "保存された記録が壊れています。無かったことにはしません",
            "a stored record is damaged, and is not taken for absent",
        ),
    )
    .observed(Text::fact(error))
    .fix(Text::new(
        "バックアップから戻すか、新しい --home で招待からやり直してください",
        "put it back from a backup, or join again with a new invitation and a new  --home DIR",
    ))
}

fn unreadable(error: &files::FileError) -> Diagnostic {
    Diagnostic::new(
        Exit::Failed,
        "SK-AGT-009",
        Text::new("読み込めません", "the home cannot be read"),
    )
    .observed(Text::fact(error))
}
