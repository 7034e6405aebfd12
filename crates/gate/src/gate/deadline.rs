//! A call's deadline, which stands still while a person is asked.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use aegis_ambient::Ambient;

/// The time that a call does not use up.
pub(crate) struct Deadline {
    ambient: Ambient,
    pauses: Mutex<Pauses>,
}

#[derive(Default)]
struct Pauses {
    /// So many are held,
    held: u32,
    /// the first of them since then.
    since: Duration,
    /// Time that went by over pauses and was not yet given back.
    passed: Duration,
}

/// The deadline stands still while this is held. Where several are, the time counts once.
pub(crate) struct Pause<'a>(&'a Deadline);

impl Deadline {
    pub(crate) fn new(ambient: Ambient) -> Self {
        Self { ambient, pauses: Mutex::default() }
    }

    pub(crate) fn pause(&self) -> Pause<'_> {
        let mut pauses = self.pauses();
        if pauses.held == 0 {
            pauses.since = self.ambient.elapsed();
        }
        pauses.held = pauses.held.saturating_add(1);
        Pause(self)
    }

    /// Runs within a limit, which pauses do not use up; none when it is over. What runs begins and ends its pauses while
    /// it is polled here, so each poll sees the clock as it stands.
    pub(crate) async fn within<F: Future>(&self, limit: Duration, run: F) -> Option<F::Output> {
        let (mut run, mut end) = (pin!(run), pin!(tokio::time::sleep(limit)));
        poll_fn(|context| {
            if let Poll::Ready(output) = run.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            let (is_paused, passed) = {
                let mut pauses = self.pauses();
                (pauses.held > 0, std::mem::take(&mut pauses.passed))
            };
            if !passed.is_zero() {
                let later = end.deadline() + passed;
                end.as_mut().reset(later);
            }
            if is_paused { Poll::Pending } else { end.as_mut().poll(context).map(|()| None) }
        })
        .await
    }

    fn pauses(&self) -> MutexGuard<'_, Pauses> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// However it ends: a tool may give a question up.
impl Drop for Pause<'_> {
    fn drop(&mut self) {
        let now = self.0.ambient.elapsed();
        let mut pauses = self.0.pauses();
        pauses.held = pauses.held.saturating_sub(1);
        if pauses.held == 0 {
            let passed = now.saturating_sub(pauses.since);
            pauses.passed = pauses.passed.saturating_add(passed);
        }
    }
}
