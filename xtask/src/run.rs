//! Running other programs, with the time each part took.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// A part that did not hold, with what to do about it.
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Failure(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One call of `cargo xtask`: where it works and what it did.
pub(crate) struct Session {
    root: PathBuf,
    target: PathBuf,
    parts: RefCell<Vec<(String, Duration)>>,
    left_out: RefCell<Vec<String>>,
}

impl Session {
    pub(crate) fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("xtask is in the workspace");
        Session {
            root: root.to_owned(),
            target: target_folder(root),
            parts: RefCell::default(),
            left_out: RefCell::default(),
        }
    }

    /// The repository's folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts what it builds for the other chores.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Whether this is continuous integration, where nothing may be left out.
    pub(crate) fn is_ci(&self) -> bool {
        std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
    }

    /// A cargo command on the workspace.
    pub(crate) fn cargo<I, S>(&self, arguments: I) -> Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target);
        // Set by the cargo that runs this program; a nested cargo must not inherit them.
        command
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("CARGO_PKG_NAME");
        command
    }

    /// Runs one named part, its output shown as it comes.
    pub(crate) fn part(&self, name: &str, command: &mut Command) -> Result<(), Failure> {
        eprintln!("\n== {name}");
        let begin = now();
        let status = command
            .stdin(Stdio::null())
            .status()
            .map_err(|error| Failure::new(format!("{name}: cannot start {command:?}: {error}")))?;
        self.parts
            .borrow_mut()
            .push((name.to_owned(), begin.elapsed()));
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(format!("{name} failed ({status})")))
        }
    }

    /// Notes that a part could not run: a failure in CI, a loud line elsewhere.
    pub(crate) fn leave_out(&self, what: &str, why: &str) -> Result<(), Failure> {
        if self.is_ci() {
            return Err(Failure::new(format!("{what} cannot run: {why}")));
        }
        self.left_out.borrow_mut().push(format!("{what}: {why}"));
        Ok(())
    }

    /// Notes a part that needs the outside world; its absence is said, never an error.
    pub(crate) fn note(&self, what: &str, why: &str) {
        self.left_out.borrow_mut().push(format!("{what}: {why}"));
    }

    /// Prints how long each part took and what was left out.
    pub(crate) fn summarize(&self) -> ExitCode {
        eprintln!();
        for (name, took) in self.parts.borrow().iter() {
            eprintln!("{:>6.1} s  {name}", took.as_secs_f64());
        }
        for line in self.left_out.borrow().iter() {
            eprintln!("NOT RUN  {line}");
        }
        ExitCode::SUCCESS
    }
}

/// In CI the dependencies outlive the clone; elsewhere cargo's own folder is used.
fn target_folder(root: &Path) -> PathBuf {
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR") {
        return root.join(folder);
    }
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    if !ci {
        return root.join("target");
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    cache.map_or_else(
        || root.join("target"),
        |cache| cache.join("sekimori").join("ci-target"),
    )
}

/// Whether a program of this name is on the path.
pub(crate) fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

#[expect(clippy::disallowed_methods, reason = "the clock of this program")]
fn now() -> Instant {
    Instant::now()
}
