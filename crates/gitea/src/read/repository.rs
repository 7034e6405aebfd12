//! The repository itself, its languages and its branches.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::tolerant::{count, named_repository, or_default, reference, time};
use super::{Page, PageRequest, RepositoryReader};
use crate::endpoints::{BRANCH, BRANCHES, LANGUAGES, REPOSITORY, TAGS};
use crate::error::GiteaError;
use crate::name::{GitRef, RepositoryId, Sha};
use crate::route::Call;

/// One repository.
#[expect(clippy::struct_excessive_bools, reason = "these are Gitea's own flags, each independent of the others")]
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Repository {
    /// Stable number; a rename keeps it.
    pub id: i64,
    /// Owner and name, as they are spelled now.
    pub full_name: RepositoryId,
    /// Its own words.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// Hidden from everybody without access.
    #[serde(default)]
    pub private: bool,
    /// Shown to signed-in people only.
    #[serde(default)]
    pub internal: bool,
    /// A copy of [`Repository::parent`].
    #[serde(default)]
    pub fork: bool,
    /// Meant to be generated from.
    #[serde(default)]
    pub template: bool,
    /// Read-only for everybody.
    #[serde(default)]
    pub archived: bool,
    /// Without a commit.
    #[serde(default)]
    pub empty: bool,
    /// Pulled from elsewhere.
    #[serde(default)]
    pub mirror: bool,
    /// The branch used where none is named; none if it has no usable name.
    #[serde(default, deserialize_with = "reference")]
    pub default_branch: Option<GitRef>,
    /// When it was made.
    #[serde(default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
    /// Stars.
    #[serde(default, deserialize_with = "count")]
    pub stars_count: u64,
    /// Forks.
    #[serde(default, deserialize_with = "count")]
    pub forks_count: u64,
    /// Watchers.
    #[serde(default, deserialize_with = "count")]
    pub watchers_count: u64,
    /// Open issues.
    #[serde(default, deserialize_with = "count")]
    pub open_issues_count: u64,
    /// Open pull requests.
    #[serde(default, rename = "open_pr_counter", deserialize_with = "count")]
    pub open_pulls_count: u64,
    /// Size in KiB, as Gitea last reckoned it.
    #[serde(default, rename = "size", deserialize_with = "count")]
    pub size_kb: u64,
    /// Its page.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
    /// To clone over HTTP.
    #[serde(default, deserialize_with = "or_default")]
    pub clone_url: String,
    /// To clone over SSH.
    #[serde(default, deserialize_with = "or_default")]
    pub ssh_url: String,
    /// Topics; Forgejo 10 does not send them.
    #[serde(default, deserialize_with = "or_default")]
    pub topics: Vec<String>,
    /// The main language; empty where none was recognised.
    #[serde(default, deserialize_with = "or_default")]
    pub language: String,
    /// What the caller may do; all false where Gitea leaves it out.
    #[serde(default, deserialize_with = "or_default")]
    pub permissions: Permissions,
    /// Its website; may be empty.
    #[serde(default, deserialize_with = "or_default")]
    pub website: String,
    /// What it is a fork of, where the caller may see that.
    #[serde(default, deserialize_with = "named_repository")]
    pub parent: Option<RepositoryId>,
}

impl Repository {
    /// A page below the repository's own; none where that is no address.
    #[must_use]
    pub fn page_below<'a>(&self, segments: impl Iterator<Item = &'a str>) -> Option<String> {
        page_below(&self.html_url, segments)
    }
}

fn page_below<'a>(page: &str, segments: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut page = Url::parse(page).ok()?;
    page.path_segments_mut().ok()?.pop_if_empty().extend(segments.filter(|segment| !segment.is_empty()));
    Some(page.into())
}

/// What the caller may do with a repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Permissions {
    /// Settings.
    pub admin: bool,
    /// Write.
    pub push: bool,
    /// Read.
    pub pull: bool,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// Its newest commit.
    pub commit: BranchTip,
    /// Whether rules guard it.
    #[serde(default)]
    pub protected: bool,
}

impl Branch {
    /// Its page, which Gitea does not send: below the repository's, as the commit's is (`<repository>/commit/<id>`).
    #[must_use]
    pub fn page(&self) -> Option<String> {
        let repository = self.commit.url.strip_suffix(self.commit.id.as_str())?.strip_suffix("/commit/")?;
        page_below(repository, ["src", "branch"].into_iter().chain(self.name.split('/')))
    }
}

/// The newest commit of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BranchTip {
    /// Its id.
    pub id: Sha,
    /// Its whole message.
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    /// When it was committed.
    #[serde(default, deserialize_with = "time")]
    pub timestamp: Option<Timestamp>,
    /// Its page.
    #[serde(default, deserialize_with = "or_default")]
    pub url: String,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tag {
    /// Its name.
    pub name: String,
}

impl RepositoryReader {
    /// The repository itself: the cheapest way to see whether the caller may see it.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn repository(&self) -> Result<Repository, GiteaError> {
        self.bound.json(&self.call(&REPOSITORY)).await
    }

    /// Languages and how many bytes are written in each, largest first.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn languages(&self) -> Result<Vec<(String, u64)>, GiteaError> {
        let languages: BTreeMap<String, u64> = self.bound.json(&self.call(&LANGUAGES)).await?;
        let mut languages: Vec<_> = languages.into_iter().collect();
        languages.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        Ok(languages)
    }

    /// Branches.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn branches(&self, page: PageRequest) -> Result<Page<Branch>, GiteaError> {
        self.bound.page(self.call(&BRANCHES), page).await
    }

    /// One branch.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is none of that name.
    pub async fn branch(&self, branch: &GitRef) -> Result<Branch, GiteaError> {
        self.bound.json(&self.call(&BRANCH).branch(branch)).await
    }

    /// Tags.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn tags(&self, page: PageRequest) -> Result<Page<Tag>, GiteaError> {
        self.bound.page(self.call(&TAGS), page).await
    }

    /// A call about this repository.
    pub(super) fn call(&self, endpoint: &'static crate::endpoints::Endpoint) -> Call<'_> {
        Call::to(endpoint).repository(&self.repository)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_has_a_page_where_its_commit_has_one() {
        let page = |name: &str, url: &str| {
            let id = "0123456789abcdef0123456789abcdef01234567";
            let url = url.replace("ID", id);
            let commit = serde_json::json!({"id": id, "url": url});
            serde_json::from_value::<Branch>(serde_json::json!({"name": name, "commit": commit})).unwrap().page()
        };
        let below = |rest: &str| Some(format!("https://git.example.org/gitea/acme/widget/src/branch/{rest}"));
        let commit = "https://git.example.org/gitea/acme/widget/commit/ID";
        assert_eq!(page("main", commit), below("main"));
        assert_eq!(page("feature/a b", commit), below("feature/a%20b"));
        for strange in ["", "commit/ID", "https://git.example.org/acme/widget", "https://git.example.org/x/commit/ID0"]
        {
            assert_eq!(page("main", strange), None, "{strange}");
        }
    }
}
