//! What differs between two trees, file by file.

use std::collections::BTreeSet;

use super::object::{Mode, ObjectId};
use super::rename;
use super::store::Git;
use super::tree::files;

/// One side of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) path: String,
    pub(crate) mode: Mode,
    pub(crate) id: ObjectId,
}

/// A file created, deleted, altered or renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) old: Option<Side>,
    pub(crate) new: Option<Side>,
    /// Per cent of likeness, for renames only.
    pub(crate) similarity: Option<u32>,
}

/// What happened, in Gitea's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Added,
    Removed,
    Modified,
    Renamed,
}

impl Change {
    pub(crate) fn status(&self) -> Status {
        match (&self.old, &self.new, self.similarity) {
            (None, _, _) => Status::Added,
            (Some(_), None, _) => Status::Removed,
            (Some(_), Some(_), None) => Status::Modified,
            (Some(_), Some(_), Some(_)) => Status::Renamed,
        }
    }

    /// The path after the change, or before it for a deletion.
    pub(crate) fn path(&self) -> &str {
        self.new.as_ref().or(self.old.as_ref()).map(|side| side.path.as_str()).unwrap_or_default()
    }

    /// Bytes before and after; a submodule is shown as the line Git invents for it.
    pub(crate) fn contents(&self, git: &Git) -> (Vec<u8>, Vec<u8>) {
        let content = |side: &Option<Side>| match side {
            None => Vec::new(),
            Some(side) if side.mode == Mode::Submodule => format!("Subproject commit {}\n", side.id).into_bytes(),
            Some(side) => git.blob(side.id).map(|blob| blob.to_vec()).unwrap_or_default(),
        };
        (content(&self.old), content(&self.new))
    }
}

/// All changes from one tree to another, by path. `None` stands for nothing at all, as before a first commit.
pub(crate) fn changes(git: &Git, old: Option<ObjectId>, new: Option<ObjectId>, find_renames: bool) -> Vec<Change> {
    let checkout = |tree: Option<ObjectId>| tree.map(|tree| files(git, tree)).unwrap_or_default();
    let (before, after) = (checkout(old), checkout(new));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut all = Vec::new();
    for path in paths {
        let side = |found: Option<&(Mode, ObjectId)>| {
            found.map(|(mode, id)| Side { path: path.clone(), mode: *mode, id: *id })
        };
        let (old, new) = (side(before.get(path)), side(after.get(path)));
        match (old, new) {
            (old, new) if old == new => {}
            (Some(old), Some(new)) if !old.mode.same_kind(new.mode) => {
                all.push(Change { old: Some(old), new: None, similarity: None });
                all.push(Change { old: None, new: Some(new), similarity: None });
            }
            (old, new) => all.push(Change { old, new, similarity: None }),
        }
    }
    if find_renames { rename::pair(git, all) } else { all }
}
