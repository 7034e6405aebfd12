//! Why the record cannot be opened, written or read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// What went wrong with the record. The sentences name files and are for the operator; a caller is told only that the
/// record is not available.
#[derive(Debug, Error)]
pub enum AuditError {
    /// As many events wait as may wait.
    #[error("the audit queue is full")]
    Busy,
    /// The disk fails, or the record was closed.
    #[error("the audit record cannot be written now ({code})")]
    Unavailable {
        /// The [`Health`](super::Health) code.
        code: &'static str,
    },
    /// The prefix would not make a file name that can be told apart.
    #[error("the audit prefix {prefix:?} is not 1 to 32 of a-z, 0-9, _ and -")]
    Prefix {
        /// As configured.
        prefix: String,
    },
    /// The directory cannot be made or written.
    #[error("the audit directory {} cannot be written: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The second place for checkpoints cannot be written.
    #[error("the audit checkpoint file {} cannot be written: {source}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner can reach the private key.
    #[error("the audit key file {} may be read by others (mode {mode:03o})", path.display())]
    KeyLoose {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file cannot be read or made.
    #[error("the audit key file {} cannot be used: {source}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key file holds something else.
    #[error("the audit key file {} holds no Ed25519 key in PEM", path.display())]
    KeyInvalid {
        /// The file.
        path: PathBuf,
    },
    /// A part of the record cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// File or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An export's destination failed.
    #[error("the export cannot be written: {0}")]
    Export(io::Error),
}

impl AuditError {
    /// The frozen code, `snake_case`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy => "audit_busy",
            Self::Unavailable { code } => code,
            Self::Prefix { .. } => "audit_prefix_invalid",
            Self::Directory { .. } => "audit_directory_unwritable",
            Self::Checkpoint { .. } => "audit_checkpoint_unwritable",
            Self::KeyLoose { .. } => "audit_key_loose",
            Self::KeyFile { .. } => "audit_key_unusable",
            Self::KeyInvalid { .. } => "audit_key_invalid",
            Self::Read { .. } => "audit_unreadable",
            Self::Export(_) => "audit_export_failed",
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::KeyLoose { path, .. } => Some(format!("chmod 600 {}", path.display())),
            Self::KeyInvalid { .. } => {
                Some("openssl genpkey -algorithm ed25519 makes one, and so does a start without the file".to_owned())
            }
            Self::Directory { path, .. } => Some(format!("make {} writable for the gateway's user", path.display())),
            Self::Checkpoint { path, .. } => Some(format!("let the gateway's user append to {}", path.display())),
            Self::Busy | Self::Unavailable { .. } => Some("try again in a moment".to_owned()),
            Self::Prefix { .. } | Self::KeyFile { .. } | Self::Read { .. } | Self::Export(_) => None,
        }
    }
}
