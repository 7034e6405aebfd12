//! Reads a request's body, whole and bounded.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// How long a body may take to come.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyFault {
    /// Compressed: nobody sends that, and it can grow (attack H10).
    #[error("send the body without Content-Encoding")]
    Encoded,
    /// Not JSON by its own account.
    #[error("send the body as application/json")]
    NotJson,
    /// Larger than [`MAX_BODY_BYTES`].
    #[error("the body is larger than 4194304 bytes")]
    TooLarge,
    /// Slower than [`BODY_DEADLINE`].
    #[error("the body did not come within 30 s")]
    TooSlow,
    /// The connection broke, or lied about its length.
    #[error("the body ended early")]
    Broken,
}

impl BodyFault {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Encoded => "encoding_not_supported",
            Self::NotJson => "media_type_not_supported",
            Self::TooLarge => "body_too_large",
            Self::TooSlow => "body_too_slow",
            Self::Broken => "body_unreadable",
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Encoded | Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// The body. A missing Content-Type is taken for JSON: curl's users forget it, and there is nothing else it could be.
///
/// # Errors
/// [`BodyFault`].
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, BodyFault> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(BodyFault::Encoded);
    }
    if !headers.get(CONTENT_TYPE).is_none_or(|value| is_json(value.to_str().unwrap_or_default())) {
        return Err(BodyFault::NotJson);
    }
    match tokio::time::timeout(BODY_DEADLINE, Limited::new(body, MAX_BODY_BYTES).collect()).await {
        Err(_) => Err(BodyFault::TooSlow),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyFault::TooLarge),
        Ok(Err(_)) => Err(BodyFault::Broken),
    }
}

/// `application/json`, whatever its parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
