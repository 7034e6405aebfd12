//! What goes back: status, headers and body, before any fault touches it.

pub(crate) mod account;
pub(crate) mod commit;
pub(crate) mod content;
pub(crate) mod issue;
mod page;
pub(crate) mod pull;
pub(crate) mod repository;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

pub(crate) use page::{Page, listed, total_only, with_total};

const JSON: &str = "application/json;charset=utf-8";
pub(crate) const PLAIN: &str = "text/plain; charset=utf-8";
pub(crate) const UNCACHED: &str = "max-age=0, private, must-revalidate, no-transform";

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

/// An answer, or the refusal that ended the work early.
pub(crate) type Outcome = Result<Answer, Answer>;

impl Answer {
    fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Self { status, headers, body: body.into() }
    }

    /// 200 with JSON.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        Self::json_with(StatusCode::OK, value)
    }

    pub(crate) fn json_with(status: StatusCode, value: &impl Serialize) -> Self {
        // Only maps with keys that are no text cannot be written, and there are none.
        let body = serde_json::to_vec(value).unwrap_or_default();
        Self::new(status, JSON, body).with(CACHE_CONTROL, UNCACHED)
    }

    /// Whether the body is one of the interface's own, not a file's.
    pub(crate) fn is_json(&self) -> bool {
        self.headers.iter().any(|(name, value)| name == CONTENT_TYPE && value == JSON)
    }

    /// 200 with text of unknown encoding: diffs and patches.
    pub(crate) fn text(body: Vec<u8>) -> Self {
        Self::new(StatusCode::OK, PLAIN, body).with(CACHE_CONTROL, UNCACHED)
    }

    /// An answer with no body and no content type.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }.with(CACHE_CONTROL, UNCACHED)
    }

    /// What the router says about a path it does not know.
    pub(crate) fn no_such_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, PLAIN, "404 page not found\n")
    }

    /// What a server that hides everything from strangers tells them; the one error body without a URL.
    pub(crate) fn signin_required() -> Self {
        let body = serde_json::json!({ "message": "Only signed in user is allowed to call APIs." });
        Self::json_with(StatusCode::FORBIDDEN, &body)
    }

    /// 301, as for renamed repositories.
    pub(crate) fn moved(location: &str) -> Self {
        let body = format!("<a href=\"{location}\">Moved Permanently</a>.\n\n");
        Self::new(StatusCode::MOVED_PERMANENTLY, "text/html; charset=utf-8", body)
            .with(CACHE_CONTROL, UNCACHED)
            .with(LOCATION, location)
    }

    /// Adds a header; a value that cannot be one is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.push((name, value));
        }
        self
    }
}
