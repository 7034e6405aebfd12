//! HTTP with SSE, the transport of 2024-11-05, for clients that speak nothing newer: `GET /mcp/sse` opens the stream,
//! its first event says where to POST. A POST to `/mcp/sse` itself is streamable HTTP: that is the URL some hosts are told.

use std::sync::Arc;
use std::time::Duration;

use aegis_gate::audit::Transport;
use axum::extract::{Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::envelope::{Body, Kind};
use super::rpc::{Caller, NoSession, Post, Refusal};
use super::{revision, streamable};
use crate::http::{DoorCode, Edge, Shed};
use crate::mcp::PipeFault;

/// A comment this often keeps proxies from taking the stream for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Tells nginx to pass events on as they come.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// `/mcp/sse`.
pub(crate) async fn endpoint(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let named = [streamable::SESSION, revision::HEADER].iter().any(|name| request.headers().contains_key(*name));
    if request.method() != Method::GET || named {
        return streamable::answer(&edge, request, Transport::Streamable).await;
    }
    let (parts, _) = request.into_parts();
    let caller = match Caller::of(&edge, &parts, Transport::Sse).await {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    match edge.protocol.pipes.open(caller.principal.owner()) {
        Ok(pipe) => {
            let way_back = Event::default().event("endpoint").data(format!("/mcp/sse/messages?sessionId={}", pipe.id));
            let messages = pipe.messages.map(|message| Event::default().event("message").data(message));
            let events = stream::once(std::future::ready(way_back)).chain(messages);
            let events = events.map(Ok::<_, std::convert::Infallible>);
            let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
            ([UNBUFFERED], stream).into_response()
        }
        Err(full) => Refusal::from(full).answer(&caller),
    }
}

/// `POST /mcp/sse/messages?sessionId=…`.
pub(crate) async fn messages(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let caller = match Caller::of(&edge, &parts, Transport::Sse).await {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    accept(&caller, parts, body).await.unwrap_or_else(|refusal| refusal.answer(&caller))
}

async fn accept(
    caller: &Caller<'_>,
    mut parts: http::request::Parts,
    body: axum::body::Body,
) -> Result<Response, Refusal> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let named = url::form_urlencoded::parse(query).find(|(name, _)| name == "sessionId").map(|(_, id)| id.into_owned());
    let named = named.ok_or(NoSession)?;
    let Post { body, own, .. } = caller.read(&parts, body).await?;
    let Body::One(envelope) = body else {
        return Err(Refusal::new(DoorCode::Batch, -32600, streamable::ONE_MESSAGE));
    };
    if let Err(refused) = caller.admit(&envelope).await {
        return Ok(*refused);
    }
    let id = envelope.id();
    if envelope.kind() == Kind::Request {
        caller.enter(&envelope, &mut parts, own).await.map_err(|refusal| refusal.to(id.clone()))?;
    }
    caller.sign(&mut parts);
    let accepted = caller.edge.protocol.pipes.accept(caller.principal.owner(), &named, envelope.into_message(), parts);
    match accepted {
        Ok(()) => Ok((StatusCode::ACCEPTED, "Accepted").into_response()),
        Err(PipeFault::Unknown) => Err(Refusal::from(NoSession).to(id)),
        Err(PipeFault::Malformed) => {
            Err(Refusal::new(DoorCode::NotAMessage, -32600, "the body is no message of this protocol").to(id))
        }
        Err(PipeFault::Busy) => Err(Refusal::from(Shed::Own).to(id)),
    }
}
