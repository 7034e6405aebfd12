//! What `make clients` installed, as long as it is what is pinned.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::Failure;
use crate::pinned;
use crate::program::Program;
use crate::proxy::Kind;

const PACKAGES: &str = include_str!("package.json");
const PINNED: &str = include_str!("package-lock.json");
const PYTHONS: [(&str, &str); 2] =
    [("python-1", include_str!("requirements-1.txt")), ("python-2", include_str!("requirements-2.txt"))];
const LOCK: &str = include_str!("../../../../Cargo.lock");

/// Everything found, and why the rest is missing.
pub(crate) struct Installed {
    pub(crate) node: Option<Arc<Node>>,
    pub(crate) pythons: Vec<Arc<Python>>,
    pub(crate) proxies: Vec<Kind>,
    pub(crate) missing: Vec<(String, &'static str)>,
}

/// The clients of npm, and what runs them.
pub(crate) struct Node {
    directory: PathBuf,
    home: TempDir,
}

/// One of the Python SDKs.
pub(crate) struct Python {
    pub(crate) version: &'static str,
    directory: PathBuf,
    home: TempDir,
}

impl Installed {
    /// Looks.
    ///
    /// # Errors
    /// What is pinned cannot be read.
    pub(crate) fn find() -> Result<Self, Failure> {
        let (mut missing, mut pythons) = (Vec::new(), Vec::new());
        let mut is_there =
            |what: &str, name: &str, lock: &str| match pinned::installed(&format!("clients/{name}"), lock) {
                Ok(directory) => Some(directory),
                Err(reason) => {
                    missing.push((what.to_owned(), reason));
                    None
                }
            };
        let node = is_there("the clients of npm", "npm", PINNED);
        for (name, pinned) in PYTHONS {
            let version = pinned.lines().find_map(|line| line.strip_prefix("mcp==")).ok_or("mcp is not pinned")?;
            let version = version.split(' ').next().unwrap_or_default();
            if let Some(directory) = is_there(&format!("python {version}"), name, pinned) {
                pythons.push(Arc::new(Python { version, directory, home: TempDir::new()? }));
            }
        }
        let (proxies, absent): (Vec<_>, Vec<_>) = Kind::ALL.into_iter().partition(|kind| program(*kind).is_some());
        missing
            .extend(absent.into_iter().map(|kind| (format!("everything behind {kind}"), "it is not on this machine")));
        let node = match node {
            Some(directory) => Some(Arc::new(Node { directory, home: TempDir::new()? })),
            None => None,
        };
        Ok(Self { node, pythons, proxies, missing })
    }
}

/// Where a proxy's program is: the system's, or the one unpacked from its Debian package.
pub(crate) fn program(kind: Kind) -> Option<PathBuf> {
    let unpacked = pinned::directory("clients").join(kind.to_string());
    [Path::new("/"), &unpacked].map(|root| root.join(kind.program())).into_iter().find(|file| file.is_file())
}

impl Node {
    /// What runs them.
    pub(crate) fn program(&self) -> String {
        pinned::node(&self.directory).display().to_string()
    }

    /// A file of a package.
    pub(crate) fn module(&self, path: &str) -> String {
        self.directory.join("node_modules").join(path).display().to_string()
    }

    /// The home of the clients' person.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// A program of a package.
    pub(crate) fn run(&self, path: &str) -> Program {
        Program::new(Path::new(&self.program()), &self.directory, self.home()).arg(&self.module(path))
    }

    /// A script on standard input; what it imports is looked for from the working directory.
    pub(crate) fn script(&self) -> Program {
        Program::new(Path::new(&self.program()), &self.directory, self.home()).args(&["--input-type=module", "-"])
    }
}

impl Python {
    /// A script on standard input.
    pub(crate) fn script(&self) -> Program {
        Program::new(&self.directory.join("bin/python"), &self.directory, self.home.path()).arg("-")
    }

    /// The first number of its version.
    pub(crate) fn major(&self) -> u8 {
        self.version.split('.').next().and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    /// Whether it speaks 2026-07-28.
    pub(crate) fn is_second(&self) -> bool {
        self.major() == 2
    }
}

/// The version of a package of npm that is pinned.
///
/// # Errors
/// It is not.
pub(crate) fn npm_version(package: &str) -> Result<String, Failure> {
    let packages: Value = serde_json::from_str(PACKAGES)?;
    let version = packages.get("dependencies").and_then(|all| all.get(package)).and_then(Value::as_str);
    Ok(version.ok_or_else(|| format!("{package} is not pinned"))?.to_owned())
}

/// The version of rmcp this is built with.
///
/// # Errors
/// The lock file does not say.
pub(crate) fn rmcp_version() -> Result<&'static str, Failure> {
    let version = LOCK.split_once("name = \"rmcp\"\nversion = \"").and_then(|(_, rest)| rest.split_once('"'));
    Ok(version.ok_or("rmcp is not in Cargo.lock")?.0)
}
