//! Repositories, releases, tags and commit statuses as JSON.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::account::{self, User, View};
use crate::ask::{Ask, Here};
use crate::forge::{Release, Repository, Status};
use crate::git::{Object, ObjectId};
use crate::rights::Access;

/// A repository.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "Gitea's shape")]
pub(crate) struct RepositoryAnswer<'a> {
    id: u64,
    owner: Option<User<'a>>,
    name: &'a str,
    full_name: String,
    description: &'a str,
    empty: bool,
    private: bool,
    fork: bool,
    template: bool,
    mirror: bool,
    size: u64,
    language: &'a str,
    languages_url: String,
    html_url: String,
    url: String,
    link: &'static str,
    ssh_url: String,
    clone_url: String,
    original_url: &'static str,
    website: &'static str,
    stars_count: u64,
    forks_count: u64,
    watchers_count: u64,
    branch_count: usize,
    open_issues_count: usize,
    open_pr_counter: usize,
    release_counter: usize,
    default_branch: &'a str,
    archived: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    archived_at: &'static str,
    permissions: Permissions,
    #[serde(flatten)]
    unit_settings: &'static Map<String, Value>,
    topics: &'a [String],
    licenses: [&'static str; 0],
}

#[derive(Debug, Serialize)]
struct Permissions {
    admin: bool,
    push: bool,
    pull: bool,
}

/// A repository as the caller sees it; nested ones, inside a pull request say, come without their language.
pub(crate) fn repository<'a>(ask: &Ask<'a>, repository: &'a Repository, nested: bool) -> RepositoryAnswer<'a> {
    let access = ask.access(repository);
    let full_name = ask.forge.full_name(repository);
    let html_url = format!("{}/{full_name}", ask.instance.url);
    let url = ask.api(&format!("/repos/{full_name}"));
    let host = ask.instance.url.split("//").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or_default();
    RepositoryAnswer {
        id: repository.id,
        owner: ask.forge.owner_of(repository).map(|owner| account::user(ask, owner, View::Signed)),
        name: &repository.name,
        description: &repository.description,
        empty: repository.git.branches.is_empty(),
        private: repository.private,
        fork: false,
        template: false,
        mirror: false,
        size: 25,
        language: if nested { "" } else { repository.main_language() },
        languages_url: format!("{url}/languages"),
        url,
        link: "",
        ssh_url: format!("git@{host}:{full_name}.git"),
        full_name,
        clone_url: format!("{html_url}.git"),
        html_url,
        original_url: "",
        website: "",
        stars_count: 0,
        forks_count: 0,
        watchers_count: 1,
        branch_count: repository.git.branches.len(),
        open_issues_count: repository.open(false),
        open_pr_counter: repository.open(true),
        release_counter: repository.releases.iter().filter(|release| !release.draft).count(),
        default_branch: &repository.default_branch,
        archived: repository.archived,
        created_at: repository.created,
        updated_at: repository.updated,
        archived_at: "1970-01-01T00:00:00Z",
        permissions: Permissions {
            admin: access >= Access::Admin,
            push: access >= Access::Write,
            pull: access >= Access::Read,
        },
        unit_settings: &UNIT_SETTINGS,
        topics: &repository.topics,
        licenses: [],
    }
}

/// Units and merge settings: Gitea's defaults, the same for every repository.
static UNIT_SETTINGS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let settings = json!({
        "has_code": true,
        "has_issues": true,
        "internal_tracker": {
            "enable_time_tracker": true,
            "allow_only_contributors_to_track_time": true,
            "enable_issue_dependencies": true,
        },
        "has_wiki": true,
        "has_pull_requests": true,
        "has_projects": true,
        "projects_mode": "all",
        "has_releases": true,
        "has_packages": true,
        "has_actions": true,
        "ignore_whitespace_conflicts": false,
        "allow_merge_commits": true,
        "allow_rebase": true,
        "allow_rebase_explicit": true,
        "allow_squash_merge": true,
        "allow_fast_forward_only_merge": true,
        "allow_rebase_update": true,
        "allow_manual_merge": false,
        "autodetect_manual_merge": false,
        "default_delete_branch_after_merge": false,
        "default_merge_style": "merge",
        "default_allow_maintainer_edit": true,
        "avatar_url": "",
        "internal": false,
        "mirror_interval": "",
        "object_format_name": "sha1",
        "mirror_updated": "0001-01-01T00:00:00Z",
    });
    settings.as_object().cloned().unwrap_or_default()
});

pub(crate) fn release(ask: &Ask<'_>, here: &Here<'_>, release: &Release) -> Value {
    let (api, html) = (here.api_url(ask), here.html_url(ask));
    let (id, tag) = (release.id, &release.tag);
    json!({
        "id": id,
        "tag_name": tag,
        "target_commitish": here.repository.default_branch,
        "name": release.name,
        "body": release.body,
        "url": format!("{api}/releases/{id}"),
        "html_url": format!("{html}/releases/tag/{tag}"),
        "tarball_url": format!("{html}/archive/{tag}.tar.gz"),
        "zipball_url": format!("{html}/archive/{tag}.zip"),
        "upload_url": format!("{api}/releases/{id}/assets"),
        "draft": release.draft,
        "prerelease": release.prerelease,
        "created_at": release.created.to_string(),
        "published_at": release.created.to_string(),
        "author": account::public(ask, release.author),
        "assets": [],
    })
}

/// A tag; for a plain one the message is that of its commit, as Gitea shows it.
pub(crate) fn tag(ask: &Ask<'_>, here: &Here<'_>, name: &str, id: ObjectId) -> Value {
    let (git, html) = (&here.repository.git, here.html_url(ask));
    let target = git.peel(id);
    let commit = git.commit(target);
    let message = match git.object(id) {
        Some(Object::Tag(tag)) => tag.message.trim_end(),
        _ => commit.map(|commit| commit.message.trim_end()).unwrap_or_default(),
    };
    let created = commit.map_or_else(String::new, |commit| super::commit::time(&commit.committer));
    json!({
        "name": name,
        "message": message,
        "id": id.to_string(),
        "commit": {
            "url": format!("{}/git/commits/{target}", here.api_url(ask)),
            "sha": target.to_string(),
            "created": created,
        },
        "zipball_url": format!("{html}/archive/{name}.zip"),
        "tarball_url": format!("{html}/archive/{name}.tar.gz"),
    })
}

pub(crate) fn status(ask: &Ask<'_>, here: &Here<'_>, status: &Status) -> Value {
    json!({
        "id": status.id,
        "status": status.state,
        "target_url": status.target_url,
        "description": status.description,
        "url": format!("{}/statuses/{}", here.api_url(ask), status.commit),
        "context": status.context,
        "creator": null,
        "created_at": status.when.to_string(),
        "updated_at": status.when.to_string(),
    })
}
