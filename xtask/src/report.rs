//! What a check has to say, and how it is printed.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

/// One thing a person should look at: where, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: PathBuf,
    line: usize,
    sentence: String,
}

impl Finding {
    /// `line` counts from 1.
    pub(crate) fn new(path: impl Into<PathBuf>, line: usize, sentence: impl Into<String>) -> Self {
        Self { path: path.into(), line, sentence: sentence.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path.display(), self.line, self.sentence)
    }
}

/// The outcome of one check.
#[derive(Debug)]
pub(crate) struct Report {
    name: &'static str,
    summary: String,
    /// Worth reading, not wrong.
    pub(crate) notes: Vec<String>,
    /// Wrong: the check fails when there is one.
    pub(crate) findings: Vec<Finding>,
}

impl Report {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, summary: String::new(), notes: Vec::new(), findings: Vec::new() }
    }

    /// Sets what the closing line says was looked at.
    pub(crate) fn looked_at(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        self
    }

    /// Prints notes, findings and the closing line; true when nothing was found.
    pub(crate) fn print(mut self, out: &mut impl Write) -> io::Result<bool> {
        self.findings.sort();
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        for finding in &self.findings {
            writeln!(out, "{finding}")?;
        }
        let verdict = match self.findings.len() {
            0 => "ok".to_owned(),
            1 => "1 finding".to_owned(),
            many => format!("{many} findings"),
        };
        writeln!(out, "{}: {verdict} ({})", self.name, self.summary)?;
        Ok(self.findings.is_empty())
    }
}

/// Prints why a check could not run at all.
#[expect(clippy::print_stderr, reason = "a command-line tool speaks to its terminal")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(report: Report) -> (bool, String) {
        let mut out = Vec::new();
        let passed = report.print(&mut out).unwrap();
        (passed, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_finding_fails_the_check_and_names_its_place() {
        let mut report = Report::new("budget").looked_at("2 files");
        report.findings.push(Finding::new("b.rs", 2, "too long"));
        report.findings.push(Finding::new("a.rs", 7, "too long"));
        assert_eq!(
            printed(report),
            (false, "a.rs:7: too long\nb.rs:2: too long\nbudget: 2 findings (2 files)\n".to_owned())
        );
    }

    #[test]
    fn notes_alone_pass() {
        let mut report = Report::new("budget").looked_at("2 files");
        report.notes.push("a.rs is long".to_owned());
        assert_eq!(printed(report), (true, "note: a.rs is long\nbudget: ok (2 files)\n".to_owned()));
    }
}
