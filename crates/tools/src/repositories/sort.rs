//! The order of repositories, the same for every list of them: names upwards, times and stars downwards.

use std::cmp::Reverse;

use aegis_gitea::read::{Order, Repository, RepositorySort};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sort {
    Name,
    Updated,
    Stars,
}

impl Sort {
    /// As Gitea's search knows it.
    pub(super) fn asked(self) -> (RepositorySort, Order) {
        match self {
            Self::Name => (RepositorySort::Alphabetical, Order::Ascending),
            Self::Updated => (RepositorySort::Updated, Order::Descending),
            Self::Stars => (RepositorySort::Stars, Order::Descending),
        }
    }

    /// As it is done here, for lists that Gitea does not order.
    pub(super) fn order(self, rows: &mut [Repository]) {
        match self {
            Self::Name => rows.sort_by_cached_key(|row| row.full_name.folded()),
            Self::Updated => rows.sort_by_key(|row| Reverse(row.updated_at)),
            Self::Stars => rows.sort_by_key(|row| Reverse(row.stars_count)),
        }
    }
}
