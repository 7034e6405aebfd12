//! What the suite found: one directory a scenario, in it a list of checks.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Failure;
use crate::suite::Selection;

/// A directory is called `server-<scenario>-<time>`; the time is as long as this.
const TIME: &str = "-2026-07-28T00-00-00-000Z";
/// How the suite says that a server has no fixture to check something with, and what it says where it does not notice:
/// it takes -32601 alone for "no such tool", and MCP's code for that is -32602.
const NO_FIXTURE: [&str; 2] = ["Not testable: ", "Mutated the tool list but "];

/// One run of a selection.
pub(crate) struct Report {
    pub(crate) selection: Selection,
    /// The scenarios that count; none means all.
    pub(crate) scored: Option<Vec<String>>,
    /// What ran.
    pub(crate) scenarios: Vec<Scenario>,
    /// Whether the suite itself was content.
    pub(crate) ended_well: bool,
    pub(crate) log: PathBuf,
}

/// One scenario that ran.
pub(crate) struct Scenario {
    name: String,
    checks: Vec<Check>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    id: String,
    status: Status,
    error_message: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Success,
    Failure,
    Warning,
    Skipped,
    Info,
}

impl Report {
    /// Whether every scenario that counts ran and passed.
    pub(crate) fn passes(&self) -> bool {
        let demanded = self.scored.as_ref().map_or(self.scenarios.len(), Vec::len);
        let counting: Vec<_> = self.scenarios.iter().filter(|scenario| self.counts(scenario)).collect();
        let all = counting.len() == self.selection.scored && counting.iter().all(|scenario| scenario.passes());
        self.ended_well && demanded == self.selection.scored && all
    }

    fn counts(&self, scenario: &Scenario) -> bool {
        self.scored.as_ref().is_none_or(|scored| scored.contains(&scenario.name))
    }

    fn did_not_run(&self) -> impl Iterator<Item = &String> {
        let ran = |name: &String| self.scenarios.iter().any(|scenario| scenario.name == *name);
        self.scored.iter().flatten().filter(move |name| !ran(name))
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (counting, beside): (Vec<_>, Vec<_>) = self.scenarios.iter().partition(|scenario| self.counts(scenario));
        write!(out, "conformance {}: {}", self.selection, Sum { scenarios: &counting, of: self.selection.scored })?;
        if !beside.is_empty() {
            write!(out, "; not scored: {}", Sum { scenarios: &beside, of: beside.len() })?;
        }
        for scenario in &self.scenarios {
            scenario.tell(out)?;
        }
        for name in self.did_not_run() {
            write!(out, "\n  {name}: did not run")?;
        }
        if !self.passes() {
            write!(out, "\n  {} did not pass; the suite's log is {}", self.selection, self.log.display())?;
        }
        Ok(())
    }
}

/// Some scenarios in a few words.
struct Sum<'a> {
    scenarios: &'a [&'a Scenario],
    of: usize,
}

impl Display for Sum<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let count = |status| self.scenarios.iter().map(|scenario| scenario.count(status)).sum::<usize>();
        let (good, bad, skipped) = (count(Status::Success), count(Status::Failure), count(Status::Skipped));
        let passed = self.scenarios.iter().filter(|scenario| scenario.passes()).count();
        write!(out, "{passed}/{} scenarios, {good}/{} checks", self.of, good + bad)?;
        if skipped > 0 { write!(out, ", {skipped} skipped") } else { Ok(()) }
    }
}

impl Scenario {
    fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }

    /// Something was checked, and nothing failed.
    fn passes(&self) -> bool {
        self.count(Status::Success) > 0 && self.count(Status::Failure) == 0
    }

    /// Whatever went wrong.
    fn tell(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let word = match check.status {
                Status::Failure => "FAILED",
                Status::Warning => "warning",
                Status::Success | Status::Skipped | Status::Info => continue,
            };
            write!(
                out,
                "\n  {}: {word} {} {}",
                self.name,
                check.id,
                check.error_message.as_deref().unwrap_or_default()
            )?;
        }
        if self.checks.iter().all(|check| matches!(check.status, Status::Skipped | Status::Info)) {
            write!(out, "\n  {}: checked nothing", self.name)?;
        }
        Ok(())
    }
}

/// The names under `server:` on a page of requirements.
pub(crate) fn required(page: &str) -> Vec<String> {
    let lines = page.lines().skip_while(|line| *line != "server:").skip(1);
    lines.map_while(|line| line.trim_start().strip_prefix("- ")).map(str::to_owned).collect()
}

/// Everything a run left in its directory.
pub(crate) fn read(directory: &Path) -> Result<Vec<Scenario>, Failure> {
    let mut scenarios = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path().join("checks.json");
        let called = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let name = called.strip_prefix("server-").and_then(|rest| rest.get(..rest.len().saturating_sub(TIME.len())));
        let Some(name) = name.filter(|_| path.is_file()) else { continue };
        let checks = serde_json::from_str(&fs::read_to_string(&path)?).map_err(|error| format!("{called}: {error}"))?;
        scenarios.push(Scenario { name: name.to_owned(), checks });
    }
    scenarios.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(scenarios)
}

/// Of these scenarios, what can be seen without fixtures: where one is missing on purpose, nothing was checked.
pub(crate) fn without_fixtures(mut scenarios: Vec<Scenario>, names: &[&str]) -> Vec<Scenario> {
    scenarios.retain(|scenario| names.contains(&scenario.name.as_str()));
    for check in scenarios.iter_mut().flat_map(|scenario| &mut scenario.checks) {
        if check.error_message.as_deref().is_some_and(|message| NO_FIXTURE.iter().any(|said| message.starts_with(said)))
        {
            check.status = Status::Skipped;
        }
    }
    scenarios
}
