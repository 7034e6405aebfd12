//! Looks for planted secrets in all files below a directory, and in their names.

use std::fs;
use std::path::Path;

use aho_corasick::{AhoCorasick, MatchKind};
use anyhow::{Context as _, ensure};

use super::disguises;
use crate::report::Finding;
use crate::source;

/// A shorter secret would be found by chance.
const SHORTEST_SECRET_BYTES: usize = 16;

/// What a scan saw.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) looked_at: String,
    pub(super) findings: Vec<Finding>,
}

/// Scans every file below `directory` but the list of secrets itself.
///
/// # Errors
/// When there is no secret to look for or no file to look in: neither shows anything.
pub(super) fn scan(directory: &Path, secrets: &Path) -> anyhow::Result<Found> {
    let search = Search::new(&source::read(secrets)?)?;
    let list = fs::canonicalize(secrets)?;
    let mut findings = Vec::new();
    let mut files = 0;
    for path in source::files_below(directory)? {
        if fs::canonicalize(&path)? == list {
            continue;
        }
        files += 1;
        let name = source::relative(directory, &path);
        if let Some((_, what)) = search.hits(name.as_bytes()).first() {
            findings.push(Finding::new(directory, 1, format!("the name of a file below holds {what}")));
            continue;
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        findings.extend(
            search.hits(&bytes).into_iter().map(|(line, what)| Finding::new(&path, line, what + " stands here")),
        );
    }
    ensure!(files > 0, "{} holds nothing to scan", directory.display());
    Ok(Found { looked_at: format!("{files} artefacts for {} planted secrets", search.secrets), findings })
}

struct Search {
    automaton: AhoCorasick,
    /// Which secret (from 1) and which disguise each pattern of the automaton stands for.
    patterns: Vec<(usize, &'static str)>,
    secrets: usize,
}

impl Search {
    fn new(list: &str) -> anyhow::Result<Self> {
        let secrets: Vec<_> = list.lines().filter(|line| !line.is_empty()).collect();
        ensure!(!secrets.is_empty(), "the list of secrets is empty");
        let mut patterns = Vec::new();
        let mut forms = Vec::new();
        for (number, secret) in (1..).zip(&secrets) {
            ensure!(
                secret.len() >= SHORTEST_SECRET_BYTES,
                "secret {number} is shorter than {SHORTEST_SECRET_BYTES} bytes and would be found by chance"
            );
            for disguise in disguises::of(secret) {
                patterns.push((number, disguise.name));
                forms.push(disguise.bytes);
            }
        }
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(true).build(forms)?;
        Ok(Self { automaton, patterns, secrets: secrets.len() })
    }

    /// The line, from 1, and a description of each hit.
    fn hits(&self, bytes: &[u8]) -> Vec<(usize, String)> {
        let described = self.automaton.find_iter(bytes).filter_map(|hit| {
            let (number, disguise) = self.patterns.get(hit.pattern().as_usize())?;
            let line = source::line_after(bytes.get(..hit.start()).unwrap_or_default());
            Some((line, format!("secret {number} of {} ({disguise})", self.secrets)))
        });
        described.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;
    use base64::Engine as _;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

    const FIRST: &str = "an-innocent-planted-value-0001";
    const SECOND: &str = "Pl+nted/\"value\"?with~odd>signs<";

    fn found(name: &str, text: &str) -> Vec<String> {
        let tree = planted(&[("secrets.txt", &format!("{FIRST}\n{SECOND}\n")), (name, text)]);
        let found = scan(tree.path(), &tree.path().join("secrets.txt")).unwrap();
        let root = tree.path().to_string_lossy().into_owned();
        found.findings.iter().map(|finding| finding.to_string().replace(&root, "")).collect()
    }

    #[test]
    fn innocent_artefacts_pass() {
        assert!(found("logs.jsonl", "{\"event\":\"tool_call\",\"key\":\"k1\"}\nan-innocent value\n").is_empty());
    }

    #[test]
    fn every_disguise_is_seen_and_never_printed() {
        let bytes = SECOND.as_bytes();
        let hex = bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat();
        let reversed: String = SECOND.chars().rev().collect();
        let cases = [
            (SECOND.to_owned(), "plain"),
            (SECOND.to_uppercase(), "plain"),
            (reversed, "reversed"),
            (hex, "hex"),
            ("Pl%2Bnted%2F%22value%22%3Fwith~odd%3Esigns%3C".to_owned(), "percent-encoded"),
            (SECOND.replace('"', "\\\""), "JSON-escaped"),
            (format!("{bytes:?}"), "as a list of bytes"),
            (format!("{bytes:?}").replace(' ', ""), "as a list of bytes"),
            (format!("Basic {}", BASE64_STANDARD.encode(format!("alice:{SECOND}"))), "base64"),
            (BASE64_URL_SAFE_NO_PAD.encode(format!("ab{SECOND}yz")), "base64"),
            (SECOND[..12].to_owned(), "its first 12 characters"),
            (SECOND[SECOND.len() - 12..].to_owned(), "its last 12 characters"),
        ];
        for (text, disguise) in cases {
            let findings = found("audit/1.jsonl", &format!("first line\nkey={text};\n"));
            assert_eq!(findings, [format!("/audit/1.jsonl:2: secret 2 of 2 ({disguise}) stands here")], "{text}");
        }
    }

    #[test]
    fn a_binary_file_and_utf_16_are_read_too() {
        let tree = planted(&[("secrets.txt", FIRST)]);
        let wide: Vec<u8> = FIRST.encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(tree.path().join("core"), [vec![0xff, 0x00], wide].concat()).unwrap();
        assert_eq!(scan(tree.path(), &tree.path().join("secrets.txt")).unwrap().findings.len(), 1);
    }

    #[test]
    fn a_secret_as_a_file_name_is_seen_and_the_name_not_printed() {
        let findings = found(&format!("cache/{FIRST}.json"), "{}");
        assert_eq!(findings, [":1: the name of a file below holds secret 1 of 2 (plain)"]);
    }

    #[test]
    fn nothing_to_look_for_or_in_is_an_error() {
        let tree = planted(&[("empty.txt", "\n"), ("short.txt", "changeme\n"), ("alone/secrets.txt", FIRST)]);
        let at = |name: &str| tree.path().join(name);
        assert!(scan(tree.path(), &at("empty.txt")).is_err());
        assert!(scan(tree.path(), &at("short.txt")).unwrap_err().to_string().starts_with("secret 1 is shorter"));
        assert!(scan(&at("alone"), &at("alone/secrets.txt")).is_err());
        assert!(scan(&at("nowhere"), &at("alone/secrets.txt")).is_err());
    }
}
