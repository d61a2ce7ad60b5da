//! Settings: a flag beats `SEKIMORI_*`, which beats `sekimori.toml` in the home, which beats the default.

use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::UpArguments;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::failure::server_failure;

/// The version of `sekimori.toml` that this program reads.
const SCHEMA: u32 = 1;

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag,
    Environment,
    File,
    /// What the first run wrote into the home.
    Home,
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Flag => "flag",
            Origin::Environment => "environment",
            Origin::File => "sekimori.toml",
            Origin::Home => "home",
            Origin::Default => "default",
        })
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// Everything that `sekimori up` can be told.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) https: Setting<SocketAddr>,
    pub(crate) mqtt: Setting<SocketAddr>,
    pub(crate) metrics: Setting<SocketAddr>,
    pub(crate) organization: Setting<String>,
    pub(crate) names: Setting<Vec<String>>,
    pub(crate) witnesses: Setting<Vec<WitnessLine>>,
}

/// `sekimori.toml` as written; unknown keys are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: Option<u32>,
    organization: Option<String>,
    names: Option<Vec<String>>,
    witness: Option<Vec<String>>,
    #[serde(default)]
    listen: Listen,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listen {
    https: Option<SocketAddr>,
    mqtt: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
}

/// What a server must know of a witness: where it is, its key, and its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WitnessLine {
    /// Address of the witness, `https://host:port`.
    pub(crate) url: String,
    /// SHA-256 of its certificate, lower-case hex.
    pub(crate) certificate: String,
    /// Its key in the form of C2SP's signed notes.
    pub(crate) key: String,
}

impl WitnessLine {
    /// Reads `URL CERTIFICATE-SHA256 KEY`, separated by spaces.
    pub(crate) fn parse(line: &str) -> Outcome<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let wrong = |observed: &str| {
            Diagnostic::new(Exit::Usage, "SK-CFG-003", "this is not a witness line")
                .observed(observed)
                .expected("https://HOST:PORT SHA256-OF-CERTIFICATE NAME+HASH+KEY")
                .fix("copy the line that `sekimori witness init` printed, in quotes")
        };
        let [url, certificate, key] = words.as_slice() else {
            return Err(wrong(line));
        };
        let is_digest = certificate.len() == 64 && hex::decode(certificate).is_ok();
        if !url.starts_with("https://") || !is_digest || key.matches('+').count() < 2 {
            return Err(wrong(line));
        }
        Ok(WitnessLine {
            url: url.trim_end_matches('/').to_owned(),
            certificate: certificate.to_ascii_lowercase(),
            key: (*key).to_owned(),
        })
    }
}

impl fmt::Display for WitnessLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.url, self.certificate, self.key)
    }
}

impl Config {
    /// Puts flags, environment and `HOME/sekimori.toml` together.
    ///
    /// # Errors
    ///
    /// An unreadable or malformed file, an unknown key, a value of the wrong form, and metrics on
    /// an address that is not loopback (they are the one listener without TLS).
    pub(crate) fn load(home: &Path, flags: &UpArguments) -> Outcome<Self> {
        Self::load_with(home, flags, |name| std::env::var(name).ok())
    }

