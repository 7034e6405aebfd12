//! What the edge reads of a JSON-RPC message before the protocol layer does: enough to refuse it with the right HTTP
//! status, since inside a stream it would be too late for one.

use aegis_gate::Call;
use serde_json::{Map, Value, json};

use super::strict::{self, Unfit};

/// Most messages of one batch (2025-03-26).
const MAX_BATCH: usize = 50;
/// Longest text id or progress token, in bytes.
const MAX_ID_BYTES: usize = 256;
/// Members of a message, and of its parameters, that mean something to the protocol.
const MEMBERS: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];
const PARAMETERS: [&str; 13] = [
    "name",
    "arguments",
    "uri",
    "ref",
    "argument",
    "context",
    "cursor",
    "notifications",
    "inputResponses",
    "requestState",
    "_meta",
    "protocolVersion",
    "requestId",
];
/// What each kind of call takes as its parameters.
const CALLS: [(&str, &str); 4] = [
    ("tools/call", r#"{"name": "...", "arguments": {...}}"#),
    ("prompts/get", r#"{"name": "...", "arguments": {...}}"#),
    ("resources/read", r#"{"uri": "..."}"#),
    (
        "completion/complete",
        r#"{"ref": {"type": "ref/prompt", "name": "..."}, "argument": {"name": "...", "value": "..."}}"#,
    ),
];
/// Requests that are answered otherwise: the handshake, and what is of 2026-07-28 alone.
const OTHERWISE: [&str; 3] = ["initialize", "server/discover", "subscriptions/listen"];
/// The key of `_meta` that a request of 2026-07-28 names its revision with (basic/index, `_meta`).
const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// A body: one message, or the batch that 2025-03-26 had.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// One message.
    One(Envelope),
    /// Several; each with its own JSON, since each is a message to the protocol layer.
    Batch(Vec<Envelope>),
}

/// One JSON-RPC message, read as far as the edge needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Envelope {
    message: Map<String, Value>,
    kind: Kind,
}

/// What a message is (JSON-RPC 2.0 §4, §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It has a method and an id.
    Request,
    /// It has a method and no id.
    Notification,
    /// It answers a request of ours.
    Response,
}

/// Why a body is no message: a JSON-RPC error object and the id it answers to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Malformed {
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) id: Value,
}

