//! Globs over repositories and paths. Repositories compare case-folded, as Gitea does; paths exactly, as Git does.

use std::iter::successors;

use aegis_gitea::RepoPath;
use globset::{Error, Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

/// `owner/name` globs. `*` does not cross the slash; `*` alone or `*/*` is every repository.
#[derive(Debug)]
pub(crate) struct RepositoryPatterns {
    set: GlobSet,
    everything: bool,
}

impl RepositoryPatterns {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Error> {
        let folded: Vec<String> = patterns.iter().map(|pattern| pattern.to_lowercase()).collect();
        let is_any = |part: &str| !part.is_empty() && part.bytes().all(|sign| sign == b'*');
        let everything = folded.iter().any(|pattern| pattern.split('/').all(is_any));
        Ok(Self { set: compile(folded.iter().map(String::as_str))?, everything })
    }

    /// Whether they match a repository, by its name as [`aegis_gitea::RepositoryId::folded`] gives it.
    pub(crate) fn match_folded(&self, repository: &str) -> bool {
        self.everything || self.set.is_match(repository)
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.everything
    }
}

/// Names no rule has a reason to spell out. Patterns that match each of them match any, however they are written: `**`,
/// `*`, `**/*`, `?*`. Some that match these and not every other would be taken for such, which only denies more.
const ANY_NAME: [&str; 6] = [".qz7x", "QZ7X.q", "_qz-", "7", "q z~", "ключ"];

/// Path globs. `secrets/**` covers `secrets` itself too, so that the name of a hidden directory is hidden with it.
#[derive(Debug)]
pub(crate) struct PathPatterns {
    set: GlobSet,
    /// Each pattern cut at its slashes; none stands for `**`, any number of segments.
    segments: Vec<Vec<Option<GlobMatcher>>>,
    /// Whether they match whatever could stand in the root, and so cover all below it.
    covers_everything: bool,
}

impl PathPatterns {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Error> {
        let directories = patterns.iter().filter_map(|pattern| pattern.strip_suffix("/**"));
        let set = compile(patterns.iter().map(String::as_str).chain(directories))?;
        let segments = patterns.iter().map(|pattern| cut(pattern)).collect::<Result<_, _>>()?;
        let covers_everything = ANY_NAME.iter().all(|name| set.is_match(name));
        Ok(Self { set, segments, covers_everything })
    }

    /// Whether they match what stands at a path.
    pub(crate) fn matches(&self, path: &RepoPath) -> bool {
        self.set.is_match(path.as_str())
    }

    /// Whether they cover what stands at a path, or a directory above it: who denies a directory denies what is in it.
    pub(crate) fn cover(&self, path: &RepoPath) -> bool {
        let mut up = successors(Some(path.as_str()), |place| place.rsplit_once('/').map(|(above, _)| above));
        self.covers_everything || up.any(|place| self.set.is_match(place))
    }

    /// Whether they cover a directory or anything that could stand below it.
    pub(crate) fn leads_from(&self, directory: &RepoPath) -> bool {
        self.matches(directory) || self.segments.iter().any(|pattern| leads(pattern, directory))
    }

    /// Whether they cover every path there could be.
    pub(crate) fn cover_everything(&self) -> bool {
        self.covers_everything
    }
}

/// Whether every segment of the directory fits the pattern's segment in its place, with some of the pattern left over.
fn leads(pattern: &[Option<GlobMatcher>], directory: &RepoPath) -> bool {
    let mut pattern = pattern.iter();
    for segment in directory.segments() {
        match pattern.next() {
            Some(None) => return true,
            Some(Some(glob)) if glob.is_match(segment) => (),
            Some(Some(_)) | None => return false,
        }
    }
    pattern.next().is_some()
}

fn cut(pattern: &str) -> Result<Vec<Option<GlobMatcher>>, Error> {
    let segment = |segment: &str| match segment {
        "**" => Ok(None),
        _ => Ok(Some(glob(segment)?.compile_matcher())),
    };
    pattern.split('/').map(segment).collect()
}

fn compile<'a>(patterns: impl Iterator<Item = &'a str>) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(glob(pattern)?);
    }
    set.build()
}

fn glob(pattern: &str) -> Result<Glob, Error> {
    GlobBuilder::new(pattern).literal_separator(true).backslash_escape(false).build()
}
