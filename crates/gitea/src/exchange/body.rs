//! Reading a body under a cap that counts bytes after decompression.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use super::{Oversize, fault};
use crate::error::GiteaError;

/// The body and whether it was cut. On refusal or cut the connection is dropped with the response, not drained.
pub(super) async fn read(
    response: &mut Response,
    cap_bytes: u64,
    oversize: Oversize,
) -> Result<(Bytes, bool), GiteaError> {
    let over = || GiteaError::OverLimit { limit_bytes: cap_bytes };
    if oversize == Oversize::Refuse && response.content_length().is_some_and(|announced| announced > cap_bytes) {
        return Err(over());
    }
    let cap = usize::try_from(cap_bytes).unwrap_or(usize::MAX);
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault::of(&error))? {
        let room = cap.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            return if oversize == Oversize::Cut { Ok((body.freeze(), true)) } else { Err(over()) };
        }
    }
    Ok((body.freeze(), false))
}
