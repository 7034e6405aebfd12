//! Requests ready to be sent, and connections to send them over.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

use crate::{Failure, gateway};

/// The revision every request names. Without a session it stands alone.
const REVISION: &str = "2025-11-25";
/// The first revision that stands alone always.
const MODERN: &str = "2026-07-28";
const SESSION: &str = "mcp-session-id";

/// A request that can be sent again and again.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) address: SocketAddr,
    method: Method,
    path: &'static str,
    headers: HeaderMap,
    body: Bytes,
    /// How long the right answer's message is; `None` where that may differ.
    length: Option<usize>,
    /// How to speak TLS, if it is to be spoken.
    tls: Option<Arc<ClientConfig>>,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Answered.
    Good,
    /// Refused for want of room, and told when to come back.
    Shed,
    /// Anything else.
    Failed,
}

impl Ask {
    /// A GET at the forge as the first person.
    pub(crate) fn get(address: SocketAddr, path: &'static str, credential: &str) -> Result<Self, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, address.to_string().parse()?);
        headers.insert(AUTHORIZATION, credential.parse()?);
        Ok(Self { address, method: Method::GET, path, headers, body: Bytes::new(), length: None, tls: None })
    }

    /// A JSON-RPC request.
    pub(crate) fn rpc(
        address: SocketAddr,
        path: &'static str,
        key: Option<&str>,
        method: &str,
        params: &Value,
    ) -> Result<Self, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, address.to_string().parse()?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("mcp-protocol-version", HeaderValue::from_static(REVISION));
        if let Some(key) = key {
            headers.insert(AUTHORIZATION, format!("Bearer {key}").parse()?);
        }
        let message = if method.starts_with("notifications/") {
            json!({"jsonrpc": "2.0", "method": method})
        } else {
            json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        };
        let body = message.to_string().into();
        Ok(Self { address, method: Method::POST, path, headers, body, length: None, tls: None })
    }

    /// A call of a tool.
    pub(crate) fn call(address: SocketAddr, key: &str, tool: &str, arguments: &Value) -> Result<Self, Failure> {
        Self::rpc(address, "/mcp", Some(key), "tools/call", &json!({"name": tool, "arguments": arguments}))
    }

    /// The same as 2026-07-28 has it: everything in the message, and over again in the headers.
    pub(crate) fn modern(mut self) -> Result<Self, Failure> {
        let mut message: Value = serde_json::from_slice(&self.body)?;
        let method = message.get("method").and_then(Value::as_str).ok_or("no method")?.parse()?;
        self.headers.insert("mcp-protocol-version", HeaderValue::from_static(MODERN));
        self.headers.insert("mcp-method", method);
        if let Some(name) = message.pointer("/params/name").and_then(Value::as_str) {
            self.headers.insert("mcp-name", name.parse()?);
        }
        let params = message.get_mut("params").and_then(Value::as_object_mut).ok_or("no parameters")?;
        let about = [("protocolVersion", json!(MODERN)), ("clientCapabilities", json!({}))];
        let about = about.map(|(name, value)| (format!("io.modelcontextprotocol/{name}"), value));
        params.insert("_meta".to_owned(), about.into_iter().collect());
        Ok(Self { body: message.to_string().into(), length: None, ..self })
    }

    /// The first message of a session.
    pub(crate) fn initialize(address: SocketAddr, path: &'static str, key: Option<&str>) -> Result<Self, Failure> {
        let client = json!({"name": "benches", "version": "1"});
        let hello = json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": client});
        Self::rpc(address, path, key, "initialize", &hello)
    }

    /// The same within a session.
    pub(crate) fn within(mut self, session: &HeaderValue) -> Self {
        self.headers.insert(SESSION, session.clone());
        self
    }

    /// The same to a gateway that speaks TLS, if it does.
    pub(crate) fn over(self, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { tls, ..self }
    }

    /// The same with another method and no body.
    pub(crate) fn with_method(self, method: Method) -> Self {
        Self { method, body: Bytes::new(), length: None, ..self }
    }

    /// Sends it once and looks into the answer; from then on the right answer is known by its length.
    ///
    /// # Errors
    /// The answer is an error, in HTTP, in JSON-RPC or as a tool's result.
    pub(crate) async fn checked(self) -> Result<(Self, Bytes), Failure> {
        let response = Connection::to(&self).await?.send(&self).await?;
        let (parts, body) = response.into_parts();
        let (status, body) = (parts.status, body.collect().await?.to_bytes());
        let message = message(&parts.headers, &body);
        let failed = serde_json::from_slice::<Value>(message).is_ok_and(|answer| {
            answer.get("error").is_some() || answer.pointer("/result/isError").is_some_and(|failed| failed == true)
        });
        if status != StatusCode::OK || failed {
            let text: String = String::from_utf8_lossy(&body).chars().take(500).collect();
            return Err(
                format!("{} {} was answered {status}: {text}", self.path, String::from_utf8_lossy(&self.body)).into()
            );
        }
        Ok((Self { length: Some(message.len()), ..self }, body))
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = http::Uri::from_static(self.path);
        *request.headers_mut() = self.headers.clone();
        request
    }

    fn verdict(&self, status: StatusCode, headers: &HeaderMap, length: usize) -> Verdict {
        match status {
            StatusCode::OK | StatusCode::ACCEPTED | StatusCode::NO_CONTENT
                if self.length.is_none_or(|right| right == length) =>
            {
                Verdict::Good
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE if headers.contains_key(RETRY_AFTER) => {
                Verdict::Shed
            }
            _ => Verdict::Failed,
        }
    }
}

