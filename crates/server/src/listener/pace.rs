//! How fast a connection must be. [`Pace`] is told what happens on it, [`Watchdog`] says when that has taken too long.
//!
//! The watchdog is asked each time the connection's own task has run, so that a new deadline holds as soon as there is
//! one. Only the end of an HTTP/2 stream happens elsewhere; it wakes that task.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use http::Version;
use tokio::time::{Sleep, sleep};

use super::Deadlines;

/// What happens on one connection.
#[derive(Debug, Default)]
pub(super) struct Pace {
    now: Mutex<Now>,
    task: AtomicWaker,
}

#[derive(Debug, Clone, Copy, Default)]
struct Now {
    phase: Phase,
    /// Grows when the deadline of a phase begins anew.
    turn: u64,
    /// Requests that are not answered to the end.
    open: usize,
    /// HTTP/2: what comes while nothing is open need not be a request.
    multiplexed: bool,
    /// The other side's window is full.
    blocked: bool,
    /// Grows with each piece the other side takes.
    taken: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    /// Nothing came yet.
    #[default]
    Fresh,
    /// Some of a header came.
    Header,
    /// A request is being answered.
    Busy,
    /// All requests so far are answered, though the other side may still be taking the last answer.
    Idle,
    /// The same, and the connection was asked to end.
    Leaving,
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// A request's header.
    Header,
    /// The next request.
    Idle,
    /// Taking the answer.
    Write,
    /// Leaving.
    End,
}

/// A request that is not answered to the end; dropped when it is.
#[derive(Debug)]
pub(super) struct Open(Arc<Pace>);

impl Pace {
    fn tell(&self, what: impl FnOnce(&mut Now)) {
        what(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn now(&self) -> Now {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes came.
    pub(super) fn read(&self) {
        self.tell(|now| match now.phase {
            // The first header's time runs from the beginning, whenever its first byte comes.
            Phase::Fresh => now.phase = Phase::Header,
            Phase::Idle if !now.multiplexed => now.enter(Phase::Header),
            Phase::Idle | Phase::Header | Phase::Busy | Phase::Leaving => (),
        });
    }

    /// The other side took some bytes, or refused to.
    pub(super) fn wrote(&self, blocked: bool) {
        self.tell(|now| {
            now.blocked = blocked;
            now.taken = now.taken.wrapping_add(u64::from(!blocked));
        });
    }

    /// The TLS handshake is done: HTTP begins.
    pub(super) fn restart(&self) {
        self.tell(|now| now.enter(Phase::Fresh));
    }

    /// A whole header came.
    pub(super) fn begin(self: &Arc<Self>, version: Version) -> Open {
        self.tell(|now| {
            now.open = now.open.saturating_add(1);
            now.multiplexed = version == Version::HTTP_2;
            now.enter(Phase::Busy);
        });
        Open(Arc::clone(self))
    }

    /// Whether not a byte of any request came.
    pub(super) fn is_fresh(&self) -> bool {
        self.now().phase == Phase::Fresh
    }

    /// The connection was asked to end. What holds it without a request has as long as a header.
    pub(super) fn leave(&self) {
        self.tell(|now| {
            if now.open == 0 {
                now.enter(Phase::Leaving);
            }
        });
    }
}

impl Now {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.turn = self.turn.wrapping_add(1);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut wake = false;
        self.0.tell(|now| {
            now.open = now.open.saturating_sub(1);
            if now.open == 0 {
                now.enter(Phase::Idle);
            }
            wake = now.multiplexed;
        });
        if wake {
            self.0.task.wake();
        }
    }
}

/// Ends what is too slow.
pub(super) struct Watchdog {
    pace: Arc<Pace>,
    deadlines: Deadlines,
    quiet: Timer,
    write: Timer,
}

/// A deadline for one count of things.
#[derive(Default)]
struct Timer {
    of: Option<(u64, u64)>,
    sleep: Pin<Box<Option<Sleep>>>,
}

impl Watchdog {
    pub(super) fn new(pace: Arc<Pace>, deadlines: Deadlines) -> Self {
        Self { pace, deadlines, quiet: Timer::default(), write: Timer::default() }
    }

    /// Ready when something is overdue; to be asked again after each change.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Overdue> {
        self.pace.task.register(context.waker());
        let now = self.pace.now();
        let Deadlines { header, idle, write, .. } = self.deadlines;
        // Whoever still takes the last answer is not idle yet. In HTTP/2 they take pings and answers to their own too:
        // there a reader's time is its stream's.
        let taking = if now.multiplexed { now.turn } else { now.turn.wrapping_add(now.taken) };
        let (limit, count, overdue) = match now.phase {
            Phase::Fresh | Phase::Header => (Some(header), now.turn, Overdue::Header),
            Phase::Busy => (None, now.turn, Overdue::Header),
            Phase::Idle => (Some(idle), taking, Overdue::Idle),
            Phase::Leaving => (Some(header), taking, Overdue::End),
        };
        if self.quiet.is_over((now.turn, count), limit, context) {
            return Poll::Ready(overdue);
        }
        let limit = now.blocked.then_some(write);
        if self.write.is_over((0, now.taken), limit, context) { Poll::Ready(Overdue::Write) } else { Poll::Pending }
    }
}

impl Timer {
    /// Begins anew with each count, and not at all without a limit.
    fn is_over(&mut self, count: (u64, u64), limit: Option<Duration>, context: &mut Context<'_>) -> bool {
        let of = limit.map(|_| count);
        if self.of != of {
            self.of = of;
            self.sleep.set(limit.map(sleep));
        }
        self.sleep.as_mut().as_pin_mut().is_some_and(|sleep| sleep.poll(context).is_ready())
    }
}
