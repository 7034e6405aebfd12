//! SIGHUP: all files are read again and what may change while we run takes effect at once, or nothing does. What needs
//! a restart is named in the log.

use std::sync::Arc;

use aegis_gate::audit::{Event, EventName, Outcome};
use aegis_gate::redact::Redactor;
use aegis_gate::{AuthnSettings, Policy};
use tokio::signal::unix::Signal;
use tokio::task::JoinHandle;

use super::end::End;
use super::{Context, setup};
use crate::config::{Configuration, Loaded, Purpose, SecretWatch, Severity, load};
use crate::front::Front;
use crate::listener::Tls;

/// Settings whose new value is taken. All others need a restart.
const TAKEN: [&str; 10] = [
    "GITEA_MCP_DEFAULT_TOKEN",
    "GITEA_MCP_STATIC_TOKEN",
    "GITEA_TOKEN",
    "GITEA_TOKENS",
    "MCP_API_KEYS",
    "POLICY_PATH",
    "REDACTION",
    "REDACTION_RULES",
    TLS[0],
    TLS[1],
];
/// Taken too, where there was TLS before and still is.
const TLS: [&str; 2] = ["TLS_CERTIFICATE_FILE", "TLS_KEY_FILE"];

/// What reloading changes.
pub(super) struct Reload {
    pub(super) context: Context,
    /// As the process runs now.
    pub(super) running: Loaded,
    pub(super) front: Arc<Front>,
    pub(super) tls: Option<Arc<Tls>>,
    /// Whether the process's own user is let in.
    pub(super) local: bool,
}

/// A configuration that can take the place of the running one.
struct Next {
    loaded: Loaded,
    policy: Policy,
    ways_in: AuthnSettings,
    redactor: Redactor,
    tls: Option<Tls>,
}

impl Reload {
    /// Reloads at each signal. Watches the files of secrets in between.
    pub(super) async fn run(mut self, mut hangups: Signal) {
        let mut watching = Watching::of(self.running.secret_watch.take(), &self.front, self.local);
        while hangups.recv().await.is_some() {
            let turn = tokio::task::spawn_blocking(move || {
                let is_taken = self.turn();
                (self, is_taken)
            });
            let Ok((reload, is_taken)) = turn.await else { return };
            self = reload;
            if is_taken {
                watching = Watching::of(self.running.secret_watch.take(), &self.front, self.local);
            }
        }
        drop(watching);
    }

    /// Reads everything once. A single mistake keeps all as it is.
    fn turn(&mut self) -> bool {
        let verdict = self.read();
        self.front.metrics().reloaded("configuration", verdict.is_ok());
        match verdict {
            Ok(next) => self.take(next),
            Err(reasons) => {
                for reason in &reasons {
                    tracing::error!(event = "reload_refused", reason, "everything stays as it was");
                }
                self.note(EventName::PolicyRefused, Outcome::Denied, None);
                return false;
            }
        }
        true
    }

    fn read(&self) -> Result<Next, Vec<String>> {
        let mut loaded = load(self.context.sources(), Purpose::Gateway);
        let Some(configuration) = loaded.configuration.take() else {
            let errors = loaded.problems.iter().filter(|problem| problem.severity == Severity::Error);
            return Err(errors.map(crate::config::Problem::what).collect());
        };
        self.prepare(loaded, &configuration).map_err(|end| vec![end.to_string()])
    }

    fn prepare(&self, loaded: Loaded, configuration: &Configuration) -> Result<Next, End> {
        let policy = setup::policy(configuration, &aegis_tools::catalog().names())?;
        let (ways_in, redactor) = setup::secrets(configuration, self.local)?;
        Ok(Next { loaded, policy, ways_in, redactor, tls: setup::tls(configuration)? })
    }

    fn take(&mut self, next: Next) {
        let Next { loaded, policy, ways_in, redactor, tls } = next;
        let gate = self.front.gate();
        gate.replace_policy(policy);
        gate.replace_secrets(&ways_in, redactor);
        let mut needs_restart = loaded.differs_from(&self.running);
        let keeps_tls = self.tls.is_some() == tls.is_some();
        if let (Some(running), Some(next)) = (&self.tls, tls) {
            running.replace(next);
        }
        needs_restart.retain(|name| !TAKEN.contains(name) || (TLS.contains(name) && !keeps_tls));
        self.running = loaded;
        tracing::info!(event = "reloaded", "policy, secrets and certificate were read again and are in use");
        if !needs_restart.is_empty() {
            let settings = needs_restart.join(", ");
            tracing::warn!(event = "restart_needed", settings, "these settings changed and need a restart");
        }
        self.note(EventName::PolicyReloaded, Outcome::Allowed, Some("POLICY_PATH".to_owned()));
    }

    fn note(&self, name: EventName, outcome: Outcome, target: Option<String>) {
        let event = Event::new(name, outcome, self.front.correlation_id());
        self.front.gate().audit().note(Event { target, ..event });
    }
}

/// The watch over the files of secrets; ends when dropped.
struct Watching(Option<JoinHandle<()>>);

impl Watching {
    fn of(watch: Option<SecretWatch>, front: &Arc<Front>, local: bool) -> Self {
        let front = Arc::clone(front);
        Self(watch.map(|watch| tokio::spawn(watch.run(move |event| setup::secret_changed(event, &front, local)))))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        if let Some(watch) = &self.0 {
            watch.abort();
        }
    }
}
