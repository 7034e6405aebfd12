//! Reads a request's body, whole and bounded.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyExt;

use super::{DoorCode, Shed};

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
    /// There is no room for it now.
    #[error(transparent)]
    Shed(#[from] Shed),
}

impl BodyFault {
    pub(crate) fn code(self) -> DoorCode {
        match self {
            Self::Encoded => DoorCode::Encoding,
            Self::NotJson => DoorCode::MediaType,
            Self::TooLarge => DoorCode::BodyTooLarge,
            Self::TooSlow => DoorCode::BodyTooSlow,
            Self::Broken => DoorCode::BodyUnreadable,
            Self::Shed(shed) => shed.code(),
        }
    }
}

/// The body, for each piece of which `hold` found room. A missing Content-Type is taken for JSON: curl's users forget
/// it, and there is nothing else it could be.
///
/// # Errors
/// [`BodyFault`].
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    hold: impl FnMut(usize) -> Result<(), Shed>,
) -> Result<Bytes, BodyFault> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(BodyFault::Encoded);
    }
    if !headers.get(CONTENT_TYPE).is_none_or(|value| is_json(value.to_str().unwrap_or_default())) {
        return Err(BodyFault::NotJson);
    }
    tokio::time::timeout(BODY_DEADLINE, whole(body, hold)).await.unwrap_or(Err(BodyFault::TooSlow))
}

async fn whole(mut body: Body, mut hold: impl FnMut(usize) -> Result<(), Shed>) -> Result<Bytes, BodyFault> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // What is no data is a trailer, and says nothing here.
        let Ok(piece) = frame.map_err(|_| BodyFault::Broken)?.into_data() else { continue };
        if whole.len().saturating_add(piece.len()) > MAX_BODY_BYTES {
            return Err(BodyFault::TooLarge);
        }
        hold(piece.len())?;
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// `application/json`, whatever its parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
