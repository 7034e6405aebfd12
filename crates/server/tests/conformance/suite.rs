//! The suite as it is installed, and one run of it.

use std::fmt::{self, Display, Formatter};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::pinned;
use crate::results::{self, Report};

/// What is pinned.
const PINNED: &str = include_str!("package-lock.json");
const DIRECTORY: &str = "conformance";
const PACKAGE: &str = "node_modules/@modelcontextprotocol/conformance";
/// Longest run of one selection, and how often it is looked at.
const PATIENCE: Duration = Duration::from_mins(3);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// An installed suite.
pub(crate) struct Suite {
    node: PathBuf,
    package: PathBuf,
}

/// What of a revision is run, and against whom.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Set {
    /// Whatever the suite has for it, against the gateway with fixtures.
    Everything,
    /// The frozen set it requires, against the gateway with fixtures.
    Required,
    /// What needs no fixture, against the binary that is handed out.
    Shipped(&'static [&'static str]),
}

/// Scenarios that are run together, at the wire of one revision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection {
    /// The revision.
    pub(crate) revision: &'static str,
    /// What of it.
    pub(crate) set: Set,
    /// How many scenarios count.
    pub(crate) scored: usize,
}

/// Run with fixtures. The suite has nothing for 2024-11-05.
pub(crate) const WITH_FIXTURES: [Selection; 4] = [
    Selection { revision: "2025-03-26", set: Set::Everything, scored: 1 },
    Selection { revision: "2025-06-18", set: Set::Everything, scored: 27 },
    Selection { revision: "2025-11-25", set: Set::Required, scored: 30 },
    Selection { revision: "2026-07-28", set: Set::Required, scored: 37 },
];

/// Run without.
pub(crate) const SHIPPED: [Selection; 2] = [
    Selection { revision: "2025-11-25", set: Set::Shipped(&SHIPPED_2025), scored: SHIPPED_2025.len() },
    Selection { revision: "2026-07-28", set: Set::Shipped(&SHIPPED_2026), scored: SHIPPED_2026.len() },
];
const SHIPPED_2025: [&str; 6] = [
    "dns-rebinding-protection",
    "ping",
    "server-initialize",
    "server-session-lifecycle",
    "server-sse-multiple-streams",
    "tools-list",
];
const SHIPPED_2026: [&str; 6] = [
    "dns-rebinding-protection",
    "http-header-validation",
    "input-required-result-unsupported-methods",
    "server-sse-multiple-streams",
    "server-stateless",
    "tools-list",
];

impl Selection {
    fn arguments(self) -> Vec<&'static str> {
        match self.set {
            Set::Everything => vec!["server", "--suite", "all", "--spec-version", self.revision],
            Set::Required | Set::Shipped(_) => vec!["server", "--requirements", self.revision],
        }
    }
}

impl Display for Selection {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let beside = if matches!(self.set, Set::Shipped(_)) { "-shipped" } else { "" };
        write!(out, "{}{beside}", self.revision)
    }
}

/// Where the last run's answers lie.
pub(crate) fn results_directory() -> PathBuf {
    pinned::directory(DIRECTORY).join("results")
}

impl Suite {
    /// The suite `make conformance` installed.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn find() -> Result<Self, &'static str> {
        let directory = pinned::installed(DIRECTORY, PINNED)?;
        Ok(Self { node: pinned::node(&directory), package: directory.join(PACKAGE) })
    }

    /// Runs a selection against the endpoint at `url`.
    ///
    /// # Errors
    /// The suite could not be run, or left no results.
    pub(crate) fn run(&self, selection: Selection, url: &str) -> Result<Report, Failure> {
        let results = results_directory().join(selection.to_string());
        if results.exists() {
            fs::remove_dir_all(&results)?;
        }
        fs::create_dir_all(&results)?;
        let log = results.join("suite.log");
        let mut arguments = selection.arguments();
        let directory = results.display().to_string();
        arguments.extend(["--url", url, "-o", &directory]);
        let content = self.node(&arguments, &log)?.success();
        let scenarios = results::read(&results)?;
        Ok(match selection.set {
            Set::Everything => Report { selection, scored: None, scenarios, ended_well: content, log },
            Set::Required => {
                let page = self.package.join("requirements").join(selection.revision).with_extension("yaml");
                let scored = Some(results::required(&fs::read_to_string(page)?));
                Report { selection, scored, scenarios, ended_well: content, log }
            }
            Set::Shipped(names) => {
                let scored = Some(names.iter().map(|name| (*name).to_owned()).collect());
                let scenarios = results::without_fixtures(scenarios, names);
                // The suite cannot be content with a server without fixtures.
                Report { selection, scored, scenarios, ended_well: true, log }
            }
        })
    }

    fn node(&self, arguments: &[&str], log: &Path) -> Result<ExitStatus, Failure> {
        let out = File::create(log)?;
        let mut command = Command::new(&self.node);
        command
            .arg(self.package.join("dist/index.js"))
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out);
        let mut child = command.spawn()?;
        let mut waited = Duration::ZERO;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if waited >= PATIENCE {
                child.kill()?;
                child.wait()?;
                return Err(format!("the suite did not end in {PATIENCE:?}; its log is {}", log.display()).into());
            }
            std::thread::sleep(LOOK_EVERY);
            waited += LOOK_EVERY;
        }
    }
}
