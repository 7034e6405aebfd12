use aegis_gate::{OrMissing as _, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::endpoints;
use futures_util::join;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Scope;
use crate::diff::{Cut, DiffAnswer, show};
use crate::shape::{IndexArgument, OffsetArgument, PathArgument, RepositoryArguments};

/// What a pull request would change.
pub(crate) struct GetPullRequestDiff;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    #[serde(flatten)]
    index: IndexArgument,
    #[serde(flatten)]
    path: PathArgument,
    #[serde(flatten)]
    offset: OffsetArgument,
}

impl ReadTool for GetPullRequestDiff {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_pull_request_diff",
        title: "Pull diff",
        description: "To see the lines a pull request changes, as a unified diff, in parts where it is long.",
        toolset: Toolset::PullRequests,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::PULL, &endpoints::PULL_DIFF],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = DiffAnswer;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target_at(arguments.path.parse()?)
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<DiffAnswer, ToolError> {
        let (index, cut) = (arguments.index.parse()?, Cut::parse(&arguments.path, &arguments.offset)?);
        let (pull, diff) = join!(permit.reader().pull(index), permit.reader().pull_diff(index));
        let pull = pull.or_missing("pull request", index.to_string())?;
        let diff = diff.or_missing("pull request", index.to_string())?;
        let mut answer = show(permit, &diff, &cut)?;
        answer.html_url = format!("{}/files", pull.html_url);
        answer.sha = pull.head.sha.map(|sha| sha.to_string());
        Ok(answer)
    }
}
