//! Where Gitea or Forgejo is, and the one token of its own that the gateway may hold.

use std::path::PathBuf;

use url::Url;

use crate::config::reach::{self, Reach};
use crate::config::reader::Reader;
use crate::config::variables::{Kind, Variable, section};
use crate::config::{Fault, Purpose, Secret};

section! {
    "Gitea", "The one Gitea or Forgejo behind the gateway.";

    GITEA_URL = Variable::new(
        Kind::Url,
        "gitea.url",
        "The address of your Gitea or Forgejo as the gateway reaches it, with its path prefix if it has one. Plain \
         http is refused unless the host is this machine or private.",
    )
        .example("https://git.example.com")
        .remedy("the address you open Gitea under");
    GITEA_PUBLIC_URL = Variable::new(
        Kind::Url,
        "gitea.public_url",
        "The address of the same Gitea as a browser reaches it, for links, if it is another one.",
    )
        .optional("as Gitea itself says")
        .example("https://git.example.com");
    GITEA_CA_FILE = Variable::new(
        Kind::File,
        "gitea.ca_file",
        "Certificate authorities in PEM that are trusted for Gitea besides those of the system. Certificates are \
         always checked.",
    )
        .optional("those of the system alone")
        .example("/etc/aegis-mcp/ca.pem");
    GITEA_TOKEN = Variable::new(
        Kind::IssuedSecret,
        "gitea.token",
        "The Gitea account behind `MCP_API_KEYS`, stdio and `AUTH_ENABLED=false`: all of them act as its owner. A \
         site administrator's is refused.",
    )
        .optional("no shared account")
        .example("<token>")
        .remedy("make a token in Gitea under Settings › Applications");
}

/// Where Gitea is.
#[derive(Debug, Clone)]
pub struct GiteaSection {
    /// `GITEA_URL`; there for every [`Purpose`] that needs it.
    pub url: Option<Url>,
    /// `GITEA_PUBLIC_URL`.
    pub public_url: Option<Url>,
    /// `GITEA_CA_FILE`, seen to open.
    pub ca_file: Option<PathBuf>,
    /// `GITEA_TOKEN`.
    pub token: Option<Secret>,
}

impl GiteaSection {
    pub(crate) fn read(reader: &mut Reader<'_>, purpose: Purpose) -> Self {
        if purpose == Purpose::Gateway && !reader.is_set(&GITEA_URL) {
            reader.report(&GITEA_URL, Fault::Missing);
        }
        Self {
            url: address(reader, &GITEA_URL),
            public_url: address(reader, &GITEA_PUBLIC_URL),
            ca_file: reader.file(&GITEA_CA_FILE),
            token: reader.secret(&GITEA_TOKEN),
        }
    }
}

/// Tokens travel to this address, so it must be https or near.
fn address(reader: &mut Reader<'_>, variable: &'static Variable) -> Option<Url> {
    let url = reader.url(variable)?;
    if url.scheme() == "http" {
        match reach::of_url(&url) {
            Reach::Loopback => {}
            Reach::Private => reader.report(variable, Fault::PlainHttpPrivate),
            Reach::Public => reader.report(variable, Fault::PlainHttp),
        }
    }
    Some(url)
}
