//! The newest heads of event chain and ledger, kept in a file beside the database.
//!
//! A chain tells what was changed within it, but not that its end was cut off; and a database that
//! was put back from an older copy is whole in itself. The file `newest.json` of a home knows
//! better. It is written at most once a second and when the server closes, always after the
//! database has what it speaks of: a database that is behind it has lost something.

use std::path::{Path, PathBuf};

use sekimori_audit::chain::Head;
use sekimori_ledger::checkpoint::SignedCheckpoint;
use sekimori_ledger::tree;
use serde::{Deserialize, Serialize};

use crate::error::{ServerError, StoreError};
use crate::home::{read_if_present, write_private};
use crate::ledger::over_nodes;
use crate::store::Store;

/// What a home knew last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Newest {
    /// How many events there were.
    events: u64,
    /// The digest of the last of them, in hexadecimal digits.
    event_digest: String,
    /// The newest checkpoint, a signed note; none before the first.
    checkpoint: Option<String>,
}

fn path(home: &Path) -> PathBuf {
    home.join("newest.json")
}

impl Newest {
    /// What a store knows now.
    pub(crate) async fn of(store: &Store) -> Result<Self, StoreError> {
        let head = store.chain_head().await?;
        let checkpoint = store.newest_checkpoint().await?;
        Ok(Self {
            events: head.sequence,
            event_digest: hex::encode(head.hash),
            checkpoint: checkpoint.map(|checkpoint| checkpoint.note),
        })
    }

    /// What was kept for a home, or for a copy of one; none when there is no such file.
    ///
    /// # Errors
    ///
    /// [`ServerError::Damaged`] when it is not what was written: unreadable is not absent.
    pub(crate) fn read(home: &Path) -> Result<Option<Self>, ServerError> {
        let path = path(home);
        let Some(bytes) = read_if_present(&path)? else {
            return Ok(None);
        };
        let damaged = |why: String| ServerError::Damaged {
            what: path.display().to_string(),
            why,
        };
        let newest: Self =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if newest.head().is_none() {
            return Err(damaged("event_digest is no digest".into()));
        }
        Ok(Some(newest))
    }

    /// Keeps it for a home; all of it or nothing, also when the power fails.
    pub(crate) fn keep(&self, home: &Path) -> Result<(), ServerError> {
        let path = path(home);
        let bytes = serde_json::to_vec(self).map_err(|error| ServerError::Damaged {
            what: path.display().to_string(),
            why: error.to_string(),
        })?;
        write_private(&path, &bytes)
    }

    /// The head of the event chain.
    pub(crate) fn head(&self) -> Option<Head> {
        let mut hash = [0; 32];
        hex::decode_to_slice(&self.event_digest, &mut hash).ok()?;
        Some(Head {
            sequence: self.events,
            hash,
        })
    }

    /// What the event chain of a store lost, in words; nothing when it has what was kept.
    pub(crate) async fn lost_events(&self, store: &Store) -> Result<Option<String>, StoreError> {
        let Some(kept) = self.head().filter(|head| head.sequence > 0) else {
            return Ok(None);
        };
        let last = store.chain_head().await?.sequence;
        if last < kept.sequence {
            return Ok(Some(missing_events(last.saturating_add(1), kept.sequence)));
        }
        let found = store.head_at(kept.sequence).await?;
        Ok((found != Some(kept)).then(|| {
            format!(
                "event {} is another one than was kept beside the database",
                kept.sequence
            )
        }))
    }

    /// What the ledger of a store lost, in words; nothing when it has what was kept.
    pub(crate) async fn lost_entries(&self, store: &Store) -> Result<Option<String>, StoreError> {
        const DOING: &str = "read the checkpoint that is kept beside the database";
        let Some(note) = &self.checkpoint else {
            return Ok(None);
        };
        let signed =
            SignedCheckpoint::parse(note).map_err(|error| StoreError::unreadable(DOING, error))?;
        let kept = signed.checkpoint();
        let size = store.ledger_size().await?;
        if size < kept.size {
            return Ok(Some(format!(
                "ledger entries {size}..{} are missing: the newest checkpoint that was kept \
                 covers {} entries",
                kept.size.saturating_sub(1),
                kept.size
            )));
        }
        let root = over_nodes(
            store,
            |nodes| {
                let _: Result<_, _> = tree::root(&nodes, kept.size);
            },
            |nodes| tree::root(nodes, kept.size),
        )
        .await?;
        Ok((root != kept.root).then(|| {
            format!(
                "this is another ledger: the newest checkpoint that was kept has a different root \
                 over the first {} entries",
                kept.size
            )
        }))
    }
}

/// Says which events are gone; both ends included.
pub(crate) fn missing_events(first: u64, last: u64) -> String {
    format!("events {first}..{last} are missing: the chain went on to event {last}")
}

/// Whether a home that is opened knew more than its database does. Returns whether the file was
/// missing though it should be there; then, and for a new home, it is made.
///
/// # Errors
///
/// [`ServerError::Lost`] names what is missing. Going on would give the lost numbers to something
/// else, and forget what was revoked.
pub(crate) async fn check(home: &Path, store: &Store) -> Result<bool, ServerError> {
    let Some(newest) = Newest::read(home)? else {
        let present = Newest::of(store).await?;
        present.keep(home)?;
        return Ok(present.events > 0 || present.checkpoint.is_some());
    };
    let lost = [
        newest.lost_events(store).await?,
        newest.lost_entries(store).await?,
    ];
    let lost: Vec<String> = lost.into_iter().flatten().collect();
    if lost.is_empty() {
        return Ok(false);
    }
    Err(ServerError::Lost {
        what: lost.join("; "),
        kept: path(home),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_garbage_is_not_absence() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Newest::read(folder.path()).unwrap(), None);
        let newest = Newest {
            events: 7,
            event_digest: hex::encode([9; 32]),
            checkpoint: Some("note".into()),
        };
        newest.keep(folder.path()).unwrap();
        assert_eq!(Newest::read(folder.path()).unwrap(), Some(newest));
        for garbage in [
            "",
            "{}",
            r#"{"events":1,"event_digest":"ab","checkpoint":null}"#,
        ] {
            std::fs::write(path(folder.path()), garbage).unwrap();
            let error = Newest::read(folder.path()).unwrap_err();
            assert_eq!(error.code(), "SK-SRV-005", "{garbage}");
        }
    }
}
