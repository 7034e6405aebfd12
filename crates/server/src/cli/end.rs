//! How a command ends: a status and, when it went wrong, what happened and what to do.

use std::fmt;
use std::process::ExitCode;

use aegis_gitea::GiteaError;
use aegis_store::StoreError;

use crate::listener::BindError;
use crate::terminal::{self, Style};

/// Exit statuses. Documented in `--help`; scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well.
    Fine = 0,
    /// A check found something.
    Found = 1,
    /// The command was written wrong.
    Usage = 2,
    /// The configuration is wrong.
    Configuration = 64,
    /// Gitea cannot be used.
    Unavailable = 69,
    /// A fault of ours or of the machine.
    Fault = 70,
    /// Somebody or some rule said no.
    Refused = 77,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that did not do what it was asked.
#[derive(Debug)]
pub struct End {
    exit: Exit,
    what: String,
    hint: Option<String>,
}

impl End {
    /// With a status and a sentence.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), hint: None }
    }

    /// A fault of ours or of the machine.
    pub fn fault(what: impl Into<String>) -> Self {
        Self::new(Exit::Fault, what)
    }

    /// And what to do about it.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Prints it in the one shape of errors.
    #[must_use]
    pub fn tell(&self) -> ExitCode {
        tell(Style::Bad, "error", &self.what, self.hint.as_deref(), None);
        self.exit.into()
    }
}

/// One error or warning on standard error: what, what to do, where it is written up.
pub(crate) fn tell(style: Style, word: &str, what: &str, hint: Option<&str>, docs: Option<&str>) {
    terminal::note(&format!("{}: {}", terminal::styled(style, word), terminal::plain(what)));
    for (label, text) in [("hint", hint), ("docs", docs)] {
        if let Some(text) = text {
            terminal::note(&format!("  {label}: {}", terminal::plain(text)));
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        let end = Self::new(Exit::Configuration, format!("{error} ({})", error.code()));
        Self { hint: error.hint(), ..end }
    }
}

impl From<GiteaError> for End {
    fn from(error: GiteaError) -> Self {
        let refused = matches!(
            error,
            GiteaError::Unauthorized | GiteaError::Forbidden | GiteaError::MissingScope { .. } | GiteaError::Suspended
        );
        let exit = if refused { Exit::Refused } else { Exit::Unavailable };
        let end = Self::new(exit, format!("{error} ({})", error.code()));
        match error {
            GiteaError::Unreachable { .. } | GiteaError::Timeout | GiteaError::Unavailable { .. } => {
                end.with_hint("check GITEA_URL, and that this machine reaches it")
            }
            GiteaError::MissingScope { .. } => {
                end.with_hint("make a token with read:user, read:repository, read:issue and read:organization")
            }
            GiteaError::Unauthorized => end.with_hint("make a new token in Gitea under Settings › Applications"),
            GiteaError::Malformed { .. } | GiteaError::Redirected | GiteaError::NotFound => end.with_hint(
                "GITEA_URL must be the address of the forge itself, as a browser shows it on its front page",
            ),
            _ => end,
        }
    }
}

impl From<BindError> for End {
    fn from(error: BindError) -> Self {
        let end = Self::new(Exit::Unavailable, error.to_string());
        Self { hint: error.hint, ..end }
    }
}

impl From<anyhow::Error> for End {
    fn from(error: anyhow::Error) -> Self {
        Self::fault(format!("{error:#}"))
    }
}

impl From<std::io::Error> for End {
    fn from(error: std::io::Error) -> Self {
        Self::fault(error.to_string())
    }
}
