//! The REST façade: `GET /mcp/tools` and `POST /mcp/tool/call`, for scripts that speak no MCP.

use std::sync::Arc;

use aegis_gate::audit::Transport;
use aegis_gate::{Call, CallError};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::strict;
use crate::http::{Edge, RETRY_AFTER_SECONDS, identify, read_body};
use crate::mcp::listed_tool;
use crate::respond;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCall {
    tool: String,
    #[serde(default)]
    arguments: Option<Map<String, Value>>,
}

/// The caller's tools.
pub(crate) async fn list(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match identify(&edge, &parts, Transport::Rest).await {
        Ok((principal, origin)) => {
            if let Err(error) = edge.front.browse(&principal) {
                return refused(&error, &origin.correlation_id);
            }
            let tools: Vec<_> = edge.front.list(&principal).map(listed_tool).collect();
            Json(json!({"tools": tools})).into_response()
        }
        Err(refusal) => *refusal,
    }
}

/// One call.
pub(crate) async fn call(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (principal, origin) = match identify(&edge, &parts, Transport::Rest).await {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    let turned_away = |status: StatusCode, code: &'static str, message: &str| {
        edge.turned_away(code, &origin.correlation_id);
        (status, Json(respond::body(code, message, None, &origin.correlation_id))).into_response()
    };
    let body = match read_body(&parts.headers, body).await {
        Ok(body) => body,
        Err(fault) => return turned_away(fault.status(), fault.code(), &fault.to_string()),
    };
    let parsed = strict::parse(&body).map_err(|unfit| unfit.to_string());
    let shape = |_| "the body is not {\"tool\": \"...\", \"arguments\": {...}}".to_owned();
    let raw: RawCall = match parsed.and_then(|body| serde_json::from_value(body).map_err(shape)) {
        Ok(raw) => raw,
        Err(message) => return turned_away(StatusCode::BAD_REQUEST, "invalid_request", &message),
    };
    let _slot = match edge.running.enter(principal.owner()).await {
        Ok(slot) => slot,
        Err(shed) => {
            let mut response = turned_away(shed.status(), shed.code(), &shed.to_string());
            response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into());
            return response;
        }
    };
    let call = Call { tool: raw.tool, arguments: raw.arguments.unwrap_or_default() };
    match edge.front.call(&principal, call, &origin).await {
        Ok(answer) => {
            let id = origin.correlation_id;
            Json(json!({"success": true, "result": answer.structured, "correlation_id": id})).into_response()
        }
        Err(error) => refused(&error, &origin.correlation_id),
    }
}

fn refused(error: &CallError, correlation_id: &str) -> Response {
    let body = Json(respond::call_error(error, correlation_id));
    let mut response = (respond::call_status(error), body).into_response();
    let headers = response.headers_mut();
    if let Some(challenge) = respond::scope_challenge(error) {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    if let Some(wait) = error.retry_after() {
        headers.insert(RETRY_AFTER, wait.as_secs().max(1).into());
    }
    response
}
