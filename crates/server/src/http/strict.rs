//! Refuses requests that two programs could read in two ways: whoever stands between us and the client must not see
//! another request than we do (attacks H03, H12, H14). What hyper itself refuses is not repeated here.

use axum::response::Response;
use http::header::{CONNECTION, HOST, HeaderName, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Version};
use thiserror::Error;

use super::{DoorCode, Edge, number_of};

/// Headers that we or a proxy before us believe, besides those that begin with one of [`FAMILIES`].
const BELIEVED: [&str; 10] = [
    "accept-encoding",
    "content-encoding",
    "content-length",
    "content-type",
    "last-event-id",
    "transfer-encoding",
    "user-agent",
    "x-real-ip",
    "x-request-id",
    "proxy-authorization",
];
const FAMILIES: [&str; 3] = ["x-forwarded-", "mcp-", "sec-fetch-"];

/// Headers that say one thing. Twice, they say two.
const SINGLE: [&str; 7] = [
    "content-type",
    "mcp-protocol-version",
    "mcp-session-id",
    "mcp-method",
    "mcp-name",
    "last-event-id",
    "content-encoding",
];

/// Why a request is not read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum StrictError {
    /// A Transfer-Encoding other than `chunked`, or several.
    #[error("Transfer-Encoding takes `chunked`, once")]
    Encoding,
    /// Not exactly one Host, or a target of another host.
    #[error("a request names its host once: in Host, and in its target no other")]
    Host,
    /// A header that differs from one we believe by an underscore. Gateways that hand headers on as variables (CGI)
    /// cannot tell the two apart.
    #[error("a header has an underscore where a header that is believed has a hyphen")]
    Twin,
    /// One of [`SINGLE`].
    #[error("the header {0} stands twice")]
    Twice(&'static str),
}

impl StrictError {
    fn code(self) -> DoorCode {
        match self {
            Self::Encoding => DoorCode::TransferEncoding,
            Self::Host => DoorCode::Host,
            Self::Twin => DoorCode::HeaderTwin,
            Self::Twice(_) => DoorCode::HeaderTwice,
        }
    }
}

/// Refuses it with 400, and ends a connection on which nobody can be sure where the next request begins.
///
/// # Errors
/// The answer to it.
pub(super) fn unambiguous(edge: &Edge, parts: &mut Parts) -> Result<(), Box<Response>> {
    check(parts).map_err(|error| {
        let refusal = edge.refuse(error.code(), &error.to_string(), None, number_of(&parts.extensions));
        Box::new(last_of(refusal, parts.version))
    })
}

/// The last answer of its connection. HTTP/2 knows where requests begin.
pub(crate) fn last_of(mut answer: Response, version: Version) -> Response {
    if version < Version::HTTP_2 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// Checks a request's head. In HTTP/2 `:authority` becomes the Host that the rest of the gateway reads
/// (RFC 9113 §8.3.1).
///
/// # Errors
/// [`StrictError`].
pub(crate) fn check(parts: &mut Parts) -> Result<(), StrictError> {
    encoding(parts)?;
    if parts.headers.keys().any(is_twin) {
        return Err(StrictError::Twin);
    }
    if let Some(name) = SINGLE.into_iter().find(|name| parts.headers.get_all(*name).iter().nth(1).is_some()) {
        return Err(StrictError::Twice(name));
    }
    host(parts)
}

/// hyper reads any list that ends in `chunked` as chunked; a proxy may not.
fn encoding(parts: &Parts) -> Result<(), StrictError> {
    let mut lines = parts.headers.get_all(TRANSFER_ENCODING).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(()),
        (Some(line), None) if line.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        (Some(_), _) => Err(StrictError::Encoding),
    }
}

fn is_twin(name: &HeaderName) -> bool {
    let name = name.as_str();
    if !name.contains('_') {
        return false;
    }
    let plain = name.replace('_', "-");
    BELIEVED.contains(&plain.as_str()) || FAMILIES.iter().any(|family| plain.starts_with(family))
}

fn host(parts: &mut Parts) -> Result<(), StrictError> {
    let mut lines = parts.headers.get_all(HOST).iter();
    let (line, second) = (lines.next(), lines.next());
    if second.is_some() {
        return Err(StrictError::Host);
    }
    match (line, parts.uri.authority()) {
        (Some(line), None) => parsed(line).map(drop),
        (Some(line), Some(target)) if parsed(line)?.as_str().eq_ignore_ascii_case(target.as_str()) => Ok(()),
        (None, Some(target)) if parts.version != Version::HTTP_11 => {
            let line = HeaderValue::from_str(target.as_str()).map_err(|_| StrictError::Host)?;
            parsed(&line)?;
            parts.headers.insert(HOST, line);
            Ok(())
        }
        // HTTP/1.0 has none; what needs one asks for it itself.
        (None, None) if parts.version < Version::HTTP_11 => Ok(()),
        (Some(_), Some(_)) | (None, _) => Err(StrictError::Host),
    }
}

