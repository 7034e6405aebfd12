use aegis_gate::{ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::endpoints;
use aegis_gitea::read::Branch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Scope;
use crate::shape::{LONG_PAGE, Listing, Paging, RepositoryArguments, subject};

/// Branches and their newest commits.
pub(crate) struct ListBranches;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    #[serde(flatten)]
    paging: Paging,
}

/// A branch.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Row {
    name: String,
    /// Its newest commit.
    sha: String,
    /// First line of that commit's message.
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    /// Whether rules guard it.
    protected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    html_url: Option<String>,
}

impl ReadTool for ListBranches {
    const SPEC: ToolSpec = ToolSpec {
        name: "list_branches",
        title: "Branches",
        description: "To see which branches there are, each with its newest commit.",
        toolset: Toolset::Commits,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::BRANCHES],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Listing<Row>;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target()
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Listing<Row>, ToolError> {
        let asked = arguments.paging.asked(LONG_PAGE)?;
        let asked = asked.within(permit.reader().page_bound().await);
        Ok(Listing::page(asked, permit.reader().branches(asked.request()).await?, row))
    }
}

fn row(branch: Branch) -> Row {
    Row {
        html_url: branch.page(),
        sha: branch.commit.id.to_string(),
        subject: subject(&branch.commit.message),
        date: branch.commit.timestamp.map(|time| time.to_string()),
        protected: branch.protected,
        name: branch.name,
    }
}
