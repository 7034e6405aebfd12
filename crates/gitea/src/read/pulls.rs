//! Pull requests, the files they change, and their reviews.

use jiff::Timestamp;
use serde::Deserialize;

use super::tolerant::{count, named_repository, or_default, sha, time};
use super::{Diff, FileChange, Label, Milestone, Page, PageRequest, RepositoryReader, State, StateFilter, User};
use crate::endpoints::{PULL, PULL_DIFF, PULL_FILES, PULLS, REVIEWS};
use crate::error::GiteaError;
use crate::name::{Index, RepositoryId, Sha};

/// A pull request.
#[expect(clippy::struct_excessive_bools, reason = "these are Gitea's own flags, each independent of the others")]
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: Index,
    /// Its title.
    pub title: String,
    /// Its text, in Markdown.
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    /// Open or closed; a merged one is closed.
    #[serde(default, deserialize_with = "or_default")]
    pub state: State,
    /// Not yet ready.
    #[serde(default)]
    pub draft: bool,
    /// Who opened it.
    #[serde(default, rename = "user")]
    pub author: Option<User>,
    /// Its labels.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
    /// Its milestone.
    #[serde(default)]
    pub milestone: Option<Milestone>,
    /// Who is to see to it.
    #[serde(default, deserialize_with = "or_default")]
    pub assignees: Vec<User>,
    /// Who was asked to review it.
    #[serde(default, deserialize_with = "or_default")]
    pub requested_reviewers: Vec<User>,
    /// Whether it can be merged without conflict; false for some seconds after a push, too.
    #[serde(default)]
    pub mergeable: bool,
    /// Whether it was merged.
    #[serde(default)]
    pub merged: bool,
    /// When.
    #[serde(default, deserialize_with = "time")]
    pub merged_at: Option<Timestamp>,
    /// As which commit.
    #[serde(default, deserialize_with = "sha")]
    pub merge_commit_sha: Option<Sha>,
    /// By whom.
    #[serde(default)]
    pub merged_by: Option<User>,
    /// Where it goes.
    pub base: PullBranch,
    /// Where it comes from.
    pub head: PullBranch,
    /// The newest commit both have.
    #[serde(default, deserialize_with = "sha")]
    pub merge_base: Option<Sha>,
    /// Added lines; only of a single one.
    #[serde(default)]
    pub additions: Option<u64>,
    /// Removed lines; only of a single one.
    #[serde(default)]
    pub deletions: Option<u64>,
    /// Changed files; only of a single one.
    #[serde(default)]
    pub changed_files: Option<u64>,
    /// How many comments it has.
    #[serde(default, deserialize_with = "count")]
    pub comments: u64,
    /// Whether the conversation is locked.
    #[serde(default)]
    pub is_locked: bool,
    /// When it was opened.
    #[serde(default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
    /// When it was closed.
    #[serde(default, deserialize_with = "time")]
    pub closed_at: Option<Timestamp>,
    /// Its page.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
}

/// One side of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PullBranch {
    /// The branch as shown: `main`, or `somebody:main` from a fork.
    #[serde(default, deserialize_with = "or_default")]
    pub label: String,
    /// The branch, or `refs/pull/6/head` where it is gone.
    #[serde(default, rename = "ref", deserialize_with = "or_default")]
    pub branch: String,
    /// Its newest commit; none where branch and copy are gone.
    #[serde(default, deserialize_with = "sha")]
    pub sha: Option<Sha>,
    /// The repository it is in, which may be another one; none where it is gone.
    #[serde(default, rename = "repo", deserialize_with = "named_repository")]
    pub repository: Option<RepositoryId>,
}

