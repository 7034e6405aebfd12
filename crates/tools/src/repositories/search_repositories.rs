use aegis_gate::{Account, ReadPermit, ReadTool, ToolError, ToolSpec, Toolset, Visible};
use aegis_gitea::endpoints;
use aegis_gitea::read::RepositorySearch;
use schemars::JsonSchema;
use serde::Deserialize;

use super::row::RepositoryRow;
use crate::Scope;
use crate::gather::gather;
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
        title: "Search",
        description: "Use it to find repositories by words.",
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
        let fetch = |page| {
            let q = arguments.query.clone();
            let (archived, private, sort, order) = (None, None, None, None);
            let search = RepositorySearch { q, topic: false, owner_id: None, archived, private, sort, order, page };
            async move { permit.reader().search_repositories(&search).await }
        };
        if !permit.may_withhold() {
            let page = fetch(asked.request()).await?;
            let rows = Visible { rows: page.items, withheld: 0 };
            return Ok(Listing::new(asked, rows, page.has_more, page.total, RepositoryRow::from));
        }
        // A count of what a search keeps back, or a page that is short of it, would tell whether a guessed name exists:
        // pages are cut from what may be seen alone (attack R11).
        let gathered = gather(asked.reach(), |repository| permit.sees(&repository.full_name), fetch).await?;
        let (rows, has_more) = asked.slice(gathered.rows);
        let rows = Visible { rows, withheld: 0 };
        Ok(Listing::new(asked, rows, has_more, None, RepositoryRow::from).cut_short(gathered.is_cut))
    }
}
