//! The HTTP edge. Every request passes, in this order: request id, security headers, Host and Origin, then its route;
//! every route but health and the landing page authenticates before it reads a body.

mod address;
mod body;
mod caller;
mod credential;
mod door;
mod headers;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};

pub(crate) use address::TrustedProxies;
pub(crate) use door::Door;

use crate::front::Front;
use crate::health::{self, Health};
use crate::mcp::Streamable;
use crate::pages;
use crate::transport::{messages, rest, streamable};

pub(crate) use body::read as read_body;
pub(crate) use caller::{RequestId, identify};

/// The address a connection came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub SocketAddr);

/// What every route needs.
pub(crate) struct Edge {
    /// The gate, counted.
    pub front: Arc<Front>,
    /// The protocol.
    pub streamable: Streamable,
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
}

/// The routes. Whatever is not named here is 404 and needs no credential to be that.
pub(crate) fn router(edge: Arc<Edge>) -> Router {
    Router::new()
        .route("/", get(pages::landing))
        .route("/mcp", any(streamable::endpoint))
        .route("/mcp/", any(streamable::endpoint))
        .route("/messages", post(messages::endpoint))
        .route("/mcp/tools", get(rest::list))
        .route("/mcp/tool/call", post(rest::call))
        .layer(from_fn_with_state(Arc::clone(&edge), door::check))
        .route("/health", get(health::ready))
        .route("/health/ready", get(health::ready))
        .route("/health/live", get(health::live))
        .fallback(pages::not_found)
        .layer(from_fn_with_state(Arc::clone(&edge), headers::secure))
        .layer(from_fn_with_state(Arc::clone(&edge), caller::number))
        .with_state(edge)
}
