//! The whole list, in the order clients see it.

use aegis_gate::Catalog;

use crate::{commits, context, files, issues, pull_requests, repositories};

/// Every tool there is.
#[must_use]
pub fn catalog() -> Catalog {
    Catalog::default()
        .read::<context::GetMe>()
        .read::<context::GetServerInfo>()
        .read::<repositories::ListRepositories>()
        .read::<repositories::SearchRepositories>()
        .read::<repositories::GetRepository>()
        .read::<files::GetFileContents>()
        .read::<files::GetFiles>()
        .read::<files::ListDirectory>()
        .read::<files::GetFileTree>()
        .read::<files::FindFiles>()
        .read::<commits::ListCommits>()
        .read::<commits::GetCommit>()
        .read::<commits::GetCommitDiff>()
        .read::<commits::ListBranches>()
        .read::<issues::ListIssues>()
        .read::<issues::GetIssue>()
        .read::<issues::ListIssueComments>()
        .read::<pull_requests::ListPullRequests>()
        .read::<pull_requests::GetPullRequest>()
        .read::<pull_requests::GetPullRequestDiff>()
}
