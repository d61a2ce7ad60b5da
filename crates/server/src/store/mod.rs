//! What the control plane keeps: SQLite in write-ahead mode, every commit synced to the disk.
//!
//! Each file of this folder holds the statements of one subject and returns plain structs, so that
//! a PostgreSQL store can follow beside it. Statements are named, run in a transaction that is
//! retried when someone else holds the database, and hold no rules.

pub mod devices;
pub mod documents;
pub mod enrollment;
pub mod events;
pub mod ledger;
pub mod messages;
pub mod operators;
pub mod policies;
pub mod releases;
pub mod settings;
#[cfg(test)]
mod tests;
mod writer;

use core::time::Duration;
use std::path::Path;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row as _, SqliteConnection, SqlitePool};

use crate::error::{StoreCause, StoreError};

pub(crate) use writer::{Retention, Writer, WriterReport};

/// How often a transaction is tried when someone else holds the database.
const ATTEMPTS: u32 = 6;

/// The first pause between two tries; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// A statement with its values.
pub(crate) type Statement =
    sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// The database of one home.
#[derive(Clone, Debug)]
pub struct Store {
    read: SqlitePool,
    /// One connection: whoever writes waits here in order, not inside SQLite.
    write: SqlitePool,
}

impl Store {
    /// Opens the database of a home, makes it when it is missing, and brings its schema up to
    /// date.
    ///
    /// # Errors
    ///
    /// [`StoreCause::Newer`] when a newer program wrote it; otherwise what the system said.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(2));
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await
            .map_err(|source| StoreError::new("open the database", source))?;
        sqlx::migrate!("./migrations/sqlite")
            .run(&write)
            .await
            .map_err(migration_failed)?;
        let read = Self::readers(options.read_only(true).create_if_missing(false)).await?;
        Ok(Self { read, write })
    }

    /// Opens the database of a home, or of a copy of one, without changing anything.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let read = Self::readers(options).await?;
        Ok(Self {
            write: read.clone(),
            read,
        })
    }

    async fn readers(options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
        SqlitePoolOptions::new()
            .max_connections(4)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(|source| StoreError::new("open the database for reading", source))
    }

    /// Runs `work` as one transaction: all of it is kept, durably, or nothing. It runs to its end
    /// even when nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// The last failure, after retries when the database was held by someone else.
    pub(crate) async fn transaction<T, W>(
        &self,
        doing: &'static str,
        work: W,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: for<'c> Fn(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>
            + Send
            + Sync
            + 'static,
    {
        let write = self.write.clone();
        tokio::spawn(async move { retried(&write, doing, &work).await })
            .await
            .map_err(|error| StoreError::unreadable(doing, error))?
    }

    /// Runs one changing statement as a transaction; returns how many rows it changed.
    pub(crate) async fn change(
        &self,
        doing: &'static str,
        statement: impl Fn() -> Statement + Send + Sync,
    ) -> Result<u64, StoreError> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1_u32.. {
            match statement().execute(&self.write).await {
                Ok(result) => return Ok(result.rows_affected()),
                Err(source) => {
                    let error = StoreError::new(doing, source);
                    if !error.is_transient() || attempt >= ATTEMPTS {
                        return Err(error);
                    }
                }
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        Err(StoreError {
            doing,
            cause: StoreCause::Busy,
        })
    }

    /// Reads all rows of a statement.
    pub(crate) async fn all<T>(
        &self,
        doing: &'static str,
        statement: Statement,
        read: impl Fn(&Fields<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let failed = |source| StoreError::new(doing, source);
        let rows = statement.fetch_all(&self.read).await.map_err(failed)?;
        rows.iter()
            .map(|row| read(&Fields(row)))
            .collect::<Result<_, _>>()
            .map_err(failed)
    }

    /// Reads the first row of a statement, if there is one.
    pub(crate) async fn first<T>(
        &self,
        doing: &'static str,
        statement: Statement,
        read: impl Fn(&Fields<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Option<T>, StoreError> {
        let failed = |source| StoreError::new(doing, source);
        let row = statement.fetch_optional(&self.read).await.map_err(failed)?;
        row.as_ref()
            .map(|row| read(&Fields(row)))
            .transpose()
            .map_err(failed)
    }

    /// A pool whose connections may only read.
    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.read
    }

    /// Finishes what runs and closes the files.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

async fn retried<T, W>(write: &SqlitePool, doing: &'static str, work: &W) -> Result<T, StoreError>
where
    W: for<'c> Fn(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
{
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        let result = async {
            let mut connection = write.acquire().await?;
            begin(&mut connection).await?;
            let result = work(&mut connection).await;
            end(&mut connection, result).await
        };
        let error = match result.await {
            Ok(value) => return Ok(value),
            Err(source) => StoreError::new(doing, source),
        };
        if !error.is_transient() || attempt == ATTEMPTS {
            return Err(error);
        }
        tracing::debug!(doing, attempt, "database busy, trying again");
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2);
        attempt += 1;
    }
}

/// Begins a transaction. sqlx's own would count it wrongly once the disk was full: SQLite then
/// rolls back by itself, and the connection could never begin again.
async fn begin(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE")
        .execute(connection)
        .await
        .map(drop)
}

/// Commits what went well, and takes back what did not.
async fn end<T>(
    connection: &mut SqliteConnection,
    result: Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    let result = match result {
        Ok(value) => sqlx::query("COMMIT")
            .execute(&mut *connection)
            .await
            .map(|_| value),
        Err(error) => Err(error),
    };
    if result.is_err() {
        // SQLite may have done it already; then there is nothing to take back.
        drop(sqlx::query("ROLLBACK").execute(connection).await);
    }
    result
}

fn migration_failed(error: sqlx::migrate::MigrateError) -> StoreError {
    use sqlx::migrate::MigrateError;
    const DOING: &str = "bring the database up to date";
    match error {
        MigrateError::VersionMissing(found) => {
            let known = sqlx::migrate!("./migrations/sqlite")
                .iter()
                .map(|migration| migration.version)
                .max()
                .unwrap_or(0);
            StoreError {
                doing: DOING,
                cause: StoreCause::Newer { found, known },
            }
        }
        MigrateError::Execute(source) => StoreError::new(DOING, source),
        other => StoreError::unreadable(DOING, other),
    }
}

/// A page of a listing that is walked by key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Page<T, K> {
    /// The rows.
    pub items: Vec<T>,
    /// What to pass as `after` to get the next page; nothing when this is the last.
    pub next: Option<K>,
}

impl<T, K> Page<T, K> {
    /// Cuts `limit + 1` fetched rows down to a page.
    pub(crate) fn cut(mut items: Vec<T>, limit: u32, key: impl Fn(&T) -> K) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(key) } else { None };
        Self { items, next }
    }
}

