//! The arguments that name a repository, and a state of it.

use aegis_gate::{CallError, Repository, ToolError};
use aegis_gitea::{GitRef, Index, Owner, RepoPath, RepositoryId, RepositoryName};
use schemars::JsonSchema;
use serde::Deserialize;

use super::at_least;

// Owner, repository and number say all by their names; `repo` may hold both, which is not worth its bytes in each tool.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct RepositoryArguments {
    owner: Option<String>,
    repo: String,
}

impl RepositoryArguments {
    /// The repository as a whole.
    pub(crate) fn target(&self) -> Result<Repository, ToolError> {
        match &self.owner {
            Some(owner) => {
                let owner = Owner::parse(owner)?;
                match RepositoryId::parse(&self.repo) {
                    Err(_) => Ok(Repository::new(RepositoryId::new(owner, RepositoryName::parse(&self.repo)?))),
                    Ok(id) if id.owner().as_str().eq_ignore_ascii_case(owner.as_str()) => Ok(Repository::new(id)),
                    Ok(id) => Err(invalid("owner", format!("got {owner}, but repo says {id}"), "leave out owner")),
                }
            }
            None if self.repo.contains('/') => Ok(Repository::new(RepositoryId::parse(&self.repo)?)),
            None => Err(invalid("owner", "it is missing", "give it, or write `repo` as owner/name")),
        }
    }

    /// One directory of it, to be listed; the root names the repository.
    pub(crate) fn target_under(&self, directory: &RepoPath) -> Result<Repository, ToolError> {
        let repository = self.target()?;
        Ok(if directory.is_root() { repository } else { repository.under(directory.clone()) })
    }

    /// One path of it, where one is named.
    pub(crate) fn target_at(&self, path: Option<RepoPath>) -> Result<Repository, ToolError> {
        let repository = self.target()?;
        Ok(match path {
            Some(path) => repository.at(path),
            None => repository,
        })
    }
}

/// The path of a directory: the root where none is named, also as `/` or `.`; a trailing slash and a leading `./` are
/// left out.
pub(crate) fn directory(path: Option<&str>) -> Result<RepoPath, ToolError> {
    let path = path.unwrap_or_default();
    let path = path.strip_prefix("./").unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    Ok(RepoPath::parse_directory(if path == "." { "" } else { path })?)
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ReferenceArgument {
    /// Default: the default branch.
    #[serde(rename = "ref")]
    reference: Option<String>,
}

impl ReferenceArgument {
    /// The state that was asked for; none is the default branch.
    pub(crate) fn parse(&self) -> Result<Option<GitRef>, ToolError> {
        Ok(self.reference.as_deref().map(GitRef::parse).transpose()?)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct IndexArgument {
    index: i64,
}

impl IndexArgument {
    pub(crate) fn parse(&self) -> Result<Index, ToolError> {
        Ok(Index::new(self.index)?)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct PathArgument {
    /// Only this path.
    path: Option<String>,
}

impl PathArgument {
    pub(crate) fn parse(&self) -> Result<Option<RepoPath>, ToolError> {
        Ok(self.path.as_deref().map(RepoPath::parse).transpose()?)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct OffsetArgument {
    #[schemars(description = "Go on from next_offset.")]
    offset: Option<i64>,
}

impl OffsetArgument {
    /// A place to go on from; the start where none is named.
    pub(crate) fn parse(&self) -> Result<usize, ToolError> {
        let offset = at_least(0, "offset", self.offset)?.unwrap_or_default();
        Ok(usize::try_from(offset).unwrap_or(usize::MAX))
    }
}

/// A refusal of one argument, in its final words.
pub(crate) fn invalid(argument: &str, came: impl Into<String>, wanted: impl Into<String>) -> ToolError {
    let (came, wanted) = (came.into(), wanted.into());
    ToolError::Call(CallError::InvalidArgument { argument: argument.to_owned(), came, wanted })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(owner: Option<&str>, repo: &str) -> Option<String> {
        let arguments = RepositoryArguments { owner: owner.map(str::to_owned), repo: repo.to_owned() };
        arguments.target().ok().map(|target| target.id().to_string())
    }

    #[test]
    fn g01_owner_and_name_come_apart_or_together_and_do_not_contradict() {
        assert_eq!(id(Some("acme"), "widget").as_deref(), Some("acme/widget"));
        assert_eq!(id(None, "acme/widget").as_deref(), Some("acme/widget"));
        assert_eq!(id(Some("ACME"), "acme/widget").as_deref(), Some("acme/widget"));
        for (owner, repo) in [
            (None, "widget"),
            (Some("bob"), "acme/widget"),
            (Some("acme"), "acme/widget/x"),
            (Some("../acme"), "acme/widget"),
            (Some("acme/x"), "widget"),
            (Some(""), "widget"),
            (Some(".."), "widget"),
            (None, "acme/widget/x"),
            (None, "../widget"),
            (None, "acme/"),
            (None, "acme%2fwidget"),
            (None, "acme/widget?x="),
        ] {
            assert_eq!(id(owner, repo), None, "{owner:?} {repo}");
        }
    }

    #[test]
    fn g02_a_directory_is_named_as_shells_name_it_and_nothing_leads_out() {
        for (written, meant) in [
            (None, ""),
            (Some(""), ""),
            (Some("/"), ""),
            (Some("."), ""),
            (Some("./"), ""),
            (Some("src/"), "src"),
            (Some("./src"), "src"),
            (Some("a/b"), "a/b"),
        ] {
            assert_eq!(directory(written).unwrap().as_str(), meant, "{written:?}");
        }
        for bad in ["..", "../", "./..", "/src", "//", "src//", "././src", ".git/", "./.git"] {
            assert!(directory(Some(bad)).is_err(), "{bad}");
        }
    }
}
