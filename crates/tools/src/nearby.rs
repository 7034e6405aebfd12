//! What exists near a name that does not. Hints come from the caller's own reads, through the policy, and the steps are
//! the same whether a thing is absent or hidden.
//!
//! A hint stands in an error, where our own words are. So a name is repeated only if it is one: no spaces, no signs that
//! could make it a sentence, and much like what the caller wrote (attack C05).

use aegis_gate::{CallError, ReadPermit, Repository, ToolError, nearest};
use aegis_gitea::read::{PageRequest, TreeEntry, TreeEntryKind};
use aegis_gitea::{GitRef, GiteaError, RepoPath};
use futures_util::join;

use crate::files::tree::{self, EntryKind};
use crate::shape::invalid;

/// Branches and tags looked through.
const REFERENCES: u32 = 50;
/// Pages of a tree looked through: a hint is worth two requests, not twenty.
const HINT_PAGES: u32 = 2;
/// Entries compared with a name: as many as those pages have.
const HINT_ENTRIES: usize = 2_000;

/// What was looked for at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sought {
    File,
    Directory,
    Either,
}

impl Sought {
    fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Either => "file or directory",
        }
    }

    fn is(self, kind: EntryKind) -> bool {
        match self {
            Self::File => kind != EntryKind::Directory,
            Self::Directory => kind == EntryKind::Directory,
            Self::Either => true,
        }
    }
}

/// The error for a path that is not there: perhaps it is the ref that is not, or the whole content.
pub(crate) async fn missing_path(
    permit: &ReadPermit<Repository>,
    sought: Sought,
    path: &RepoPath,
    at: Option<&GitRef>,
) -> ToolError {
    match seen(permit, at).await {
        Ok(entries) => absent(sought, path, &entries),
        Err(error) => missing_ref(permit, at, error).await,
    }
}

/// The first entries at `at`, as far as the policy lets them through.
pub(crate) async fn seen(permit: &ReadPermit<Repository>, at: Option<&GitRef>) -> Result<Vec<TreeEntry>, GiteaError> {
    let tree = tree::walk(permit.reader(), at, HINT_PAGES).await?;
    let may_be_named = |entry: &TreeEntry| permit.sees_entry(&entry.path, entry.kind == TreeEntryKind::Directory);
    Ok(tree.entries.into_iter().filter(may_be_named).collect())
}

/// The error for a path that is not among these entries, or is there as another thing.
pub(crate) fn absent(sought: Sought, path: &RepoPath, entries: &[TreeEntry]) -> ToolError {
    let is_there = |entry: &&TreeEntry| sought == Sought::Directory && entry.path == path.as_str();
    let there = entries.iter().find(is_there);
    if let Some(said) = there.and_then(|entry| otherwise(entry.kind.into())) {
        return invalid("path", format!("{path} is {said}"), "name a directory, or leave it out for all");
    }
    let of = |is_sought: bool| {
        let fits = move |entry: &&TreeEntry| sought.is(entry.kind.into()) == is_sought;
        nearest(path.as_str(), entries.iter().take(HINT_ENTRIES).filter(fits).map(|entry| entry.path.as_str()))
    };
    let near = Some(of(true)).filter(|near| !near.is_empty()).unwrap_or_else(|| of(false));
    ToolError::Missing { what: sought.word(), name: path.to_string(), near }
}

/// What stands where a directory was sought, and which tool reads it. A directory where a file was sought is no error:
/// it is shown as what it is.
fn otherwise(kind: EntryKind) -> Option<&'static str> {
    match kind {
        EntryKind::File | EntryKind::Executable => Some("a file, which get_file_contents reads"),
        EntryKind::Symlink => Some("a symbolic link; get_file_contents tells where it points"),
        EntryKind::Submodule => Some("a submodule; get_file_contents tells its commit"),
        EntryKind::Directory | EntryKind::Other => None,
    }
}

/// The error for a state that is not there; other errors pass. An empty repository has none.
pub(crate) async fn missing_ref(permit: &ReadPermit<Repository>, at: Option<&GitRef>, error: GiteaError) -> ToolError {
    if error != GiteaError::NotFound {
        return ToolError::Gitea(error);
    }
    let (reader, page) = (permit.reader(), PageRequest::new(1, REFERENCES));
    let (repository, branches, tags) = join!(reader.repository(), reader.branches(page), reader.tags(page));
    if let Ok(repository) = repository
        && repository.empty
    {
        let what = "file or commit in the empty repository";
        return ToolError::missing(what, repository.full_name.to_string());
    }
    let Some(at) = at else { return ToolError::Gitea(error) };
    let branches = branches.map(|page| page.items).unwrap_or_default().into_iter().map(|branch| branch.name);
    let tags = tags.map(|page| page.items).unwrap_or_default().into_iter().map(|tag| tag.name);
    let names: Vec<String> = branches.chain(tags).collect();
    let near = nearest(short(at), names.iter().map(String::as_str));
    ToolError::Missing { what: "branch, tag or commit", name: at.to_string(), near }
}

/// Without what a full name begins with.
fn short(at: &GitRef) -> &str {
    let name = at.as_str();
    name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")).unwrap_or(name)
}

/// The same as an error of one thing among several, in the words it would have by itself.
pub(crate) fn as_call_error(error: ToolError) -> Result<CallError, ToolError> {
    match error {
        ToolError::Missing { what, name, near } => Ok(CallError::NotFound { what, name, near }),
        ToolError::Call(error) => Ok(error),
        ToolError::Gitea(_) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<TreeEntry> {
        let entry = |path: &str, mode: &str| {
            format!(r#"{{"path":"{path}","mode":"{mode}","type":"x","sha":"{}"}}"#, "0".repeat(40))
        };
        let rows = [
            entry("docs", "040000"),
            entry("docs/dogs", "100644"),
            entry("src", "040000"),
            entry("src/main.py", "100644"),
            entry("link", "120000"),
        ];
        serde_json::from_str(&format!("[{}]", rows.join(","))).unwrap()
    }

    fn said(sought: Sought, path: &str) -> (String, Vec<String>) {
        match absent(sought, &RepoPath::parse(path).unwrap(), &entries()) {
            ToolError::Missing { what, near, .. } => (what.to_owned(), near),
            ToolError::Call(error) => (error.to_string(), Vec::new()),
            ToolError::Gitea(error) => panic!("{error}"),
        }
    }

    #[test]
    fn what_is_there_as_another_thing_is_named_as_that() {
        let (text, near) = said(Sought::Directory, "src/main.py");
        assert!(text.contains("src/main.py is a file, which get_file_contents reads") && near.is_empty(), "{text}");
        assert!(said(Sought::Directory, "link").0.contains("a symbolic link"));
    }

    #[test]
    fn a_hint_is_of_the_kind_that_was_sought_unless_only_the_other_is_near() {
        assert_eq!(said(Sought::File, "src/mian.py").1, ["src/main.py"]);
        assert_eq!(said(Sought::File, "docs/docs").1, ["docs/dogs"]);
        assert_eq!(said(Sought::Directory, "dosc").1, ["docs"]);
        assert_eq!(said(Sought::File, "scr").1, ["src"]);
    }
}