/// A time as the database keeps it.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// Reads values out of a row and says which one cannot be read.
pub(crate) struct Fields<'r>(pub(crate) &'r SqliteRow);

impl Fields<'_> {
    pub(crate) fn text(&self, column: &str) -> Result<String, sqlx::Error> {
        self.0.try_get(column)
    }

    pub(crate) fn text_if_any(&self, column: &str) -> Result<Option<String>, sqlx::Error> {
        self.0.try_get(column)
    }

    pub(crate) fn bytes(&self, column: &str) -> Result<Vec<u8>, sqlx::Error> {
        self.0.try_get(column)
    }

    pub(crate) fn array<const N: usize>(&self, column: &str) -> Result<[u8; N], sqlx::Error> {
        let bytes: Vec<u8> = self.0.try_get(column)?;
        let length = bytes.len();
        bytes
            .try_into()
            .map_err(|_| unreadable(column, format!("{length} bytes instead of {N}")))
    }

    pub(crate) fn array_if_any<const N: usize>(
        &self,
        column: &str,
    ) -> Result<Option<[u8; N]>, sqlx::Error> {
        let bytes: Option<Vec<u8>> = self.0.try_get(column)?;
        bytes
            .map(|bytes| {
                let length = bytes.len();
                bytes
                    .try_into()
                    .map_err(|_| unreadable(column, format!("{length} bytes instead of {N}")))
            })
            .transpose()
    }

    pub(crate) fn integer(&self, column: &str) -> Result<i64, sqlx::Error> {
        self.0.try_get(column)
    }

    pub(crate) fn count(&self, column: &str) -> Result<u64, sqlx::Error> {
        let value: i64 = self.0.try_get(column)?;
        u64::try_from(value).map_err(|error| unreadable(column, error))
    }

    pub(crate) fn count_if_any(&self, column: &str) -> Result<Option<u64>, sqlx::Error> {
        let value: Option<i64> = self.0.try_get(column)?;
        value
            .map(|value| u64::try_from(value).map_err(|error| unreadable(column, error)))
            .transpose()
    }

    pub(crate) fn time(&self, column: &str) -> Result<Timestamp, sqlx::Error> {
        let value: i64 = self.0.try_get(column)?;
        Timestamp::from_microsecond(value).map_err(|error| unreadable(column, error))
    }

    pub(crate) fn time_if_any(&self, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
        let value: Option<i64> = self.0.try_get(column)?;
        value
            .map(|value| {
                Timestamp::from_microsecond(value).map_err(|error| unreadable(column, error))
            })
            .transpose()
    }
}

pub(crate) fn unreadable(column: &str, why: impl core::fmt::Display) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: why.to_string().into(),
    }
}

/// A number that the database can hold, or the sentence that says it cannot.
pub(crate) fn storable(column: &str, value: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(value).map_err(|error| sqlx::Error::Encode(format!("{column}: {error}").into()))
}
