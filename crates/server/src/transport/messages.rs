//! `POST /messages`: plain JSON-RPC, one request and one answer, for scripts. The same road as `/mcp`; only the record
//! tells them apart.

use std::sync::Arc;

use aegis_gate::audit::Transport;
use axum::extract::{Request, State};
use axum::response::Response;

use super::streamable;
use crate::http::Edge;

pub(crate) async fn endpoint(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    streamable::answer(&edge, request, Transport::Messages).await
}
