//! What `/health` says: that we run, and whether the forge and the record behind us do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aegis_gate::audit::Health as AuditHealth;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::front::Front;
use crate::http::Edge;

/// How often Gitea is asked while it answers, and while it does not.
const ASK_EVERY: Duration = Duration::from_secs(15);
const ASK_AGAIN_EVERY: Duration = Duration::from_secs(2);

/// Where it is told, in short and as orchestrators ask: whether all is well (twice), and whether we run.
pub(crate) const PROBES: [&str; 3] = ["/health", "/health/ready", "/health/live"];

/// Whether Gitea answered when last asked.
#[derive(Debug, Default)]
pub(crate) struct Health {
    gitea: AtomicBool,
    /// Whether Gitea was ever asked: only changes are logged, and the first answer is one.
    asked: AtomicBool,
    /// Whether the process was asked to stop: a load balancer is to send new callers elsewhere.
    draining: AtomicBool,
    /// Whether nobody looks at the files of secrets any more.
    unwatched: AtomicBool,
}

impl Health {
    /// Reason codes of what is wrong; none when all is well.
    #[must_use]
    pub(crate) fn reasons(&self, front: &Front) -> Vec<&'static str> {
        let gitea = (!self.gitea.load(Ordering::Relaxed)).then_some("gitea_unavailable");
        let audit = match front.gate().audit_health() {
            AuditHealth::Fine => None,
            AuditHealth::Failing { .. } => Some("audit_failing"),
        };
        let draining = self.draining.load(Ordering::Relaxed).then_some("draining");
        let unwatched = (!self.is_watched()).then_some("secret_watch_ended");
        gitea.into_iter().chain(audit).chain(unwatched).chain(draining).collect()
    }

    /// From now on we are not ready.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// From now on the files of secrets are looked at, or not, though they should be.
    pub(crate) fn watched(&self, watched: bool) {
        self.unwatched.store(!watched, Ordering::Relaxed);
    }

    pub(crate) fn is_watched(&self) -> bool {
        !self.unwatched.load(Ordering::Relaxed)
    }

    /// Asks Gitea once.
    pub(crate) async fn ask(&self, front: &Front) -> bool {
        let id = front.correlation_id();
        let answers = front.gate().gitea_answers(&id).await;
        let before = self.gitea.swap(answers.is_ok(), Ordering::Relaxed);
        match &answers {
            Ok(()) if !before => {
                tracing::info!(event = "gitea_answers", correlation_id = id, "Gitea answers");
                warn_of_tokens(front, &id).await;
            }
            Err(error) if before || !self.asked.load(Ordering::Relaxed) => {
                tracing::warn!(
                    event = "gitea_silent",
                    correlation_id = id,
                    code = error.code(),
                    "Gitea does not answer"
                );
            }
            Ok(()) | Err(_) => (),
        }
        self.asked.store(true, Ordering::Relaxed);
        front.metrics().audit_failing(front.gate().audit_health() != AuditHealth::Fine);
        answers.is_ok()
    }

    /// Keeps asking until told to stop.
    pub(crate) async fn watch(self: Arc<Self>, front: Arc<Front>, stop: CancellationToken) {
        loop {
            let wait = if self.ask(&front).await { ASK_EVERY } else { ASK_AGAIN_EVERY };
            tokio::select! {
                () = tokio::time::sleep(wait) => (),
                () = stop.cancelled() => return,
            }
        }
    }
}

/// A token that Gitea does not take shows at the first call of somebody it stands behind; the operator hears of it now.
async fn warn_of_tokens(front: &Front, correlation_id: &str) {
    for (setting, error) in front.gate().unusable_tokens(correlation_id).await {
        tracing::warn!(
            event = "gitea_token_refused",
            correlation_id,
            setting,
            code = error.code(),
            reason = %error,
            hint = error.hint(),
            "nobody gets in by way of this setting"
        );
    }
}

/// `/health` and `/health/ready`.
pub(crate) async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    let reasons = edge.health.reasons(&edge.front);
    let version = env!("CARGO_PKG_VERSION");
    if reasons.is_empty() {
        return Json(json!({"status": "healthy", "version": version})).into_response();
    }
    let body = json!({"status": "unhealthy", "version": version, "reasons": reasons});
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

/// `/health/live`: the process runs.
pub(crate) async fn live() -> Response {
    Json(json!({"status": "live", "version": env!("CARGO_PKG_VERSION")})).into_response()
}
