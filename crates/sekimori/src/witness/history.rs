//! What a witness has cosigned: one small file for each ledger, replaced as a whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sekimori_ledger::Hash;
use sekimori_server::files;

use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::failure::server_failure;

/// The newest size and root that were cosigned, by origin of the ledger.
#[derive(Debug)]
pub(super) struct History {
    folder: PathBuf,
    newest: BTreeMap<String, (u64, Hash)>,
}

impl History {
    /// Reads every file of the folder.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or understood: a witness that forgot would sign a second history,
    /// so it does not start.
    pub(super) fn open(folder: &Path) -> Outcome<Self> {
        files::make_folder(folder).map_err(server_failure)?;
        let unreadable = |error: &dyn std::fmt::Display| {
            Diagnostic::new(
                Exit::Failed,
                "SK-WIT-010",
                "what this witness has cosigned cannot be read",
            )
            .observed(format!("{}: {error}", folder.display()))
            .fix(
                "put the folder back from a backup; without it the witness cannot keep its promise",
            )
        };
        let mut newest = BTreeMap::new();
        for entry in std::fs::read_dir(folder).map_err(|error| unreadable(&error))? {
            let path = entry.map_err(|error| unreadable(&error))?.path();
            // A file that was being written when the power went is not history yet.
            if path.extension().is_some_and(|extension| extension == "new") {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&error))?;
            let (origin, size, root) = parse(&text)
                .ok_or_else(|| unreadable(&format_args!("{} is damaged", path.display())))?;
            newest.insert(origin, (size, root));
        }
        Ok(History {
            folder: folder.to_owned(),
            newest,
        })
    }

    /// The newest that was cosigned for a ledger.
    pub(super) fn newest(&self, origin: &str) -> Option<&(u64, Hash)> {
        self.newest.get(origin)
    }

    /// Remembers, on disk first.
    pub(super) fn remember(&mut self, origin: &str, size: u64, root: Hash) -> Outcome {
        let name = hex::encode(Hash::of(&[origin.as_bytes()]).0);
        let text = format!("{origin}\n{size}\n{}\n", root.to_base64());
        files::write_private(&self.folder.join(name), text.as_bytes()).map_err(server_failure)?;
        self.newest.insert(origin.to_owned(), (size, root));
        Ok(())
    }
}

fn parse(text: &str) -> Option<(String, u64, Hash)> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let origin = lines.next()?.to_owned();
    let size = lines.next()?.parse().ok()?;
    let root = Hash::from_base64(lines.next()?)?;
    lines.next().is_none().then_some((origin, size, root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_remembered_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path()).unwrap();
        history
            .remember("maker.example/log", 3, Hash([7; 32]))
            .unwrap();
        history
            .remember("maker.example/log", 5, Hash([8; 32]))
            .unwrap();
        let again = History::open(folder.path()).unwrap();
        assert_eq!(again.newest("maker.example/log"), Some(&(5, Hash([8; 32]))));
        assert_eq!(again.newest("other.example/log"), None);
    }

    #[test]
    fn a_damaged_file_stops_the_witness_and_a_torn_new_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.new"), "half").unwrap();
        assert!(History::open(folder.path()).is_ok());
        std::fs::write(folder.path().join("a"), "maker\n3").unwrap();
        let error = History::open(folder.path()).unwrap_err();
        assert_eq!(error.code, "SK-WIT-010");
    }
}
