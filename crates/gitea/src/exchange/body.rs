//! Reading a body under a cap that counts bytes after decompression.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

use super::pool::Body;
use super::{Oversize, fault};
use crate::error::GiteaError;

/// Room is made at once for as much as a body says it has, up to so much: a word alone must not take memory.
const ROOM_AHEAD_BYTES: usize = 64 * 1024;

/// The body and whether it was cut. On refusal or cut the connection is dropped with the body, not drained.
pub(super) async fn read(mut body: Body, cap_bytes: u64, oversize: Oversize) -> Result<(Bytes, bool), GiteaError> {
    let over = || GiteaError::OverLimit { limit_bytes: cap_bytes };
    if oversize == Oversize::Refuse && body.size_hint().lower() > cap_bytes {
        return Err(over());
    }
    let cap = usize::try_from(cap_bytes).unwrap_or(usize::MAX);
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut read = BytesMut::with_capacity(announced.min(cap).min(ROOM_AHEAD_BYTES));
    while let Some(frame) = body.frame().await {
        // Trailers are not looked at.
        let Ok(chunk) = frame.map_err(|error| fault::of_body(&*error))?.into_data() else { continue };
        let room = cap.saturating_sub(read.len());
        read.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            return if oversize == Oversize::Cut { Ok((read.freeze(), true)) } else { Err(over()) };
        }
    }
    Ok((read.freeze(), false))
}
