//! `aegis-mcp serve`: the gateway.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;

use super::end::{End, Exit};
use super::{Context, flags, setup};
use crate::app::{self, App, Settings};
use crate::config::{Configuration, Purpose};
use crate::http::{Door, TrustedProxies};
use crate::mcp::{Offered, Wrap};
use crate::{listener, shutdown, telemetry};

/// Serves the gateway until it is told to stop.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    gateway: flags::Gateway,
    #[command(flatten)]
    listen: flags::Listen,
}

pub(crate) async fn run(serve: &Serve, mut context: Context, wrap: impl Wrap) -> Result<Exit, End> {
    serve.gateway.apply(&mut context);
    serve.listen.apply(&mut context);
    let (configuration, loaded) = setup::configuration(&context, Purpose::Gateway)?;
    telemetry::start_logging(configuration.server.log_level.as_str());
    let server = &configuration.server;
    let address = SocketAddr::new(server.host, server.port);
    let gateway = listener::bind(address, "MCP_HOST and MCP_PORT").await?;
    let metrics = match server.metrics_address {
        Some(address) => Some(listener::bind(address, "METRICS_ADDRESS").await?),
        None => None,
    };
    let stop = shutdown::on_signal()?;
    let local = !configuration.auth.enabled;
    let parts = setup::parts(&configuration, local, &context.ambient).await?;
    let settings = Settings {
        proxies: proxies(&configuration),
        door: door(&configuration, gateway.local_addr()?),
        authentication: !local,
        https: https(&configuration),
        offered: Offered { sessions: server.sessions, legacy_sse: server.legacy_sse },
    };
    let app = App::new(parts, settings, wrap, stop.clone()).await?;
    let front = Arc::clone(&app.edge.front);
    // Gitea may be down now and come up later: we start, say so, and are not ready until it answers.
    app.edge.health.ask(&front).await;
    let address = gateway.local_addr()?;
    let scraped = metrics.as_ref().map(tokio::net::TcpListener::local_addr).transpose()?;
    let scraped = scraped.map(tracing::field::display);
    tracing::info!(event = "started", %address, metrics = scraped, version = env!("CARGO_PKG_VERSION"), "the gateway listens");
    let watch = loaded.secret_watch.map(|watch| {
        let front = Arc::clone(&front);
        tokio::spawn(watch.run(move |event| setup::secret_changed(event, &front, local)))
    });
    app::serve(app, gateway, metrics, stop).await;
    if let Some(watch) = watch {
        watch.abort();
    }
    front.gate().audit().close().await;
    tracing::info!(event = "stopped", "the gateway ended");
    Ok(Exit::Fine)
}

fn proxies(configuration: &Configuration) -> TrustedProxies {
    let server = &configuration.server;
    TrustedProxies::new(server.trusted_proxies.clone(), server.forwarded_header)
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
    configuration.server.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
}
