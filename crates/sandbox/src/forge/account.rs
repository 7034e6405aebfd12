//! People, organisations, teams and tokens.

use jiff::Timestamp;

use super::{Id, Label};
use crate::rights::Access;
use crate::scope::Scope;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    Organisation,
}

/// A person or an organisation: Gitea keeps both in one table and so do the ids.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: Id,
    pub(crate) kind: Kind,
    pub(crate) login: String,
    pub(crate) full_name: String,
    pub(crate) email: String,
    pub(crate) commit_name: String,
    pub(crate) description: String,
    pub(crate) admin: bool,
    /// Gitea hashes the mail address, or an organisation's name; any stable 32 digits do.
    pub(crate) avatar: String,
    pub(crate) created: Timestamp,
    /// Shared by all repositories of an organisation.
    pub(crate) labels: Vec<Label>,
}

#[derive(Debug, Clone)]
pub(crate) struct Team {
    pub(crate) id: Id,
    pub(crate) organisation: Id,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) permission: Access,
    pub(crate) members: Vec<Id>,
    /// `None` is all of the organisation's.
    pub(crate) repositories: Option<Vec<Id>>,
}

impl Team {
    pub(crate) fn covers(&self, repository: Id) -> bool {
        self.repositories.as_ref().is_none_or(|some| some.contains(&repository))
    }
}

/// A personal access token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) owner: Id,
    pub(crate) scope: Scope,
}
