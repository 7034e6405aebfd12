//! `aegis-mcp tools`: what the gateway offers.

use clap::Args;
use serde_json::json;

use super::end::{End, Exit};
use super::{Context, setup};
use crate::config::{Purpose, load};
use crate::mcp::listed_tool;
use crate::terminal;

/// Lists the tools: those of your account where a forge is configured, else the whole catalogue.
#[derive(Debug, Args)]
pub(crate) struct Tools {
    /// Print JSON, as `tools/list` would.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(tools: &Tools, context: Context) -> Result<Exit, End> {
    let configured = load(context.sources(), Purpose::Records).configuration;
    let forge = configured.as_ref().is_some_and(|found| found.gitea.url.is_some() && found.gitea.token.is_some());
    if forge {
        let session = setup::local(&context).await?;
        let listed: Vec<_> = session.front.list(&session.principal).collect();
        show(tools, &listed);
        session.front.gate().audit().close().await;
    } else {
        let catalog = match &configured {
            Some(configuration) => setup::catalog(configuration)?,
            None => aegis_tools::catalog(),
        };
        show(tools, &catalog.entries().iter().collect::<Vec<_>>());
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
