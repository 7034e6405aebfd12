//! Who sent a request: its number, its origin, its principal.

use std::sync::Arc;

use aegis_gate::audit::Transport;
use aegis_gate::{Origin, Principal, RawCredential};
use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue};

use super::{Edge, Peer, credential};
use crate::respond;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest piece of a User-Agent kept for the record, in characters.
const CLIENT_CHARACTERS: usize = 100;

/// The request's id, in every record, log line and error of it.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Gives every request its id and says it in the answer. An id the client sends is not taken: it could repeat one.
pub(crate) async fn number(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let id = edge.front.correlation_id();
    let header = HeaderValue::try_from(&id);
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).await;
    if let Ok(header) = header {
        response.headers_mut().insert(REQUEST_ID, header);
    }
    response
}

/// The authenticated caller, or the refusal to send.
pub(crate) async fn identify(
    edge: &Edge,
    parts: &Parts,
    transport: Transport,
) -> Result<(Principal, Origin), Box<Response>> {
    let origin = origin(edge, parts, transport);
    let raw = if edge.authentication { credential::raw(&parts.headers) } else { RawCredential::Local };
    match edge.front.authenticate(&raw, &origin).await {
        Ok(principal) => Ok((principal, origin)),
        Err(error) => {
            let body = Json(respond::authn_error(&error, &origin.correlation_id));
            let mut response = (respond::authn_status(&error), body).into_response();
            let headers = response.headers_mut();
            if let Some(challenge) = respond::challenge(&error) {
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            if let Some(wait) = error.retry_after() {
                headers.insert(RETRY_AFTER, wait.as_secs().max(1).into());
            }
            Err(Box::new(response))
        }
    }
}

fn origin(edge: &Edge, parts: &Parts, transport: Transport) -> Origin {
    let address = parts.extensions.get::<Peer>().map(|peer| edge.proxies.client(peer.0, &parts.headers));
    let agent = parts.headers.get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let client = agent.map(|agent| agent.chars().take(CLIENT_CHARACTERS).collect());
    let id = parts.extensions.get::<RequestId>().map_or_else(|| edge.front.correlation_id(), |id| id.0.clone());
    Origin { transport, address, client, correlation_id: id }
}
