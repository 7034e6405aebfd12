//! The batches of 2025-03-26: each message is answered as if it had come alone, with its own verdict and record.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use http_body_util::BodyExt;
use serde_json::Value;

use super::envelope::{self, Envelope, Kind};
use super::rpc::Caller;
use super::streamable;
use crate::mcp::{self, Entered, Session};

/// The answers in the order of the requests, or 202 where nothing asked for one. One after the other: a batch has one
/// place among what runs, so it is one call at a time to the forge.
pub(crate) async fn answer(
    caller: &Caller<'_>,
    parts: &Parts,
    messages: Vec<Envelope>,
    session: Option<Entered<Session>>,
) -> Response {
    let mut answers: Vec<Value> = Vec::new();
    for message in messages {
        answers.extend(one(caller, parts.clone(), message, session.clone()).await);
    }
    if answers.is_empty() { StatusCode::ACCEPTED.into_response() } else { Json(answers).into_response() }
}

async fn one(
    caller: &Caller<'_>,
    mut parts: Parts,
    message: Envelope,
    session: Option<Entered<Session>>,
) -> Option<Value> {
    let id = message.id();
    match message.kind() {
        Kind::Request if message.method() == Some("initialize") => {
            Some(envelope::error(&id, -32600, "initialize does not come in a batch", None))
        }
        Kind::Request => {
            // A call is refused by itself, inside its own answer.
            if !matches!(caller.call(&message), Ok(Some(_)))
                && let Err(refused) = caller.admit(&message).await
            {
                return Some(read(*refused, &id).await);
            }
            parts.headers.remove(mcp::SESSION);
            let answered = streamable::alone(caller, parts, message.without_progress(), None).await;
            Some(read(answered.unwrap_or_else(|refusal| refusal.to(id.clone()).answer(caller)), &id).await)
        }
        Kind::Notification | Kind::Response => {
            // It has no answer, whatever becomes of it.
            if caller.admit(&message).await.is_ok()
                && let Some(session) = session
            {
                caller.sign(&mut parts);
                let _ = session.accept(message.into_message(), parts);
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
