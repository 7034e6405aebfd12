//! What is read: three readers, each bound to what it may be asked about, and the structs of their answers.
//!
//! The structs hold the fields we use. Unknown fields are ignored, unknown words of an enumeration become `Other`, an
//! array that is `null` is empty, a time that cannot be read or is Go's zero is none. What must be there and is not,
//! or has another type, is [`GiteaError::Malformed`](crate::GiteaError::Malformed). All texts are data of their
//! authors, as they came.

mod account;
mod commits;
mod files;
mod instance;
mod issues;
mod labels;
mod page;
mod pulls;
mod repository;
mod tolerant;
mod trees;

pub use account::{Order, Organization, RepositorySearch, RepositorySort, User};
pub use commits::{
    ChangedPath, CombinedStatus, Commit, CommitCounts, CommitQuery, CommitStatus, Diff, FileChange, Signature,
    StatusState, Verification,
};
pub use files::{ByteRange, File, FileKind, LfsPointer, Raw};
pub use instance::Limits;
pub use issues::{Comment, Issue, IssueQuery, Milestone, State, StateFilter};
pub use labels::Label;
pub use page::{Page, PageRequest};
pub use pulls::{PullBranch, PullFile, PullQuery, PullRequest, PullSort, Review, ReviewState};
pub use repository::{Branch, BranchTip, Permissions, Repository, Tag};
pub use trees::{Blob, Tree, TreeEntry, TreeEntryKind};

use crate::exchange::Bound;
use crate::name::RepositoryId;

/// Reads of one repository. No method takes an owner or a repository: what this reader was made for, it stays with.
pub struct RepositoryReader {
    bound: Bound,
    repository: RepositoryId,
}

impl RepositoryReader {
    pub(crate) fn new(bound: Bound, repository: RepositoryId) -> Self {
        Self { bound, repository }
    }
}

/// Reads of the caller's own view of the instance: who they are, their lists and searches.
pub struct AccountReader {
    bound: Bound,
}

impl AccountReader {
    pub(crate) fn new(bound: Bound) -> Self {
        Self { bound }
    }
}

/// Reads of the instance itself: version, flavour, limits.
pub struct InstanceReader {
    bound: Bound,
}

impl InstanceReader {
    pub(crate) fn new(bound: Bound) -> Self {
        Self { bound }
    }
}
