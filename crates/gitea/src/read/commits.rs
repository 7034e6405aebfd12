//! History: commits, their diffs, and what checks said of them.

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::page::{self, paged};
use super::tolerant::{or_default, time};
use super::{Page, PageRequest, RepositoryReader, User};
use crate::endpoints::{COMMIT, COMMIT_DIFF, COMMIT_STATUS, COMMITS, COMMITS_BY_DATE, served_since};
use crate::error::GiteaError;
use crate::name::{GitRef, RepoPath, Sha};
use crate::route::Call;

/// Where a path is given, Gitea ignores `limit` and answers so many commits a page, unless the operator set another
/// number (`[git] COMMITS_RANGE_SIZE`, which no route publishes).
const COMMITS_OF_A_PATH: u32 = 50;

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "RawCommit")]
pub struct Commit {
    /// Its id.
    pub sha: Sha,
    /// Its whole message.
    pub message: String,
    /// Who wrote the change, by the commit's own word.
    pub author: Option<Signature>,
    /// Who made the commit, by the commit's own word.
    pub committer: Option<Signature>,
    /// The account Gitea takes the author for.
    pub author_account: Option<User>,
    /// Ids of its parents.
    pub parents: Vec<Sha>,
    /// Its page.
    pub html_url: String,
    /// Changed lines; only of a single commit.
    pub counts: Option<CommitCounts>,
    /// Changed files; only of a single commit.
    pub files: Vec<ChangedPath>,
    /// What Gitea says of the signature; only of a single commit.
    pub verification: Option<Verification>,
}

/// Name, mail address and time as written in a commit. Anybody can write anything there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Signature {
    /// The name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The mail address.
    #[serde(default, deserialize_with = "or_default")]
    pub email: String,
    /// The time.
    #[serde(default, deserialize_with = "time")]
    pub date: Option<Timestamp>,
}

/// Changed lines of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct CommitCounts {
    /// Both together.
    pub total: u64,
    /// Added.
    pub additions: u64,
    /// Removed.
    pub deletions: u64,
}

/// A file a commit changes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChangedPath {
    /// Its path, as it came: to be parsed before a policy is asked about it.
    pub filename: String,
    /// How it changed.
    #[serde(default, deserialize_with = "or_default")]
    pub status: FileChange,
}

/// How a file changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileChange {
    /// New.
    Added,
    /// Changed in place.
    #[serde(alias = "changed")]
    Modified,
    /// Gone.
    #[serde(alias = "deleted")]
    Removed,
    /// Under a new name.
    Renamed,
    /// A copy of another.
    Copied,
    /// A word we do not know.
    #[default]
    #[serde(other)]
    Other,
}

/// What Gitea says of a commit's signature.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Verification {
    /// Whether a key Gitea knows signed it.
    pub verified: bool,
    /// Why not, as one of Gitea's keys: `gpg.error.not_signed_commit`.
    #[serde(default, deserialize_with = "or_default")]
    pub reason: String,
}

#[derive(Deserialize)]
struct RawCommit {
    sha: Sha,
    commit: RawCommitBody,
    #[serde(default)]
    author: Option<User>,
    #[serde(default, deserialize_with = "or_default")]
    parents: Vec<RawParent>,
    #[serde(default, deserialize_with = "or_default")]
    html_url: String,
    #[serde(default)]
    stats: Option<CommitCounts>,
    #[serde(default, deserialize_with = "or_default")]
    files: Vec<ChangedPath>,
}

#[derive(Deserialize)]
struct RawCommitBody {
    #[serde(default, deserialize_with = "or_default")]
    message: String,
    #[serde(default)]
    author: Option<Signature>,
    #[serde(default)]
    committer: Option<Signature>,
    #[serde(default)]
    verification: Option<Verification>,
}

#[derive(Deserialize)]
struct RawParent {
    sha: Sha,
}

impl From<RawCommit> for Commit {
    fn from(raw: RawCommit) -> Self {
        Self {
            sha: raw.sha,
            message: raw.commit.message,
            author: raw.commit.author,
            committer: raw.commit.committer,
            author_account: raw.author,
            parents: raw.parents.into_iter().map(|parent| parent.sha).collect(),
            html_url: raw.html_url,
            counts: raw.stats,
            files: raw.files,
            verification: raw.commit.verification,
        }
    }
}

