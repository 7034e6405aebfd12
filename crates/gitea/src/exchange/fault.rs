//! What a transport error was, found by its type and its `io::ErrorKind`, never by its words.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter;

use hyper_util::client::legacy;

use super::pool::Unresolved;
use crate::error::{Fault, GiteaError};

/// Of a request whose answer's head did not come.
pub(super) fn of_request(error: &legacy::Error) -> GiteaError {
    log(error);
    let fault = if causes(error).any(<dyn Error>::is::<Unresolved>) {
        Fault::Name
    } else if error.is_connect() {
        // rustls reports every refusal of a certificate or handshake as invalid data.
        if kind(error) == Some(ErrorKind::InvalidData) { Fault::Tls } else { Fault::Connect }
    } else {
        Fault::Broken
    };
    GiteaError::Unreachable { fault }
}

/// hyper reports a body that ends early as unexpected EOF and broken chunks as invalid input or data; the decompressor
/// uses the same kinds.
pub(super) fn of_body(error: &(dyn Error + 'static)) -> GiteaError {
    log(error);
    match kind(error) {
        Some(ErrorKind::UnexpectedEof) => GiteaError::Truncated,
        Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe) => {
            GiteaError::Unreachable { fault: Fault::Broken }
        }
        _ => GiteaError::Malformed { what: "encoding of the body" },
    }
}

/// What lies innermost goes to the log, and no further.
fn log(error: &(dyn Error + 'static)) {
    if let Some(cause) = causes(error).last() {
        tracing::debug!(%cause, "the connection to Gitea failed");
    }
}

/// The kind of the innermost I/O error.
fn kind(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(io::Error::kind)
}

/// An error and what is below it, from the outside in. An `io::Error` hides what it wraps from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&cause| match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    })
}
