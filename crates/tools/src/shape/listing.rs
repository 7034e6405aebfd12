//! The one shape of every list.

use aegis_gate::{Output, Visible};
use schemars::JsonSchema;
use serde::Serialize;

use super::Asked;

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
    /// Makes the page that was asked for. A total would count what was withheld, so then there is none (attack R11).
    pub(crate) fn new<R>(
        asked: Asked,
        rows: Visible<R>,
        has_more: bool,
        total: Option<u64>,
        row: impl Fn(R) -> T,
    ) -> Self {
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

    /// The same, of a list whose end was not seen.
    pub(crate) fn cut_short(self, truncated: bool) -> Self {
        Self { truncated, ..self }
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
    fn g12_a_clamped_limit_is_said() {
        assert!(listing(0, true).contains(r#""limit_clamped_to":50"#));
    }
}
