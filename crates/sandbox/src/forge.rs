//! The state of the forge: accounts, teams, tokens and repositories, and how to find them by name.

mod account;
mod build;
mod issue;
mod repository;

use std::collections::HashMap;

pub(crate) use account::{Account, Kind, Team, Token};
pub(crate) use issue::{Comment, Issue, Label, Merged, Milestone, Pull, Review};
pub(crate) use repository::{Release, Repository, Status};

/// Ids as Gitea numbers them, from one.
pub(crate) type Id = u64;

/// Everything there is.
#[derive(Debug, Default)]
pub(crate) struct Forge {
    pub(crate) accounts: Vec<Account>,
    pub(crate) teams: Vec<Team>,
    pub(crate) repositories: Vec<Repository>,
    /// By value.
    pub(crate) tokens: HashMap<String, Token>,
    /// Former names (owner's id and the name in lower case) of repositories.
    pub(crate) redirects: HashMap<(Id, String), Id>,
}

impl Forge {
    /// The account of this name, whatever its case.
    pub(crate) fn account(&self, login: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.login.eq_ignore_ascii_case(login))
    }

    pub(crate) fn account_by_id(&self, id: Id) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// The person whose commits carry this address.
    pub(crate) fn account_by_email(&self, email: &str) -> Option<&Account> {
        self.people().find(|account| account.email.eq_ignore_ascii_case(email))
    }

    pub(crate) fn people(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(|account| account.kind == Kind::Person)
    }

    pub(crate) fn organisation(&self, name: &str) -> Option<&Account> {
        self.account(name).filter(|account| account.kind == Kind::Organisation)
    }

    /// The repository of this name, whatever its case.
    pub(crate) fn repository(&self, owner: Id, name: &str) -> Option<&Repository> {
        self.repositories.iter().find(|here| here.owner == owner && here.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn repository_mut(&mut self, owner: &str, name: &str) -> Option<&mut Repository> {
        let owner = self.account(owner)?.id;
        self.repositories.iter_mut().find(|here| here.owner == owner && here.name.eq_ignore_ascii_case(name))
    }

    /// Where a former name leads.
    pub(crate) fn redirect(&self, owner: Id, name: &str) -> Option<&Repository> {
        let id = self.redirects.get(&(owner, name.to_lowercase()))?;
        self.repositories.iter().find(|here| here.id == *id)
    }

    pub(crate) fn owner_of(&self, repository: &Repository) -> Option<&Account> {
        self.account_by_id(repository.owner)
    }

    /// `owner/name`.
    pub(crate) fn full_name(&self, repository: &Repository) -> String {
        let owner = self.owner_of(repository).map(|owner| owner.login.as_str()).unwrap_or_default();
        format!("{owner}/{}", repository.name)
    }

    /// Organisations a person belongs to through any team.
    pub(crate) fn organisations_of(&self, person: Id) -> impl Iterator<Item = &Account> {
        let member = move |account: &&Account| {
            self.teams.iter().any(|team| team.organisation == account.id && team.members.contains(&person))
        };
        self.accounts.iter().filter(member)
    }
}
