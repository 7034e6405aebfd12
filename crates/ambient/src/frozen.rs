//! A clock that tests move by hand and random bytes that repeat.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{Clock, NoRandomness, Randomness};

/// A clock that stands still until it is moved. Clones share one time.
#[derive(Clone, Debug)]
pub struct FrozenClock {
    times: Arc<Mutex<(Timestamp, Duration)>>,
}

impl FrozenClock {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { times: Arc::new(Mutex::new((now, Duration::ZERO))) }
    }

    /// Moves wall and monotonic time forward together.
    pub fn advance(&self, by: Duration) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let wall = SignedDuration::try_from(by).ok().and_then(|by| times.0.checked_add(by).ok());
        times.0 = wall.unwrap_or(Timestamp::MAX);
        times.1 = times.1.saturating_add(by);
    }

    /// Sets the wall clock alone, as an administrator or NTP would; monotonic time does not notice.
    pub fn set_wall(&self, now: Timestamp) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).0 = now;
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn elapsed(&self) -> Duration {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// Bytes from a counter put through `SplitMix64`: different at every call, the same in every run. Never for production.
#[derive(Debug)]
pub struct SeededRandomness {
    state: AtomicU64,
}

impl SeededRandomness {
    /// A sequence of its own for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut mixed = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl Randomness for SeededRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            for (to, from) in chunk.iter_mut().zip(bytes) {
                *to = from;
            }
        }
        Ok(())
    }
}
