//! The machine's own clock and random source: the one module that may touch the globals.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::{Clock, NoRandomness, Randomness};

/// The machine's clock.
pub(crate) struct MachineClock {
    started: Instant,
}

impl Default for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "the real clock is made here and nowhere else")]
    fn default() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "the real clock is read here and nowhere else")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The operating system's random source.
pub(crate) struct MachineRandomness;

impl Randomness for MachineRandomness {
    #[expect(clippy::disallowed_methods, reason = "real randomness is drawn here and nowhere else")]
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(buffer).map_err(|_| NoRandomness)
    }
}
