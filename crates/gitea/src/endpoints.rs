//! The one table of what we ask of Gitea: method, path, scope, and since which release it is served.
//!
//! Paths are Gitea's own templates, so that the table can be held against its API description word for word.

use crate::flavor::{Flavor, Instance, Since, since};

/// The HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A read.
    Get,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
        }
    }

    fn scope_level(self) -> &'static str {
        match self {
            Self::Get => "read",
        }
    }
}

/// A category of Gitea's token scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Repositories, their contents and pull requests.
    Repository,
    /// Issues, labels, milestones, comments.
    Issue,
    /// The account and other accounts.
    User,
    /// Organisations and teams.
    Organization,
}

impl Category {
    /// The word in a scope.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Issue => "issue",
            Self::User => "user",
            Self::Organization => "organization",
        }
    }
}

/// One endpoint of the REST API.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Our name for it, used in logs and errors.
    pub name: &'static str,
    /// How it is asked.
    pub method: Method,
    /// Gitea's template, below `/api/v1/`.
    pub path: &'static str,
    /// The categories the token needs, all of them; empty where it needs none.
    pub scopes: &'static [Category],
    /// Since which Gitea.
    pub gitea: Since,
    /// Since which Forgejo.
    pub forgejo: Since,
}

impl Endpoint {
    /// The scopes a token needs, in Gitea's names: `read:repository`.
    #[must_use]
    pub fn required_scopes(&self) -> Vec<String> {
        let level = self.method.scope_level();
        self.scopes.iter().map(|category| format!("{level}:{}", category.as_str())).collect()
    }

    /// Whether the instance is known to serve it.
    #[must_use]
    pub fn served_by(&self, instance: &Instance) -> bool {
        instance.serves(self.gitea, self.forgejo)
    }

    /// The releases that serve it, for people.
    #[must_use]
    pub fn served_since(&self) -> String {
        served_since(self.gitea, self.forgejo)
    }
}

/// "Gitea 1.25", "Gitea 1.22 or Forgejo 10".
pub(crate) fn served_since(gitea: Since, forgejo: Since) -> String {
    let named = |flavor: Flavor, since: Since, oldest: &str| match since {
        Since::Oldest => Some(format!("{} {oldest}", flavor.name())),
        Since::Release(release) => Some(format!("{} {release}", flavor.name())),
        Since::Never => None,
    };
    let known = [named(Flavor::Gitea, gitea, "1.22"), named(Flavor::Forgejo, forgejo, "10")];
    known.into_iter().flatten().collect::<Vec<_>>().join(" or ")
}

const fn read(name: &'static str, path: &'static str, scopes: &'static [Category]) -> Endpoint {
    Endpoint { name, method: Method::Get, path, scopes, gitea: Since::Oldest, forgejo: Since::Oldest }
}

const NOTHING: &[Category] = &[];
const REPOSITORY_SCOPE: &[Category] = &[Category::Repository];
const ISSUE_SCOPE: &[Category] = &[Category::Issue];
const USER_SCOPE: &[Category] = &[Category::User];
const USER_AND_REPOSITORY: &[Category] = &[Category::User, Category::Repository];
const ORGANIZATION_SCOPE: &[Category] = &[Category::Organization];
const USER_AND_ORGANIZATION: &[Category] = &[Category::User, Category::Organization];

/// Version and, from its form, flavour.
pub static VERSION: Endpoint = read("version", "version", NOTHING);
/// Paging and size limits.
pub static API_SETTINGS: Endpoint = read("api_settings", "settings/api", NOTHING);
/// Who the credential belongs to.
pub static USER: Endpoint = read("user", "user", USER_SCOPE);
/// Repositories the caller owns or works on.
pub static USER_REPOSITORIES: Endpoint = read("user_repositories", "user/repos", USER_AND_REPOSITORY);
/// Organisations of the caller.
pub static USER_ORGANIZATIONS: Endpoint = read("user_organizations", "user/orgs", USER_AND_ORGANIZATION);
/// Repositories of one owner, a person or an organisation alike.
pub static OWNER_REPOSITORIES: Endpoint = read("owner_repositories", "users/{username}/repos", USER_AND_REPOSITORY);
/// Search over repositories.
pub static REPOSITORY_SEARCH: Endpoint = read("repository_search", "repos/search", REPOSITORY_SCOPE);
/// One repository.
pub static REPOSITORY: Endpoint = read("repository", "repos/{owner}/{repo}", REPOSITORY_SCOPE);
/// Bytes of each language.
pub static LANGUAGES: Endpoint = read("languages", "repos/{owner}/{repo}/languages", REPOSITORY_SCOPE);
/// Branches.
pub static BRANCHES: Endpoint = read("branches", "repos/{owner}/{repo}/branches", REPOSITORY_SCOPE);
/// One branch.
pub static BRANCH: Endpoint = read("branch", "repos/{owner}/{repo}/branches/{branch}", REPOSITORY_SCOPE);
/// Tags.
pub static TAGS: Endpoint = read("tags", "repos/{owner}/{repo}/tags", REPOSITORY_SCOPE);
/// History.
pub static COMMITS: Endpoint = read("commits", "repos/{owner}/{repo}/commits", REPOSITORY_SCOPE);
/// One commit with files, counts and signature.
pub static COMMIT: Endpoint = read("commit", "repos/{owner}/{repo}/git/commits/{sha}", REPOSITORY_SCOPE);
/// One commit as a diff.
pub static COMMIT_DIFF: Endpoint =
    read("commit_diff", "repos/{owner}/{repo}/git/commits/{sha}.{diffType}", REPOSITORY_SCOPE);
