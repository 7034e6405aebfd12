//! Tools over issues. A pull request is an issue too: its conversation is read here.

mod comment;
mod get_issue;
mod label;
mod list_issue_comments;
mod list_issues;
mod milestone;

pub(crate) use get_issue::GetIssue;
pub(crate) use list_issue_comments::ListIssueComments;
pub(crate) use list_issues::ListIssues;
