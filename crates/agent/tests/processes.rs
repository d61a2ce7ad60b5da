//! The agent as people and the system meet it: real processes, signals, locks, limits.
#![expect(
    clippy::unwrap_used,
    reason = "a test that is wrong has to stop at once"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "a missing JSON key is Null, which the assertion shows"
)]

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const AGENT: &str = env!("CARGO_BIN_EXE_sekimori-agent");
const ROOT: &str = "abababababababababababababababababababababababababababababababab";

fn agent(home: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(AGENT);
    command
        .args(words)
        .arg("--home")
        .arg(home)
        .args(["--lang", "en"]);
    command.stdin(Stdio::null()).output().unwrap()
}

fn status(home: &Path) -> Value {
    let output = agent(home, &["status", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A launcher, ended at the latest with its test.
struct Launcher(Child);

impl Launcher {
    /// Starts it and waits until its payload says that it runs.
    fn start(home: &Path) -> (Self, Pid) {
        let launcher = Command::new(AGENT)
            .args(["run", "--home"])
            .arg(home)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let launcher = Self(launcher);
        loop {
            let pid = status(home)["pid"].as_i64();
            if let Some(pid) = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).unwrap())) {
                return (launcher, pid);
            }
        }
    }

    /// Asks it to end, and waits until it has, in good order.
    fn end(mut self) {
        kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_home_that_is_used_is_not_used_twice() {
    let home = tempfile::tempdir().unwrap();
    let (launcher, _) = Launcher::start(home.path());
    let second = agent(home.path(), &["run"]);
    assert_eq!(second.status.code(), Some(6), "{}", words(&second));
    assert!(words(&second).contains("error[SK-AGT-011]"));
    launcher.end();
    assert_eq!(status(home.path())["running"], false);
}

#[test]
fn a_launcher_that_is_killed_leaves_no_payload_behind() {
    let home = tempfile::tempdir().unwrap();
    let (launcher, payload) = Launcher::start(home.path());
    launcher.kill();
    // Held by the payload for as long as it lives.
    File::open(home.path().join("run/payload.lock"))
        .unwrap()
        .lock()
        .unwrap();
    assert_eq!(status(home.path())["running"], false);
    let (next, other) = Launcher::start(home.path());
    assert_ne!(other, payload);
    next.end();
}

#[test]
fn a_payload_that_is_killed_is_started_again_and_each_start_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let (launcher, payload) = Launcher::start(home.path());
    // A start is counted before anything is sent under its number; killed earlier, it was none.
    let count = home.path().join("state/boot");
    while !count.exists() {
        std::thread::yield_now();
    }
    kill_process(payload, Signal::KILL).unwrap();
    let killed = i64::from(payload.as_raw_nonzero().get());
    let again = loop {
        let status = status(home.path());
        if status["pid"].as_i64().is_some_and(|pid| pid != killed) {
            break status;
        }
    };
    assert_eq!(again["boot"], 2);
    launcher.end();
}

#[test]
fn joining_names_what_is_in_the_way_and_never_repeats_the_code() {
    let home = tempfile::tempdir().unwrap();
    let join = |url: &str, code: &str, root: &str| {
        let words = [
            "join",
            url,
            "--code",
            code,
            "--root",
            root,
            "--timeout",
            "1",
        ];
        agent(home.path(), &words)
    };
    let nobody = "https://127.0.0.1:1";
    for (output, exit, code) in [
        (join(nobody, "dev-1:SECRET", ROOT), 5, "SK-AGT-003"),
        (join(nobody, "SECRET", ROOT), 2, "SK-AGT-014"),
        (join(nobody, "dev-1:SECRET", "short"), 2, "SK-AGT-014"),
        (
            join("http://127.0.0.1:1", "dev-1:SECRET", ROOT),
            2,
            "SK-AGT-014",
        ),
    ] {
        let text = words(&output);
        assert_eq!(output.status.code(), Some(exit), "{text}");
        assert!(text.contains(code), "{text}");
        assert!(!text.contains("SECRET"), "{text}");
    }
}

#[test]
fn a_full_disk_is_named_and_ends_nothing() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().join("device");
    // No file may grow at all: what a full disk is, without filling one.
    let script = format!(
        "ulimit -f 0; exec {AGENT} join https://127.0.0.1:1 --code dev-1:SECRET --root {ROOT} --timeout 1 --lang en --home \"$0\""
    );
    let output = Command::new("sh")
        .arg("-c")
        .arg(script)
        .arg(&home)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    // Its words go through a pipe, which has no size limit.
    let text = words(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("SK-AGT-009") && text.contains("no space left"),
        "{text}"
    );
    // With room again, the same home works.
    let output = agent(
        &home,
        &[
            "join",
            "https://127.0.0.1:1",
            "--code",
            "dev-1:SECRET",
            "--root",
            ROOT,
            "--timeout",
            "1",
        ],
    );
    assert!(words(&output).contains("SK-AGT-003"), "{}", words(&output));
}

#[test]
fn a_damaged_record_is_named() {
    let home = tempfile::tempdir().unwrap();
    let (launcher, _) = Launcher::start(home.path());
    launcher.end();
    std::fs::write(home.path().join("state/boot"), "many").unwrap();
    for command in ["status", "run"] {
        let output = agent(home.path(), &[command]);
        let text = words(&output);
        assert_eq!(output.status.code(), Some(1), "{command}: {text}");
        assert!(
            text.contains("SK-AGT-010") && text.contains("Boot"),
            "{text}"
        );
    }
}

#[test]
fn a_home_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = agent(&file.join("home"), &["run"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output).contains("SK-AGT-009"), "{}", words(&output));
}
