//! How connections are treated: TLS of our own, protocols, caps, and how they end.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::Fault;
use crate::config::reader::Reader;
use crate::config::variables::{Kind, Variable, section};

section! {
    "Connections", "TLS of the gateway's own, how many may connect, and how they end.";

    TLS_CERTIFICATE_FILE = Variable::new(
        Kind::File,
        "server.tls_certificate_file",
        "The certificate to show, in PEM, with those that vouch for it after it. Needs `TLS_KEY_FILE`. A changed file is \
         taken up within 5 seconds; one that is wrong keeps the last good one.",
    )
        .optional("no TLS of our own: a reverse proxy has it")
        .example("/etc/aegis-mcp/tls/fullchain.pem");
    TLS_KEY_FILE = Variable::new(
        Kind::File,
        "server.tls_key_file",
        "Its private key, in PEM, in a file that others cannot read.",
    )
        .optional("no TLS of our own")
        .example("/etc/aegis-mcp/tls/privkey.pem");
    HTTP2_CLEARTEXT = Variable::new(
        Kind::Bool,
        "connections.http2_cleartext",
        "Whether clients may begin with HTTP/2 where there is no TLS, as some proxies do. Over TLS it is always offered.",
    )
        .default("false")
        .example("false");
    MAX_CONNECTIONS = Variable::new(
        Kind::Count { min: 1, max: 100_000, unit: "connections" },
        "connections.max",
        "Most connections at once; the next is closed. The limit of open files may leave room for fewer.",
    )
        .default("4096")
        .example("4096");
    MAX_CONNECTIONS_PER_ADDRESS = Variable::new(
        Kind::Count { min: 1, max: 100_000, unit: "connections" },
        "connections.max_per_address",
        "The same for one IPv4 address or one IPv6 /64. Addresses in `TRUSTED_PROXIES` are exempt.",
    )
        .default("256")
        .example("256");
    DRAIN_SECONDS = Variable::new(
        Kind::Count { min: 1, max: 600, unit: "seconds" },
        "connections.drain_seconds",
        "How long open requests may take to end after SIGTERM. A second signal ends them at once.",
    )
        .default("30")
        .example("30");
}

/// How connections are treated.
#[derive(Debug, Clone)]
pub struct ConnectionsSection {
    /// `TLS_CERTIFICATE_FILE` and `TLS_KEY_FILE`.
    pub tls: Option<TlsPaths>,
    /// `HTTP2_CLEARTEXT`.
    pub clear_http2: bool,
    /// `MAX_CONNECTIONS`.
    pub max: usize,
    /// `MAX_CONNECTIONS_PER_ADDRESS`.
    pub max_per_address: usize,
    /// `DRAIN_SECONDS`.
    pub drain: Duration,
}

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsPaths {
    /// `TLS_CERTIFICATE_FILE`.
    pub certificate: PathBuf,
    /// `TLS_KEY_FILE`.
    pub key: PathBuf,
}

impl ConnectionsSection {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let certificate = reader.file(&TLS_CERTIFICATE_FILE);
        let key = reader.file(&TLS_KEY_FILE);
        for (one, other) in [(&TLS_CERTIFICATE_FILE, &TLS_KEY_FILE), (&TLS_KEY_FILE, &TLS_CERTIFICATE_FILE)] {
            if reader.is_set(one) && !reader.is_set(other) {
                reader.report(one, Fault::Needs(other.name));
            }
        }
        Self {
            tls: certificate.zip(key).map(|(certificate, key)| TlsPaths { certificate, key }),
            clear_http2: reader.boolean(&HTTP2_CLEARTEXT),
            max: reader.count(&MAX_CONNECTIONS),
            max_per_address: reader.count(&MAX_CONNECTIONS_PER_ADDRESS),
            drain: Duration::from_secs(reader.count(&DRAIN_SECONDS)),
        }
    }
}
