use aegis_gate::{OrMissing as _, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::{GitRef, RepoPath, Sha, endpoints};
use futures_util::join;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Scope;
use crate::diff::{Cut, DiffAnswer, show};
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
    /// In bytes.
    offset: Option<i64>,
}

impl ReadTool for GetCommitDiff {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_commit_diff",
        title: "Commit diff",
        description: "Shows what a commit changed.",
        toolset: Toolset::Commits,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::COMMIT, &endpoints::COMMIT_DIFF, &endpoints::REPOSITORY],
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
        let sha = match Sha::parse(&arguments.sha) {
            Ok(sha) => sha,
            // A short id, a branch or a tag: the commit tells its full id.
            Err(_) => reader.commit(&at).await.or_missing("commit", at.as_str())?.sha,
        };
        let (diff, repository) = join!(reader.commit_diff(&sha), reader.repository());
        let repository = repository?;
        let diff = diff.or_missing("commit", at.as_str())?;
        let mut answer = show(permit, &diff, &Cut { path: path.as_ref(), offset: offset(arguments.offset)? })?;
        answer.html_url = format!("{}/commit/{sha}", repository.html_url);
        answer.sha = Some(sha.to_string());
        Ok(answer)
    }
}

fn path(arguments: &Arguments) -> Result<Option<RepoPath>, ToolError> {
    Ok(arguments.path.as_deref().map(RepoPath::parse).transpose()?)
}
