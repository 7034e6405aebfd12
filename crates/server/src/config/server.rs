//! Where the gateway listens, under which names, and how much it says.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::Url;

use crate::config::reach::{self, Reach};
use crate::config::reader::Reader;
use crate::config::variables::{Kind, Variable, section};
use crate::config::{AllowedHost, Fault};

section! {
    "Listening", "Where the gateway listens, and the names it answers to.";

    MCP_HOST = Variable::new(
        Kind::Address,
        "server.host",
        "The address to listen on. Beyond this machine it needs TLS: `TLS_CERTIFICATE_FILE`, or a reverse proxy in front.",
    )
        .default("127.0.0.1")
        .example("127.0.0.1");
    MCP_PORT = Variable::new(
        Kind::Count { min: 0, max: 65_535, unit: "TCP port" },
        "server.port",
        "The port to listen on; 0 takes a free one.",
    )
        .default("8080")
        .example("8080");
    PUBLIC_URL = Variable::new(
        Kind::Origin,
        "server.public_url",
        "The address that clients reach the gateway under. It is an origin of its own, not Gitea's, and https \
         unless it is this machine.",
    )
        .optional("the address it listens on")
        .example("https://mcp.example.com");
    ALLOWED_HOSTS = Variable::new(
        Kind::Hosts,
        "server.allowed_hosts",
        "Host names to answer to besides those of `PUBLIC_URL` and this machine. A request for any other is \
         refused.",
    )
        .optional("no others")
        .example("mcp.internal,mcp.internal:8080");
    ALLOWED_ORIGINS = Variable::new(
        Kind::Origins,
        "server.allowed_origins",
        "Web pages whose scripts may call the gateway, besides those of `PUBLIC_URL`.",
    )
        .optional("no others")
        .example("https://app.example.com");
    MCP_SESSIONS = Variable::new(
        Kind::Bool,
        "server.sessions",
        "Sessions for clients of the revisions that have them. `false` where several gateways share one address: no \
         request then depends on the one before.",
    )
        .default("true")
        .example("true");
    LEGACY_SSE = Variable::new(
        Kind::Bool,
        "server.legacy_sse",
        "HTTP with SSE on `/mcp/sse`, as clients of 2024 speak it.",
    )
        .default("true")
        .example("true");
    TRUSTED_PROXIES = Variable::new(
        Kind::Networks,
        "server.trusted_proxies",
        "Addresses whose `FORWARDED_HEADER` is believed. Everyone else's is ignored.",
    )
        .optional("nobody's is believed")
        .example("127.0.0.1,10.0.0.0/24");
    FORWARDED_HEADER = Variable::new(
        Kind::Choice(&["x-forwarded-for", "forwarded"]),
        "server.forwarded_header",
        "The header in which `TRUSTED_PROXIES` name the client. Only this one is read: a proxy passes the other on \
         as the client wrote it.",
    )
        .default("x-forwarded-for")
        .example("forwarded");
    METRICS_ADDRESS = Variable::new(
        Kind::Listener,
        "server.metrics_address",
        "Where figures for Prometheus are served, on a listener of their own.",
    )
        .default("127.0.0.1:9090")
        .example("off");
    LOG_LEVEL = Variable::new(
        Kind::Choice(&["error", "warn", "info", "debug", "trace", "warning", "critical"]),
        "log.level",
        "How much the log says. `warning` and `critical` mean `warn` and `error`.",
    )
        .default("info")
        .example("info");
}

/// Where the gateway listens.
#[derive(Debug, Clone)]
pub struct ServerSection {
    /// `MCP_HOST`.
    pub host: IpAddr,
    /// `MCP_PORT`; 0 takes a free one.
    pub port: u16,
    /// `PUBLIC_URL`; https, or http on this machine.
    pub public_url: Option<Url>,
    /// `ALLOWED_HOSTS`, besides those that follow from the above.
    pub allowed_hosts: Vec<AllowedHost>,
    /// `ALLOWED_ORIGINS`, besides that of `PUBLIC_URL`.
    pub allowed_origins: Vec<url::Origin>,
    /// `MCP_SESSIONS`.
    pub sessions: bool,
    /// `LEGACY_SSE`.
    pub legacy_sse: bool,
    /// `TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<IpNet>,
    /// `FORWARDED_HEADER`.
    pub forwarded_header: ForwardedHeader,
    /// `METRICS_ADDRESS`; none is `off`.
    pub metrics_address: Option<SocketAddr>,
    /// `LOG_LEVEL`.
    pub log_level: LogLevel,
}

/// The header in which a proxy names the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, as most proxies write it.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// How much the log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// As log filters write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl ServerSection {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            host: reader.address(&MCP_HOST),
            port: reader.count(&MCP_PORT),
            public_url: public_url(reader),
            allowed_hosts: reader.hosts(&ALLOWED_HOSTS),
            allowed_origins: reader.origins(&ALLOWED_ORIGINS),
            sessions: reader.boolean(&MCP_SESSIONS),
            legacy_sse: reader.boolean(&LEGACY_SSE),
            trusted_proxies: reader.networks(&TRUSTED_PROXIES),
            forwarded_header: forwarded_header(reader),
            metrics_address: metrics_address(reader),
            log_level: log_level(reader),
        }
    }

    /// Whether only programs of this machine can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        reach::of_address(self.host) == Reach::Loopback
    }
}

/// Keys and cookies travel to this address; only on this machine may they do so in the open.
fn public_url(reader: &mut Reader<'_>) -> Option<Url> {
    let url = reader.url(&PUBLIC_URL)?;
    if url.scheme() == "http" && reach::of_url(&url) != Reach::Loopback {
        reader.report(&PUBLIC_URL, Fault::PlainHttpPublic);
    }
    Some(url)
}

fn metrics_address(reader: &mut Reader<'_>) -> Option<SocketAddr> {
    let address = reader.listener(&METRICS_ADDRESS)?;
    if reach::of_address(address.ip()) != Reach::Loopback {
        reader.report(&METRICS_ADDRESS, Fault::OpenMetrics);
    }
    Some(address)
}

fn forwarded_header(reader: &mut Reader<'_>) -> ForwardedHeader {
    match reader.choice(&FORWARDED_HEADER) {
        Some("forwarded") => ForwardedHeader::Forwarded,
        Some(_) | None => ForwardedHeader::XForwardedFor,
    }
}

fn log_level(reader: &mut Reader<'_>) -> LogLevel {
    match reader.choice(&LOG_LEVEL) {
        Some("error" | "critical") => LogLevel::Error,
        Some("warn" | "warning") => LogLevel::Warn,
        Some("debug") => LogLevel::Debug,
        Some("trace") => LogLevel::Trace,
        Some(_) | None => LogLevel::Info,
    }
}
