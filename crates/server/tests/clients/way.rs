//! The ways between a client and the gateway.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Failure;

/// A way by its name.
#[derive(Clone, Copy)]
pub(crate) enum Transport {
    Streamable,
    Sse,
    Stdio,
}

/// A way with an address.
pub(crate) enum Way {
    Streamable { url: String, key: String },
    Sse { url: String, key: String },
    Stdio(Arc<Local>),
}

/// The gateway as a program that a client starts.
pub(crate) struct Local {
    pub(crate) command: [&'static str; 2],
    pub(crate) environment: BTreeMap<&'static str, String>,
    #[expect(dead_code, reason = "its files are in use")]
    state: TempDir,
}

impl Way {
    /// From `url`, the gateway's or a proxy's.
    pub(crate) fn new(transport: Transport, url: &str, key: &str, local: &Arc<Local>) -> Self {
        let key = key.to_owned();
        match transport {
            Transport::Streamable => Self::Streamable { url: format!("{url}/mcp"), key },
            Transport::Sse => Self::Sse { url: format!("{url}/mcp/sse"), key },
            Transport::Stdio => Self::Stdio(Arc::clone(local)),
        }
    }

    /// As the scripts of the SDKs read it.
    pub(crate) fn request(&self) -> Value {
        match self {
            Self::Streamable { url, key } => json!({"transport": "streamable", "url": url, "key": key}),
            Self::Sse { url, key } => json!({"transport": "sse", "url": url, "key": key}),
            Self::Stdio(local) => {
                json!({"transport": "stdio", "command": local.command, "environment": local.environment})
            }
        }
    }
}

impl Local {
    /// `binary` before a forge, as the owner of `token`.
    ///
    /// # Errors
    /// There is no place for its state.
    pub(crate) fn new(binary: &'static str, forge: &str, token: &str) -> Result<Self, Failure> {
        let state = TempDir::new()?;
        let directory = state.path().display().to_string();
        let environment =
            [("GITEA_URL", forge.to_owned()), ("GITEA_TOKEN", token.to_owned()), ("STATE_DIR", directory)];
        Ok(Self { command: [binary, "stdio"], environment: environment.into(), state })
    }
}

impl Display for Transport {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Streamable => "streamable",
            Self::Sse => "sse",
            Self::Stdio => "stdio",
        })
    }
}
