//! The arguments that name a page.

use aegis_gate::ToolError;
use aegis_gitea::read::PageRequest;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{at_least, between};

/// Rows of a page of issues, pull requests or commits, where no limit is asked for.
pub(crate) const SHORT_PAGE: u32 = 10;
/// Rows of a page of anything else, where no limit is asked for.
pub(crate) const LONG_PAGE: u32 = 30;
/// Longest page of a list that is cut here and not by Gitea; Gitea's own default.
const LONGEST_PAGE_HERE: u32 = 50;
/// Last page that may be asked for. Far beyond it Gitea's arithmetic overflows, and its first page comes again.
const LAST_PAGE: u32 = 100_000;

#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Paging {
    page: Option<i64>,
    limit: Option<i64>,
}

/// A page, after what was asked met what the instance gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) page: u32,
    pub(crate) limit: u32,
    /// More rows were asked for than the instance gives.
    pub(crate) clamped: bool,
}

impl Paging {
    /// The page to ask for, where `default` rows are a page unless the caller says otherwise.
    pub(crate) fn asked(&self, default: u32) -> Result<Asked, ToolError> {
        let limit = at_least(1, "limit", self.limit)?;
        let limit = limit.map_or(default, |limit| u32::try_from(limit).unwrap_or(u32::MAX));
        Ok(Asked { page: between(LAST_PAGE, "page", self.page)?.unwrap_or(1), limit, clamped: false })
    }
}

impl Asked {
    /// The same within what the instance gives. Asked for after every argument was read: a wrong one asks Gitea nothing.
    pub(crate) fn within(self, most: u32) -> Self {
        Self { limit: self.limit.min(most), clamped: self.limit > most, ..self }
    }

    /// The same for a list that is cut here: what the instance gives at once is of no matter then, and is not asked.
    pub(crate) fn cut_here(self) -> Self {
        self.within(LONGEST_PAGE_HERE)
    }

    pub(crate) fn request(self) -> PageRequest {
        PageRequest::new(self.page, self.limit)
    }

    /// How many rows there are up to the end of this page.
    pub(crate) fn reach(self) -> usize {
        usize::try_from(u64::from(self.page).saturating_mul(u64::from(self.limit))).unwrap_or(usize::MAX)
    }

    /// The rows of this page among all of them, where the whole list is at hand.
    pub(crate) fn slice<T>(self, all: Vec<T>) -> (Vec<T>, bool) {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let before = usize::try_from(self.page.saturating_sub(1)).unwrap_or(usize::MAX).saturating_mul(limit);
        let has_more = all.len() > before.saturating_add(limit);
        (all.into_iter().skip(before).take(limit).collect(), has_more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(page: Option<i64>, limit: Option<i64>) -> Asked {
        Paging { page, limit }.asked(SHORT_PAGE).unwrap().within(50)
    }

    #[test]
    fn g12_a_limit_above_the_bound_is_clamped_and_known_to_be() {
        assert_eq!(asked(None, None), Asked { page: 1, limit: 10, clamped: false });
        assert_eq!(asked(Some(3), Some(50)), Asked { page: 3, limit: 50, clamped: false });
        assert_eq!(asked(None, Some(1_000_000_000)), Asked { page: 1, limit: 50, clamped: true });
        assert_eq!(asked(Some(100_000), Some(i64::MAX)), Asked { page: 100_000, limit: 50, clamped: true });
        assert!(Paging { page: Some(100_001), limit: None }.asked(SHORT_PAGE).is_err());
        assert!(Paging { page: Some(0), limit: None }.asked(SHORT_PAGE).is_err());
        assert!(Paging { page: None, limit: Some(0) }.asked(SHORT_PAGE).is_err());
    }

    #[test]
    fn a_list_at_hand_is_paged_without_gap() {
        let page = |page| Asked { page, limit: 2, clamped: false }.slice(vec![1, 2, 3]);
        assert_eq!((page(1), page(2), page(3)), ((vec![1, 2], true), (vec![3], false), (vec![], false)));
        assert_eq!(page(u32::MAX).0, Vec::<i32>::new());
    }
}
