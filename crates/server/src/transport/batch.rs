//! The batches of 2025-03-26: each message is answered as if it had come alone, with its own verdict and record.

use axum::Json;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use http::request::Parts;
use http_body_util::BodyExt;
use serde_json::Value;

use super::envelope::{self, Envelope, Kind};
use super::rpc::Caller;

/// Messages of one batch answered at once.
const AT_ONCE: usize = 4;

/// The answers in the order of the requests, or 202 where nothing asked for one.
pub(crate) async fn answer(caller: &Caller<'_>, parts: &Parts, messages: Vec<Envelope>) -> Response {
    let answers = stream::iter(messages).map(|message| one(caller, parts.clone(), message)).buffered(AT_ONCE);
    let answers: Vec<Value> = answers.filter_map(std::future::ready).collect().await;
    if answers.is_empty() { StatusCode::ACCEPTED.into_response() } else { Json(answers).into_response() }
}

async fn one(caller: &Caller<'_>, mut parts: Parts, message: Envelope) -> Option<Value> {
    let id = message.id();
    match message.kind() {
        Kind::Request if message.method() == Some("initialize") => {
            Some(envelope::error(&id, -32600, "initialize does not come in a batch", None))
        }
        Kind::Request => {
            // A call is refused by itself, inside its own answer.
            if message.tool().is_none()
                && let Err(refused) = caller.admit(&message).await
            {
                return Some(read(*refused, &id).await);
            }
            parts.headers.remove(super::streamable::SESSION);
            let bytes = Bytes::from(message.without_progress().into_message().to_string());
            let answer = caller.edge.protocol.stateless(caller.request(parts, bytes)).await;
            Some(read(caller.answered(answer, id.clone()), &id).await)
        }
        Kind::Notification | Kind::Response => {
            let owner = caller.principal.owner();
            if parts.headers.contains_key(super::streamable::SESSION) {
                let bytes = Bytes::from(message.into_message().to_string());
                // A notification has no answer, whatever became of it.
                let _ = caller.edge.protocol.within(caller.request(parts, bytes), owner, None).await;
            }
            None
        }
    }
}

/// What would have been the body of an answer of its own.
async fn read(answer: Response, id: &Value) -> Value {
    let bytes = answer.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_else(|_| envelope::error(id, -32603, "a fault of ours", None))
}
