//! Globs over repositories and paths. Repositories compare case-folded, as Gitea does; paths exactly, as Git does.

use aegis_gitea::{RepoPath, RepositoryId};
use globset::{Error, GlobBuilder, GlobSet, GlobSetBuilder};

/// `owner/name` globs. `*` does not cross the slash; `*` alone or `*/*` is every repository.
#[derive(Debug)]
pub(crate) struct RepositoryPatterns {
    set: GlobSet,
    everything: bool,
}

impl RepositoryPatterns {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Error> {
        let folded: Vec<String> = patterns.iter().map(|pattern| pattern.to_lowercase()).collect();
        let everything = folded.iter().any(|pattern| pattern == "*" || pattern == "*/*");
        Ok(Self { set: compile(folded.iter().map(String::as_str))?, everything })
    }

    pub(crate) fn matches(&self, repository: &RepositoryId) -> bool {
        self.everything || self.set.is_match(repository.folded())
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.everything
    }
}

/// Path globs. `secrets/**` covers `secrets` itself too, so that the name of a hidden directory is hidden with it.
#[derive(Debug)]
pub(crate) struct PathPatterns {
    set: GlobSet,
    /// What stands before the first wildcard of each pattern, whole segments only.
    bases: Vec<String>,
    everything: bool,
}

impl PathPatterns {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Error> {
        let everything = patterns.iter().any(|pattern| pattern == "**");
        let directories = patterns.iter().filter_map(|pattern| pattern.strip_suffix("/**"));
        let set = compile(patterns.iter().map(String::as_str).chain(directories))?;
        Ok(Self { set, bases: patterns.iter().map(|pattern| literal_base(pattern)).collect(), everything })
    }

    pub(crate) fn matches(&self, path: &RepoPath) -> bool {
        self.everything || self.set.is_match(path.to_string())
    }

    /// Whether a directory is on the way to something the patterns cover.
    pub(crate) fn leads_from(&self, directory: &RepoPath) -> bool {
        if directory.is_root() {
            return true;
        }
        let directory = directory.to_string();
        self.bases.iter().any(|base| {
            let below = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/'));
            base.is_empty() || below(base, &directory)
        })
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.everything
    }
}

fn compile<'a>(patterns: impl Iterator<Item = &'a str>) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(GlobBuilder::new(pattern).literal_separator(true).backslash_escape(false).build()?);
    }
    set.build()
}

fn literal_base(pattern: &str) -> String {
    let literal = |segment: &&str| !segment.contains(['*', '?', '[', '{']);
    pattern.split('/').take_while(literal).collect::<Vec<_>>().join("/")
}
