//! A reader of HTTP/2 that stops reading one stream. It can keep its connection lively and still give a stream no
//! window, so the deadline of the socket never comes; here each stream has its own (attacks H09, H17).
//!
//! hyper hands every stream to its executor as one future: while that future waits for the body, we are slow; while it
//! holds a piece of the body and does not ask for the next, the other side is.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::sleep;

tokio::task_local! {
    /// Who is waited for in the stream that this task serves.
    static WAITING: Cell<Waiting>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// For us.
    Gateway,
    /// For the other side, since this many pieces.
    Peer(u64),
}

/// The next piece of the body is with hyper, which waits for the other side to take it. Nothing in HTTP/1.1.
pub(super) fn handed_over() {
    let _ = WAITING.try_with(|waiting| {
        waiting.set(match waiting.get() {
            Waiting::Gateway => Waiting::Peer(0),
            Waiting::Peer(pieces) => Waiting::Peer(pieces.wrapping_add(1)),
        });
    });
}

/// The other side took all there is; the body has no more yet.
pub(super) fn caught_up() {
    let _ = WAITING.try_with(|waiting| waiting.set(Waiting::Gateway));
}

/// Runs the streams of HTTP/2, each with a deadline for the other side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    pub(super) write: Duration,
}

impl<Stream> Executor<Stream> for Streams
where
    Stream: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: Stream) {
        tokio::spawn(WAITING.scope(Cell::new(Waiting::Gateway), bounded(stream, self.write)));
    }
}

/// Ends, and with it resets the stream, when the other side is waited for longer than `limit`.
async fn bounded(stream: impl Future<Output = ()>, limit: Duration) {
    let mut stream = pin!(stream);
    let mut deadline = pin!(None);
    let mut since = Waiting::Gateway;
    poll_fn(|context| {
        if stream.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let waiting = WAITING.try_with(Cell::get).unwrap_or(Waiting::Gateway);
        if waiting != since {
            since = waiting;
            deadline.set(matches!(waiting, Waiting::Peer(_)).then(|| sleep(limit)));
        }
        match deadline.as_mut().as_pin_mut() {
            Some(deadline) => deadline.poll(context),
            None => Poll::Pending,
        }
    })
    .await;
}
