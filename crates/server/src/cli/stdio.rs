//! `aegis-mcp stdio`: the same gateway for one client on this machine, over standard input and output.

use std::sync::Arc;

use aegis_gate::audit::Transport;
use aegis_gate::{AuthnError, RawCredential};
use clap::Args;

use super::end::{End, Exit};
use super::{Context, flags, setup};
use crate::config::Purpose;
use crate::{app, mcp, shutdown, telemetry};

/// Serves one client over standard input and output, as the owner of GITEA_TOKEN.
#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "the text is printed by --help")]
pub(crate) struct Stdio {
    #[command(flatten)]
    gateway: flags::Gateway,
}

pub(crate) async fn run(stdio: &Stdio, mut context: Context) -> Result<Exit, End> {
    stdio.gateway.apply(&mut context);
    let context = context.away_from_here();
    let (configuration, _) = setup::configuration(&context, Purpose::Gateway)?;
    telemetry::start_logging(configuration.server.log_level.as_str());
    setup::require_local_account(&configuration)?;
    let stop = shutdown::on_signal()?;
    let parts = setup::parts(&configuration, true, &context.ambient).await?;
    let front = Arc::new(app::front(parts).await?);
    let origin = front.local_origin(Transport::Stdio);
    if let Err(error) = front.authenticate(&RawCredential::Local, &origin).await
        && error != AuthnError::Unavailable
    {
        front.gate().audit().close().await;
        return Err(setup::signed_out(&error));
    }
    let served = mcp::serve_stdio(Arc::clone(&front), stop).await;
    front.gate().audit().close().await;
    served.map(|()| Exit::Fine).map_err(End::from)
}
