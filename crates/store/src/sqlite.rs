//! The store in one SQLite file, or in memory.
//!
//! Opening goes: make a whole store if there is none, look at what is there without touching it, and only then open it
//! for work: with a write-ahead log, so that readers never wait, each commit synced before it is answered.

mod connect;
mod inspect;
mod keys;
mod lockouts;
mod make;
mod migrate;
mod row;

use std::path::{Path, PathBuf};

use aegis_ambient::Ambient;
use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;

use crate::store::{Settings, Store, StoreFuture};
use crate::{KeyDigest, KeyId, KeySummary, LockoutRow, NewKey, Pepper, SealingKey, StoreError, StoredKey};

/// What errors and lists call a store without a file.
const MEMORY: &str = ":memory:";

pub(crate) struct SqliteStore {
    pool: SqlitePool,
    path: PathBuf,
    sealing_key: SealingKey,
    pepper: Pepper,
    ambient: Ambient,
}

impl SqliteStore {
    pub(crate) async fn open(settings: Settings, ambient: Ambient) -> Result<Self, StoreError> {
        let Settings { url, sealing_key } = settings;
        // Absolute, since SQLite would read a name that starts with `file:` as an address with options.
        let absolute = |path| std::path::absolute(path).map_err(|source| StoreError::from_io(path, source));
        let path = url.path().map(absolute).transpose()?;
        let pool = match &path {
            None => in_memory(&sealing_key, &ambient).await?,
            Some(path) => in_file(path, &sealing_key, &ambient).await?,
        };
        let path = path.unwrap_or_else(|| MEMORY.into());
        let mut connection = pool.acquire().await.map_err(|error| StoreError::from_database(&path, error))?;
        let pepper = inspect::pepper(&mut connection, &path, &sealing_key).await?;
        drop(connection);
        Ok(Self { pool, path, sealing_key, pepper, ambient })
    }

    fn failed(&self, error: sqlx::Error) -> StoreError {
        StoreError::from_database(&self.path, error)
    }
}

async fn in_memory(sealing_key: &SealingKey, ambient: &Ambient) -> Result<SqlitePool, StoreError> {
    let path = Path::new(MEMORY);
    let pool = connect::memory_pool().await.map_err(|error| StoreError::from_database(path, error))?;
    let mut connection = pool.acquire().await.map_err(|error| StoreError::from_database(path, error))?;
    make::fill(&mut connection, path, sealing_key, ambient).await?;
    Ok(pool)
}

/// Refusals come first and change nothing. The first write, besides its own purpose, proves that there is room and that
/// nobody holds the store.
async fn in_file(path: &Path, sealing_key: &SealingKey, ambient: &Ambient) -> Result<SqlitePool, StoreError> {
    make::unless_there(path, sealing_key, ambient).await?;
    inspect::before_opening(path, sealing_key, ambient.now()).await?;
    let failed = |error| StoreError::from_database(path, error);
    let pool = connect::file_pool(path).await.map_err(failed)?;
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    migrate::bring_up(&mut transaction, path, migrate::MIGRATIONS).await?;
    inspect::note_opening(&mut transaction, path, ambient.now()).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(pool)
}

impl Store for SqliteStore {
    fn pepper(&self) -> &Pepper {
        &self.pepper
    }

    fn insert_key(&self, key: NewKey) -> StoreFuture<'_, KeySummary> {
        Box::pin(self.insert_key_row(key))
    }

    fn key_by_digest<'a>(&'a self, digest: &'a KeyDigest) -> StoreFuture<'a, Option<StoredKey>> {
        Box::pin(self.key_row(digest))
    }

    fn key<'a>(&'a self, id: &'a KeyId) -> StoreFuture<'a, Option<StoredKey>> {
        Box::pin(self.key_row_by_id(id))
    }

    fn keys(&self) -> StoreFuture<'_, Vec<KeySummary>> {
        Box::pin(self.key_summaries())
    }

    fn revoke_key<'a>(&'a self, id: &'a KeyId) -> StoreFuture<'a, bool> {
        Box::pin(self.revoke_key_row(id))
    }

    fn touch_key<'a>(&'a self, id: &'a KeyId, used_at: Timestamp) -> StoreFuture<'a, ()> {
        Box::pin(self.touch_key_row(id, used_at))
    }

    fn lockout<'a>(&'a self, source: &'a str) -> StoreFuture<'a, Option<LockoutRow>> {
        Box::pin(self.lockout_row(source))
    }

    fn lockouts(&self) -> StoreFuture<'_, Vec<LockoutRow>> {
        Box::pin(self.lockout_rows())
    }

    fn put_lockout(&self, row: LockoutRow) -> StoreFuture<'_, ()> {
        Box::pin(self.put_lockout_row(row))
    }

    fn delete_lockout<'a>(&'a self, source: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(self.delete_lockout_row(source))
    }

    fn prune_lockouts(&self, older_than: Timestamp, keep_at_most: u32) -> StoreFuture<'_, u64> {
        Box::pin(self.prune_lockout_rows(older_than, keep_at_most))
    }

    fn newest_time(&self) -> StoreFuture<'_, Timestamp> {
        Box::pin(async {
            let mut connection = self.pool.acquire().await.map_err(|error| self.failed(error))?;
            inspect::newest_time(&mut connection, &self.path).await
        })
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async {
            self.pool.close().await;
            Ok(())
        })
    }
}
