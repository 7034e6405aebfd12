//! No file of the tree may hold a secret that looks real.
//!
//! A value made for a test says so: `not a secret: <why>` on its line or the one before.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use regex::bytes::Regex;

use crate::report::Finding;
use crate::source;

const EXCUSE: &[u8] = b"not a secret: ";

/// What it is, and a pattern whose group 1 is the value.
const SHAPES: [(&str, &str); 8] = [
    ("a private key", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?:\\n|\s)+([A-Za-z0-9+/]{40,})"),
    ("a token of GitHub", r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})"),
    ("a token of GitLab or Slack", r"\b(glpat-[A-Za-z0-9_-]{20,}|xox[abprs]-[A-Za-z0-9-]{20,})"),
    ("a key of AWS or Google", r"\b((?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{35})\b"),
    ("a key of a model's vendor", r"\b(sk-[A-Za-z0-9_-]{32,})"),
    ("a signed token (JWT)", r"\b(eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{20,})"),
    ("a token of ours", r"\b(aegis_[a-z]{2,8}_[A-Za-z0-9]{30,})"),
    ("a token of Gitea", r#"(?i)(?:token|secret|password|api_?key)["']?\s*[:=]\s*["']?([0-9a-f]{40})\b"#),
];

/// Scans what git holds or would hold; gives the number of files too.
pub(super) fn scan(root: &Path) -> anyhow::Result<(usize, Vec<Finding>)> {
    let shapes: Vec<(&str, Regex)> =
        SHAPES.into_iter().map(|(what, pattern)| Ok((what, Regex::new(pattern)?))).collect::<anyhow::Result<_>>()?;
    let files = files(root)?;
    let mut findings = Vec::new();
    for path in &files {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = source::relative(root, path);
        if path.file_name().is_some_and(|name| name == ".env") {
            findings.push(Finding::new(&name, 1, "a .env file holds secrets and stays out of the tree"));
        }
        for (line, what) in shapes.iter().flat_map(|(what, shape)| hits(&bytes, what, shape)) {
            findings.push(Finding::new(&name, line, format!("this looks like {what}")));
        }
    }
    Ok((files.len(), findings))
}

/// The files git holds, and new ones it does not ignore; without a repository all files.
fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").current_dir(root).args(arguments).output().context("cannot run git")?;
    if !output.status.success() {
        return source::files_below(root);
    }
    let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let paths = names.map(|name| root.join(String::from_utf8_lossy(name).as_ref()));
    // A file that was deleted and not yet committed is still listed.
    Ok(paths.filter(|path| path.is_file()).collect())
}

fn hits<'a>(bytes: &[u8], what: &'a str, shape: &Regex) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for captures in shape.captures_iter(bytes) {
        let Some((whole, value)) = captures.get(0).zip(captures.get(1)) else { continue };
        let before = bytes.get(..whole.start()).unwrap_or_default();
        if !repeats_itself(value.as_bytes()) && !is_excused(before, bytes) {
            found.push((source::line_after(before), what));
        }
    }
    found
}

/// `xxxxxxxx` and `0123456789abcdef0123…` are placeholders. What stands before the first repeat (`ghp_`) does not count.
fn repeats_itself(value: &[u8]) -> bool {
    let body = value.rsplit(|byte| *byte == b'_' || *byte == b'-').next().unwrap_or(value);
    (1..=body.len() / 2).any(|period| body.iter().zip(body.iter().skip(period)).all(|(one, other)| one == other))
}

/// Does the line of this place, or the one before, say why the value is none?
fn is_excused(before: &[u8], bytes: &[u8]) -> bool {
    let two_lines_back = before.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').nth(1);
    let start = two_lines_back.map_or(0, |(index, _)| index + 1);
    let rest = bytes.get(before.len()..).unwrap_or_default();
    let end = before.len() + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    bytes.get(start..end).unwrap_or_default().windows(EXCUSE.len()).any(|window| window == EXCUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;

    /// Forty hexadecimal digits without a pattern, put together here so that this file holds no such value.
    fn noise() -> String {
        ["9f3a61c07be2", "d84510aa6e7c", "f29b03d8514e", "7a6c"].concat()
    }

    fn found(name: &str, text: &str) -> Vec<String> {
        let tree = planted(&[(name, text)]);
        scan(tree.path()).unwrap().1.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn real_looking_values_are_found() {
        let noise = noise();
        let upper = noise.to_uppercase();
        let cases = [
            format!("-----BEGIN PRIVATE KEY-----\n{noise}{upper}\n"),
            format!("\"-----BEGIN EC PRIVATE KEY-----\\n{noise}{upper}\\n\""),
            format!("ghp_{}", &noise[..36]),
            format!("glpat-{noise}"),
            format!("AKIA{}", &upper[..16]),
            format!("sk-ant-{noise}"),
            format!("eyJ{noise}.eyJ{noise}.{noise}"),
            format!("aegis_at_{noise}"),
            format!("GITEA_TOKEN={noise}"),
            format!("\"client_secret\": \"{noise}\""),
        ];
        for text in cases {
            let findings = found("docs/a.md", &format!("first\n{text}\n"));
            assert_eq!(findings.len(), 1, "{text}: {findings:?}");
            assert!(findings[0].starts_with("docs/a.md:2: this looks like a"), "{findings:?}");
            assert!(!findings[0].contains(&noise[..8]));
        }
        assert_eq!(found(".env", "A=1").len(), 1);
    }

    #[test]
    fn placeholders_commits_and_excused_values_pass() {
        let noise = noise();
        for text in [
            format!("commit {noise}\nsha = {noise}"),
            format!("token = {}", "0123456789abcdef".repeat(3)[..40].to_owned()),
            format!("ghp_{}", "x".repeat(36)),
            format!("# not a secret: a test's own\nGITEA_TOKEN={noise}"),
            format!("GITEA_TOKEN={noise} # not a secret: a test's own"),
        ] {
            assert_eq!(found("a.md", &text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(found("a.md", &format!("# not a secret: why\n\nGITEA_TOKEN={noise}")).len(), 1);
        assert_eq!(found("a.md", &format!("# not a secret\nGITEA_TOKEN={noise}")).len(), 1);
    }

    #[test]
    fn what_git_ignores_is_not_scanned() {
        let tree = planted(&[(".gitignore", "/private\n"), ("private", &format!("token={}", noise())), ("a.md", "a")]);
        let status = Command::new("git").current_dir(tree.path()).args(["init", "--quiet"]).status().unwrap();
        assert!(status.success());
        assert_eq!(scan(tree.path()).unwrap(), (2, vec![]));
    }
}
