//! What must hold whatever comes in. `fuzz/` runs each with bytes of its own making, the unit test below with the seeds.

use crate::connect::BaseUrl;
use crate::endpoints;
use crate::name::{GitRef, RepoPath, RepositoryId};
use crate::route::Call;

/// Four lines become a base URL, a repository, a path and a ref. Whatever they hold, a URL that is made stays under the
/// base's origin and prefix, names no other parameter, and has exactly the segments of the path.
///
/// # Panics
/// It does not hold.
pub fn url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let Ok(base) = BaseUrl::parse(line()) else { return };
    let (Ok(repository), Ok(path)) = (RepositoryId::parse(line()), RepoPath::parse(line())) else { return };
    let at = GitRef::parse(line()).ok();
    let call = Call::to(&endpoints::CONTENTS).repository(&repository).filepath(&path);
    let Ok(url) = call.maybe("ref", at.as_ref().map(GitRef::as_str)).url(&base) else { return };
    assert_eq!(url.origin(), base.url().origin(), "{url}");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{url}");
    let rest = url.path().strip_prefix(base.prefix().trim_end_matches('/'));
    let rest = rest.and_then(|rest| rest.strip_prefix("/api/v1/repos/"));
    let rest = rest.unwrap_or_else(|| panic!("{url} left {}", base.prefix()));
    assert_eq!(rest.split('/').count(), 3 + path.segments().count(), "{url}");
    assert!(rest.split('/').all(|segment| !matches!(segment, "." | ".." | "")), "{url}");
    let mut pairs = url.query_pairs();
    assert_eq!(
        pairs.next().map(|(name, value)| (name.into_owned(), value.into_owned())),
        at.map(|at| { ("ref".to_owned(), at.as_str().to_owned()) })
    );
    assert!(pairs.next().is_none(), "{url}");
}

#[cfg(test)]
mod tests {
    use aegis_testkit::hold;

    use super::*;

    #[test]
    fn the_seeds_hold() {
        hold("url", url).unwrap();
    }
}
