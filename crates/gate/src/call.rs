//! What a caller may ask for: four doors into one catalogue. Behind each stands an entry that runs like any tool, so
//! that nothing a rule keeps from a tool can be had through another door (attack R05).

use serde_json::{Map, Value};

use crate::audit::Door;

/// One call, as it came.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// A tool.
    Tool {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Map<String, Value>,
    },
    /// A resource is read.
    Resource {
        /// Its URI.
        uri: String,
    },
    /// A prompt is got.
    Prompt {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Map<String, Value>,
    },
    /// A value is completed.
    Completion {
        /// The prompt's name, or the resource's template.
        of: String,
        /// The argument or variable.
        argument: String,
        /// What is written of it so far.
        value: String,
        /// The values of others that are known already.
        known: Map<String, Value>,
    },
}

impl Call {
    /// A tool's call.
    #[must_use]
    pub fn tool(name: impl Into<String>, arguments: Map<String, Value>) -> Self {
        Self::Tool { name: name.into(), arguments }
    }

    /// The record's word for it, where it is no tool.
    pub(crate) fn door(&self) -> Option<Door> {
        match self {
            Self::Tool { .. } => None,
            Self::Resource { .. } => Some(Door::Resource),
            Self::Prompt { .. } => Some(Door::Prompt),
            Self::Completion { .. } => Some(Door::Completion),
        }
    }
}
