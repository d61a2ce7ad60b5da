//! Failures of the world, said with their cause and what to do about them.

use std::path::PathBuf;

/// The server could not open its home or do its work there.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// Another server holds the home.
    HomeInUse {
        /// The home folder.
        home: PathBuf,
        /// The process that holds it, when its lock file tells.
        holder: Option<u32>,
    },
    /// A file could not be read or written.
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A key or certificate of the home is not what it should be.
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The store refused.
    Store(StoreError),
    /// What is stored contradicts itself; `sekimori ledger fsck` says more.
    Damaged {
        /// Which record.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The database has less than the home knew: its end was cut off, or an older copy was put
    /// back.
    Lost {
        /// What is missing.
        what: String,
        /// The file that knows.
        kept: PathBuf,
    },
    /// A setting cannot be used.
    Setting {
        /// Its name.
        name: &'static str,
        /// What was given.
        observed: String,
        /// What would do.
        expected: String,
    },
}

impl ServerError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::HomeInUse { .. } => "SK-SRV-001",
            Self::File { .. } => "SK-SRV-002",
            Self::Key { .. } => "SK-SRV-003",
            Self::Store(_) => "SK-SRV-004",
            Self::Damaged { .. } => "SK-SRV-005",
            Self::Setting { .. } => "SK-SRV-006",
            Self::Lost { .. } => "SK-SRV-007",
        }
    }

    /// What an operator can do about it.
    #[must_use]
    pub fn fix(&self) -> String {
        match self {
            Self::HomeInUse { .. } => {
                "stop the other server, or give this one its own home with --home".into()
            }
            Self::File { source, .. } => file_fix(source).into(),
            Self::Key { path, .. } => {
                format!("put the file back from a backup, or remove {} if the home is new", path.display())
            }
            Self::Store(error) => error.fix().into(),
            Self::Damaged { .. } => {
                "run  sekimori ledger fsck  and  sekimori events verify  on a copy, restore a backup".into()
            }
            Self::Setting { expected, .. } => format!("set {expected}"),
            Self::Lost { kept, .. } => format!(
                "put the newest database back; to go on without what is missing, move {} away: \
                 an alert will be on record",
                kept.display()
            ),
        }
    }
}

fn file_fix(source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "make the home writable for this user, or choose another with --home"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "make room on the disk that holds the home"
        }
        ErrorKind::NotFound => "check that the path exists, or choose another home with --home",
        _ => "check the disk and the owner of the folder, or choose another home with --home",
    }
}

impl core::fmt::Display for ServerError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::HomeInUse { home, holder } => {
                write!(formatter, "another server holds {}", home.display())?;
                holder.map_or(Ok(()), |process| write!(formatter, " (process {process})"))
            }
            Self::File {
                doing,
                path,
                source,
            } => {
                write!(formatter, "could not {doing} {}: {source}", path.display())
            }
            Self::Key { path, why } => {
                write!(formatter, "{} cannot be used: {why}", path.display())
            }
            Self::Store(error) => error.fmt(formatter),
            Self::Damaged { what, why } => write!(formatter, "{what} is damaged: {why}"),
            Self::Lost { what, kept } => write!(
                formatter,
                "{what}; the database is older than {}",
                kept.display()
            ),
            Self::Setting {
                name,
                observed,
                expected,
            } => {
                write!(
                    formatter,
                    "setting {name} is {observed:?}, expected {expected}"
                )
            }
        }
    }
}

impl core::error::Error for ServerError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<StoreError> for ServerError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The store could not do what was asked; nothing of it was kept.
#[derive(Debug)]
pub struct StoreError {
    /// What was being done, for instance `"append event"`.
    pub doing: &'static str,
    /// Why it failed.
    pub cause: StoreCause,
}

/// Why the store failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreCause {
    /// The disk is full, or the file reached a limit.
    Full,
    /// The database may only be read.
    ReadOnly,
    /// Someone else held the database for longer than the retries lasted.
    Busy,
    /// The database was written by a newer program.
    Newer {
        /// Its schema version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// More was waiting to be written than the queue holds.
    Overloaded,
    /// The server is closing.
    Closed,
    /// A stored value is not what the program wrote.
    Unreadable(String),
    /// Anything else the database said.
    Database(sqlx::Error),
    /// Several requests shared one transaction, which failed.
    Shared(String),
}

