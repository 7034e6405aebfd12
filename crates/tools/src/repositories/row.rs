//! A repository in a list.

use aegis_gitea::read::Repository;
use schemars::JsonSchema;
use serde::Serialize;

use crate::shape::in_row;

/// A repository.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RepositoryRow {
    /// owner/name.
    full_name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    private: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    archived: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    fork: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    language: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    stars: u64,
    html_url: String,
}

impl From<Repository> for RepositoryRow {
    fn from(repository: Repository) -> Self {
        Self {
            full_name: repository.full_name.to_string(),
            description: in_row(&repository.description).0,
            private: repository.private,
            archived: repository.archived,
            fork: repository.fork,
            language: repository.language,
            default_branch: repository.default_branch.map(|branch| branch.to_string()),
            updated_at: repository.updated_at.map(|time| time.to_string()),
            stars: repository.stars_count,
            html_url: repository.html_url,
        }
    }
}
