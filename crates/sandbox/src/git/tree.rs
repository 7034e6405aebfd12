//! Trees: writing nested ones from flat paths, finding a path, walking all of them.

use std::collections::BTreeMap;

use super::object::{Mode, Object, ObjectId};
use super::store::Git;

/// One line of a tree object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) id: ObjectId,
}

/// A whole checkout as path → what is there; directories are implied.
pub(crate) type Files = BTreeMap<String, (Mode, ObjectId)>;

/// What [`find`] and [`walk`] see at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// From the root, without a leading slash.
    pub(crate) path: String,
    pub(crate) mode: Mode,
    pub(crate) id: ObjectId,
}

/// Writes all trees of a checkout and returns the root's id.
pub(crate) fn write(git: &mut Git, files: &Files) -> ObjectId {
    let mut entries: Vec<Entry> = Vec::new();
    let mut directories: BTreeMap<&str, Files> = BTreeMap::new();
    for (path, (mode, id)) in files {
        match path.split_once('/') {
            None => entries.push(Entry { name: path.clone(), mode: *mode, id: *id }),
            Some((directory, rest)) => {
                directories.entry(directory).or_default().insert(rest.to_owned(), (*mode, *id));
            }
        }
    }
    for (name, inside) in directories {
        let id = write(git, &inside);
        entries.push(Entry { name: name.to_owned(), mode: Mode::Tree, id });
    }
    entries.sort_by_key(sort_key);
    git.put(Object::Tree(entries))
}

/// Git orders entries as if the names of directories ended in a slash.
fn sort_key(entry: &Entry) -> Vec<u8> {
    let mut key = entry.name.clone().into_bytes();
    if entry.mode == Mode::Tree {
        key.push(b'/');
    }
    key
}

/// What is at `path` below a tree; the tree itself for the empty path.
pub(crate) fn find(git: &Git, tree: ObjectId, path: &str) -> Option<Found> {
    let mut found = Found { path: path.to_owned(), mode: Mode::Tree, id: tree };
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let entry = git.tree(found.id)?.iter().find(|entry| entry.name == name)?;
        (found.mode, found.id) = (entry.mode, entry.id);
    }
    Some(found)
}

/// All entries below a tree in Git's order, each directory before what it holds.
pub(crate) fn walk(git: &Git, tree: ObjectId) -> Vec<Found> {
    fn below(git: &Git, tree: ObjectId, prefix: &str, into: &mut Vec<Found>) {
        for entry in git.tree(tree).unwrap_or_default() {
            let path = format!("{prefix}{}", entry.name);
            into.push(Found { path: path.clone(), mode: entry.mode, id: entry.id });
            if entry.mode == Mode::Tree {
                below(git, entry.id, &format!("{path}/"), into);
            }
        }
    }
    let mut all = Vec::new();
    below(git, tree, "", &mut all);
    all
}

/// The checkout of a tree.
pub(crate) fn files(git: &Git, tree: ObjectId) -> Files {
    let found = walk(git, tree).into_iter().filter(|found| found.mode != Mode::Tree);
    found.map(|found| (found.path, (found.mode, found.id))).collect()
}