fn parsed(line: &HeaderValue) -> Result<Authority, StrictError> {
    authority(line).ok_or(StrictError::Host)
}

/// A host with or without a port, no user name before it and nothing between the two: to the library `[::1]x:80` is one.
pub(super) fn authority(line: &HeaderValue) -> Option<Authority> {
    let authority: Authority = line.to_str().ok()?.parse().ok()?;
    let port = authority.as_str().strip_prefix(authority.host())?;
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(authority)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn verdict(version: Version, target: &str, lines: &[(&'static str, &str)]) -> Result<String, StrictError> {
        let mut request = Request::builder().version(version).uri(target);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        check(&mut parts)?;
        Ok(parts.headers.get(HOST).map(|host| host.to_str().unwrap().to_owned()).unwrap_or_default())
    }

    #[test]
    fn h03_the_target_and_host_name_one_host() {
        let ours = ("host", "mcp.example.org");
        let one = |target: &str, lines: &[_]| verdict(Version::HTTP_11, target, lines);
        assert_eq!(one("/mcp", &[ours]).unwrap(), ours.1);
        assert_eq!(one("http://MCP.example.org/mcp", &[ours]).unwrap(), ours.1);
        for (target, lines) in [
            ("/mcp", &[][..]),
            ("http://mcp.example.org/mcp", &[]),
            ("/mcp", &[ours, ours]),
            ("http://evil.example/mcp", &[ours]),
            ("http://mcp.example.org:81/mcp", &[ours]),
            ("http://x@mcp.example.org/mcp", &[ours]),
            ("/mcp", &[("host", "x@mcp.example.org")]),
            ("/mcp", &[("host", "a b")]),
            ("/mcp", &[("host", "[::1]x:80")]),
            ("/mcp", &[("host", "")]),
        ] {
            assert_eq!(one(target, lines), Err(StrictError::Host), "{target} {lines:?}");
        }
        assert_eq!(verdict(Version::HTTP_10, "/health", &[]).unwrap(), "");
    }

    #[test]
    fn h03_in_http2_the_authority_is_the_host() {
        let two = |target: &str, lines: &[_]| verdict(Version::HTTP_2, target, lines);
        assert_eq!(two("https://mcp.example.org/mcp", &[]).unwrap(), "mcp.example.org");
        assert_eq!(two("https://mcp.example.org/mcp", &[("host", "evil.example")]), Err(StrictError::Host));
        assert_eq!(two("https://x@mcp.example.org/mcp", &[]), Err(StrictError::Host));
        assert_eq!(two("/mcp", &[]), Err(StrictError::Host));
    }

    #[test]
    fn h14_one_plain_chunked_and_nothing_that_resembles_it() {
        let with = |lines: &[_]| verdict(Version::HTTP_11, "/mcp", &[&[("host", "h")], lines].concat());
        let line = |value| ("transfer-encoding", value);
        assert!(with(&[line("chunked")]).is_ok() && with(&[line("Chunked")]).is_ok());
        for lines in [
            &[line("gzip, chunked")][..],
            &[line("chunked, chunked")],
            &[line("identity")],
            &[line("xchunked")],
            &[line("chunked"), line("chunked")],
            &[line("identity"), line("chunked")],
        ] {
            assert_eq!(with(lines), Err(StrictError::Encoding), "{lines:?}");
        }
    }

    #[test]
    fn h12_a_header_that_says_one_thing_says_it_once() {
        let with = |lines: &[_]| verdict(Version::HTTP_11, "/mcp", &[&[("host", "h")], lines].concat());
        for name in SINGLE {
            assert_eq!(with(&[(name, "a"), (name, "a")]), Err(StrictError::Twice(name)));
            assert!(with(&[(name, "a"), ("accept", "a"), ("accept", "b")]).is_ok(), "{name}");
        }
    }

    #[test]
    fn h14_an_underscore_makes_no_second_name_for_what_is_believed() {
        let with = |name| verdict(Version::HTTP_11, "/mcp", &[("host", "h"), (name, "1")]);
        for name in ["x_forwarded_for", "x-forwarded_for", "mcp_session_id", "content_length", "transfer_encoding"] {
            assert_eq!(with(name), Err(StrictError::Twin), "{name}");
        }
        for name in ["x-forwarded-for", "mcp-session-id", "x_trace_of_ours", "accept_language"] {
            assert!(with(name).is_ok(), "{name}");
        }
    }
}
