//! Whether what lies there may be used. Nothing here writes, save the note of an opening that passed.

mod files;

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::row::{self, Columns};
use super::{connect, migrate};
use crate::pepper::PEPPER_BYTES;
use crate::sealed::Place;
use crate::{Pepper, SealingKey, StoreError};

/// "AEGI", set by the first migration.
const APPLICATION_ID: i64 = 0x4145_4749;

/// A clock may be this far behind what the store has witnessed: clocks of healthy machines differ by less.
const CLOCK_BEHIND_MAX: SignedDuration = SignedDuration::from_secs(60);

/// Where the pepper lies.
pub(super) const PEPPER_PLACE: Place<'static> = Place { table: "store", column: "sealed_pepper", row: "1", bound: &[] };

/// Every reason to refuse, cheapest first: files, kind, version, damage, seal, clock.
pub(super) async fn before_opening(path: &Path, key: &SealingKey, now: Timestamp) -> Result<(), StoreError> {
    files::inspect(path).await?;
    let mut connection = connect::looking(path, files::log_holds_changes(path))
        .await
        .map_err(|error| StoreError::from_database(path, error))?;
    let verdict = database(&mut connection, path, key, now).await;
    let closed = connection.close().await.map_err(|error| StoreError::from_database(path, error));
    verdict.and(closed)
}

async fn database(
    connection: &mut SqliteConnection,
    path: &Path,
    key: &SealingKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    kind_and_version(connection, path).await?;
    undamaged(connection, path).await?;
    pepper(connection, path, key).await?;
    let newest = newest_time(connection, path).await?;
    if newest.duration_since(now) > CLOCK_BEHIND_MAX {
        return Err(StoreError::ClockBehind { now, newest });
    }
    Ok(())
}

async fn kind_and_version(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_database(path, error);
    let application: i64 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(failed)?;
    let found = migrate::version(connection).await.map_err(failed)?;
    let known = migrate::newest(migrate::MIGRATIONS);
    // A store of ours never has version 0: it is published with its schema.
    if application != APPLICATION_ID || found < 1 {
        return Err(StoreError::NotOurs(path.into()));
    }
    if found > known {
        return Err(StoreError::Newer { path: path.into(), found, known });
    }
    Ok(())
}

async fn undamaged(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(connection)
        .await
        .map_err(|error| StoreError::from_database(path, error))?;
    if found == "ok" { Ok(()) } else { Err(StoreError::corrupt(path, found)) }
}

/// The pepper from the store's own row: refused unless it was sealed by this key.
pub(super) async fn pepper(
    connection: &mut SqliteConnection,
    path: &Path,
    key: &SealingKey,
) -> Result<Pepper, StoreError> {
    let row = sqlx::query("SELECT sealing_key_id, sealed_pepper FROM store WHERE one = 1")
        .fetch_optional(connection)
        .await
        .map_err(|error| StoreError::from_database(path, error))?
        .ok_or_else(|| StoreError::corrupt(path, "the store's own row is missing"))?;
    let columns = Columns::of(&row, path);
    let found: String = columns.read("sealing_key_id")?;
    if found != key.id().as_str() {
        return Err(StoreError::SealedByAnotherKey { path: path.into(), found, given: key.id().clone() });
    }
    let plain = key.open(&PEPPER_PLACE, columns.read("sealed_pepper")?)?;
    let bytes: &[u8; PEPPER_BYTES] =
        plain.as_slice().try_into().map_err(|_| StoreError::corrupt(path, "the pepper has another length"))?;
    Ok(Pepper::new(bytes))
}

/// The newest of all times that lay in the past when they were written.
pub(super) async fn newest_time(connection: &mut SqliteConnection, path: &Path) -> Result<Timestamp, StoreError> {
    const NEWEST: &str = "SELECT max(witnessed) AS newest FROM (
        SELECT opened_at AS witnessed FROM store
        UNION ALL SELECT max(created_at) FROM keys
        UNION ALL SELECT max(revoked_at) FROM keys
        UNION ALL SELECT max(last_used_at) FROM keys
        UNION ALL SELECT max(last_failure_at) FROM lockouts
        UNION ALL SELECT max(last_success_at) FROM lockouts)";
    let row = sqlx::query(NEWEST).fetch_one(connection).await;
    let row = row.map_err(|error| StoreError::from_database(path, error))?;
    Columns::of(&row, path).time("newest")
}

/// Witnesses that the store is opened now.
pub(super) async fn note_opening(
    connection: &mut SqliteConnection,
    path: &Path,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE store SET opened_at = max(opened_at, ?) WHERE one = 1")
        .bind(row::from_time(now))
        .execute(connection)
        .await
        .map_err(|error| StoreError::from_database(path, error))?;
    Ok(())
}
