//! The JSON-RPC door: what `/mcp`, `/messages` and the streams of 2024-11-05 share. Whatever is refused before the
//! protocol layer sees a message is refused here, with the HTTP status of the revision and a JSON-RPC error.

use std::sync::Arc;

use aegis_gate::audit::Transport;
use aegis_gate::{Call, CallError, Origin, Principal};
use axum::Json;
use axum::body::Body as HttpBody;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use http_body_util::Full;
use serde_json::{Map, Value};

use super::envelope::{self, Body, Envelope, Kind, Malformed};
use super::revision::Unspoken;
use crate::http::{BodyFault, Edge, RETRY_AFTER_SECONDS, Shed, read_body};
use crate::mcp;
use crate::respond;

/// Headers that say one thing. Twice, they say two (attack H12).
const SINGLE: [&str; 7] = [
    "content-type",
    "mcp-protocol-version",
    "mcp-session-id",
    "mcp-method",
    "mcp-name",
    "last-event-id",
    "content-encoding",
];

/// An authenticated caller at the JSON-RPC door.
pub(crate) struct Caller<'a> {
    pub(crate) edge: &'a Edge,
    pub(crate) principal: Principal,
    pub(crate) origin: Origin,
}

/// A refusal at the door.
pub(crate) struct Refusal {
    status: StatusCode,
    /// Ours, `snake_case`: for metrics, logs and `data.code`.
    code: &'static str,
    rpc_code: i32,
    message: String,
    id: Value,
    data: Map<String, Value>,
    /// When to come back, in seconds.
    retry: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, rpc_code: i32, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, rpc_code, message, id: Value::Null, data: Map::new(), retry: None }
    }

    /// A session or stream that does not exist for this caller.
    pub(crate) fn no_session() -> Self {
        let message = "there is no such session; start one with initialize";
        Self::new(StatusCode::NOT_FOUND, "session_not_found", -32600, message)
    }

    /// As an answer to this request.
    pub(crate) fn to(mut self, id: Value) -> Self {
        self.id = id;
        self
    }

    /// Counted, logged, and worded.
    pub(crate) fn answer(self, caller: &Caller<'_>) -> Response {
        let correlation_id = &caller.origin.correlation_id;
        caller.edge.turned_away(self.code, correlation_id);
        let mut data = self.data;
        data.insert("code".to_owned(), self.code.into());
        data.insert("correlation_id".to_owned(), correlation_id.as_str().into());
        let body = envelope::error(&self.id, self.rpc_code, &self.message, Some(data.into()));
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        let refusal = Self::new(StatusCode::BAD_REQUEST, "malformed_message", malformed.code, malformed.message);
        refusal.to(malformed.id)
    }
}

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        Self::new(fault.status(), fault.code(), -32600, fault.to_string())
    }
}

impl From<Unspoken> for Refusal {
    fn from(unspoken: Unspoken) -> Self {
        let message = "this revision of the protocol is not spoken here";
        let mut refusal = Self::new(StatusCode::BAD_REQUEST, "revision_not_spoken", unspoken.code(), message);
        refusal.data = unspoken.data();
        refusal
    }
}

impl From<Shed> for Refusal {
    fn from(shed: Shed) -> Self {
        Self { retry: Some(RETRY_AFTER_SECONDS), ..Self::new(shed.status(), shed.code(), -32603, shed.to_string()) }
    }
}

impl From<mcp::Full> for Refusal {
    fn from(full: mcp::Full) -> Self {
        let status = match full {
            mcp::Full::Own => StatusCode::TOO_MANY_REQUESTS,
            mcp::Full::All | mcp::Full::NoRandomness => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self { retry: Some(RETRY_AFTER_SECONDS), ..Self::new(status, "too_many_sessions", -32603, full.to_string()) }
    }
}

impl From<&CallError> for Refusal {
    fn from(error: &CallError) -> Self {
        let refusal = Self::new(respond::call_status(error), error.code(), -32603, error.to_string());
        Self { retry: error.retry_after().map(|wait| wait.as_secs().max(1)), ..refusal }
    }
}

impl Caller<'_> {
    /// Whether the request came to the endpoint that has sessions.
    pub(crate) fn is_endpoint(&self) -> bool {
        self.origin.transport == Transport::Streamable
    }

