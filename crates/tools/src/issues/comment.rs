//! A comment in a list.

use aegis_gitea::read::Comment;
use schemars::JsonSchema;
use serde::Serialize;

use crate::shape::{Body, login};

/// A comment.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CommentRow {
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    html_url: String,
    /// Cut where `truncated` is set: `list_issue_comments` with this comment's id has it whole.
    #[serde(flatten)]
    body: Body,
}

impl CommentRow {
    pub(crate) fn new(comment: Comment, body: Body) -> Self {
        let edited = comment.updated_at.filter(|updated| Some(*updated) != comment.created_at);
        Self {
            id: comment.id,
            author: login(comment.author),
            created_at: comment.created_at.map(|time| time.to_string()),
            updated_at: edited.map(|time| time.to_string()),
            html_url: comment.html_url,
            body,
        }
    }
}
