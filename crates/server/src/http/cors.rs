//! What a page in a browser may do: only pages of configured origins, without cookies, and then all that an MCP client
//! in a browser needs (Fetch Standard, CORS protocol; attack H04).

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Method};
use tower::util::Either;
use tower_http::cors::{AllowHeaders, CorsLayer};
use tower_layer::Identity;
use url::Origin;

/// How long a browser may remember a preflight.
const REMEMBERED: Duration = Duration::from_mins(10);

/// A layer that answers for these origins; none where no origin is configured.
pub(crate) fn layer(origins: &[Origin]) -> Either<CorsLayer, Identity> {
    let origins: Vec<_> = origins.iter().filter_map(|origin| origin.ascii_serialization().parse().ok()).collect();
    if origins.is_empty() { Either::Right(Identity::new()) } else { Either::Left(cors(origins)) }
}

fn cors(origins: Vec<HeaderValue>) -> CorsLayer {
    let protocol = ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "last-event-id"];
    let asked = [AUTHORIZATION, CONTENT_TYPE].into_iter().chain(protocol.map(HeaderName::from_static));
    let told = ["mcp-session-id", "mcp-protocol-version", "x-request-id"].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::list(asked))
        .expose_headers(told.into_iter().chain([WWW_AUTHENTICATE, RETRY_AFTER]).collect::<Vec<_>>())
        .max_age(REMEMBERED)
}
