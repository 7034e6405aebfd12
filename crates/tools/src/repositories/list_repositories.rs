use aegis_gate::{Account, ReadPermit, ReadTool, ToolError, ToolSpec, Toolset};
use aegis_gitea::read::{AccountReader, Page, PageRequest, Repository};
use aegis_gitea::{GiteaError, Owner, endpoints};
use schemars::JsonSchema;
use serde::Deserialize;

use super::row::RepositoryRow;
use super::sort::Sort;
use crate::Scope;
use crate::gather::gather;
use crate::shape::{LONG_PAGE, Listing, Paging};

/// The caller's repositories, or those of one owner.
pub(crate) struct ListRepositories;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    owner: Option<String>,
    visibility: Option<Visibility>,
    archived: Option<bool>,
    /// Newest or most first.
    sort: Option<Sort>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Visibility {
    Public,
    Private,
}

impl ReadTool for ListRepositories {
    const SPEC: ToolSpec = ToolSpec {
        name: "list_repositories",
        title: "Repositories",
        description: "To list your repositories, or an owner's. To look by name use search_repositories.",
        toolset: Toolset::Repositories,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::USER_REPOSITORIES, &endpoints::OWNER_REPOSITORIES],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Listing<RepositoryRow>;
    type Target = Account;

    fn target(_: &Arguments) -> Result<Account, ToolError> {
        Ok(Account)
    }

    async fn run(permit: &ReadPermit<Account>, arguments: &Arguments) -> Result<Listing<RepositoryRow>, ToolError> {
        let owner = arguments.owner.as_deref().map(Owner::parse).transpose()?;
        let fetch = |page| list(permit.reader(), owner.as_ref(), page);
        let asked = arguments.paging.asked(LONG_PAGE)?;
        if arguments.is_plain() && !permit.may_withhold() {
            let asked = asked.within(permit.reader().page_bound().await);
            let page = fetch(asked.request()).await.map_err(|error| absent(owner.as_ref(), error))?;
            return Ok(Listing::page(asked, page, RepositoryRow::from));
        }
        if arguments.is_plain() {
            let asked = asked.cut_here();
            let gathered = gather(asked.reach(), |repository| permit.keeps(&repository.full_name), fetch).await;
            let gathered = gathered.map_err(|error| absent(owner.as_ref(), error))?;
            return Ok(Listing::kept(asked, gathered, RepositoryRow::from));
        }
        // Gitea's two lists know neither filter nor order. The policy has its word first: what it keeps back is counted
        // the same whatever was filtered for, and tells nothing of itself.
        let gathered = gather(usize::MAX, |_| true, fetch).await;
        let gathered = gathered.map_err(|error| absent(owner.as_ref(), error))?;
        let mut visible = permit.visible(gathered.rows, |repository| Some(repository.full_name.clone()));
        visible.rows.retain(|repository| arguments.wants(repository));
        if let Some(sort) = arguments.sort {
            sort.order(&mut visible.rows);
        }
        Ok(Listing::slice(asked.cut_here(), visible, RepositoryRow::from).cut_short(gathered.is_cut))
    }
}

async fn list(
    reader: &AccountReader,
    owner: Option<&Owner>,
    page: PageRequest,
) -> Result<Page<Repository>, GiteaError> {
    match owner {
        Some(owner) => reader.owner_repositories(owner, page).await,
        None => reader.repositories(page).await,
    }
}

fn absent(owner: Option<&Owner>, error: GiteaError) -> ToolError {
    match (owner, error) {
        (Some(owner), GiteaError::NotFound) => ToolError::missing("owner", owner.as_str()),
        (_, error) => ToolError::Gitea(error),
    }
}

impl Arguments {
    fn is_plain(&self) -> bool {
        self.visibility.is_none() && self.archived.is_none() && self.sort.is_none()
    }

    fn wants(&self, repository: &Repository) -> bool {
        let is_private = repository.private || repository.internal;
        self.visibility.is_none_or(|wanted| (wanted == Visibility::Private) == is_private)
            && self.archived.is_none_or(|wanted| wanted == repository.archived)
    }
}
