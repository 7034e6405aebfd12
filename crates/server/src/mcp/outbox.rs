//! What the client is told on one request's stream, in order and numbered. What matters is kept, so that a client whose
//! connection broke takes the stream up where it was (2025-11-25 basic/transports, Resumability and Redelivery).

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::Stream;

/// Events that wait for a reader who is slow. What is only of passing interest is left out beyond that; an answer never.
const QUEUED: usize = 8;

/// One request's events.
#[derive(Default)]
pub(crate) struct Outbox(Mutex<State>);

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    /// Events there have been.
    told: u64,
    over: bool,
    /// Who reads: the last one who began to.
    reader: u64,
    waker: Option<Waker>,
}

#[derive(Clone)]
struct Event {
    index: u64,
    /// JSON; none of the event that only tells a client where it can come back to.
    message: Option<Arc<str>>,
    kept: bool,
}

impl Outbox {
    /// Tells something. What is to be `kept` is read again by a reader who takes over.
    pub(crate) fn tell(&self, message: Option<&str>, kept: bool) {
        let mut state = self.lock();
        let passing = state.events.iter().filter(|event| !event.kept).count();
        if state.over || (!kept && passing >= QUEUED) {
            return;
        }
        let event = Event { index: state.told, message: message.map(Arc::from), kept };
        state.events.push_back(event);
        state.told = state.told.saturating_add(1);
        wake(state);
    }

    /// Nothing more comes.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.over = true;
        wake(state);
    }

    /// Nothing more comes, and what was not read is gone.
    pub(crate) fn cut(&self) {
        let mut state = self.lock();
        state.events.clear();
        state.over = true;
        wake(state);
    }

    /// Reads what comes after the first so many events. Whoever read before stops.
    pub(crate) fn read(self: &Arc<Self>, after: u64) -> Reading {
        let mut state = self.lock();
        state.reader = state.reader.saturating_add(1);
        let (turn, told) = (state.reader, state.told);
        wake(state);
        Reading { outbox: Arc::clone(self), turn, next: after.min(told) }
    }

    /// The size of what is kept.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().events.iter().filter_map(|event| event.message.as_ref()).map(|message| message.len()).sum()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the reader, outside the lock.
fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A reader. It ends with what is told, or when another takes over.
pub(crate) struct Reading {
    outbox: Arc<Outbox>,
    turn: u64,
    next: u64,
}

/// How far a reader came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// To the end.
    Nothing,
    /// Not to the end.
    Rest,
    /// Another reads on.
    ToAnother,
}

impl Reading {
    /// What it leaves unread.
    pub(crate) fn left(&self) -> Left {
        let state = self.outbox.lock();
        if state.reader != self.turn {
            return Left::ToAnother;
        }
        if state.over && state.after(self.next).is_none() { Left::Nothing } else { Left::Rest }
    }
}

impl State {
    /// The position of the first event that is not among the first `read`.
    fn after(&self, read: u64) -> Option<usize> {
        self.events.iter().position(|event| event.index >= read)
    }
}

impl Stream for Reading {
    /// An event's number, counted from 0, and its JSON.
    type Item = (u64, Option<Arc<str>>);

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.outbox.lock();
        if state.reader != self.turn {
            return Poll::Ready(None);
        }
        let Some(position) = state.after(self.next) else {
            if state.over {
                return Poll::Ready(None);
            }
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        let event = match state.events.get(position) {
            Some(event) if event.kept => Some(event.clone()),
            _ => state.events.remove(position),
        };
        drop(state);
        let Some(Event { index, message, .. }) = event else { return Poll::Ready(None) };
        self.next = index.saturating_add(1);
        Poll::Ready(Some((index, message)))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};

    use super::*;

    fn read(reading: &mut Reading) -> Vec<String> {
        std::iter::from_fn(|| reading.next().now_or_never().flatten())
            .map(|(index, message)| format!("{index} {}", message.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn h17_who_comes_back_reads_what_was_kept_and_not_what_they_had() {
        let outbox = Arc::new(Outbox::default());
        let mut first = outbox.read(0);
        outbox.tell(None, true);
        outbox.tell(Some("half"), false);
        assert_eq!(read(&mut first), ["0 ", "1 half"]);
        outbox.tell(Some("answer"), true);
        outbox.end();
        assert_eq!(first.left(), Left::Rest, "the answer was not read");
        let mut second = outbox.read(1);
        assert_eq!(first.left(), Left::ToAnother);
        assert_eq!(read(&mut first), Vec::<String>::new(), "whoever read before stops");
        assert_eq!(read(&mut second), ["2 answer"]);
        assert_eq!(second.left(), Left::Nothing);
        assert_eq!(read(&mut outbox.read(0)), ["0 ", "2 answer"], "what passed is not told again");
        assert_eq!(read(&mut outbox.read(3)), Vec::<String>::new());
        assert_eq!(read(&mut outbox.read(u64::MAX)), Vec::<String>::new(), "nobody read more than there was");
        assert_eq!(outbox.bytes(), "answer".len());
    }

    #[test]
    fn h17_what_nobody_reads_is_bounded_and_an_answer_is_never_left_out() {
        let outbox = Arc::new(Outbox::default());
        outbox.tell(None, true);
        for step in 0..100 {
            outbox.tell(Some(&step.to_string()), false);
        }
        outbox.tell(Some("answer"), true);
        outbox.end();
        outbox.tell(Some("after the end"), true);
        let told = read(&mut outbox.read(0));
        assert_eq!((told.len(), told.last().map(String::as_str)), (QUEUED + 2, Some("9 answer")));
        outbox.cut();
        assert!(read(&mut outbox.read(0)).is_empty());
    }

    #[tokio::test]
    async fn a_waiting_reader_hears_of_the_end() {
        let outbox = Arc::new(Outbox::default());
        let mut reading = outbox.read(0);
        let waiting = tokio::spawn(async move { reading.next().await });
        tokio::task::yield_now().await;
        outbox.end();
        assert_eq!(waiting.await.unwrap(), None);
    }
}
