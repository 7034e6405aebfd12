//! The command line. Each command is one file; this one knows their names and how a command ends.

mod audit;
mod call;
mod config;
mod demo;
mod end;
mod key;
mod serve;
mod setup;
mod stdio;
mod tools;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use aegis_ambient::Ambient;
use clap::{Args, Parser, Subcommand};

pub use end::{End, Exit};

use crate::config::Sources;
use crate::mcp::{Plain, Wrap};
use crate::terminal;

/// What the process was started with.
pub struct Surroundings {
    /// The arguments, the program's name first.
    pub arguments: Vec<OsString>,
    /// The environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The working directory, where there is one.
    pub directory: Option<PathBuf>,
    /// Clock and randomness.
    pub ambient: Ambient,
}

/// Security gateway between AI clients and one self-hosted Gitea or Forgejo.
#[derive(Debug, Parser)]
#[command(
    name = "aegis-mcp",
    version,
    max_term_width = 100,
    before_help = "aegis-mcp demo                                  see it at work, nothing to set up\n\
                   GITEA_URL=https://git.example.org aegis-mcp serve   put it before your own forge",
    after_help = "Exit status: 0 fine, 1 found something, 2 usage, 64 configuration, 69 upstream unavailable, \
                  70 fault of ours, 77 refused."
)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Stdio(stdio::Stdio),
    Key(key::Key),
    Audit(audit::Audit),
    Tools(tools::Tools),
    Call(call::Call),
    Config(config::Config),
}

/// Settings most often given by hand. Every setting can be given in the environment; `config reference` lists them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
struct Flags {
    /// Read settings from this TOML file.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(help = "The forge to stand before [env: GITEA_URL]", long, global = true, value_name = "URL")]
    gitea_url: Option<String>,
    #[arg(help = "Address to listen on [env: MCP_HOST]", long, global = true, value_name = "ADDRESS")]
    host: Option<String>,
    /// Groups of tools to offer [env: TOOLSETS].
    #[arg(long, global = true, value_name = "NAMES")]
    toolsets: Option<String>,
    /// Tools to offer besides those of the groups [env: TOOLS].
    #[arg(long, global = true, value_name = "NAMES")]
    tools: Option<String>,
    #[arg(help = "Tools not to offer [env: EXCLUDE_TOOLS]", long, global = true, value_name = "NAMES")]
    exclude_tools: Option<String>,
    #[arg(help = "Offer nothing that writes [env: READ_ONLY]", long, global = true)]
    read_only: bool,
}

/// What every command is handed.
pub(crate) struct Context {
    flags: Vec<(&'static str, String)>,
    config: Option<PathBuf>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    pub(crate) ambient: Ambient,
}

impl Context {
    /// The same without `.env` and `aegis-mcp.toml` of the working directory. What runs for one person may be started
    /// inside somebody else's checkout: a file in there must not send that person's token to another forge.
    pub(crate) fn away_from_here(&self) -> Self {
        Self {
            flags: self.flags.clone(),
            config: self.config.clone(),
            environment: self.environment.clone(),
            directory: None,
            ambient: self.ambient.clone(),
        }
    }

    /// Where settings come from.
    pub(crate) fn sources(&self) -> Sources {
        Sources {
            flags: self.flags.clone(),
            environment: self.environment.clone(),
            config: self.config.clone(),
            directory: self.directory.clone(),
        }
    }
}

/// Runs the command and says how it ended.
#[must_use]
pub fn run(surroundings: Surroundings) -> ExitCode {
    run_wrapped(surroundings, Plain)
}

/// The same, with something between the protocol and the gateway's handler of `serve`.
#[must_use]
pub fn run_wrapped(surroundings: Surroundings, wrap: impl Wrap) -> ExitCode {
    let set = |name: &str| surroundings.environment.iter().any(|(known, value)| known == name && !value.is_empty());
    terminal::choose_colour(set("NO_COLOR"), set("CLICOLOR_FORCE"));
    let cli = match Cli::try_parse_from(&surroundings.arguments) {
        Ok(cli) => cli,
        Err(usage) => {
            // Help and version come this way too, with status 0.
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    let context = context(cli.flags, surroundings);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return End::fault(format!("no threads could be started: {error}")).tell(),
    };
    let end = runtime.block_on(command(cli.command, context, wrap));
    // A blocked read of standard input must not keep the process.
    runtime.shutdown_background();
    match end {
        Ok(exit) => exit.into(),
        Err(end) => end.tell(),
    }
}

fn context(flags: Flags, surroundings: Surroundings) -> Context {
    let read_only = flags.read_only.then(|| "true".to_owned());
    let given = [
        ("GITEA_URL", flags.gitea_url),
        ("MCP_HOST", flags.host),
        ("TOOLSETS", flags.toolsets),
        ("TOOLS", flags.tools),
        ("EXCLUDE_TOOLS", flags.exclude_tools),
        ("READ_ONLY", read_only),
    ];
    Context {
        flags: given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        config: flags.config,
        environment: surroundings.environment,
        directory: surroundings.directory,
        ambient: surroundings.ambient,
    }
}

async fn command(command: Command, context: Context, wrap: impl Wrap) -> Result<Exit, End> {
    match command {
        Command::Demo(demo) => demo::run(demo, context.ambient).await,
        Command::Serve(serve) => serve::run(serve, context, wrap).await,
        Command::Stdio(stdio) => stdio::run(stdio, context).await,
        Command::Key(key) => key::run(key, context).await,
        Command::Audit(audit) => audit::run(&audit, &context),
        Command::Tools(tools) => tools::run(&tools, context).await,
        Command::Call(call) => call::run(call, context).await,
        Command::Config(config) => Ok(config::run(&config, &context)),
    }
}
