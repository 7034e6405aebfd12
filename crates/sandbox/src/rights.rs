//! Who may do what with a repository.

use crate::data_set::schema::Permission;
use crate::forge::{Account, Forge, Repository};

/// A person's standing on one repository; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    None,
    Read,
    Write,
    Admin,
    Owner,
}

impl From<Permission> for Access {
    fn from(permission: Permission) -> Self {
        match permission {
            Permission::Read => Self::Read,
            Permission::Write => Self::Write,
            Permission::Admin => Self::Admin,
            Permission::Owner => Self::Owner,
        }
    }
}

impl Access {
    /// Gitea's word, as `/collaborators/{u}/permission` and teams show it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Site administrators own everything; then owner, collaborator and teams; the public reads what is public.
    pub(crate) fn of(forge: &Forge, person: Option<&Account>, repository: &Repository) -> Self {
        let open = if repository.private { Self::None } else { Self::Read };
        let Some(person) = person else { return open };
        if person.admin {
            return Self::Owner;
        }
        Self::granted(forge, person, repository).max(open)
    }

    /// What was given to this person by name, without the site administrator's and the public's rights.
    pub(crate) fn granted(forge: &Forge, person: &Account, repository: &Repository) -> Self {
        if repository.owner == person.id {
            return Self::Owner;
        }
        let own = repository.collaborators.get(&person.id).copied().unwrap_or(Self::None);
        let through_teams = forge.teams.iter().filter(|team| {
            team.organisation == repository.owner && team.members.contains(&person.id) && team.covers(repository.id)
        });
        through_teams.map(|team| team.permission).fold(own, Self::max)
    }
}
