//! The one shape of every list.

use aegis_gate::{Output, Visible};
use aegis_gitea::read::Page;
use schemars::JsonSchema;
use serde::Serialize;

use super::Asked;
use crate::gather::Gathered;

/// A page of rows.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listing<T> {
    /// The rows of this page.
    items: Vec<T>,
    /// This page's number, from 1.
    page: u32,
    /// Whether there is another page.
    has_more: bool,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page: Option<u32>,
    /// Rows on all pages, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// Rows that the gateway's policy withholds.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<u64>,
    /// Rows a page, where fewer than asked for: the instance gives no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_clamped_to: Option<u32>,
    /// Set where only the first part of a long list was looked through: narrow the question.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

impl<T> Listing<T> {
    /// One of Gitea's own pages, of which nothing is withheld.
    pub(crate) fn page<R>(asked: Asked, page: Page<R>, row: impl Fn(R) -> T) -> Self {
        let rows = Visible { rows: page.items, withheld: 0 };
        Self::new(asked, rows, page.has_more, page.total, row)
    }

    /// The page that was asked for of a whole list.
    pub(crate) fn slice<R>(asked: Asked, all: Visible<R>, row: impl Fn(R) -> T) -> Self {
        let total = u64::try_from(all.rows.len()).ok();
        let (rows, has_more) = asked.slice(all.rows);
        Self::new(asked, Visible { rows, withheld: all.withheld }, has_more, total, row)
    }

    /// The page that was asked for of what was looked through, which may have ended once there was enough.
    pub(crate) fn gathered<R>(asked: Asked, gathered: Gathered<R>, row: impl Fn(R) -> T) -> Self {
        let all = Visible { rows: gathered.rows, withheld: 0 };
        Self { total: None, truncated: gathered.is_cut, ..Self::slice(asked, all, row) }
    }

    /// The same where what was left out is withheld. That is told only once the list was seen to its end: before, the
    /// number would tell where in it the hidden rows lie (attack R11).
    pub(crate) fn kept<R>(asked: Asked, gathered: Gathered<R>, row: impl Fn(R) -> T) -> Self {
        let is_whole = !gathered.is_cut && gathered.rows.len() <= asked.reach();
        let all = Visible { rows: gathered.rows, withheld: if is_whole { gathered.left_out } else { 0 } };
        let listing = Self::slice(asked, all, row);
        Self { total: listing.total.filter(|_| is_whole), truncated: gathered.is_cut, ..listing }
    }

    /// A total would count what was withheld, so then there is none (attack R11).
    fn new<R>(asked: Asked, rows: Visible<R>, has_more: bool, total: Option<u64>, row: impl Fn(R) -> T) -> Self {
        Self {
            items: rows.rows.into_iter().map(row).collect(),
            page: asked.page,
            has_more,
            next_page: has_more.then(|| asked.page.saturating_add(1)),
            total: if rows.withheld == 0 { total } else { None },
            withheld: some_if(rows.withheld),
            limit_clamped_to: asked.clamped.then_some(asked.limit),
            truncated: false,
        }
    }

    /// The same, of a list whose end was not seen: then what was counted is not all.
    pub(crate) fn cut_short(self, truncated: bool) -> Self {
        Self { truncated, total: self.total.filter(|_| !truncated), ..self }
    }
}

impl<T: Serialize + JsonSchema + Send> Output for Listing<T> {}

/// Nothing where there is nothing to say.
pub(crate) fn some_if(count: u64) -> Option<u64> {
    (count > 0).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(withheld: u64, clamped: bool) -> String {
        let asked = Asked { page: 2, limit: 50, clamped };
        let listing = Listing::new(asked, Visible { rows: vec![1], withheld }, true, Some(7), |row| row);
        serde_json::to_string(&listing).unwrap()
    }

    #[test]
    fn r11_a_total_is_dropped_when_a_row_was_withheld() {
        assert_eq!(listing(0, false), r#"{"items":[1],"page":2,"has_more":true,"next_page":3,"total":7}"#);
        assert_eq!(listing(1, false), r#"{"items":[1],"page":2,"has_more":true,"next_page":3,"withheld":1}"#);
    }

    #[test]
    fn a_whole_list_is_counted_and_one_whose_end_was_not_seen_is_not() {
        let asked = Asked { page: 1, limit: 2, clamped: false };
        let text = |listing: Listing<i32>| serde_json::to_string(&listing).unwrap();
        let all = || Visible { rows: vec![1, 2, 3], withheld: 0 };
        let whole = r#"{"items":[1,2],"page":1,"has_more":true,"next_page":2,"total":3}"#;
        assert_eq!(text(Listing::slice(asked, all(), |row| row)), whole);
        let cut = r#"{"items":[1,2],"page":1,"has_more":true,"next_page":2,"truncated":true}"#;
        assert_eq!(text(Listing::slice(asked, all(), |row| row).cut_short(true)), cut);
        let gathered = |is_cut| Gathered { rows: vec![1, 2, 3], left_out: 4, is_cut };
        assert_eq!(text(Listing::gathered(asked, gathered(true), |row| row)), cut);
        assert!(!text(Listing::gathered(asked, gathered(false), |row| row)).contains("total"));
    }

    #[test]
    fn r11_what_is_withheld_is_told_at_the_end_of_a_list_and_not_before() {
        let kept = |page, left_out, is_cut| {
            let gathered = Gathered { rows: vec![1, 2, 3], left_out, is_cut };
            let listing = Listing::kept(Asked { page, limit: 2, clamped: false }, gathered, |row| row);
            (listing.items.len(), listing.withheld, listing.total, listing.truncated)
        };
        assert_eq!(kept(1, 4, false), (2, None, None, false));
        assert_eq!(kept(2, 4, false), (1, Some(4), None, false));
        assert_eq!(kept(2, 0, false), (1, None, Some(3), false));
        assert_eq!(kept(2, 4, true), (1, None, None, true));
    }

    #[test]
    fn g12_a_clamped_limit_is_said() {
        assert!(listing(0, true).contains(r#""limit_clamped_to":50"#));
    }
}
