//! What runs at once: a bounded number in all, behind a bounded queue, and a share of it for each caller, so that one
//! whose forge hangs leaves the others their places (attack U02). What finds none is shed with the time to come back.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aegis_gate::Owner;
use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests of one caller that run at once.
const MAX_OWN: usize = 64;
/// Requests that run at once in all.
const MAX_ALL: usize = 512;
/// Requests that wait for one of those places.
const MAX_WAITING: usize = 512;
/// How long one waits.
const PATIENCE: Duration = Duration::from_secs(1);
/// When to come back, in seconds.
pub(crate) const RETRY_AFTER_SECONDS: u64 = 1;

/// The places.
pub(crate) struct Running {
    all: Arc<Semaphore>,
    waiting: AtomicUsize,
    own: Arc<Mutex<HashMap<Owner, usize>>>,
}

/// A request that runs. Dropping it frees the place.
pub(crate) struct Slot {
    owner: Owner,
    own: Arc<Mutex<HashMap<Owner, usize>>>,
    #[expect(dead_code, reason = "held for its drop")]
    place: OwnedSemaphorePermit,
}

/// Why a request does not run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Shed {
    /// The caller's own share is in use.
    #[error("too many requests of this key run at once; the limit is 64")]
    Own,
    /// Everything is in use.
    #[error("the gateway is at its limit")]
    All,
}

impl Shed {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Own => "too_many_at_once",
            Self::All => "overloaded",
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Own => StatusCode::TOO_MANY_REQUESTS,
            Self::All => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl Default for Running {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(MAX_ALL)), waiting: AtomicUsize::new(0), own: Arc::default() }
    }
}

impl Running {
    /// Takes a place for one request of this caller.
    ///
    /// # Errors
    /// [`Shed`].
    pub(crate) async fn enter(&self, owner: Owner) -> Result<Slot, Shed> {
        let place = match Arc::clone(&self.all).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => self.queue().await?,
        };
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let running = own.entry(owner.clone()).or_insert(0);
        if *running >= MAX_OWN {
            return Err(Shed::Own);
        }
        *running = running.saturating_add(1);
        drop(own);
        Ok(Slot { owner, own: Arc::clone(&self.own), place })
    }

    async fn queue(&self) -> Result<OwnedSemaphorePermit, Shed> {
        let waiting = Waiting::new(&self.waiting);
        if waiting.before >= MAX_WAITING {
            return Err(Shed::All);
        }
        match tokio::time::timeout(PATIENCE, Arc::clone(&self.all).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(Shed::All),
        }
    }
}

/// One that waits, counted until it is dropped.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut running) = own.entry(self.owner.clone()) {
            if *running.get() <= 1 {
                running.remove();
            } else {
                *running.get_mut() -= 1;
            }
        }
    }
}
