//! HTTP with SSE, the transport of 2024-11-05, for clients that speak nothing newer: `GET /mcp/sse` opens the stream,
//! its first event says where to POST. A POST to `/mcp/sse` itself is streamable HTTP: that is the URL some hosts are told.

use aegis_gate::audit::Transport;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::{Method, StatusCode};
use std::sync::Arc;

use super::envelope::{Body, Kind};
use super::events::{event, respond};
use super::rpc::{Caller, NOT_A_MESSAGE, NoSession, Post, Refusal};
use super::{revision, streamable};
use crate::http::{DoorCode, Edge, Shed};
use crate::mcp::{PipeFault, SESSION};

/// `/mcp/sse`.
pub(crate) async fn endpoint(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let named = [SESSION, revision::HEADER].iter().any(|name| request.headers().contains_key(*name));
    if request.method() != Method::GET || named {
        return streamable::answer(&edge, request, Transport::Streamable).await;
    }
    let (parts, _) = request.into_parts();
    let caller = match Caller::of(&edge, &parts, Transport::Sse).await {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    if let Err(error) = edge.front.browse(&caller.principal) {
        return Refusal::from(&error).answer(&caller);
    }
    match edge.protocol.pipes.open(caller.principal.owner()) {
        Ok(pipe) => {
            let way_back = event(&[("event", "endpoint")], &format!("/mcp/sse/messages?sessionId={}", pipe.id));
            let messages = pipe.messages.map(|message| event(&[("event", "message")], &message));
            respond(stream::once(std::future::ready(way_back)).chain(messages))
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
        return Err(caller.charged(Refusal::new(DoorCode::Batch, -32600, streamable::ONE_MESSAGE)));
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
        Err(PipeFault::Malformed) => Err(Refusal::new(DoorCode::NotAMessage, -32600, NOT_A_MESSAGE).to(id)),
        Err(PipeFault::Busy) => Err(Refusal::from(Shed::Own).to(id)),
    }
}
