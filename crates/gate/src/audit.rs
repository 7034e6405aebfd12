//! The record of decisions: one event each, in hash-chained lines, signed, on disk before anything relies on it.
//!
//! Audit is not logging. A log may lose a line; here a line that was lost, altered, moved or made up is found and
//! named by [`verify`], and a call whose event cannot be written does not run.
//!
//! # Files
//!
//! A *chain* is everything one process wrote. It is cut into *segments*, one file each, `0600`, in a directory made
//! `0700`: `<prefix>-<start, UTC>-<8 hex digits>-<segment>.jsonl`. A segment is never opened again once its process has
//! ended, so several processes may share a directory.
//!
//! # Lines
//!
//! A line is one JSON object of printable ASCII (everything else is written `\u` and four digits), at most [`LINE_CAP_BYTES`] long:
//!
//! ```json
//! {"seq":7,"time":"2026-01-02T03:04:05.678901Z","event":"tool_call",…,"prev":"<64 hex>","hash":"<64 hex>"}
//! ```
//!
//! - `seq` counts from 1 through the whole chain, over the borders of segments.
//! - `hash` = SHA-256 over `"aegis-mcp audit record v1\n"` and the bytes of the line before `,"hash":`.
//! - `prev` is the `hash` of the line before; for line 1 it is SHA-256 over `"aegis-mcp audit chain v1\n"` and the
//!   chain's name, which is the file's name without segment and ending.
//! - `checkpoint` and `retired` lines carry `"signature":"<base64>"` between `prev` and `hash`: Ed25519 over
//!   `"aegis-mcp audit checkpoint v1\n"` and the bytes of the line before `,"signature":`. As those hold `prev`, one
//!   signature vouches for every line before it. `key` is the first 16 hex digits of SHA-256 over the public key.
//!
//! Each group commit ends with a `checkpoint`, which is also appended to the checkpoint file where one is configured.
//! Kept out of reach of whoever may write the directory, that second place is what shows a cut tail. The first line of
//! a file is a `segment` (its number, and the file it continues), the last of a full one `rotated` and its checkpoint.
//! `retired` says that an old file was deleted by rule, and with which last `seq` and `hash`.
//!
//! Argument values are never written, see [`ArgumentsShape`].

mod arguments;
mod chain;
mod disk;
mod error;
mod event;
mod handle;
mod hash;
mod inbox;
mod key;
mod line;
mod lines;
mod name;
mod own;
mod queue;
pub mod read;
mod retention;
mod text;
pub mod verify;
mod writer;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use arguments::ArgumentsShape;
pub(crate) use arguments::canonical;
pub use error::AuditError;
pub use event::{Asked, Door, Event, EventName, Method, Outcome, Transport};
pub use handle::{Announced, Audit, Slot};
pub use key::{DigestKey, PublicKey};
pub use line::LINE_CAP_BYTES;
pub use queue::Health;

/// Where the record goes and how long it is kept.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Made `0700` if it is not there.
    pub directory: PathBuf,
    /// How file names begin: 1 to 32 of `a-z`, `0-9`, `_`, `-`.
    pub prefix: String,
    /// The Ed25519 private key (PEM, PKCS #8), nobody else's to read. Made if it is not there, with the public part
    /// beside it as `<key file>.pub`.
    pub key_file: PathBuf,
    /// The second place for checkpoints, best where only appending is possible. Without it a cut tail stays unseen.
    pub checkpoint_path: Option<PathBuf>,
    /// A file this long is followed by a new one.
    pub rotate_bytes: u64,
    /// Files untouched for this many days are deleted; `None` keeps them.
    pub keep_days: Option<u32>,
    /// More files than this, and the oldest are deleted; `None` keeps them.
    pub keep_files: Option<u32>,
    /// How many events may wait to be written. When all are taken, calls are refused.
    pub queue: usize,
    /// The longest a recorded event waits for company before it goes to disk.
    pub flush_ms: u64,
}

impl Settings {
    /// The defaults: prefix `audit`, files of 64 MiB kept for ever, 4,096 events waiting, 50 ms, no second place.
    #[must_use]
    pub fn new(directory: PathBuf, key_file: PathBuf) -> Self {
        Self {
            directory,
            prefix: "audit".to_owned(),
            key_file,
            checkpoint_path: None,
            rotate_bytes: 64 * 1024 * 1024,
            keep_days: None,
            keep_files: None,
            queue: 4096,
            flush_ms: 50,
        }
    }
}
