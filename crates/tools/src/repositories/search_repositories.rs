use aegis_gate::{Account, ReadPermit, ReadTool, ToolError, ToolSpec, Toolset};
use aegis_gitea::endpoints;
use aegis_gitea::read::RepositorySearch;
use schemars::JsonSchema;
use serde::Deserialize;

use super::row::RepositoryRow;
use super::sort::Sort;
use crate::Scope;
use crate::gather::gather;
use crate::shape::{LONG_PAGE, Listing, Paging};

/// Repositories by words.
pub(crate) struct SearchRepositories;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    query: String,
    topic: Option<bool>,
    /// Newest or most first.
    sort: Option<Sort>,
    #[serde(flatten)]
    paging: Paging,
}

impl ReadTool for SearchRepositories {
    const SPEC: ToolSpec = ToolSpec {
        name: "search_repositories",
        title: "Search",
        description: "To find repositories of all owners by part of the name. With topic, query is a whole topic.",
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
        let (sort, order) = arguments.sort.map(Sort::asked).unzip();
        let fetch = |page| {
            let (q, topic) = (arguments.query.clone(), arguments.topic.unwrap_or_default());
            let search =
                RepositorySearch { q, topic, owner_id: None, archived: None, private: None, sort, order, page };
            async move { permit.reader().search_repositories(&search).await }
        };
        if !permit.may_withhold() {
            let asked = asked.within(permit.reader().page_bound().await);
            return Ok(Listing::page(asked, fetch(asked.request()).await?, RepositoryRow::from));
        }
        // A count of what a search keeps back, or a page that is short of it, would tell whether a guessed name exists:
        // pages are cut from what may be seen alone (attack R11).
        let asked = asked.cut_here();
        let gathered = gather(asked.reach(), |repository| permit.keeps(&repository.full_name), fetch).await?;
        Ok(Listing::gathered(asked, gathered, RepositoryRow::from))
    }
}
