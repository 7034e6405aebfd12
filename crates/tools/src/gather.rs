//! Several of Gitea's pages as one list, for filters and orders that Gitea does not have. Bounded: what lies beyond is
//! said to be left out.

use aegis_gitea::GiteaError;
use aegis_gitea::read::{Page, PageRequest};

/// Rows of one of Gitea's pages: what it gives at most unless set otherwise.
const PAGE_ROWS: u32 = 50;
/// Most pages looked through.
const MOST_PAGES: u32 = 10;

/// Rows that were kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gathered<T> {
    pub(crate) rows: Vec<T>,
    /// How many of those looked through were not.
    pub(crate) left_out: u64,
    /// Whether the list goes on beyond what was looked through.
    pub(crate) is_cut: bool,
}

/// Looks through pages from the first until the list ends, or more than `enough` rows were kept. Rows are counted as
/// they come: an instance may give fewer a page than were asked for, and then a page's number does not tell how many lie
/// before it.
pub(crate) async fn gather<T, F: Future<Output = Result<Page<T>, GiteaError>>>(
    enough: usize,
    keep: impl Fn(&T) -> bool,
    fetch: impl Fn(PageRequest) -> F,
) -> Result<Gathered<T>, GiteaError> {
    let (mut rows, mut seen) = (Vec::new(), 0_u64);
    for number in 1..=MOST_PAGES {
        let page = fetch(PageRequest::new(number, PAGE_ROWS)).await?;
        let is_empty = page.items.is_empty();
        seen = seen.saturating_add(count(page.items.len()));
        rows.extend(page.items.into_iter().filter(|row| keep(row)));
        let has_more = !is_empty && (page.has_more || page.total.is_some_and(|total| seen < total));
        if !has_more || rows.len() > enough {
            return Ok(Gathered { left_out: seen.saturating_sub(count(rows.len())), rows, is_cut: false });
        }
    }
    Ok(Gathered { left_out: seen.saturating_sub(count(rows.len())), rows, is_cut: true })
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn even(of_pages: u32, enough: usize) -> (Gathered<u32>, u32) {
        let asked = AtomicU32::new(0);
        let fetch = async |page: PageRequest| {
            asked.fetch_add(1, Ordering::SeqCst);
            let first = (page.page() - 1) * page.limit();
            let has_more = page.page() < of_pages;
            Ok(Page { items: (first..first + page.limit()).collect(), total: None, has_more })
        };
        let gathered = gather(enough, |row| row % 2 == 0, fetch).await.unwrap();
        (gathered, asked.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn pages_are_looked_through_until_there_is_enough() {
        let (all, asked) = even(3, usize::MAX).await;
        assert_eq!((all.rows.len(), all.is_cut, asked), (75, false, 3));
        let (some, asked) = even(3, 20).await;
        assert_eq!((some.rows.first(), some.is_cut, asked), (Some(&0), false, 1));
        assert_eq!((all.left_out, some.left_out), (75, 25));
    }

    /// 45 rows from an instance that gives twenty a page and tells their number alone: Gitea's labels. Before the last
    /// page fifty rows a page would be more than there are.
    #[tokio::test]
    async fn short_pages_are_looked_through_by_what_came() {
        for total in [Some(45), Some(47)] {
            let fetch = async |page: PageRequest| {
                let first = (page.page() - 1) * 20;
                Ok(Page { items: (first.min(45)..(first + 20).min(45)).collect(), total, has_more: false })
            };
            let all = gather(usize::MAX, |_: &u32| true, fetch).await.unwrap();
            assert_eq!((all.rows, all.is_cut), ((0..45).collect(), false), "{total:?}");
        }
    }

    #[tokio::test]
    async fn c08_a_list_without_end_is_cut_and_says_so() {
        let (all, asked) = even(u32::MAX, usize::MAX).await;
        assert_eq!((all.rows.len(), all.is_cut, asked), (250, true, 10));
    }
}
