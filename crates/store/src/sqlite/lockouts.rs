//! Lock-outs in SQLite.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::row::{self, Columns};
use crate::{LockoutRow, StoreError};

/// Longest source: an IPv6 network takes 43 bytes.
const SOURCE_BYTES_MAX: usize = 64;

impl SqliteStore {
    pub(super) async fn lockout_row(&self, source: &str) -> Result<Option<LockoutRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM lockouts WHERE source = ?").bind(source).fetch_optional(&self.pool).await;
        row.map_err(|error| self.failed(error))?.map(|row| self.lockout_of(&row)).transpose()
    }

    pub(super) async fn lockout_rows(&self) -> Result<Vec<LockoutRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM lockouts ORDER BY source").fetch_all(&self.pool).await;
        rows.map_err(|error| self.failed(error))?.iter().map(|row| self.lockout_of(row)).collect()
    }

    pub(super) async fn put_lockout_row(&self, row: LockoutRow) -> Result<(), StoreError> {
        const PUT: &str = "INSERT OR REPLACE INTO lockouts
            (source, failures, last_failure_at, locked_until, last_success_at) VALUES (?, ?, ?, ?, ?)";
        if row.source.is_empty() || row.source.len() > SOURCE_BYTES_MAX {
            return Err(StoreError::ValueRefused("the source"));
        }
        sqlx::query(PUT)
            .bind(&row.source)
            .bind(row.failures)
            .bind(row::from_time(row.last_failure_at))
            .bind(row.locked_until.map(row::from_time))
            .bind(row.last_success_at.map(row::from_time))
            .execute(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(())
    }

    pub(super) async fn delete_lockout_row(&self, source: &str) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM lockouts WHERE source = ?").bind(source).execute(&self.pool).await;
        Ok(deleted.map_err(|error| self.failed(error))?.rows_affected() > 0)
    }

    pub(super) async fn prune_lockout_rows(&self, older_than: Timestamp, keep: u32) -> Result<u64, StoreError> {
        // A row lives as long as the latest of its times. The scalar max() is null if any argument is, hence coalesce.
        const PRUNE: &str = "WITH quiet AS (
                SELECT source, max(last_failure_at, coalesce(locked_until, last_failure_at),
                    coalesce(last_success_at, last_failure_at)) AS since FROM lockouts)
            DELETE FROM lockouts WHERE source IN (SELECT source FROM quiet WHERE since < ?1)
                OR source NOT IN (SELECT source FROM quiet ORDER BY since DESC, source LIMIT ?2)";
        let pruned = sqlx::query(PRUNE).bind(row::from_time(older_than)).bind(keep).execute(&self.pool).await;
        Ok(pruned.map_err(|error| self.failed(error))?.rows_affected())
    }

    fn lockout_of(&self, row: &SqliteRow) -> Result<LockoutRow, StoreError> {
        let columns = Columns::of(row, &self.path);
        Ok(LockoutRow {
            source: columns.read("source")?,
            failures: columns.read("failures")?,
            last_failure_at: columns.time("last_failure_at")?,
            locked_until: columns.optional_time("locked_until")?,
            last_success_at: columns.optional_time("last_success_at")?,
        })
    }
}
