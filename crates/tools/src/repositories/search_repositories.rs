use aegis_gate::{Account, ReadPermit, ReadTool, ToolError, ToolSpec, Toolset, Visible};
use aegis_gitea::endpoints;
use aegis_gitea::read::RepositorySearch;
use schemars::JsonSchema;
use serde::Deserialize;

use super::row::RepositoryRow;
use crate::Scope;
use crate::shape::{LONG_PAGE, Listing, Paging};

/// Repositories by words.
pub(crate) struct SearchRepositories;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    /// Words.
    query: String,
    #[serde(flatten)]
    paging: Paging,
}

impl ReadTool for SearchRepositories {
    const SPEC: ToolSpec = ToolSpec {
        name: "search_repositories",
        title: "Search repositories",
        description: "Finds repositories by words.",
        toolset: Toolset::Repositories,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::REPOSITORY_SEARCH],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Listing<RepositoryRow>;
    type Target = Account;

    fn target(_: &Arguments) -> Result<Account, ToolError> {
        Ok(Account)
    }

    async fn run(permit: &ReadPermit<Account>, arguments: &Arguments) -> Result<Listing<RepositoryRow>, ToolError> {
        let asked = arguments.paging.asked(LONG_PAGE)?;
        let asked = asked.within(permit.reader().page_bound().await);
        let search = RepositorySearch {
            q: arguments.query.clone(),
            topic: false,
            owner_id: None,
            archived: None,
            private: None,
            sort: None,
            order: None,
            page: asked.request(),
        };
        let page = permit.reader().search_repositories(&search).await?;
        let visible = permit.visible(page.items, |repository| Some(repository.full_name.clone()));
        // What a search withholds would tell whether a guessed name exists: here neither it nor a total is counted
        // (attack R11).
        let rows = Visible { rows: visible.rows, withheld: 0 };
        Ok(Listing::new(asked, rows, page.has_more, None, RepositoryRow::from))
    }
}
