//! Open or closed.

use aegis_gitea::read::{State, StateFilter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which states to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    #[default]
    Open,
    Closed,
    All,
}

impl From<Wanted> for StateFilter {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Open => Self::Open,
            Wanted::Closed => Self::Closed,
            Wanted::All => Self::All,
        }
    }
}

/// The state something is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    Open,
    Closed,
    Unknown,
}

impl From<State> for Standing {
    fn from(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Closed => Self::Closed,
            State::Other => Self::Unknown,
        }
    }
}
