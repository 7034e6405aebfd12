//! Where the instance is: parsed once, then every request URL is built under it.

use std::fmt;

use thiserror::Error;
use url::Url;

/// The instance's address: `http` or `https`, host, port, and a path prefix if it is served below one.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why an address was refused. The address itself is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BaseUrlError {
    /// Not a URL.
    #[error("the address is not a URL such as https://git.example.org or https://example.org/git")]
    NotAUrl,
    /// A scheme other than `http` and `https`.
    #[error("the address must begin with https:// or http://")]
    Scheme,
    /// A user name or password in it.
    #[error("the address must not hold a user name or password")]
    UserInfo,
    /// A query or fragment.
    #[error("the address must end after its path, without ? and #")]
    QueryOrFragment,
    /// A path that is not a plain prefix.
    #[error("the address's path must be a plain prefix such as /git, without /api/v1")]
    Path,
}

impl BaseUrl {
    /// Parses an address. A slash at its end makes no difference.
    ///
    /// # Errors
    /// [`BaseUrlError`] for anything a request URL could not safely be built under.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        // The URL standard drops tabs and line ends and turns backslashes: what is parsed must be what was read.
        if text.chars().any(|character| character.is_control() || character.is_whitespace() || character == '\\') {
            return Err(BaseUrlError::NotAUrl);
        }
        let mut url = Url::parse(text).map_err(|_| BaseUrlError::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(BaseUrlError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::QueryOrFragment);
        }
        // A parser resolves dots and folds encodings; a prefix that it had to change is not the one that was meant.
        let prefix = url.path().trim_end_matches('/').to_owned();
        if written_path(text) != Some(&prefix) || !is_prefix(&prefix) {
            return Err(BaseUrlError::Path);
        }
        url.set_path(&prefix);
        Ok(Self(url))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// The path prefix without a slash at its end; empty where there is none.
    pub(crate) fn prefix(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

/// What stands after the host, without slashes at its end.
fn written_path(text: &str) -> Option<&str> {
    let (_, authority) = text.split_once("://")?;
    let path = authority.find('/').and_then(|at| authority.get(at..)).unwrap_or_default();
    Some(path.trim_end_matches('/'))
}

/// Empty, or `/segment`s of unreserved characters, none of dots alone, and not the API's own path.
fn is_prefix(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    path.split('/')
        .skip(1)
        .all(|segment| !segment.is_empty() && segment.bytes().all(plain) && !segment.bytes().all(|byte| byte == b'.'))
        && !path.ends_with("/api/v1")
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g11_prefix_port_and_ipv6_are_kept() {
        for (given, kept) in [
            ("https://git.example.org", "https://git.example.org"),
            ("https://git.example.org/", "https://git.example.org"),
            ("https://example.org:8443/git/", "https://example.org:8443/git"),
            ("http://[::1]:3000/a/b", "http://[::1]:3000/a/b"),
            ("https://example.org:443", "https://example.org"),
        ] {
            assert_eq!(BaseUrl::parse(given).unwrap().to_string(), kept);
        }
    }

    #[test]
    fn g11_userinfo_and_other_parts_are_refused_unrepeated() {
        for (given, why) in [
            ("https://user:hunter2@git.example.org", BaseUrlError::UserInfo),
            ("https://token@git.example.org", BaseUrlError::UserInfo),
            ("https://@git.example.org", BaseUrlError::UserInfo),
            ("ftp://git.example.org", BaseUrlError::Scheme),
            ("git.example.org", BaseUrlError::NotAUrl),
            ("", BaseUrlError::NotAUrl),
            ("https://", BaseUrlError::NotAUrl),
            ("https://git.example.org/?a=b", BaseUrlError::QueryOrFragment),
            ("https://git.example.org/#a", BaseUrlError::QueryOrFragment),
            ("https://git.example.org/a/../b", BaseUrlError::Path),
            ("https://git.example.org/a//b", BaseUrlError::Path),
            ("https:git.example.org", BaseUrlError::Path),
            ("https:///git.example.org", BaseUrlError::Path),
            ("https://git.example.org/%2e%2e/b", BaseUrlError::Path),
            ("https://git.example.org/api/v1/", BaseUrlError::Path),
            ("https://git.example.org\\a", BaseUrlError::NotAUrl),
            ("https://git.example.org/\na", BaseUrlError::NotAUrl),
        ] {
            assert_eq!(BaseUrl::parse(given).unwrap_err(), why, "{given}");
            assert!(!why.to_string().contains("hunter2"));
        }
    }
}
