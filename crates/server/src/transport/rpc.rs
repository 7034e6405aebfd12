//! The JSON-RPC door: what `/mcp`, `/messages` and the streams of 2024-11-05 share. Whatever is refused before the
//! protocol layer sees a message is refused here, with the HTTP status of the revision and a JSON-RPC error.

use std::sync::Arc;
use std::time::Duration;

use aegis_gate::audit::Transport;
use aegis_gate::{Ask, Call, CallError, Origin, Principal};
use axum::body::Body as HttpBody;
use axum::response::Response;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use http_body_util::Full;
use serde_json::{Map, Value, json};

use super::envelope::{self, Body, Envelope, Kind, Malformed};
use super::revision::Unspoken;
use crate::http::{BodyFault, DoorCode, Edge, Own, RETRY_AFTER, Shed, Stranger, identify, read_body};
use crate::mcp::{self, SessionFault};
use crate::respond;

/// Said to what the protocol layer cannot read.
pub(crate) const NOT_A_MESSAGE: &str = "the body is no message of this protocol";

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
    /// When to come back.
    retry: Option<Duration>,
}

/// A POST that was read.
pub(crate) struct Post {
    pub(crate) body: Body,
    pub(crate) bytes: Bytes,
    /// Its part of its caller's share.
    pub(crate) own: Own,
}

impl Refusal {
    pub(crate) fn new(code: DoorCode, rpc_code: i32, message: impl Into<String>) -> Self {
        Self::of(code.status(), code.code(), rpc_code, message.into())
    }

    fn of(status: StatusCode, code: &'static str, rpc_code: i32, message: String) -> Self {
        Self { status, code, rpc_code, message, id: Value::Null, data: Map::new(), retry: None }
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
        let mut response = respond::response(self.status, body, None, self.retry);
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            // RFC 9110 §15.5.6. GET and DELETE need a session, and then they are not refused.
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

/// There is no session or stream of that name for this caller.
#[derive(Debug)]
pub(crate) struct NoSession;

impl From<NoSession> for Refusal {
    fn from(_: NoSession) -> Self {
        Self::new(DoorCode::NoSession, -32600, "there is no such session; start one with initialize")
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::new(DoorCode::MalformedMessage, malformed.code, malformed.message).to(malformed.id)
    }
}

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::Shed(shed) => shed.into(),
            fault => Self::new(fault.code(), -32600, fault.to_string()),
        }
    }
}

impl From<SessionFault> for Refusal {
    fn from(fault: SessionFault) -> Self {
        match fault {
            SessionFault::Malformed => Self::new(DoorCode::NotAMessage, -32600, NOT_A_MESSAGE),
            SessionFault::Twice => {
                Self::new(DoorCode::InvalidRequest, -32600, "a request of this id is still running in this session")
            }
        }
    }
}

impl From<Unspoken> for Refusal {
    fn from(unspoken: Unspoken) -> Self {
        let message = "this revision of the protocol is not spoken here";
        let refusal = Self::new(DoorCode::Revision, unspoken.code(), message);
        Self { data: unspoken.data(), ..refusal }
    }
}

impl From<Shed> for Refusal {
    fn from(shed: Shed) -> Self {
        Self { retry: Some(RETRY_AFTER), ..Self::new(shed.code(), -32603, shed.to_string()) }
    }
}

impl From<mcp::Full> for Refusal {
    fn from(full: mcp::Full) -> Self {
        let code = match full {
            mcp::Full::Own => DoorCode::TooManySessions,
            mcp::Full::All | mcp::Full::NoRandomness => DoorCode::Overloaded,
        };
        Self { retry: Some(RETRY_AFTER), ..Self::new(code, -32603, full.to_string()) }
    }
}

impl From<&CallError> for Refusal {
    fn from(error: &CallError) -> Self {
        let refusal = Self::of(respond::call_status(error), error.code(), -32603, error.to_string());
        Self { retry: error.retry_after(), ..refusal }
    }
}

/// A refused sign-in where the protocol is spoken: its clients show the message of a JSON-RPC error, and of another body
/// the status at best.
fn stranger(stranger: &Stranger) -> Response {
    let Stranger { error, correlation_id } = stranger;
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    let data = json!({"code": error.code(), "correlation_id": correlation_id});
    stranger.answer(envelope::error(&Value::Null, -32600, &format!("{error}{hint}"), Some(data)))
}

