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
    /// Gitea's number of the account.
    Account(i64),
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
            Who::Account(id) => *id == subject.account_id,
            Who::Login(login) => self.is_about(login, subject),
            Who::Key(id) => subject.key_id == Some(id),
        }) && self.tools.iter().any(|tools| match tools {
            Tools::All => true,
            Tools::Toolset(toolset) => *toolset == act.toolset,
            Tools::Tool(name) => name == act.tool,
        })
    }

    /// People may rename themselves. What denies a login holds for a key made under it, too; what allows one does not:
    /// the login may be somebody else's by now.
    fn is_about(&self, login: &str, subject: Subject<'_>) -> bool {
        let of_key = match self.effect {
            Effect::Deny => subject.login_of_key,
            Effect::Allow => None,
        };
        [Some(subject.login), of_key].into_iter().flatten().any(|name| name.to_lowercase() == login)
    }

    /// Whether it speaks about every path of every repository.
    pub(crate) fn is_total(&self) -> bool {
        self.repositories.is_everything() && self.paths.cover_everything()
    }
}
