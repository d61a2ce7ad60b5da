//! Child processes of the demo: started, watched, and never left behind.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use super::steps::Broken;

/// A process of this same program, with everything it says on standard error kept in a file.
pub(super) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Starts `program` with `arguments`; `folder` takes its log.
    pub(super) fn start<I, S>(
        program: &Path,
        name: &str,
        folder: &Path,
        arguments: I,
    ) -> Result<Self, Broken>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let log = folder.join(format!("{name}.log"));
        let cannot = |error: std::io::Error| Broken::new(format!("{name}: cannot start: {error}"));
        let errors = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(cannot)?;
        let mut child = command(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::from(errors))
            .spawn()
            .map_err(cannot)?;
        let stdout = child.stdout.take().expect("standard output is piped");
        Ok(Process {
            name: name.to_owned(),
            child,
            log,
            stdout: BufReader::new(stdout),
        })
    }

    /// The first line that the process prints, as JSON.
    pub(super) async fn first_line(&mut self) -> Result<Value, Broken> {
        let mut line = String::new();
        let read = self.stdout.read_line(&mut line).await;
        match read {
            Ok(bytes) if bytes > 0 => serde_json::from_str(&line)
                .map_err(|error| Broken::new(format!("{}: {error}: {line}", self.name))),
            _ => Err(Broken::new(format!(
                "{} ended: {}",
                self.name,
                self.last_words()
            ))),
        }
    }

    /// Ends the process without warning, as a power cut would.
    pub(super) async fn kill(&mut self) {
        // A process that is already gone is what was asked for.
        let _ = self.child.kill().await;
    }

    /// Asks the process to end, and waits until it has.
    pub(super) async fn terminate(&mut self) -> Result<(), Broken> {
        let pid = self
            .child
            .id()
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| Broken::new(format!("{} runs no more", self.name)))?;
        rustix::process::kill_process(pid, Signal::TERM)
            .map_err(|error| Broken::new(error.to_string()))?;
        self.child.wait().await?;
        Ok(())
    }

    /// What the process complained about last.
    pub(super) fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let start = lines.len().saturating_sub(6);
        lines.get(start..).unwrap_or_default().join("\n")
    }
}

/// Runs `program` to its end and returns what it printed.
pub(super) async fn output<I, S>(program: &Path, arguments: I) -> Result<String, Broken>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let output = command(program)
        .args(arguments)
        .output()
        .await
        .map_err(|error| Broken::new(format!("cannot start {}: {error}", program.display())))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Broken::new(format!(
        "{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    )))
}

/// A child that ends with this process and inherits none of its settings.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    let inherited = std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.to_string_lossy().starts_with("SEKIMORI_"));
    for name in inherited {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}
