//! How connections to SQLite are made.

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

/// How long a statement waits for another process to let go of the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a call waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// SQLite writes one at a time; a few readers beside the writer keep a slow disk from holding up lookups.
pub(super) const CONNECTIONS_MAX: u32 = 4;

/// For work on a store already found good.
pub(super) async fn file_pool(path: &Path) -> sqlx::Result<SqlitePool> {
    pool(CONNECTIONS_MAX).connect_with(durable().filename(path).journal_mode(SqliteJournalMode::Wal)).await
}

/// One connection, never dropped: the data is gone with it.
pub(super) async fn memory_pool() -> sqlx::Result<SqlitePool> {
    pool(1).connect_with(durable().in_memory(true)).await
}

fn pool(connections_max: u32) -> SqlitePoolOptions {
    let pool = SqlitePoolOptions::new().max_connections(connections_max).min_connections(1);
    pool.idle_timeout(None).max_lifetime(None).acquire_timeout(ACQUIRE_TIMEOUT)
}

/// For filling an empty draft nobody else knows of.
pub(super) async fn draft(path: &Path) -> sqlx::Result<SqliteConnection> {
    durable().filename(path).connect().await
}

/// For looking without touching. The last connection to close folds the log into the database and removes it, unless it
/// was opened for reading only; that kind in turn leaves an empty log behind where there was none. So: reading only
/// where a log holds changes, and else one that could write, does not, and cleans up after itself.
pub(super) async fn looking(path: &Path, log_holds_changes: bool) -> sqlx::Result<SqliteConnection> {
    bounded().filename(path).read_only(log_holds_changes).connect().await
}

/// For connections that write.
fn durable() -> SqliteConnectOptions {
    // With NORMAL, a loss of power may take back commits that were already answered
    // (https://sqlite.org/pragma.html#pragma_synchronous). And what is erased is overwritten.
    bounded().synchronous(SqliteSynchronous::Full).foreign_keys(true).pragma("secure_delete", "ON")
}

/// For every connection. None of these settings reads the file, so what is wrong with it shows when we ask, not before.
fn bounded() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .busy_timeout(BUSY_TIMEOUT)
        // The file is input too: SQLite's own advice for databases one did not write
        // (https://sqlite.org/security.html#untrusted_sqlite_database_files).
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .disable_statement_logging()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[tokio::test]
    async fn s03_every_connection_syncs_every_commit() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("aegis.db");
        std::fs::write(&path, "").unwrap();
        let pool = file_pool(&path).await.unwrap();
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            held.push(pool.acquire().await.unwrap());
        }
        assert!(pool.try_acquire().is_none(), "there are more connections than were asked");
        for connection in &mut held {
            for (pragma, wanted) in
                [("synchronous", 2), ("foreign_keys", 1), ("trusted_schema", 0), ("secure_delete", 1)]
            {
                let sql = sqlx::AssertSqlSafe(format!("PRAGMA {pragma}"));
                let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut **connection).await.unwrap();
                assert_eq!(found, wanted, "{pragma}");
            }
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut **connection).await.unwrap();
            assert_eq!(mode, "wal");
        }
    }
}