/// The JSON of an answer: the body itself, or the data of a stream's last event, whose number is no part of it.
fn message<'a>(headers: &HeaderMap, body: &'a [u8]) -> &'a [u8] {
    if headers.get(CONTENT_TYPE).is_none_or(|kind| kind != "text/event-stream") {
        return body;
    }
    body.split(|byte| *byte == b'\n').rev().find_map(|line| line.strip_prefix(b"data: ")).unwrap_or_default()
}

/// A kept connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Self::over(stream).await
    }

    /// The same where this request goes.
    pub(crate) async fn to(ask: &Ask) -> Result<Self, Failure> {
        let Some(tls) = &ask.tls else { return Self::open(ask.address).await };
        let stream = TcpStream::connect(ask.address).await?;
        stream.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::clone(tls));
        Self::over(connector.connect(gateway::HOST.try_into()?, stream).await?).await
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Self, Failure> {
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Sends and waits for the answer's head.
    pub(crate) async fn send(&mut self, ask: &Ask) -> Result<Response<Incoming>, Failure> {
        self.sender.ready().await?;
        Ok(self.sender.send_request(ask.request()).await?)
    }

    /// Sends and reads the answer to its end.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<Verdict, Failure> {
        let response = self.send(ask).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(ask.verdict(parts.status, &parts.headers, message(&parts.headers, &body).len()))
    }

    /// Opens a session, and returns its name.
    pub(crate) async fn initialize(&mut self, ask: &Ask) -> Result<HeaderValue, Failure> {
        let response = self.send(ask).await?;
        let session = response.headers().get(SESSION).cloned();
        let status = response.status();
        response.into_body().collect().await?;
        session.ok_or_else(|| format!("no session was opened: {status}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_that_says_when_to_come_back_is_shed() {
        let ask = Ask { length: Some(2), ..Ask::get("127.0.0.1:1".parse().unwrap(), "/", "token x").unwrap() };
        let mut told = HeaderMap::new();
        told.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
            assert_eq!(ask.verdict(status, &told, 9), Verdict::Shed);
            assert_eq!(ask.verdict(status, &HeaderMap::new(), 9), Verdict::Failed);
        }
        assert_eq!(ask.verdict(StatusCode::OK, &HeaderMap::new(), 2), Verdict::Good);
        assert_eq!(ask.verdict(StatusCode::OK, &HeaderMap::new(), 3), Verdict::Failed, "a failed call is answered 200");
        assert_eq!(ask.verdict(StatusCode::BAD_GATEWAY, &told, 2), Verdict::Failed);
    }

    #[test]
    fn a_message_is_found_in_a_body_and_in_a_stream_whatever_its_number() {
        let (mut plain, mut stream) = (HeaderMap::new(), HeaderMap::new());
        plain.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        stream.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        assert_eq!(message(&plain, b"{\"result\":{}}"), b"{\"result\":{}}");
        for number in ["1/9", "1/10"] {
            let body = format!("id: 0/1\nretry: 3000\n\nid: {number}\ndata: {{\"result\":{{}}}}\n\n");
            assert_eq!(message(&stream, body.as_bytes()), b"{\"result\":{}}");
        }
    }

    #[test]
    fn what_is_asked_in_another_way_is_answered_in_another_length() {
        let ask = Ask { length: Some(2), ..Ask::get("127.0.0.1:1".parse().unwrap(), "/", "token x").unwrap() };
        assert_eq!(ask.verdict(StatusCode::OK, &HeaderMap::new(), 0), Verdict::Failed);
        let ask = ask.with_method(Method::DELETE);
        assert_eq!(ask.verdict(StatusCode::OK, &HeaderMap::new(), 0), Verdict::Good);
    }
}
