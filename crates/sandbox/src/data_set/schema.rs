//! How a data set is written. Order gives ids: users first, then organisations, then repositories, as Gitea counts.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Moment;

/// A whole data set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub(crate) users: Vec<User>,
    #[serde(default)]
    pub(crate) organisations: Vec<Organisation>,
    pub(crate) repositories: Vec<Repository>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) login: String,
    #[serde(default)]
    pub(crate) full_name: String,
    pub(crate) email: String,
    /// Commits carry this name; the login when absent.
    pub(crate) commit_name: Option<String>,
    #[serde(default)]
    pub(crate) admin: bool,
    pub(crate) created: Moment,
    pub(crate) tokens: Vec<Token>,
}

/// A personal access token. The first of a user is the one [`crate::Sandbox::token`] gives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Comma-separated, as Gitea stores and reports it.
    pub(crate) scopes: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Organisation {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) full_name: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) created: Moment,
    /// Shared by all its repositories.
    #[serde(default)]
    pub(crate) labels: Vec<Label>,
    pub(crate) teams: Vec<Team>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Team {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) permission: Permission,
    pub(crate) members: Vec<String>,
    /// Names of repositories of the organisation; absent means all.
    pub(crate) repositories: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Permission {
    Read,
    Write,
    Admin,
    Owner,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repository {
    pub(crate) owner: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) private: bool,
    #[serde(default)]
    pub(crate) archived: bool,
    pub(crate) created: Moment,
    #[serde(default)]
    pub(crate) topics: Vec<String>,
    /// Former names, which answer 301.
    #[serde(default)]
    pub(crate) renamed_from: Vec<String>,
    /// Bytes a language, as the statistics would count.
    #[serde(default)]
    pub(crate) languages: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) collaborators: BTreeMap<String, Permission>,
    /// So many more of the same, named `<name>-2` and on.
    #[serde(default)]
    pub(crate) copies: usize,
    #[serde(default)]
    pub(crate) commits: Vec<Commit>,
    #[serde(default)]
    pub(crate) tags: Vec<Tag>,
    #[serde(default)]
    pub(crate) labels: Vec<Label>,
    #[serde(default)]
    pub(crate) milestones: Vec<Milestone>,
    /// Issues and pull requests together: their numbers count from one in this order.
    #[serde(default)]
    pub(crate) issues: Vec<Issue>,
    #[serde(default)]
    pub(crate) releases: Vec<Release>,
    #[serde(default)]
    pub(crate) statuses: Vec<Status>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Commit {
    pub(crate) author: String,
    /// The name to sign with, when it is not the author's usual one.
    pub(crate) signed_as: Option<String>,
    pub(crate) when: Moment,
    pub(crate) message: String,
    /// `main` when absent.
    #[serde(default = "main_branch")]
    pub(crate) branch: String,
    /// The branch a new branch starts from; `main` when absent.
    #[serde(default = "main_branch")]
    pub(crate) from: String,
    /// The branch this commit merges.
    pub(crate) merges: Option<String>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, File>,
    /// Many files at once.
    #[serde(default)]
    pub(crate) fill: Vec<Fill>,
}

fn main_branch() -> String {
    "main".to_owned()
}

/// What a commit does to a path; a plain string is a text file.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum File {
    Text(String),
    Detailed(DetailedFile),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum DetailedFile {
    Base64(String),
    Executable(String),
    /// The target.
    Symlink(String),
    /// The commit of the submodule.
    Submodule(String),
    /// Generated prose of this many bytes.
    Generated(usize),
    /// Takes the file away: `{ deleted = {} }`.
    Deleted {},
}

/// `count` generated files spread over directories below `directory`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fill {
    pub(crate) directory: String,
    pub(crate) extension: String,
    pub(crate) count: usize,
    pub(crate) bytes: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tag {
    pub(crate) name: String,
    /// Branch or tag it points to.
    pub(crate) target: String,
    /// Makes it an annotated tag.
    pub(crate) annotation: Option<Annotation>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Annotation {
    pub(crate) tagger: String,
    pub(crate) when: Moment,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) color: String,
    #[serde(default)]
    pub(crate) description: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Milestone {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) created: Moment,
    pub(crate) due: Option<Moment>,
    pub(crate) closed: Option<Moment>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issue {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) body: String,
    pub(crate) author: String,
    pub(crate) created: Moment,
    pub(crate) closed: Option<Moment>,
    #[serde(default)]
    pub(crate) labels: Vec<String>,
    pub(crate) milestone: Option<String>,
    #[serde(default)]
    pub(crate) assignees: Vec<String>,
    #[serde(default)]
    pub(crate) comments: Vec<Comment>,
    /// Makes it a pull request.
    pub(crate) pull: Option<Pull>,
    /// So many more of the same, their titles numbered.
    #[serde(default)]
    pub(crate) copies: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comment {
    pub(crate) author: String,
    pub(crate) created: Moment,
    pub(crate) body: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pull {
    pub(crate) head: String,
    pub(crate) base: String,
    #[serde(default)]
    pub(crate) draft: bool,
    /// Who merged it, at the time the issue was closed, with the commit that has the head as its second parent.
    pub(crate) merged_by: Option<String>,
    #[serde(default)]
    pub(crate) reviews: Vec<Review>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Review {
    pub(crate) author: String,
    /// `APPROVED`, `REQUEST_CHANGES` or `COMMENT`, as Gitea writes it.
    pub(crate) state: String,
    pub(crate) body: String,
    pub(crate) when: Moment,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    pub(crate) tag: String,
    pub(crate) name: String,
    pub(crate) body: String,
    pub(crate) author: String,
    pub(crate) created: Moment,
    #[serde(default)]
    pub(crate) draft: bool,
    #[serde(default)]
    pub(crate) prerelease: bool,
}

/// A commit status on the tip of a branch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    pub(crate) branch: String,
    pub(crate) state: String,
    pub(crate) context: String,
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) target_url: String,
    pub(crate) when: Moment,
}
