use aegis_gate::{ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::read::{Commit, CommitQuery, PageRequest};
use aegis_gitea::{GiteaError, endpoints};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Scope;
use crate::gather::gather;
use crate::nearby::{self, Sought};
use crate::shape::{
    Listing, Paging, PathArgument, ReferenceArgument, RepositoryArguments, SHORT_PAGE, invalid, subject,
};

/// History, newest first.
pub(crate) struct ListCommits;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    #[serde(flatten)]
    at: ReferenceArgument,
    #[serde(flatten)]
    path: PathArgument,
    /// Login, name or mail.
    author: Option<String>,
    /// RFC 3339 time.
    since: Option<String>,
    until: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// A commit.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Row {
    sha: String,
    /// First line of the message.
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    html_url: String,
}

impl ReadTool for ListCommits {
    const SPEC: ToolSpec = ToolSpec {
        name: "list_commits",
        title: "Commits",
        description: "To see who changed what, newest first. One commit's files are in get_commit.",
        toolset: Toolset::Commits,
        scope: Scope::ReadRepository,
        endpoints: &[
            &endpoints::COMMITS,
            &endpoints::COMMIT,
            &endpoints::REPOSITORY,
            &endpoints::TREE,
            &endpoints::BRANCHES,
            &endpoints::TAGS,
        ],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Listing<Row>;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target_at(arguments.path.parse()?)
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Listing<Row>, ToolError> {
        let at = arguments.at.parse()?;
        let asked = arguments.paging.asked(SHORT_PAGE)?;
        let since = time("since", arguments.since.as_deref())?;
        let until = time("until", arguments.until.as_deref())?;
        let path = arguments.path.parse()?;
        let asked = match &arguments.author {
            Some(_) => asked.cut_here(),
            None => asked.within(permit.reader().page_bound().await),
        };
        let query = CommitQuery { sha: at.clone(), path, since, until, page: asked.request() };
        let listed = match &arguments.author {
            None => permit.reader().commits(&query).await.map(|page| Listing::page(asked, page, row)),
            // Gitea does not know the question; so far back is looked.
            Some(author) => {
                let fetch =
                    async |page: PageRequest| permit.reader().commits(&CommitQuery { page, ..query.clone() }).await;
                let gathered = gather(asked.reach(), |commit| is_by(commit, author), fetch).await;
                gathered.map(|gathered| Listing::gathered(asked, gathered, row))
            }
        };
        match (listed, &query.path) {
            (Ok(listing), _) => Ok(listing),
            (Err(GiteaError::NotFound), Some(path)) => {
                Err(nearby::missing_path(permit, Sought::Either, path, at.as_ref()).await)
            }
            (Err(error), _) => Err(nearby::missing_ref(permit, at.as_ref(), error).await),
        }
    }
}

fn time(argument: &str, text: Option<&str>) -> Result<Option<Timestamp>, ToolError> {
    let refuse = |_| invalid(argument, "it is no time", "write it as 2026-01-31T00:00:00Z");
    text.map(str::parse).transpose().map_err(refuse)
}

fn is_by(commit: &Commit, author: &str) -> bool {
    let author = author.to_lowercase();
    let is = |text: &str| text.to_lowercase() == author;
    commit.author_account.as_ref().is_some_and(|account| is(&account.login))
        || commit.author.as_ref().is_some_and(|signature| is(&signature.name) || is(&signature.email))
}

fn row(commit: Commit) -> Row {
    let date = commit.author.as_ref().and_then(|signature| signature.date);
    Row {
        sha: commit.sha.to_string(),
        subject: subject(&commit.message),
        author: super::get_commit::author(&commit),
        date: date.map(|time| time.to_string()),
        html_url: commit.html_url,
    }
}
