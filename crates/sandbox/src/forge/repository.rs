//! A repository and what belongs to it.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::{Id, Issue, Label, Milestone};
use crate::git::{Git, ObjectId};
use crate::rights::Access;

#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) id: Id,
    pub(crate) owner: Id,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) topics: Vec<String>,
    pub(crate) languages: BTreeMap<String, u64>,
    pub(crate) collaborators: HashMap<Id, Access>,
    pub(crate) default_branch: String,
    pub(crate) git: Git,
    pub(crate) labels: Vec<Label>,
    pub(crate) milestones: Vec<Milestone>,
    /// By number.
    pub(crate) issues: BTreeMap<u64, Issue>,
    /// Oldest first.
    pub(crate) releases: Vec<Release>,
    /// Oldest first.
    pub(crate) statuses: Vec<Status>,
}

#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) id: Id,
    pub(crate) tag: String,
    pub(crate) name: String,
    pub(crate) body: String,
    pub(crate) author: Id,
    pub(crate) created: Timestamp,
    pub(crate) draft: bool,
    pub(crate) prerelease: bool,
}

/// What a check said about a commit.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) id: Id,
    pub(crate) commit: ObjectId,
    pub(crate) state: String,
    pub(crate) context: String,
    pub(crate) description: String,
    pub(crate) target_url: String,
    pub(crate) when: Timestamp,
}

impl Repository {
    /// The language with the most bytes, as Gitea's statistics name it.
    pub(crate) fn main_language(&self) -> &str {
        let most = self.languages.iter().max_by_key(|(_, bytes)| **bytes);
        most.map(|(language, _)| language.as_str()).unwrap_or_default()
    }

    /// Open issues, or open pull requests.
    pub(crate) fn open(&self, pulls: bool) -> usize {
        self.issues.values().filter(|issue| issue.closed.is_none() && issue.pull.is_some() == pulls).count()
    }
}
