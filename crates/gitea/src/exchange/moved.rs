//! Redirects: never followed, and only one kind is understood.

use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use url::Url;

use crate::connect::BaseUrl;
use crate::error::GiteaError;
use crate::name::RepositoryId;

/// Gitea answers a request for a renamed or transferred repository with 301 to the same path under the new name. That
/// name is reported; every other redirect, and every other origin, is only a redirect.
pub(super) fn explain(status: StatusCode, headers: &HeaderMap, asked: &Url, base: &BaseUrl) -> GiteaError {
    let is_lasting = matches!(status.as_u16(), 301 | 307 | 308);
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let to = location.filter(|_| is_lasting).and_then(|location| asked.join(location).ok());
    match (to.and_then(|to| repository(&to, base)), repository(asked, base)) {
        (Some(to), Some(from)) if to != from => GiteaError::Moved { to },
        _ => GiteaError::Redirected,
    }
}

/// The repository a URL of ours names, if it is one of this instance's API.
fn repository(url: &Url, base: &BaseUrl) -> Option<RepositoryId> {
    let is_ours = url.origin() == base.url().origin() && url.username().is_empty() && url.password().is_none();
    let below = url.path().strip_prefix(base.prefix())?.strip_prefix("/api/v1/repos/")?;
    let mut segments = below.split('/');
    let (owner, name) = (segments.next()?, segments.next()?);
    if is_ours { RepositoryId::parse(&format!("{owner}/{name}")).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn explained(status: u16, location: &str) -> GiteaError {
        let base = BaseUrl::parse("https://example.org:8443/git").unwrap();
        let asked = Url::parse("https://example.org:8443/git/api/v1/repos/acme/old/issues").unwrap();
        let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_str(location).unwrap())]);
        explain(StatusCode::from_u16(status).unwrap(), &headers, &asked, &base)
    }

    #[test]
    fn g08_a_rename_is_reported_with_its_new_name() {
        let to = RepositoryId::parse("acme/new").unwrap();
        for status in [301, 307, 308] {
            for location in [
                "/git/api/v1/repos/acme/new/issues",
                "https://example.org:8443/git/api/v1/repos/acme/new",
                "../new/issues",
            ] {
                assert_eq!(explained(status, location), GiteaError::Moved { to: to.clone() }, "{status} {location}");
            }
        }
    }

    #[test]
    fn g08_every_other_redirect_is_only_a_redirect() {
        for location in [
            "https://evil.example/git/api/v1/repos/acme/new",
            "http://example.org:8443/git/api/v1/repos/acme/new",
            "https://example.org/git/api/v1/repos/acme/new",
            "https://u:p@example.org:8443/git/api/v1/repos/acme/new",
            "//evil.example/git/api/v1/repos/acme/new",
            "/api/v1/repos/acme/new",
            "/git/api/v1/repos/acme",
            "/git/api/v1/repos/acme/%2e%2e",
            "/git/api/v1/user",
            "/git/api/v1/repos/ACME/old/issues",
            "",
        ] {
            assert_eq!(explained(301, location), GiteaError::Redirected, "{location}");
        }
        for status in [300, 302, 303, 304] {
            assert_eq!(explained(status, "/git/api/v1/repos/acme/new"), GiteaError::Redirected, "{status}");
        }
    }
}
