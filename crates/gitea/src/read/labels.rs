//! Labels: those of a repository, and those its organisation shares with it.

use serde::Deserialize;

use super::tolerant::or_default;
use super::{Page, PageRequest, RepositoryReader};
use crate::endpoints::{LABELS, ORGANIZATION_LABELS};
use crate::error::GiteaError;
use crate::route::Call;

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Label {
    /// Stable number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Six hexadecimal digits.
    #[serde(default, deserialize_with = "or_default")]
    pub color: String,
    /// Its own words.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
}

impl RepositoryReader {
    /// Labels of the repository itself: the only ones by which Gitea picks issues.
    ///
    /// # Errors
    /// [`GiteaError`]; needs `read:issue`.
    pub async fn labels(&self, page: PageRequest) -> Result<Page<Label>, GiteaError> {
        self.bound.page(self.call(&LABELS), page).await
    }

    /// Labels that the owner, if it is an organisation, shares with its repositories; a person has none.
    ///
    /// # Errors
    /// [`GiteaError`]; needs `read:organization`.
    pub async fn shared_labels(&self, page: PageRequest) -> Result<Page<Label>, GiteaError> {
        let call = Call::to(&ORGANIZATION_LABELS).organization(self.repository.owner());
        match self.bound.page(call, page).await {
            Err(GiteaError::NotFound) => Ok(Page { items: Vec::new(), total: Some(0), has_more: false }),
            other => other,
        }
    }
}
