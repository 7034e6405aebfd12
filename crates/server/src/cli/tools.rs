//! `aegis-mcp tools`: what the gateway offers.

use clap::Args;
use serde_json::json;

use super::end::{End, Exit};
use super::{Context, flags, setup};
use crate::config::Purpose;
use crate::mcp::listed_tool;
use crate::terminal;

/// Lists the tools: those of your account where a forge is configured, else the whole catalogue.
#[derive(Debug, Args)]
pub(crate) struct Tools {
    /// Print JSON, as `tools/list` would.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: flags::Gateway,
}

pub(crate) async fn run(tools: &Tools, mut context: Context) -> Result<Exit, End> {
    tools.gateway.apply(&mut context);
    // Without a forge the catalogue is listed all the same; what is set and wrong is told.
    let context = context.away_from_here();
    let (configuration, _) = setup::configuration(&context, Purpose::Records)?;
    if configuration.gitea.url.is_some() && configuration.gitea.token.is_some() {
        let session = setup::local(&context).await?;
        let listed: Vec<_> = session.front.list(&session.principal).collect();
        show(tools, &listed);
        session.front.gate().audit().close().await;
    } else {
        show(tools, &setup::catalog(&configuration)?.entries().iter().collect::<Vec<_>>());
    }
    Ok(Exit::Fine)
}

fn show(tools: &Tools, entries: &[&aegis_gate::Entry]) {
    if tools.json {
        let listed: Vec<_> = entries.iter().map(|entry| listed_tool(entry)).collect();
        terminal::line(&json!({"tools": listed}).to_string());
        return;
    }
    for entry in entries {
        let spec = entry.spec();
        terminal::line(&terminal::cut(&format!("{:<24} {:<14} {}", spec.name, spec.toolset.name(), spec.description)));
    }
}
