//! What SQLite and the file system report, sorted into what we say.

use std::io::{self, ErrorKind};
use std::path::Path;

use sqlx::error::DatabaseError;

use super::StoreError;

/// Primary result codes: <https://sqlite.org/rescode.html>.
const SQLITE_PERM: u32 = 3;
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_READONLY: u32 = 8;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;
const SQLITE_NOTADB: u32 = 26;

impl StoreError {
    pub(crate) fn from_database(path: &Path, error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(DatabaseError::code).and_then(|code| code.parse::<u32>().ok());
        // The low byte is the primary code, the rest says where it happened.
        match code.map(|code| code & 0xff) {
            Some(SQLITE_BUSY | SQLITE_LOCKED) => Self::Locked(path.into()),
            // The file began as a database does when we inspected it, so one that is none after all is damaged.
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Self::corrupt(path, error.to_string()),
            Some(SQLITE_FULL) => Self::DiskFull(path.into()),
            Some(SQLITE_PERM | SQLITE_READONLY | SQLITE_CANTOPEN) => Self::Permission(path.into()),
            Some(_) | None => Self::from_driver(path, error),
        }
    }

    fn from_driver(path: &Path, error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(source) => Self::from_io(path, source),
            sqlx::Error::ColumnDecode { index, .. } => {
                Self::corrupt(path, format!("column {index} holds another type"))
            }
            other => Self::Database(Box::new(other)),
        }
    }

    pub(crate) fn from_io(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::Permission(path.into()),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull(path.into()),
            ErrorKind::NotFound => Self::DirectoryMissing(path.into()),
            ErrorKind::IsADirectory => Self::NotAFile(path.into()),
            _ => Self::File { path: path.into(), source },
        }
    }

    pub(crate) fn corrupt(path: &Path, detail: impl Into<String>) -> Self {
        Self::Corrupt { path: path.into(), detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

    #[test]
    fn s01_what_the_system_refuses_has_its_own_code() {
        let code = |kind: ErrorKind| StoreError::from_io(Path::new("aegis.db"), kind.into()).code();
        assert_eq!(code(ErrorKind::StorageFull), "store_disk_full");
        assert_eq!(code(ErrorKind::QuotaExceeded), "store_disk_full");
        assert_eq!(code(ErrorKind::ReadOnlyFilesystem), "store_permission");
        assert_eq!(code(ErrorKind::PermissionDenied), "store_permission");
        assert_eq!(code(ErrorKind::TimedOut), "store_file");
    }

    #[tokio::test]
    async fn s01_a_full_database_and_one_that_cannot_be_written_are_told_apart() {
        let mut small = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let fill =
            "PRAGMA max_page_count = 4; CREATE TABLE filler (bytes BLOB); INSERT INTO filler VALUES (zeroblob(99999))";
        let error = sqlx::raw_sql(fill).execute(&mut small).await.unwrap_err();
        assert_eq!(StoreError::from_database(Path::new("aegis.db"), error).code(), "store_disk_full");

        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("aegis.db");
        std::fs::write(&path, "").unwrap();
        let options = SqliteConnectOptions::new().filename(&path).read_only(true);
        let mut read_only = SqliteConnection::connect_with(&options).await.unwrap();
        let error = sqlx::raw_sql("CREATE TABLE filler (bytes BLOB)").execute(&mut read_only).await.unwrap_err();
        assert_eq!(StoreError::from_database(&path, error).code(), "store_permission");
    }
}
