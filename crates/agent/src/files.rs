//! Files that are replaced as a whole, and are on the disk when they are said to be.

use sekimori_device::StorageFailure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// What failed, and while doing what.
#[derive(Debug)]
pub(crate) struct FileError {
    pub(crate) doing: String,
    pub(crate) source: io::Error,
}

impl core::fmt::Display for FileError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{}: {}", self.doing, self.source)
    }
}

impl core::error::Error for FileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl From<FileError> for StorageFailure {
    fn from(error: FileError) -> Self {
        match error.source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full,
            _ => Self::Other(error.to_string()),
        }
    }
}

/// Adds to an error what was being done.
pub(crate) trait While<T> {
    /// `doing`, for example `write state/boot`.
    fn while_doing(self, doing: &str, path: &Path) -> Result<T, FileError>;
}

impl<T> While<T> for io::Result<T> {
    fn while_doing(self, doing: &str, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError {
            doing: format!("{doing} {}", path.display()),
            source,
        })
    }
}

/// Replaces `path` by `bytes`: after a power cut there is the old content or the new, never something between.
/// Readable by the owner alone.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let temporary = path.with_added_extension("new");
    let written = write_whole(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path).while_doing("replace", path));
    if written.is_err() {
        // The old content stays; a half-written new one would only take space that is short already.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    flush_folder_of(path)
}

/// Adds `bytes` at the end of `path`, and flushes it.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let existed = path.exists();
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .while_doing("open", path)?;
    file.write_all(bytes).while_doing("append to", path)?;
    file.sync_data().while_doing("flush", path)?;
    if existed {
        Ok(())
    } else {
        flush_folder_of(path)
    }
}

/// Removes `path`; one that is not there is no failure.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).while_doing("remove", path)
        }
        _ => flush_folder_of(path),
    }
}

/// The content of `path`, or `None` when it is not there.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).while_doing("read", path),
    }
}

/// Makes a folder and those above it, for the owner alone.
pub(crate) fn make_folder(path: &Path) -> Result<(), FileError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .while_doing("make the folder", path)
}

/// Flushes the folder that holds `path`, so that a name that was just given or taken stays so.
pub(crate) fn flush_folder_of(path: &Path) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .while_doing("flush the folder", folder)
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .while_doing("write", path)?;
    file.write_all(bytes).while_doing("write", path)?;
    file.sync_all().while_doing("flush", path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_only_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boot");
        replace(&path, b"1").unwrap();
        replace(&path, b"2").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some(&b"2"[..]));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing stays behind"
        );
    }

    #[test]
    fn a_replacement_that_fails_leaves_the_old_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boot");
        replace(&path, b"1").unwrap();
        // The name of the new content is taken by a folder, so that writing it has to fail.
        fs::create_dir(folder.path().join("boot.new")).unwrap();
        assert!(replace(&path, b"2").is_err());
        assert_eq!(read(&path).unwrap().as_deref(), Some(&b"1"[..]));
    }

    #[test]
    fn what_is_not_there_reads_as_nothing_and_is_removed_without_complaint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none");
        assert!(read(&path).unwrap().is_none());
        remove(&path).unwrap();
        append(&path, b"a").unwrap();
        append(&path, b"b").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some(&b"ab"[..]));
    }

    #[test]
    fn a_full_disk_is_told_apart() {
        let error = |kind: io::ErrorKind| FileError {
            doing: "write x".into(),
            source: kind.into(),
        };
        assert_eq!(
            StorageFailure::from(error(io::ErrorKind::StorageFull)),
            StorageFailure::Full
        );
        assert!(matches!(
            StorageFailure::from(error(io::ErrorKind::PermissionDenied)),
            StorageFailure::Other(why) if why.starts_with("write x: ")
        ));
    }
}
