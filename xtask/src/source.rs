//! The files of the tree, found in one way by every check.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Built things and other people's things: never ours to check.
const SKIPPED_DIRECTORIES: [&str; 3] = ["target", ".git", "node_modules"];

/// All files below `directory`, sorted, links not followed.
///
/// # Errors
/// When a directory cannot be read: a check that saw half the tree has not checked it.
pub(crate) fn files_below(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot list {}", next.display()))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let skipped = SKIPPED_DIRECTORIES.iter().any(|name| entry.file_name() == *name);
            if kind.is_dir() && !skipped {
                waiting.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// One Rust file: its path from the workspace root with `/`, and its text.
#[derive(Debug)]
pub(crate) struct RustFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl RustFile {
    /// Is this tests, benches or examples: code that ships with nothing?
    pub(crate) fn is_beside_the_product(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches" | "examples"))
    }
}

/// Every `*.rs` of the workspace's own packages: `crates/`, `benches/` and `xtask/`.
///
/// # Errors
/// When a file cannot be read or is not UTF-8.
pub(crate) fn rust_files(root: &Path) -> anyhow::Result<Vec<RustFile>> {
    let mut files = Vec::new();
    for top in ["benches", "crates", "xtask"].map(|name| root.join(name)) {
        if top.is_dir() {
            files.extend(files_below(&top)?);
        }
    }
    let rust = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| Ok(RustFile { text: read(&path)?, path: relative(root, &path) })).collect()
}

/// Reads a text file and names it when that fails.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The line, from 1, on which the text after `before` begins.
pub(crate) fn line_after(before: &[u8]) -> usize {
    before.split(|byte| *byte == b'\n').count()
}

/// The path from `root`, with `/` between its parts; the whole path when it lies elsewhere.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A tree for tests, written from `(path, text)` pairs.
#[cfg(test)]
pub(crate) fn planted(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_files_are_not_ours() {
        let tree = planted(&[
            ("crates/gate/src/lib.rs", ""),
            ("crates/gate/target/debug/out.rs", ""),
            ("crates/gate/README.md", ""),
            ("xtask/src/main.rs", ""),
            ("target/other.rs", ""),
        ]);
        let paths: Vec<_> = rust_files(tree.path()).unwrap().into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["crates/gate/src/lib.rs", "xtask/src/main.rs"]);
    }
}
