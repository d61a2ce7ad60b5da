//! A server, its witness and its devices in a temporary folder.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The model that the tests apply: the example, with nothing changed.
pub(crate) const MODEL: &str = include_str!("../../../../../examples/cold-store/model.toml");

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The program under test, in English and with nothing inherited.
pub(crate) fn sekimori() -> Command {
    program(env!("CARGO_BIN_EXE_sekimori"))
}

/// A program with a clean environment: same language and no settings from outside.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SEKIMORI_") {
            command.env_remove(name);
        }
    }
    command
        .env("LC_ALL", "C.UTF-8")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

/// A foreign program; a test that needs it fails with the package to install.
pub(crate) fn foreign(name: &str, package: &str) -> Command {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()));
    assert!(
        found,
        "`{name}` is not installed: apt-get install {package}, or  cargo xtask setup"
    );
    program(name)
}

/// What a finished program printed.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    /// The output, if the program ended well.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self.stdout
    }

    /// The complaints, if the program ended with this code.
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self.stderr
    }
}

/// Runs a program to its end, at most [`PATIENCE`].
pub(crate) fn run(command: &mut Command) -> Said {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // Read as it comes: a program that fills a pipe nobody reads would never end.
    let stdout = read_all(child.stdout.take().expect("standard output is piped"));
    let stderr = read_all(child.stderr.take().expect("standard error is piped"));
    let begin = now();
    let code = loop {
        match child.try_wait().expect("the child can be asked") {
            Some(status) => break Some(status.code()),
            None if begin.elapsed() > PATIENCE => {
                child.kill().expect("the child can be killed");
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let text = |reader: std::thread::JoinHandle<String>| reader.join().expect("the reader ends");
    let (stdout, stderr) = (text(stdout), text(stderr));
    let Some(code) = code else {
        panic!("{command:?} did not end:\n{stdout}\n{stderr}")
    };
    Said {
        code,
        stdout,
        stderr,
    }
}

fn read_all(mut from: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("a pipe can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Asks until the answer is there; the last reason is the failure.
pub(crate) fn until<T>(what: &str, mut question: impl FnMut() -> Result<T, String>) -> T {
    let begin = now();
    loop {
        match question() {
            Ok(answer) => return answer,
            Err(why) if begin.elapsed() > PATIENCE => panic!("{what}: {why}"),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// A process that ends with this value.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it with its complaints in `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let file = std::fs::File::create(log).expect("the log can be made");
        let child = command.stdout(Stdio::piped()).stderr(file).spawn();
        Running(child.unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Its first line.
    pub(crate) fn first_line(&mut self) -> String {
        let stdout = self.0.stdout.take().expect("standard output is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("standard output can be read");
        line
    }

    /// Its process number.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("the child can be asked").is_some()
    }

    /// SIGKILL: what a power cut is to a process.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A server with everything around it.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) server: Running,
    pub(crate) said: Value,
    /// The witness of a second organization, if there is one; it ends with this value.
    witness: Option<Running>,
}

impl World {
    /// A server on free ports, without a policy.
    pub(crate) fn bare() -> Self {
        Self::started_by(sekimori())
    }

    /// A server that is started by other means than by its name.
    pub(crate) fn started_by(command: Command) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (server, said) = start(folder.path(), None, command);
        World {
            folder,
            server,
            said,
            witness: None,
        }
    }

    /// A server with the example's policy.
    pub(crate) fn new() -> Self {
        let world = Self::bare();
        world.apply_example();
        world
    }

    /// The same with a ledger that another organization cosigns.
    pub(crate) fn witnessed() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().join("witness");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let line = run(sekimori()
            .args([
                "witness",
                "init",
                "--name",
                "partner.example/w1",
                "--listen",
            ])
            .arg(format!("127.0.0.1:{port}"))
            .arg("--home")
            .arg(&home))
        .ok();
        let mut command = sekimori();
        // Given as a setting of the environment, so that this way is shown too.
        command.env("SEKIMORI_WITNESS", line.trim());
        let (server, said) = start(folder.path(), None, command);
        let log = said["log"]
            .as_str()
            .expect("up tells the ledger's key")
            .to_owned();
        let witness = Running::start(
            sekimori()
                .args(["witness", "run", "--log", &log, "--home"])
                .arg(&home),
            &folder.path().join("witness.log"),
        );
        let world = World {
            folder,
            server,
            said,
            witness: Some(witness),
        };
        until("the witness cosigns", || {
            let ledger = world.json(["status"])["ledger"].take();
            if ledger["published"] == ledger["recorded"] {
                Ok(())
            } else {
                Err(ledger.to_string())
            }
        });
        world.apply_example();
        world
    }

    fn apply_example(&self) {
        self.apply(MODEL);
    }

    /// Puts the policy of a model in force; the model's file.
    pub(crate) fn apply(&self, text: &str) -> PathBuf {
        let model = self.folder.path().join("model.toml");
        std::fs::write(&model, text).expect("the model can be written");
        self.call(["apply".as_ref(), model.as_os_str()]).ok();
        model
    }

    /// Ends the witness, as if its organization were away.
    pub(crate) fn lose_witness(&mut self) {
        self.witness = None;
    }

    /// The server's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("server")
    }

    /// The home of a device.
    pub(crate) fn device_home(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What `up --json` said under this name.
    pub(crate) fn text(&self, name: &str) -> String {
        self.said[name]
            .as_str()
            .unwrap_or_else(|| panic!("up said no {name}"))
            .to_owned()
    }

    /// The port of the HTTPS or the MQTT listener.
    pub(crate) fn port(&self, listener: &str) -> u16 {
        let address = self.text(listener);
        address
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
            .expect("an address with a port")
    }

    /// A command of the command line in this server's home.
    pub(crate) fn call<I, S>(&self, arguments: I) -> Said
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        run(sekimori().arg("--home").arg(self.home()).args(arguments))
    }

    /// The same with JSON as answer.
    pub(crate) fn json<const N: usize>(&self, arguments: [&str; N]) -> Value {
        let mut words = vec!["--json"];
        words.extend(arguments);
        let text = self.call(words).ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The one-time code for a new device, as `name:code`.
    pub(crate) fn invite(&self, name: &str, role: &str) -> String {
        let answer = self.json(["device", "invite", name, "--role", role, "--no-wait"]);
        let code = answer["code"].as_str().expect("an invitation has a code");
        format!("{name}:{code}")
    }

    /// What an agent says that joins with `code` under `root`.
    pub(crate) fn join_with(&self, name: &str, code: &str, root: &str) -> Said {
        self.join_within(name, code, root, "30")
    }

    /// The same for an owner who waits so many seconds.
    pub(crate) fn join_within(&self, name: &str, code: &str, root: &str, seconds: &str) -> Said {
        let home = self.device_home(name);
        let url = self.text("https");
        let words: [&OsStr; 11] = [
            "agent".as_ref(),
            "join".as_ref(),
            url.as_ref(),
            "--code".as_ref(),
            code.as_ref(),
            "--root".as_ref(),
            root.as_ref(),
            "--home".as_ref(),
            home.as_os_str(),
            "--timeout".as_ref(),
            seconds.as_ref(),
        ];
        run(sekimori().args(words))
    }

    /// Invites a device and lets an agent join.
    pub(crate) fn join(&self, name: &str, role: &str) -> PathBuf {
        let code = self.invite(name, role);
        self.join_with(name, &code, &self.text("root")).ok();
        self.device_home(name)
    }

    /// Kills the server and starts it again on the same ports.
    pub(crate) fn crash(&mut self) {
        self.server.kill();
        let ports = (self.text("https"), self.text("mqtt"));
        let (server, _) = start(self.folder.path(), Some(ports), sekimori());
        self.server = server;
    }

    /// Waits for an event with this code and reason, and returns it.
    pub(crate) fn event(&self, code: &str, reason: Option<&str>) -> Value {
        until(&format!("event {code} {reason:?}"), || {
            let said = self
                .call([
                    "--json", "events", "search", "--code", code, "--limit", "200",
                ])
                .ok();
            said.lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .find(|event| event["reason"].as_str() == reason)
                .ok_or(said)
        })
    }

    /// Attaches the document "Test partners" for the control CSA-1.31, and returns what the server says of it.
    pub(crate) fn attach_test_partners(&self) -> Value {
        let paper = self.folder.path().join("partners.txt");
        std::fs::write(&paper, "laboratory A tests each release\n")
            .expect("a paper can be written");
        let paper = paper.to_str().expect("a temporary path is text");
        let about = ["--for", "CSA-1.31", "--title", "Test partners"];
        let whose = ["--owner", "quality", "--until", "2099-12-31"];
        let mut words = vec!["--json", "evidence", "attach", paper];
        words.extend(about.into_iter().chain(whose));
        let text = self.call(words).ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Stored messages of a flow.
    pub(crate) fn messages(&self, device: &str, flow: &str) -> Vec<Value> {
        let socket = self.home().join("run").join("control.sock");
        let url =
            format!("http://localhost/api/v1/messages?device={device}&flow={flow}&limit=1000");
        let said = run(foreign("curl", "curl")
            .arg("--silent")
            .arg("--unix-socket")
            .arg(socket)
            .arg(url));
        let answer: Value = serde_json::from_str(&said.ok()).expect("the API answers JSON");
        answer["items"].as_array().cloned().unwrap_or_default()
    }
}

/// Whether a device, as the server shows it, has its MQTT session; HTTPS comes and goes.
pub(crate) fn is_connected(device: &Value) -> bool {
    device["connections"]
        .as_array()
        .is_some_and(|open| open.iter().any(|one| one == "mqtt"))
}

/// Starts `sekimori up`, the first time on free ports.
fn start(folder: &Path, ports: Option<(String, String)>, mut command: Command) -> (Running, Value) {
    let address = |text: &str| text.trim_start_matches("https://").to_owned();
    let (https, mqtt) = ports.map_or_else(
        || ("127.0.0.1:0".to_owned(), "127.0.0.1:0".to_owned()),
        |(https, mqtt)| (address(&https), address(&mqtt)),
    );
    let log = folder.join("server.log");
    let mut server = Running::start(
        command
            .args(["up", "--json", "--listen", &https, "--mqtt", &mqtt])
            .args(["--metrics", "127.0.0.1:0", "--home"])
            .arg(folder.join("server")),
        &log,
    );
    let line = server.first_line();
    let said = serde_json::from_str(&line).unwrap_or_else(|error| {
        panic!(
            "{error}: {line}\n{}",
            std::fs::read_to_string(&log).unwrap_or_default()
        )
    });
    (server, said)
}

/// The files of a device's credential: certificate and key.
pub(crate) fn credential(device_home: &Path) -> (PathBuf, PathBuf) {
    let keys = device_home.join("keys");
    let slot = ["2", "1"]
        .into_iter()
        .find(|slot| keys.join(format!("{slot}.crt")).exists())
        .unwrap_or_else(|| panic!("no certificate in {}", keys.display()));
    (
        keys.join(format!("{slot}.crt")),
        keys.join(format!("{slot}.pem")),
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test waits for other processes"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
