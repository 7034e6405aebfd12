//! What clients are offered, and the policy.

use std::path::PathBuf;

use crate::config::reader::Reader;
use crate::config::variables::{Kind, Variable, section};

section! {
    "What is offered", "An upper bound for everybody. A client may ask for less, never for more.";

    POLICY_PATH = Variable::new(
        Kind::File,
        "policy.path",
        "The policy: who may do what where.",
    )
        .optional("each person's own rights in Gitea, reads only")
        .example("/etc/aegis-mcp/policy.toml");
    TOOLSETS = Variable::new(
        Kind::Names,
        "tools.toolsets",
        "Groups of tools to offer.",
    )
        .optional("the groups that are on by default")
        .example("repositories,files,issues");
    TOOLS = Variable::new(
        Kind::Names,
        "tools.tools",
        "Tools to offer besides those of the groups.",
    )
        .optional("no others")
        .example("get_release,list_releases");
    EXCLUDE_TOOLS = Variable::new(
        Kind::Names,
        "tools.exclude",
        "Tools not to offer, wherever else they are named.",
    )
        .optional("none")
        .example("search_users");
    READ_ONLY = Variable::new(
        Kind::Bool,
        "tools.read_only",
        "Offer nothing that writes, whatever else is set.",
    )
        .default("false")
        .example("true");
}

/// What clients are offered.
#[derive(Debug, Clone)]
pub struct ToolsSection {
    /// `POLICY_PATH`, seen to open.
    pub policy_path: Option<PathBuf>,
    /// `TOOLSETS`; empty: those on by default. Names are not checked against the catalogue here.
    pub toolsets: Vec<String>,
    /// `TOOLS`.
    pub tools: Vec<String>,
    /// `EXCLUDE_TOOLS`.
    pub exclude: Vec<String>,
    /// `READ_ONLY`.
    pub read_only: bool,
}

impl ToolsSection {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            policy_path: reader.file(&POLICY_PATH),
            toolsets: reader.names(&TOOLSETS),
            tools: reader.names(&TOOLS),
            exclude: reader.names(&EXCLUDE_TOOLS),
            read_only: reader.boolean(&READ_ONLY),
        }
    }
}
