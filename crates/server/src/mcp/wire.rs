//! Our types in the protocol's clothes.

use std::sync::Arc;

use aegis_gate::{Answer, CallError, Entry};
use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, Tool, ToolAnnotations};
use serde_json::Value;

use crate::respond;

mod offers;
mod said;

pub(crate) use offers::{
    completed, completion, contents, fault, listed_prompt, listed_resource, listed_template, prompted,
};
pub(super) use said::from_client;

/// A tool as `tools/list` shows it. Every annotation is explicit: no client has to guess (clients.md §4).
#[must_use]
pub(crate) fn listed_tool(entry: &Entry) -> Tool {
    let spec = entry.spec();
    let hints = entry.annotations();
    let annotations = ToolAnnotations::new()
        .read_only(hints.read_only)
        .destructive(hints.destructive)
        .idempotent(hints.idempotent)
        .open_world(hints.open_world);
    let mut tool = Tool::new(spec.name, spec.description, Arc::clone(entry.input_schema()));
    tool.title = Some(spec.title.to_owned());
    tool.output_schema = Some(Arc::clone(entry.output_schema()));
    tool.annotations = Some(annotations);
    tool
}

/// An answer: the object, and exactly one text item beside it (an image adds one).
pub(crate) fn answered(answer: Answer) -> CallToolResult {
    let image = answer.image.map(|image| ContentBlock::image(image.base64, image.mime_type));
    let content = std::iter::once(ContentBlock::text(answer.text)).chain(image).collect();
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(Value::Object(answer.structured));
    result
}

/// A refusal: a failed result where the model can read it, a protocol error where the protocol says so.
pub(crate) fn refused(error: &CallError, correlation_id: &str) -> Result<CallToolResult, ErrorData> {
    match error {
        // MCP 2025-11-25 server/tools: an unknown tool is -32602. 2026-07-28 basic/patterns/mrtr: so is a bad state.
        CallError::UnknownTool { .. } | CallError::StateRefused | CallError::Internal => {
            Err(fault(error, correlation_id, None))
        }
        CallError::InvalidArgument { .. }
        | CallError::NotFound { .. }
        | CallError::PolicyDenied { .. }
        | CallError::InsufficientScope { .. }
        | CallError::UpstreamScope { .. }
        | CallError::Forbidden
        | CallError::CredentialRejected
        | CallError::Suspended
        | CallError::NotServed { .. }
        | CallError::Refused { .. }
        | CallError::TooLarge { .. }
        | CallError::SecretMasked { .. }
        | CallError::RateLimited { .. }
        | CallError::InputRequired(_)
        | CallError::CannotAsk
        | CallError::AuditUnavailable
        | CallError::UpstreamBusy { .. }
        | CallError::UpstreamUnavailable
        | CallError::UpstreamTimeout
        | CallError::UpstreamMalformed => {
            let body = respond::call_error(error, correlation_id);
            Ok(CallToolResult::error(vec![ContentBlock::text(body.to_string())]))
        }
    }
}
