//! What runs at once: a bounded number in all, behind a bounded queue, and a share of it for each caller, so that one
//! whose forge hangs leaves the others their places (attack U02). The share is taken first and without waiting, before
//! a body is read: whoever has used up their own fills neither the queue nor the memory. What finds no place is shed
//! with the time to come back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aegis_gate::Owner;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::DoorCode;

/// Requests of one caller that run, or whose body is read, at once.
const MAX_OWN: usize = 64;
/// Requests that run at once in all.
const MAX_ALL: u32 = 512;
/// Listeners of one caller. They stay open for minutes and do next to nothing, so they take no place of what runs.
const MAX_OWN_LISTENING: usize = 16;
/// Listeners in all.
const MAX_ALL_LISTENING: u32 = 1_024;
/// Requests that wait for one of those places.
const MAX_WAITING: usize = 512;
/// How long one waits.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bodies of one caller's requests held at once, in bytes: sixteen of the largest.
const MAX_OWN_BODY_BYTES: usize = 64 * 1024 * 1024;
/// Bodies held at once in all, in bytes.
const MAX_ALL_BODY_BYTES: usize = 256 * 1024 * 1024;
/// When to come back.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The places.
pub(crate) struct Running {
    all: Arc<Semaphore>,
    max_all: u32,
    waiting: AtomicUsize,
    max_own: usize,
    shares: Shares,
}

#[derive(Clone, Default)]
struct Shares(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    by_owner: HashMap<Arc<Owner>, Share>,
    body_bytes: usize,
}

#[derive(Default)]
struct Share {
    requests: usize,
    body_bytes: usize,
}

/// One request's part of its caller's share. Dropping it gives it back.
pub(crate) struct Own {
    owner: Arc<Owner>,
    shares: Shares,
    body_bytes: usize,
}

/// A request that runs. Dropping it frees the place.
pub(crate) struct Slot {
    #[expect(dead_code, reason = "held for its drop")]
    own: Own,
    #[expect(dead_code, reason = "held for its drop")]
    place: OwnedSemaphorePermit,
}

/// Why a request does not run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Shed {
    /// The caller's own share is in use.
    #[error("too many requests of this key run at once")]
    Own,
    /// Everything is in use.
    #[error("the gateway is at its limit")]
    All,
}

impl Shed {
    pub(crate) fn code(self) -> DoorCode {
        match self {
            Self::Own => DoorCode::TooManyAtOnce,
            Self::All => DoorCode::Overloaded,
        }
    }
}

impl Default for Running {
    fn default() -> Self {
        Self::new(MAX_OWN, MAX_ALL)
    }
}

impl Running {
    /// Places for those who listen.
    pub(crate) fn for_listeners() -> Self {
        Self::new(MAX_OWN_LISTENING, MAX_ALL_LISTENING)
    }

    fn new(max_own: usize, max_all: u32) -> Self {
        let all = Arc::new(Semaphore::new(max_all as usize));
        Self { all, max_all, waiting: AtomicUsize::new(0), max_own, shares: Shares::default() }
    }

    /// Takes one request's part of this caller's share.
    ///
    /// # Errors
    /// [`Shed::Own`].
    pub(crate) fn own(&self, owner: &Arc<Owner>) -> Result<Own, Shed> {
        let mut taken = self.shares.lock();
        let share = taken.by_owner.entry(Arc::clone(owner)).or_default();
        if share.requests >= self.max_own {
            return Err(Shed::Own);
        }
        share.requests = share.requests.saturating_add(1);
        drop(taken);
        Ok(Own { owner: Arc::clone(owner), shares: self.shares.clone(), body_bytes: 0 })
    }

