//! Streamable HTTP on `/mcp`: every revision on one endpoint (2026-07-28 basic/versioning allows it). What decides the
//! HTTP status is decided here, before anything streams.

use std::sync::Arc;

use aegis_gate::audit::Transport;
use axum::body::Body as HttpBody;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode};

use super::batch;
use super::envelope::{Body, Envelope, Kind};
use super::revision::Revision;
use super::rpc::{Caller, NoSession, Post, Refusal};
use crate::http::{DoorCode, Edge, Own};
use crate::mcp::{Entered, Session, Way};

/// The header a session is named in.
pub(crate) const SESSION: &str = "mcp-session-id";

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
        Method::GET | Method::DELETE if transport == Transport::Streamable => of_session(&caller, parts).await,
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
            if !Revision::of(&parts.headers, None, named.revision())?.has_batches() {
                return Err(Refusal::new(DoorCode::Batch, -32600, ONE_MESSAGE));
            }
            let entered = named.entered()?;
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
    let stateless = !handshake && Revision::of(&parts.headers, Some(&envelope), named.revision())?.is_stateless();
    let entered = if stateless || handshake {
        parts.headers.remove(SESSION);
        None
    } else {
        named.entered()?
    };
    if let Err(refused) = caller.admit(&envelope).await {
        return Ok(*refused);
    }
    if envelope.kind() == Kind::Request {
        caller.enter(&envelope, &mut parts, own).await?;
    }
    let way = match entered {
        None if handshake && edge.offered.sessions && caller.is_endpoint() => {
            Some(Way::Opens(edge.protocol.reserve(caller.principal.owner())?))
        }
        entered => entered.map(Way::Within),
    };
    let request = caller.request(parts, bytes);
    let answer = match way {
        Some(way) => edge.protocol.within(request, way).await,
        None => edge.protocol.stateless(request).await,
    };
    Ok(caller.answered(answer, id))
}

/// GET opens a session's own stream or takes one up again, DELETE ends the session. Without a session there is neither,
/// and 2026-07-28 knows neither.
async fn of_session(caller: &Caller<'_>, parts: Parts) -> Result<Response, Refusal> {
    let named = Named::by(caller, &parts);
    if matches!(named, Named::Nothing) || Revision::of(&parts.headers, None, named.revision())?.is_stateless() {
        return Err(not_here());
    }
    let entered = named.entered()?.ok_or_else(not_here)?;
    let ends = parts.method == Method::DELETE;
    let mut answer = caller.edge.protocol.within(caller.request(parts, Bytes::new()), Way::Within(entered)).await;
    // It has ended, there and then: rmcp's 202 stands for "later", and Python's SDK warns of it as a failure.
    if ends && answer.status() == StatusCode::ACCEPTED {
        *answer.status_mut() = StatusCode::NO_CONTENT;
    }
    Ok(caller.answered(answer, serde_json::Value::Null))
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
        let named = parts.headers.get(SESSION).filter(|_| caller.edge.offered.sessions && caller.is_endpoint());
        let Some(named) = named else { return Self::Nothing };
        let entered = caller.edge.protocol.enter(caller.principal.owner(), named.to_str().unwrap_or_default());
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
