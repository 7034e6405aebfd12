use aegis_gate::{OrMissing as _, Output, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset, Visible};
use aegis_gitea::endpoints;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::comment::{CommentRow, CommentText};
use crate::Scope;
use crate::shape::{IndexArgument, LONG_PAGE, Listing, Paging, RepositoryArguments, in_row, offset, window};

/// Comments of one issue or pull request.
pub(crate) struct ListIssueComments;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    #[serde(flatten)]
    index: IndexArgument,
    /// Only this id.
    comment: Option<i64>,
    /// Start byte.
    offset: Option<i64>,
    #[serde(flatten)]
    paging: Paging,
}

/// Comments, oldest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    #[serde(flatten)]
    listing: Listing<CommentRow>,
    #[serde(skip)]
    seams: Vec<u8>,
}

impl Output for Answer {
    fn exact_bytes(&self) -> Option<&[u8]> {
        (!self.seams.is_empty()).then_some(&self.seams)
    }
}

impl ReadTool for ListIssueComments {
    const SPEC: ToolSpec = ToolSpec {
        name: "list_issue_comments",
        title: "Comments",
        description: "Use it to read comments.",
        toolset: Toolset::Issues,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::ISSUE_COMMENTS, &endpoints::ISSUE],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Answer;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target()
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Answer, ToolError> {
        let index = arguments.index.parse()?;
        let comments = permit.reader().issue_comments(index, None).await.or_missing("issue", index.to_string())?;
        let asked = arguments.paging.asked(LONG_PAGE)?;
        let asked = asked.within(permit.reader().page_bound().await);
        let Some(id) = arguments.comment else {
            let total = u64::try_from(comments.len()).ok();
            let (rows, has_more) = asked.slice(comments);
            let listing = Listing::new(asked, Visible { rows, withheld: 0 }, has_more, total, |comment| {
                let text = in_row(&comment.body);
                CommentRow::new(comment, text.into())
            });
            return Ok(Answer { listing, seams: Vec::new() });
        };
        let found = comments.into_iter().find(|comment| comment.id == id);
        let comment = found.ok_or_else(|| ToolError::missing("comment", id.to_string()))?;
        let shown = window(&comment.body, offset(arguments.offset)?, permit.house().max_answer_bytes);
        let seams = shown.seams(comment.body.as_bytes());
        let body = shown.of(&comment.body).to_owned();
        let text = CommentText { body, truncated: shown.next_offset.is_some(), next_offset: shown.next_offset };
        let rows = Visible { rows: vec![CommentRow::new(comment, text)], withheld: 0 };
        Ok(Answer { listing: Listing::new(asked, rows, false, Some(1), |row| row), seams })
    }
}
