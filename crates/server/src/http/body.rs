//! Reads a request's body, whole and bounded.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::respond;

/// Largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// How long a body may take to come.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// The body, or the refusal to send. Compressed requests are refused: nobody sends them, and they can grow (H10).
pub(crate) async fn read(headers: &HeaderMap, body: Body, correlation_id: &str) -> Result<Bytes, Box<Response>> {
    let refuse = |status: StatusCode, code: &str, message: &str| {
        Box::new((status, Json(respond::body(code, message, None, correlation_id))).into_response())
    };
    if headers.contains_key(http::header::CONTENT_ENCODING) {
        let message = "send the body without Content-Encoding";
        return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoding_not_supported", message));
    }
    let whole = tokio::time::timeout(BODY_DEADLINE, Limited::new(body, MAX_BODY_BYTES).collect()).await;
    let Ok(whole) = whole else {
        let message = format!("the body did not come within {} s", BODY_DEADLINE.as_secs());
        return Err(refuse(StatusCode::REQUEST_TIMEOUT, "body_too_slow", &message));
    };
    match whole {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            let message = format!("the body is larger than {MAX_BODY_BYTES} bytes");
            Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", &message))
        }
        Err(_) => Err(refuse(StatusCode::BAD_REQUEST, "body_unreadable", "the body ended early")),
    }
}