/// All checks of one commit together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CombinedStatus {
    /// The worst of them.
    #[serde(default, deserialize_with = "or_default")]
    pub state: StatusState,
    /// How many there are; the list may hold fewer.
    #[serde(default)]
    pub total_count: u64,
    /// One each.
    #[serde(default, deserialize_with = "or_default")]
    pub statuses: Vec<CommitStatus>,
}

/// One check of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CommitStatus {
    /// Its verdict.
    #[serde(default, deserialize_with = "or_default")]
    pub status: StatusState,
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub context: String,
    /// Its own words.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// Where it can be looked at, as its author wrote it.
    #[serde(default, deserialize_with = "or_default")]
    pub target_url: String,
}

/// A check's verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusState {
    /// Not yet known.
    Pending,
    /// Good.
    Success,
    /// The check itself broke.
    Error,
    /// Bad.
    Failure,
    /// Good with reservations.
    Warning,
    /// Not run.
    Skipped,
    /// A word we do not know, or none.
    #[default]
    #[serde(other)]
    Other,
}

/// A diff as git prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// Its bytes: mostly UTF-8, but files may hold anything.
    pub bytes: Bytes,
    /// Whether it was cut at the byte cap.
    pub is_truncated: bool,
}

/// Which commits, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitQuery {
    /// From here back; the default branch if none.
    pub sha: Option<GitRef>,
    /// Only those that change this file or directory.
    pub path: Option<RepoPath>,
    /// Only those after; Gitea 1.25 and later.
    pub since: Option<Timestamp>,
    /// Only those before; Gitea 1.25 and later.
    pub until: Option<Timestamp>,
    /// Which page.
    pub page: PageRequest,
}

impl CommitQuery {
    fn is_dated(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// Gitea's count and links leave the dates out of account: with dates there is no total, and a full page may be
    /// followed by another.
    fn counted(&self, page: Page<Commit>) -> Page<Commit> {
        if !self.is_dated() {
            return page;
        }
        let has_more = u32::try_from(page.items.len()).is_ok_and(|rows| rows >= self.page.limit());
        Page { total: None, has_more, ..page }
    }
}

impl RepositoryReader {
    /// Commits without counts, files and verification, which would cost three times as much. None of an empty
    /// repository.
    ///
    /// # Errors
    /// [`GiteaError::NotServed`] for `since` and `until` on an instance that would silently ignore them.
    pub async fn commits(&self, query: &CommitQuery) -> Result<Page<Commit>, GiteaError> {
        if query.is_dated() {
            self.dates_are_served().await?;
        }
        let page = match &query.path {
            Some(path) if !path.is_root() => self.commits_of(path, query).await,
            _ => self.bound.page(self.history(query), query.page).await.map(|page| query.counted(page)),
        };
        match (page, &query.sha) {
            // "Git Repository is empty."
            (Err(GiteaError::Conflict), _) => Ok(Page { items: Vec::new(), total: Some(0), has_more: false }),
            // Of a path at an unknown ref.
            (Err(fault), Some(at)) if fault.may_be_absence() => Err(self.commit(at).await.err().unwrap_or(fault)),
            (other, _) => other,
        }
    }

    /// Commits of a path, cut out of Gitea's pages. Where the first of these is not the last, its length is that of all;
    /// no other tells it, for a page further on may be as long as expected and hold other rows.
    async fn commits_of(&self, path: &RepoPath, query: &CommitQuery) -> Result<Page<Commit>, GiteaError> {
        let (offset, wished) = (query.page.offset(), u64::from(query.page.limit()));
        let (first, total) = self.upstream(path, query, 0).await?;
        let length = count(&first).max(1);
        let mut is_last = first.is_empty() || total.is_some_and(|total| total <= offset);
        let (mut items, mut at, mut first) = (Vec::new(), offset, Some(first));
        while !is_last && at < offset.saturating_add(wished) {
            let number = at / length;
            let commits = match first.take_if(|_| number == 0) {
                Some(commits) => commits,
                None => self.upstream(path, query, number).await?.0,
            };
            let (rows, end) = (count(&commits), number.saturating_add(1).saturating_mul(length));
            // Without a total (dates make it void) whatever is full may be followed by another.
            is_last = commits.is_empty() || total.map_or(rows < length, |total| total <= end);
            items.extend(commits.into_iter().skip(usize::try_from(at % length).unwrap_or(usize::MAX)));
            at = end;
        }
        let has_more = count(&items) > wished || !is_last;
        items.truncate(usize::try_from(wished).unwrap_or(usize::MAX));
        Ok(Page { items, total, has_more })
    }

