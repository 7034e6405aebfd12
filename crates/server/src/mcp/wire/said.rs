//! What a client said, in the types of the protocol crate.

use http::request::Parts;
use rmcp::model::{
    CallToolRequest, CallToolRequestMethod, CallToolRequestParams, ClientJsonRpcMessage, ClientRequest, ConstString,
    GetExtensions, JsonObject, JsonRpcRequest, MetaObject, RequestId, RequestMetaObject,
};
use serde_json::Value;

/// Members of a request with parameters (JSON-RPC 2.0 §4).
const MEMBERS: usize = 4;

/// A message of a client, with the parts of the HTTP request that brought it. None if it is not one.
pub(in super::super) fn from_client(mut message: Value, parts: Parts) -> Option<ClientJsonRpcMessage> {
    let call = tool_call(&mut message).map(ClientJsonRpcMessage::Request);
    let mut message = call.or_else(|| serde_json::from_value(message).ok())?;
    match &mut message {
        ClientJsonRpcMessage::Request(request) => {
            request.request.extensions_mut().insert(parts);
        }
        ClientJsonRpcMessage::Notification(notification) => {
            notification.notification.extensions_mut().insert(parts);
        }
        ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => (),
    }
    Some(message)
}

/// A call of a tool as nearly all are written. Calls are most of what clients say, and the crate's reader, which tries
/// every shape and method in turn, would be a fifteenth of their cost. None is no fault: that reader takes it as it is then.
fn tool_call(message: &mut Value) -> Option<JsonRpcRequest<ClientRequest>> {
    let message = message.as_object_mut().filter(|message| message.len() == MEMBERS)?;
    if message.get("jsonrpc")? != "2.0" || message.get("method")? != CallToolRequestMethod::VALUE {
        return None;
    }
    let id = match message.get("id")? {
        Value::String(id) => RequestId::String(id.as_str().into()),
        id => RequestId::Number(id.as_i64()?),
    };
    let params = message.get_mut("params")?.as_object_mut()?;
    let usual = params.iter().all(|(name, value)| match name.as_str() {
        "name" => value.is_string(),
        "arguments" | "_meta" => value.is_object(),
        _ => false,
    });
    let name = params.get("name").filter(|_| usual)?.as_str()?.to_owned();
    let mut call = CallToolRequestParams::new(name);
    call.arguments = params.get_mut("arguments").and_then(object);
    let mut request = CallToolRequest::new(call);
    if let Some(meta) = params.get_mut("_meta").and_then(object) {
        request.extensions.insert(RequestMetaObject(MetaObject(meta)));
    }
    Some(JsonRpcRequest::new(id, request.into()))
}

fn object(value: &mut Value) -> Option<JsonObject> {
    value.as_object_mut().map(std::mem::take)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_usual_call_is_what_the_crate_reads() {
        for message in [
            json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_me"}}),
            json!({"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": {"name": "", "arguments": {}}}),
            json!({"jsonrpc": "2.0", "id": -7, "method": "tools/call", "params": {
                "name": "get_file", "arguments": {"repo": "a/b", "lines": [1, 2]}, "_meta": {"progressToken": 3, "x": {}}
            }}),
        ] {
            let ours = ClientJsonRpcMessage::Request(tool_call(&mut message.clone()).unwrap());
            let theirs: ClientJsonRpcMessage = serde_json::from_value(message.clone()).unwrap();
            assert_eq!(serde_json::to_value(&ours).unwrap(), serde_json::to_value(&theirs).unwrap(), "{message}");
            assert_eq!(serde_json::to_value(&ours).unwrap().get("params"), message.get("params"));
        }
    }

    #[test]
    fn an_unusual_call_is_left_whole_to_the_crate() {
        let params = json!({"name": "get_me", "arguments": {"a": 1}});
        for (member, value) in [
            ("jsonrpc", json!("1.0")),
            ("id", json!(1.5)),
            ("id", json!(u64::MAX)),
            ("method", json!("tools/list")),
            ("params", json!({"name": 7, "arguments": {"a": 1}})),
            ("params", json!({"name": "get_me", "arguments": [1]})),
            ("params", json!({"name": "get_me", "arguments": null})),
            ("params", json!({"name": "get_me", "arguments": {"a": 1}, "requestState": "x"})),
            ("params", json!({"arguments": {"a": 1}})),
            ("result", json!({})),
        ] {
            let mut message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
            message[member] = value;
            let before = message.clone();
            assert!(tool_call(&mut message).is_none(), "{before}");
            assert_eq!(message, before);
        }
    }
}
