use aegis_gate::{ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::{GitRef, RepoPath, endpoints};
use futures_util::join;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Scope;
use crate::diff::{Cut, DiffAnswer, show};
use crate::nearby::missing_ref;
use crate::shape::{RepositoryArguments, offset};

/// One commit's changes.
pub(crate) struct GetCommitDiff;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    /// Id, branch or tag.
    sha: String,
    /// One file.
    path: Option<String>,
    /// Start byte.
    offset: Option<i64>,
}

impl ReadTool for GetCommitDiff {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_commit_diff",
        title: "Commit diff",
        description: "Use it to see what a commit changed.",
        toolset: Toolset::Commits,
        scope: Scope::ReadRepository,
        endpoints: &[
            &endpoints::COMMIT,
            &endpoints::COMMIT_DIFF,
            &endpoints::REPOSITORY,
            &endpoints::BRANCHES,
            &endpoints::TAGS,
        ],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = DiffAnswer;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target_at(&path(arguments)?.unwrap_or_else(RepoPath::root))
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<DiffAnswer, ToolError> {
        let (at, path) = (GitRef::parse(&arguments.sha)?, path(arguments)?);
        let reader = permit.reader();
        let sha = match reader.pinned(Some(&at)).await {
            Ok(sha) => sha,
            Err(error) => return Err(missing_ref(permit, Some(&at), error).await),
        };
        let (diff, repository) = join!(reader.commit_diff(&sha), reader.repository());
        let repository = repository?;
        let diff = match diff {
            Ok(diff) => diff,
            Err(error) => return Err(missing_ref(permit, Some(&at), error).await),
        };
        let mut answer = show(permit, &diff, &Cut { path: path.as_ref(), offset: offset(arguments.offset)? })?;
        answer.html_url = format!("{}/commit/{sha}", repository.html_url);
        answer.sha = Some(sha.to_string());
        Ok(answer)
    }
}

fn path(arguments: &Arguments) -> Result<Option<RepoPath>, ToolError> {
    Ok(arguments.path.as_deref().map(RepoPath::parse).transpose()?)
}
