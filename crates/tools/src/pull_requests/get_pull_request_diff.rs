use aegis_gate::{OrMissing as _, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::{RepoPath, endpoints};
use futures_util::join;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Scope;
use crate::diff::{Cut, DiffAnswer, show};
use crate::shape::{IndexArgument, RepositoryArguments, offset};

/// What a pull request would change.
pub(crate) struct GetPullRequestDiff;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    #[serde(flatten)]
    index: IndexArgument,
    /// One file.
    path: Option<String>,
    /// Start byte.
    offset: Option<i64>,
}

impl ReadTool for GetPullRequestDiff {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_pull_request_diff",
        title: "Pull diff",
        description: "Use it to see what a pull request changes.",
        toolset: Toolset::PullRequests,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::PULL, &endpoints::PULL_DIFF],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = DiffAnswer;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target_at(&path(arguments)?.unwrap_or_else(RepoPath::root))
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<DiffAnswer, ToolError> {
        let (index, path) = (arguments.index.parse()?, path(arguments)?);
        let (pull, diff) = join!(permit.reader().pull(index), permit.reader().pull_diff(index));
        let pull = pull.or_missing("pull request", index.to_string())?;
        let diff = diff.or_missing("pull request", index.to_string())?;
        let mut answer = show(permit, &diff, &Cut { path: path.as_ref(), offset: offset(arguments.offset)? })?;
        answer.html_url = format!("{}/files", pull.html_url);
        answer.sha = pull.head.sha.map(|sha| sha.to_string());
        Ok(answer)
    }
}

fn path(arguments: &Arguments) -> Result<Option<RepoPath>, ToolError> {
    Ok(arguments.path.as_deref().map(RepoPath::parse).transpose()?)
}