impl StoreError {
    pub(crate) fn new(doing: &'static str, source: sqlx::Error) -> Self {
        Self {
            doing,
            cause: StoreCause::of(source),
        }
    }

    pub(crate) fn unreadable(doing: &'static str, why: impl core::fmt::Display) -> Self {
        Self {
            doing,
            cause: StoreCause::Unreadable(why.to_string()),
        }
    }

    pub(crate) fn closed(doing: &'static str) -> Self {
        Self {
            doing,
            cause: StoreCause::Closed,
        }
    }

    /// The same failure, told to another of those who shared the transaction.
    pub(crate) fn share(&self) -> Self {
        let cause = match &self.cause {
            StoreCause::Full => StoreCause::Full,
            StoreCause::ReadOnly => StoreCause::ReadOnly,
            StoreCause::Busy => StoreCause::Busy,
            StoreCause::Newer { found, known } => StoreCause::Newer {
                found: *found,
                known: *known,
            },
            StoreCause::Overloaded => StoreCause::Overloaded,
            StoreCause::Closed => StoreCause::Closed,
            other => StoreCause::Shared(other.to_string()),
        };
        Self {
            doing: self.doing,
            cause,
        }
    }

    /// Whether trying again at once may help.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self.cause, StoreCause::Busy)
    }

    /// Whether what was to be written is at fault, and not the store: trying again is useless, and
    /// others are not concerned.
    pub(crate) fn is_about_a_row(&self) -> bool {
        matches!(&self.cause, StoreCause::Database(source) if is_about_a_row(source))
    }

    /// What an operator can do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self.cause {
            StoreCause::Full => {
                "make room on the disk that holds the home; writing resumes by itself"
            }
            StoreCause::ReadOnly => "make the home writable for this user",
            StoreCause::Busy => "close other programs that hold the database open",
            StoreCause::Newer { .. } => {
                "use the newer sekimori, or restore the backup made before it"
            }
            StoreCause::Overloaded => "send more slowly; devices keep what was not acknowledged",
            StoreCause::Closed => "start the server again",
            _ => "run  sekimori doctor",
        }
    }
}

/// The primary result code of SQLite.
fn primary(source: &sqlx::Error) -> Option<u32> {
    source
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .and_then(|code| code.parse::<u32>().ok())
        .map(|code| code & 0xff)
}

/// Whether a row is at fault, and not the store.
///
/// Source: <https://sqlite.org/rescode.html>: 18 too big, 19 constraint, 20 mismatch, 25 range.
pub(crate) fn is_about_a_row(source: &sqlx::Error) -> bool {
    matches!(source, sqlx::Error::Encode(_)) || matches!(primary(source), Some(18 | 19 | 20 | 25))
}

impl StoreCause {
    fn of(source: sqlx::Error) -> Self {
        if matches!(source, sqlx::Error::PoolClosed) {
            return Self::Closed;
        }
        let primary = primary(&source);
        // https://sqlite.org/rescode.html: 5 busy, 6 locked, 8 read only, 10 input/output (a
        // file-size limit shows as a short write), 13 full.
        match primary {
            Some(5 | 6) => Self::Busy,
            Some(8) => Self::ReadOnly,
            Some(10 | 13) => Self::Full,
            _ => Self::Database(source),
        }
    }
}

impl core::fmt::Display for StoreCause {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full => formatter.write_str("the disk is full or does not take the write"),
            Self::ReadOnly => formatter.write_str("the database may only be read"),
            Self::Busy => formatter.write_str("the database is held by someone else"),
            Self::Newer { found, known } => {
                write!(
                    formatter,
                    "its schema is version {found}, this program knows up to {known}"
                )
            }
            Self::Overloaded => formatter.write_str("too much is waiting to be written"),
            Self::Closed => formatter.write_str("the server is closing"),
            Self::Unreadable(why) => write!(formatter, "a stored value cannot be read: {why}"),
            Self::Database(source) => source.fmt(formatter),
            Self::Shared(why) => formatter.write_str(why),
        }
    }
}

impl core::fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "could not {}: {}", self.doing, self.cause)
    }
}

impl core::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.cause {
            StoreCause::Database(source) => Some(source),
            _ => None,
        }
    }
}
