//! Logs and metrics. JSON lines on standard error; Prometheus text on a listener of its own. Labels come from closed
//! sets only (tool, outcome, transport, reason): never a login, a request id, an address, a repository or a key id.

mod connections;
mod seldom;

use std::fmt::Write;
use std::time::Duration;

use aegis_gate::audit::Transport;
pub(crate) use connections::{ConnectionCounts, Ended};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
pub(crate) use seldom::Seldom;
use tracing_subscriber::EnvFilter;

/// Upper bounds of the call histogram, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    tool: &'static str,
    outcome: &'static str,
    transport: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignInLabels {
    reason: &'static str,
    transport: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    what: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolLabels {
    tool: &'static str,
}

/// The counters of one gateway.
pub struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    seconds: Family<ToolLabels, Histogram, fn() -> Histogram>,
    sign_ins: Family<SignInLabels, Counter>,
    connections: ConnectionCounts,
    sessions: Gauge,
    reloads: Family<ReloadLabels, Counter>,
    audit_failing: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("aegis");
        let calls = Family::default();
        registry.register("tool_calls", "Calls by tool, outcome and transport", calls.clone());
        let seconds = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        registry.register("tool_call_seconds", "How long calls took", seconds.clone());
        let sign_ins = Family::default();
        registry.register("authentications", "Attempts to get in by result", sign_ins.clone());
        let connections = ConnectionCounts::registered(&mut registry);
        let sessions = Gauge::default();
        registry.register("sessions", "Open sessions and streams", sessions.clone());
        let reloads = Family::default();
        registry.register("reloads", "Changed files by what they hold and whether they were taken", reloads.clone());
        let audit_failing = Gauge::default();
        registry.register("audit_failing", "1 while the audit record cannot be written", audit_failing.clone());
        Self { registry, calls, seconds, sign_ins, connections, sessions, reloads, audit_failing }
    }
}

impl Metrics {
    /// One call.
    pub fn called(&self, tool: &'static str, outcome: &'static str, transport: Transport, passed: Duration) {
        let transport = transport.as_str();
        self.calls.get_or_create(&CallLabels { tool, outcome, transport }).inc();
        self.seconds.get_or_create(&ToolLabels { tool }).observe(passed.as_secs_f64());
    }

    /// One attempt to get in.
    pub fn signed_in(&self, transport: Transport, reason: &'static str) {
        self.sign_ins.get_or_create(&SignInLabels { reason, transport: transport.as_str() }).inc();
    }

    /// One request refused before a tool was called.
    pub fn turned_away(&self, reason: &'static str) {
        self.connections.turned_away(reason);
    }

    /// What the listener counts.
    #[must_use]
    pub(crate) fn connections(&self) -> &ConnectionCounts {
        &self.connections
    }

    /// Open sessions and streams.
    pub fn sessions(&self, open: usize) {
        self.sessions.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// A changed file that was taken, or not.
    pub(crate) fn reloaded(&self, what: &'static str, taken: bool) {
        let outcome = if taken { "taken" } else { "refused" };
        self.reloads.get_or_create(&ReloadLabels { what, outcome }).inc();
    }

    /// Whether the record fails.
    pub fn audit_failing(&self, failing: bool) {
        self.audit_failing.set(i64::from(failing));
    }

    /// The Prometheus text (`OpenMetrics` 1.0).
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            // Writing into a String fails only if a label's own formatting does; none of ours can.
            let _ = writeln!(text, "# EOF");
        }
        text
    }
}

/// Where the protocol crate looks after sessions.
const SESSIONS: &str = "rmcp::transport::streamable_http_server";

/// Starts logging: JSON lines on standard error. The protocol crate is held to warnings: on debug it prints arguments.
/// Its service and its sessions say as errors what is none: that a client went away before its answer, or ended a session.
pub fn start_logging(level: &str) {
    let filter =
        EnvFilter::new(format!("{level},rmcp=warn,rmcp::service=off,{SESSIONS}=off,hyper=warn,reqwest=warn,sqlx=warn"));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start (in tests) keeps the first.
    let _ = subscriber.try_init();
    // A panic's own words could hold what was being worked on; where it happened is what the log needs.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(event = "panic", place, "a fault of ours");
    }));
}
