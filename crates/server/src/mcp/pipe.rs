//! The transport of 2024-11-05: a stream to the client and a way back by POST (basic/transports, HTTP with SSE). The
//! protocol crate has dropped it, and serves any pair of channels.

use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gate::Owner;
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use http::request::Parts;
use rmcp::model::{ClientJsonRpcMessage, GetExtensions, ServerJsonRpcMessage};
use rmcp::{ServerHandler, ServiceExt};
use serde_json::Value;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::{CancellationToken, PollSender};

use super::table::{Bounds, Full, InUse, Table};

/// Streams of one owner and in all. An open stream is in use, so none gives way to another.
const BOUNDS: Bounds = Bounds { per_owner: 16, in_all: 1_024, idle: Duration::from_mins(1) };
/// Messages held for a reader that is slow, and from a writer that is fast. A reader that lets them fill waits until
/// the connection's write deadline ends it.
const QUEUED_MESSAGES: usize = 16;

type Opener =
    Box<dyn Fn(Receiver<ClientJsonRpcMessage>, Sender<ServerJsonRpcMessage>) -> BoxFuture<'static, ()> + Send + Sync>;

/// The open streams.
pub(crate) struct Pipes {
    table: Arc<Table<Sender<ClientJsonRpcMessage>>>,
    opener: Opener,
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
    pub(crate) fn new(opener: Opener, ambient: Ambient) -> Self {
        Self { table: Table::new(BOUNDS, ambient), opener }
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// There are too many.
    pub(crate) fn open(&self, owner: &Owner) -> Result<Pipe<impl Stream<Item = String> + Send + 'static>, Full> {
        let place = self.table.reserve(owner)?;
        let id = Arc::clone(place.id());
        let (to_session, from_client) = mpsc::channel(QUEUED_MESSAGES);
        let (to_client, from_session) = mpsc::channel(QUEUED_MESSAGES);
        let ends = Ends { in_use: self.table.begin(&id), table: Arc::clone(&self.table), id: Arc::clone(&id) };
        place.fill(to_session);
        tokio::spawn((self.opener)(from_client, to_client));
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
    pub(crate) fn accept(&self, owner: &Owner, id: &str, message: Value, parts: Parts) -> Result<(), PipeFault> {
        let session = self.table.find(owner, id).ok_or(PipeFault::Unknown)?;
        let mut message: ClientJsonRpcMessage = serde_json::from_value(message).map_err(|_| PipeFault::Malformed)?;
        match &mut message {
            ClientJsonRpcMessage::Request(request) => {
                request.request.extensions_mut().insert(parts);
            }
            ClientJsonRpcMessage::Notification(notification) => {
                notification.notification.extensions_mut().insert(parts);
            }
            ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => (),
        }
        session.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => PipeFault::Busy,
            mpsc::error::TrySendError::Closed(_) => PipeFault::Unknown,
        })
    }

    pub(crate) fn sweep(&self) {
        self.table.sweep();
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}

/// What a client's stream holds; dropped with it. The session's way in goes with the table's entry, which ends it.
struct Ends {
    #[expect(dead_code, reason = "held for its drop")]
    in_use: InUse<Sender<ClientJsonRpcMessage>>,
    table: Arc<Table<Sender<ClientJsonRpcMessage>>>,
    id: Arc<str>,
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.table.remove(&self.id);
    }
}

/// Serves a handler over a pair of channels until one of them ends.
pub(crate) fn opener<H: ServerHandler>(
    make: impl Fn() -> H + Send + Sync + 'static,
    stop: CancellationToken,
) -> Opener {
    Box::new(move |from_client, to_client| {
        let (handler, stop) = (make(), stop.child_token());
        Box::pin(async move {
            let transport = (PollSender::new(to_client), ReceiverStream::new(from_client));
            // How a session ends is the client's affair.
            if let Ok(running) = handler.serve_with_ct(transport, stop).await {
                let _ = running.waiting().await;
            }
        })
    })
}
