//! The landing page: what this is, in plain HTML, with nothing private on it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::header::ACCEPT;

use crate::http::{DoorCode, Edge, number_of};

const LANDING: &str = include_str!("pages/landing.html");

/// `GET /`.
pub(crate) async fn landing(State(edge): State<Arc<Edge>>) -> Html<String> {
    let well = edge.health.reasons(&edge.front).is_empty();
    let state =
        if well { "It is running and its forge answers." } else { "It is running, but not ready: see /health." };
    Html(LANDING.replace("{version}", env!("CARGO_PKG_VERSION")).replace("{state}", state))
}

/// Everything else: 404, in the form the client asked for.
pub(crate) async fn not_found(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let html = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if html.is_some_and(|accept| accept.contains("text/html")) {
        let page = "<!doctype html><html lang=\"en\"><title>Not here</title><p>There is nothing here. \
                    MCP clients use <code>/mcp</code>; <a href=\"/\">this page</a> says what this is.";
        return (StatusCode::NOT_FOUND, Html(page)).into_response();
    }
    let hint = Some("MCP clients use /mcp".to_owned());
    edge.refuse(DoorCode::NoRoute, "there is nothing here", hint, number_of(request.extensions()))
}
