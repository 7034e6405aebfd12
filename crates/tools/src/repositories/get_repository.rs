use aegis_gate::{Output, ReadPermit, ReadTool, ToolError, ToolSpec, Toolset};
use aegis_gitea::read::{Permissions, Repository};
use aegis_gitea::{RepositoryId, endpoints};
use futures_util::join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Scope;
use crate::extras::Extras;
use crate::shape::RepositoryArguments;

/// One repository at a glance.
pub(crate) struct GetRepository;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
}

/// A repository.
#[expect(clippy::struct_excessive_bools, reason = "these are the forge's own flags, each independent of the others")]
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// owner/name, as it is now.
    full_name: String,
    description: String,
    private: bool,
    internal: bool,
    archived: bool,
    empty: bool,
    fork: bool,
    /// What it is a fork of.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    mirror: bool,
    template: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    languages: Option<Vec<Language>>,
    topics: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    /// Last update.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    /// What you may do with it.
    rights: Rights,
    stars: u64,
    forks: u64,
    watchers: u64,
    open_issues: u64,
    open_pull_requests: u64,
    size_kb: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    website: String,
    html_url: String,
    clone_url: String,
    ssh_url: String,
    /// Fields that are missing because of a fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<Vec<&'static str>>,
}

#[derive(Serialize, JsonSchema)]
struct Language {
    name: String,
    bytes: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Rights {
    Admin,
    Write,
    Read,
}

impl Output for Answer {}

impl ReadTool for GetRepository {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_repository",
        title: "Repository",
        description: "To learn about one repository: default branch, languages, topics, your rights, counts.",
        toolset: Toolset::Repositories,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::REPOSITORY, &endpoints::LANGUAGES],
        aliases: &["get_repository_info"],
    };
    type Arguments = Arguments;
    type Output = Answer;
    type Target = aegis_gate::Repository;

    fn target(arguments: &Arguments) -> Result<aegis_gate::Repository, ToolError> {
        arguments.repository.target()
    }

    async fn run(permit: &ReadPermit<aegis_gate::Repository>, _: &Arguments) -> Result<Answer, ToolError> {
        let (repository, languages) = join!(permit.reader().repository(), permit.reader().languages());
        let repository = repository?;
        let mut extras = Extras::default();
        let languages = extras.take("languages", languages);
        // The name of a repository that may not be seen is not told by its fork.
        let parent = repository.parent.clone().filter(|parent| permit.sees(parent));
        Ok(answer(repository, parent, languages, extras))
    }
}

fn answer(
    repository: Repository,
    parent: Option<RepositoryId>,
    languages: Option<Vec<(String, u64)>>,
    extras: Extras,
) -> Answer {
    let language = |(name, bytes)| Language { name, bytes };
    Answer {
        full_name: repository.full_name.to_string(),
        description: repository.description,
        private: repository.private,
        internal: repository.internal,
        archived: repository.archived,
        empty: repository.empty,
        fork: repository.fork,
        parent: parent.map(|parent| parent.to_string()),
        mirror: repository.mirror,
        template: repository.template,
        default_branch: repository.default_branch.map(|branch| branch.to_string()),
        languages: languages.map(|languages| languages.into_iter().map(language).collect()),
        topics: repository.topics,
        created_at: repository.created_at.map(|time| time.to_string()),
        updated_at: repository.updated_at.map(|time| time.to_string()),
        rights: rights(repository.permissions),
        stars: repository.stars_count,
        forks: repository.forks_count,
        watchers: repository.watchers_count,
        open_issues: repository.open_issues_count,
        open_pull_requests: repository.open_pulls_count,
        size_kb: repository.size_kb,
        website: repository.website,
        html_url: repository.html_url,
        clone_url: repository.clone_url,
        ssh_url: repository.ssh_url,
        incomplete: extras.incomplete(),
    }
}

/// Whoever sees a repository may read it.
fn rights(permissions: Permissions) -> Rights {
    match permissions {
        Permissions { admin: true, .. } => Rights::Admin,
        Permissions { push: true, .. } => Rights::Write,
        Permissions { .. } => Rights::Read,
    }
}