impl<'a> Caller<'a> {
    /// Whoever sends this request.
    ///
    /// # Errors
    /// The answer to somebody who did not get in.
    pub(crate) async fn of(edge: &'a Edge, parts: &Parts, transport: Transport) -> Result<Self, Box<Response>> {
        let identified = identify(edge, parts, transport).await;
        let (principal, origin) = identified.map_err(|refused| Box::new(stranger(&refused)))?;
        Ok(Self { edge, principal, origin })
    }
}

impl Caller<'_> {
    /// Whether the request came to the endpoint that has sessions.
    pub(crate) fn is_endpoint(&self) -> bool {
        self.origin.transport == Transport::Streamable
    }

    /// Reads the body of a POST into messages. The caller's share is asked first, so that nobody's bodies fill the memory.
    pub(crate) async fn read(&self, parts: &Parts, body: HttpBody) -> Result<Post, Refusal> {
        let mut own = self.edge.running.own(self.principal.owner())?;
        let bytes = read_body(&parts.headers, body, |bytes| own.hold(bytes)).await?;
        match Body::read(&bytes) {
            Ok(body) => Ok(Post { body, bytes, own }),
            Err(malformed) => Err(self.charged(malformed)),
        }
    }

    /// Takes the request's place among those that run. It is kept as long as the handler has the request's parts.
    pub(crate) async fn run(&self, parts: &mut Parts, own: Own) -> Result<(), Refusal> {
        let slot = self.edge.running.all(own).await?;
        parts.extensions.insert(Arc::new(slot));
        Ok(())
    }

    /// The same for one message: who listens gives its place among those that run for one among the listeners.
    pub(crate) async fn enter(&self, envelope: &Envelope, parts: &mut Parts, own: Own) -> Result<(), Refusal> {
        if !envelope.listens() {
            return self.run(parts, own).await;
        }
        drop(own);
        let places = &self.edge.listening;
        let slot = places.all(places.own(self.principal.owner())?).await?;
        parts.extensions.insert(Arc::new(slot));
        Ok(())
    }

    /// Whether a message may go on. One that is no call is charged; a call charges itself, with its record.
    pub(crate) async fn admit(&self, envelope: &Envelope) -> Result<(), Box<Response>> {
        let called = match self.call(envelope) {
            Ok(Some(call)) => return self.admit_call(call, envelope.id()).await,
            called => called,
        };
        let charged = self.edge.front.browse(&self.principal);
        charged.map_err(|error| Box::new(Refusal::from(&error).to(envelope.id()).answer(self)))?;
        called.map(drop).map_err(|malformed| Box::new(Refusal::from(malformed).answer(self)))
    }

    /// What a message calls, if it calls anything that is offered.
    pub(crate) fn call(&self, envelope: &Envelope) -> Result<Option<Call>, Malformed> {
        let request = Some(envelope).filter(|envelope| envelope.kind() == Kind::Request);
        let offered = request.and_then(Envelope::method).is_some_and(|method| self.edge.front.offers(method));
        if offered { envelope.call() } else { Ok(None) }
    }

    /// Whether anything of it may be called at all: a missing scope is a real 403, so that clients ask for more
    /// (2025-11-25 basic/authorization, Scope Challenge Handling).
    async fn admit_call(&self, call: Call, id: Value) -> Result<(), Box<Response>> {
        let Err(error) = self.edge.front.admit(&self.principal, &call) else { return Ok(()) };
        let Some(challenge) = respond::scope_challenge(&error) else { return Ok(()) };
        // Refused again by the call itself, which puts the refusal on record.
        let _ = self.edge.front.call(&self.principal, call, Ask::alone(&self.origin)).await;
        let data = json!({"code": error.code(), "correlation_id": self.origin.correlation_id});
        let body = envelope::error(&id, -32603, &error.to_string(), Some(data));
        Err(Box::new(respond::response(respond::call_status(&error), body, Some(challenge), None)))
    }

    /// A refusal of what was read and then found not to be for us: it costs as much as a list, since it was as much work.
    pub(crate) fn charged(&self, refusal: impl Into<Refusal>) -> Refusal {
        self.edge.front.browse(&self.principal).err().map_or_else(|| refusal.into(), |error| (&error).into())
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
            StatusCode::NOT_FOUND => NoSession.into(),
            StatusCode::METHOD_NOT_ALLOWED => {
                Refusal::new(DoorCode::Method, -32600, "this is not done here in this revision")
            }
            status if status.is_server_error() => Refusal::new(DoorCode::Internal, -32603, "a fault of ours"),
            _ => Refusal::new(DoorCode::NotAMessage, -32600, NOT_A_MESSAGE),
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
        assert_eq!(Refusal::from(BodyFault::Shed(Shed::All)).retry, Some(RETRY_AFTER));
    }
}
