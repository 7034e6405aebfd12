//! Files and directories by path.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::content::{Includes, entry};
use crate::answer::{Answer, Outcome};
use crate::ask::{Ask, Here};
use crate::git::{Found, Mode, Resolved, find};

/// `file-contents` answers so many files and leaves the rest out without a word (`DEFAULT_PAGING_NUM`).
const MOST_FILES: usize = 30;

/// The commit that `ref` names, the default branch's when it is absent. Branches and tags are known here by their short
/// names and commits by their whole ids, nothing else.
pub(super) fn at(ask: &Ask<'_>, here: &Here<'_>) -> Result<Resolved, Answer> {
    let name = ask.query.given("ref").unwrap_or(&here.repository.default_branch);
    let missing = || {
        let error = format!("object does not exist [id: {name}, rel_path: ]");
        ask.not_found_because("not found", &[error])
    };
    here.repository.git.resolve_short(name).ok_or_else(missing)
}

/// As Gitea's `CleanGitTreePath`: `.` and `..` are resolved below the root and never lead above it.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

fn found(ask: &Ask<'_>, here: &Here<'_>, at: &Resolved, path: &str) -> Result<Found, Answer> {
    let path = clean(path);
    let git = &here.repository.git;
    let missing = || {
        let error = format!("object does not exist [id: , rel_path: {path}]");
        ask.not_found_because("GetContentsOrList", &[error])
    };
    git.tree_of(at.commit).and_then(|tree| find(git, tree, &path)).ok_or_else(missing)
}

/// What a directory holds, one level deep.
fn listing(ask: &Ask<'_>, here: &Here<'_>, at: &Resolved, directory: &Found, includes: Includes) -> Value {
    let prefix = if directory.path.is_empty() { String::new() } else { format!("{}/", directory.path) };
    let entries = here.repository.git.tree(directory.id).unwrap_or_default();
    let one = |inside: &crate::git::Entry| {
        let inside = Found { path: format!("{prefix}{}", inside.name), mode: inside.mode, id: inside.id };
        entry(ask, here, at, &inside, includes)
    };
    entries.iter().map(one).collect::<Vec<_>>().into()
}

/// The classic route: a file with its content, or a list.
pub(super) fn contents(ask: &Ask<'_>, here: &Here<'_>, path: &str) -> Outcome {
    let at = at(ask, here)?;
    let found = found(ask, here, &at, path)?;
    Ok(Answer::json(&if found.mode == Mode::Tree {
        listing(ask, here, &at, &found, Includes { file_content: false, ..Includes::FILE })
    } else {
        entry(ask, here, &at, &found, Includes::FILE)
    }))
}

/// The route of 1.25 and later, which includes only what it is asked to.
pub(super) fn extended(ask: &Ask<'_>, here: &Here<'_>, path: &str) -> Outcome {
    let at = at(ask, here)?;
    let found = found(ask, here, &at, path)?;
    let includes = Includes::asked(ask);
    Ok(Answer::json(&if found.mode == Mode::Tree {
        let includes = Includes { file_content: false, ..includes };
        json!({ "dir_contents": listing(ask, here, &at, &found, includes) })
    } else {
        json!({ "file_contents": entry(ask, here, &at, &found, includes) })
    }))
}

#[derive(Deserialize)]
struct Wanted {
    files: Vec<String>,
}

/// Several files at once; what is missing or no file is `null`.
pub(super) fn several(ask: &Ask<'_>, here: &Here<'_>) -> Outcome {
    let wanted: Wanted = serde_json::from_str(ask.query.text("body"))
        .map_err(|_| ask.error(StatusCode::BAD_REQUEST, "invalid body parameter"))?;
    let at = at(ask, here)?;
    let one = |path: &String| match found(ask, here, &at, path) {
        Ok(found) if found.mode != Mode::Tree => entry(ask, here, &at, &found, Includes::FILE),
        _ => Value::Null,
    };
    Ok(Answer::json(&wanted.files.iter().take(MOST_FILES).map(one).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn no_path_leads_above_the_root() {
        assert_eq!(clean("../../user"), "user");
        assert_eq!(clean("/src/./parser/../lib.rs"), "src/lib.rs");
        assert_eq!(clean(""), "");
    }
}
