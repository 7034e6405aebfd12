//! Puts the rooms together: from validated settings to a gate behind a listener.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gate::redact::{self, Redactor};
use aegis_gate::{Gate, House, Parts};
use aegis_gitea::connect::{BaseUrl, Client};
use axum::Router;
use axum::routing::get;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::front::Front;
use crate::http::{self, Door, Edge, Running, TrustedProxies};
use crate::listener::{self, Listener};
use crate::mcp::{Offered, Protocol, Wrap};
use crate::telemetry::{ConnectionCounts, Metrics, Seldom};

/// What we call ourselves towards Gitea.
const USER_AGENT: &str = concat!("aegis-mcp/", env!("CARGO_PKG_VERSION"));

/// What the edge is told of the configuration.
pub(crate) struct Settings {
    /// `TRUSTED_PROXIES`.
    pub proxies: TrustedProxies,
    /// Which Host and Origin may knock.
    pub door: Door,
    /// `AUTH_ENABLED`.
    pub authentication: bool,
    /// Whether people reach us by https.
    pub https: bool,
    /// What of the older revisions is offered.
    pub offered: Offered,
}

/// How often sessions are looked for that lie unused, or whose key no longer stands.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// A gateway ready to serve.
pub(crate) struct App {
    /// What its routes need.
    pub edge: Arc<Edge>,
    /// Cancelled when nothing may go on.
    cut: CancellationToken,
}

impl App {
    /// Builds the gate and what stands before it.
    ///
    /// # Errors
    /// The gate could not be built.
    pub(crate) async fn new<W: Wrap>(
        parts: Parts,
        settings: Settings,
        wrap: W,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let ambient = parts.ambient.clone();
        let parts = Parts { catalog: wrap.offer(parts.catalog), ..parts };
        let front = Arc::new(front(parts).await?);
        let cut = CancellationToken::new();
        let protocol = Protocol::new(&front, wrap, &ambient, stop, &cut);
        let Settings { proxies, door, authentication, https, offered } = settings;
        let (health, seldom) = (Arc::default(), Seldom::new(ambient));
        let (running, listening) = (Running::default(), Running::for_listeners());
        let edge =
            Edge { front, protocol, running, listening, offered, proxies, door, authentication, https, health, seldom };
        Ok(Self { edge: Arc::new(edge), cut })
    }
}

/// The gate, counted.
///
/// # Errors
/// The gate could not be built.
pub(crate) async fn front(parts: Parts) -> anyhow::Result<Front> {
    let ambient = parts.ambient.clone();
    Ok(Front::new(Gate::new(parts).await?, Metrics::default(), ambient))
}

/// Most connections at once to the metrics: one scraper and a person looking.
const MAX_SCRAPERS: usize = 16;

/// Serves until told to stop: the gateway, and the metrics on a listener of their own.
pub(crate) async fn serve(app: App, gateway: Listener, metrics: Option<TcpListener>, stop: CancellationToken) {
    let App { edge, cut } = app;
    let (front, health) = (Arc::clone(&edge.front), Arc::clone(&edge.health));
    let watch = tokio::spawn(Arc::clone(&health).watch(Arc::clone(&front), stop.clone()));
    let scraped = metrics.map(|socket| {
        let settings = listener::Settings { max_connections: MAX_SCRAPERS, ..listener::Settings::default() };
        let counts = ConnectionCounts::default();
        let metrics = Listener { socket, settings, tls: None, counts, ambient: gateway.ambient.clone() };
        tokio::spawn(metrics.serve(metrics_router(front), stop.clone(), CancellationToken::new(), || ready(())))
    });
    let sweep = tokio::spawn(sweep(Arc::clone(&edge), stop.clone()));
    let draining = tokio::spawn({
        let (stop, front) = (stop.clone(), Arc::clone(&edge.front));
        async move {
            stop.cancelled().await;
            health.drain();
            front.stop();
        }
    });
    // A call of a session runs on when its connection is gone.
    let running = Arc::clone(&edge);
    gateway
        .serve(http::router(edge), stop, cut, move || {
            let edge = Arc::clone(&running);
            async move { edge.running.none().await }
        })
        .await;
    for task in [watch, sweep, draining].into_iter().chain(scraped) {
        if task.await.is_err() {
            tracing::error!("a background task ended in a panic");
        }
    }
}

async fn sweep(edge: Arc<Edge>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => (),
            () = edge.front.secrets_replaced() => (),
            () = stop.cancelled() => return,
        }
        edge.protocol.sweep(&edge.front).await;
        edge.front.metrics().sessions(edge.protocol.open());
    }
}

fn metrics_router(front: Arc<Front>) -> Router {
    let text = move || {
        let text = front.metrics().text();
        async { ([(::http::header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text) }
    };
    Router::new().route("/metrics", get(text))
}

/// A connection to one Gitea.
///
/// # Errors
/// The address is none, or the certificate file holds none.
pub(crate) fn client(url: &str, ca_file_pem: Option<Vec<u8>>, ambient: &Ambient) -> anyhow::Result<Client> {
    let settings = aegis_gitea::connect::Settings {
        ca_file_pem,
        user_agent: USER_AGENT.to_owned(),
        ..aegis_gitea::connect::Settings::new(BaseUrl::parse(url)?)
    };
    Ok(Client::new(settings, ambient.clone())?)
}

/// Redaction by the default rules; the secrets given leave in no case.
///
/// # Errors
/// A secret too short to be searched for.
pub(crate) fn redactor(literals: Vec<SecretString>) -> anyhow::Result<Redactor> {
    Ok(Redactor::new(redact::Settings { literals, ..redact::Settings::default() })?)
}

/// The gateway's facts by default.
#[must_use]
pub(crate) fn house() -> House {
    House {
        version: env!("CARGO_PKG_VERSION"),
        write_mode: false,
        max_file_bytes: 1_048_576,
        max_answer_bytes: 80_000,
        calls_per_minute: None,
        call_deadline: Duration::from_mins(1),
    }
}
