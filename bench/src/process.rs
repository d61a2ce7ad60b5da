//! The measured processes, and what the system says about them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A home folder that goes away with this value.
pub(crate) struct Home(PathBuf);

impl Home {
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let folder =
            std::env::temp_dir().join(format!("sekimori-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Home(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What stays behind is in the temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running `sekimori up`.
pub(crate) struct Server {
    child: Child,
    /// The line of `up --json`.
    pub(crate) said: Value,
    /// From the start of the process until that line.
    pub(crate) ready_after: Duration,
}

impl Server {
    pub(crate) async fn start(program: &Path, home: &Path) -> Result<Self, String> {
        let begin = now();
        let mut child = Command::new(program)
            .args([
                "up",
                "--json",
                "--listen",
                "127.0.0.1:0",
                "--mqtt",
                "127.0.0.1:0",
            ])
            .args(["--metrics", "127.0.0.1:0", "--home"])
            .arg(home)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let stdout = child.stdout.take().ok_or("standard output is not there")?;
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .await
            .map_err(|error| error.to_string())?;
        let ready_after = begin.elapsed();
        let said =
            serde_json::from_str(&line).map_err(|error| format!("up said {line:?}: {error}"))?;
        Ok(Server {
            child,
            said,
            ready_after,
        })
    }

    /// User and system time of the process so far.
    pub(crate) fn cpu(&self) -> Result<Duration, String> {
        let text = self.read("stat")?;
        // The name may hold spaces; what follows its closing bracket does not.
        let fields: Vec<&str> = text
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_whitespace()
            .collect();
        let ticks = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<u64>().ok())
        };
        match (ticks(11), ticks(12)) {
            // Linux counts in hundredths of a second for every program.
            (Some(user), Some(system)) => Ok(Duration::from_millis((user + system) * 10)),
            _ => Err(format!("unexpected /proc stat: {text}")),
        }
    }

    /// Memory that only this process holds, in KiB.
    pub(crate) fn memory_kib(&self) -> Result<(u64, u64), String> {
        let text = self.read("smaps_rollup")?;
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_whitespace().next())
                .and_then(|number| number.parse::<u64>().ok())
                .ok_or_else(|| format!("no {name} in smaps_rollup"))
        };
        Ok((field("Rss:")?, field("Pss:")?))
    }

    fn read(&self, name: &str) -> Result<String, String> {
        let pid = self.child.id().ok_or("the server has ended")?;
        std::fs::read_to_string(format!("/proc/{pid}/{name}")).map_err(|error| error.to_string())
    }

    pub(crate) async fn stop(mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill().await;
    }
}

/// Runs the program to its end; the error holds what it complained about.
pub(crate) async fn run(program: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!(
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        ))
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock of this program")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
