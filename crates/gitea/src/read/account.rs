//! The caller's own view of the instance.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::page::{Label, paged, speakable, turned};
use super::tolerant::or_default;
use super::{AccountReader, Page, PageRequest, Repository};
use crate::endpoints::{OWNER_REPOSITORIES, REPOSITORY_SEARCH, USER, USER_ORGANIZATIONS, USER_REPOSITORIES};
use crate::error::GiteaError;
use crate::name::{Owner, RepositoryId};
use crate::route::Call;

/// A person, or an organisation in the place of one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Stable number; -1 and -2 are Gitea's ghost and its own actions.
    pub id: i64,
    /// The login name.
    pub login: String,
    /// The name they chose to show; may be empty.
    #[serde(default, deserialize_with = "or_default")]
    pub full_name: String,
    /// Site administrator. Only `/user` says so truly; elsewhere it is false.
    #[serde(default)]
    pub is_admin: bool,
    /// Their page.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
}

/// An organisation the caller belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Organization {
    /// Stable number.
    pub id: i64,
    /// The name in URLs.
    pub name: Owner,
    /// The name to show; may be empty.
    #[serde(default, deserialize_with = "or_default")]
    pub full_name: String,
    /// Its own words.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// "public", "limited" or "private".
    #[serde(default, deserialize_with = "or_default")]
    pub visibility: String,
}

/// A search over repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositorySearch {
    /// Part of the name, or of `owner/name`; several between commas, any of which may fit. Or the topic, if [`RepositorySearch::topic`].
    pub q: String,
    /// Whether `q` is a topic.
    pub topic: bool,
    /// Only what this account (by its number) owns.
    pub owner_id: Option<i64>,
    /// Only archived, or only not.
    pub archived: Option<bool>,
    /// Only private, or only not.
    pub private: Option<bool>,
    /// The order's key.
    pub sort: Option<RepositorySort>,
    /// The order's direction.
    pub order: Option<Order>,
    /// Which page.
    pub page: PageRequest,
}

/// What repositories are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositorySort {
    /// By name.
    Alphabetical,
    /// By age.
    Created,
    /// By last change.
    Updated,
    /// By size.
    Size,
    /// By stars.
    Stars,
    /// By forks.
    Forks,
}

impl RepositorySort {
    fn as_str(self) -> &'static str {
        match self {
            Self::Alphabetical => "alpha",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Size => "size",
            Self::Stars => "stars",
            Self::Forks => "forks",
        }
    }
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl Order {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

#[derive(Deserialize)]
struct Found {
    #[serde(default, deserialize_with = "or_default")]
    data: Vec<Box<RawValue>>,
}

impl AccountReader {
    /// Who the credential belongs to. [`GiteaError::Suspended`] comes from here alone.
    ///
    /// # Errors
    /// [`GiteaError`]; needs `read:user`.
    pub async fn user(&self) -> Result<User, GiteaError> {
        self.bound.json(&Call::to(&USER)).await
    }

    /// Repositories the caller owns or works on.
    ///
    /// # Errors
    /// [`GiteaError`]; needs `read:user` and `read:repository`.
    pub async fn repositories(&self, page: PageRequest) -> Result<Page<Repository>, GiteaError> {
        self.list::<_, RepositoryId>(Call::to(&USER_REPOSITORIES), |label| label.full_name, page).await
    }

    /// Repositories of one owner that the caller may see. Gitea's total counts those it hides too, so it is dropped.
    ///
    /// # Errors
    /// [`GiteaError`]; needs `read:user` and `read:repository`.
    pub async fn owner_repositories(&self, owner: &Owner, page: PageRequest) -> Result<Page<Repository>, GiteaError> {
        let call = Call::to(&OWNER_REPOSITORIES).username(owner);
        Ok(Page { total: None, ..self.list::<_, RepositoryId>(call, |label| label.full_name, page).await? })
    }

    /// Repositories that match a search and that the caller may see.
    ///
    /// # Errors
    /// [`GiteaError`]; needs `read:repository`.
    pub async fn search_repositories(&self, search: &RepositorySearch) -> Result<Page<Repository>, GiteaError> {
        let call = paged(Call::to(&REPOSITORY_SEARCH), search.page)
            .query("q", search.q.as_str())
            .maybe("topic", search.topic.then_some("true"))
            .maybe("uid", search.owner_id.map(|id| id.to_string()))
            .maybe("exclusive", search.owner_id.map(|_| "true"))
            .maybe("archived", search.archived.map(|archived| archived.to_string()))
            .maybe("is_private", search.private.map(|private| private.to_string()))
            .maybe("sort", search.sort.map(RepositorySort::as_str))
            .maybe("order", search.order.map(Order::as_str));
        let (found, headers) = self.bound.json_and_headers::<Found>(&call).await?;
        let page = turned(found.data, search.page, &headers);
        only_speakable::<_, RepositoryId>(page, |label| label.full_name)
    }

    /// Organisations of the caller.
    ///
    /// # Errors
    /// [`GiteaError`]; needs `read:user` and `read:organization`.
    pub async fn organizations(&self, page: PageRequest) -> Result<Page<Organization>, GiteaError> {
        self.list::<_, Owner>(Call::to(&USER_ORGANIZATIONS), |label| label.name, page).await
    }

    async fn list<T: DeserializeOwned, N: TryFrom<String>>(
        &self,
        call: Call<'_>,
        name: fn(Label) -> Option<String>,
        page: PageRequest,
    ) -> Result<Page<T>, GiteaError> {
        only_speakable::<T, N>(self.bound.page(call, page).await?, name)
    }
}

fn only_speakable<T: DeserializeOwned, N: TryFrom<String>>(
    page: Page<Box<RawValue>>,
    name: fn(Label) -> Option<String>,
) -> Result<Page<T>, GiteaError> {
    Ok(Page { items: speakable::<T, N>(page.items, name)?, total: page.total, has_more: page.has_more })
}