    /// One of Gitea's own pages, from 0, and how many commits there are on all of them.
    async fn upstream(
        &self,
        path: &RepoPath,
        query: &CommitQuery,
        number: u64,
    ) -> Result<(Vec<Commit>, Option<u64>), GiteaError> {
        // Gitea hands the path to `git log` as a pathspec, where `s?crets` and `:(icase)` mean more than they say; files
        // named `[slug].tsx` would not be found either.
        let literal = format!(":(literal){path}");
        let number = u32::try_from(number.saturating_add(1)).unwrap_or(u32::MAX);
        let call = paged(self.history(query), PageRequest::new(number, COMMITS_OF_A_PATH)).query("path", &literal);
        let (commits, headers) = self.bound.json_and_headers::<Option<Vec<Commit>>>(&call).await?;
        Ok((commits.unwrap_or_default(), page::total(&headers).filter(|_| !query.is_dated())))
    }

    fn history<'a>(&'a self, query: &'a CommitQuery) -> Call<'a> {
        self.call(&COMMITS)
            .query("stat", "false")
            .query("verification", "false")
            .query("files", "false")
            .maybe("sha", query.sha.as_ref().map(GitRef::as_str))
            .maybe("since", query.since.map(|time| time.to_string()))
            .maybe("until", query.until.map(|time| time.to_string()))
    }

    async fn dates_are_served(&self) -> Result<(), GiteaError> {
        let (gitea, forgejo) = COMMITS_BY_DATE;
        if self.bound.instance().await?.serves(gitea, forgejo) {
            return Ok(());
        }
        Err(GiteaError::NotServed { endpoint: "commits by date", since: served_since(gitea, forgejo) })
    }

    /// One commit with counts, files and what Gitea says of its signature.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is none.
    pub async fn commit(&self, at: &GitRef) -> Result<Commit, GiteaError> {
        self.bound.json(&self.call(&COMMIT).revision(at)).await
    }

    /// The whole id of the commit that a branch, a tag or a shortened id stands for; of the default branch if none. A
    /// whole id is not asked for.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is none.
    pub async fn pinned(&self, at: Option<&GitRef>) -> Result<Sha, GiteaError> {
        let call = match at {
            Some(at) => match Sha::parse(at.as_str()) {
                Ok(sha) => return Ok(sha),
                Err(_) => self.call(&COMMIT).revision(at),
            },
            None => self.call(&COMMIT).head(),
        };
        let call = call.query("stat", "false");
        let commit: Commit = self.bound.json(&call.query("verification", "false").query("files", "false")).await?;
        Ok(commit.sha)
    }

    /// One commit as a diff against its first parent, cut at the byte cap.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is none: Gitea says 500, so the commit is asked for.
    pub async fn commit_diff(&self, sha: &Sha) -> Result<Diff, GiteaError> {
        match self.diff(&self.call(&COMMIT_DIFF).object(sha).diff()).await {
            Err(fault) if fault.may_be_absence() => Err(self.commit(&GitRef::from(sha)).await.err().unwrap_or(fault)),
            other => other,
        }
    }

    /// What checks said of a commit: the first page of them and their sum.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn status(&self, sha: &Sha) -> Result<CombinedStatus, GiteaError> {
        self.bound.json(&self.call(&COMMIT_STATUS).status_of(sha)).await
    }

    pub(super) async fn diff(&self, call: &Call<'_>) -> Result<Diff, GiteaError> {
        let answer = self.bound.bytes(call, None).await?;
        if answer.status != StatusCode::OK {
            return Err(GiteaError::Unexpected { status: answer.status.as_u16() });
        }
        Ok(Diff { bytes: answer.body, is_truncated: answer.is_cut })
    }
}

fn count(commits: &[Commit]) -> u64 {
    u64::try_from(commits.len()).unwrap_or(u64::MAX)
}
