//! Who sent a request: its number, its origin, its principal.

use std::sync::Arc;

use aegis_gate::audit::Transport;
use aegis_gate::{AuthnError, Origin, Principal, RawCredential};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{Extensions, HeaderName, HeaderValue};
use serde_json::Value;

use super::{Edge, Peer, credential};
use crate::respond;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest piece of a User-Agent kept for the record, in characters.
const CLIENT_CHARACTERS: usize = 100;

/// The request's id, in every record, log line and error of it.
#[derive(Debug, Clone)]
struct RequestId(String);

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

/// The id of the request that these extensions are of.
pub(crate) fn number_of(extensions: &Extensions) -> &str {
    extensions.get::<RequestId>().map(|id| id.0.as_str()).unwrap_or_default()
}

/// Whoever did not get in.
pub(crate) struct Stranger {
    pub(crate) error: AuthnError,
    pub(crate) correlation_id: String,
}

impl Stranger {
    /// The refusal, in the words of the door.
    pub(crate) fn answer(&self, body: Value) -> Response {
        let Self { error, .. } = self;
        respond::response(respond::authn_status(error), body, respond::challenge(error), error.retry_after())
    }
}

/// The authenticated caller.
///
/// # Errors
/// The caller did not get in.
pub(crate) async fn identify(
    edge: &Edge,
    parts: &Parts,
    transport: Transport,
) -> Result<(Principal, Origin), Box<Stranger>> {
    let origin = origin(edge, parts, transport);
    let raw = if edge.authentication { credential::raw(&parts.headers) } else { RawCredential::Local };
    match edge.front.authenticate(&raw, &origin).await {
        Ok(principal) => Ok((principal, origin)),
        Err(error) => Err(Box::new(Stranger { error, correlation_id: origin.correlation_id })),
    }
}

fn origin(edge: &Edge, parts: &Parts, transport: Transport) -> Origin {
    let address = parts.extensions.get::<Peer>().map(|peer| edge.proxies.client(peer.0, &parts.headers));
    let agent = parts.headers.get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let client = agent.map(|agent| agent.chars().take(CLIENT_CHARACTERS).collect());
    Origin { transport, address, client, correlation_id: number_of(&parts.extensions).to_owned() }
}
