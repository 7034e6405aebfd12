//! What a `Cargo.toml` says about dependencies, with renames undone and the line of each.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use toml::de::{DeTable, DeValue};

use crate::source;

/// When a dependency is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// In the product or its build script.
    Normal,
    /// In tests, benches and examples only.
    Dev,
}

impl Kind {
    /// What a sentence about it adds at its end.
    pub(super) fn aside(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::Dev => " even in its tests",
        }
    }
}

/// One dependency under its real package name.
#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) package: String,
    pub(super) kind: Kind,
    /// From 1.
    pub(super) line: usize,
}

impl Dependency {
    /// The room it leads to, when it is one of ours.
    pub(super) fn room(&self) -> Option<&str> {
        room_of_package(&self.package)
    }
}

/// One package of the workspace.
#[derive(Debug)]
pub(super) struct Manifest {
    /// The name of its directory.
    pub(super) room: String,
    pub(super) package: String,
    /// From the workspace root.
    pub(super) path: String,
    pub(super) dependencies: Vec<Dependency>,
}

/// Dependency names of the workspace table that stand for another package: name to package.
pub(super) type Renames = BTreeMap<String, String>;

/// `aegis-gate` to `gate`; `None` for outside crates.
pub(super) fn room_of_package(package: &str) -> Option<&str> {
    if package == "xtask" { Some(package) } else { package.strip_prefix("aegis-") }
}

/// Reads the renames of `[workspace.dependencies]`.
pub(super) fn workspace_renames(root: &Path) -> anyhow::Result<Renames> {
    let path = root.join("Cargo.toml");
    let text = source::read(&path)?;
    let document = parsed(&path, &text)?;
    let table = child(&document, "workspace").and_then(|workspace| child(workspace, "dependencies"));
    let entries = table.into_iter().flatten();
    Ok(entries.filter_map(|(name, value)| Some((name.get_ref().to_string(), renamed(value.get_ref())?))).collect())
}

/// Reads every package: those below `crates/`, `benches` and `xtask`.
pub(super) fn all(root: &Path, renames: &Renames) -> anyhow::Result<Vec<Manifest>> {
    let mut directories = vec![root.join("benches"), root.join("xtask")];
    if root.join("crates").is_dir() {
        for entry in fs::read_dir(root.join("crates"))? {
            directories.push(entry?.path());
        }
    }
    directories.sort();
    let packages = directories.iter().map(|directory| directory.join("Cargo.toml")).filter(|path| path.is_file());
    packages.map(|path| read(root, &path, renames)).collect()
}

fn read(root: &Path, path: &Path, renames: &Renames) -> anyhow::Result<Manifest> {
    let text = source::read(path)?;
    let document = parsed(path, &text)?;
    let directory = path.parent().and_then(Path::file_name).unwrap_or_default();
    let name = child(&document, "package").and_then(|package| string(package, "name"));
    let package = name.with_context(|| format!("{} names no package", path.display()))?;
    let mut dependencies = dependencies_of(&document, &text, renames);
    for (_, target) in child(&document, "target").into_iter().flatten() {
        if let DeValue::Table(table) = target.get_ref() {
            dependencies.extend(dependencies_of(table, &text, renames));
        }
    }
    Ok(Manifest {
        room: directory.to_string_lossy().into_owned(),
        package,
        path: source::relative(root, path),
        dependencies,
    })
}

fn dependencies_of(table: &DeTable<'_>, text: &str, renames: &Renames) -> Vec<Dependency> {
    let sections =
        [("dependencies", Kind::Normal), ("build-dependencies", Kind::Normal), ("dev-dependencies", Kind::Dev)];
    let mut found = Vec::new();
    for (section, kind) in sections {
        for (name, value) in child(table, section).into_iter().flatten() {
            let plain = name.get_ref().to_string();
            let package = renamed(value.get_ref()).or_else(|| renames.get(&plain).cloned()).unwrap_or(plain);
            let before = text.get(..name.span().start).unwrap_or_default();
            found.push(Dependency { package, kind, line: source::line_after(before.as_bytes()) });
        }
    }
    found
}

fn renamed(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Table(table) => string(table, "package"),
        _ => None,
    }
}

fn parsed<'a>(path: &Path, text: &'a str) -> anyhow::Result<DeTable<'a>> {
    let document = DeTable::parse(text).map_err(|error| anyhow!("{}: {error}", path.display()))?;
    Ok(document.into_inner())
}

fn child<'a, 'b>(table: &'a DeTable<'b>, name: &str) -> Option<&'a DeTable<'b>> {
    match table.get(name)?.get_ref() {
        DeValue::Table(inner) => Some(inner),
        _ => None,
    }
}

fn string(table: &DeTable<'_>, name: &str) -> Option<String> {
    match table.get(name)?.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}
