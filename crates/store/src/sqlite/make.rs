//! A new store: filled under a draft name, then given its real one.

use std::path::Path;

use aegis_ambient::Ambient;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use zeroize::Zeroizing;

use super::{connect, inspect, migrate, row};
use crate::pepper::PEPPER_BYTES;
use crate::publish::{Draft, sidecar};
use crate::{SealingKey, StoreError};

/// Makes a store where there is none. What lies there already, be it empty or a dangling link, is never replaced: it may
/// be what is left of a store.
pub(super) async fn unless_there(path: &Path, key: &SealingKey, ambient: &Ambient) -> Result<(), StoreError> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(StoreError::from_io(path, source)),
    }
    // A log without its database: the store was here and is gone. Publishing beside it would marry the two.
    if sidecar(path, "-wal").exists() {
        return Err(StoreError::corrupt(path, "the database is missing, its write-ahead log is there"));
    }
    let draft = Draft::beside(path, ambient)?;
    let mut connection = connect::draft(draft.path()).await.map_err(|error| StoreError::from_database(path, error))?;
    fill(&mut connection, path, key, ambient).await?;
    settle(connection).await.map_err(|error| StoreError::from_database(path, error))?;
    draft.publish(path)
}

/// Every migration and the store's identity, in one transaction: there is no store without a pepper.
pub(super) async fn fill(
    connection: &mut SqliteConnection,
    path: &Path,
    key: &SealingKey,
    ambient: &Ambient,
) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_database(path, error);
    let pepper = Zeroizing::new(ambient.random::<PEPPER_BYTES>()?);
    let sealed_pepper = key.seal(&inspect::PEPPER_PLACE, pepper.as_slice(), ambient)?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    migrate::apply(&mut transaction, migrate::MIGRATIONS).await.map_err(failed)?;
    sqlx::query("INSERT INTO store (one, sealing_key_id, sealed_pepper, opened_at) VALUES (1, ?, ?, ?)")
        .bind(key.id().as_str())
        .bind(sealed_pepper)
        .bind(row::from_time(ambient.now()))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Turns the log on while nobody else can be there: that change needs the file to itself, and does not wait for it.
async fn settle(mut connection: SqliteConnection) -> sqlx::Result<()> {
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut connection).await?;
    connection.close().await
}