    fn load_with(
        home: &Path,
        flags: &UpArguments,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Outcome<Self> {
        let file = read_file(&home.join("sekimori.toml"))?;
        let address = |name: &str| -> Outcome<Option<SocketAddr>> {
            environment(name)
                .map(|text| parse_address(name, &text))
                .transpose()
        };
        let https = pick(
            flags.listen,
            address("SEKIMORI_LISTEN")?,
            file.listen.https,
            SocketAddr::from(([127, 0, 0, 1], 8443)),
        );
        // Whoever opens the console to the network means the devices' port as well.
        let mqtt_default = match https.origin {
            Origin::Default => SocketAddr::from(([127, 0, 0, 1], 8883)),
            _ if https.value.port() == 0 => SocketAddr::new(https.value.ip(), 0),
            _ => SocketAddr::new(https.value.ip(), 8883),
        };
        let mqtt = pick(
            flags.mqtt,
            address("SEKIMORI_MQTT")?,
            file.listen.mqtt,
            mqtt_default,
        );
        let metrics = pick(
            flags.metrics,
            address("SEKIMORI_METRICS")?,
            file.listen.metrics,
            SocketAddr::from(([127, 0, 0, 1], 9464)),
        );
        if !metrics.value.ip().is_loopback() {
            return Err(Diagnostic::new(
                Exit::Usage,
                "SK-CFG-004",
                "metrics are served on loopback only",
            )
            .observed(format!("{} ({})", metrics.value, metrics.origin))
            .expected("an address such as 127.0.0.1:9464: metrics have no TLS")
            .fix("collect them on this machine, or forward them through something that encrypts"));
        }
        let list = |text: String| text.split(',').map(|part| part.trim().to_owned()).collect();
        let some = |values: &Vec<String>| (!values.is_empty()).then(|| values.clone());
        let mut organization = pick(
            flags.organization.clone(),
            environment("SEKIMORI_ORGANIZATION"),
            file.organization,
            "sekimori".to_owned(),
        );
        // A home keeps the name that it was made with; nobody has to repeat it.
        if organization.origin == Origin::Default
            && let Ok(name) = std::fs::read_to_string(home.join("keys").join("organization.name"))
        {
            organization = Setting {
                value: name,
                origin: Origin::Home,
            };
        }
        let witness_lines = pick(
            some(&flags.witness),
            environment("SEKIMORI_WITNESS").map(list),
            file.witness,
            Vec::new(),
        );
        Ok(Config {
            https,
            mqtt,
            metrics,
            organization,
            names: pick(
                some(&flags.name),
                environment("SEKIMORI_NAMES").map(list),
                file.names,
                Vec::new(),
            ),
            witnesses: Setting {
                value: witness_lines
                    .value
                    .iter()
                    .map(|line| WitnessLine::parse(line))
                    .collect::<Outcome<_>>()?,
                origin: witness_lines.origin,
            },
        })
    }

    /// Writes `HOME/sekimori.toml` with what must not be forgotten at the next start, unless there is
    /// one: without its witnesses a ledger would go on with one administrator.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub(crate) fn remember(&self, home: &Path) -> Outcome {
        let path = home.join("sekimori.toml");
        if path.exists() || self.witnesses.value.is_empty() && self.names.value.is_empty() {
            return Ok(());
        }
        let list = |values: Vec<String>| toml::Value::from(values).to_string();
        let witnesses = self
            .witnesses
            .value
            .iter()
            .map(WitnessLine::to_string)
            .collect();
        let text = format!(
            "# Written by the first `sekimori up` of this home; flags and SEKIMORI_* go before it.\nschema = {SCHEMA}\nnames = {}\nwitness = {}\n",
            list(self.names.value.clone()),
            list(witnesses),
        );
        sekimori_server::files::write_private(&path, text.as_bytes()).map_err(server_failure)
    }

    /// Name, value and origin of every setting, in a fixed order.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String, Origin)> {
        let witnesses: Vec<String> = self
            .witnesses
            .value
            .iter()
            .map(WitnessLine::to_string)
            .collect();
        vec![
            (
                "listen.https",
                self.https.value.to_string(),
                self.https.origin,
            ),
            ("listen.mqtt", self.mqtt.value.to_string(), self.mqtt.origin),
            (
                "listen.metrics",
                self.metrics.value.to_string(),
                self.metrics.origin,
            ),
            (
                "organization",
                self.organization.value.clone(),
                self.organization.origin,
            ),
            ("names", self.names.value.join(", "), self.names.origin),
            ("witness", witnesses.join(", "), self.witnesses.origin),
        ]
    }
}

/// The home when nobody names one: `$XDG_DATA_HOME/sekimori`, else under `$HOME`.
pub(crate) fn default_home() -> Outcome<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    folder("XDG_DATA_HOME")
        .map(|data| data.join("sekimori"))
        .or_else(|| folder("HOME").map(|home| home.join(".local/share/sekimori")))
        .ok_or_else(|| {
            Diagnostic::new(Exit::Usage, "SK-CFG-001", "no home folder is known")
                .observed("neither HOME nor XDG_DATA_HOME is set")
                .fix("name one:  --home DIR  or  SEKIMORI_HOME=DIR")
        })
}

