//! Which room may use which: `docs/architecture.md` as a table, checked against manifests and sources.
//!
//! Normal and build dependencies must follow the edges. Dev-dependencies are counted apart: they are printed, and only
//! the sandbox's must follow too, since it shares no code with `gitea` so that a mistake in one cannot hide in the
//! other. Cargo itself refuses cycles of normal edges, and the table has none.

mod manifest;
mod names;

use std::path::Path;

use anyhow::Context as _;

use crate::report::{Finding, Report};
use crate::source;
use manifest::{Dependency, Kind, Manifest};

/// One room and the rooms its product code may use. `ambient` is open to all.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
}

const ROOMS: [Room; 12] = [
    Room { name: "ambient", may_use: &[] },
    Room { name: "gitea", may_use: &[] },
    Room { name: "store", may_use: &[] },
    Room { name: "sandbox", may_use: &[] },
    Room { name: "oauth", may_use: &["gitea", "store"] },
    Room { name: "gate", may_use: &["gitea", "store", "oauth"] },
    Room { name: "search", may_use: &["gitea"] },
    Room { name: "tools", may_use: &["gitea", "gate", "search"] },
    Room { name: "server", may_use: &["gitea", "store", "oauth", "gate", "search", "tools", "sandbox"] },
    Room { name: "testkit", may_use: &["gate", "gitea", "store", "sandbox"] },
    Room { name: "benches", may_use: &[] },
    Room { name: "xtask", may_use: &["server", "tools"] },
];

/// Rooms whose dev-dependencies must follow the edges as well.
const STRICT_IN_TESTS: [&str; 1] = ["sandbox"];

/// An outside crate, with its family (`clap` owns `clap_complete` too), that only some rooms may depend on.
struct Owned {
    family: &'static str,
    owners: &'static [&'static str],
    in_tests_also: &'static [&'static str],
}

const OWNED: [Owned; 7] = [
    Owned { family: "rmcp", owners: &["server", "benches"], in_tests_also: &[] },
    Owned { family: "axum", owners: &["server", "sandbox", "benches"], in_tests_also: &[] },
    Owned { family: "askama", owners: &["server"], in_tests_also: &[] },
    Owned { family: "clap", owners: &["server", "xtask"], in_tests_also: &[] },
    Owned { family: "reqwest", owners: &["oauth", "server", "testkit", "benches"], in_tests_also: &["sandbox"] },
    Owned { family: "hyper-rustls", owners: &["gitea"], in_tests_also: &[] },
    Owned { family: "sqlx", owners: &["store"], in_tests_also: &[] },
];

/// Checks every package of the workspace.
pub(crate) fn check(root: &Path) -> anyhow::Result<Report> {
    let renames = manifest::workspace_renames(root)?;
    let mut findings = Vec::new();
    let mut dev_edges = Vec::new();
    let manifests = manifest::all(root, &renames)?;
    for manifest in &manifests {
        findings.extend(place(manifest));
        for dependency in &manifest.dependencies {
            findings.extend(edge(manifest, dependency).or_else(|| owner(manifest, dependency)));
            if let (Kind::Dev, Some(used)) = (dependency.kind, dependency.room()) {
                dev_edges.push(format!("{} -> {used}", manifest.room));
            }
        }
    }
    let files = source::rust_files(root)?;
    for file in &files {
        findings.extend(names::check(file).with_context(|| format!("cannot check {}", file.path))?);
    }
    let mut report = Report::new("layers").looked_at(format!("{} packages, {} files", manifests.len(), files.len()));
    report.findings = findings;
    if !dev_edges.is_empty() {
        report.notes.push(format!("edges of tests only: {}", dev_edges.join(", ")));
    }
    Ok(report)
}

/// A package must be a room of the table and be called after it.
fn place(manifest: &Manifest) -> Option<Finding> {
    let room = &manifest.room;
    if room_named(room).is_none() {
        let sentence =
            format!("`{room}` has no place in the table of rooms: add its edges to xtask and architecture.md");
        return Some(Finding::new(&manifest.path, 1, sentence));
    }
    (manifest::room_of_package(&manifest.package) != Some(room)).then(|| {
        let sentence = format!("the package in `{room}` is called `{}`, not after its room", manifest.package);
        Finding::new(&manifest.path, 1, sentence)
    })
}

fn edge(manifest: &Manifest, dependency: &Dependency) -> Option<Finding> {
    let used = dependency.room()?;
    let room = room_named(&manifest.room)?;
    let bound = match dependency.kind {
        Kind::Normal => true,
        Kind::Dev => STRICT_IN_TESTS.contains(&room.name),
    };
    (bound && used != "ambient" && !room.may_use.contains(&used)).then(|| {
        let sentence = format!("`{}` may not use `{used}`{}", room.name, dependency.kind.aside());
        Finding::new(&manifest.path, dependency.line, sentence)
    })
}

