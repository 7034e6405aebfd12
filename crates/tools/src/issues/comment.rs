//! A comment in a list.

use aegis_gitea::read::Comment;
use schemars::JsonSchema;
use serde::Serialize;

use crate::shape::login;

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
    #[serde(flatten)]
    text: CommentText,
}

/// Its text.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CommentText {
    pub(crate) body: String,
    /// Set where the text goes on: `list_issue_comments` with this comment's id has it whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) truncated: bool,
    /// The offset to go on from, where one comment was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_offset: Option<usize>,
}

impl CommentRow {
    pub(crate) fn new(comment: Comment, text: CommentText) -> Self {
        let edited = comment.updated_at.filter(|updated| Some(*updated) != comment.created_at);
        Self {
            id: comment.id,
            author: login(comment.author),
            created_at: comment.created_at.map(|time| time.to_string()),
            updated_at: edited.map(|time| time.to_string()),
            html_url: comment.html_url,
            text,
        }
    }
}

impl From<(String, bool)> for CommentText {
    fn from((body, truncated): (String, bool)) -> Self {
        Self { body, truncated, next_offset: None }
    }
}
