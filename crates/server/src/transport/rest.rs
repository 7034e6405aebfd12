//! The REST façade: `GET /mcp/tools` and `POST /mcp/tool/call`, for scripts that speak no MCP.

use std::sync::Arc;

use aegis_gate::audit::Transport;
use aegis_gate::{Ask, Call, CallError, Principal};
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::strict;
use crate::http::{BodyFault, DoorCode, Edge, Own, Stranger, identify, read_body};
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
        Err(refused) => stranger(&refused),
    }
}

/// One call.
pub(crate) async fn call(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (principal, origin) = match identify(&edge, &parts, Transport::Rest).await {
        Ok(caller) => caller,
        Err(refused) => return stranger(&refused),
    };
    let id = &origin.correlation_id;
    let (raw, own) = match read(&edge, &principal, &parts, body).await {
        Ok(read) => read,
        Err(Unread::Body(fault)) => return edge.refuse(fault.code(), &fault.to_string(), None, id),
        Err(Unread::Shape(message)) => {
            // What is no call costs as much to find out as a list.
            return match edge.front.browse(&principal) {
                Ok(()) => edge.refuse(DoorCode::InvalidRequest, &message, None, id),
                Err(error) => refused(&error, id),
            };
        }
    };
    let _slot = match edge.running.all(own).await {
        Ok(slot) => slot,
        Err(shed) => return edge.refuse(shed.code(), &shed.to_string(), None, id),
    };
    let call = Call::tool(raw.tool, raw.arguments.unwrap_or_default());
    match edge.front.call(&principal, call, Ask::alone(&origin)).await {
        Ok(answer) => Json(json!({"success": true, "result": answer.structured, "correlation_id": id})).into_response(),
        Err(error) => refused(&error, id),
    }
}

enum Unread {
    Body(BodyFault),
    Shape(String),
}

/// The call, and its part of its caller's share.
async fn read(edge: &Edge, principal: &Principal, parts: &Parts, body: Body) -> Result<(RawCall, Own), Unread> {
    let mut own = edge.running.own(principal.owner()).map_err(|shed| Unread::Body(shed.into()))?;
    let body = read_body(&parts.headers, body, |bytes| own.hold(bytes)).await.map_err(Unread::Body)?;
    let parsed = strict::parse(&body).map_err(|unfit| Unread::Shape(unfit.to_string()))?;
    let shape = |_| Unread::Shape("the body is not {\"tool\": \"...\", \"arguments\": {...}}".to_owned());
    Ok((serde_json::from_value(parsed).map_err(shape)?, own))
}

fn stranger(stranger: &Stranger) -> Response {
    stranger.answer(respond::authn_error(&stranger.error, &stranger.correlation_id))
}

fn refused(error: &CallError, correlation_id: &str) -> Response {
    let body = respond::call_error(error, correlation_id);
    respond::response(respond::call_status(error), body, respond::scope_challenge(error), error.retry_after())
}
