//! Settings most often given by hand, in groups: a command offers those it reads and no others. Every setting can be
//! given in the environment; `config reference` lists them.

use std::path::PathBuf;

use clap::Args;

use super::Context;

/// Where settings are read from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct File {
    /// Read settings from this TOML file.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Which forge.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct Forge {
    #[arg(help = "The forge to stand before [env: GITEA_URL]", long, value_name = "URL")]
    gitea_url: Option<String>,
}

/// What a gateway reads that serves anybody at all.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct Gateway {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    forge: Forge,
    /// Groups of tools to offer [env: TOOLSETS].
    #[arg(long, value_name = "NAMES")]
    toolsets: Option<String>,
    /// Tools to offer besides those of the groups [env: TOOLS].
    #[arg(long, value_name = "NAMES")]
    tools: Option<String>,
    #[arg(help = "Tools not to offer [env: EXCLUDE_TOOLS]", long, value_name = "NAMES")]
    exclude_tools: Option<String>,
    #[arg(help = "Offer nothing that writes [env: READ_ONLY]", long)]
    read_only: bool,
}

/// Where a gateway listens.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct Listen {
    #[arg(help = "Address to listen on [env: MCP_HOST]", long, value_name = "ADDRESS")]
    host: Option<String>,
    #[arg(help = "Port to listen on [env: MCP_PORT]", long)]
    port: Option<u16>,
}

impl File {
    pub(super) fn apply(&self, context: &mut Context) {
        context.config.clone_from(&self.config);
    }
}

impl Forge {
    pub(super) fn apply(&self, context: &mut Context) {
        context.set("GITEA_URL", self.gitea_url.clone());
    }
}

impl Gateway {
    pub(super) fn apply(&self, context: &mut Context) {
        self.file.apply(context);
        self.forge.apply(context);
        context.set("TOOLSETS", self.toolsets.clone());
        context.set("TOOLS", self.tools.clone());
        context.set("EXCLUDE_TOOLS", self.exclude_tools.clone());
        context.set("READ_ONLY", self.read_only.then(|| "true".to_owned()));
    }
}

impl Listen {
    pub(super) fn apply(&self, context: &mut Context) {
        context.set("MCP_HOST", self.host.clone());
        context.set("MCP_PORT", self.port.map(|port| port.to_string()));
    }
}