fn owner(manifest: &Manifest, dependency: &Dependency) -> Option<Finding> {
    let owned = OWNED.iter().find(|owned| in_family(&dependency.package, owned.family))?;
    let room = manifest.room.as_str();
    let in_tests = dependency.kind == Kind::Dev && owned.in_tests_also.contains(&room);
    (!in_tests && !owned.owners.contains(&room)).then(|| {
        let owners = owned.owners.join(", ");
        let sentence =
            format!("`{room}` may not use `{}`{}: it belongs to {owners}", dependency.package, dependency.kind.aside());
        Finding::new(&manifest.path, dependency.line, sentence)
    })
}

fn room_named(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

fn in_family(package: &str, family: &str) -> bool {
    package.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;

    const WORKSPACE: &str = "[workspace.dependencies]\nweb = { package = \"axum\", version = \"0.8\" }\n";

    fn found(room: &str, dependencies: &str) -> Vec<String> {
        let package = if room == "xtask" { "xtask".to_owned() } else { format!("aegis-{room}") };
        let manifest = format!("[package]\nname = \"{package}\"\n\n{dependencies}\n");
        let path = if room == "xtask" { "xtask/Cargo.toml".to_owned() } else { format!("crates/{room}/Cargo.toml") };
        let tree = planted(&[("Cargo.toml", WORKSPACE), (&path, &manifest)]);
        check(tree.path()).unwrap().findings.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn the_table_has_no_cycle_and_names_only_rooms() {
        fn reaches(from: &str, to: &str) -> bool {
            room_named(from).unwrap().may_use.iter().any(|used| *used == to || reaches(used, to))
        }
        for room in &ROOMS {
            assert!(!reaches(room.name, room.name), "{} reaches itself", room.name);
        }
        let strangers = OWNED.iter().flat_map(|owned| owned.owners.iter().chain(owned.in_tests_also));
        assert!(strangers.into_iter().all(|room| room_named(room).is_some()));
    }

    #[test]
    fn an_edge_of_the_table_passes_and_another_does_not() {
        assert!(
            found("tools", "[dependencies]\naegis-gate.workspace = true\naegis-ambient.workspace = true").is_empty()
        );
        assert_eq!(
            found("tools", "[dependencies]\naegis-store.workspace = true"),
            ["crates/tools/Cargo.toml:5: `tools` may not use `store`"]
        );
        assert_eq!(found("server", "[dependencies]\naegis-testkit.workspace = true").len(), 1);
        assert_eq!(found("gate", "[build-dependencies]\naegis-server.workspace = true").len(), 1);
        assert_eq!(found("gate", "[target.'cfg(unix)'.dependencies]\naegis-tools.workspace = true").len(), 1);
        assert_eq!(found("gate", "[dependencies]\nx = { path = \"../tools\", package = \"aegis-tools\" }").len(), 1);
        assert_eq!(found("gate", "[dependencies.aegis-tools]\nworkspace = true").len(), 1);
    }

    #[test]
    fn edges_of_tests_are_free_except_the_sandbox_s() {
        assert!(found("gate", "[dev-dependencies]\naegis-testkit.workspace = true").is_empty());
        for used in ["gitea", "testkit"] {
            let dependency = format!("[dev-dependencies]\naegis-{used}.workspace = true");
            assert_eq!(
                found("sandbox", &dependency),
                [format!("crates/sandbox/Cargo.toml:5: `sandbox` may not use `{used}` even in its tests")]
            );
        }
    }

    #[test]
    fn outside_crates_have_owners_under_any_name() {
        assert!(found("server", "[dependencies]\nrmcp.workspace = true\n[dev-dependencies]\nrmcp = \"3\"").is_empty());
        assert!(found("sandbox", "[dev-dependencies]\nreqwest.workspace = true").is_empty());
        assert_eq!(found("sandbox", "[dependencies]\nreqwest.workspace = true").len(), 1);
        assert_eq!(
            found("gate", "[dependencies]\nrmcp.workspace = true"),
            ["crates/gate/Cargo.toml:5: `gate` may not use `rmcp`: it belongs to server, benches"]
        );
        assert_eq!(found("gate", "[dependencies]\nweb.workspace = true").len(), 1);
        assert_eq!(found("gate", "[dependencies]\nfront = { version = \"1\", package = \"clap_complete\" }").len(), 1);
        assert_eq!(found("gate", "[dev-dependencies]\nsqlx-core = \"0.9\"").len(), 1);
        assert!(found("gate", "[dependencies]\nrmcpx = \"1\"").is_empty());
    }

    #[test]
    fn a_room_outside_the_table_is_found() {
        assert!(found("cellar", "")[0].contains("no place in the table"));
        let tree = planted(&[("Cargo.toml", ""), ("crates/gate/Cargo.toml", "[package]\nname = \"aegis-other\"\n")]);
        assert_eq!(check(tree.path()).unwrap().findings.len(), 1);
    }
}
