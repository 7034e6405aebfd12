//! The HTTP edge. Every request passes, in this order: request id, security headers, Host and Origin, then its route;
//! every route but health and the landing page authenticates before it reads a body. A browser's preflight is answered
//! before authentication: it carries no credential by its nature.

mod address;
mod body;
mod caller;
mod cors;
mod credential;
mod door;
mod headers;
mod running;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use tokio_util::sync::CancellationToken;

pub(crate) use address::TrustedProxies;
#[cfg(any(test, fuzzing))]
pub(crate) use credential::raw as raw_credential;
pub(crate) use door::Door;

use crate::front::Front;
use crate::health::{self, Health};
use crate::mcp::{Offered, Protocol};
use crate::pages;
use crate::transport::{messages, rest, sse, streamable};

pub(crate) use body::{BodyFault, read as read_body};
pub(crate) use caller::{RequestId, identify};
pub(crate) use running::{RETRY_AFTER_SECONDS, Running, Shed};

/// The address a connection came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub SocketAddr);

/// What every route needs.
pub(crate) struct Edge {
    /// The gate, counted.
    pub front: Arc<Front>,
    /// The protocol.
    pub protocol: Protocol,
    /// What runs at once.
    pub running: Running,
    /// What of the older revisions is offered.
    pub offered: Offered,
    /// Whose forwarded addresses are believed.
    pub proxies: TrustedProxies,
    /// Which Host and Origin may knock.
    pub door: Door,
    /// `AUTH_ENABLED`; off means everyone on this loopback listener is the process's own user.
    pub authentication: bool,
    /// Whether people reach us by https, so that HSTS may be said.
    pub https: bool,
    /// What `/health` says.
    pub health: Arc<Health>,
    /// Cancelled when the process ends.
    pub stop: CancellationToken,
}

impl Edge {
    /// Counts and logs a refusal before or beside authentication. The code is one of a closed set.
    pub(crate) fn turned_away(&self, code: &'static str, correlation_id: &str) {
        tracing::warn!(event = "access_denied", correlation_id, code, "turned away at the door");
        self.front.metrics().turned_away(code);
    }
}

/// The routes. Whatever is not named here is 404 and needs no credential to be that.
pub(crate) fn router(edge: Arc<Edge>) -> Router {
    let streams = Router::new()
        .route("/mcp/sse", any(sse::endpoint))
        .route("/mcp/sse/", any(sse::endpoint))
        .route("/mcp/sse/messages", post(sse::messages));
    Router::new()
        .merge(if edge.offered.legacy_sse { streams } else { Router::new() })
        .route("/", get(pages::landing))
        .route("/mcp", any(streamable::endpoint))
        .route("/mcp/", any(streamable::endpoint))
        .route("/messages", post(messages::endpoint))
        .route("/mcp/tools", get(rest::list))
        .route("/mcp/tool/call", post(rest::call))
        .layer(cors::layer(edge.door.origins()))
        .layer(from_fn_with_state(Arc::clone(&edge), door::check))
        .route("/health", get(health::ready))
        .route("/health/ready", get(health::ready))
        .route("/health/live", get(health::live))
        .fallback(pages::not_found)
        .layer(from_fn_with_state(Arc::clone(&edge), headers::secure))
        .layer(from_fn_with_state(Arc::clone(&edge), caller::number))
        .with_state(edge)
}
