//! The transport of 2024-11-05: a stream to the client and a way back by POST (basic/transports, HTTP with SSE). The
//! protocol crate has dropped it, and serves any pair of channels.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gate::Owner;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use http::request::Parts;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::{ServerHandler, ServiceExt};
use serde_json::Value;
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::{CancellationToken, PollSender};
use tokio_util::task::TaskTracker;

use super::table::{Bounds, Full, InUse, Table};
use super::wire;

/// Streams of one owner and in all. An open stream is in use, so none gives way to another.
const BOUNDS: Bounds = Bounds { per_owner: 16, in_all: 1_024, idle: Duration::from_mins(1) };
/// Messages held for a reader that is slow, and from a writer that is fast. A reader that lets them fill waits until
/// the connection's write deadline ends it.
const QUEUED_MESSAGES: usize = 16;

type FromClient = BoxStream<'static, ClientJsonRpcMessage>;
type Opener = Box<dyn Fn(FromClient, Sender<ServerJsonRpcMessage>) -> BoxFuture<'static, ()> + Send + Sync>;

/// The open streams.
pub(crate) struct Pipes {
    table: Arc<Table<Way>>,
    opener: Opener,
    stop: CancellationToken,
}

/// A session's way in, and the requests that came through it and still run.
#[derive(Clone)]
struct Way {
    messages: Sender<ClientJsonRpcMessage>,
    running: TaskTracker,
}

/// A stream just opened: its name, and what goes to the client as JSON text.
pub(crate) struct Pipe<S> {
    /// What the client's POSTs name it by.
    pub(crate) id: Arc<str>,
    /// The messages to the client. Dropping it ends the session.
    pub(crate) messages: S,
}

/// Why a message did not get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PipeFault {
    /// No stream of that name for this caller.
    Unknown,
    /// Not a message the protocol knows.
    Malformed,
    /// The session is behind with what it was sent.
    Busy,
}

impl Pipes {
    /// After `stop` a stream ends with the last request that runs on it.
    pub(crate) fn new(opener: Opener, ambient: Ambient, stop: CancellationToken) -> Self {
        Self { table: Table::new(BOUNDS, ambient), opener, stop }
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// There are too many.
    pub(crate) fn open(&self, owner: &Arc<Owner>) -> Result<Pipe<impl Stream<Item = String> + Send + 'static>, Full> {
        let place = self.table.reserve(owner)?;
        let id = Arc::clone(place.id());
        let (to_session, from_client) = mpsc::channel(QUEUED_MESSAGES);
        let (to_client, from_session) = mpsc::channel(QUEUED_MESSAGES);
        let way = Way { messages: to_session, running: TaskTracker::new() };
        let over = over(self.stop.clone(), way.running.clone());
        let in_use = place.fill(way, None);
        let ends = Ends { in_use, table: Arc::clone(&self.table), id: Arc::clone(&id) };
        tokio::spawn((self.opener)(ReceiverStream::new(from_client).take_until(over).boxed(), to_client));
        let messages = ReceiverStream::new(from_session).filter_map(move |message| {
            let _ = &ends;
            // Our own message: it serialises.
            std::future::ready(serde_json::to_string(&message).ok())
        });
        Ok(Pipe { id, messages })
    }

    /// Hands a message to the session it names. `parts` carry who sent this very message.
    ///
    /// # Errors
    /// [`PipeFault`].
    pub(crate) fn accept(&self, owner: &Owner, id: &str, message: Value, mut parts: Parts) -> Result<(), PipeFault> {
        let Way { messages, running } = self.table.enter(owner, id).ok_or(PipeFault::Unknown)?.session;
        // A request runs as long as its handler has these parts.
        parts.extensions.insert(running.token());
        let message = wire::from_client(message, parts).ok_or(PipeFault::Malformed)?;
        messages.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => PipeFault::Busy,
            mpsc::error::TrySendError::Closed(_) => PipeFault::Unknown,
        })
    }

    pub(crate) fn sweep(&self) {
        self.table.sweep();
    }

    pub(crate) fn owners(&self) -> HashSet<Arc<Owner>> {
        self.table.owners()
    }

    pub(crate) fn evict(&self, owner: &Owner) {
        drop(self.table.evict(owner));
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}

/// Ends when the process was asked to and nothing runs any more. The session then answers what is left and goes.
async fn over(stop: CancellationToken, running: TaskTracker) {
    stop.cancelled_owned().await;
    running.close();
    running.wait().await;
}

/// What a client's stream holds; dropped with it. The session's way in goes with the table's entry, which ends it.
struct Ends {
    #[expect(dead_code, reason = "held for its drop")]
    in_use: InUse<Way>,
    table: Arc<Table<Way>>,
    id: Arc<str>,
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.table.remove(&self.id);
    }
}

/// Serves a handler over a pair of channels until one of them ends, or all is cut.
pub(crate) fn opener<H: ServerHandler>(make: impl Fn() -> H + Send + Sync + 'static, cut: CancellationToken) -> Opener {
    Box::new(move |from_client, to_client| {
        let (handler, cut) = (make(), cut.child_token());
        Box::pin(async move {
            let transport = (PollSender::new(to_client), from_client);
            // How a session ends is the client's affair.
            if let Ok(running) = handler.serve_with_ct(transport, cut).await {
                let _ = running.waiting().await;
            }
        })
    })
}
