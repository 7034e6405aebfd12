//! What the edge reads of a JSON-RPC message before the protocol layer does: enough to refuse it with the right HTTP
//! status, since inside a stream it would be too late for one.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The method and, for a call, the tool's name.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(default, borrow)]
    pub(crate) method: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    params: Option<Params<'a>>,
}

#[derive(Debug, Deserialize)]
struct Params<'a> {
    #[serde(default, borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    arguments: Option<&'a RawValue>,
}

/// Why a body is no message: a JSON-RPC 2.0 error (§5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Not JSON.
    Parse,
    /// JSON, but no single request object. Batches were part of 2025-03-26 only.
    Request,
    /// A call that names no tool, or whose arguments are no object.
    Call,
}

impl<'a> Envelope<'a> {
    /// Reads a body.
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        // serde takes an array for a struct, so a batch would pass for a request without a method.
        let object = body.trim_ascii_start().starts_with(b"{");
        match serde_json::from_slice::<Self>(body) {
            Ok(envelope) if object && envelope.is_complete() => Ok(envelope),
            Ok(_) if object => Err(Malformed::Call),
            Ok(_) => Err(Malformed::Request),
            Err(error) if error.is_data() => Err(Malformed::Request),
            Err(_) => Err(Malformed::Parse),
        }
    }

    /// Whether a call has what a call needs. The protocol layer would answer that it knows no such method.
    fn is_complete(&self) -> bool {
        let arguments = self.params.as_ref().and_then(|params| params.arguments);
        let fits = arguments.is_none_or(|arguments| arguments.get().starts_with('{'));
        self.method.as_deref() != Some("tools/call") || (self.tool().is_some() && fits)
    }

    /// The tool a `tools/call` names.
    pub(crate) fn tool(&self) -> Option<&str> {
        let call = self.method.as_deref() == Some("tools/call");
        self.params.as_ref().filter(|_| call).and_then(|params| params.name.as_deref())
    }
}

impl Malformed {
    /// The JSON-RPC error object. There is no id to answer to.
    pub(crate) fn body(self) -> Value {
        let (code, message) = match self {
            Self::Parse => (-32700, "the body is not JSON"),
            Self::Request => (-32600, "the body is not one JSON-RPC request"),
            Self::Call => (-32602, "tools/call takes params {\"name\": \"...\", \"arguments\": {...}}"),
        };
        json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_names_its_tool_and_nothing_else_does() {
        let tool = |body: &str| Envelope::read(body.as_bytes()).map(|envelope| envelope.tool().map(str::to_owned));
        let call =
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","arguments":{"name":"x"}}}"#;
        assert_eq!(tool(call), Ok(Some("get_me".to_owned())));
        assert_eq!(tool(r#"{"method":"prompts/get","params":{"name":"get_me"}}"#), Ok(None));
        assert_eq!(tool(r#"{"id":1,"result":{}}"#), Ok(None));
        for bad in ["[]", "1", "\"x\"", "[{\"method\":\"ping\"}]", r#"{"method":7}"#] {
            assert_eq!(tool(bad), Err(Malformed::Request), "{bad}");
        }
        for bad in [r#"{"method":"tools/call"}"#, r#"{"method":"tools/call","params":{"name":"x","arguments":[]}}"#] {
            assert_eq!(tool(bad), Err(Malformed::Call), "{bad}");
        }
        for bad in ["", "{", "{]", "\u{feff}{}", "nonsense"] {
            assert_eq!(tool(bad), Err(Malformed::Parse), "{bad}");
        }
    }
}
