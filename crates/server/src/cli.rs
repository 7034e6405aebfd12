//! The command line. Each command is one file; this one knows their names and how a command ends.

mod audit;
mod call;
mod config;
mod demo;
mod end;
mod flags;
mod key;
mod reload;
mod serve;
mod setup;
mod stdio;
mod tools;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use aegis_ambient::Ambient;
use clap::{Parser, Subcommand};
use listenfd::ListenFd;

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
    /// Sockets that a supervisor opened for us.
    pub sockets: ListenFd,
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

/// What every command is handed.
pub(crate) struct Context {
    flags: Vec<(&'static str, String)>,
    config: Option<PathBuf>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    pub(crate) ambient: Ambient,
}

impl Context {
    /// A setting given on the command line, if it was.
    fn set(&mut self, name: &'static str, value: Option<String>) {
        self.flags.extend(value.map(|value| (name, value)));
    }

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

    /// The environment the process was started in.
    pub(crate) fn environment(&self) -> &[(OsString, OsString)] {
        &self.environment
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
    let context = Context {
        flags: Vec::new(),
        config: None,
        environment: surroundings.environment,
        directory: surroundings.directory,
        ambient: surroundings.ambient,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return End::fault(format!("no threads could be started: {error}")).tell(),
    };
    let end = runtime.block_on(command(cli.command, context, surroundings.sockets, wrap));
    // A blocked read of standard input must not keep the process.
    runtime.shutdown_background();
    match end {
        Ok(exit) => exit.into(),
        Err(end) => end.tell(),
    }
}

async fn command(command: Command, context: Context, sockets: ListenFd, wrap: impl Wrap) -> Result<Exit, End> {
    match command {
        Command::Demo(demo) => demo::run(demo, context.ambient).await,
        Command::Serve(serve) => serve::run(&serve, context, sockets, wrap).await,
        Command::Stdio(stdio) => stdio::run(&stdio, context).await,
        Command::Key(key) => key::run(key, context).await,
        Command::Audit(audit) => audit::run(&audit, context),
        Command::Tools(tools) => tools::run(&tools, context).await,
        Command::Call(call) => call::run(call, context).await,
        Command::Config(config) => Ok(config::run(&config, context)),
    }
}
