//! Resources, prompts and completions in the protocol's clothes. They have no failed result that a model reads: what is
//! refused is a protocol error.

use aegis_gate::{Answer, Call, CallError, Entry, Resource as Offered};
use rmcp::ErrorData;
use rmcp::model::{
    CompleteRequestParams, CompleteResult, ErrorCode, GetPromptResult, JsonObject, MetaObject, Prompt, PromptArgument,
    Reference, Resource, ResourceContents, ResourceTemplate,
};
use serde_json::{Map, Value, json};

/// The label of an answer that carries text people wrote.
const UNTRUSTED: &str = "untrusted";

/// One resource, as `resources/list` shows it.
pub(crate) fn listed_resource(offered: &Offered) -> Resource {
    let spec = offered.spec();
    let resource = Resource::new(spec.template, spec.name).with_title(spec.title).with_description(spec.description);
    match spec.mime_type {
        Some(mime_type) => resource.with_mime_type(mime_type),
        None => resource,
    }
}

/// Those of a template, as `resources/templates/list` shows them.
pub(crate) fn listed_template(offered: &Offered) -> ResourceTemplate {
    let spec = offered.spec();
    let template = ResourceTemplate::new(spec.template, spec.name);
    let template = template.with_title(spec.title).with_description(spec.description);
    match spec.mime_type {
        Some(mime_type) => template.with_mime_type(mime_type),
        None => template,
    }
}

/// A prompt, as `prompts/list` shows it. Its arguments are those of its schema.
pub(crate) fn listed_prompt(entry: &Entry) -> Prompt {
    let (spec, schema) = (entry.spec(), entry.input_schema());
    let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let argument = |(name, property): (&String, &Value)| {
        let argument = PromptArgument::new(name).with_required(required.iter().any(|needed| needed == name));
        match property.get("description").and_then(Value::as_str) {
            Some(description) => argument.with_description(description),
            None => argument,
        }
    };
    let arguments: Vec<_> =
        schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(argument).collect();
    let arguments = Some(arguments).filter(|arguments| !arguments.is_empty());
    Prompt::new(spec.name, Some(spec.description), arguments).with_title(spec.title)
}

/// What was read: an image as its bytes, the text that stands bare as text, else the object. What else the object says
/// stands beside it.
pub(crate) fn contents(answer: Answer, uri: String, mime_type: Option<&str>) -> ResourceContents {
    let mut beside = answer.structured;
    let bare = answer.bare.filter(|_| answer.image.is_none());
    let (contents, beside) = match (answer.image, bare.and_then(|field| beside.shift_remove(field))) {
        (Some(image), _) => (ResourceContents::blob(image.base64, uri).with_mime_type(image.mime_type), beside),
        (None, Some(Value::String(text))) => {
            (ResourceContents::text(text, uri).with_mime_type(mime_type.unwrap_or("text/plain")), beside)
        }
        (None, _) => {
            let label = beside.shift_remove(UNTRUSTED).map(|label| (UNTRUSTED.to_owned(), label));
            let text = ResourceContents::text(Value::Object(beside).to_string(), uri);
            (text.with_mime_type("application/json"), label.into_iter().collect())
        }
    };
    if beside.is_empty() { contents } else { contents.with_meta(MetaObject(beside)) }
}

/// A prompt's messages.
///
/// # Errors
/// They are none, which is a fault of ours.
pub(crate) fn prompted(answer: Answer) -> Result<GetPromptResult, ErrorData> {
    let mut structured = answer.structured;
    let messages = structured.remove("messages").unwrap_or_default();
    let messages = serde_json::from_value(messages).map_err(|_| ErrorData::internal_error("a fault of ours", None))?;
    let mut prompted = GetPromptResult::new(messages);
    prompted.meta =
        structured.remove(UNTRUSTED).map(|label| MetaObject(JsonObject::from_iter([(UNTRUSTED.to_owned(), label)])));
    Ok(prompted)
}

/// What is to be completed.
pub(crate) fn completion(request: CompleteRequestParams) -> Call {
    let of = match request.r#ref {
        Reference::Prompt(prompt) => prompt.name,
        Reference::Resource(template) => template.uri,
        // None of ours: it is not there.
        _ => String::new(),
    };
    let known = request.context.and_then(|context| context.arguments).unwrap_or_default();
    let known: Map<String, Value> = known.into_iter().map(|(name, value)| (name, value.into())).collect();
    Call::Completion { of, argument: request.argument.name, value: request.argument.value, known }
}

/// What it may be completed to.
///
/// # Errors
/// The values are none, which is a fault of ours.
pub(crate) fn completed(answer: Answer) -> Result<CompleteResult, ErrorData> {
    let completion = serde_json::from_value(Value::Object(answer.structured));
    completion.map(CompleteResult::new).map_err(|_| ErrorData::internal_error("a fault of ours", None))
}

/// A refusal as a protocol error. A resource that is not there has a code of its own up to 2025-11-25, which the
/// protocol layer puts where the revision knows it; since then its URI stands beside the error (SEP-2164).
pub(crate) fn fault(error: &CallError, correlation_id: &str, uri: Option<&str>) -> ErrorData {
    let code = match (error, uri) {
        (CallError::NotFound { .. }, Some(_)) => ErrorCode::RESOURCE_NOT_FOUND,
        (
            CallError::UnknownTool { .. }
            | CallError::InvalidArgument { .. }
            | CallError::NotFound { .. }
            | CallError::StateRefused,
            _,
        ) => ErrorCode::INVALID_PARAMS,
        _ => ErrorCode::INTERNAL_ERROR,
    };
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    let mut data = json!({"code": error.code(), "correlation_id": correlation_id});
    if let (Some(uri), Some(data)) = (uri, data.as_object_mut()) {
        data.insert("uri".to_owned(), uri.into());
    }
    ErrorData::new(code, format!("{error}{hint}"), Some(data))
}
