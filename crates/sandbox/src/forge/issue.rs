//! Issues, pull requests and what hangs on them.

use jiff::Timestamp;

use super::Id;
use crate::git::ObjectId;

#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) color: String,
    pub(crate) description: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Milestone {
    pub(crate) id: Id,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) created: Timestamp,
    pub(crate) due: Option<Timestamp>,
    pub(crate) closed: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: Id,
    pub(crate) author: Id,
    pub(crate) body: String,
    pub(crate) created: Timestamp,
}

/// An issue, or a pull request when `pull` is set.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    /// Unique over the whole forge.
    pub(crate) id: Id,
    /// Counts per repository.
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) author: Id,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) closed: Option<Timestamp>,
    pub(crate) labels: Vec<Id>,
    pub(crate) milestone: Option<Id>,
    pub(crate) assignees: Vec<Id>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) pull: Option<Pull>,
}

#[derive(Debug, Clone)]
pub(crate) struct Pull {
    pub(crate) id: Id,
    pub(crate) base: String,
    pub(crate) head: String,
    pub(crate) head_commit: ObjectId,
    pub(crate) merge_base: ObjectId,
    pub(crate) draft: bool,
    pub(crate) merged: Option<Merged>,
    pub(crate) reviews: Vec<Review>,
}

#[derive(Debug, Clone)]
pub(crate) struct Merged {
    pub(crate) by: Id,
    pub(crate) when: Timestamp,
    pub(crate) commit: ObjectId,
}

#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub(crate) id: Id,
    pub(crate) author: Id,
    pub(crate) state: String,
    pub(crate) body: String,
    pub(crate) when: Timestamp,
}
