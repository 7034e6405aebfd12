//! The one interface through which the other rooms reach what is stored.

use std::pin::Pin;
use std::sync::Arc;

use aegis_ambient::Ambient;
use jiff::Timestamp;

use crate::sqlite::SqliteStore;
use crate::{KeyDigest, KeyId, KeySummary, LockoutRow, NewKey, Pepper, SealingKey, StoreError, StoreUrl, StoredKey};

/// A store's answer. Boxed, so that [`Store`] can stand behind a pointer. Every one of them answers or fails within
/// about fifteen seconds.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What [`open`] needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Where the store lies.
    pub url: StoreUrl,
    /// What it is sealed with.
    pub sealing_key: SealingKey,
}

/// What must survive a restart. Nothing is cached here: a key made by another process is seen by the next call. A
/// change has reached the disk when its future is ready.
pub trait Store: Send + Sync + 'static {
    /// The secret under which keys are digested.
    fn pepper(&self) -> &Pepper;

    /// Stores a key under a fresh id. [`StoreError::KeyExists`] if the same key is stored already,
    /// [`StoreError::ValueRefused`] if a value is empty or longer than its type says.
    fn insert_key(&self, key: NewKey) -> StoreFuture<'_, KeySummary>;

    /// The key with this digest, expired and revoked ones too: the gate judges them and says why it refuses.
    fn key_by_digest<'a>(&'a self, digest: &'a KeyDigest) -> StoreFuture<'a, Option<StoredKey>>;

    /// The key of this id, with its credential: for the operator's commands, never for letting anyone in.
    fn key<'a>(&'a self, id: &'a KeyId) -> StoreFuture<'a, Option<StoredKey>>;

    /// Every key, oldest first.
    fn keys(&self) -> StoreFuture<'_, Vec<KeySummary>>;

    /// Takes a key back now and erases its credential; false if there is no such key or it was taken back before.
    fn revoke_key<'a>(&'a self, id: &'a KeyId) -> StoreFuture<'a, bool>;

    /// Notes that a key was used; an earlier time than the one noted changes nothing.
    fn touch_key<'a>(&'a self, id: &'a KeyId, used_at: Timestamp) -> StoreFuture<'a, ()>;

    /// What is remembered of a source.
    fn lockout<'a>(&'a self, source: &'a str) -> StoreFuture<'a, Option<LockoutRow>>;

    /// Everything remembered of sources, by source.
    fn lockouts(&self) -> StoreFuture<'_, Vec<LockoutRow>>;

    /// Remembers this of a source in place of what was remembered.
    fn put_lockout(&self, row: LockoutRow) -> StoreFuture<'_, ()>;

    /// Forgets a source; false if nothing was remembered.
    fn delete_lockout<'a>(&'a self, source: &'a str) -> StoreFuture<'a, bool>;

    /// Forgets sources all of whose times lie before `older_than`, then the longest quiet ones until at most
    /// `keep_at_most` are left. Returns how many were forgotten.
    fn prune_lockouts(&self, older_than: Timestamp, keep_at_most: u32) -> StoreFuture<'_, u64>;

    /// The newest moment the store has witnessed. A clock well before it is wrong; [`open`] refuses one more than 60 s
    /// before it.
    fn newest_time(&self) -> StoreFuture<'_, Timestamp>;

    /// Finishes what is under way and closes the files. Later calls fail.
    fn close(&self) -> StoreFuture<'_, ()>;
}

/// Opens the store, or makes it where there is none.
///
/// # Errors
/// Every reason not to trust what is there, each a variant of its own. Until the last check has passed nothing on disk
/// is changed.
pub async fn open(settings: Settings, ambient: Ambient) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(SqliteStore::open(settings, ambient).await?))
}
