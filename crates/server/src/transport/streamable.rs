//! Streamable HTTP on `/mcp`: every revision on one endpoint (2026-07-28 basic/versioning allows it). What decides the
//! HTTP status is decided here, before anything streams.

use std::sync::Arc;

use aegis_gate::audit::Transport;
use axum::body::Body as HttpBody;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::batch;
use super::envelope::{Body, Envelope, Kind};
use super::events;
use super::revision::Revision;
use super::rpc::{Caller, NoSession, Post, Refusal};
use crate::http::{DoorCode, Edge, Own, Shed};
use crate::mcp::{self, Accepted, Entered, SESSION, Session, SessionFault, Told};

/// The header a client names the last event in that it got.
const LAST_EVENT: &str = "last-event-id";
/// When a client whose stream broke is to come back, in milliseconds.
const COME_BACK_AFTER_MS: &str = "3000";

/// Longest request to listen, in bytes. It is kept as long as somebody listens.
const MAX_LISTEN_BYTES: usize = 64 * 1024;
const LISTEN_TOO_LONG: &str = "a request to listen is longer than 65536 bytes";

const JSON: (HeaderName, HeaderValue) = (CONTENT_TYPE, HeaderValue::from_static("application/json"));

/// Said to a batch where there are none.
pub(crate) const ONE_MESSAGE: &str = "several messages in one body are part of 2025-03-26 only";

/// `/mcp` and `/mcp/`, one endpoint, never a redirect between the two.
pub(crate) async fn endpoint(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    answer(&edge, request, Transport::Streamable).await
}

