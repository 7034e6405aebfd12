//! Where a value was set.

use std::fmt;
use std::path::PathBuf;

/// Where a value was set, strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// On the command line.
    Flag,
    /// In the environment of the process.
    Environment,
    /// In `.env`.
    DotEnv {
        /// Line, from 1.
        line: usize,
    },
    /// In the TOML file.
    Toml {
        /// Line, from 1.
        line: usize,
    },
    /// In the file that `NAME_FILE` names; such a secret may change while we run.
    SecretFile(PathBuf),
    /// Nowhere.
    Unset,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("command line"),
            Self::Environment | Self::Unset => Ok(()),
            Self::DotEnv { line } => write!(formatter, ".env, line {line}"),
            Self::Toml { line } => write!(formatter, "TOML, line {line}"),
            Self::SecretFile(path) => write!(formatter, "{}", path.display()),
        }
    }
}