impl Body {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Malformed`].
    pub(crate) fn read(body: &[u8]) -> Result<Self, Malformed> {
        match strict::parse(body) {
            Ok(Value::Array(messages)) if messages.is_empty() => Err(Malformed::request("a batch holds messages")),
            Ok(Value::Array(messages)) if messages.len() > MAX_BATCH => {
                Err(Malformed::request(&format!("a batch holds {MAX_BATCH} messages at most")))
            }
            Ok(Value::Array(messages)) => {
                messages.into_iter().map(Envelope::new).collect::<Result<_, _>>().map(Self::Batch)
            }
            Ok(message) => Envelope::new(message).map(Self::One),
            Err(unfit @ Unfit::Syntax) => Err(Malformed { code: -32700, ..Malformed::request(&unfit.to_string()) }),
            Err(unfit) => Err(Malformed::request(&unfit.to_string())),
        }
    }
}

impl Envelope {
    fn new(message: Value) -> Result<Self, Malformed> {
        let Value::Object(message) = message else {
            return Err(Malformed::request("the body is not one JSON-RPC message"));
        };
        let id = member(&message, "id").filter(|id| is_id(id)).cloned().unwrap_or_default();
        let refuse = |what: &str| Err(Malformed { id: id.clone(), ..Malformed::request(what) });
        if let Some(key) = message.keys().find_map(|key| disguised(key, &MEMBERS)) {
            return refuse(&format!("`{key}` is written in another case"));
        }
        if member(&message, "jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return refuse("a message says \"jsonrpc\": \"2.0\"");
        }
        let kind = match (member(&message, "method"), member(&message, "id")) {
            (Some(Value::String(_)), Some(id)) if is_id(id) => Kind::Request,
            (Some(Value::String(_)), None) => Kind::Notification,
            (Some(Value::String(_)), Some(_)) => return refuse("an id is a string or a whole number"),
            (Some(_), _) => return refuse("`method` is a string"),
            (None, _) if message.contains_key("result") != message.contains_key("error") => Kind::Response,
            (None, _) => return refuse("a message has a method, a result or an error"),
        };
        let params = match member(&message, "params") {
            None | Some(Value::Null) => None,
            Some(Value::Object(params)) => Some(params),
            Some(_) => return refuse("`params` is an object"),
        };
        let token = params.and_then(|params| member(params, "_meta")?.get("progressToken"));
        if token.and_then(Value::as_str).is_some_and(|token| token.len() > MAX_ID_BYTES) {
            return refuse(&format!("a progressToken has {MAX_ID_BYTES} bytes at most"));
        }
        if let Some(key) = params.into_iter().flat_map(Map::keys).find_map(|key| disguised(key, &PARAMETERS)) {
            return refuse(&format!("`{key}` is written in another case"));
        }
        Ok(Self { message, kind })
    }

    /// What it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The id of a request; null of anything else.
    pub(crate) fn id(&self) -> Value {
        let id = member(&self.message, "id").filter(|_| self.kind == Kind::Request);
        id.cloned().unwrap_or_default()
    }

    /// The method of a request or notification.
    pub(crate) fn method(&self) -> Option<&str> {
        member(&self.message, "method").and_then(Value::as_str)
    }

    /// What it calls, without the arguments: enough to admit or refuse it. None where it is no call.
    ///
    /// # Errors
    /// It does not say. The protocol layer would answer that it knows no such method.
    pub(crate) fn call(&self) -> Result<Option<Call>, Malformed> {
        let Some((method, params)) = CALLS.into_iter().find(|(method, _)| self.method() == Some(method)) else {
            return Ok(None);
        };
        let arguments = self.params().and_then(|params| member(params, "arguments"));
        let called = self.named(method).filter(|_| arguments.is_none_or(Value::is_object));
        let lacks = || Malformed { code: -32602, message: format!("{method} takes params {params}"), id: self.id() };
        called.map(Some).ok_or_else(lacks)
    }

    fn named(&self, method: &str) -> Option<Call> {
        let params = self.params()?;
        let text = |of: &Map<String, Value>, key: &str| member(of, key).and_then(Value::as_str).map(str::to_owned);
        match method {
            "tools/call" => Some(Call::tool(text(params, "name")?, Map::new())),
            "prompts/get" => Some(Call::Prompt { name: text(params, "name")?, arguments: Map::new() }),
            "resources/read" => Some(Call::Resource { uri: text(params, "uri")? }),
            _ => {
                let (reference, argument) = (params.get("ref")?.as_object()?, params.get("argument")?.as_object()?);
                let of = match reference.get("type")?.as_str()? {
                    "ref/prompt" => text(reference, "name")?,
                    "ref/resource" => text(reference, "uri")?,
                    _ => return None,
                };
                let (argument, value) = (text(argument, "name")?, text(argument, "value")?);
                Some(Call::Completion { of, argument, value, known: Map::new() })
            }
        }
    }

    /// Whether it stays open to hear of changes (2026-07-28 basic/patterns/subscriptions).
    pub(crate) fn listens(&self) -> bool {
        self.method() == Some("subscriptions/listen")
    }

    /// The revision a request of 2026-07-28 or later names in its `_meta`.
    pub(crate) fn meta_version(&self) -> Option<&str> {
        member(self.params()?, "_meta")?.get(META_VERSION)?.as_str()
    }

    /// Whether it asks for its answer and for nothing else, in the manner of the revisions before 2026-07-28.
    pub(crate) fn is_plain(&self) -> bool {
        let meta = self.params().and_then(|params| member(params, "_meta"));
        self.kind == Kind::Request
            && self.meta_version().is_none()
            && meta.is_none_or(|meta| meta.get("progressToken").is_none())
            && !self.method().is_some_and(|method| OTHERWISE.contains(&method))
    }

    /// The message itself.
    pub(crate) fn into_message(self) -> Value {
        Value::Object(self.message)
    }

    /// Takes away the wish to hear of progress: a batch is answered whole or not at all.
    pub(crate) fn without_progress(mut self) -> Self {
        let meta = self.message.get_mut("params").and_then(|params| params.get_mut("_meta"));
        if let Some(meta) = meta.and_then(Value::as_object_mut) {
            meta.remove("progressToken");
        }
        self
    }

    /// Its parameters.
    pub(crate) fn params(&self) -> Option<&Map<String, Value>> {
        member(&self.message, "params").and_then(Value::as_object)
    }
}

impl Malformed {
    fn request(message: &str) -> Self {
        Self { code: -32600, message: message.to_owned(), id: Value::Null }
    }
}

/// A JSON-RPC error response (JSON-RPC 2.0 §5.1).
pub(crate) fn error(id: &Value, code: i32, message: &str, data: Option<Value>) -> Value {
    let mut error = json!({"code": code, "message": message});
    if let (Some(data), Some(object)) = (data, error.as_object_mut()) {
        object.insert("data".to_owned(), data);
    }
    json!({"jsonrpc": "2.0", "id": id, "error": error})
}

/// A member of a message or of its parameters. Most have a handful, and going through those takes less than hashing a
/// name; [`strict`] ends how many there can be.
fn member<'m>(of: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    of.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// MCP ids are strings or whole numbers, never null (2025-11-25 basic/index, Requests).
fn is_id(id: &Value) -> bool {
    id.is_i64() || id.as_str().is_some_and(|id| id.len() <= MAX_ID_BYTES)
}

/// The name a key is in another spelling, if it is one: `Method`, or `paramſ` and `Kelvin` signs, which fold to `s` and
/// `k`. Some parsers would read it and others would not (attack H12).
fn disguised<'a>(key: &str, names: &[&'a str]) -> Option<&'a str> {
    // The names are ASCII; so is nearly every key, and what is folds to nothing else.
    if key.is_ascii() {
        return names.iter().copied().find(|name| *name != key && name.eq_ignore_ascii_case(key));
    }
    let fold = |text: &str| text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect::<String>();
    names.iter().copied().filter(|name| *name != key).find(|name| fold(name) == fold(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Body, i32> {
        Body::read(body.as_bytes()).map_err(|malformed| malformed.code)
    }

    fn one(body: &str) -> Envelope {
        let Ok(Body::One(envelope)) = read(body) else { panic!("{body}") };
        envelope
    }

    #[test]
    fn a_call_says_what_it_calls_and_nothing_else_does() {
        let call = |method: &str, params: &str| {
            one(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)).call().unwrap()
        };
        let tool = Some(Call::tool("get_me", Map::new()));
        assert_eq!(call("tools/call", r#"{"name":"get_me","arguments":{"name":"x"}}"#), tool);
        let prompt = Call::Prompt { name: "p".to_owned(), arguments: Map::new() };
        assert_eq!(call("prompts/get", r#"{"name":"p","arguments":{"a":"b"}}"#), Some(prompt));
        let resource = Call::Resource { uri: "t://a".to_owned() };
        assert_eq!(call("resources/read", r#"{"uri":"t://a"}"#), Some(resource));
        let completion = |of: &str| Call::Completion {
            of: of.to_owned(),
            argument: "a".to_owned(),
            value: String::new(),
            known: Map::new(),
        };
        let argument = r#""argument":{"name":"a","value":""}"#;
        let of_prompt = format!(r#"{{"ref":{{"type":"ref/prompt","name":"p"}},{argument}}}"#);
        assert_eq!(call("completion/complete", &of_prompt), Some(completion("p")));
        let of_template = format!(r#"{{"ref":{{"type":"ref/resource","uri":"t://{{a}}"}},{argument}}}"#);
        assert_eq!(call("completion/complete", &of_template), Some(completion("t://{a}")));
        assert_eq!(call("tools/list", r#"{"name":"get_me"}"#), None);
        assert_eq!(one(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).kind(), Kind::Response);
        assert_eq!(one(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).kind(), Kind::Notification);
    }

    #[test]
    fn a_call_that_does_not_say_what_it_calls_is_refused() {
        for (method, params) in [
            ("tools/call", ""),
            ("tools/call", r#","params":{"name":"x","arguments":[]}"#),
            ("tools/call", r#","params":{"name":7}"#),
            ("prompts/get", ""),
            ("prompts/get", r#","params":{"name":"x","arguments":"y"}"#),
            ("resources/read", r#","params":{"uri":null}"#),
            ("completion/complete", r#","params":{"ref":{"type":"ref/prompt","name":"p"}}"#),
            ("completion/complete", r#","params":{"ref":{"type":"ref/other"},"argument":{"name":"a","value":"b"}}"#),
            ("completion/complete", r#","params":{"ref":{"type":"ref/prompt"},"argument":{"name":"a","value":"b"}}"#),
        ] {
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"{params}}}"#);
            assert_eq!(one(&body).call().map_err(|malformed| (malformed.code, malformed.id)), Err((-32602, 1.into())));
        }
    }

    #[test]
    fn the_revision_is_read_where_2026_07_28_writes_it() {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        assert_eq!(one(body).meta_version(), Some("2026-07-28"));
        assert_eq!(one(r#"{"jsonrpc":"2.0","id":1,"method":"x"}"#).meta_version(), None);
    }

    #[test]
    fn h11_h12_what_is_no_message_gets_the_code_of_json_rpc() {
        for bad in ["", "{", "{]", "\u{feff}{}", "nonsense", r#"{"jsonrpc":"2.0","id":NaN}"#] {
            assert_eq!(read(bad), Err(-32700), "{bad}");
        }
        for bad in [
            "[]",
            "1",
            "\"x\"",
            "{}",
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"Method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","paramſ":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}"#,
            "[1]",
        ] {
            assert_eq!(read(bad), Err(-32600), "{bad}");
        }
    }

    #[test]
    fn h15_a_batch_is_read_up_to_its_limit() {
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let batch = |count: usize| read(&format!("[{}]", vec![ping; count].join(",")));
        assert!(matches!(batch(MAX_BATCH), Ok(Body::Batch(messages)) if messages.len() == MAX_BATCH));
        assert_eq!(batch(MAX_BATCH + 1), Err(-32600));
    }

    #[test]
    fn an_error_answers_the_id_where_there_is_one() {
        let malformed = Body::read(br#"{"jsonrpc":"2.0","id":"a","method":7}"#).unwrap_err();
        assert_eq!(malformed.id, "a");
        assert_eq!(Body::read(b"{").unwrap_err().id, Value::Null);
    }
}
