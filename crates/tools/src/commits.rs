//! Tools over history.

mod get_commit;
mod get_commit_diff;
mod list_branches;
mod list_commits;

pub(crate) use get_commit::GetCommit;
pub(crate) use get_commit_diff::GetCommitDiff;
pub(crate) use list_branches::ListBranches;
pub(crate) use list_commits::ListCommits;