/// All commit statuses of a commit in one.
pub static COMMIT_STATUS: Endpoint =
    read("commit_status", "repos/{owner}/{repo}/commits/{ref}/status", REPOSITORY_SCOPE);
/// A tree, flat or recursive.
pub static TREE: Endpoint = read("tree", "repos/{owner}/{repo}/git/trees/{sha}", REPOSITORY_SCOPE);
/// A blob by its id.
pub static BLOB: Endpoint = read("blob", "repos/{owner}/{repo}/git/blobs/{sha}", REPOSITORY_SCOPE);
/// A file or directory; looks up the last commit of every entry.
pub static CONTENTS: Endpoint = read("contents", "repos/{owner}/{repo}/contents/{filepath}", REPOSITORY_SCOPE);
/// The same without that lookup: the cheapest way to a file by its path.
pub static CONTENTS_EXT: Endpoint = Endpoint {
    gitea: since(1, 25),
    forgejo: Since::Never,
    ..read("contents_ext", "repos/{owner}/{repo}/contents-ext/{filepath}", REPOSITORY_SCOPE)
};
/// A file's bytes, with ranges.
pub static RAW: Endpoint = read("raw", "repos/{owner}/{repo}/raw/{filepath}", REPOSITORY_SCOPE);
/// Issues.
pub static ISSUES: Endpoint = read("issues", "repos/{owner}/{repo}/issues", ISSUE_SCOPE);
/// One issue.
pub static ISSUE: Endpoint = read("issue", "repos/{owner}/{repo}/issues/{index}", ISSUE_SCOPE);
/// Comments of one issue, all at once.
pub static ISSUE_COMMENTS: Endpoint =
    read("issue_comments", "repos/{owner}/{repo}/issues/{index}/comments", ISSUE_SCOPE);
/// Labels of a repository.
pub static LABELS: Endpoint = read("labels", "repos/{owner}/{repo}/labels", ISSUE_SCOPE);
/// Labels of an organisation, which its repositories share.
pub static ORGANIZATION_LABELS: Endpoint = read("organization_labels", "orgs/{org}/labels", ORGANIZATION_SCOPE);
/// Milestones of a repository.
pub static MILESTONES: Endpoint = read("milestones", "repos/{owner}/{repo}/milestones", ISSUE_SCOPE);
/// Pull requests.
pub static PULLS: Endpoint = read("pulls", "repos/{owner}/{repo}/pulls", REPOSITORY_SCOPE);
/// One pull request.
pub static PULL: Endpoint = read("pull", "repos/{owner}/{repo}/pulls/{index}", REPOSITORY_SCOPE);
/// One pull request as a diff.
pub static PULL_DIFF: Endpoint = read("pull_diff", "repos/{owner}/{repo}/pulls/{index}.{diffType}", REPOSITORY_SCOPE);
/// Files a pull request changes.
pub static PULL_FILES: Endpoint = read("pull_files", "repos/{owner}/{repo}/pulls/{index}/files", REPOSITORY_SCOPE);
/// Reviews of a pull request.
pub static REVIEWS: Endpoint = read("reviews", "repos/{owner}/{repo}/pulls/{index}/reviews", REPOSITORY_SCOPE);

/// `since` and `until` of [`COMMITS`]: Gitea before 1.25 and Forgejo ignore them silently.
pub(crate) const COMMITS_BY_DATE: (Since, Since) = (since(1, 25), Since::Never);

/// The whole table.
pub static ALL: &[&Endpoint] = &[
    &VERSION,
    &API_SETTINGS,
    &USER,
    &USER_REPOSITORIES,
    &USER_ORGANIZATIONS,
    &OWNER_REPOSITORIES,
    &REPOSITORY_SEARCH,
    &REPOSITORY,
    &LANGUAGES,
    &BRANCHES,
    &BRANCH,
    &TAGS,
    &COMMITS,
    &COMMIT,
    &COMMIT_DIFF,
    &COMMIT_STATUS,
    &TREE,
    &BLOB,
    &CONTENTS,
    &CONTENTS_EXT,
    &RAW,
    &ISSUES,
    &ISSUE,
    &ISSUE_COMMENTS,
    &LABELS,
    &ORGANIZATION_LABELS,
    &MILESTONES,
    &PULLS,
    &PULL,
    &PULL_DIFF,
    &PULL_FILES,
    &REVIEWS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_and_releases_are_named_as_people_know_them() {
        assert_eq!(USER_REPOSITORIES.required_scopes(), ["read:user", "read:repository"]);
        assert!(VERSION.required_scopes().is_empty());
        assert_eq!(CONTENTS_EXT.served_since(), "Gitea 1.25");
        assert_eq!(REPOSITORY.served_since(), "Gitea 1.22 or Forgejo 10");
    }
}
