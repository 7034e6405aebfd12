//! How to mend each refusal, in words an operator can follow.

use std::path::Path;

use super::StoreError;

impl StoreError {
    /// What the operator can do about it; `None` where there is nothing but to report it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UrlInvalid => "Write a path without `?`, `#` or `%`, as in `sqlite:/var/lib/aegis-mcp/aegis.db`.".into(),
            Self::PostgresNotSupported => "Name a file instead: `sqlite:/var/lib/aegis-mcp/aegis.db`.".into(),
            Self::SealingKeyRefused(_) => "Draw one with `openssl rand -base64 32` and keep a copy apart from the store.".into(),
            Self::SealingKeyExposed { path, .. } | Self::FileExposed { path, .. } => exposed(path),
            Self::NotAFile(path) => format!("Name a file; {} is something else.", path.display()),
            Self::Permission(path) => permission(path),
            Self::DirectoryMissing(path) => directory_missing(path),
            Self::NotADatabase(path) | Self::NotOurs(path) => not_ours(path),
            Self::Corrupt { path, .. } => corrupt(path),
            Self::LogMissing(path) => log_missing(path),
            Self::JournalLeft(path) => journal_left(path),
            Self::Locked(path) => locked(path),
            Self::Newer { .. } => {
                "Run the newer version again, or restore the backup made before the upgrade. Schemas do not go back.".into()
            }
            Self::SealedByAnotherKey { .. } => {
                "Give the STORE_KEY or key file the store was made with. If a new key file was generated because the old \
                 one is gone, restore the old one from a backup; without it what is sealed cannot be read."
                    .into()
            }
            Self::SealBroken { .. } => "Restore a backup, and ask who could write to the store's file.".into(),
            Self::ClockBehind { .. } => {
                "Set this machine's clock. If it is right and was ahead earlier, wait until it has passed the later time.".into()
            }
            Self::DiskFull(path) => format!("Free space or raise the quota where {} lies.", path.display()),
            Self::File { path, .. } => format!("The log has the system's own words on {}.", path.display()),
            Self::KeyExists => "Generate another key.".into(),
            Self::ValueRefused(_) | Self::NoRandomness(_) | Self::Cryptography | Self::Database(_) => return None,
        };
        Some(hint)
    }
}

fn exposed(path: &Path) -> String {
    format!("Run `chmod 600 {}` and ask who could reach it until now.", path.display())
}

fn permission(path: &Path) -> String {
    format!("Give the user who runs this program read and write access to {} and to its directory.", path.display())
}

fn directory_missing(path: &Path) -> String {
    format!("Make the directory of {} with mode 0700; if the path is a link, make what it points to.", path.display())
}

fn not_ours(path: &Path) -> String {
    let path = path.display();
    format!("Check the path. If the store was at {path}, restore a backup; if there never was one, move {path} away.")
}

fn corrupt(path: &Path) -> String {
    let path = path.display();
    format!(
        "Stop every process that uses it. Move {path}, {path}-wal and {path}-shm away together and put a backup in their \
         place, or save what can be read with `sqlite3 {path} .recover`."
    )
}

fn log_missing(path: &Path) -> String {
    let path = path.display();
    format!("Put {path}-wal back where it was, or restore a backup. To go on without those changes remove {path}-shm.")
}

fn journal_left(path: &Path) -> String {
    let path = path.display();
    format!("Make a copy of {path} and {path}-journal, then let SQLite undo it: `sqlite3 {path} 'PRAGMA quick_check'`.")
}

fn locked(path: &Path) -> String {
    let path = path.display();
    format!(
        "`fuser {path}` names it: perhaps a backup, or a sqlite3 shell with an open transaction. Let it end and start again."
    )
}
