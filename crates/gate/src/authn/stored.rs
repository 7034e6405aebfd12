//! Keys of the store. One that is there is read once a second at most, however often it is presented: reading it costs
//! more than the rest of a sign-in. So a key that another process revokes is refused within a second (sign-in.md 21 of
//! the design allows five for reads).
//!
//! What is not there is looked for every time, so that the time of a refusal tells nothing (attack K01).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aegis_ambient::{Ambient, Timestamp};
use aegis_gitea::connect::Credential;
use aegis_store::{KeyDigest, Store, StoreError, StoredKey};
use moka::future::Cache;

/// How long a key stands as it was read.
const STANDS_FOR: Duration = Duration::from_secs(1);
/// Most keys remembered; the least used go first, and each a while after it was read.
const MAX_REMEMBERED: u64 = 10_000;
/// How long a key that nobody presents any more is held in memory.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10);
/// A key's use is written down at most this often.
const USE_WRITTEN_EVERY: Duration = Duration::from_mins(1);

/// A key that is in the store, and what it opens.
pub(crate) struct Held {
    pub(crate) key: StoredKey,
    /// None: it is no token of Gitea's.
    pub(crate) credential: Option<Credential>,
    /// By which the owner of the credential is remembered.
    pub(crate) credential_digest: KeyDigest,
    read_at: Duration,
    /// Its use is being written down.
    noting: AtomicBool,
}

/// The store's keys, some of them read a moment ago.
pub(crate) struct StoredKeys {
    store: Arc<dyn Store>,
    lately: Cache<KeyDigest, Arc<Held>>,
}

impl StoredKeys {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let lately = Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(FORGOTTEN_AFTER).build();
        Self { store, lately }
    }

    /// The key with this digest, good or not.
    pub(crate) async fn find(&self, digest: &KeyDigest, ambient: &Ambient) -> Result<Option<Arc<Held>>, StoreError> {
        let now = ambient.elapsed();
        let stands = |held: &Arc<Held>| now.saturating_sub(held.read_at) < STANDS_FOR;
        if let Some(held) = self.lately.get(digest).await.filter(stands) {
            return Ok(Some(held));
        }
        let Some(key) = self.store.key_by_digest(digest).await? else {
            self.lately.invalidate(digest).await;
            return Ok(None);
        };
        let credential = Credential::new(key.credential.clone()).ok();
        let credential_digest = self.store.pepper().digest(&key.credential);
        let noting = AtomicBool::new(false);
        let held = Arc::new(Held { key, credential, credential_digest, read_at: now, noting });
        self.lately.insert(*digest, Arc::clone(&held)).await;
        Ok(Some(held))
    }

    /// Writes down that a key was used, if that is due.
    pub(crate) async fn note_use(&self, digest: &KeyDigest, held: &Held, now: Timestamp) -> Result<(), StoreError> {
        let since = held.key.last_used_at.map(|last| now.duration_since(last));
        let is_due = since.is_none_or(|since| since.unsigned_abs() >= USE_WRITTEN_EVERY);
        if !is_due || held.noting.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let noted = self.store.touch_key(&held.key.id, now).await;
        // Read again at the next call, with its use on it.
        self.lately.invalidate(digest).await;
        noted
    }
}

/// Whether a key is good: neither revoked nor at its end.
pub(crate) fn is_good(key: &StoredKey, now: Timestamp) -> bool {
    key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > now)
}
