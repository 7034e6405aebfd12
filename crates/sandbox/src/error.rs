//! What can keep a sandbox from starting.

use thiserror::Error;

/// Why a sandbox did not start, or a change to it was not made.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// The data set is not TOML of the schema in [`crate::DataSet`]; only a mistake in this crate's `data/` can cause it.
    #[error("the data set cannot be read")]
    Unreadable(#[from] toml::de::Error),
    /// A data set names a user, branch, label or the like that it does not define.
    #[error("the data set names {kind} \"{name}\", which it does not define")]
    Dangling {
        /// What sort of thing is missing.
        kind: &'static str,
        /// The name that leads nowhere.
        name: String,
    },
    /// A moment, scope or encoded file in a data set could not be understood.
    #[error("the data set holds {kind} that cannot be understood: \"{text}\"")]
    Malformed {
        /// What it should have been.
        kind: &'static str,
        /// What it was.
        text: String,
    },
    /// The address could not be bound.
    #[error("the sandbox cannot listen")]
    Listen(#[from] std::io::Error),
    /// A change names a repository that does not exist.
    #[error("no such repository in the sandbox")]
    NoSuchRepository,
}

impl SandboxError {
    /// A name for logs and scripts that never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "data_set_unreadable",
            Self::Dangling { .. } => "data_set_dangling",
            Self::Malformed { .. } => "data_set_malformed",
            Self::Listen(_) => "cannot_listen",
            Self::NoSuchRepository => "no_such_repository",
        }
    }

    pub(crate) fn dangling(kind: &'static str, name: impl Into<String>) -> Self {
        Self::Dangling { kind, name: name.into() }
    }

    pub(crate) fn malformed(kind: &'static str, text: impl Into<String>) -> Self {
        Self::Malformed { kind, text: text.into() }
    }
}
