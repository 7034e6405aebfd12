//! Every way the store refuses: a frozen code, a sentence for people, and how to mend it.

mod cause;
mod hint;

use std::io;
use std::path::PathBuf;

use aegis_ambient::NoRandomness;
use jiff::Timestamp;

use crate::SealingKeyId;

/// Why the store refused. The sentence is for the operator; inner errors, where kept, are for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store's address is none we read.
    #[error("the store's address is not `sqlite:PATH` or `sqlite::memory:`")]
    UrlInvalid,
    /// PostgreSQL was asked for.
    #[error("this version stores in SQLite only; PostgreSQL is not supported yet")]
    PostgresNotSupported,
    /// The sealing key is not 32 bytes, or nobody drew it at random.
    #[error("the sealing key is refused: {0}")]
    SealingKeyRefused(&'static str),
    /// Others than its owner can read the sealing key's file.
    #[error("the sealing key in {path} can be read by others (mode {mode:04o})")]
    SealingKeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Others than its owner can change the store's file.
    #[error("the store {path} can be changed by others (mode {mode:04o})")]
    FileExposed {
        /// The store's file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A directory, a device or a socket lies where a file should.
    #[error("{0} is not a regular file")]
    NotAFile(PathBuf),
    /// The file or its directory may not be read or written.
    #[error("{0} may not be read and written by this user")]
    Permission(PathBuf),
    /// The directory of the file does not exist.
    #[error("the directory of {0} does not exist")]
    DirectoryMissing(PathBuf),
    /// The file is empty or no SQLite database.
    #[error("{0} is not a SQLite database")]
    NotADatabase(PathBuf),
    /// A SQLite database, but of another program.
    #[error("{0} is a SQLite database that this program did not make")]
    NotOurs(PathBuf),
    /// SQLite finds the file damaged, or a value in it is none we ever write.
    #[error("the store {path} is damaged")]
    Corrupt {
        /// The store's file.
        path: PathBuf,
        /// What was found, for the log.
        detail: String,
    },
    /// The write-ahead log is gone although the last process did not close the store.
    #[error("the write-ahead log of {0} is missing, and with it the newest changes")]
    LogMissing(PathBuf),
    /// Another program left a half-done change.
    #[error("another program was interrupted while changing {0}")]
    JournalLeft(PathBuf),
    /// Another process holds the store for longer than we wait.
    #[error("another process holds the store {0}")]
    Locked(PathBuf),
    /// A newer version of this program made or upgraded the store.
    #[error("the store {path} has schema {found}; this version knows up to {known}")]
    Newer {
        /// The store's file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The store was made with another sealing key.
    #[error("the store {path} is sealed by key {found}; the key given is {given}")]
    SealedByAnotherKey {
        /// The store's file.
        path: PathBuf,
        /// The id of the key it was made with, as the store has it.
        found: String,
        /// The id of the key we were given.
        given: SealingKeyId,
    },
    /// A sealed value was altered or moved to another row.
    #[error("a sealed value in {table}.{column} was altered outside this program")]
    SealBroken {
        /// Its table.
        table: &'static str,
        /// Its column.
        column: &'static str,
    },
    /// The clock is behind what the store has witnessed.
    #[error("the clock says {now}, but the store has already seen {newest}")]
    ClockBehind {
        /// Our clock.
        now: Timestamp,
        /// The store's newest time.
        newest: Timestamp,
    },
    /// No room to write.
    #[error("no room left to write {0}")]
    DiskFull(PathBuf),
    /// The same key is stored already.
    #[error("this key is stored already")]
    KeyExists,
    /// A value handed in is empty or too long.
    #[error("{0} is empty or too long to store")]
    ValueRefused(&'static str),
    /// The random source failed.
    #[error("no random bytes to be had")]
    NoRandomness(#[from] NoRandomness),
    /// Sealing failed inside the cryptographic library.
    #[error("sealing failed")]
    Cryptography,
    /// The file system failed in a way not named above.
    #[error("{path} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// For the log.
        source: io::Error,
    },
    /// The database failed in a way not named above.
    #[error("the store failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// A frozen name for logs, metrics and the troubleshooting page.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UrlInvalid => "store_url_invalid",
            Self::PostgresNotSupported => "store_postgres_not_supported",
            Self::SealingKeyRefused(_) => "sealing_key_refused",
            Self::SealingKeyExposed { .. } => "sealing_key_exposed",
            Self::FileExposed { .. } => "store_file_exposed",
            Self::NotAFile(_) => "store_not_a_file",
            Self::Permission(_) => "store_permission",
            Self::DirectoryMissing(_) => "store_directory_missing",
            Self::NotADatabase(_) => "store_not_a_database",
            Self::NotOurs(_) => "store_not_ours",
            Self::Corrupt { .. } => "store_corrupt",
            Self::LogMissing(_) => "store_log_missing",
            Self::JournalLeft(_) => "store_journal_left",
            Self::Locked(_) => "store_locked",
            Self::Newer { .. } => "store_newer",
            Self::SealedByAnotherKey { .. } => "store_sealed_by_another_key",
            Self::SealBroken { .. } => "store_seal_broken",
            Self::ClockBehind { .. } => "store_clock_behind",
            Self::DiskFull(_) => "store_disk_full",
            Self::KeyExists => "store_key_exists",
            Self::ValueRefused(_) => "store_value_refused",
            Self::NoRandomness(_) => "store_no_randomness",
            Self::Cryptography => "store_cryptography",
            Self::File { .. } => "store_file",
            Self::Database(_) => "store_database",
        }
    }
}
