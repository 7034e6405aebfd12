//! Host and Origin: closes the door to DNS rebinding and to foreign pages in a browser
//! (MCP 2026-07-28 basic/transports/streamable-http, Security).

use axum::response::Response;
use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use thiserror::Error;
use url::{Origin, Url};

use super::{DoorCode, Edge, number_of, strict};

/// Hosts that always mean this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Which names this gateway answers to, and which pages may call it from a browser.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    hosts: Vec<String>,
    origins: Vec<Origin>,
}

/// Why a request was turned away at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum DoorError {
    /// No Host, or several, or one that is none.
    #[error("a request needs exactly one well-formed Host header")]
    NoHost,
    /// Another name than ours.
    #[error("this gateway does not answer to that Host")]
    ForeignHost,
    /// A page of another origin.
    #[error("pages of that Origin may not call this gateway")]
    ForeignOrigin,
}

impl DoorError {
    fn code(self) -> DoorCode {
        match self {
            Self::NoHost => DoorCode::Host,
            Self::ForeignHost => DoorCode::ForeignHost,
            Self::ForeignOrigin => DoorCode::ForeignOrigin,
        }
    }

    fn hint(self) -> Option<String> {
        match self {
            Self::NoHost => None,
            Self::ForeignHost => Some("the operator sets PUBLIC_URL or ALLOWED_HOSTS".to_owned()),
            Self::ForeignOrigin => Some("the operator sets ALLOWED_ORIGINS".to_owned()),
        }
    }
}

impl Door {
    /// Loopback names, the host of the public URL, and what the operator added. A host without port stands for all
    /// its ports.
    #[must_use]
    pub(crate) fn new(public_url: Option<&Url>, hosts: &[String], origins: Vec<Origin>) -> Self {
        let public = public_url.and_then(Url::host_str).map(str::to_owned);
        let loopback = LOOPBACK.iter().map(|host| (*host).to_owned());
        let hosts = loopback.chain(public).chain(hosts.iter().cloned()).collect();
        let origins = origins.into_iter().chain(public_url.map(Url::origin)).collect();
        Self { hosts, origins }
    }

    /// The configured origins.
    #[must_use]
    pub(crate) fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// Whether a request may come in. An absent Origin is no browser's and passes.
    ///
    /// # Errors
    /// [`DoorError`].
    pub(crate) fn admits(&self, headers: &HeaderMap) -> Result<(), DoorError> {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(DoorError::NoHost) };
        let host = strict::authority(host).ok_or(DoorError::NoHost)?;
        let named = |name: &String| name.eq_ignore_ascii_case(host.host()) || name.eq_ignore_ascii_case(host.as_str());
        if !self.hosts.iter().any(named) {
            return Err(DoorError::ForeignHost);
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Ok(()),
            (Some(origin), None) if self.knows(origin.to_str().unwrap_or_default(), &host) => Ok(()),
            (Some(_), _) => Err(DoorError::ForeignOrigin),
        }
    }

    /// A configured origin, or a page of the very host that was asked.
    fn knows(&self, origin: &str, host: &Authority) -> bool {
        let Ok(origin) = Url::parse(origin) else { return false };
        let same_host = matches!(origin.scheme(), "http" | "https")
            && origin.host_str().is_some_and(|name| name.eq_ignore_ascii_case(host.host()))
            && origin.port_or_known_default() == host.port_u16().or(default_port(origin.scheme()));
        same_host || self.origins.iter().any(|known| *known == origin.origin())
    }
}

/// The port a Host header without one means.
fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Turns away what the door does not admit.
///
/// # Errors
/// The answer to it.
pub(super) fn check(edge: &Edge, parts: &Parts) -> Result<(), Box<Response>> {
    edge.door.admits(&parts.headers).map_err(|error| {
        Box::new(edge.refuse(error.code(), &error.to_string(), error.hint(), number_of(&parts.extensions)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(lines: &[(&'static str, &str)]) -> Result<(), DoorError> {
        let public = Url::parse("https://mcp.example.org").unwrap();
        let origins = vec![Url::parse("https://app.example.org").unwrap().origin()];
        let door = Door::new(Some(&public), &["10.1.2.3:8080".to_owned()], origins);
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        door.admits(&headers)
    }

    #[test]
    fn our_own_names_pass_and_foreign_ones_do_not() {
        for host in
            ["localhost:8080", "127.0.0.1", "[::1]:8080", "mcp.example.org", "MCP.example.org:443", "10.1.2.3:8080"]
        {
            assert_eq!(verdict(&[("host", host)]), Ok(()), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.1.2.3", "10.1.2.3:9", "127.0.0.1.nip.io"] {
            assert_eq!(verdict(&[("host", host)]), Err(DoorError::ForeignHost), "{host}");
        }
        for host in ["[::1]x:80", "[::1]tD80:0", "localhost:8o", "x@localhost", "localhost@localhost"] {
            assert_eq!(verdict(&[("host", host)]), Err(DoorError::NoHost), "{host}");
        }
        assert_eq!(verdict(&[]), Err(DoorError::NoHost));
        assert_eq!(verdict(&[("host", "localhost"), ("host", "localhost")]), Err(DoorError::NoHost));
        assert_eq!(verdict(&[("host", "x@localhost")]), Err(DoorError::NoHost));
    }

    #[test]
    fn a_page_of_our_host_or_a_configured_origin_passes_and_no_other() {
        let from = |host: &str, origin: &str| verdict(&[("host", host), ("origin", origin)]);
        assert_eq!(from("localhost:8080", "http://localhost:8080"), Ok(()));
        assert_eq!(from("mcp.example.org", "https://mcp.example.org"), Ok(()));
        assert_eq!(from("mcp.example.org", "https://app.example.org"), Ok(()));
        assert_eq!(from("localhost", "http://localhost"), Ok(()));
        assert_eq!(from("localhost", "http://localhost:9999"), Err(DoorError::ForeignOrigin));
        for origin in ["null", "http://evil.example", "http://app.example.org", "http://localhost:9999", "nonsense"] {
            assert_eq!(from("localhost:8080", origin), Err(DoorError::ForeignOrigin), "{origin}");
        }
        let twice = [("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://localhost")];
        assert_eq!(verdict(&twice), Err(DoorError::ForeignOrigin));
    }
}
