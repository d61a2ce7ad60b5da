//! Whether attached files still are what was attached, without reading gigabytes for each page that lists them.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

/// How a file is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Every byte is read: what is concluded from it stands on what is there now.
    Whole,
    /// Only what was touched since it was read last: for lists, which are looked at often.
    Touched,
}

/// Files that were read whole, by hash, and what the file system said of them then.
#[derive(Debug, Default)]
pub(crate) struct Intact(Mutex<HashMap<String, Stamp>>);

/// Changes with every write. Nobody sets the time of the last change, as one can set that of the last write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Stamp {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

impl Intact {
    /// Whether the file holds the bytes of this hash.
    pub(crate) fn is(&self, path: &Path, sha256: &str, look: Look) -> bool {
        self.is_by(path, sha256, look, |path| std::fs::read(path))
    }

    fn is_by(
        &self,
        path: &Path,
        sha256: &str,
        look: Look,
        read: impl FnOnce(&Path) -> std::io::Result<Vec<u8>>,
    ) -> bool {
        // Before it is read: what changes meanwhile has another stamp the next time.
        let stamp = std::fs::metadata(path).ok().map(|file| Stamp::of(&file));
        if look == Look::Touched && stamp.is_some() && self.known().get(sha256) == stamp.as_ref() {
            return true;
        }
        let is_intact = read(path).is_ok_and(|bytes| hex::encode(Sha256::digest(&bytes)) == sha256);
        match stamp.filter(|_| is_intact) {
            Some(stamp) => self.known().insert(sha256.to_owned(), stamp),
            None => self.known().remove(sha256),
        };
        is_intact
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Stamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often the file was read, and what was said of it.
    fn look(intact: &Intact, path: &Path, sha256: &str, look: Look) -> (u32, bool) {
        let mut reads = 0;
        let is_intact = intact.is_by(path, sha256, look, |path| {
            reads += 1;
            std::fs::read(path)
        });
        (reads, is_intact)
    }

    #[test]
    fn a_file_is_read_again_only_when_it_was_touched_or_everything_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        std::fs::write(&path, b"as it was").unwrap();
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        let sha256 = hex::encode(Sha256::digest(b"as it was"));
        let intact = Intact::default();
        assert_eq!(look(&intact, &path, &sha256, Look::Touched), (1, true));
        assert_eq!(look(&intact, &path, &sha256, Look::Touched), (0, true));
        assert_eq!(look(&intact, &path, &sha256, Look::Whole), (1, true));

        // Another file of the same length and with the same time of the last write.
        let other = folder.path().join("other.txt");
        std::fs::write(&other, b"as it is.").unwrap();
        let file = std::fs::File::options().write(true).open(&other).unwrap();
        file.set_modified(written).unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert_eq!(look(&intact, &path, &sha256, Look::Touched), (1, false));
        assert_eq!(look(&intact, &path, &sha256, Look::Touched), (1, false));

        std::fs::write(&path, b"as it was").unwrap();
        assert_eq!(look(&intact, &path, &sha256, Look::Touched), (1, true));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(look(&intact, &path, &sha256, Look::Touched), (1, false));
    }
}
