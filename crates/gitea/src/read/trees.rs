//! Trees and blobs by object id: the cheapest way to list and to read what is already known by its id.

use bytes::Bytes;
use serde::Deserialize;

use super::files::decoded;
use super::tolerant::{count, or_default};
use super::{PageRequest, RepositoryReader};
use crate::endpoints::{BLOB, TREE};
use crate::error::GiteaError;
use crate::name::{GitRef, Sha};

/// A page of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tree {
    /// The id of the tree, or of the commit it was asked by.
    pub sha: Sha,
    /// Its entries, of all levels if it was asked for recursively.
    #[serde(default, rename = "tree", deserialize_with = "or_default")]
    pub entries: Vec<TreeEntry>,
    /// Whether there are further pages.
    #[serde(default)]
    pub truncated: bool,
    /// Entries on all pages.
    #[serde(default, deserialize_with = "count")]
    pub total_count: u64,
}

/// An entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "RawTreeEntry")]
pub struct TreeEntry {
    /// Its path from the tree that was asked for, as it came: to be parsed before a policy is asked about it.
    pub path: String,
    /// What it is.
    pub kind: TreeEntryKind,
    /// Its object id; of a submodule, the commit.
    pub sha: Sha,
    /// Its size in bytes; 0 for what is not a file.
    pub size_bytes: u64,
}

/// What an entry of a tree is, by its git mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeEntryKind {
    /// A file.
    File,
    /// A file that may be run.
    Executable,
    /// A symbolic link.
    Symlink,
    /// A directory.
    Directory,
    /// A commit of another repository.
    Submodule,
    /// A mode git does not write today.
    Other,
}

#[derive(Deserialize)]
struct RawTreeEntry {
    path: String,
    mode: String,
    sha: Sha,
    #[serde(default, deserialize_with = "count")]
    size: u64,
}

impl From<RawTreeEntry> for TreeEntry {
    fn from(raw: RawTreeEntry) -> Self {
        let kind = match raw.mode.as_str() {
            "100644" | "100664" => TreeEntryKind::File,
            "100755" => TreeEntryKind::Executable,
            "120000" => TreeEntryKind::Symlink,
            "040000" => TreeEntryKind::Directory,
            "160000" => TreeEntryKind::Submodule,
            _ => TreeEntryKind::Other,
        };
        Self { path: raw.path, kind, sha: raw.sha, size_bytes: raw.size }
    }
}

/// A blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its id.
    pub sha: Sha,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its bytes; none where it is larger than the instance's limit.
    pub content: Option<Bytes>,
}

#[derive(Deserialize)]
struct RawBlob {
    sha: Sha,
    #[serde(default, deserialize_with = "count")]
    size: u64,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
}

impl RepositoryReader {
    /// A page of the tree at a branch, tag, commit or tree id. A page may have up to the instance's
    /// `default_git_trees_per_page` entries.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is none; Gitea says 400 of an unknown id.
    pub async fn tree(&self, at: &GitRef, recursive: bool, page: PageRequest) -> Result<Tree, GiteaError> {
        let call = self
            .call(&TREE)
            .revision(at)
            .query("recursive", recursive.to_string())
            .query("page", page.page().to_string())
            .query("per_page", page.limit().to_string());
        match self.bound.json(&call).await {
            Err(GiteaError::Unprocessable) => Err(GiteaError::NotFound),
            other => other,
        }
    }

    /// A blob by its id.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is none; Gitea says 400 of an unknown id.
    pub async fn blob(&self, sha: &Sha) -> Result<Blob, GiteaError> {
        let raw: RawBlob = match self.bound.json(&self.call(&BLOB).object(sha)).await {
            Err(GiteaError::Unprocessable) => return Err(GiteaError::NotFound),
            other => other?,
        };
        let content = decoded(raw.content, raw.encoding.as_deref())?;
        Ok(Blob { sha: raw.sha, size_bytes: raw.size, content })
    }
}
