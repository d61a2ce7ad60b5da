//! Entries, tree nodes and checkpoints of the ledger.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use sekimori_ledger::Hash;
use sekimori_ledger::tree::StoredNode;

use super::{Fields, Store, micros, storable};
use crate::error::StoreError;

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its index in the log.
    pub position: u64,
    /// What kind of entry, a short word.
    pub kind: String,
    /// Which device it speaks of, if any.
    pub device: Option<[u8; 16]>,
    /// The sealed entry.
    pub bytes: Vec<u8>,
}

/// A checkpoint that the log signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How many entries it covers.
    pub size: u64,
    /// The signed note.
    pub note: String,
    /// When enough witnesses had cosigned.
    pub published: Option<Timestamp>,
}

/// Everything that one append keeps, in one transaction.
#[derive(Clone, Debug)]
pub(crate) struct Append {
    pub(crate) entries: Vec<StoredEntry>,
    pub(crate) nodes: Vec<StoredNode>,
    pub(crate) size: u64,
    pub(crate) note: String,
}

impl Store {
    /// Keeps new entries, the nodes they complete and the checkpoint over them.
    pub(crate) async fn append_entries(
        &self,
        append: std::sync::Arc<Append>,
    ) -> Result<(), StoreError> {
        self.transaction("append to the ledger", move |connection| {
            let append = append.clone();
            Box::pin(async move {
                for entry in &append.entries {
                    sqlx::query(
                        "INSERT INTO ledger_entry (position, kind, device, bytes) VALUES ($1, $2, $3, $4)",
                    )
                    .bind(storable("position", entry.position)?)
                    .bind(&entry.kind)
                    .bind(entry.device.as_ref().map(<[u8; 16]>::as_slice))
                    .bind(&entry.bytes)
                    .execute(&mut *connection)
                    .await?;
                }
                for (level, index, hash) in &append.nodes {
                    sqlx::query("INSERT INTO ledger_node (level, position, hash) VALUES ($1, $2, $3)")
                        .bind(i64::from(*level))
                        .bind(storable("position", *index)?)
                        .bind(&hash.0[..])
                        .execute(&mut *connection)
                        .await?;
                }
                sqlx::query("INSERT INTO ledger_checkpoint (size, note) VALUES ($1, $2)")
                    .bind(storable("size", append.size)?)
                    .bind(&append.note)
                    .execute(&mut *connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Marks a checkpoint as published, with its cosignatures.
    pub(crate) async fn publish_checkpoint(
        &self,
        size: u64,
        note: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let note = note.to_owned();
        self.transaction("publish a checkpoint", move |connection| {
            let note = note.clone();
            Box::pin(async move {
                sqlx::query(
                    "UPDATE ledger_checkpoint SET note = $1, published = $2 WHERE size = $3",
                )
                .bind(&note)
                .bind(micros(at))
                .bind(storable("size", size)?)
                .execute(&mut *connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Remembers the newest size that a witness cosigned.
    pub(crate) async fn witness_cosigned(&self, name: &str, size: u64) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.transaction("remember a witness's size", move |connection| {
            let name = name.clone();
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO ledger_witness (name, size) VALUES ($1, $2) \
                     ON CONFLICT (name) DO UPDATE SET size = excluded.size",
                )
                .bind(&name)
                .bind(storable("size", size)?)
                .execute(&mut *connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The newest size that a witness is known to have cosigned; 0 when it never did.
    pub async fn witness_size(&self, name: &str) -> Result<u64, StoreError> {
        const DOING: &str = "read a witness's size";
        let row = sqlx::query("SELECT size FROM ledger_witness WHERE name = $1")
            .bind(name)
            .fetch_optional(self.reader())
            .await
            .map_err(|source| StoreError::new(DOING, source))?;
        row.map_or(Ok(0), |row| Fields(&row).count("size"))
            .map_err(|source| StoreError::new(DOING, source))
    }

    /// How many entries there are.
    pub async fn ledger_size(&self) -> Result<u64, StoreError> {
        const DOING: &str = "read the ledger's size";
        let row = sqlx::query("SELECT COALESCE(MAX(position) + 1, 0) AS size FROM ledger_entry")
            .fetch_one(self.reader())
            .await
            .map_err(|source| StoreError::new(DOING, source))?;
        Fields(&row)
            .count("size")
            .map_err(|source| StoreError::new(DOING, source))
    }

    /// The newest checkpoint, published or not.
    pub async fn newest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, StoreError> {
        self.checkpoint(
            "SELECT size, note, published FROM ledger_checkpoint ORDER BY size DESC LIMIT 1",
        )
        .await
    }

    /// The newest checkpoint that enough witnesses cosigned.
    pub async fn published_checkpoint(&self) -> Result<Option<StoredCheckpoint>, StoreError> {
        self.checkpoint(
            "SELECT size, note, published FROM ledger_checkpoint \
             WHERE published IS NOT NULL ORDER BY size DESC LIMIT 1",
        )
        .await
    }

    async fn checkpoint(&self, sql: &'static str) -> Result<Option<StoredCheckpoint>, StoreError> {
        const DOING: &str = "read a checkpoint";
        let row = sqlx::query(sql)
            .fetch_optional(self.reader())
            .await
            .map_err(|source| StoreError::new(DOING, source))?;
        row.map(|row| {
            let fields = Fields(&row);
            Ok(StoredCheckpoint {
                size: fields.count("size")?,
                note: fields.text("note")?,
                published: fields.time_if_any("published")?,
            })
        })
        .transpose()
        .map_err(|source| StoreError::new(DOING, source))
    }

    /// The hash of one complete node.
    pub(crate) async fn node(&self, level: u8, index: u64) -> Result<Option<Hash>, StoreError> {
        const DOING: &str = "read a node of the ledger";
        let failed = |source| StoreError::new(DOING, source);
        let row = sqlx::query("SELECT hash FROM ledger_node WHERE level = $1 AND position = $2")
            .bind(i64::from(level))
            .bind(storable("position", index).map_err(failed)?)
            .fetch_optional(self.reader())
            .await
            .map_err(failed)?;
        row.map(|row| Fields(&row).array("hash").map(Hash))
            .transpose()
            .map_err(failed)
    }

    /// Entries from a position on, at most `limit`.
    pub async fn entries(&self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        const DOING: &str = "read ledger entries";
        let failed = |source| StoreError::new(DOING, source);
        let rows = sqlx::query(
            "SELECT position, kind, device, bytes FROM ledger_entry \
             WHERE position >= $1 ORDER BY position LIMIT $2",
        )
        .bind(storable("position", from).map_err(failed)?)
        .bind(i64::from(limit))
        .fetch_all(self.reader())
        .await
        .map_err(failed)?;
        rows.iter()
            .map(entry)
            .collect::<Result<_, _>>()
            .map_err(failed)
    }

    /// The entries that speak of a device, oldest first.
    pub async fn entries_of(&self, device: &[u8; 16]) -> Result<Vec<StoredEntry>, StoreError> {
        const DOING: &str = "read a device's ledger entries";
        let rows = sqlx::query(
            "SELECT position, kind, device, bytes FROM ledger_entry \
             WHERE device = $1 ORDER BY position",
        )
        .bind(&device[..])
        .fetch_all(self.reader())
        .await
        .map_err(|source| StoreError::new(DOING, source))?;
        rows.iter()
            .map(entry)
            .collect::<Result<_, _>>()
            .map_err(|source| StoreError::new(DOING, source))
    }

    /// The newest entry of a kind.
    pub async fn newest_entry(&self, kind: &str) -> Result<Option<StoredEntry>, StoreError> {
        const DOING: &str = "read the newest ledger entry of a kind";
        let row = sqlx::query(
            "SELECT position, kind, device, bytes FROM ledger_entry \
             WHERE kind = $1 ORDER BY position DESC LIMIT 1",
        )
        .bind(kind)
        .fetch_optional(self.reader())
        .await
        .map_err(|source| StoreError::new(DOING, source))?;
        row.as_ref()
            .map(entry)
            .transpose()
            .map_err(|source| StoreError::new(DOING, source))
    }

    /// The newest entries of a kind, newest first, at most `limit`.
    pub(crate) async fn newest_entries(
        &self,
        kind: &str,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        const DOING: &str = "read the newest ledger entries of a kind";
        let rows = sqlx::query(
            "SELECT position, kind, device, bytes FROM ledger_entry \
             WHERE kind = $1 ORDER BY position DESC LIMIT $2",
        )
        .bind(kind)
        .bind(i64::from(limit))
        .fetch_all(self.reader())
        .await
        .map_err(|source| StoreError::new(DOING, source))?;
        rows.iter()
            .map(entry)
            .collect::<Result<_, _>>()
            .map_err(|source| StoreError::new(DOING, source))
    }

    /// Hands every entry to `visit`, in order, without holding them all.
    pub(crate) async fn each_entry(
        &self,
        mut visit: impl FnMut(StoredEntry) + Send,
    ) -> Result<(), StoreError> {
        const DOING: &str = "read the ledger";
        let failed = |source| StoreError::new(DOING, source);
        let mut rows =
            sqlx::query("SELECT position, kind, device, bytes FROM ledger_entry ORDER BY position")
                .fetch(self.reader());
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            visit(entry(&row).map_err(failed)?);
        }
        Ok(())
    }

    /// Every checkpoint, oldest first.
    pub async fn checkpoints(&self) -> Result<Vec<StoredCheckpoint>, StoreError> {
        const DOING: &str = "read the checkpoints";
        let rows = sqlx::query("SELECT size, note, published FROM ledger_checkpoint ORDER BY size")
            .fetch_all(self.reader())
            .await
            .map_err(|source| StoreError::new(DOING, source))?;
        rows.iter()
            .map(|row| {
                let fields = Fields(row);
                Ok(StoredCheckpoint {
                    size: fields.count("size")?,
                    note: fields.text("note")?,
                    published: fields.time_if_any("published")?,
                })
            })
            .collect::<Result<_, _>>()
            .map_err(|source| StoreError::new(DOING, source))
    }
}

fn entry(row: &sqlx::sqlite::SqliteRow) -> Result<StoredEntry, sqlx::Error> {
    let fields = Fields(row);
    Ok(StoredEntry {
        position: fields.count("position")?,
        kind: fields.text("kind")?,
        device: fields.array_if_any("device")?,
        bytes: fields.bytes("bytes")?,
    })
}
