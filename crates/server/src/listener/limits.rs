//! What one connection may ask for. HTTP/2 lets a client make a server work and hold memory in many ways (rapid reset,
//! CVE-2023-44487; CONTINUATION flood, CVE-2024-27316; HPACK bombs): each has its bound here, or in h2 itself.

use std::time::Duration;

/// Largest request header in HTTP/1.1, in bytes.
pub(super) const HEADER_BYTES: usize = 64 * 1024;
/// The same in HTTP/2, after decompression.
pub(super) const HEADER_LIST_BYTES: u32 = 64 * 1024;
/// Most requests at once on one connection.
pub(super) const STREAMS: u32 = 100;
/// Most streams that the client reset before we looked at them; one more ends the connection.
pub(super) const PENDING_RESETS: usize = 20;
/// Most streams that we had to reset for the client's faults; one more ends the connection.
pub(super) const LOCAL_RESETS: usize = 100;
/// Most bytes of a request's body that wait to be read, for one stream and for all of them together.
pub(super) const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
pub(super) const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// Largest frame: the protocol's own least (RFC 9113 §6.5.2).
pub(super) const FRAME_BYTES: u32 = 16 * 1024;
/// Most bytes of one answer that wait to be sent before the next piece is asked for.
pub(super) const SEND_BYTES: usize = 256 * 1024;
/// How often a connection is asked whether its other side is there, and how long that side has to say so.
pub(super) const PING_EVERY: Duration = Duration::from_secs(20);
pub(super) const PONG_WITHIN: Duration = Duration::from_secs(20);
