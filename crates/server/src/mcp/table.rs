//! Who has what open: a bounded table of sessions, each with an owner. A session never says who somebody is, it only
//! belongs to somebody: to everyone else it does not exist (MCP 2025-11-25 basic/security, Session Hijacking; attacks
//! H05, H06, H08).

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aegis_ambient::{Ambient, NoRandomness};
use aegis_gate::Owner;
use rmcp::transport::streamable_http_server::SessionId;

/// How many, and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Most sessions of one owner.
    pub(crate) per_owner: usize,
    /// Most sessions in all.
    pub(crate) in_all: usize,
    /// How long one may lie unused.
    pub(crate) idle: Duration,
}

/// Why no further session can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    /// The caller's own share is in use.
    #[error("too many sessions of this key are in use at once")]
    Own,
    /// All there is is in use.
    #[error("too many sessions are in use at once")]
    All,
    /// Without randomness an id could be guessed.
    #[error("no session can be opened now")]
    NoRandomness,
}

impl From<NoRandomness> for Full {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

/// Open sessions. `T` is what a session is made of; a place that is taken and not yet filled holds none.
pub(crate) struct Table<T> {
    held: Mutex<HashMap<SessionId, Held<T>>>,
    bounds: Bounds,
    ambient: Ambient,
}

struct Held<T> {
    owner: Arc<Owner>,
    session: Option<T>,
    /// The revision the handshake settled on.
    revision: Option<String>,
    used: Duration,
    /// Requests and streams open on it. A session in use is never thrown out.
    busy: usize,
}

impl<T: Clone> Table<T> {
    pub(crate) fn new(bounds: Bounds, ambient: Ambient) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), bounds, ambient })
    }

    /// Takes a place for a new session. The owner's longest unused session gives way where the owner has too many, and
    /// the longest unused of all where all are too many.
    ///
    /// # Errors
    /// [`Full`] where nothing that is unused could give way.
    pub(crate) fn reserve(self: &Arc<Self>, owner: &Arc<Owner>) -> Result<Place<T>, Full> {
        let id: SessionId = format!("{:032x}", u128::from_be_bytes(self.ambient.random()?)).into();
        let used = self.ambient.elapsed();
        let mut held = self.lock();
        held.retain(|_, session| !session.is_over(used, self.bounds.idle));
        let own = held.values().filter(|session| session.owner == *owner).count();
        if own >= self.bounds.per_owner && !throw_out(&mut held, |session| session.owner == *owner) {
            return Err(Full::Own);
        }
        if held.len() >= self.bounds.in_all && !throw_out(&mut held, |_| true) {
            return Err(Full::All);
        }
        // A place counts as in use until it is filled: nobody can throw it out in between.
        held.insert(Arc::clone(&id), Held { owner: Arc::clone(owner), session: None, revision: None, used, busy: 1 });
        drop(held);
        Ok(Place { table: Arc::clone(self), id, filled: false })
    }

    /// The session of that name, in use from now on, if it is this owner's. To anyone else it does not exist.
    pub(crate) fn enter(self: &Arc<Self>, owner: &Owner, id: &str) -> Option<Entered<T>> {
        let mut held = self.lock();
        let id = Arc::clone(held.get_key_value(id)?.0);
        let found = held.get_mut(&id).filter(|session| *session.owner == *owner)?;
        let session = found.session.clone()?;
        found.busy = found.busy.saturating_add(1);
        let revision = found.revision.clone();
        drop(held);
        Some(Entered { session, revision, in_use: Arc::new(InUse { table: Arc::clone(self), id }) })
    }

    /// Takes it out.
    pub(crate) fn remove(&self, id: &str) -> Option<T> {
        self.lock().remove(id).and_then(|session| session.session)
    }

    /// Throws out what was unused for too long.
    pub(crate) fn sweep(&self) {
        let now = self.ambient.elapsed();
        self.lock().retain(|_, session| !session.is_over(now, self.bounds.idle));
    }

    /// Whose sessions there are.
    pub(crate) fn owners(&self) -> HashSet<Arc<Owner>> {
        self.lock().values().map(|session| Arc::clone(&session.owner)).collect()
    }

    /// Takes out all that is this owner's, in use or not.
    pub(crate) fn evict(&self, owner: &Owner) -> Vec<T> {
        let evicted = self.lock().extract_if(|_, session| *session.owner == *owner).collect::<Vec<_>>();
        evicted.into_iter().filter_map(|(_, held)| held.session).collect()
    }

    /// All there are.
    pub(crate) fn all(&self) -> Vec<T> {
        self.lock().values().filter_map(|held| held.session.clone()).collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Held<T>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Held<T> {
    fn is_over(&self, now: Duration, idle: Duration) -> bool {
        self.busy == 0 && now.saturating_sub(self.used) >= idle
    }
}

/// Throws out the longest unused of those meant. Dropping a session ends it.
fn throw_out<T>(held: &mut HashMap<SessionId, Held<T>>, meant: impl Fn(&Held<T>) -> bool) -> bool {
    let unused = held.iter().filter(|(_, session)| session.busy == 0 && meant(session));
    let oldest = unused.min_by_key(|(_, session)| session.used).map(|(id, _)| Arc::clone(id));
    oldest.is_some_and(|id| held.remove(&id).is_some())
}

/// A place in the table. Dropped unfilled, it is free again.
pub(crate) struct Place<T: Clone> {
    table: Arc<Table<T>>,
    id: SessionId,
    filled: bool,
}

impl<T: Clone> Place<T> {
    /// The new session's name: 128 random bits.
    pub(crate) fn id(&self) -> &SessionId {
        &self.id
    }

    /// The session is there, and in use.
    pub(crate) fn fill(mut self, session: T, revision: Option<String>) -> InUse<T> {
        if let Some(held) = self.table.lock().get_mut(&self.id) {
            (held.session, held.revision) = (Some(session), revision);
        }
        self.filled = true;
        InUse { table: Arc::clone(&self.table), id: Arc::clone(&self.id) }
    }
}

impl<T: Clone> Drop for Place<T> {
    fn drop(&mut self) {
        if !self.filled {
            self.table.remove(&self.id);
        }
    }
}

/// A session that a request names.
#[derive(Clone)]
pub(crate) struct Entered<T: Clone> {
    pub(crate) session: T,
    /// The revision its handshake settled on.
    pub(crate) revision: Option<String>,
    pub(crate) in_use: Arc<InUse<T>>,
}

/// A session in use.
pub(crate) struct InUse<T: Clone> {
    table: Arc<Table<T>>,
    id: SessionId,
}

impl<T: Clone> Drop for InUse<T> {
    fn drop(&mut self) {
        let now = self.table.ambient.elapsed();
        if let Some(session) = self.table.lock().get_mut(&self.id) {
            session.busy = session.busy.saturating_sub(1);
            session.used = now;
        }
    }
}
