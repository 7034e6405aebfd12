//! SIGHUP: all files are read again and what may change while we run takes effect at once, or nothing does. What needs
//! a restart is named in the log.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use aegis_gate::audit::{Event, EventName, Outcome};
use aegis_gate::redact::Redactor;
use aegis_gate::{AuthnSettings, Policy};
use futures_util::FutureExt;
use tokio::signal::unix::Signal;
use tokio::task::JoinHandle;

use super::end::End;
use super::{Context, setup};
use crate::config::{Configuration, Loaded, Purpose, SecretWatch, Severity, load};
use crate::front::Front;
use crate::health::Health;
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
    /// What the process was started with.
    pub(super) started: Loaded,
    pub(super) front: Arc<Front>,
    pub(super) health: Arc<Health>,
    pub(super) tls: Option<Arc<Tls>>,
    /// Whether the process's own user is let in.
    pub(super) local: bool,
    /// How often all was reloaded, held while something is read and taken. What a watch of before a reload read may be
    /// older than what the reload took: it must not take its place (attack K04).
    pub(super) reloads: Arc<Mutex<u64>>,
}

/// A configuration that can take the place of the running one.
struct Next {
    loaded: Loaded,
    policy: Policy,
    ways_in: AuthnSettings,
    redactor: Redactor,
    tls: Option<Tls>,
}

/// Everything stays as it was, and that is said.
struct Refused;

impl Reload {
    /// Reloads at each signal. Watches the files of secrets in between.
    pub(super) async fn run(mut self, mut hangups: Signal) {
        let first = self.started.secret_watch.take();
        let reload = Arc::new(self);
        let mut watching = reload.watch(first);
        while hangups.recv().await.is_some() {
            let turn = tokio::task::spawn_blocking({
                let reload = Arc::clone(&reload);
                move || reload.turn()
            });
            match turn.await {
                Ok(Ok(watch)) => watching = reload.watch(watch),
                Ok(Err(Refused)) => (),
                Err(_panic) => {
                    reload.front.metrics().reloaded("configuration", false);
                    reload.refused(&["a fault of ours".to_owned()]);
                }
            }
        }
        drop(watching);
    }

    fn watch(&self, watch: Option<SecretWatch>) -> Watching {
        let (front, local, reloads) = (Arc::clone(&self.front), self.local, Arc::clone(&self.reloads));
        let of = *self.reloads.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = move |event| {
            let now = reloads.lock().unwrap_or_else(PoisonError::into_inner);
            if *now == of {
                setup::secret_changed(event, &front, local);
            }
        };
        let run = watch.map(|watch| watch.run(changed));
        Watching::of(run, Arc::clone(&self.health))
    }

    /// Reads everything once. A single mistake keeps all as it is; else there are new files of secrets to watch, if any.
    fn turn(&self) -> Result<Option<SecretWatch>, Refused> {
        let mut reloads = self.reloads.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = self.read();
        self.front.metrics().reloaded("configuration", verdict.is_ok());
        match verdict {
            Ok(next) => {
                *reloads = reloads.saturating_add(1);
                Ok(self.take(next))
            }
            Err(reasons) => {
                self.refused(&reasons);
                Err(Refused)
            }
        }
    }

    fn refused(&self, reasons: &[String]) {
        for reason in reasons {
            tracing::error!(event = "reload_refused", reason, "everything stays as it was");
        }
        self.note(EventName::PolicyRefused, Outcome::Denied, None);
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
        let policy = setup::policy(configuration, &aegis_tools::catalog().ruled_names())?;
        let (ways_in, redactor) = setup::secrets(configuration, self.local)?;
        Ok(Next { loaded, policy, ways_in, redactor, tls: setup::tls(configuration)? })
    }

    fn take(&self, next: Next) -> Option<SecretWatch> {
        let Next { mut loaded, policy, ways_in, redactor, tls } = next;
        self.front.gate().replace_policy(policy);
        self.front.replace_secrets(&ways_in, redactor);
        let mut needs_restart = loaded.differs_from(&self.started);
        let keeps_tls = self.tls.is_some() == tls.is_some();
        if let (Some(running), Some(next)) = (&self.tls, tls) {
            running.replace(next);
        }
        needs_restart.retain(|name| !TAKEN.contains(name) || (TLS.contains(name) && !keeps_tls));
        tracing::info!(event = "reloaded", "policy, secrets and certificate were read again and are in use");
        if !needs_restart.is_empty() {
            let settings = needs_restart.join(", ");
            tracing::warn!(
                event = "restart_needed",
                settings,
                "these settings changed since the start and need a restart"
            );
        }
        self.note(EventName::PolicyReloaded, Outcome::Allowed, Some("POLICY_PATH".to_owned()));
        loaded.secret_watch.take()
    }

    fn note(&self, name: EventName, outcome: Outcome, target: Option<String>) {
        let event = Event::new(name, outcome, self.front.correlation_id());
        self.front.gate().audit().note(Event { target, ..event });
    }
}

/// The watch over the files of secrets; ends when dropped.
struct Watching(Option<JoinHandle<()>>);

impl Watching {
    /// A watch that ends by itself, by a fault of ours, is an alarm: a key taken away would still open (attack K04).
    fn of(run: Option<impl Future<Output = ()> + Send + 'static>, health: Arc<Health>) -> Self {
        health.watched(true);
        Self(run.map(|run| {
            tokio::spawn(async move {
                let _ = AssertUnwindSafe(run).catch_unwind().await;
                health.watched(false);
                tracing::error!(event = "secret_watch_ended", "changed secret files are not seen; reload or restart");
            })
        }))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        if let Some(watch) = &self.0 {
            watch.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn broken() {
        std::future::ready(()).await;
        panic!("a fault");
    }

    #[tokio::test]
    async fn k04_a_watch_that_breaks_is_an_alarm_until_there_is_another() {
        let health = Arc::new(Health::default());
        let mut watching = Watching::of(Some(broken()), Arc::clone(&health));
        watching.0.take().unwrap().await.unwrap();
        assert!(!health.is_watched());
        let watching = Watching::of(Some(std::future::pending()), Arc::clone(&health));
        assert!(health.is_watched());
        drop(watching);
        assert!(health.is_watched(), "one that is replaced is no fault");
    }
}
