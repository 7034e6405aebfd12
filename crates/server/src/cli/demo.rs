//! `aegis-mcp demo`: a forge in memory and the real gateway in front of it, both on loopback; then the main job, as two
//! people and one stranger would meet it, and the record of it all.

mod screen;
mod show;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gate::audit::Audit;
use aegis_gate::{AuthnSettings, House, Parts, Policy};
use aegis_gitea::connect::Client;
use aegis_sandbox::{DataSet, Options, Sandbox};
use aegis_store::{Scope, SealingKey, Store, StoreUrl};
use clap::Args;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::end::{End, Exit};
use crate::app::{self, App, Settings};
use crate::http::{Door, TrustedProxies};
use crate::keys::{self, Wish};
use crate::listener::{self, BindError, Listener};
use crate::mcp::{Offered, Plain};
use crate::{shutdown, telemetry};

/// The port people expect; another is taken when it is busy.
const PORT: u16 = 8080;

/// Shows the gateway at work on a forge of its own; nothing leaves this machine.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End after the show instead of staying up for clients.
    #[arg(long)]
    once: bool,
    /// Listen on this port of 127.0.0.1 [default: 8080, or a free one].
    #[arg(long)]
    port: Option<u16>,
}

/// What the show plays on.
pub(crate) struct Stage {
    pub(crate) forge: Sandbox,
    pub(crate) gateway: SocketAddr,
    pub(crate) audit: aegis_gate::audit::Settings,
    pub(crate) audit_key: aegis_gate::audit::PublicKey,
    pub(crate) alice: keys::NewlyMade,
    pub(crate) bob: keys::NewlyMade,
}

pub(crate) async fn run(demo: Demo, ambient: Ambient) -> Result<Exit, End> {
    let stop = shutdown::on_signal()?;
    telemetry::start_logging("error");
    let state = tempfile::Builder::new().prefix("aegis-mcp-demo-").tempdir()?;
    let forge = Sandbox::start(DataSet::Demo, Options::new(ambient.clone()))
        .await
        .map_err(|error| End::fault(error.to_string()))?;
    let socket = listen(demo.port)?;
    let gateway = socket.local_addr()?;
    let (served, scene) = build(&state, forge, gateway, &ambient, &stop).await?;
    let front = Arc::clone(&served.edge.front);
    let gateway = Listener {
        socket,
        settings: listener::Settings::default(),
        tls: None,
        counts: front.metrics().connections().clone(),
        ambient: ambient.clone(),
    };
    let serving = tokio::spawn(app::serve(served, gateway, None, stop.clone()));
    let shown = show::play(&scene).await;
    if shown.is_ok() && !demo.once {
        screen::connect(&scene);
        stop.cancelled().await;
    }
    stop.cancel();
    if serving.await.is_err() {
        return Err(End::fault("the gateway ended in a panic"));
    }
    front.gate().audit().close().await;
    shown.map(|()| Exit::Fine).map_err(|error| End::new(Exit::Found, format!("{error:#}")))
}

fn listen(port: Option<u16>) -> Result<TcpListener, BindError> {
    let at = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match port {
        Some(port) => listener::bind(at(port), "--port"),
        None => listener::bind(at(PORT), "--port").or_else(|_busy| listener::bind(at(0), "--port")),
    }
}

async fn build(
    state: &TempDir,
    forge: Sandbox,
    gateway: SocketAddr,
    ambient: &Ambient,
    stop: &CancellationToken,
) -> anyhow::Result<(App, Stage)> {
    let path = |name: &str| state.path().join(name);
    let sealing_key = SealingKey::from_file(&path("store.key"), ambient)?;
    let url = StoreUrl::file(path("store.db"));
    let store = aegis_store::open(aegis_store::Settings { url, sealing_key }, ambient.clone()).await?;
    let client = || app::client(forge.url(), None, ambient);
    let alice = key(store.as_ref(), &client()?, ambient, &forge, "alice").await?;
    let bob = key(store.as_ref(), &client()?, ambient, &forge, "bob").await?;
    let audit = aegis_gate::audit::Settings {
        checkpoint_path: Some(path("checkpoints.jsonl")),
        ..aegis_gate::audit::Settings::new(path("audit"), path("audit.key"))
    };
    let record = Audit::open(audit.clone(), ambient.clone())?;
    let audit_key = record.public_key().clone();
    let parts = parts(client()?, store, record, ambient)?;
    let settings = Settings {
        proxies: TrustedProxies::default(),
        door: Door::new(None, &[], Vec::new()),
        authentication: true,
        https: false,
        offered: Offered { sessions: true, legacy_sse: true },
    };
    let app = App::new(parts, settings, Plain, stop).await?;
    Ok((app, Stage { forge, gateway, audit, audit_key, alice, bob }))
}

fn parts(client: Client, store: Arc<dyn Store>, audit: Audit, ambient: &Ambient) -> anyhow::Result<Parts> {
    Ok(Parts {
        client,
        store,
        audit,
        policy: Policy::own_rights(),
        redactor: app::redactor(Vec::new())?,
        catalog: aegis_tools::catalog(),
        authn: AuthnSettings::default(),
        lockout: aegis_gate::LockoutSettings::default(),
        limits: aegis_gate::LimitSettings::default(),
        house: House { call_deadline: Duration::from_secs(30), ..app::house() },
        ambient: ambient.clone(),
    })
}

/// A key the way `key generate` makes one.
async fn key(
    store: &dyn Store,
    client: &Client,
    ambient: &Ambient,
    forge: &Sandbox,
    login: &str,
) -> anyhow::Result<keys::NewlyMade> {
    let scopes = vec![Scope::ReadRepository];
    let wish = Wish { owner: login.to_owned(), scopes, expires_at: None, label: Some("demo".to_owned()) };
    let checked = keys::check(client, wish, forge.token(login).to_owned().into()).await?;
    Ok(keys::keep(store, ambient, checked).await?)
}
