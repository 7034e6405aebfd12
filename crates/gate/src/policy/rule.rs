//! One rule, compiled.

use super::pattern::{PathPatterns, RepositoryPatterns};
use super::{Act, Subject};

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// One rule of the file. Every field was written out by the operator: nothing unset means "all".
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) effect: Effect,
    pub(crate) who: Vec<Who>,
    pub(crate) tools: Vec<Tools>,
    pub(crate) repositories: RepositoryPatterns,
    pub(crate) paths: PathPatterns,
}

/// A person, a key, or everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    Everyone,
    /// Case-folded, as Gitea compares logins.
    Login(String),
    Key(String),
}

/// A tool, a toolset, or all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tools {
    All,
    Toolset(crate::tool::Toolset),
    Tool(String),
}

impl Rule {
    /// Whether the rule speaks about this subject and tool at all.
    pub(crate) fn covers(&self, subject: Subject<'_>, act: Act) -> bool {
        self.who.iter().any(|who| match who {
            Who::Everyone => true,
            Who::Login(login) => *login == subject.login.to_lowercase(),
            Who::Key(id) => subject.key_id == Some(id),
        }) && self.tools.iter().any(|tools| match tools {
            Tools::All => true,
            Tools::Toolset(toolset) => *toolset == act.toolset,
            Tools::Tool(name) => name == act.tool,
        })
    }

    /// Whether it speaks about every path of every repository.
    pub(crate) fn is_total(&self) -> bool {
        self.repositories.is_everything() && self.paths.is_everything()
    }
}
