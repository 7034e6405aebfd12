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
    /// Whether the list goes on beyond what was looked through.
    pub(crate) is_cut: bool,
}

/// Looks through pages from the first until the list ends, or more than `enough` rows were kept.
pub(crate) async fn gather<T, F: Future<Output = Result<Page<T>, GiteaError>>>(
    enough: usize,
    keep: impl Fn(&T) -> bool,
    fetch: impl Fn(PageRequest) -> F,
) -> Result<Gathered<T>, GiteaError> {
    let mut rows = Vec::new();
    for number in 1..=MOST_PAGES {
        let page = fetch(PageRequest::new(number, PAGE_ROWS)).await?;
        rows.extend(page.items.into_iter().filter(|row| keep(row)));
        if !page.has_more || rows.len() > enough {
            return Ok(Gathered { rows, is_cut: false });
        }
    }
    Ok(Gathered { rows, is_cut: true })
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
    }

    #[tokio::test]
    async fn c08_a_list_without_end_is_cut_and_says_so() {
        let (all, asked) = even(u32::MAX, usize::MAX).await;
        assert_eq!((all.rows.len(), all.is_cut, asked), (250, true, 10));
    }
}
