use aegis_gate::{OrMissing as _, Output, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset, Visible};
use aegis_gitea::endpoints;
use aegis_gitea::read::Comment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::comment::CommentRow;
use crate::Scope;
use crate::shape::{Asked, Body, IndexArgument, LONG_PAGE, Listing, OffsetArgument, Paging, RepositoryArguments};

/// Comments of one issue or pull request.
pub(crate) struct ListIssueComments;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    #[serde(flatten)]
    index: IndexArgument,
    comment: Option<i64>,
    #[serde(flatten)]
    offset: OffsetArgument,
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
        description: "To read the talk on an issue or pull request, oldest first. Long ones are cut: give comment, an id, for all of it.",
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
        let (asked, offset) = (arguments.paging.asked(LONG_PAGE)?.cut_here(), arguments.offset.parse()?);
        let comments = permit.reader().issue_comments(index, None).await.or_missing("issue", index.to_string())?;
        let Some(id) = arguments.comment else {
            let row = |comment: Comment| {
                let body = Body::row(&comment.body);
                CommentRow::new(comment, body)
            };
            let listing = Listing::slice(asked, Visible { rows: comments, withheld: 0 }, row);
            return Ok(Answer { listing, seams: Vec::new() });
        };
        let found = comments.into_iter().find(|comment| comment.id == id);
        let comment = found.ok_or_else(|| ToolError::missing("comment", id.to_string()))?;
        let body = Body::part(&comment.body, offset, permit.house().max_answer_bytes);
        let seams = body.seams().unwrap_or_default().to_vec();
        let rows = Visible { rows: vec![CommentRow::new(comment, body)], withheld: 0 };
        Ok(Answer { listing: Listing::slice(Asked { page: 1, ..asked }, rows, |row| row), seams })
    }
}
