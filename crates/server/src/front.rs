//! What every transport calls: the gate, counted and logged. No transport reaches the gate past it, so that the same
//! call gives the same verdict, the same record and the same metric whichever way it came.

use aegis_ambient::Ambient;
use aegis_gate::audit::Transport;
use aegis_gate::redact::Redactor;
use aegis_gate::{
    Answer, Ask, AuthnError, AuthnSettings, Call, CallError, Entry, Gate, Origin, Principal, RawCredential,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::telemetry::Metrics;

/// The gate with its counters.
pub(crate) struct Front {
    gate: Gate,
    metrics: Metrics,
    ambient: Ambient,
    replaced: Notify,
    stop: CancellationToken,
}

impl Front {
    /// Puts counters before a gate.
    #[must_use]
    pub(crate) fn new(gate: Gate, metrics: Metrics, ambient: Ambient) -> Self {
        Self { gate, metrics, ambient, replaced: Notify::new(), stop: CancellationToken::new() }
    }

    /// See [`Gate::authenticate`].
    ///
    /// # Errors
    /// [`AuthnError`].
    pub(crate) async fn authenticate(&self, raw: &RawCredential, origin: &Origin) -> Result<Principal, AuthnError> {
        let verdict = self.gate.authenticate(raw, origin).await;
        let reason = verdict.as_ref().map_or_else(AuthnError::code, |_| "ok");
        self.metrics.signed_in(origin.transport, reason);
        match &verdict {
            Ok(principal) => tracing::debug!(
                event = "api_authentication",
                status = "success",
                correlation_id = origin.correlation_id,
                login = principal.login(),
            ),
            // The limit's own refusals would let a flood fill the log; the metric counts them.
            Err(AuthnError::RateLimited { .. }) => (),
            Err(error) => tracing::warn!(
                event = error.event(raw).as_str(),
                status = "failure",
                code = error.code(),
                correlation_id = origin.correlation_id,
                address = origin.address.map(tracing::field::display),
                "a caller did not get in"
            ),
        }
        verdict
    }

    /// See [`Gate::admit`]. A refusal is counted by the call that follows it, or by the edge that answers it.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) fn admit(&self, principal: &Principal, call: &Call) -> Result<(), CallError> {
        self.gate.admit(principal, call)
    }

    /// Whether a method calls something that is offered: what nobody is offered is no method, and asking for it no call.
    #[must_use]
    pub(crate) fn offers(&self, method: &str) -> bool {
        let catalog = self.gate.catalog();
        match method {
            "tools/call" => true,
            "resources/read" | "resources/list" | "resources/templates/list" => !catalog.resources().is_empty(),
            "prompts/get" | "prompts/list" => !catalog.prompts().is_empty(),
            "completion/complete" => catalog.completes(),
            _ => false,
        }
    }

    /// See [`Gate::browse`].
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) fn browse(&self, principal: &Principal) -> Result<(), CallError> {
        self.gate.browse(principal)
    }

    /// See [`Gate::list`].
    pub(crate) fn list(&self, principal: &Principal) -> impl Iterator<Item = &Entry> {
        self.gate.list(principal)
    }

    /// See [`Gate::call`].
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn call(&self, principal: &Principal, call: Call, ask: Ask<'_>) -> Result<Answer, CallError> {
        let started = self.ambient.elapsed();
        // Labels come from a closed set: what no tool is called stays one label.
        let tool = self.gate.catalog().entry(&call).map_or("unknown", |entry| entry.spec().name);
        let origin = ask.origin;
        let verdict = self.gate.call(principal, call, ask).await;
        let passed = self.ambient.elapsed().saturating_sub(started);
        let outcome = verdict.as_ref().map_or_else(CallError::code, |_| "ok");
        self.metrics.called(tool, outcome, origin.transport, passed);
        let duration_ms = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            event = "tool_call",
            correlation_id = origin.correlation_id,
            login = principal.login(),
            tool,
            outcome,
            duration_ms,
        );
        verdict
    }

    /// See [`Gate::replace_secrets`].
    pub(crate) fn replace_secrets(&self, settings: &AuthnSettings, redactor: Redactor) {
        self.gate.replace_secrets(settings, redactor);
        self.replaced.notify_one();
    }

    /// The process was asked to end: what no call waits for ends now.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits until the process was asked to end.
    pub(crate) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Waits until keys or tokens were replaced. For one who waits.
    pub(crate) async fn secrets_replaced(&self) {
        self.replaced.notified().await;
    }

    /// The gate itself, for what is no call: health, the catalogue.
    #[must_use]
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The counters.
    #[must_use]
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// A fresh request id.
    #[must_use]
    pub(crate) fn correlation_id(&self) -> String {
        correlation_id(&self.ambient)
    }

    /// Where a request without a peer comes from: stdio and the command line.
    #[must_use]
    pub(crate) fn local_origin(&self, transport: Transport) -> Origin {
        Origin { transport, address: None, client: None, correlation_id: self.correlation_id() }
    }
}

/// A fresh request id: sixteen hexadecimal digits.
#[must_use]
pub(crate) fn correlation_id(ambient: &Ambient) -> String {
    // Without randomness ids would repeat, which misleads a reader but lets nobody in.
    format!("{:016x}", u64::from_be_bytes(ambient.random::<8>().unwrap_or_default()))
}
