//! File names of segments, and what of a chain can be read from them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aegis_ambient::Timestamp;

use super::error::AuditError;
use super::hash::hex;

const PREFIX_CAP: usize = 32;
const ENDING: &str = ".jsonl";

/// A segment of a chain, as its file name says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentName {
    /// `<prefix>-<start>-<8 hex digits>`.
    pub(super) chain: String,
    /// From 1.
    pub(super) number: u32,
}

impl SegmentName {
    /// The first segment of a new chain.
    pub(super) fn first(prefix: &str, start: Timestamp, random: [u8; 4]) -> Self {
        Self { chain: format!("{prefix}-{}-{}", start.strftime("%Y%m%dT%H%M%SZ"), hex(&random)), number: 1 }
    }

    pub(super) fn next(&self) -> Self {
        Self { chain: self.chain.clone(), number: self.number.saturating_add(1) }
    }

    pub(super) fn file(&self) -> String {
        format!("{}-{:04}{ENDING}", self.chain, self.number)
    }

    /// `None` for any name that [`file`](Self::file) would not give for this prefix.
    pub(super) fn parse(prefix: &str, file: &str) -> Option<Self> {
        let (chain, digits) = file.strip_suffix(ENDING)?.rsplit_once('-')?;
        let (start, random) = chain.strip_prefix(prefix)?.strip_prefix('-')?.split_once('-')?;
        let name = Self { chain: chain.to_owned(), number: digits.parse().ok()? };
        let well_formed = matches_mask(start, "00000000T000000Z") && matches_mask(random, "xxxxxxxx");
        (well_formed && name.number > 0 && name.file() == file).then_some(name)
    }
}

/// `0` stands for a digit, `x` for a lower-case hex digit, all else for itself.
fn matches_mask(text: &str, mask: &str) -> bool {
    text.len() == mask.len()
        && text.bytes().zip(mask.bytes()).all(|(letter, mask)| match mask {
            b'0' => letter.is_ascii_digit(),
            b'x' => matches!(letter, b'0'..=b'9' | b'a'..=b'f'),
            other => letter == other,
        })
}

/// Checks a configured prefix.
pub(super) fn check_prefix(prefix: &str) -> Result<(), AuditError> {
    let allowed = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    if (1..=PREFIX_CAP).contains(&prefix.len()) && prefix.bytes().all(allowed) {
        Ok(())
    } else {
        Err(AuditError::Prefix { prefix: prefix.to_owned() })
    }
}

/// What a directory holds of one prefix.
pub(super) struct Listing {
    /// In the order of chains and segments.
    pub(super) segments: BTreeMap<SegmentName, PathBuf>,
    /// Names that begin with the prefix and are no segment's.
    pub(super) strangers: Vec<String>,
}

/// Lists a directory.
pub(super) fn list(directory: &Path, prefix: &str) -> Result<Listing, AuditError> {
    let unreadable = |source| AuditError::Read { path: directory.to_owned(), source };
    check_prefix(prefix)?;
    let mut listing = Listing { segments: BTreeMap::new(), strangers: Vec::new() };
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let file = entry.file_name().to_string_lossy().into_owned();
        match SegmentName::parse(prefix, &file) {
            Some(name) => {
                listing.segments.insert(name, entry.path());
            }
            None if file.starts_with(&format!("{prefix}-2")) => listing.strangers.push(file),
            None => {}
        }
    }
    listing.strangers.sort();
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a05_a_name_reads_back_and_any_other_is_no_segment() {
        let start = "2026-01-02T03:04:05.9Z".parse().unwrap();
        let name = SegmentName::first("audit", start, [0x0a, 0x1b, 0x2c, 0x3d]);
        assert_eq!(name.file(), "audit-20260102T030405Z-0a1b2c3d-0001.jsonl");
        assert_eq!(SegmentName::parse("audit", &name.next().file()), Some(name.next()));
        let far = SegmentName { number: 12_345, ..name };
        assert_eq!(SegmentName::parse("audit", &far.file()), Some(far));
        for other in [
            "audit-20260102T030405Z-0a1b2c3d-0000.jsonl",
            "audit-20260102T030405Z-0a1b2c3d-+001.jsonl",
            "audit-20260102T030405Z-0a1b2c3d-00001.jsonl",
            "audit-20260102T030405Z-0A1B2C3D-0001.jsonl",
            "audit-20260102T030405Z-0a1b2c3d-0001.jsonl.bak",
            "audit-x-20260102T030405Z-0a1b2c3d-0001.jsonl",
        ] {
            assert_eq!(SegmentName::parse("audit", other), None, "{other}");
        }
    }

    #[test]
    fn a_prefix_that_could_leave_the_directory_is_refused() {
        assert!(check_prefix("audit_two-b").is_ok());
        for prefix in ["", "../x", "a/b", "A", "a b", "a\n", &"a".repeat(33)] {
            assert!(matches!(check_prefix(prefix), Err(AuditError::Prefix { .. })), "{prefix:?}");
        }
    }
}
