//! Parses URLs, hosts and origins that an operator wrote.

use std::fmt;

use url::{Host, Url};

use crate::config::{Fault, Kind, Variable};

/// Longest address taken; a host name has at most 253 characters (RFC 1035).
const ADDRESS_MAX_CHARACTERS: usize = 2048;

/// A host that clients may name in `Host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    /// The name, lower case, or the address.
    pub host: Host<String>,
    /// Only this port; absent: any.
    pub port: Option<u16>,
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(formatter, "{}:{port}", self.host),
            None => self.host.fmt(formatter),
        }
    }
}

/// An http or https URL of [`Kind::Url`] or, without a path, [`Kind::Origin`].
pub(crate) fn url(text: &str, variable: &Variable) -> Result<Url, Fault> {
    let wrong = || Fault::Takes(variable.kind.takes().into_owned());
    let url = http_url(text).ok_or_else(wrong)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::UserInfo);
    }
    if url.query().is_some() || url.fragment().is_some() || (variable.kind == Kind::Origin && url.path() != "/") {
        return Err(wrong());
    }
    match example(&url) {
        Some(name) => Err(Fault::Placeholder(name)),
        None => Ok(url),
    }
}

pub(crate) fn host(text: &str, variable: &Variable) -> Result<AllowedHost, Fault> {
    if text.contains('*') {
        return Err(Fault::AllowsAll);
    }
    let bare = |scheme: &str| http_url(&format!("{scheme}://{text}")).filter(is_bare);
    // A URL forgets the port that is its scheme's own, so both schemes are asked.
    bare("http")
        .zip(bare("https"))
        .and_then(|(http, https)| {
            Some(AllowedHost { host: http.host()?.to_owned(), port: http.port().or(https.port()) })
        })
        .ok_or_else(|| Fault::Takes(variable.kind.takes().into_owned()))
}

pub(crate) fn origin(text: &str, variable: &Variable) -> Result<url::Origin, Fault> {
    if text.contains('*') {
        return Err(Fault::AllowsAll);
    }
    let url = http_url(text).filter(is_bare).ok_or_else(|| Fault::Takes(variable.kind.takes().into_owned()))?;
    Ok(url.origin())
}

/// The URL parser mends much (blanks, tabs, backslashes, a missing slash); a setting that needs it was mistyped.
fn http_url(text: &str) -> Option<Url> {
    let is_plain =
        text.len() <= ADDRESS_MAX_CHARACTERS && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let (scheme, _) = text.split_once("://")?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    Url::parse(text).ok().filter(|url| is_plain && is_http && url.has_host())
}

fn is_bare(url: &Url) -> bool {
    let has_user = !url.username().is_empty() || url.password().is_some();
    url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !has_user
}

/// The name that RFC 2606 sets aside for examples, if the host is of one: a line copied from the documentation.
fn example(url: &Url) -> Option<&'static str> {
    let Some(Host::Domain(name)) = url.host() else { return None };
    let name = name.trim_end_matches('.');
    ["example.com", "example.org", "example.net", "example", "invalid"]
        .into_iter()
        .find(|example| name.strip_suffix(example).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::variables;

    fn variable(name: &str) -> &'static Variable {
        variables().find(|variable| variable.name == name).unwrap()
    }

    #[test]
    fn g11_a_base_url_keeps_prefix_port_and_ipv6() {
        for text in [
            "https://git.acme.test/forge/",
            "http://[::1]:3000/",
            "https://git.acme.test:8443/a/b",
            "http://gitea:3000/",
        ] {
            assert_eq!(url(text, variable("GITEA_URL")).map(String::from).as_deref(), Ok(text));
        }
    }

    #[test]
    fn g11_userinfo_is_refused() {
        for text in ["https://alice:pw@git.acme.test", "https://alice@git.acme.test", "https://:pw@git.acme.test"] {
            assert_eq!(url(text, variable("GITEA_URL")), Err(Fault::UserInfo), "{text}");
        }
    }

    #[test]
    fn g11_what_is_no_base_url_is_refused() {
        for text in [
            "git.acme.test",
            "ftp://git.acme.test",
            "https:/git.acme.test",
            "https:\\\\git.acme.test",
            "https://git.acme.test?x",
            "https://git.acme.test#x",
            "https://git acme.test",
            "https://",
            "file:///etc/passwd",
        ] {
            assert!(matches!(url(text, variable("GITEA_URL")), Err(Fault::Takes(_))), "{text}");
        }
        assert!(matches!(url("https://mcp.acme.test/path", variable("PUBLIC_URL")), Err(Fault::Takes(_))));
        assert!(url("https://mcp.acme.test/", variable("PUBLIC_URL")).is_ok());
    }

    #[test]
    fn k03_an_address_from_the_documentation_is_a_placeholder() {
        for (text, example) in [
            ("https://gitea.example.com", "example.com"),
            ("https://example.org/git", "example.org"),
            ("https://git.example", "example"),
            ("https://git.invalid", "invalid"),
        ] {
            assert_eq!(url(text, variable("GITEA_URL")), Err(Fault::Placeholder(example)), "{text}");
        }
        assert!(url("https://notexample.com", variable("GITEA_URL")).is_ok());
    }

    #[test]
    fn d04_hosts_and_origins_are_named_never_all() {
        let hosts = variable("ALLOWED_HOSTS");
        for (text, shown) in [
            ("MCP.acme.test", "mcp.acme.test"),
            ("a.test:80", "a.test:80"),
            ("a.test:443", "a.test:443"),
            ("[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(host(text, hosts).map(|host| host.to_string()).as_deref(), Ok(shown));
        }
        for text in ["*", "*.acme.test"] {
            assert_eq!(host(text, hosts), Err(Fault::AllowsAll));
        }
        for text in ["a.test/path", "user@a.test", "a.test:99999", "https://a.test"] {
            assert!(matches!(host(text, hosts), Err(Fault::Takes(_))), "{text}");
        }
        let origins = variable("ALLOWED_ORIGINS");
        assert_eq!(
            origin("https://App.acme.test:443/", origins).unwrap().ascii_serialization(),
            "https://app.acme.test"
        );
        assert_eq!(origin("*", origins), Err(Fault::AllowsAll));
        for text in ["null", "https://a.test/path", "file://", "https://u@a.test"] {
            assert!(matches!(origin(text, origins), Err(Fault::Takes(_))), "{text}");
        }
    }
}
