//! The whole tree of one state of a repository, within bounds.

use aegis_gitea::read::{PageRequest, RepositoryReader, TreeEntry, TreeEntryKind};
use aegis_gitea::{GitRef, GiteaError, Sha};
use schemars::JsonSchema;
use serde::Serialize;

/// Entries of one of Gitea's pages: what it gives at most unless set otherwise.
const PAGE_ENTRIES: u32 = 1_000;
/// Most pages read: a tree of more than 20,000 entries is cut there.
const MOST_PAGES: u32 = 20;

/// Entries of all levels, in git's order.
pub(crate) struct WholeTree {
    /// The id of the tree, or of the commit it was asked by.
    pub(crate) sha: Sha,
    /// What was asked for, or the default branch.
    pub(crate) at: GitRef,
    pub(crate) entries: Vec<TreeEntry>,
    /// Whether there are more than were read.
    pub(crate) is_cut: bool,
}

/// Reads the tree at `at`, or of the default branch. An empty repository has none.
pub(crate) async fn walk(reader: &RepositoryReader, at: Option<&GitRef>) -> Result<WholeTree, GiteaError> {
    let at = match at {
        Some(at) => at.clone(),
        None => reader.repository().await?.default_branch.ok_or(GiteaError::NotFound)?,
    };
    let first = reader.tree(&at, true, PageRequest::new(1, PAGE_ENTRIES)).await?;
    let mut tree = WholeTree { sha: first.sha, at, entries: first.entries, is_cut: first.truncated };
    for number in 2..=MOST_PAGES {
        if !tree.is_cut {
            break;
        }
        let next = reader.tree(&tree.at, true, PageRequest::new(number, PAGE_ENTRIES)).await?;
        // A page without entries ends the list, whatever it says of itself.
        tree.is_cut = next.truncated && !next.entries.is_empty();
        tree.entries.extend(next.entries);
    }
    Ok(tree)
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
