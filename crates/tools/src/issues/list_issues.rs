use aegis_gate::{ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::read::{Issue, IssueQuery, PageRequest};
use aegis_gitea::{GiteaError, Owner, endpoints};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{label, milestone};
use crate::Scope;
use crate::gather::gather;
use crate::shape::{
    Listing, Paging, RepositoryArguments, SHORT_PAGE, Standing, Wanted, in_row, invalid, login, logins, names,
};

/// Issues of one repository.
pub(crate) struct ListIssues;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    /// Default: open.
    state: Option<Wanted>,
    /// All of these.
    labels: Option<Vec<String>>,
    /// Title or id.
    milestone: Option<String>,
    query: Option<String>,
    author: Option<String>,
    assignee: Option<String>,
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
        title: "Issues",
        description: "To list or search issues, newest first. Pull requests are in list_pull_requests.",
        toolset: Toolset::Issues,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::ISSUES, &endpoints::LABELS, &endpoints::ORGANIZATION_LABELS, &endpoints::MILESTONES],
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
        let names = arguments.labels.clone().unwrap_or_default();
        if names.iter().any(|label| label.contains(',')) {
            // Gitea takes it for two labels.
            return Err(invalid("labels", "a name holds a comma", "such a label cannot be asked for"));
        }
        let (author, assignee) =
            (person("author", arguments.author.as_deref())?, person("assignee", arguments.assignee.as_deref())?);
        let labels = if names.is_empty() { label::Asked::default() } else { label::sorted(permit, names).await? };
        let milestone = match &arguments.milestone {
            Some(milestone) => Some(milestone::found(permit, milestone).await?),
            None => None,
        };
        let asked =
            if labels.others.is_empty() { asked.within(permit.reader().page_bound().await) } else { asked.cut_here() };
        let query = IssueQuery {
            state: arguments.state.unwrap_or_default().into(),
            labels: labels.own,
            q: arguments.query.clone(),
            milestone,
            assignee,
            author,
            since: None,
            page: asked.request(),
        };
        let absent = |error| unknown_person(&query, error);
        if labels.others.is_empty() {
            let page = permit.reader().issues(&query).await.map_err(absent)?;
            return Ok(Listing::page(asked, page, row));
        }
        let fetch = async |page: PageRequest| permit.reader().issues(&IssueQuery { page, ..query.clone() }).await;
        let bears =
            |issue: &Issue| labels.others.iter().all(|name| issue.labels.iter().any(|label| label.name == *name));
        let gathered = gather(asked.reach(), bears, fetch).await.map_err(absent)?;
        Ok(Listing::gathered(asked, gathered, row))
    }
}

fn person(argument: &str, login: Option<&str>) -> Result<Option<Owner>, ToolError> {
    let refuse = |_| invalid(argument, "it is no login", "give the name they sign in with");
    login.map(Owner::parse).transpose().map_err(refuse)
}

/// Gitea has no issues of somebody it does not know: it says 404, and not whom of two.
fn unknown_person(query: &IssueQuery, error: GiteaError) -> ToolError {
    let people: Vec<&str> = query.author.iter().chain(&query.assignee).map(Owner::as_str).collect();
    if error != GiteaError::NotFound || people.is_empty() {
        return ToolError::Gitea(error);
    }
    ToolError::missing("issue of a person called", people.join(" or "))
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