/// One request of either JSON-RPC route.
pub(crate) async fn answer(edge: &Edge, request: Request, transport: Transport) -> Response {
    let (parts, body) = request.into_parts();
    let caller = match Caller::of(edge, &parts, transport).await {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    let answered = match parts.method {
        Method::POST => post(&caller, parts, body).await,
        Method::GET | Method::DELETE if transport == Transport::Streamable => {
            of_session(&caller, &parts).map_err(|refusal| *refusal)
        }
        // Somebody looks whether there is anything here.
        Method::HEAD => Ok(StatusCode::OK.into_response()),
        _ => Err(not_here()),
    };
    answered.unwrap_or_else(|refusal| refusal.answer(&caller))
}

fn not_here() -> Refusal {
    Refusal::new(DoorCode::Method, -32600, "this endpoint takes POST")
}

async fn post(caller: &Caller<'_>, mut parts: Parts, body: HttpBody) -> Result<Response, Refusal> {
    let Post { body, bytes, own } = caller.read(&parts, body).await?;
    let named = Named::by(caller, &parts);
    let envelope = match body {
        Body::Batch(messages) => {
            let revision = Revision::of(&parts.headers, None, named.revision());
            if !revision.map_err(|unspoken| caller.charged(unspoken))?.has_batches() {
                return Err(caller.charged(Refusal::new(DoorCode::Batch, -32600, ONE_MESSAGE)));
            }
            let entered = named.entered().map_err(|unknown| caller.charged(unknown))?;
            caller.run(&mut parts, own).await?;
            return Ok(batch::answer(caller, &parts, messages, entered).await);
        }
        Body::One(envelope) => envelope,
    };
    let id = envelope.id();
    one(caller, parts, Single { envelope, bytes, own }, named).await.map_err(|refusal| refusal.to(id))
}

/// One message of a body of its own.
struct Single {
    envelope: Envelope,
    bytes: Bytes,
    own: Own,
}

async fn one(caller: &Caller<'_>, mut parts: Parts, single: Single, named: Named) -> Result<Response, Refusal> {
    let Single { envelope, bytes, own } = single;
    let (edge, id) = (caller.edge, envelope.id());
    let handshake = envelope.method() == Some("initialize") && envelope.meta_version().is_none();
    // A handshake names its revision in its parameters, whatever its header says.
    let revision = Revision::of(&parts.headers, Some(&envelope), named.revision());
    // What names its revision in `_meta` is of 2026-07-28, whatever header and session it comes with.
    let stateless = envelope.meta_version().is_some()
        || (!handshake && revision.map_err(|unspoken| caller.charged(unspoken))?.is_stateless());
    let entered = if stateless || handshake {
        parts.headers.remove(SESSION);
        None
    } else {
        named.entered().map_err(|unknown| caller.charged(unknown))?
    };
    if envelope.listens() && bytes.len() > MAX_LISTEN_BYTES {
        return Err(caller.charged(Refusal::new(DoorCode::BodyTooLarge, -32600, LISTEN_TOO_LONG)));
    }
    if let Err(refused) = caller.admit(&envelope).await {
        return Ok(*refused);
    }
    if envelope.kind() == Kind::Request {
        caller.enter(&envelope, &mut parts, own).await?;
    }
    if let Some(entered) = entered {
        return within(caller, parts, envelope, &entered).map_err(|fault| caller.charged(fault));
    }
    if !(stateless || handshake) {
        return alone(caller, parts, envelope, Some(bytes)).await;
    }
    parts.extensions.insert(mcp::Unnamed);
    if stateless || !(edge.offered.sessions && caller.is_endpoint()) {
        return Ok(caller.answered(edge.protocol.stateless(caller.request(parts, bytes)).await, id));
    }
    let place = edge.protocol.reserve(caller.principal.owner())?;
    let request = caller.request(parts, bytes);
    Ok(caller.answered(edge.protocol.handshake(place, envelope.into_message(), request).await, id))
}

/// One message of an older revision that belongs to no session; `bytes` are what it came as.
pub(super) async fn alone(
    caller: &Caller<'_>,
    mut parts: Parts,
    envelope: Envelope,
    bytes: Option<Bytes>,
) -> Result<Response, Refusal> {
    let protocol = &caller.edge.protocol;
    if protocol.is_direct() && envelope.is_plain() {
        caller.sign(&mut parts);
        let answer = protocol.direct(envelope.into_message(), parts).await.ok_or(SessionFault::Malformed)?;
        return Ok(([JSON], answer).into_response());
    }
    let id = envelope.id();
    parts.extensions.insert(mcp::Unnamed);
    let bytes = bytes.unwrap_or_else(|| envelope.into_message().to_string().into());
    Ok(caller.answered(protocol.stateless(caller.request(parts, bytes)).await, id))
}

/// One message of a session.
fn within(
    caller: &Caller<'_>,
    mut parts: Parts,
    envelope: Envelope,
    entered: &Entered<Session>,
) -> Result<Response, SessionFault> {
    caller.sign(&mut parts);
    Ok(match entered.accept(envelope.into_message(), parts)? {
        Accepted::Request(events) => told(events),
        Accepted::Taken => StatusCode::ACCEPTED.into_response(),
    })
}

/// What a client is told, as it reads it. An event without a message only says where it can come back to, and when
/// (2025-11-25 basic/transports, Sending Messages to the Server).
fn told(events: impl Stream<Item = Told> + Send + 'static) -> Response {
    events::respond(events.map(|Told { id, message }| match message {
        Some(message) => events::event(&[("id", &id)], &message),
        None => events::event(&[("id", &id), ("retry", COME_BACK_AFTER_MS)], ""),
    }))
}

/// GET opens a session's own stream or takes one up again, DELETE ends the session. Without a session there is neither,
/// and 2026-07-28 knows neither. A new stream costs as much as a list; to come back to one is paid for, and to end a
/// session gives room back.
fn of_session(caller: &Caller<'_>, parts: &Parts) -> Result<Response, Box<Refusal>> {
    let named = Named::by(caller, parts);
    let revision =
        Revision::of(&parts.headers, None, named.revision()).map_err(|unspoken| Box::new(unspoken.into()))?;
    if revision.is_stateless() {
        return Err(not_here().into());
    }
    let entered =
        named.entered().map_err(|unknown| Box::new(caller.charged(unknown)))?.ok_or_else(|| Box::new(not_here()))?;
    if parts.method == Method::DELETE {
        drop(entered);
        caller.edge.protocol.close(session_named(parts));
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let last = parts.headers.get(LAST_EVENT).map(|last| last.to_str().unwrap_or_default());
    match last.filter(|last| *last != mcp::STANDING) {
        None => {
            caller.edge.front.browse(&caller.principal).map_err(|error| Box::new(Refusal::from(&error)))?;
            let standing = entered.standing().ok_or_else(|| Box::new(Refusal::from(Shed::Own)))?;
            Ok(told(standing))
        }
        // Nothing to resume is no error: the client goes on without.
        Some(last) => Ok(match entered.resume(last) {
            Some(rest) => told(rest),
            None => told(stream::empty()),
        }),
    }
}

fn session_named(parts: &Parts) -> &str {
    parts.headers.get(SESSION).and_then(|name| name.to_str().ok()).unwrap_or_default()
}

/// The session a request names.
enum Named {
    /// None; or sessions are off, and the header is an old client's habit.
    Nothing,
    /// One that is not there, or somebody else's: what is not the caller's is as unknown as what never was.
    Unknown,
    /// The caller's own, in use as long as this is.
    Own(Entered<Session>),
}

impl Named {
    fn by(caller: &Caller<'_>, parts: &Parts) -> Self {
        if !(parts.headers.contains_key(SESSION) && caller.edge.offered.sessions && caller.is_endpoint()) {
            return Self::Nothing;
        }
        let entered = caller.edge.protocol.enter(caller.principal.owner(), session_named(parts));
        entered.map_or(Self::Unknown, Self::Own)
    }

    fn revision(&self) -> Option<String> {
        match self {
            Self::Nothing | Self::Unknown => None,
            Self::Own(entered) => entered.revision.clone(),
        }
    }

    fn entered(self) -> Result<Option<Entered<Session>>, NoSession> {
        match self {
            Self::Nothing => Ok(None),
            Self::Unknown => Err(NoSession),
            Self::Own(entered) => Ok(Some(entered)),
        }
    }
}
