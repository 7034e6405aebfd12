use aegis_gate::{ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset, Visible};
use aegis_gitea::endpoints;
use aegis_gitea::read::{Issue, IssueQuery};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Scope;
use crate::shape::{
    Listing, Paging, RepositoryArguments, SHORT_PAGE, Standing, Wanted, in_row, invalid, login, logins, names,
};

/// Issues of one repository.
pub(crate) struct ListIssues;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    /// Open if absent.
    state: Option<Wanted>,
    /// All of these.
    labels: Option<Vec<String>>,
    /// Words.
    query: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// An issue.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Row {
    number: i64,
    title: String,
    state: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assignees: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milestone: Option<String>,
    /// How many.
    comments: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    html_url: String,
}

impl ReadTool for ListIssues {
    const SPEC: ToolSpec = ToolSpec {
        name: "list_issues",
        title: "List issues",
        description: "Lists issues.",
        toolset: Toolset::Issues,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::ISSUES],
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
        let labels = arguments.labels.clone().unwrap_or_default();
        if labels.iter().any(|label| label.contains(',')) {
            // Gitea takes it for two labels.
            return Err(invalid("labels", "a name holds a comma", "such a label cannot be asked for"));
        }
        let asked = asked.within(permit.reader().page_bound().await);
        let query = IssueQuery {
            state: arguments.state.unwrap_or_default().into(),
            labels,
            q: arguments.query.clone(),
            milestone: None,
            assignee: None,
            author: None,
            since: None,
            page: asked.request(),
        };
        let page = permit.reader().issues(&query).await?;
        let rows = Visible { rows: page.items, withheld: 0 };
        Ok(Listing::new(asked, rows, page.has_more, page.total, row))
    }
}

fn row(issue: Issue) -> Row {
    Row {
        number: issue.number.number(),
        title: in_row(&issue.title).0,
        state: issue.state.into(),
        author: login(issue.author),
        labels: names(issue.labels),
        assignees: logins(issue.assignees),
        milestone: issue.milestone.map(|milestone| milestone.title),
        comments: issue.comments,
        created_at: issue.created_at.map(|time| time.to_string()),
        updated_at: issue.updated_at.map(|time| time.to_string()),
        html_url: issue.html_url,
    }
}
