//! The suite as it is installed, and one run of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::results::{self, Report};

/// What is pinned. `make conformance` leaves a copy of it as its last step.
const PINNED: &str = include_str!("package-lock.json");
const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/conformance");
const PACKAGE: &str = "node_modules/@modelcontextprotocol/conformance";
/// Longest run of one selection, and how often it is looked at.
const PATIENCE: Duration = Duration::from_mins(3);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// An installed suite.
pub(crate) struct Suite {
    node: PathBuf,
    package: PathBuf,
}

/// Scenarios that are run together, at the wire of one revision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection {
    /// The revision.
    pub(crate) revision: &'static str,
    /// The frozen set a revision requires, or whatever the suite has for it.
    required: bool,
    /// How many scenarios count.
    pub(crate) scored: usize,
}

impl Selection {
    /// All that are run. The suite has nothing for 2024-11-05.
    pub(crate) fn all() -> [Self; 4] {
        [
            Self { revision: "2025-03-26", required: false, scored: 1 },
            Self { revision: "2025-06-18", required: false, scored: 27 },
            Self { revision: "2025-11-25", required: true, scored: 30 },
            Self { revision: "2026-07-28", required: true, scored: 37 },
        ]
    }

    fn running(self) -> Vec<&'static str> {
        if self.required {
            vec!["server", "--requirements", self.revision]
        } else {
            vec!["server", "--suite", "all", "--spec-version", self.revision]
        }
    }
}

/// Where the last run's answers lie.
pub(crate) fn results_directory() -> PathBuf {
    Path::new(DIRECTORY).join("results")
}

impl Suite {
    /// The suite `make conformance` installed.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn find() -> Result<Self, &'static str> {
        let directory = Path::new(DIRECTORY);
        let package = directory.join(PACKAGE);
        match fs::read_to_string(directory.join("installed")) {
            Ok(installed) if installed == PINNED => (),
            Ok(_) => return Err("another version of the suite is installed than the one pinned"),
            Err(_) => return Err("the suite is not installed"),
        }
        // The pinned Node where there is one for this machine, else whatever is found.
        let node = directory.join("node_modules/.bin/node");
        Ok(Self { node: if node.is_file() { node } else { "node".into() }, package })
    }

    /// Runs a selection against the endpoint at `url`.
    ///
    /// # Errors
    /// The suite could not be run, or left no results.
    pub(crate) fn run(&self, selection: Selection, url: &str) -> Result<Report, Failure> {
        let results = results_directory().join(selection.revision);
        if results.exists() {
            fs::remove_dir_all(&results)?;
        }
        fs::create_dir_all(&results)?;
        let log = results.join("suite.log");
        let mut arguments = selection.running();
        let directory = results.display().to_string();
        arguments.extend(["--url", url, "-o", &directory]);
        let ended_well = self.node(&arguments, &log)?.success();
        let scored = self.scored(selection)?;
        Ok(Report { selection, scored, scenarios: results::read(&results)?, ended_well, log })
    }

    /// The scenarios that count: all there are, or those the suite's own page of a revision requires.
    fn scored(&self, selection: Selection) -> Result<Option<Vec<String>>, Failure> {
        if !selection.required {
            return Ok(None);
        }
        let page = self.package.join("requirements").join(selection.revision).with_extension("yaml");
        Ok(Some(results::required(&fs::read_to_string(page)?)))
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
