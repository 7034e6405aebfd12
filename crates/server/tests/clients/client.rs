//! The clients: which, over which transports, and what each says when it is refused.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use crate::installed::{self, Installed, Node, Python};
use crate::seen::Seen;
use crate::way::{Transport, Way};
use crate::{Failure, inspector, rust_sdk, scripted};

/// What a client says hello with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// `initialize`, up to 2025-11-25.
    Legacy,
    /// 2026-07-28, and nothing else.
    Modern,
}

/// One client at one version in one era.
pub(crate) struct Client {
    name: String,
    era: Era,
    transports: &'static [Transport],
    kind: Kind,
}

/// A program, and what it needs.
#[derive(Clone)]
enum Kind {
    TypeScript { sdk: u8, node: Arc<Node> },
    Python(Arc<Python>),
    McpRemote(Arc<Node>),
    Inspector(Arc<Node>),
    Rust,
}

const EVERY: &[Transport] = &[Transport::Streamable, Transport::Sse, Transport::Stdio];
const HTTP: &[Transport] = &[Transport::Streamable, Transport::Sse];
const STREAMABLE: &[Transport] = &[Transport::Streamable];
/// Python's 2.x finds 2026-07-28 by itself; of the earlier era it has kept the transport that only that era has.
const SSE: &[Transport] = &[Transport::Sse];
/// HTTP with SSE ended before 2026-07-28, and rmcp never had it.
const NO_SSE: &[Transport] = &[Transport::Streamable, Transport::Stdio];

impl Client {
    /// All that are installed, and rmcp, which is built into this test.
    ///
    /// # Errors
    /// What is pinned cannot be read.
    pub(crate) fn all(installed: &Installed) -> Result<Vec<Self>, Failure> {
        let mut clients = Vec::new();
        if let Some(node) = &installed.node {
            clients.extend(of_npm(node)?);
        }
        for sdk in &installed.pythons {
            let kind = Kind::Python(Arc::clone(sdk));
            if sdk.is_second() {
                clients.push(Self::new("python", sdk.version, Era::Legacy, SSE, kind.clone()));
                clients.push(Self::new("python", sdk.version, Era::Modern, NO_SSE, kind));
            } else {
                clients.push(Self::new("python", sdk.version, Era::Legacy, EVERY, kind));
            }
        }
        let version = installed::rmcp_version()?;
        let rust = |era| Self::new("rmcp", version, era, NO_SSE, Kind::Rust);
        clients.extend([rust(Era::Legacy), rust(Era::Modern)]);
        Ok(clients)
    }

    fn new(name: &str, version: &str, era: Era, transports: &'static [Transport], kind: Kind) -> Self {
        let era_name = if era == Era::Modern { "modern" } else { "legacy" };
        Self { name: format!("{name} {version} {era_name}"), era, transports, kind }
    }

    /// What it speaks.
    pub(crate) fn transports(&self) -> &'static [Transport] {
        self.transports
    }

    /// What it tells its person when the key is wrong. Not all pass on what we say: that is theirs.
    pub(crate) fn words_of_refusal(&self) -> &'static str {
        match (&self.kind, self.era) {
            (Kind::TypeScript { .. }, Era::Legacy) => "this key is not known here",
            (Kind::TypeScript { .. }, Era::Modern) => "the server requires authorization (HTTP 401)",
            (Kind::Python(sdk), _) if sdk.is_second() => "this key is not known here",
            (Kind::Python(_), _) => "401 Unauthorized",
            (Kind::McpRemote(_), _) => "Connection closed",
            (Kind::Inspector(_), _) => "auth_required",
            (Kind::Rust, _) => "Auth required",
        }
    }

    /// Lists the tools and calls two.
    ///
    /// # Errors
    /// What the client said.
    pub(crate) async fn run(&self, way: &Way) -> Result<Seen, String> {
        match &self.kind {
            Kind::TypeScript { sdk, node } => scripted::typescript(node, *sdk, self.era, way).await,
            Kind::Python(sdk) => scripted::python(sdk, self.era, way).await,
            Kind::McpRemote(node) => scripted::mcp_remote(node, self.era, way).await,
            Kind::Inspector(node) => inspector::run(node, self.era, way).await,
            Kind::Rust => rust_sdk::run(self.era, way).await,
        }
    }
}

fn of_npm(node: &Arc<Node>) -> Result<Vec<Client>, Failure> {
    let typescript = |sdk| Kind::TypeScript { sdk, node: Arc::clone(node) };
    let (bridge, inspector) = (Kind::McpRemote(Arc::clone(node)), Kind::Inspector(Arc::clone(node)));
    let rows = [
        ("typescript", "@modelcontextprotocol/sdk", Era::Legacy, EVERY, typescript(1)),
        ("typescript", "@modelcontextprotocol/client", Era::Legacy, EVERY, typescript(2)),
        ("typescript", "@modelcontextprotocol/client", Era::Modern, NO_SSE, typescript(2)),
        ("mcp-remote", "mcp-remote", Era::Legacy, HTTP, bridge.clone()),
        ("mcp-remote", "mcp-remote", Era::Modern, STREAMABLE, bridge),
        ("inspector", "@modelcontextprotocol/inspector", Era::Legacy, EVERY, inspector.clone()),
        ("inspector", "@modelcontextprotocol/inspector", Era::Modern, NO_SSE, inspector),
    ];
    let client = |(name, package, era, transports, kind)| {
        Ok(Client::new(name, &installed::npm_version(package)?, era, transports, kind))
    };
    rows.into_iter().map(client).collect()
}

impl Display for Client {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)
    }
}
