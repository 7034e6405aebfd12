use aegis_gate::{ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset, Visible};
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
}

impl ReadTool for ListBranches {
    const SPEC: ToolSpec = ToolSpec {
        name: "list_branches",
        title: "Branches",
        description: "Use it to list branches.",
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
        let page = permit.reader().branches(asked.request()).await?;
        let rows = Visible { rows: page.items, withheld: 0 };
        Ok(Listing::new(asked, rows, page.has_more, page.total, row))
    }
}

fn row(branch: Branch) -> Row {
    Row {
        sha: branch.commit.id.to_string(),
        subject: subject(&branch.commit.message),
        date: branch.commit.timestamp.map(|time| time.to_string()),
        protected: branch.protected,
        name: branch.name,
    }
}
