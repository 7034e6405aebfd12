use aegis_gate::{ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::{GitRef, endpoints};
use futures_util::join;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Scope;
use crate::diff::{Cut, DiffAnswer, show};
use crate::nearby::missing_ref;
use crate::shape::{OffsetArgument, PathArgument, RepositoryArguments};

/// One commit's changes.
pub(crate) struct GetCommitDiff;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    /// Or a branch or tag.
    sha: String,
    #[serde(flatten)]
    path: PathArgument,
    #[serde(flatten)]
    offset: OffsetArgument,
}

impl ReadTool for GetCommitDiff {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_commit_diff",
        title: "Commit diff",
        description: "To see the lines one commit changed, as a unified diff, in parts where it is long.",
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
        arguments.repository.target_at(arguments.path.parse()?)
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<DiffAnswer, ToolError> {
        let (at, cut) = (GitRef::parse(&arguments.sha)?, Cut::parse(&arguments.path, &arguments.offset)?);
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
        let mut answer = show(permit, &diff, &cut)?;
        answer.html_url = format!("{}/commit/{sha}", repository.html_url);
        answer.sha = Some(sha.to_string());
        Ok(answer)
    }
}
