//! The HTTP edge. Every request passes, in this order: request id, security headers, refusal of what can be read in two
//! ways, Host and Origin, then its route. Health alone is outside Host and Origin: who asks for it names us as it likes.
//! Every route but health and the landing page authenticates before it reads a body. A browser's preflight is answered
//! before authentication: it carries no credential by its nature.

mod address;
mod body;
mod caller;
mod code;
mod cors;
mod credential;
mod door;
mod headers;
mod running;
mod strict;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get, post};
use http::request::Parts;

pub(crate) use address::TrustedProxies;
#[cfg(any(test, fuzzing))]
pub(crate) use credential::raw as raw_credential;
pub(crate) use door::Door;

use crate::front::Front;
use crate::health::{self, Health};
use crate::mcp::{Offered, Protocol};
use crate::telemetry::Seldom;
use crate::transport::{messages, rest, sse, streamable};
use crate::{pages, respond};

pub(crate) use body::{BodyFault, read as read_body};
pub(crate) use caller::{Stranger, identify, number_of};
pub(crate) use code::DoorCode;
pub(crate) use running::{Own, RETRY_AFTER, Running, Shed};
#[cfg(test)]
pub(crate) use strict::{check as check_strictly, last_of};

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
    /// Who listens to changes.
    pub listening: Running,
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
    /// What of the refusals is in the log.
    pub seldom: Seldom,
}

impl Edge {
    /// Counts a refusal before a tool is called, and logs the first of its kind in a minute. The code is one of a closed
    /// set.
    pub(crate) fn turned_away(&self, code: &'static str, correlation_id: &str) {
        self.front.metrics().turned_away(code);
        if let Some(untold) = self.seldom.turn(code) {
            tracing::warn!(event = "access_denied", correlation_id, code, untold, "turned away at the door");
        }
    }

    /// The same, worded for whoever speaks plain HTTP.
    pub(crate) fn refuse(&self, code: DoorCode, message: &str, hint: Option<String>, correlation_id: &str) -> Response {
        self.turned_away(code.code(), correlation_id);
        let wait = matches!(code, DoorCode::TooManyAtOnce | DoorCode::Overloaded).then_some(RETRY_AFTER);
        respond::response(code.status(), respond::body(code.code(), message, hint, correlation_id), None, wait)
    }
}

/// The routes. Whatever is not named here is 404 and needs no credential to be that.
pub(crate) fn router(edge: Arc<Edge>) -> Router {
    let streams = Router::new()
        .route("/mcp/sse", any(sse::endpoint))
        .route("/mcp/sse/", any(sse::endpoint))
        .route("/mcp/sse/messages", post(sse::messages));
    let [whole, ready, live] = health::PROBES;
    Router::new()
        .merge(if edge.offered.legacy_sse { streams } else { Router::new() })
        .route("/", get(pages::landing))
        .route("/mcp", any(streamable::endpoint))
        .route("/mcp/", any(streamable::endpoint))
        .route("/messages", post(messages::endpoint))
        .route("/mcp/tools", get(rest::list))
        .route("/mcp/tool/call", post(rest::call))
        .fallback(pages::not_found)
        .layer(cors::layer(edge.door.origins()))
        .route(whole, get(health::ready))
        .route(ready, get(health::ready))
        .route(live, get(health::live))
        .layer(from_fn_with_state(Arc::clone(&edge), pass))
        .with_state(edge)
}

/// What every request passes before its route, and every answer after it. One layer: each would cost as much again.
async fn pass(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let number = caller::number(&edge, &mut parts.extensions);
    let mut answer = match knock(&edge, &mut parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => *refusal,
    };
    headers::secure(answer.headers_mut(), edge.https);
    if let Some((name, id)) = number {
        answer.headers_mut().insert(name, id);
    }
    answer
}

/// Whether a request may come to its route.
fn knock(edge: &Edge, parts: &mut Parts) -> Result<(), Box<Response>> {
    strict::unambiguous(edge, parts)?;
    if health::PROBES.contains(&parts.uri.path()) { Ok(()) } else { door::check(edge, parts) }
}
