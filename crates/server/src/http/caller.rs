//! Who sent a request: its number, its origin, its principal.

use aegis_gate::audit::Transport;
use aegis_gate::{AuthnError, Origin, Principal, RawCredential};
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

/// Gives a request its id, and says it as a header of the answer's. An id the client sends is not taken: it could repeat
/// one.
pub(super) fn number(edge: &Edge, extensions: &mut Extensions) -> Option<(HeaderName, HeaderValue)> {
    let id = edge.front.correlation_id();
    let header = HeaderValue::try_from(&id);
    extensions.insert(RequestId(id));
    header.ok().map(|id| (REQUEST_ID, id))
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