fn pick<T>(flag: Option<T>, environment: Option<T>, file: Option<T>, default: T) -> Setting<T> {
    let candidates = [
        (flag, Origin::Flag),
        (environment, Origin::Environment),
        (file, Origin::File),
        (Some(default), Origin::Default),
    ];
    candidates
        .into_iter()
        .find_map(|(value, origin)| value.map(|value| Setting { value, origin }))
        .expect("the default is always there")
}

fn parse_address(name: &str, text: &str) -> Outcome<SocketAddr> {
    text.parse().map_err(|_| {
        Diagnostic::new(
            Exit::Usage,
            "SK-CFG-005",
            format!("{name} is not an address"),
        )
        .below()
        .observed(text)
        .expected("IP:PORT, such as 127.0.0.1:8443 or [::]:8443")
    })
}

fn read_file(path: &Path) -> Outcome<File> {
    let wrong = |observed: String, fix: &str| {
        Diagnostic::new(
            Exit::Usage,
            "SK-CFG-002",
            format!("{} cannot be used", path.display()),
        )
        .below()
        .observed(observed)
        .fix(fix)
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        // Whether the home itself can be is for the server to find out.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(File::default());
        }
        Err(error) => {
            return Err(wrong(
                error.to_string(),
                "make the file readable UTF-8 text",
            ));
        }
    };
    let file: File = toml::from_str(&text).map_err(|error| {
        wrong(
            error.to_string(),
            "mend the place shown, or remove the line",
        )
    })?;
    match file.schema {
        None | Some(SCHEMA) => Ok(file),
        Some(other) => Err(wrong(
            format!("schema = {other}; this program reads schema = {SCHEMA}"),
            "use the sekimori that wrote this file, or a newer one",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_flags() -> UpArguments {
        UpArguments {
            listen: None,
            mqtt: None,
            metrics: None,
            organization: None,
            witness: Vec::new(),
            name: Vec::new(),
        }
    }

    fn home_with(text: &str) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("sekimori.toml"), text).unwrap();
        home
    }

    #[test]
    fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
        let home = home_with(
            "[listen]\nhttps = '127.0.0.1:1'\nmqtt = '127.0.0.1:2'\nmetrics = '127.0.0.1:3'",
        );
        let flags = UpArguments {
            listen: Some("127.0.0.1:7".parse().unwrap()),
            ..no_flags()
        };
        let environment = |name: &str| (name == "SEKIMORI_MQTT").then(|| "127.0.0.1:8".to_owned());
        let config = Config::load_with(home.path(), &flags, environment).unwrap();
        let rows: Vec<String> = config
            .rows()
            .into_iter()
            .take(4)
            .map(|(_, value, origin)| format!("{value} {origin}"))
            .collect();
        assert_eq!(
            rows,
            [
                "127.0.0.1:7 flag",
                "127.0.0.1:8 environment",
                "127.0.0.1:3 sekimori.toml",
                "sekimori default"
            ]
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_place() {
        let cases = [
            ("lisen = 1", "unknown field `lisen`"),
            ("schema = 9", "schema = 9"),
            ("[listen]\nhttps = 'here'", "invalid socket address"),
            ("[listen]\nmetrics = '0.0.0.0:9464'", "0.0.0.0:9464"),
            ("witness = ['http://w']", "http://w"),
        ];
        for (text, observed) in cases {
            let home = home_with(text);
            let error = Config::load_with(home.path(), &no_flags(), |_| None).unwrap_err();
            let shown = error.notes.observed.clone().unwrap();
            assert!(shown.contains(observed), "{text}: {shown}");
            assert_eq!(error.exit, Exit::Usage);
        }
    }

    #[test]
    fn opening_https_to_the_network_opens_mqtt_there_too() {
        let home = tempfile::tempdir().unwrap();
        let flags = UpArguments {
            listen: Some("0.0.0.0:8443".parse().unwrap()),
            ..no_flags()
        };
        let config = Config::load_with(home.path(), &flags, |_| None).unwrap();
        assert_eq!(config.mqtt.value.to_string(), "0.0.0.0:8883");
        assert_eq!(config.metrics.value.to_string(), "127.0.0.1:9464");
    }
}
