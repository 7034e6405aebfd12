//! Failed sign-ins by source, kept so that a restart does not clear them.

use jiff::Timestamp;

/// What is remembered of one source. The gate decides what the numbers mean; the store only keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockoutRow {
    /// An address as the gate normalised it (an IPv6 source by its /64), at most 64 bytes.
    pub source: String,
    /// Failures that still count.
    pub failures: u32,
    /// When the last of them was.
    pub last_failure_at: Timestamp,
    /// Until when the source is refused.
    pub locked_until: Option<Timestamp>,
    /// When a key from here last opened a door.
    pub last_success_at: Option<Timestamp>,
}
