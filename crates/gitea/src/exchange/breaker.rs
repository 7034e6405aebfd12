//! Leaves an instance that does not answer alone for a moment: callers hear so at once instead of waiting for each
//! deadline in turn, and an instance in trouble is not asked the harder for it (attack U01).

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use aegis_ambient::Ambient;

/// So many requests without any answer open the breaker, if nothing was answered since they began. So a route that hangs
/// does not close the way to all others, however many calls of it fail at once (attack U02).
const FAILURES_TO_OPEN: u32 = 5;
/// How long nobody asks; then one does, and the others once that one is answered.
const PAUSE_MS: u64 = 2_000;

/// Times are by the monotonic clock.
#[derive(Default)]
pub(super) struct Breaker {
    failures: AtomicU32,
    answered_at_ms: AtomicU64,
    open_until_ms: AtomicU64,
}

impl Breaker {
    /// Whether it is not the time to ask. Of those who come when the pause is over one goes through and begins the next:
    /// should nothing become of it, as when its caller gives up, another goes after that.
    pub(super) fn is_open(&self, ambient: &Ambient) -> bool {
        if self.failures.load(Ordering::Acquire) < FAILURES_TO_OPEN {
            return false;
        }
        let (now, until) = (milliseconds(ambient.elapsed()), self.open_until_ms.load(Ordering::Acquire));
        let next = now.saturating_add(PAUSE_MS);
        now < until || self.open_until_ms.compare_exchange(until, next, Ordering::AcqRel, Ordering::Acquire).is_err()
    }

    /// An answer began, whatever it says and whatever becomes of its body.
    pub(super) fn answered(&self, ambient: &Ambient) {
        self.answered_at_ms.fetch_max(milliseconds(ambient.elapsed()), Ordering::AcqRel);
        self.failures.store(0, Ordering::Release);
    }

    /// A request that began then got none.
    pub(super) fn unanswered(&self, began: Duration, ambient: &Ambient) {
        if milliseconds(began) < self.answered_at_ms.load(Ordering::Acquire) {
            return;
        }
        let until = milliseconds(ambient.elapsed()).saturating_add(PAUSE_MS);
        self.open_until_ms.store(until, Ordering::Release);
        self.failures.fetch_add(1, Ordering::AcqRel);
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
