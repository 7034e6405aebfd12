//! The whole tree of one state of a repository, within bounds.

use aegis_gitea::read::{PageRequest, Repository, RepositoryReader, Tree, TreeEntry, TreeEntryKind};
use aegis_gitea::{GitRef, GiteaError, Sha};
use futures_util::join;
use schemars::JsonSchema;
use serde::Serialize;

/// Entries of one of Gitea's pages: what it gives at most unless set otherwise.
const PAGE_ENTRIES: u32 = 1_000;
/// Most pages read for an answer: a tree of more than 20,000 entries is cut there.
pub(crate) const MOST_PAGES: u32 = 20;

/// A tree: where it is, and what is in it.
pub(crate) struct WholeTree {
    pub(crate) place: TreePlace,
    /// Entries of all levels, in git's order.
    pub(crate) entries: Vec<TreeEntry>,
}

/// Which tree it is.
pub(crate) struct TreePlace {
    /// The id of the commit it was asked by, or of the tree itself.
    pub(crate) sha: Sha,
    /// What was asked for, or the default branch.
    pub(crate) at: GitRef,
    /// Whether there are more entries than were read.
    pub(crate) is_cut: bool,
    repository: Repository,
}

impl TreePlace {
    /// The page of what is at a path of it, for good: by the commit, which no push moves.
    pub(crate) fn page(&self, path: &str) -> Option<String> {
        self.repository.page_below(["src", "commit", self.sha.as_str()].into_iter().chain(path.split('/')))
    }
}

/// Reads so many pages of the tree at `at`, or of the default branch. An empty repository has none.
pub(crate) async fn walk(
    reader: &RepositoryReader,
    at: Option<&GitRef>,
    most_pages: u32,
) -> Result<WholeTree, GiteaError> {
    let (at, first, repository) = if let Some(at) = at {
        let (first, repository) = join!(page(reader, at, 1), reader.repository());
        (at.clone(), first?, repository?)
    } else {
        let repository = reader.repository().await?;
        let at = repository.default_branch.clone().ok_or(GiteaError::NotFound)?;
        let first = page(reader, &at, 1).await?;
        (at, first, repository)
    };
    let mut entries = first.entries;
    let mut is_cut = first.truncated;
    for number in 2..=most_pages {
        if !is_cut {
            break;
        }
        let next = page(reader, &at, number).await?;
        // A page without entries ends the list, whatever it says of itself.
        is_cut = next.truncated && !next.entries.is_empty();
        entries.extend(next.entries);
    }
    Ok(WholeTree { place: TreePlace { sha: first.sha, at, is_cut, repository }, entries })
}

async fn page(reader: &RepositoryReader, at: &GitRef, number: u32) -> Result<Tree, GiteaError> {
    reader.tree(at, true, PageRequest::new(number, PAGE_ENTRIES)).await
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryKind {
    File,
    Executable,
    Symlink,
    Directory,
    Submodule,
    Other,
}

impl From<TreeEntryKind> for EntryKind {
    fn from(kind: TreeEntryKind) -> Self {
        match kind {
            TreeEntryKind::File => Self::File,
            TreeEntryKind::Executable => Self::Executable,
            TreeEntryKind::Symlink => Self::Symlink,
            TreeEntryKind::Directory => Self::Directory,
            TreeEntryKind::Submodule => Self::Submodule,
            TreeEntryKind::Other => Self::Other,
        }
    }
}

impl EntryKind {
    /// Whether it has a size worth telling.
    pub(crate) fn is_file(self) -> bool {
        matches!(self, Self::File | Self::Executable)
    }
}

/// One entry of a tree, as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TreeRow {
    path: String,
    kind: EntryKind,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

impl From<TreeEntry> for TreeRow {
    fn from(entry: TreeEntry) -> Self {
        let kind = EntryKind::from(entry.kind);
        Self { path: entry.path, kind, size: kind.is_file().then_some(entry.size_bytes) }
    }
}
