use aegis_gate::{OrMissing as _, Output, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::endpoints;
use aegis_gitea::read::{Comment, Issue};
use futures_util::future::OptionFuture;
use futures_util::join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::comment::CommentRow;
use crate::Scope;
use crate::extras::Extras;
use crate::shape::{Body, IndexArgument, OffsetArgument, RepositoryArguments, Standing, login, logins, names};

/// Most comments shown with their issue.
const MOST_COMMENTS: usize = 30;

/// One issue.
pub(crate) struct GetIssue;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    #[serde(flatten)]
    index: IndexArgument,
    comments: Option<bool>,
    #[serde(flatten)]
    offset: OffsetArgument,
}

/// An issue.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    number: i64,
    title: String,
    state: Standing,
    /// Set where it is a pull request: `get_pull_request` knows more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pull_request: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    labels: Vec<String>,
    assignees: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milestone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<String>,
    locked: bool,
    html_url: String,
    #[serde(flatten)]
    body: Body,
    /// How many comments there are.
    comment_count: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<Vec<CommentRow>>,
    /// Set where there are more comments: `list_issue_comments` has them all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    comments_truncated: bool,
    /// Fields that are missing because of a fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<Vec<&'static str>>,
}

impl Output for Answer {
    fn exact_bytes(&self) -> Option<&[u8]> {
        self.body.seams()
    }
}

impl ReadTool for GetIssue {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_issue",
        title: "Issue",
        description: "To read one issue; comments adds the first 30. All comments are in list_issue_comments.",
        toolset: Toolset::Issues,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::ISSUE, &endpoints::ISSUE_COMMENTS],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Answer;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target()
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Answer, ToolError> {
        let (index, offset) = (arguments.index.parse()?, arguments.offset.parse()?);
        let wants_comments = arguments.comments.unwrap_or_default();
        let comments = wants_comments.then(|| permit.reader().issue_comments(index, None));
        let (issue, comments) = join!(permit.reader().issue(index), OptionFuture::from(comments));
        let issue = issue.or_missing("issue", index.to_string())?;
        let mut extras = Extras::default();
        let comments = comments.and_then(|comments| extras.take("comments", comments));
        let most_bytes = permit.house().max_answer_bytes;
        let body = Body::part(&issue.body, offset, if wants_comments { most_bytes / 2 } else { most_bytes });
        let (comments, comments_truncated) =
            comments.map(|comments| thread(comments, most_bytes.saturating_sub(body.len()))).unzip();
        Ok(Answer {
            comments,
            comments_truncated: comments_truncated.unwrap_or_default(),
            incomplete: extras.incomplete(),
            ..answer(issue, body)
        })
    }
}

/// The first comments, as far as the answer has room; whether there are more.
fn thread(comments: Vec<Comment>, mut left_bytes: usize) -> (Vec<CommentRow>, bool) {
    let count = comments.len();
    let mut rows = Vec::new();
    for comment in comments.into_iter().take(MOST_COMMENTS) {
        // At most four bytes a character.
        let body = Body::in_thread(&comment.body, left_bytes / 4);
        left_bytes = left_bytes.saturating_sub(body.len());
        rows.push(CommentRow::new(comment, body));
    }
    let is_cut = rows.len() < count;
    (rows, is_cut)
}

fn answer(issue: Issue, body: Body) -> Answer {
    let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
    Answer {
        number: issue.number.number(),
        title: issue.title,
        state: issue.state.into(),
        pull_request: issue.is_pull,
        author: login(issue.author),
        labels: names(issue.labels),
        assignees: logins(issue.assignees),
        milestone: issue.milestone.map(|milestone| milestone.title),
        created_at: time(issue.created_at),
        updated_at: time(issue.updated_at),
        closed_at: time(issue.closed_at),
        due_date: time(issue.due_date),
        locked: issue.is_locked,
        html_url: issue.html_url,
        body,
        comment_count: issue.comments,
        comments: None,
        comments_truncated: false,
        incomplete: None,
    }
}