    /// Takes a place for a request that has its part of its caller's share.
    ///
    /// # Errors
    /// [`Shed::All`].
    pub(crate) async fn all(&self, own: Own) -> Result<Slot, Shed> {
        let place = match Arc::clone(&self.all).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => self.queue().await?,
        };
        Ok(Slot { own, place })
    }

    /// Waits until nothing runs. What comes meanwhile waits for it.
    pub(crate) async fn none(&self) {
        // The places are never closed.
        let _ = self.all.acquire_many(self.max_all).await;
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

impl Own {
    /// Room for so many more bytes of the request's body, kept as long as this is.
    ///
    /// # Errors
    /// [`Shed`].
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<(), Shed> {
        let mut taken = self.shares.lock();
        let all = taken.body_bytes.saturating_add(bytes);
        let share = taken.by_owner.get_mut(&self.owner).ok_or(Shed::Own)?;
        let own = share.body_bytes.saturating_add(bytes);
        if own > MAX_OWN_BODY_BYTES {
            return Err(Shed::Own);
        }
        if all > MAX_ALL_BODY_BYTES {
            return Err(Shed::All);
        }
        share.body_bytes = own;
        taken.body_bytes = all;
        drop(taken);
        self.body_bytes = self.body_bytes.saturating_add(bytes);
        Ok(())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let mut taken = self.shares.lock();
        taken.body_bytes = taken.body_bytes.saturating_sub(self.body_bytes);
        let Some(share) = taken.by_owner.get_mut(&self.owner) else { return };
        share.body_bytes = share.body_bytes.saturating_sub(self.body_bytes);
        share.requests = share.requests.saturating_sub(1);
        if share.requests == 0 {
            taken.by_owner.remove(&self.owner);
        }
    }
}

impl Shares {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use aegis_gate::Catalog;
    use aegis_testkit::TestGate;

    use super::*;

    async fn owners() -> [Arc<Owner>; 2] {
        let gate = TestGate::start(Catalog::default()).await.unwrap();
        let [alice, bob] = ["alice", "bob"].map(|login| gate.principal(login));
        [Arc::clone(alice.await.unwrap().owner()), Arc::clone(bob.await.unwrap().owner())]
    }

    #[tokio::test]
    async fn u02_a_caller_over_its_share_fills_no_queue() {
        let [alice, bob] = owners().await;
        let running = Arc::new(Running::default());
        let everything = Arc::clone(&running.all).acquire_many_owned(MAX_ALL).await.unwrap();
        let waiting: Vec<_> = (0..MAX_OWN)
            .map(|_| {
                let (running, own) = (Arc::clone(&running), running.own(&alice).unwrap());
                tokio::spawn(async move { running.all(own).await.map(drop) })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..MAX_WAITING {
            assert_eq!(running.own(&alice).err(), Some(Shed::Own), "refused at once, without a place in the queue");
        }
        assert_eq!(running.waiting.load(Ordering::Relaxed), MAX_OWN);
        let bobs = running.own(&bob).unwrap();
        assert_eq!(running.all(bobs).await.err(), Some(Shed::All), "he waited his time");
        drop(everything);
        let bobs = running.own(&bob).unwrap();
        assert!(running.all(bobs).await.is_ok());
        for one in waiting {
            let _ = one.await.unwrap();
        }
        assert!(running.shares.lock().by_owner.is_empty(), "who has nothing running is not remembered");
    }

    #[tokio::test]
    async fn h10_bodies_have_room_for_their_caller_and_in_all() {
        let [alice, bob] = owners().await;
        let running = Running::default();
        let mut alices = running.own(&alice).unwrap();
        assert_eq!(alices.hold(MAX_OWN_BODY_BYTES), Ok(()));
        assert_eq!(running.own(&alice).unwrap().hold(1), Err(Shed::Own));
        running.shares.lock().body_bytes = MAX_ALL_BODY_BYTES - 10;
        let mut bobs = running.own(&bob).unwrap();
        assert_eq!((bobs.hold(10), bobs.hold(1)), (Ok(()), Err(Shed::All)));
        drop((alices, bobs));
        assert_eq!(running.own(&alice).unwrap().hold(MAX_OWN_BODY_BYTES), Ok(()), "what is done gives its room back");
    }
}
