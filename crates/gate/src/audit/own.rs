//! What the record writes about itself.

use serde::{Deserialize, Serialize};

use super::hash::Hash;

/// A line of the record's own, with its word.
pub(super) trait Own: Serialize {
    const EVENT: &'static str;
}

/// The first line of every file.
#[derive(Serialize, Deserialize)]
pub(super) struct Segment {
    pub(super) chain: String,
    #[serde(rename = "segment")]
    pub(super) number: u32,
    /// Of the program.
    pub(super) version: String,
    /// The file this one continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) previous: Option<Previous>,
}

/// The end of a file.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Previous {
    pub(super) file: String,
    pub(super) last_seq: u64,
    pub(super) head: String,
}

/// The process began to record.
#[derive(Serialize)]
pub(super) struct Started {}

/// The process ended in order; nothing follows but the checkpoint.
#[derive(Serialize)]
pub(super) struct Stopped {}

/// The last line of a full file but for its checkpoint.
#[derive(Serialize, Deserialize)]
pub(super) struct Rotated {
    pub(super) next: String,
}

/// Everything before this is vouched for.
#[derive(Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) chain: String,
    /// The id of the key that signed.
    pub(super) key: String,
}

/// An old file is deleted, by rule and not by anybody's hand.
#[derive(Serialize, Deserialize)]
pub(super) struct Retired {
    pub(super) chain: String,
    pub(super) key: String,
    pub(super) file: String,
    /// Of its last whole line, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<String>,
}

/// So many refusals came faster than they could be written one by one.
#[derive(Serialize)]
pub(super) struct Suppressed {
    pub(super) count: u64,
}

/// The record could not be written for a while and nothing ran.
#[derive(Serialize)]
pub(super) struct Recovered {
    pub(super) failing_since: String,
    pub(super) code: &'static str,
}

impl Own for Segment {
    const EVENT: &'static str = "segment";
}
impl Own for Started {
    const EVENT: &'static str = "started";
}
impl Own for Stopped {
    const EVENT: &'static str = "stopped";
}
impl Own for Rotated {
    const EVENT: &'static str = "rotated";
}
impl Own for Checkpoint {
    const EVENT: &'static str = "checkpoint";
}
impl Own for Retired {
    const EVENT: &'static str = "retired";
}
impl Own for Suppressed {
    const EVENT: &'static str = "suppressed";
}
impl Own for Recovered {
    const EVENT: &'static str = "recovered";
}

impl Previous {
    pub(super) fn new(file: String, last_seq: u64, head: Hash) -> Self {
        Self { file, last_seq, head: head.to_string() }
    }
}
