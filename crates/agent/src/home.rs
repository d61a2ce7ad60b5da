//! Where everything of one device lies.
//!
//! ```text
//! trust.cbor              the trust bundle            keys/{1,2}.pem   private keys (PKCS#8)
//! proof/{1,2}.json        the ledger's proofs         keys/{1,2}.crt   their certificates
//! slots/{A,B}/…           installed files             settings.toml    before a release brings its own
//! state/                  membership, boot count, slots, signed releases, outbox journal
//! run/                    lock, status of the running agent, half-fetched files
//! ```

use crate::diagnostic::{Diagnostic, Exit};
use crate::files;
use crate::language::Text;
use sekimori_device::{CredentialSlot, Record};
use sekimori_update::slots::Slot;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The folder of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home(PathBuf);

/// Held as long as this process may write to the home.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Home {
    /// The folder at `path`.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The usual place: as a service `/var/lib/sekimori-agent`, else in the user's data folder.
    pub(crate) fn usual() -> Option<PathBuf> {
        if rustix::process::geteuid().is_root() {
            return Some(PathBuf::from("/var/lib/sekimori-agent"));
        }
        let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share"));
        Some(data.or_else(home)?.join("sekimori-agent"))
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the folders.
    pub(crate) fn prepare(&self) -> Result<(), Diagnostic> {
        let folders = ["", "keys", "proof", "slots", "state", "run", "run/parts"];
        for folder in folders {
            files::make_folder(&self.0.join(folder)).map_err(|error| {
                let home = self.0.display();
                Diagnostic::new(
                    Exit::Failed,
                    "SK-AGT-009",
                    Text::new(
                        format!("{home} に書き込めません"),
                        format!("{home} cannot be written"),
                    ),
                )
                .observed(Text::fact(error))
                .fix(Text::new(
                    "書き込めるフォルダーを --home で指定してください",
                    "name a folder that can be written with  --home DIR",
                ))
            })?;
        }
        Ok(())
    }

    /// Locks the home for this process and those that it starts.
    pub(crate) fn lock(&self) -> Result<Lock, Diagnostic> {
        let (path, file) = self.lock_file("run/lock")?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => Err(Diagnostic::new(
                Exit::Conflict,
                "SK-AGT-011",
                Text::new(
                    "このデバイスのエージェントはすでに動いています",
                    "an agent of this device is already running",
                ),
            )
            .observed(Text::fact(format!("{} is locked", path.display())))
            .fix(Text::new(
                "動いているエージェントを止めるか、別の --home を指定してください",
                "stop the running agent, or use another  --home DIR",
            ))),
        }
    }

    /// Waits until no other payload of this home runs: one whose launcher was killed ends by itself, soon.
    pub(crate) fn lock_payload(&self) -> Result<Lock, Diagnostic> {
        let (path, file) = self.lock_file("run/payload.lock")?;
        match file.lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(error) => Err(cannot_open(&path, &error)),
        }
    }

    fn lock_file(&self, name: &str) -> Result<(PathBuf, File), Diagnostic> {
        let path = self.0.join(name);
        match File::create(&path) {
            Ok(file) => Ok((path, file)),
            Err(error) => Err(cannot_open(&path, &error)),
        }
    }

    /// The file of a record.
    pub(crate) fn record(&self, record: Record) -> PathBuf {
        self.0.join(match record {
            Record::Membership => "state/membership.json".to_string(),
            Record::Trust => "trust.cbor".to_string(),
            Record::Certificate(slot) => format!("keys/{}.crt", number(slot)),
            Record::Proof(slot) => format!("proof/{}.json", number(slot)),
            Record::Boot => "state/boot".to_string(),
            Record::Slots => "state/slots.json".to_string(),
            Record::Release(slot) => format!("state/release-{slot}.json"),
            Record::LastUpdate => "state/last-update.json".to_string(),
        })
    }

    /// The private key of a credential.
    pub(crate) fn key(&self, slot: CredentialSlot) -> PathBuf {
        self.0.join(format!("keys/{}.pem", number(slot)))
    }

    /// The outbox journal.
    pub(crate) fn journal(&self) -> PathBuf {
        self.0.join("state/outbox.journal")
    }

    /// The files of a slot.
    pub(crate) fn slot(&self, slot: Slot) -> PathBuf {
        self.0.join("slots").join(slot.as_str())
    }

    /// The settings file: of the running release, or the one before any release.
    pub(crate) fn settings(&self, slot: Option<Slot>) -> PathBuf {
        match slot {
            Some(slot) => self.slot(slot).join("etc/settings.toml"),
            None => self.0.join("settings.toml"),
        }
    }

    /// A file that is being fetched.
    pub(crate) fn part(&self, sha256: &[u8; 32]) -> PathBuf {
        self.0.join("run/parts").join(hex::encode(sha256))
    }

    /// What the running agent says of itself.
    pub(crate) fn status(&self) -> PathBuf {
        self.0.join("run/status.json")
    }
}

fn cannot_open(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(
        Exit::Failed,
        "SK-AGT-009",
        Text::new(
            format!("{} を開けません", path.display()),
            format!("{} cannot be opened", path.display()),
        ),
    )
    .observed(Text::fact(error))
}

/// The number of a credential slot in file names.
pub(crate) const fn number(slot: CredentialSlot) -> u8 {
    match slot {
        CredentialSlot::One => 1,
        CredentialSlot::Two => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_agent_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        home.prepare().unwrap();
        let lock = home.lock().unwrap();
        assert_eq!(home.lock().unwrap_err().code, "SK-AGT-011");
        drop(lock);
        assert!(home.lock().is_ok());
    }
}
