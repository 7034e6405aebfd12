//! What make installed under `target/` from a lock file, as long as it is what is pinned.

use std::fs;
use std::path::{Path, PathBuf};

/// Where it is installed.
pub(crate) fn directory(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")).join(name)
}

/// The same if it was installed from this lock file, of which a copy is made as the last step.
///
/// # Errors
/// Why it cannot be used.
pub(crate) fn installed(name: &str, lock: &str) -> Result<PathBuf, &'static str> {
    let directory = directory(name);
    match fs::read_to_string(directory.join("installed")) {
        Ok(installed) if installed == lock => Ok(directory),
        Ok(_) => Err("another version is installed than the one pinned"),
        Err(_) => Err("not installed"),
    }
}

/// The pinned Node where there is one for this machine, else whatever is found.
pub(crate) fn node(directory: &Path) -> PathBuf {
    let pinned = directory.join("node_modules/.bin/node");
    if pinned.is_file() { pinned } else { "node".into() }
}
