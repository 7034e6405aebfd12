//! How much may wait to be written, and whether anything can be.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aegis_ambient::Timestamp;

/// Whether the record can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It can.
    Fine,
    /// It cannot, and calls are refused. Tried again at least every second.
    Failing {
        /// The first failure.
        since: Timestamp,
        /// `audit_disk_full`, `audit_read_only`, `audit_forbidden`, `audit_io_error`, `audit_checkpoint_unwritable` or
        /// `audit_closed`.
        code: &'static str,
    },
}

/// Places for events between the call and the disk.
pub(super) struct Queue {
    size: usize,
    taken: AtomicUsize,
    suppressed: AtomicU64,
    health: RwLock<Health>,
}

/// One place, free again when dropped.
pub(super) struct Place {
    queue: Arc<Queue>,
}

impl Queue {
    pub(super) fn new(size: usize) -> Arc<Self> {
        Arc::new(Self {
            size: size.max(1),
            taken: AtomicUsize::new(0),
            suppressed: AtomicU64::new(0),
            health: RwLock::new(Health::Fine),
        })
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }

    /// Whether no place is left.
    pub(super) fn is_full(&self) -> bool {
        self.taken() >= self.size
    }

    /// A place for a call.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        self.take_below(self.size)
    }

    /// A place for a refusal: the last quarter is kept for calls, so that a flood of failed sign-ins, which cost their
    /// sender nothing, does not turn away those who did sign in.
    pub(super) fn take_for_note(self: &Arc<Self>) -> Option<Place> {
        self.take_below(self.size - self.size / 4)
    }

    fn take_below(self: &Arc<Self>, limit: usize) -> Option<Place> {
        let more = |taken: usize| (taken < limit).then_some(taken.saturating_add(1));
        self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Place { queue: Arc::clone(self) })
    }

    /// Counts a refusal that found no place.
    pub(super) fn suppress(&self) {
        self.suppressed.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn suppressed(&self) -> u64 {
        self.suppressed.load(Ordering::Acquire)
    }

    /// So many are on record now.
    pub(super) fn told(&self, count: u64) {
        self.suppressed.fetch_sub(count, Ordering::AcqRel);
    }

    pub(super) fn health(&self) -> Health {
        *self.health.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_health(&self, health: Health) {
        *self.health.write().unwrap_or_else(PoisonError::into_inner) = health;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.taken.fetch_sub(1, Ordering::AcqRel);
    }
}
