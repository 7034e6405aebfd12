//! Generators and checks of this workspace, run as `cargo xtask <name>`; `make test` runs all of them.
//!
//! Every check reads the tree as it stands, prints its findings as `path:line: sentence` and one closing line, and
//! ends with 1 when it found something. A check that could not run ends with 1 as well.

mod attacks;
mod budget;
mod canary;
mod docs;
mod layers;
mod report;
mod source;
mod threats;
mod tokens;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::report::Report;
use crate::threats::Issue;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Generators and checks of this workspace")]
struct CommandLine {
    #[command(subcommand)]
    check: Check,
}

#[derive(Subcommand)]
enum Check {
    /// Which room may use which: edges, owners of outside crates, guarded names
    Layers,
    /// How long files and functions are
    Budget,
    /// Are the generated pages current?
    Docs {
        /// Rewrite the pages that are not
        #[arg(long)]
        write: bool,
    },
    /// Does a planted secret appear in anything the gateway wrote, or a real one in the tree?
    Canary {
        /// Scan this directory instead of running the gateway's own test
        #[arg(long, requires = "secrets", value_name = "DIR")]
        scan: Option<PathBuf>,
        /// The planted secrets, one a line
        #[arg(long, requires = "scan", value_name = "FILE")]
        secrets: Option<PathBuf>,
    },
    /// Which attacks of docs/threats.toml no test names
    Attacks {
        /// Fail when an attack of this issue or an earlier one has no test
        #[arg(long, value_enum, value_name = "ISSUE", ignore_case = true)]
        due: Option<Issue>,
    },
}

fn main() -> ExitCode {
    let outcome = workspace_root().and_then(|root| run(&root, CommandLine::parse().check));
    match outcome.and_then(|report| report.print(&mut io::stdout().lock()).context("the report could not be printed")) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path, check: Check) -> anyhow::Result<Report> {
    match check {
        Check::Layers => layers::check(root),
        Check::Budget => budget::check(root),
        Check::Docs { write: false } => docs::check(root),
        Check::Docs { write: true } => docs::write(root),
        Check::Canary { scan: Some(directory), secrets: Some(secrets) } => canary::scan(&directory, &secrets),
        Check::Canary { .. } => canary::check(root),
        Check::Attacks { due } => attacks::check(root, due),
    }
}

/// The directory above this package: cargo builds xtask in place, so the path is always true.
fn workspace_root() -> anyhow::Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().map(Path::to_path_buf).context("the package of xtask lies in no workspace")
}
