//! Issues and their comments.

use jiff::Timestamp;
use serde::Deserialize;

use super::tolerant::{count, or_default, time};
use super::{Label, Page, PageRequest, RepositoryReader, User};
use crate::endpoints::{ISSUE, ISSUE_COMMENTS, ISSUES, MILESTONES};
use crate::error::GiteaError;
use crate::name::{Index, Owner};

/// An issue, or a pull request seen as one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "RawIssue")]
pub struct Issue {
    /// Its number in the repository.
    pub number: Index,
    /// Its title.
    pub title: String,
    /// Its text, in Markdown.
    pub body: String,
    /// Open or closed.
    pub state: State,
    /// Who opened it.
    pub author: Option<User>,
    /// Its labels.
    pub labels: Vec<Label>,
    /// Its milestone.
    pub milestone: Option<Milestone>,
    /// Who is to see to it.
    pub assignees: Vec<User>,
    /// How many comments it has.
    pub comments: u64,
    /// When it was opened.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When it should be done.
    pub due_date: Option<Timestamp>,
    /// Whether the conversation is locked.
    pub is_locked: bool,
    /// Whether it is a pull request.
    pub is_pull: bool,
    /// Its page.
    pub html_url: String,
}

/// Open or closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Open.
    Open,
    /// Closed.
    Closed,
    /// A word we do not know.
    #[default]
    #[serde(other)]
    Other,
}

/// A milestone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Milestone {
    /// Stable number.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Open or closed.
    #[serde(default, deserialize_with = "or_default")]
    pub state: State,
    /// When it should be reached.
    #[serde(default, deserialize_with = "time")]
    pub due_on: Option<Timestamp>,
}

/// A comment on an issue or pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Comment {
    /// Stable number.
    pub id: i64,
    /// Who wrote it.
    #[serde(default, rename = "user")]
    pub author: Option<User>,
    /// Its text, in Markdown.
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    /// When it was written.
    #[serde(default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
    /// Its place on the page.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
}

#[derive(Deserialize)]
struct RawIssue {
    number: Index,
    title: String,
    #[serde(default, deserialize_with = "or_default")]
    body: String,
    #[serde(default, deserialize_with = "or_default")]
    state: State,
    #[serde(default)]
    user: Option<User>,
    #[serde(default, deserialize_with = "or_default")]
    labels: Vec<Label>,
    #[serde(default)]
    milestone: Option<Milestone>,
    #[serde(default, deserialize_with = "or_default")]
    assignees: Vec<User>,
    #[serde(default, deserialize_with = "count")]
    comments: u64,
    #[serde(default, deserialize_with = "time")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    updated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    closed_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    due_date: Option<Timestamp>,
    #[serde(default)]
    is_locked: bool,
    #[serde(default)]
    pull_request: Option<serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "or_default")]
    html_url: String,
}

impl From<RawIssue> for Issue {
    fn from(raw: RawIssue) -> Self {
        Self {
            number: raw.number,
            title: raw.title,
            body: raw.body,
            state: raw.state,
            author: raw.user,
            labels: raw.labels,
            milestone: raw.milestone,
            assignees: raw.assignees,
            comments: raw.comments,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
            closed_at: raw.closed_at,
            due_date: raw.due_date,
            is_locked: raw.is_locked,
            is_pull: raw.pull_request.is_some(),
            html_url: raw.html_url,
        }
    }
}

/// Which states to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StateFilter {
    /// Open ones.
    #[default]
    Open,
    /// Closed ones.
    Closed,
    /// Both.
    All,
}

impl StateFilter {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::All => "all",
        }
    }
}

/// Which issues, newest first. Pull requests are not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueQuery {
    /// Open, closed or both.
    pub state: StateFilter,
    /// With all these labels, by name. Gitea leaves out, without a word, a name that is none of the repository's own
    /// labels, also for its letters' case; a name with a comma cannot be asked for: Gitea separates by it.
    pub labels: Vec<String>,
    /// With these words.
    pub q: Option<String>,
    /// In this milestone, by title or number. Gitea leaves out, without a word, one that is not there; a title with a
    /// comma cannot be asked for: Gitea separates by it.
    pub milestone: Option<String>,
    /// Assigned to this person.
    pub assignee: Option<Owner>,
    /// Opened by this person.
    pub author: Option<Owner>,
    /// Changed since.
    pub since: Option<Timestamp>,
    /// Which page.
    pub page: PageRequest,
}

impl RepositoryReader {
    /// Issues.
    ///
    /// # Errors
    /// [`GiteaError`]; needs `read:issue`.
    pub async fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, GiteaError> {
        let labels = Some(query.labels.join(",")).filter(|labels| !labels.is_empty());
        let call = self
            .call(&ISSUES)
            .query("type", "issues")
            .query("state", query.state.as_str())
            .maybe("labels", labels)
            .maybe("q", query.q.as_deref())
            .maybe("milestones", query.milestone.as_deref())
            .maybe("assigned_by", query.assignee.as_ref().map(Owner::as_str))
            .maybe("created_by", query.author.as_ref().map(Owner::as_str))
            .maybe("since", query.since.map(|time| time.to_string()));
        self.bound.page(call, query.page).await
    }

    /// Milestones, open and closed.
    ///
    /// # Errors
    /// [`GiteaError`]; needs `read:issue`.
    pub async fn milestones(&self, page: PageRequest) -> Result<Page<Milestone>, GiteaError> {
        self.bound.page(self.call(&MILESTONES).query("state", "all"), page).await
    }

    /// One issue or pull request.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is none; needs `read:issue`.
    pub async fn issue(&self, index: Index) -> Result<Issue, GiteaError> {
        self.bound.json(&self.call(&ISSUE).index(index)).await
    }

    /// Comments of one issue or pull request, oldest first; since a time, or all. Gitea has no pages of them.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is no such issue: Gitea says 500, so the issue is asked for. Needs
    /// `read:issue`.
    pub async fn issue_comments(&self, index: Index, since: Option<Timestamp>) -> Result<Vec<Comment>, GiteaError> {
        let call = self.call(&ISSUE_COMMENTS).index(index).maybe("since", since.map(|time| time.to_string()));
        match self.bound.json::<Option<_>>(&call).await {
            Err(fault) if fault.may_be_absence() => Err(self.issue(index).await.err().unwrap_or(fault)),
            comments => Ok(comments?.unwrap_or_default()),
        }
    }
}
