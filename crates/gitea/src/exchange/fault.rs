//! What a transport error was, found by its type and its `io::ErrorKind`, never by its words.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter;

use crate::error::{Fault, GiteaError};

pub(super) fn of(error: &reqwest::Error) -> GiteaError {
    let kind = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(io::Error::kind);
    // The innermost cause alone: the outer ones repeat the URL with its query.
    if let Some(cause) = causes(error).last() {
        tracing::debug!(%cause, "the connection to Gitea failed");
    }
    if error.is_dns() {
        GiteaError::Unreachable { fault: Fault::Name }
    } else if error.is_connect() {
        // rustls reports every refusal of a certificate or handshake as invalid data.
        let is_tls = kind == Some(ErrorKind::InvalidData);
        GiteaError::Unreachable { fault: if is_tls { Fault::Tls } else { Fault::Connect } }
    } else if error.is_body() || error.is_decode() {
        in_body(kind)
    } else {
        GiteaError::Unreachable { fault: Fault::Broken }
    }
}

/// hyper reports a body that ends early as unexpected EOF and broken chunks as invalid input or data; the decompressor
/// uses the same kinds.
fn in_body(kind: Option<ErrorKind>) -> GiteaError {
    match kind {
        Some(ErrorKind::UnexpectedEof) => GiteaError::Truncated,
        Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe) => {
            GiteaError::Unreachable { fault: Fault::Broken }
        }
        _ => GiteaError::Malformed { what: "encoding of the body" },
    }
}

/// What is below an error, from the outside in. An `io::Error` hides what it wraps from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(error.source(), |&cause| match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    })
}