    /// Reads the body of a POST into messages.
    pub(crate) async fn read(&self, parts: &Parts, body: HttpBody) -> Result<(Body, Bytes), Refusal> {
        if let Some(name) = SINGLE.iter().find(|name| parts.headers.get_all(**name).iter().nth(1).is_some()) {
            let message = format!("the header {name} stands twice");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "header_twice", -32600, message));
        }
        let bytes = read_body(&parts.headers, body).await?;
        Ok((Body::read(&bytes)?, bytes))
    }

    /// Takes the request's place among those that run. It is kept as long as the handler has the request's parts.
    pub(crate) async fn enter(&self, parts: &mut Parts) -> Result<(), Refusal> {
        let slot = self.edge.running.enter(self.principal.owner()).await?;
        parts.extensions.insert(Arc::new(slot));
        Ok(())
    }

    /// Whether a request may go on. One that is no call is charged; a call charges itself, with its record.
    pub(crate) async fn admit(&self, envelope: &Envelope) -> Result<(), Box<Response>> {
        match envelope.tool() {
            Some(tool) => self.admit_call(tool).await,
            None if envelope.kind() == Kind::Request => {
                let charged = self.edge.front.browse(&self.principal);
                charged.map_err(|error| Box::new(Refusal::from(&error).to(envelope.id()).answer(self)))
            }
            None => Ok(()),
        }
    }

    /// Whether a tool may be called at all: a missing scope is a real 403, so that clients ask for more (2025-11-25
    /// basic/authorization, Scope Challenge Handling).
    async fn admit_call(&self, tool: &str) -> Result<(), Box<Response>> {
        let Err(error) = self.edge.front.admit(&self.principal, tool) else { return Ok(()) };
        let Some(challenge) = respond::scope_challenge(&error) else { return Ok(()) };
        // Refused again by the call itself, which puts the refusal on record.
        let call = Call { tool: tool.to_owned(), arguments: Map::new() };
        let _ = self.edge.front.call(&self.principal, call, &self.origin).await;
        let body = Json(respond::call_error(&error, &self.origin.correlation_id));
        Err(Box::new((respond::call_status(&error), [(WWW_AUTHENTICATE, challenge)], body).into_response()))
    }

    /// A request as the protocol layer gets it: a message that was checked, and who sent it.
    pub(crate) fn request(&self, mut parts: Parts, message: Bytes) -> http::Request<Full<Bytes>> {
        self.sign(&mut parts);
        http::Request::from_parts(parts, Full::new(message))
    }

    /// Puts the caller into a request's parts, and what the protocol layer wants to see of its headers: we answer what
    /// a client can read whatever it accepts (clients.md of the design: many send `*/*` or nothing).
    pub(crate) fn sign(&self, parts: &mut Parts) {
        const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
        parts.headers.insert(http::header::ACCEPT, BOTH);
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        parts.extensions.insert(self.principal.clone());
        parts.extensions.insert(self.origin.clone());
    }

    /// The protocol layer's answer. Where it refuses in plain words, they are put into a JSON-RPC error.
    pub(crate) fn answered(&self, answer: mcp::Answer, id: Value) -> Response {
        let status = answer.status();
        let json =
            answer.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
        if json || !(status.is_client_error() || status.is_server_error()) {
            return answer.map(HttpBody::new);
        }
        let refusal = match status {
            StatusCode::NOT_FOUND => Refusal::no_session(),
            StatusCode::METHOD_NOT_ALLOWED => {
                Refusal::new(status, "method_not_allowed", -32600, "this is not done here in this revision")
            }
            status if status.is_server_error() => Refusal::new(status, "internal", -32603, "a fault of ours"),
            status => Refusal::new(status, "not_a_message", -32600, "the body is no message of this protocol"),
        };
        refusal.to(id).answer(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_answers_the_request_it_refuses() {
        let refusal = Refusal::from(Malformed { code: -32600, message: "x".to_owned(), id: json!(7) });
        assert_eq!((refusal.status, refusal.rpc_code, refusal.id), (StatusCode::BAD_REQUEST, -32600, json!(7)));
        assert_eq!(Refusal::from(BodyFault::TooLarge).status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(Refusal::from(Shed::All).retry, Some(RETRY_AFTER_SECONDS));
    }
}
