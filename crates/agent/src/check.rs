//! The self-test: what only the shell can check, and the whole of it for a person.

use crate::clock::Clock;
use crate::home::Home;
use crate::settings::SettingsFile;
use crate::simulate::Hardware;
use crate::{certificate, files, http, keys, slots, store};
use sekimori_device::{
    CredentialSlot, HttpRequest, Method, Record, ServerCheck, Status, signed_release,
};
use sekimori_update::measure::deviations;
use sekimori_update::slots::Slot;
use serde::Serialize;

/// Largest answer that the connection check reads, in bytes.
const MAX_PROOF: u32 = 2 * 1024 * 1024;

/// One check and what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) check: &'static str,
    pub(crate) held: bool,
    pub(crate) detail: String,
}

impl Check {
    fn of(check: &'static str, result: Result<String, String>) -> Self {
        let held = result.is_ok();
        let detail = result.unwrap_or_else(|why| why);
        Self {
            check,
            held,
            detail,
        }
    }
}

/// Reads the settings of the running release, or those before any release; none at all are quiet ones.
pub(crate) fn settings(home: &Home, slot: Option<Slot>) -> Result<SettingsFile, String> {
    let path = home.settings(slot);
    match files::read(&path).map_err(|error| error.to_string())? {
        Some(bytes) => SettingsFile::parse(&bytes),
        None if slot.is_none() => Ok(SettingsFile::default()),
        None => Err("etc/settings.toml is missing".to_string()),
    }
}

/// Settings parse, sensors read what working ones would, and the key is the one of the certificate and signs.
pub(crate) fn shell(
    home: &Home,
    hardware: &Hardware,
    slot: Option<Slot>,
    credential: Option<CredentialSlot>,
    clock: Clock,
) -> Result<(), String> {
    settings(home, slot).map_err(|why| format!("settings: {why}"))?;
    if let Some(why) = hardware.implausible(clock.now()) {
        return Err(why);
    }
    match credential {
        Some(credential) => key(home, credential).map_err(|why| format!("key: {why}")),
        None => Ok(()),
    }
}

/// Every check, for `sekimori-agent self-test`.
pub(crate) async fn whole(home: &Home, status: &Status, clock: Clock) -> Vec<Check> {
    let slot = status.report.slot;
    let file = settings(home, slot);
    let mut hardware = Hardware::default();
    let sensors = match &file {
        Ok(file) => {
            hardware.configure(file.clone());
            let count = file.sensors.len();
            let fine = || format!("{count} read what working ones would");
            hardware
                .implausible(clock.now())
                .map_or_else(|| Ok(fine()), Err)
        }
        Err(_) => Err("the settings say no sensors".to_string()),
    };
    let key = match status.credential {
        Some(credential) => {
            key(home, credential).map(|()| "signs, and fits its certificate".into())
        }
        None => Err("there is none yet".to_string()),
    };
    let parsed = file.map(|_| home.settings(slot).display().to_string());
    Vec::from([
        Check::of("settings", parsed),
        Check::of("sensors", sensors),
        Check::of("key", key),
        Check::of("integrity", integrity(home, slot)),
        Check::of("connection", connection(home, status, clock).await),
    ])
}

fn key(home: &Home, credential: CredentialSlot) -> Result<(), String> {
    let bytes =
        store::read(home, Record::Certificate(credential)).map_err(|error| error.to_string())?;
    let chain = certificate::split(&bytes.ok_or("its certificate is missing")?)?;
    let certificate = certificate::describe(chain)?;
    keys::prove(home, credential, &certificate.public_key)
}

fn integrity(home: &Home, slot: Option<Slot>) -> Result<String, String> {
    let Some(slot) = slot else {
        return Ok("no release is installed yet".to_string());
    };
    let memory = store::load(home).map_err(|error| error.to_string())?;
    let (installed, release) =
        signed_release(&memory, slot).map_err(|damaged| damaged.to_string())?;
    let found = slots::measure(home, slot).map_err(|failure| failure.to_string())?;
    let differences = deviations(&release, &found);
    if differences.is_empty() {
        let files = release.files.len();
        return Ok(format!("{files} files are those of {}", installed.version));
    }
    let words: Vec<String> = differences.iter().map(ToString::to_string).collect();
    Err(words.join(", "))
}

async fn connection(home: &Home, status: &Status, clock: Clock) -> Result<String, String> {
    let url = status.url.as_deref().ok_or("the device has not joined")?;
    let request = HttpRequest {
        method: Method::Get,
        path: "/api/v1/devices/self/proof".to_string(),
        server: ServerCheck::At(clock.wall()),
        credential: Some(status.credential.ok_or("there is no certificate yet")?),
        limit: MAX_PROOF,
    };
    match http::ask(home, url, &request).await {
        Ok(answer) if answer.status == 200 => Ok(format!("mutually authenticated with {url}")),
        Ok(answer) => Err(format!("{url} answered with status {}", answer.status)),
        Err(failure) => Err(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_without_settings_fails_and_a_device_without_a_release_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        home.prepare().unwrap();
        assert_eq!(settings(&home, None), Ok(SettingsFile::default()));
        assert!(settings(&home, Some(Slot::A)).is_err());
        let clock = Clock::new(0);
        let hardware = Hardware::default();
        assert_eq!(shell(&home, &hardware, None, None, clock), Ok(()));
        let why = shell(&home, &hardware, None, Some(CredentialSlot::One), clock).unwrap_err();
        assert_eq!(why, "key: its certificate is missing");
    }
}
