//! Planted secrets must appear in no log, audit record, metric, error or panic; real ones nowhere in the tree.
//!
//! The server's test `canary` sends known secrets through every way in, and writes all that came out below
//! `target/canary`: at least one file or directory whose name begins with each word of [`KINDS`], and the planted
//! values in `secrets.txt`, one a line. This check runs that test on a cleared directory and looks for the values there,
//! plain and disguised. Its findings name a secret by its place in the list, never its value.

mod disguises;
mod planted;
mod tree;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::report::{Finding, Report};

const ARTEFACTS: &str = "target/canary";
const SECRETS: &str = "target/canary/secrets.txt";
const TEST: &str = "crates/server/tests/canary.rs";
/// What the test must have written; without one of them its silence would prove nothing.
const KINDS: [&str; 5] = ["log", "audit", "metric", "error", "panic"];

/// Scans the tree, then runs the gateway's own test and scans what it wrote.
pub(crate) fn check(root: &Path) -> anyhow::Result<Report> {
    let (files, mut findings) = tree::scan(root)?;
    let mut looked_at = format!("{files} files of the tree");
    match run_test(root).and_then(|()| artefacts(root)) {
        Ok(found) => {
            looked_at = format!("{looked_at}, {}", found.looked_at);
            findings.extend(found.findings);
        }
        Err(error) => findings.push(Finding::new(TEST, 1, format!("the planted secrets were not checked: {error:#}"))),
    }
    let mut report = Report::new("canary").looked_at(looked_at);
    report.findings = findings;
    Ok(report)
}

/// Scans `directory` for the secrets listed in the file `secrets`.
pub(crate) fn scan(directory: &Path, secrets: &Path) -> anyhow::Result<Report> {
    let found = planted::scan(directory, secrets)?;
    let mut report = Report::new("canary").looked_at(found.looked_at);
    report.findings = found.findings;
    Ok(report)
}

/// Runs the test on a cleared directory, so that what an earlier run left cannot speak for this one.
fn run_test(root: &Path) -> anyhow::Result<()> {
    ensure!(root.join(TEST).is_file(), "the test is missing");
    match fs::remove_dir_all(root.join(ARTEFACTS)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot clear {ARTEFACTS}"));
        }
        Ok(()) | Err(_) => {}
    }
    let arguments = ["test", "--quiet", "--package", "aegis-server", "--test", "canary", "--", "--nocapture"];
    let status = Command::new("cargo").current_dir(root).args(arguments).status().context("cannot run cargo")?;
    ensure!(status.success(), "the test failed");
    Ok(())
}

fn artefacts(root: &Path) -> anyhow::Result<planted::Found> {
    let directory = root.join(ARTEFACTS);
    let entries = fs::read_dir(&directory).with_context(|| format!("the test left nothing in {ARTEFACTS}"))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: Vec<String> = names.collect::<anyhow::Result<_>>()?;
    let silent: Vec<_> = KINDS.into_iter().filter(|kind| !names.iter().any(|name| name.starts_with(kind))).collect();
    ensure!(silent.is_empty(), "the test wrote nothing named {} in {ARTEFACTS}", silent.join("…, ") + "…");
    planted::scan(&directory, &root.join(SECRETS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source;

    const CANARY: &str = "a-planted-value-of-some-length";

    #[test]
    fn a_missing_test_is_a_finding() {
        let tree = source::planted(&[("README.md", "words")]);
        let findings = check(tree.path()).unwrap().findings;
        assert_eq!(findings, [Finding::new(TEST, 1, "the planted secrets were not checked: the test is missing")]);
    }

    #[test]
    fn what_an_earlier_run_left_does_not_speak_for_a_failed_one() {
        let mut files = vec![(SECRETS, CANARY), (TEST, "fn main() {}")];
        let artefacts = KINDS.map(|kind| format!("{ARTEFACTS}/{kind}.txt"));
        files.extend(artefacts.iter().map(|path| (path.as_str(), "innocent")));
        let tree = source::planted(&files);
        let findings = check(tree.path()).unwrap().findings;
        assert_eq!(findings, [Finding::new(TEST, 1, "the planted secrets were not checked: the test failed")]);
        assert!(!tree.path().join(SECRETS).exists());
    }

    #[test]
    fn each_kind_of_artefact_must_be_there() {
        let mut files = vec![(SECRETS, CANARY)];
        files.extend([
            ("target/canary/logs.jsonl", "a"),
            ("target/canary/audit/0001.jsonl", "b"),
            ("target/canary/metrics.txt", "c"),
            ("target/canary/errors.jsonl", "d"),
        ]);
        let error = artefacts(source::planted(&files).path()).unwrap_err().to_string();
        assert_eq!(error, "the test wrote nothing named panic… in target/canary");
        files.push(("target/canary/panics.txt", CANARY));
        assert_eq!(artefacts(source::planted(&files).path()).unwrap().findings.len(), 1);
        assert!(artefacts(source::planted(&files[1..]).path()).is_err(), "no list of secrets");
        assert!(artefacts(source::planted(&[]).path()).is_err(), "no directory");
    }
}
