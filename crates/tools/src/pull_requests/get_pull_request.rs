use aegis_gate::{OrMissing as _, Output, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::read::{PageRequest, PullRequest};
use aegis_gitea::{Sha, endpoints};
use futures_util::future::OptionFuture;
use futures_util::join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::branch;
use super::verdict::{Checks, ReviewRow};
use crate::Scope;
use crate::extras::Extras;
use crate::shape::{Body, IndexArgument, OffsetArgument, RepositoryArguments, Standing, login, logins, names};

/// Most reviews shown.
const MOST_REVIEWS: u32 = 30;

/// One pull request.
pub(crate) struct GetPullRequest;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    #[serde(flatten)]
    index: IndexArgument,
    #[serde(flatten)]
    offset: OffsetArgument,
}

/// A pull request. What it changes is in its diff.
#[expect(clippy::struct_excessive_bools, reason = "these are the forge's own flags, each independent of the others")]
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    number: i64,
    title: String,
    state: Standing,
    draft: bool,
    merged: bool,
    /// Whether it can be merged without conflict; of an open one. Right after a push it is not yet known and false.
    #[serde(skip_serializing_if = "Option::is_none")]
    mergeable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    labels: Vec<String>,
    assignees: Vec<String>,
    requested_reviewers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milestone: Option<String>,
    base: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_sha: Option<String>,
    /// Branch, or owner/name:branch of a fork.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_sha: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merge_commit_sha: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    locked: bool,
    html_url: String,
    #[serde(flatten)]
    body: Body,
    /// How many comments there are; `list_issue_comments` has them.
    comment_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Checks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reviews: Option<Vec<ReviewRow>>,
    /// Set where there are more reviews.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reviews_truncated: bool,
    /// Fields that are missing because of a fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<Vec<&'static str>>,
}

impl Output for Answer {
    fn exact_bytes(&self) -> Option<&[u8]> {
        self.body.seams()
    }
}

impl ReadTool for GetPullRequest {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_pull_request",
        title: "Pull request",
        description: "To read one pull request: state, mergeability, checks, reviews. Its changed lines are in get_pull_request_diff.",
        toolset: Toolset::PullRequests,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::PULL, &endpoints::COMMIT_STATUS, &endpoints::REVIEWS],
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
        let reader = permit.reader();
        let pull = reader.pull(index).await.or_missing("pull request", index.to_string())?;
        let checks = OptionFuture::from(pull.head.sha.as_ref().map(|sha| reader.status(sha)));
        let (checks, reviews) = join!(checks, reader.reviews(index, PageRequest::new(1, MOST_REVIEWS)));
        let mut extras = Extras::default();
        let checks = checks.and_then(|checks| extras.take("checks", checks));
        let reviews = extras.take("reviews", reviews);
        let body = Body::part(&pull.body, offset, permit.house().max_answer_bytes / 2);
        Ok(Answer {
            checks: checks.map(Checks::from),
            reviews_truncated: reviews.as_ref().is_some_and(|page| page.has_more),
            reviews: reviews.map(|page| page.items.into_iter().map(ReviewRow::from).collect()),
            incomplete: extras.incomplete(),
            ..answer(permit, pull, body)
        })
    }
}

fn answer(permit: &ReadPermit<Repository>, pull: PullRequest, body: Body) -> Answer {
    let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
    let sha = |sha: Option<Sha>| sha.map(|sha| sha.to_string());
    let standing = Standing::from(pull.state);
    Answer {
        number: pull.number.number(),
        title: pull.title,
        mergeable: (standing == Standing::Open).then_some(pull.mergeable),
        state: standing,
        draft: pull.draft,
        merged: pull.merged,
        author: login(pull.author),
        labels: names(pull.labels),
        assignees: logins(pull.assignees),
        requested_reviewers: logins(pull.requested_reviewers),
        milestone: pull.milestone.map(|milestone| milestone.title),
        head: branch::head(permit, &pull.head),
        base: pull.base.branch,
        base_sha: sha(pull.base.sha),
        head_sha: sha(pull.head.sha),
        merge_commit_sha: sha(pull.merge_commit_sha),
        merged_by: login(pull.merged_by),
        merged_at: time(pull.merged_at),
        created_at: time(pull.created_at),
        updated_at: time(pull.updated_at),
        locked: pull.is_locked,
        html_url: pull.html_url,
        body,
        comment_count: pull.comments,
        checks: None,
        reviews: None,
        reviews_truncated: false,
        incomplete: None,
    }
}
