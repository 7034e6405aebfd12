//! Where a pull request comes from.

use aegis_gate::{ReadPermit, Repository};
use aegis_gitea::read::PullBranch;

/// The head as people write it: `branch`, or `owner/name:branch` from another repository. None where the policy hides
/// that repository: its branch would tell of it.
pub(super) fn head(permit: &ReadPermit<Repository>, head: &PullBranch) -> Option<String> {
    match &head.repository {
        Some(repository) if repository == permit.target().id() => Some(head.branch.clone()),
        Some(repository) if permit.sees(repository) => Some(format!("{repository}:{}", head.branch)),
        // The fork is gone; what is left is a ref of this repository.
        None if head.branch.starts_with("refs/pull/") => Some(head.branch.clone()),
        Some(_) | None => None,
    }
}
