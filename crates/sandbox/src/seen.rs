//! What the sandbox was asked, for tests that assert what was sent.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use http::request::Parts;

/// Older requests fall out of the record.
const MOST_KEPT: usize = 4096;

/// One request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRequest {
    /// `GET` and so on.
    pub method: String,
    /// Path and query, undecoded.
    pub path: String,
    /// Names in lower case, in order of arrival; a value that is not text is left empty.
    pub headers: Vec<(String, String)>,
}

impl SeenRequest {
    /// The first value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The word before the credential: `Bearer`, `token`, `Basic`.
    #[must_use]
    pub fn authorization_scheme(&self) -> Option<&str> {
        self.header("authorization").and_then(|value| value.split(' ').next())
    }
}

/// The record, bounded; `None` when switched off.
#[derive(Debug)]
pub(crate) struct Seen(Option<Mutex<VecDeque<SeenRequest>>>);

impl Seen {
    pub(crate) fn new(on: bool) -> Self {
        Self(on.then(Mutex::default))
    }

    pub(crate) fn note(&self, request: &Parts) {
        let Some(kept) = &self.0 else { return };
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
        };
        let seen = SeenRequest {
            method: request.method.to_string(),
            path: request.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            headers: request.headers.iter().map(header).collect(),
        };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == MOST_KEPT {
            kept.pop_front();
        }
        kept.push_back(seen);
    }

    pub(crate) fn all(&self) -> Vec<SeenRequest> {
        let Some(kept) = &self.0 else { return Vec::new() };
        kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
