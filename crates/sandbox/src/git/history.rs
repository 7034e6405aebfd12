//! Walking commits: `git log`, with a path or without, ancestors and merge bases.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use super::object::ObjectId;
use super::store::Git;
use super::tree::find;

/// Commits newest first, as `git log` orders them by default.
pub(crate) struct Log<'a> {
    git: &'a Git,
    path: &'a str,
    /// By commit time, then first come first served.
    queue: BinaryHeap<(i64, Reverse<usize>, ObjectId)>,
    seen: HashSet<ObjectId>,
}

impl<'a> Log<'a> {
    /// All that is reachable from a commit and changed `path`; every commit for the empty path.
    pub(crate) fn new(git: &'a Git, from: ObjectId, path: &'a str) -> Self {
        Self::without(git, from, path, HashSet::new())
    }

    /// The same, leaving out what is in `hidden` (`git log hidden..from`).
    pub(crate) fn without(git: &'a Git, from: ObjectId, path: &'a str, hidden: HashSet<ObjectId>) -> Self {
        let mut log = Self { git, path, queue: BinaryHeap::new(), seen: hidden };
        log.push(from);
        log
    }

    fn push(&mut self, id: ObjectId) {
        if let Some(commit) = self.git.commit(id)
            && self.seen.insert(id)
        {
            self.queue.push((commit.committer.unix_seconds, Reverse(self.seen.len()), id));
        }
    }

    fn at_path(&self, id: ObjectId) -> Option<ObjectId> {
        Some(find(self.git, self.git.tree_of(id)?, self.path)?.id)
    }

    /// Queues the parents worth visiting and tells whether the commit itself belongs to the log. A commit that leaves
    /// the path as one of its parents had it is passed over, and only that parent is followed (git-log, History
    /// Simplification, default mode).
    fn visit(&mut self, id: ObjectId) -> bool {
        let parents = self.git.commit(id).map(|commit| commit.parents.clone()).unwrap_or_default();
        if !self.path.is_empty() {
            let here = self.at_path(id);
            let unchanged = parents.iter().find(|parent| self.at_path(**parent) == here);
            if let Some(parent) = unchanged {
                self.push(*parent);
                return false;
            }
            if parents.is_empty() && here.is_none() {
                return false;
            }
        }
        for parent in parents {
            self.push(parent);
        }
        true
    }
}

impl Iterator for Log<'_> {
    type Item = ObjectId;

    fn next(&mut self) -> Option<ObjectId> {
        loop {
            let (_, _, id) = self.queue.pop()?;
            if self.visit(id) {
                return Some(id);
            }
        }
    }
}

/// The newest commit that changed a path.
pub(crate) fn last_change(git: &Git, from: ObjectId, path: &str) -> Option<ObjectId> {
    Log::new(git, from, path).next()
}

/// A commit and everything it descends from.
pub(crate) fn ancestors(git: &Git, from: ObjectId) -> HashSet<ObjectId> {
    Log::new(git, from, "").collect()
}

/// The best common ancestor: the newest that is not itself an ancestor of another common one. Clocks may lie, so descent
/// decides and time only breaks ties.
pub(crate) fn merge_base(git: &Git, one: ObjectId, other: ObjectId) -> Option<ObjectId> {
    let of_one = ancestors(git, one);
    let common: Vec<ObjectId> = Log::new(git, other, "").filter(|id| of_one.contains(id)).collect();
    let behind =
        |candidate: ObjectId| common.iter().any(|id| *id != candidate && ancestors(git, *id).contains(&candidate));
    common.iter().copied().find(|candidate| !behind(*candidate))
}
