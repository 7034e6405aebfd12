//! Sessions of the revisions that have them (2025-03-26 to 2025-11-25; who shakes hands with an earlier one gets one as
//! well). A session is a record: what its handshake settled, and the requests whose answers may still be asked for. Each
//! request is served by itself, so an idle session holds no task and no queue.

use std::any::Any;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gate::Origin;
use futures_util::{Stream, StreamExt, stream};
use http::request::Parts;
use rmcp::model::{
    ClientCapabilities, ClientJsonRpcMessage, ClientNotification, Implementation, InitializeRequestParams,
    ProtocolVersion, SamplingCapability,
};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::exchange::{self, Exchange};
use super::table::{Bounds, Entered, Table};
use super::wire;
use requests::Requests;

mod requests;

/// Sessions of one owner, in all, and how long one may lie unused. A client that opens one for every call turns
/// its oldest out and never notices.
pub(crate) const BOUNDS: Bounds = Bounds { per_owner: 64, in_all: 2_048, idle: Duration::from_mins(5) };
/// Bytes of answers kept in all.
const MAX_KEPT_BYTES: usize = 64 * 1024 * 1024;
/// Streams of a session that no request waits for.
const MAX_STANDING: usize = 8;
/// Longest part of a client's name and version that is remembered, in characters.
const MAX_NAME_CHARS: usize = 64;
/// What the one event of a session's own stream is named.
pub(crate) const STANDING: &str = "0";
/// The first revision that tells a client at once where it can come back to; an event without a message is no surprise
/// to its clients (2025-11-25 basic/transports, Sending Messages to the Server).
const PRIMES_SINCE: &str = "2025-11-25";

/// The sessions there are.
pub(crate) type Sessions = Table<Session>;

/// Serves one request until its answer is told; dropping what comes back ends it.
pub(crate) type Serve =
    Arc<dyn Fn(Exchange, InitializeRequestParams, CancellationToken) -> Box<dyn Any + Send> + Send + Sync>;

/// One session. It ends when nobody holds it any more, the table included.
#[derive(Clone)]
pub(crate) struct Session(Arc<Ending>);

struct Ending(Arc<Record>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What all sessions share.
pub(crate) struct House {
    pub(crate) serve: Serve,
    pub(crate) ambient: Ambient,
    /// Ends the streams that no request waits for.
    pub(crate) stop: CancellationToken,
    /// Ends everything.
    pub(crate) cut: CancellationToken,
    /// Room for answers that are kept, a permit for each byte.
    room: Arc<Semaphore>,
}

/// What a session is made of.
pub(crate) struct Record {
    client: InitializeRequestParams,
    house: Arc<House>,
    /// Held by each stream that no request waits for.
    standing: Arc<()>,
    ended: CancellationToken,
    requests: Mutex<Requests>,
}

/// What a message came to.
pub(crate) enum Accepted<S> {
    /// A request: what its client is told.
    Request(S),
    /// Nothing is to be answered.
    Taken,
}

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionFault {
    /// Not a message the protocol knows.
    Malformed,
    /// A request of this id is being served (JSON-RPC 2.0 §4: the id tells whose an answer is).
    Twice,
}

/// An event: what its client names it by to come back, and its JSON. One without a message only tells the name.
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) message: Option<Arc<str>>,
}

impl House {
    pub(crate) fn new(serve: Serve, ambient: Ambient, stop: CancellationToken, cut: CancellationToken) -> Arc<Self> {
        Arc::new(Self { serve, ambient, stop, cut, room: Arc::new(Semaphore::new(MAX_KEPT_BYTES)) })
    }
}

impl Session {
    /// After a handshake: what its client said, and the revision that was settled.
    pub(crate) fn new(said: InitializeRequestParams, revision: ProtocolVersion, house: Arc<House>) -> Self {
        let (client, ended) = (remembered(said, revision), house.cut.child_token());
        Self(Arc::new(Ending(Arc::new(Record {
            client,
            house,
            standing: Arc::default(),
            ended,
            requests: Mutex::default(),
        }))))
    }

    /// Lets go of answers nobody came back for.
    pub(crate) fn sweep(&self) {
        self.0.0.sweep();
    }

    /// Ends what runs in it and its streams, whoever holds it.
    pub(crate) fn end(&self) {
        self.0.0.end();
    }
}

impl Entered<Session> {
    /// Takes a message of the client. `parts` say who sent this very message.
    ///
    /// # Errors
    /// [`SessionFault`].
    pub(crate) fn accept(
        &self,
        message: Value,
        mut parts: Parts,
    ) -> Result<Accepted<impl Stream<Item = Told> + Send + use<>>, SessionFault> {
        let record = &self.session.0.0;
        if let Some(origin) = parts.extensions.get_mut::<Origin>() {
            let client = &record.client.client_info;
            origin.client = Some(format!("{}/{}", client.name, client.version));
        }
        match wire::from_client(message, parts).ok_or(SessionFault::Malformed)? {
            message @ ClientJsonRpcMessage::Request(_) => {
                return record.serve(message, &self.in_use).map(Accepted::Request);
            }
            ClientJsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = notification.notification
                    && let Some(id) = cancelled.params.request_id
                {
                    record.cancel(&id);
                }
            }
            ClientJsonRpcMessage::Response(mut response) => {
                if let Some((number, id)) = exchange::asked(&response.id) {
                    response.id = id;
                    record.replied(number, ClientJsonRpcMessage::Response(response));
                }
            }
            ClientJsonRpcMessage::Error(mut error) => {
                if let Some((number, id)) = error.id.as_ref().and_then(exchange::asked) {
                    error.id = Some(id);
                    record.replied(number, ClientJsonRpcMessage::Error(error));
                }
            }
        }
        Ok(Accepted::Taken)
    }

    /// The session's own stream, on which nothing is told: what there is to say belongs to some request. None where it
    /// has too many.
    pub(crate) fn standing(&self) -> Option<impl Stream<Item = Told> + Send + use<>> {
        let (record, in_use) = (&self.session.0.0, Arc::clone(&self.in_use));
        let standing = Arc::clone(&record.standing);
        if Arc::strong_count(&standing) > MAX_STANDING.saturating_add(1) {
            return None;
        }
        let first = record.primes().then(|| Told { id: STANDING.to_owned(), message: None });
        let (stop, ended) = (record.house.stop.clone(), record.ended.clone());
        let end = async move {
            let _held = (in_use, standing);
            tokio::select! {
                () = stop.cancelled() => (),
                () = ended.cancelled() => (),
            }
        };
        Some(stream::iter(first).chain(stream::pending()).take_until(Box::pin(end)))
    }

    /// The rest of a stream that broke, from this event on. None if there is no such stream, or nothing left of it.
    pub(crate) fn resume(&self, last_event_id: &str) -> Option<impl Stream<Item = Told> + Send + use<>> {
        let (index, number) = last_event_id.split_once('/')?;
        self.session.0.0.resume(number.parse().ok()?, index.parse().ok()?, &self.in_use)
    }
}

/// Of what a client said of itself no more is kept than is asked for later.
fn remembered(said: InitializeRequestParams, revision: ProtocolVersion) -> InitializeRequestParams {
    let cut = |text: String| text.chars().take(MAX_NAME_CHARS).collect::<String>();
    let mut can = ClientCapabilities::default();
    can.elicitation = said.capabilities.elicitation;
    can.sampling = said.capabilities.sampling.map(|_| SamplingCapability::default());
    let client = Implementation::new(cut(said.client_info.name), cut(said.client_info.version));
    InitializeRequestParams::new(can, client).with_protocol_version(revision)
}

#[cfg(test)]
mod tests;