/// A file a pull request changes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PullFile {
    /// Its path, as it came: to be parsed before a policy is asked about it.
    pub filename: String,
    /// Its path before, if it was renamed; likewise.
    #[serde(default)]
    pub previous_filename: Option<String>,
    /// How it changed.
    #[serde(default, deserialize_with = "or_default")]
    pub status: FileChange,
    /// Added lines.
    #[serde(default, deserialize_with = "count")]
    pub additions: u64,
    /// Removed lines.
    #[serde(default, deserialize_with = "count")]
    pub deletions: u64,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Review {
    /// Stable number.
    pub id: i64,
    /// Who wrote it, or was asked to.
    #[serde(default, rename = "user")]
    pub author: Option<User>,
    /// Its verdict.
    #[serde(default, deserialize_with = "or_default")]
    pub state: ReviewState,
    /// Its text, in Markdown.
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    /// The commit it is about.
    #[serde(default, deserialize_with = "sha")]
    pub commit_id: Option<Sha>,
    /// Whether commits came after it.
    #[serde(default)]
    pub stale: bool,
    /// Whether it counts for the branch's rules.
    #[serde(default)]
    pub official: bool,
    /// Whether somebody set it aside.
    #[serde(default)]
    pub dismissed: bool,
    /// How many comments on lines it has.
    #[serde(default, deserialize_with = "count")]
    pub comments_count: u64,
    /// When it was given.
    #[serde(default, deserialize_with = "time")]
    pub submitted_at: Option<Timestamp>,
    /// Its place on the page.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
}

/// A review's verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewState {
    /// Merge it.
    Approved,
    /// Not yet given.
    Pending,
    /// No verdict.
    Comment,
    /// Not like this.
    RequestChanges,
    /// Asked for, not given.
    RequestReview,
    /// A word we do not know.
    #[default]
    #[serde(other)]
    Other,
}

/// Which pull requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullQuery {
    /// Open, closed or both.
    pub state: StateFilter,
    /// In which order; newest first if none.
    pub sort: Option<PullSort>,
    /// Which page.
    pub page: PageRequest,
}

/// An order of pull requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullSort {
    /// Oldest first.
    Oldest,
    /// Last changed first.
    RecentlyUpdated,
    /// Longest unchanged first.
    LeastRecentlyUpdated,
    /// Most comments first.
    MostCommented,
    /// Fewest comments first.
    LeastCommented,
}

impl PullSort {
    fn as_str(self) -> &'static str {
        match self {
            Self::Oldest => "oldest",
            Self::RecentlyUpdated => "recentupdate",
            Self::LeastRecentlyUpdated => "leastupdate",
            Self::MostCommented => "mostcomment",
            Self::LeastCommented => "leastcomment",
        }
    }
}

impl RepositoryReader {
    /// Pull requests. None of an empty repository or a mirror, which cannot have any: there Gitea says 404.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn pulls(&self, query: &PullQuery) -> Result<Page<PullRequest>, GiteaError> {
        let call =
            self.call(&PULLS).query("state", query.state.as_str()).maybe("sort", query.sort.map(PullSort::as_str));
        match self.bound.page(call, query.page).await {
            Err(GiteaError::NotFound) => {
                let repository = self.repository().await?;
                if !repository.empty && !repository.mirror {
                    return Err(GiteaError::NotFound);
                }
                Ok(Page { items: Vec::new(), total: Some(0), has_more: false })
            }
            other => other,
        }
    }

    /// One pull request.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is none.
    pub async fn pull(&self, index: Index) -> Result<PullRequest, GiteaError> {
        self.bound.json(&self.call(&PULL).index(index)).await
    }

    /// One pull request as a diff, cut at the byte cap.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is none.
    pub async fn pull_diff(&self, index: Index) -> Result<Diff, GiteaError> {
        self.diff(&self.call(&PULL_DIFF).index(index).diff()).await
    }

    /// Files a pull request changes. Gitea computes the whole diff for each page.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is no such pull request.
    pub async fn pull_files(&self, index: Index, page: PageRequest) -> Result<Page<PullFile>, GiteaError> {
        self.bound.page(self.call(&PULL_FILES).index(index), page).await
    }

    /// Reviews of a pull request.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is no such pull request.
    pub async fn reviews(&self, index: Index, page: PageRequest) -> Result<Page<Review>, GiteaError> {
        self.bound.page(self.call(&REVIEWS).index(index), page).await
    }
}
