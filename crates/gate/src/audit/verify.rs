//! Reads a whole record back and names what is not as it was written.
//!
//! Needs the public key alone. Whoever holds the private one can rewrite a chain; then only the second place for
//! checkpoints tells, as it does for a tail cut off and a chain removed whole.

mod finding;
mod segments;
mod walk;
mod witness;

use std::fmt;
use std::path::Path;

use aegis_ambient::Timestamp;

pub use finding::{Finding, Place};

use super::error::AuditError;
use super::key::PublicKey;
use super::name;
use segments::Segments;
use witness::Witness;

/// No more findings of either kind are listed than this; the rest is counted.
const FINDINGS_CAP: usize = 1000;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Every chain in the directory, in the order of their starts.
    pub chains: Vec<ChainReport>,
    /// What is wrong, in the order it was met, at most 1,000.
    pub findings: Vec<Finding>,
    /// What is not wrong but should be known, at most 1,000.
    pub notes: Vec<Finding>,
    /// How many of either are not listed.
    pub unlisted: u64,
}

/// One chain, as found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainReport {
    /// Its name.
    pub chain: String,
    /// Its files.
    pub segments: usize,
    /// Lines that were read.
    pub records: u64,
    /// The number of the last line.
    pub last_seq: u64,
    /// When the first of them was written.
    pub first: Option<Timestamp>,
    /// When the last of them was written.
    pub last: Option<Timestamp>,
    /// Its process said that it ended. If not, it was killed or is still at work.
    pub stopped: bool,
    /// Its process is still at work.
    pub live: bool,
}

impl Report {
    /// Nothing was altered, removed, inserted, moved or cut, as far as can be seen; the notes say how far that is.
    #[must_use]
    pub fn intact(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: Finding) {
        let list = if finding.is_note() { &mut self.notes } else { &mut self.findings };
        if list.len() < FINDINGS_CAP {
            list.push(finding);
        } else {
            self.unlisted = self.unlisted.saturating_add(1);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records: u64 = self.chains.iter().map(|chain| chain.records).sum();
        let verdict = if self.intact() { "intact" } else { "NOT intact" };
        writeln!(formatter, "{records} records in {} chains, {verdict}", self.chains.len())?;
        self.findings.iter().try_for_each(|finding| writeln!(formatter, "fault: {finding}"))?;
        self.notes.iter().try_for_each(|note| writeln!(formatter, "note: {note}"))?;
        if self.unlisted > 0 {
            writeln!(formatter, "and {} more", self.unlisted)?;
        }
        Ok(())
    }
}

/// Checks every chain of `prefix` in `directory` against `keys`, and against the second place if there is one.
///
/// # Errors
/// [`AuditError::Prefix`] and [`AuditError::Read`] when the question makes no sense or a file cannot be read. What was
/// tampered with is no error but a [`Finding`].
pub fn verify(
    directory: &Path,
    prefix: &str,
    keys: &[PublicKey],
    checkpoint_path: Option<&Path>,
) -> Result<Report, AuditError> {
    let mut report = Report::default();
    // The witness is read first: it never knows more than the chain, even while a process is at work.
    let witness = match checkpoint_path {
        Some(path) => Witness::read(path, prefix, keys, &mut report)?,
        None => Witness::absent(&mut report),
    };
    let listing = name::list(directory, prefix)?;
    for file in &listing.strangers {
        report.add(Finding::Stranger { file: file.clone() });
    }
    Segments::new(directory, keys, witness, &mut report).walk(&listing.segments)?;
    Ok(report)
}
