//! What must hold whatever comes in. `fuzz/` runs each with bytes of its own making, the unit test below with the seeds.

use std::convert::Infallible;
use std::net::SocketAddr;

use aegis_gate::RawCredential;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sse_stream::SseStream;

use crate::config::{ForwardedHeader, dotenv, toml_file};
use crate::http::{Door, TrustedProxies, raw_credential};
use crate::transport::{Body, COMMENT, Revision, event, strict};

/// A body that is taken has one meaning: the parser of the protocol layer reads the same.
///
/// # Panics
/// It does not hold.
pub fn json_rpc(data: &[u8]) {
    let Ok(value) = strict::parse(data) else { return };
    let other: Value = serde_json::from_slice(data).expect("what the strict parser takes is JSON");
    assert_eq!(value, other);
    if let Ok(Body::One(envelope)) = Body::read(data) {
        assert!(
            !matches!(envelope.call(), Ok(Some(_))) || envelope.method().is_some_and(|method| method.contains('/'))
        );
        assert_eq!(envelope.into_message(), other);
    }
}

/// Headers from lines `name: value`. A foreign Host or Origin never passes, a credential never has a blank in it, and an
/// address is believed only from a proxy.
///
/// # Panics
/// It does not hold.
pub fn headers(data: &[u8]) {
    let headers = lines(data);
    let door = Door::new(None, &["mcp.example.test".to_owned()], Vec::new());
    if door.admits(&headers).is_ok() {
        let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default().to_lowercase();
        let ours = ["localhost", "127.0.0.1", "[::1]", "mcp.example.test"];
        assert!(ours.iter().any(|name| host == *name || host.starts_with(&format!("{name}:"))), "{host}");
        assert!(headers.get_all("host").iter().count() == 1 && headers.get_all("origin").iter().count() <= 1);
    }
    if let RawCredential::Bearer(token) = raw_credential(&headers) {
        let token = token.expose_secret();
        assert!(!token.is_empty() && token.trim() == token);
        assert_eq!(headers.get_all("authorization").iter().count(), 1);
    }
    // Whatever they name, it is read without a fault.
    let _ = Revision::of(&headers, None, None).map(|revision| (revision.is_stateless(), revision.has_batches()));
}

/// Forwarding headers from lines. From a stranger they change nothing; from a proxy the result is some address.
///
/// # Panics
/// It does not hold.
pub fn forwarded(data: &[u8]) {
    let headers = lines(data);
    let stranger: SocketAddr = "203.0.113.5:9".parse().expect("an address");
    let proxy: SocketAddr = "10.0.0.1:9".parse().expect("an address");
    for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().expect("a network")], header);
        assert_eq!(proxies.client(stranger, &headers), stranger.ip());
        let client = proxies.client(proxy, &headers);
        assert_eq!(client, client.to_canonical(), "an address has one form");
    }
}

/// What is told over a stream reaches a client as it was told, whatever is in it and wherever the stream is cut: no text
/// ends its event or begins another. The first byte says where it is cut, zero bytes part the messages.
///
/// # Panics
/// It does not hold.
pub fn told(data: &[u8]) {
    let (cut, texts) = data.split_first().map_or((1, data), |(cut, texts)| (usize::from(*cut).max(1), texts));
    let message = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        json!({"jsonrpc": "2.0", "id": text, "result": {"text": text, text.clone(): true}}).to_string()
    };
    let messages: Vec<String> = texts.split(|byte| *byte == 0).take(64).map(message).collect();
    let mut stream = Vec::new();
    for (number, message) in messages.iter().enumerate() {
        stream.extend_from_slice(&event(&[("id", &format!("0/{number}")), ("retry", "3000")], ""));
        stream.extend_from_slice(&COMMENT);
        stream.extend_from_slice(&event(&[("id", &format!("1/{number}"))], message));
    }
    let chunks = stream.chunks(cut).map(|chunk| Ok::<_, Infallible>(Bytes::copy_from_slice(chunk)));
    let read =
        SseStream::from_bytes_stream(stream::iter(chunks.collect::<Vec<_>>())).collect::<Vec<_>>().now_or_never();
    let read = read.expect("nothing is waited for").into_iter().map(|event| event.expect("a stream of events"));
    let read = read.filter(|event| event.data.as_ref().is_some_and(|data| !data.is_empty()));
    let read: Vec<_> = read.map(|event| (event.id, event.event, event.data)).collect();
    let told = messages.into_iter().enumerate();
    let told: Vec<_> = told.map(|(number, message)| (Some(format!("1/{number}")), None, Some(message))).collect();
    assert_eq!(read, told);
}

/// Settings are read or named as wrong, in both files.
///
/// # Panics
/// It does not hold.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (entries, problems) = toml_file::parse(text);
    assert!(problems.is_empty() || problems.iter().all(|problem| !problem.what().is_empty()));
    drop((entries, dotenv::parse(text)));
}

fn lines(data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(64) {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = halves.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = halves.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use aegis_testkit::hold;

    use super::*;

    #[test]
    fn the_seeds_hold() {
        hold("json_rpc", json_rpc).unwrap();
        hold("headers", headers).unwrap();
        hold("forwarded", forwarded).unwrap();
        hold("settings", settings).unwrap();
        hold("told", told).unwrap();
    }
}
