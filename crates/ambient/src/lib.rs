//! Clock and randomness: the only things from outside that every room may take, and it takes them as arguments.
//!
//! Production hands out [`Ambient::real`]; tests hand out [`Ambient::frozen`] and move time themselves. `clippy.toml`
//! bans the global clock and random source everywhere else, so a forgotten one does not compile.

mod frozen;
mod real;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use frozen::{FrozenClock, SeededRandomness};
pub use jiff::Timestamp;

/// Tells the time, twice over.
pub trait Clock: Send + Sync + 'static {
    /// Wall time (UTC): for claims, records and what people read. It may jump.
    fn now(&self) -> Timestamp;

    /// Time since this clock was made: for deadlines and lifetimes. It never goes backwards.
    fn elapsed(&self) -> Duration;
}

/// Fills buffers with bytes nobody can guess.
pub trait Randomness: Send + Sync + 'static {
    /// Fills the whole buffer.
    ///
    /// # Errors
    /// [`NoRandomness`] when the operating system gives none; a caller must refuse its work then.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The operating system's random source failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the operating system's random source failed")
    }
}

impl std::error::Error for NoRandomness {}

/// Clock and randomness together, cheap to clone.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Ambient {
    /// The machine's clock and random source.
    #[must_use]
    pub fn real() -> Self {
        Self::new(real::MachineClock::default(), real::MachineRandomness)
    }

    /// A clock that stands still at `now` until the test moves it, and random bytes that repeat with every run.
    #[must_use]
    pub fn frozen(now: Timestamp) -> (Self, FrozenClock) {
        let clock = FrozenClock::new(now);
        (Self::new(clock.clone(), SeededRandomness::new(0)), clock)
    }

    /// Any two sources.
    pub fn new(clock: impl Clock, randomness: impl Randomness) -> Self {
        Self { clock: Arc::new(clock), randomness: Arc::new(randomness) }
    }

    /// Wall time, see [`Clock::now`].
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Monotonic time, see [`Clock::elapsed`].
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// [`NoRandomness`] as in [`Randomness::fill`].
    pub fn random<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        self.randomness.fill(&mut bytes)?;
        Ok(bytes)
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ambient").field("now", &self.now()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frozen_time_moves_only_when_told() {
        let (ambient, clock) = Ambient::frozen("2026-01-02T03:04:05Z".parse().unwrap());
        let before = (ambient.now(), ambient.elapsed());
        assert_eq!(before, (ambient.now(), ambient.elapsed()));
        clock.advance(Duration::from_secs(90));
        assert_eq!(ambient.now().to_string(), "2026-01-02T03:05:35Z");
        assert_eq!(ambient.elapsed().checked_sub(before.1), Some(Duration::from_secs(90)));
    }

    #[test]
    fn a_wall_clock_set_back_does_not_turn_monotonic_time() {
        let (ambient, clock) = Ambient::frozen("2026-01-02T03:04:05Z".parse().unwrap());
        clock.advance(Duration::from_secs(5));
        clock.set_wall("2026-01-02T02:00:00Z".parse().unwrap());
        assert_eq!(ambient.now().to_string(), "2026-01-02T02:00:00Z");
        assert_eq!(ambient.elapsed(), Duration::from_secs(5));
    }

    #[test]
    fn seeded_bytes_repeat_and_real_ones_do_not() {
        let (one, _) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        let (two, _) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        assert_eq!(one.random::<32>(), two.random::<32>());
        assert_ne!(one.random::<32>(), two.random::<16>().map(|half| [half, half].concat().try_into().unwrap()));
        let real = Ambient::real();
        assert_ne!(real.random::<32>(), real.random::<32>());
        assert!(real.now() > "2026-01-01T00:00:00Z".parse().unwrap());
    }
}
