//! The home folder: who may write there, and where each file is.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::ServerError;

/// A home folder that this process alone may change while it holds this value.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    /// Held for the lock; the system lets go of it when the process ends, however it ends.
    _lock: File,
}

impl Home {
    /// Makes the folders where they are missing, and takes the lock.
    pub(crate) fn open(path: &Path) -> Result<Self, ServerError> {
        for folder in [
            path.to_path_buf(),
            path.join("keys"),
            path.join("blobs"),
            path.join("run"),
        ] {
            make_folder(&folder)?;
        }
        let lock = take_lock(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            _lock: lock,
        })
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A file that holds a secret or a certificate.
    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.path.join("keys").join(name)
    }
}

/// Where the database of a home is.
pub(crate) fn database(home: &Path) -> PathBuf {
    home.join("sekimori.db")
}

/// Where the content with a hash is kept.
pub(crate) fn blob(home: &Path, sha256: &[u8; 32]) -> PathBuf {
    let name = hex::encode(sha256);
    let folder = name.get(..2).unwrap_or_default().to_owned();
    home.join("blobs").join(folder).join(name)
}

/// Makes a folder and those above it, for the owner alone.
///
/// # Errors
///
/// [`ServerError::File`] with the folder.
pub fn make_folder(folder: &Path) -> Result<(), ServerError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| ServerError::File {
            doing: "make the folder",
            path: folder.to_path_buf(),
            source,
        })
}

fn take_lock(home: &Path) -> Result<File, ServerError> {
    let path = home.join("run").join("lock");
    let failed = |doing, source| ServerError::File {
        doing,
        path: path.clone(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|source| failed("open the lock file", source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut text = String::new();
            let holder = file
                .read_to_string(&mut text)
                .ok()
                .and_then(|_| text.trim().parse().ok());
            return Err(ServerError::HomeInUse {
                home: home.to_path_buf(),
                holder,
            });
        }
        Err(std::fs::TryLockError::Error(source)) => return Err(failed("lock", source)),
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(|source| failed("write the lock file", source))?;
    Ok(file)
}

/// Writes a whole file so that after a power cut either all of it is there or nothing, readable
/// by the owner alone.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), ServerError> {
    let failed = |doing, source| ServerError::File {
        doing,
        path: path.to_path_buf(),
        source,
    };
    let temporary = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(|source| failed("write", source))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|source| failed("write", source))?;
    std::fs::rename(&temporary, path).map_err(|source| failed("put in place", source))?;
    let folder = path.parent().unwrap_or(path);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| failed("make durable", source))
}

/// Reads a file that may be absent.
pub fn read_if_present(path: &Path) -> Result<Option<Vec<u8>>, ServerError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ServerError::File {
            doing: "read",
            path: path.to_path_buf(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn one_server_at_a_time_and_the_next_may_follow() {
        let folder = tempfile::tempdir().unwrap();
        let first = Home::open(folder.path()).unwrap();
        match Home::open(folder.path()) {
            Err(ServerError::HomeInUse { holder, .. }) => {
                assert_eq!(holder, Some(std::process::id()));
            }
            other => panic!("expected HomeInUse, got {other:?}"),
        }
        drop(first);
        Home::open(folder.path()).unwrap();
    }

    #[test]
    fn secrets_are_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let path = home.key("a.pem");
        write_private(&path, b"secret").unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            read_if_present(&path).unwrap().as_deref(),
            Some(&b"secret"[..])
        );
        assert_eq!(read_if_present(&home.key("none")).unwrap(), None);
    }

    #[test]
    fn a_home_under_a_file_names_the_path_and_the_cause() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let error = Home::open(&file.join("home")).unwrap_err();
        assert_eq!(error.code(), "SK-SRV-002");
        assert!(error.to_string().contains("file/home"), "{error}");
    }
}
