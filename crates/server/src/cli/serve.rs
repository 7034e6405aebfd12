//! `aegis-mcp serve`: the gateway.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use listenfd::ListenFd;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::end::{End, Exit};
use super::reload::Reload;
use super::{Context, flags, setup};
use crate::app::{self, App, Settings};
use crate::config::{Configuration, Purpose};
use crate::front::Front;
use crate::http::{Door, TrustedProxies};
use crate::listener::{self, Listener, Tls};
use crate::mcp::{Offered, Wrap};
use crate::supervisor::{self, State};
use crate::{shutdown, telemetry};

/// Serves the gateway until it is told to stop.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    gateway: flags::Gateway,
    #[command(flatten)]
    listen: flags::Listen,
}

pub(crate) async fn run(
    serve: &Serve,
    mut context: Context,
    mut sockets: ListenFd,
    wrap: impl Wrap,
) -> Result<Exit, End> {
    serve.gateway.apply(&mut context);
    serve.listen.apply(&mut context);
    let (configuration, loaded) = setup::configuration(&context, Purpose::Gateway)?;
    telemetry::start_logging(configuration.server.log_level.as_str());
    let socket = gateway_socket(&configuration, &mut sockets)?;
    let metrics = match configuration.server.metrics_address {
        Some(address) => Some(listener::bind(address, "METRICS_ADDRESS")?),
        None => None,
    };
    let (stop, hangups) = (shutdown::on_signal()?, shutdown::on_hangup()?);
    let local = !configuration.auth.enabled;
    let tls = setup::tls(&configuration)?.map(Arc::new);
    let parts = setup::parts(&configuration, local, &context.ambient).await?;
    let app = App::new(parts, settings(&configuration, socket.local_addr()?), wrap, &stop).await?;
    let front = Arc::clone(&app.edge.front);
    // Gitea may be down now and come up later: we start, say so, and are not ready until it answers.
    app.edge.health.ask(&front).await;
    let gateway = Listener {
        socket,
        settings: setup::listening(&configuration),
        tls: tls.clone(),
        counts: front.metrics().connections().clone(),
        ambient: context.ambient.clone(),
    };
    started(&gateway, metrics.as_ref())?;
    let environment = context.environment().to_vec();
    supervisor::tell(&environment, State::Ready);
    let (reloaded, health) = (Arc::clone(&front), Arc::clone(&app.edge.health));
    let reload =
        Reload { context, started: loaded, front: reloaded, health, tls: tls.clone(), local, reloads: Arc::default() };
    let watches = [
        Some(tokio::spawn(reload.run(hangups))),
        tls.map(|tls| tokio::spawn(certificate_watch(tls, Arc::clone(&front)))),
        Some(tokio::spawn(stopping(stop.clone(), environment))),
    ];
    app::serve(app, gateway, metrics, stop).await;
    watches.iter().flatten().for_each(tokio::task::JoinHandle::abort);
    front.gate().audit().close().await;
    tracing::info!(event = "stopped", "the gateway ended");
    Ok(Exit::Fine)
}

/// The socket a supervisor opened, which wins; else the one the settings name.
fn gateway_socket(configuration: &Configuration, sockets: &mut ListenFd) -> Result<TcpListener, End> {
    let server = &configuration.server;
    let Some(socket) = listener::inherited(sockets)? else {
        return Ok(listener::bind(SocketAddr::new(server.host, server.port), "MCP_HOST and MCP_PORT")?);
    };
    let address = socket.local_addr()?;
    if !configuration.auth.enabled && !address.ip().to_canonical().is_loopback() {
        let what = format!("AUTH_ENABLED is false, and the inherited socket listens on {address}, not on this machine");
        return Err(End::new(Exit::Configuration, what).with_hint("let the .socket unit listen on 127.0.0.1"));
    }
    tracing::info!(event = "socket_inherited", %address, "a supervisor opened the socket; MCP_HOST and MCP_PORT are not used");
    Ok(socket)
}

fn settings(configuration: &Configuration, listening: SocketAddr) -> Settings {
    let server = &configuration.server;
    Settings {
        proxies: TrustedProxies::new(server.trusted_proxies.clone(), server.forwarded_header),
        door: door(configuration, listening),
        authentication: configuration.auth.enabled,
        https: https(configuration),
        offered: Offered { sessions: server.sessions, legacy_sse: server.legacy_sse },
    }
}

fn started(gateway: &Listener, metrics: Option<&TcpListener>) -> Result<(), End> {
    let address = gateway.socket.local_addr()?;
    let scraped = metrics.map(TcpListener::local_addr).transpose()?;
    let scraped = scraped.map(tracing::field::display);
    let tls = gateway.tls.is_some();
    tracing::info!(event = "started", %address, tls, metrics = scraped, version = env!("CARGO_PKG_VERSION"), "the gateway listens");
    Ok(())
}

/// Takes up changed certificates.
async fn certificate_watch(tls: Arc<Tls>, front: Arc<Front>) {
    tls.watch(|taken| {
        front.metrics().reloaded("certificate", taken.is_ok());
        match taken {
            Ok(()) => tracing::info!(event = "certificate_changed", "a new certificate is in use"),
            Err(error) => {
                tracing::error!(event = "certificate_refused", reason = %error, "the last good certificate stays");
            }
        }
    })
    .await;
}

async fn stopping(stop: CancellationToken, environment: Vec<(std::ffi::OsString, std::ffi::OsString)>) {
    stop.cancelled().await;
    tracing::info!(event = "stopping", "no new connections; open requests may end");
    supervisor::tell(&environment, State::Stopping);
}

/// The names we answer to: loopback, the public URL, what is allowed by name, and the very address we listen on where
/// that is one address and not all.
fn door(configuration: &Configuration, listening: SocketAddr) -> Door {
    let server = &configuration.server;
    let own = (!listening.ip().is_unspecified()).then(|| listening.to_string());
    let hosts: Vec<String> = server.allowed_hosts.iter().map(ToString::to_string).chain(own).collect();
    Door::new(server.public_url.as_ref(), &hosts, server.allowed_origins.clone())
}

fn https(configuration: &Configuration) -> bool {
    let is_public = configuration.server.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    is_public || configuration.connections.tls.is_some()
}
