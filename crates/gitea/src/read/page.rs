//! Pages of lists.

use http::HeaderMap;
use http::header::LINK;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::Limits;
use crate::error::GiteaError;
use crate::exchange::Bound;
use crate::route::Call;

/// No instance is asked for more than this at once, whatever it publishes.
const LONGEST_PAGE: u32 = 1000;

/// Which page of a list, and how many rows a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    page: u32,
    limit: u32,
    is_clamped: bool,
}

impl PageRequest {
    /// Page `page`, from 1, of pages of `limit` rows. Zero is taken as one, a limit above 1,000 as 1,000.
    #[must_use]
    pub fn new(page: u32, limit: u32) -> Self {
        Self { page: page.max(1), limit, is_clamped: false }.clamped_to(LONGEST_PAGE)
    }

    /// The same, at most as large as the instance gives. Gitea clamps silently; then its pages would not be ours.
    #[must_use]
    pub fn within(self, limits: &Limits) -> Self {
        self.clamped_to(limits.max_response_items)
    }

    /// The page, from 1.
    #[must_use]
    pub fn page(self) -> u32 {
        self.page
    }

    /// Rows of a page.
    #[must_use]
    pub fn limit(self) -> u32 {
        self.limit
    }

    /// Whether fewer rows are asked for than was wished; the answer should say so.
    #[must_use]
    pub fn is_clamped(self) -> bool {
        self.is_clamped
    }

    fn clamped_to(self, longest: u32) -> Self {
        let limit = self.limit.clamp(1, longest.max(1));
        Self { limit, is_clamped: self.is_clamped || limit < self.limit, ..self }
    }

    /// Rows before this page.
    pub(super) fn offset(self) -> u64 {
        u64::from(self.page.saturating_sub(1)) * u64::from(self.limit)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// How many rows there are on all pages, where Gitea told it and the number counts only what the caller sees.
    pub total: Option<u64>,
    /// Whether there is a next page.
    pub has_more: bool,
}

pub(super) fn paged(call: Call<'_>, page: PageRequest) -> Call<'_> {
    call.query("page", page.page.to_string()).query("limit", page.limit.to_string())
}

impl Bound {
    /// A page whose body is an array (or null, Go's empty array).
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        page: PageRequest,
    ) -> Result<Page<T>, GiteaError> {
        let (items, headers) = self.json_and_headers::<Option<Vec<T>>>(&paged(call, page)).await?;
        let items = items.unwrap_or_default();
        Ok(turned(items, page, &headers))
    }
}

/// The page with what the headers say of the rest.
pub(super) fn turned<T>(items: Vec<T>, page: PageRequest, headers: &HeaderMap) -> Page<T> {
    let total = total(headers);
    let has_more = has_more(headers, total, page, items.len());
    Page { items, total, has_more }
}

pub(super) fn total(headers: &HeaderMap) -> Option<u64> {
    headers.get("x-total-count")?.to_str().ok()?.parse().ok()
}

/// `X-HasMore` where Gitea computes it, else `Link` (never followed), else the total.
fn has_more(headers: &HeaderMap, total: Option<u64>, page: PageRequest, rows: usize) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let seen = page.offset().saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
    match (text("x-hasmore"), text(LINK.as_str()), total) {
        (Some(flag), _, _) => flag == "true",
        (None, Some(link), _) => link.contains("rel=\"next\""),
        (None, None, Some(total)) => rows > 0 && seen < total,
        (None, None, None) => false,
    }
}

/// What the rows of a list are called, and nothing else of them.
#[derive(Deserialize)]
pub(super) struct Label {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) full_name: Option<String>,
}

/// Rows whose name, as `name` finds it, we can speak; a row holds its own as an `N`, so one that can be read has such a
/// name. An account or repository from before Gitea's present grammar could not be asked for, nor could a policy decide
/// about it; it must not make the whole list unreadable either.
pub(super) fn speakable<T: DeserializeOwned, N: TryFrom<String>>(
    rows: Vec<Box<RawValue>>,
    name: fn(Label) -> Option<String>,
) -> Result<Vec<T>, GiteaError> {
    let called = |row: &RawValue| serde_json::from_str(row.get()).ok().and_then(name);
    let is_unspeakable = |row: &RawValue| called(row).is_some_and(|name| N::try_from(name).is_err());
    let read = |row: Box<RawValue>| match serde_json::from_str(row.get()) {
        Ok(row) => Some(Ok(row)),
        Err(_) if is_unspeakable(&row) => None,
        Err(_) => Some(Err(GiteaError::Malformed { what: "JSON" })),
    };
    rows.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::name::Owner;

    #[test]
    fn g12_a_page_is_clamped_and_says_so() {
        let limits = Limits { max_response_items: 50, ..Limits::default() };
        let page = PageRequest::new(0, 1_000_000_000);
        assert_eq!((page.page(), page.limit(), page.is_clamped()), (1, 1000, true));
        let page = page.within(&limits);
        assert_eq!((page.limit(), page.is_clamped()), (50, true));
        let page = PageRequest::new(7, 10).within(&limits);
        assert_eq!((page.page(), page.limit(), page.is_clamped(), page.offset()), (7, 10, false, 60));
        assert_eq!(PageRequest::new(1, 0).limit(), 1);
        assert_eq!(PageRequest::new(1, 5).within(&Limits { max_response_items: 0, ..limits }).limit(), 1);
        assert_eq!(PageRequest::new(u32::MAX, 1000).offset(), 4_294_967_294_000);
    }

    fn more(headers: &[(&'static str, &'static str)], page: u32, rows: usize) -> (Option<u64>, bool) {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let page = turned(vec![(); rows], PageRequest::new(page, 10), &headers);
        (page.total, page.has_more)
    }

    #[test]
    fn g10_g12_more_is_known_from_headers_and_links_are_only_looked_at() {
        let next = r#"<http://evil.example/?page=2>; rel="next",<http://x/?page=3>; rel="last""#;
        let last = r#"<http://x/?page=1>; rel="first",<http://x/?page=2>; rel="prev""#;
        assert_eq!(more(&[("link", next), ("x-total-count", "25")], 1, 10), (Some(25), true));
        assert_eq!(more(&[("link", last), ("x-total-count", "25")], 3, 5), (Some(25), false));
        assert_eq!(more(&[("x-hasmore", "true")], 1, 10), (None, true));
        assert_eq!(more(&[("x-hasmore", "false"), ("x-total-count", "99")], 1, 10), (Some(99), false));
        assert_eq!(more(&[("x-total-count", "11")], 1, 10), (Some(11), true));
        assert_eq!(more(&[("x-total-count", "11")], 2, 1), (Some(11), false));
        assert_eq!(more(&[("x-total-count", "11")], 1, 0), (Some(11), false), "an empty page is the last");
        assert_eq!(more(&[("x-total-count", "-1")], 1, 10), (None, false));
        assert_eq!(more(&[], 1, 10), (None, false));
    }

    #[test]
    fn c14_rows_with_unspeakable_names_are_left_out_and_broken_rows_are_not_hidden() {
        #[derive(Debug, Deserialize)]
        struct Row {
            name: Owner,
        }
        let rows = |text| speakable::<Row, Owner>(serde_json::from_str(text).unwrap(), |label| label.name);
        let read = rows(r#"[{"name":"acme"},{"name":"M\u00fcller & Co"}]"#).unwrap();
        assert_eq!(read.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["acme"]);
        assert!(rows(r#"[{"name":5}]"#).is_err());
        assert!(rows("[{}]").is_err());
    }
}
