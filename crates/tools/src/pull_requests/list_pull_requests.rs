use aegis_gate::{ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::endpoints;
use aegis_gitea::read::{PullQuery, PullRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::branch;
use crate::Scope;
use crate::shape::{Listing, Paging, RepositoryArguments, SHORT_PAGE, Standing, Wanted, in_row, login, logins, names};

/// Pull requests of one repository.
pub(crate) struct ListPullRequests;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    /// Default: open.
    state: Option<Wanted>,
    #[serde(flatten)]
    paging: Paging,
}

/// A pull request.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Row {
    number: i64,
    title: String,
    state: Standing,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    draft: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    merged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assignees: Vec<String>,
    base: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    /// How many.
    comments: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    html_url: String,
}

impl ReadTool for ListPullRequests {
    const SPEC: ToolSpec = ToolSpec {
        name: "list_pull_requests",
        title: "Pull requests",
        description: "To list pull requests, newest first. For checks and reviews of one use get_pull_request.",
        toolset: Toolset::PullRequests,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::PULLS, &endpoints::REPOSITORY],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Listing<Row>;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target()
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Listing<Row>, ToolError> {
        let asked = arguments.paging.asked(SHORT_PAGE)?;
        let asked = asked.within(permit.reader().page_bound().await);
        let query = PullQuery { state: arguments.state.unwrap_or_default().into(), sort: None, page: asked.request() };
        let page = permit.reader().pulls(&query).await?;
        Ok(Listing::page(asked, page, |pull| row(permit, pull)))
    }
}

fn row(permit: &ReadPermit<Repository>, pull: PullRequest) -> Row {
    Row {
        number: pull.number.number(),
        title: in_row(&pull.title).0,
        state: pull.state.into(),
        draft: pull.draft,
        merged: pull.merged,
        author: login(pull.author),
        labels: names(pull.labels),
        assignees: logins(pull.assignees),
        base: pull.base.branch,
        head: branch::head(permit, &pull.head),
        comments: pull.comments,
        updated_at: pull.updated_at.map(|time| time.to_string()),
        html_url: pull.html_url,
    }
}
