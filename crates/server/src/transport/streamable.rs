//! Streamable HTTP on `/mcp`: all that is decided before the protocol layer sees the request is decided here, as real
//! HTTP answers.

use std::sync::Arc;

use aegis_gate::Call;
use aegis_gate::audit::Transport;
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use http_body_util::Full;
use serde_json::Map;

use super::envelope::Envelope;
use crate::http::{Edge, identify, read_body};
use crate::respond;

/// What clients are asked to send, and many do not (clients.md §2): we answer JSON whatever they accept.
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// `/mcp` and `/mcp/`, one endpoint, never a redirect between the two.
pub(crate) async fn endpoint(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    answer(&edge, request, Transport::Streamable).await
}

/// One request of either JSON-RPC route.
pub(crate) async fn answer(edge: &Edge, request: Request, transport: Transport) -> Response {
    let (mut parts, body) = request.into_parts();
    let (principal, origin) = match identify(edge, &parts, transport).await {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    let body = match read_body(&parts.headers, body, &origin.correlation_id).await {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    if parts.method == Method::POST {
        let envelope = match Envelope::read(&body) {
            Ok(envelope) => envelope,
            Err(malformed) => return (StatusCode::BAD_REQUEST, Json(malformed.body())).into_response(),
        };
        if let Some(error) = envelope.tool().and_then(|tool| edge.front.admit(&principal, tool).err())
            && let Some(challenge) = respond::scope_challenge(&error)
        {
            // Refused again by the call itself, which puts the refusal on record.
            let call = Call { tool: envelope.tool().unwrap_or_default().to_owned(), arguments: Map::new() };
            let _ = edge.front.call(&principal, call, &origin).await;
            let body = Json(respond::call_error(&error, &origin.correlation_id));
            return (respond::call_status(&error), [(WWW_AUTHENTICATE, challenge)], body).into_response();
        }
        parts.headers.insert(ACCEPT, BOTH);
        parts.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    }
    parts.extensions.insert(principal);
    parts.extensions.insert(origin);
    let answer = edge.streamable.answer(http::Request::from_parts(parts, Full::new(body))).await;
    answer.map(Body::new)
}
