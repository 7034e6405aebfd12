//! People, organisations, teams and tokens of a data set.

use super::{Builder, after};
use crate::SandboxError;
use crate::data_set::schema;
use crate::forge::{Account, Id, Kind, Team, Token};
use crate::git::ObjectId;
use crate::scope::Scope;

impl Builder {
    pub(super) fn account(&self, login: &str) -> Result<Id, SandboxError> {
        let found = self.forge.account(login).map(|account| account.id);
        found.ok_or_else(|| SandboxError::dangling("an account", login))
    }

    pub(super) fn accounts(&mut self, data: &schema::Data) -> Result<(), SandboxError> {
        let mut id = 0;
        for user in &data.users {
            let id = after(&mut id);
            self.forge.accounts.push(Account {
                id,
                kind: Kind::Person,
                login: user.login.clone(),
                full_name: user.full_name.clone(),
                email: user.email.clone(),
                commit_name: user.commit_name.as_ref().unwrap_or(&user.login).clone(),
                description: String::new(),
                admin: user.admin,
                avatar: avatar(&user.email),
                created: user.created.resolve(self.started)?,
                labels: Vec::new(),
            });
            for token in &user.tokens {
                let known = Token { owner: id, scope: Scope::parse(&token.scopes)? };
                self.forge.tokens.insert(token.value.clone(), known);
            }
        }
        for organisation in &data.organisations {
            let labels = organisation.labels.iter().map(|label| self.label(label)).collect();
            self.forge.accounts.push(Account {
                id: after(&mut id),
                kind: Kind::Organisation,
                login: organisation.name.clone(),
                full_name: organisation.full_name.clone(),
                email: String::new(),
                commit_name: String::new(),
                description: organisation.description.clone(),
                admin: false,
                avatar: avatar(&organisation.name),
                created: organisation.created.resolve(self.started)?,
                labels,
            });
        }
        Ok(())
    }

    pub(super) fn teams(&mut self, data: &schema::Data) -> Result<(), SandboxError> {
        for organisation in &data.organisations {
            let owner = self.account(&organisation.name)?;
            for team in &organisation.teams {
                let members = team.members.iter().map(|login| self.account(login)).collect::<Result<_, _>>()?;
                let find = |name: &String| {
                    let found = self.forge.repository(owner, name).map(|repository| repository.id);
                    found.ok_or_else(|| SandboxError::dangling("a team's repository", name))
                };
                let repositories = team
                    .repositories
                    .as_ref()
                    .map(|names| names.iter().map(find).collect::<Result<_, _>>())
                    .transpose()?;
                self.forge.teams.push(Team {
                    id: self.forge.teams.len() as Id + 1,
                    organisation: owner,
                    name: team.name.clone(),
                    description: team.description.clone(),
                    permission: team.permission.into(),
                    members,
                    repositories,
                });
            }
        }
        Ok(())
    }
}

fn avatar(hashed: &str) -> String {
    ObjectId::of("avatar", hashed.as_bytes()).to_string().chars().take(32).collect()
}
