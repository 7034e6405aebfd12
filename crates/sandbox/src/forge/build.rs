//! Builds the whole state from a data set.

mod history;
mod issue;
mod people;
mod prose;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Forge, Id, Release, Repository, Status};
use crate::SandboxError;
use crate::data_set::schema;

const DEFAULT_BRANCH: &str = "main";

impl Forge {
    /// Everything in `data`, its relative times counted back from `started`.
    pub(crate) fn build(data: &schema::Data, started: Timestamp) -> Result<Self, SandboxError> {
        let mut builder = Builder { forge: Self::default(), started, next: Next::default() };
        builder.accounts(data)?;
        for repository in &data.repositories {
            for copy in 0..=repository.copies {
                builder.repository(repository, copy)?;
            }
        }
        builder.teams(data)?;
        Ok(builder.forge)
    }
}

/// The last id given out of each kind, over the whole forge.
#[derive(Default)]
struct Next {
    issue: Id,
    pull: Id,
    comment: Id,
    label: Id,
    milestone: Id,
    release: Id,
    review: Id,
    status: Id,
}

fn after(last: &mut Id) -> Id {
    *last += 1;
    *last
}

struct Builder {
    forge: Forge,
    started: Timestamp,
    next: Next,
}

impl Builder {
    fn repository(&mut self, data: &schema::Repository, copy: usize) -> Result<(), SandboxError> {
        let owner = self.account(&data.owner)?;
        let id = self.forge.repositories.len() as Id + 1;
        for former in &data.renamed_from {
            self.forge.redirects.insert((owner, former.to_lowercase()), id);
        }
        let mut repository = self.empty_repository(data, copy, owner, id)?;
        repository.labels = data.labels.iter().map(|label| self.label(label)).collect();
        repository.milestones = data.milestones.iter().map(|one| self.milestone(one)).collect::<Result<_, _>>()?;
        repository.releases = data.releases.iter().map(|release| self.release(release)).collect::<Result<_, _>>()?;
        for status in &data.statuses {
            let status = self.status(&repository, status)?;
            repository.statuses.push(status);
        }
        for issue in &data.issues {
            for copy in 0..=issue.copies {
                self.issue(&mut repository, issue, copy)?;
            }
        }
        self.number_comments(&mut repository);
        self.forge.repositories.push(repository);
        Ok(())
    }

    /// With its history and rights, before anything is said about it.
    fn empty_repository(
        &self,
        data: &schema::Repository,
        copy: usize,
        owner: Id,
        id: Id,
    ) -> Result<Repository, SandboxError> {
        let created = data.created.resolve(self.started)?;
        let git = history::build(&self.forge, data, self.started)?;
        let pushed =
            git.branches.values().filter_map(|tip| git.commit(*tip)).map(|commit| commit.committer.unix_seconds);
        let pushed = pushed.max().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let collaborators = data.collaborators.iter();
        let collaborator =
            |(login, permission): (&String, &schema::Permission)| Ok((self.account(login)?, (*permission).into()));
        Ok(Repository {
            id,
            owner,
            name: if copy == 0 { data.name.clone() } else { format!("{}-{}", data.name, copy + 1) },
            description: data.description.clone(),
            private: data.private,
            archived: data.archived,
            created,
            updated: pushed.map_or(created, |pushed| pushed.max(created)),
            topics: data.topics.clone(),
            languages: data.languages.clone(),
            collaborators: collaborators.map(collaborator).collect::<Result<_, SandboxError>>()?,
            default_branch: DEFAULT_BRANCH.to_owned(),
            git,
            labels: Vec::new(),
            milestones: Vec::new(),
            issues: BTreeMap::new(),
            releases: Vec::new(),
            statuses: Vec::new(),
        })
    }

    fn release(&mut self, data: &schema::Release) -> Result<Release, SandboxError> {
        Ok(Release {
            id: after(&mut self.next.release),
            tag: data.tag.clone(),
            name: data.name.clone(),
            body: data.body.clone(),
            author: self.account(&data.author)?,
            created: data.created.resolve(self.started)?,
            draft: data.draft,
            prerelease: data.prerelease,
        })
    }

    fn status(&mut self, repository: &Repository, data: &schema::Status) -> Result<Status, SandboxError> {
        let tip = repository.git.branches.get(&data.branch);
        Ok(Status {
            id: after(&mut self.next.status),
            commit: *tip.ok_or_else(|| SandboxError::dangling("a branch", &data.branch))?,
            state: data.state.clone(),
            context: data.context.clone(),
            description: data.description.clone(),
            target_url: data.target_url.clone(),
            when: data.when.resolve(self.started)?,
        })
    }
}
