//! Paging as Gitea does it: silent clamps, `Link` and `X-Total-Count`.

use http::HeaderName;
use http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, LINK};
use serde::Serialize;

use super::Answer;
use crate::ask::Ask;

/// `DEFAULT_PAGING_NUM`.
const DEFAULT_ENTRIES: usize = 30;

/// Which part of a list was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// From one.
    pub(crate) number: usize,
    pub(crate) limit: usize,
}

impl Page {
    /// From `page` and `limit`, out-of-range values replaced without a word.
    pub(crate) fn asked(ask: &Ask<'_>) -> Self {
        Self::clamped(ask, "limit", DEFAULT_ENTRIES, ask.instance.max_response_items)
    }

    pub(crate) fn clamped(ask: &Ask<'_>, limit_key: &str, default: usize, most: usize) -> Self {
        let positive = |key: &str| usize::try_from(ask.query.number(key)).ok().filter(|number| *number > 0);
        Self { number: positive("page").unwrap_or(1), limit: positive(limit_key).unwrap_or(default).min(most) }
    }

    pub(crate) fn count(self, total: usize) -> usize {
        total.div_ceil(self.limit.max(1))
    }

    /// The entries on this page.
    pub(crate) fn cut<T>(self, all: impl IntoIterator<Item = T>) -> Vec<T> {
        all.into_iter().skip((self.number - 1).saturating_mul(self.limit)).take(self.limit).collect()
    }

    /// The `Link` header, when there is more than one page.
    fn links(self, ask: &Ask<'_>, total: usize) -> Option<String> {
        let last = self.count(total);
        let current = self.number.min(last.max(1));
        let link = |page: usize, word: &str| {
            format!("<{}{}?{}>; rel=\"{word}\"", ask.instance.url, ask.path, ask.query.with_page(page))
        };
        let mut links = Vec::new();
        if current < last {
            links.push(link(current + 1, "next"));
            links.push(link(last, "last"));
        }
        if current > 1 {
            links.push(link(1, "first"));
            links.push(link(current - 1, "prev"));
        }
        (!links.is_empty()).then(|| links.join(","))
    }
}

/// A page of a list with both headers.
pub(crate) fn listed(ask: &Ask<'_>, page: Page, total: usize, body: &impl Serialize) -> Answer {
    with_total(ask, Answer::json(body), page, total, "")
}

/// A list for which Gitea sends the count alone, be it paged or not.
pub(crate) fn total_only(total: usize, body: &impl Serialize) -> Answer {
    Answer::json(body)
        .with(ACCESS_CONTROL_EXPOSE_HEADERS, "X-Total-Count")
        .with(HeaderName::from_static("x-total-count"), total.to_string())
}

/// Adds `Link` and `X-Total-Count`; `exposed` names further headers scripts in browsers may read.
pub(crate) fn with_total(ask: &Ask<'_>, answer: Answer, page: Page, total: usize, exposed: &str) -> Answer {
    let links = page.links(ask, total);
    let names = if links.is_some() { "Link, X-Total-Count" } else { "X-Total-Count" };
    let answer = answer
        .with(ACCESS_CONTROL_EXPOSE_HEADERS, format!("{names}{exposed}"))
        .with(HeaderName::from_static("x-total-count"), total.to_string());
    match links {
        Some(links) => answer.with(LINK, links),
        None => answer,
    }
}
