//! Tools over pull requests.

mod branch;
mod get_pull_request;
mod get_pull_request_diff;
mod list_pull_requests;
mod verdict;

pub(crate) use get_pull_request::GetPullRequest;
pub(crate) use get_pull_request_diff::GetPullRequestDiff;
pub(crate) use list_pull_requests::ListPullRequests;
