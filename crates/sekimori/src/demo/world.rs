//! Everything that the demo started and learned, in one place.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::process::{self, Process};
use super::steps::{Broken, Step};
use crate::client::Client;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::language::Language;

/// The demo's own world: a fresh folder, its processes, and what they said.
pub(super) struct World {
    pub(super) language: Language,
    pub(super) sabotage: Option<Step>,
    program: PathBuf,
    folder: PathBuf,
    pub(super) server: Option<Process>,
    pub(super) witness: Option<Process>,
    pub(super) agents: Vec<(String, Process)>,
    /// What `up --json` said: addresses, fingerprint, log key, setup link.
    pub(super) up: Value,
    /// The line of the witness for `up --witness`.
    pub(super) witness_line: String,
}

impl World {
    /// An empty world in a fresh temporary folder.
    pub(super) fn new(language: Language, sabotage: Option<Step>) -> Outcome<Self> {
        let cannot = |error: &dyn std::fmt::Display| {
            Diagnostic::new(
                Exit::Failed,
                "SK-DMO-001",
                "the demo cannot make its folder",
            )
            .observed(error)
            .fix("make room in the temporary folder, or name another:  TMPDIR=DIR")
        };
        let mut random = [0u8; 6];
        getrandom::fill(&mut random).map_err(|error| cannot(&error))?;
        let folder = std::env::temp_dir().join(format!("sekimori-demo-{}", hex::encode(random)));
        std::fs::create_dir(&folder).map_err(|error| cannot(&error))?;
        Ok(World {
            language,
            sabotage,
            program: std::env::current_exe().map_err(|error| cannot(&error))?,
            folder,
            server: None,
            witness: None,
            agents: Vec::new(),
            up: Value::Null,
            witness_line: String::new(),
        })
    }

    /// What a step saw, in the reader's language.
    pub(super) fn say(&self, key: &str, values: &[(&str, &dyn std::fmt::Display)]) -> String {
        let values: Vec<(&str, String)> = values
            .iter()
            .map(|(name, value)| (*name, value.to_string()))
            .collect();
        let values: Vec<(&str, &str)> = values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.language.text(key, &values)
    }

    /// The folder that holds every home of the demo.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// This very program, which every child runs.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// The home of the maker's server.
    pub(super) fn server_home(&self) -> PathBuf {
        self.folder.join("maker")
    }

    /// The home of the second organization's witness.
    pub(super) fn witness_home(&self) -> PathBuf {
        self.folder.join("partner")
    }

    /// The home of one device.
    pub(super) fn device_home(&self, name: &str) -> PathBuf {
        self.folder.join("devices").join(name)
    }

    /// Whether the precondition of `step` is to be broken.
    pub(super) fn breaks(&self, step: Step) -> bool {
        self.sabotage == Some(step)
    }

    /// The server's control socket.
    pub(super) fn client(&self) -> Client {
        Client::new(&self.server_home(), self.language)
    }

    /// A text of what `up` said.
    pub(super) fn said(&self, name: &str) -> Result<String, Broken> {
        let text = self.up[name].as_str();
        text.map(str::to_owned)
            .ok_or_else(|| Broken::new(format!("up did not say its {name}")))
    }

    /// Starts the server; the second time on the addresses of the first.
    pub(super) async fn start_server(&mut self) -> Result<(), Broken> {
        let host_port = |name: &str| {
            self.up[name].as_str().map_or_else(
                || "127.0.0.1:0".to_owned(),
                |text| text.trim_start_matches("https://").to_owned(),
            )
        };
        let home = self.server_home();
        let arguments = [
            "up".into(),
            "--json".into(),
            "--home".into(),
            home.into_os_string(),
            "--organization".into(),
            "maker.example".into(),
            "--listen".into(),
            host_port("https").into(),
            "--mqtt".into(),
            host_port("mqtt").into(),
            "--metrics".into(),
            "127.0.0.1:0".into(),
            "--witness".into(),
            self.witness_line.clone().into(),
        ];
        let mut server = Process::start(&self.program, "server", &self.folder, arguments)?;
        let said = server.first_line().await?;
        if self.up.is_null() {
            self.up = said;
        }
        self.server = Some(server);
        Ok(())
    }

