//! Streamable HTTP on `/mcp`: every revision on one endpoint (2026-07-28 basic/versioning allows it). What decides the
//! HTTP status is decided here, before anything streams.

use std::sync::Arc;

use aegis_gate::audit::Transport;
use axum::body::Body as HttpBody;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use super::batch;
use super::envelope::{Body, Envelope, Kind};
use super::revision::Revision;
use super::rpc::{Caller, Refusal};
use crate::http::{Edge, identify};

/// The header a session is named in.
pub(crate) const SESSION: &str = "mcp-session-id";

/// `/mcp` and `/mcp/`, one endpoint, never a redirect between the two.
pub(crate) async fn endpoint(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    answer(&edge, request, Transport::Streamable).await
}

/// One request of either JSON-RPC route.
pub(crate) async fn answer(edge: &Edge, request: Request, transport: Transport) -> Response {
    let (parts, body) = request.into_parts();
    let (principal, origin) = match identify(edge, &parts, transport).await {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    let caller = Caller { edge, principal, origin };
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
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", -32600, "this endpoint takes POST")
}

async fn post(caller: &Caller<'_>, mut parts: Parts, body: HttpBody) -> Result<Response, Refusal> {
    let (body, bytes) = caller.read(&parts, body).await?;
    let session = session(caller, &parts);
    let settled = session.as_ref().and_then(|id| caller.edge.protocol.revision(&caller.principal.owner(), id));
    let envelope = match body {
        Body::Batch(messages) => {
            let revision = Revision::of(&parts.headers, None, settled)?;
            if !revision.has_batches() {
                let message = "several messages in one body are part of 2025-03-26 only";
                return Err(Refusal::new(StatusCode::BAD_REQUEST, "batch_not_allowed", -32600, message));
            }
            if !is_known(caller, session.as_deref()) {
                return Err(Refusal::no_session());
            }
            caller.enter(&mut parts).await?;
            return Ok(batch::answer(caller, &parts, messages).await);
        }
        Body::One(envelope) => envelope,
    };
    let id = envelope.id();
    one(caller, parts, envelope, bytes, settled, session).await.map_err(|refusal| refusal.to(id))
}

async fn one(
    caller: &Caller<'_>,
    mut parts: Parts,
    envelope: Envelope,
    bytes: bytes::Bytes,
    settled: Option<String>,
    session: Option<String>,
) -> Result<Response, Refusal> {
    let (edge, id) = (caller.edge, envelope.id());
    let opens = envelope.method() == Some("initialize") && envelope.meta_version().is_none();
    // A handshake names its revision in its parameters, whatever its header says.
    let stateless = !opens && Revision::of(&parts.headers, Some(&envelope), settled)?.is_stateless();
    if stateless || opens {
        parts.headers.remove(SESSION);
    } else if !is_known(caller, session.as_deref()) {
        return Err(Refusal::no_session());
    }
    if let Err(refused) = caller.admit(&envelope).await {
        return Ok(*refused);
    }
    if envelope.kind() == Kind::Request {
        caller.enter(&mut parts).await?;
    }
    let owner = caller.principal.owner();
    let answer = if opens && edge.offered.sessions {
        let place = edge.protocol.reserve(&owner)?;
        edge.protocol.within(caller.request(parts, bytes), owner, Some(place)).await
    } else if !stateless && !opens && session.is_some() {
        edge.protocol.within(caller.request(parts, bytes), owner, None).await
    } else {
        edge.protocol.stateless(caller.request(parts, bytes)).await
    };
    Ok(caller.answered(answer, id))
}

/// GET opens a session's own stream or takes one up again, DELETE ends the session. Without a session there is neither,
/// and 2026-07-28 knows neither.
async fn of_session(caller: &Caller<'_>, mut parts: Parts) -> Result<Response, Refusal> {
    let session = session(caller, &parts).ok_or_else(not_here)?;
    let owner = caller.principal.owner();
    let settled = caller.edge.protocol.revision(&owner, &session);
    if Revision::of(&parts.headers, None, settled)?.is_stateless() {
        return Err(not_here());
    }
    if !is_known(caller, Some(&session)) {
        return Err(Refusal::no_session());
    }
    parts.headers.insert(SESSION, HeaderValue::try_from(&session).map_err(|_| Refusal::no_session())?);
    let ends = parts.method == Method::DELETE;
    let mut answer = caller.edge.protocol.within(caller.request(parts, bytes::Bytes::new()), owner, None).await;
    // It has ended, there and then: rmcp's 202 stands for "later", and Python's SDK warns of it as a failure.
    if ends && answer.status() == StatusCode::ACCEPTED {
        *answer.status_mut() = StatusCode::NO_CONTENT;
    }
    Ok(caller.answered(answer, serde_json::Value::Null))
}

/// The session a request names. Where sessions are off, none: the header is an old client's habit.
fn session(caller: &Caller<'_>, parts: &Parts) -> Option<String> {
    let named = parts.headers.get(SESSION).filter(|_| caller.edge.offered.sessions && caller.is_endpoint())?;
    Some(named.to_str().unwrap_or_default().to_owned())
}

/// Whether a session that is named is there and the caller's own: what is somebody else's is as unknown as what never
/// was.
fn is_known(caller: &Caller<'_>, session: Option<&str>) -> bool {
    session.is_none_or(|id| caller.edge.protocol.has(&caller.principal.owner(), id))
}