    /// Starts the witness on the address that its line names.
    pub(super) async fn start_witness(&mut self) -> Result<(), Broken> {
        let log = self.said("log")?;
        let home = self.witness_home();
        let arguments = [
            "witness".as_ref(),
            "run".as_ref(),
            "--json".as_ref(),
            "--home".as_ref(),
            home.as_os_str(),
            "--log".as_ref(),
            log.as_ref(),
        ];
        let mut witness = Process::start(&self.program, "witness", &self.folder, arguments)?;
        witness.first_line().await?;
        self.witness = Some(witness);
        Ok(())
    }

    /// Invites a device and lets an agent process join with the printed line.
    pub(super) async fn join(
        &self,
        name: &str,
        role: &str,
        root: Option<&str>,
    ) -> Result<(), Broken> {
        let invitation = self
            .client()
            .post(
                "/api/v1/devices/invitations",
                &json!({ "name": name, "role": role }),
            )
            .await?;
        let text = |key: &str| {
            let text = invitation[key].as_str();
            text.map(str::to_owned)
                .ok_or_else(|| Broken::new(format!("the invitation has no {key}")))
        };
        let (url, code, fingerprint) = (text("url")?, text("code")?, text("root")?);
        let code = format!("{name}:{code}");
        let home = self.device_home(name);
        let arguments = [
            "agent".as_ref(),
            "join".as_ref(),
            url.as_ref(),
            "--code".as_ref(),
            code.as_ref(),
            "--root".as_ref(),
            root.unwrap_or(&fingerprint).as_ref(),
            "--home".as_ref(),
            home.as_os_str(),
        ];
        process::output(&self.program, arguments).await.map(drop)
    }

    /// Starts the agent of a device that has joined, with the settings that it was made with.
    pub(super) fn start_agent(&mut self, name: &str, settings: &str) -> Result<(), Broken> {
        let home = self.device_home(name);
        std::fs::write(home.join("settings.toml"), settings)?;
        let arguments = [
            "agent".as_ref(),
            "run".as_ref(),
            "--home".as_ref(),
            home.as_os_str(),
        ];
        let agent = Process::start(&self.program, name, &self.folder, arguments)?;
        self.agents.push((name.to_owned(), agent));
        Ok(())
    }

    /// Kills the agent of a device with everything it started.
    pub(super) async fn kill_agent(&mut self, name: &str) {
        for (_, agent) in self.agents.iter_mut().filter(|(agent, _)| agent == name) {
            agent.kill().await;
        }
    }

    /// What the agent of a device says of itself.
    pub(super) async fn agent_status(&self, name: &str) -> Result<Value, Broken> {
        let home = self.device_home(name);
        let arguments = [
            "agent".as_ref(),
            "status".as_ref(),
            "--json".as_ref(),
            "--home".as_ref(),
            home.as_os_str(),
        ];
        let said = process::output(&self.program, arguments).await?;
        serde_json::from_str(&said).map_err(|error| Broken::new(format!("{error}: {said}")))
    }

    /// What the server knows of a device.
    pub(super) async fn device(&self, name: &str) -> Result<Value, Broken> {
        Ok(self
            .client()
            .get(&format!("/api/v1/devices/{name}"))
            .await?)
    }

    /// A fresh one-time link to the console.
    pub(super) async fn console_link(&self) -> Outcome<String> {
        let answer = self
            .client()
            .post("/api/v1/console-link", &json!({}))
            .await?;
        Ok(answer["url"].as_str().unwrap_or_default().to_owned())
    }

    /// Ends every process and removes the folder.
    pub(super) async fn stop(mut self) {
        for (_, mut agent) in self.agents.drain(..) {
            agent.kill().await;
        }
        for mut process in self.server.take().into_iter().chain(self.witness.take()) {
            process.kill().await;
        }
        // A folder that stays behind is a nuisance, not a failure of what was shown.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What the demo's sensor does: one reading a second, and frequent looks at itself, so that a
/// reader need not wait.
pub(super) fn sensor_settings() -> String {
    r#"report_interval_ms = 1000
measure_interval_ms = 500
update_interval_ms = 500
state_interval_ms = 1000

[[sensor]]
flow = "telemetry"
field = "temp_c"
base = 4.5
swing = 0.8
period_s = 30
plausible = [-20.0, 20.0]
"#
    .to_owned()
}

/// What the demo's door does.
pub(super) fn door_settings() -> String {
    r#"report_interval_ms = 2000
measure_interval_ms = 1000
update_interval_ms = 1000
state_interval_ms = 1000

[[actuator]]
command = "lock"
report = "door-state"
field = "locked"
initial = true
"#
    .to_owned()
}
