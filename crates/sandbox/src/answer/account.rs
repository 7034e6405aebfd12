//! People, organisations and teams as JSON.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::forge::{Account, Team};
use crate::rights::Access;

/// How much of a person is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// To the person themselves or a site administrator, with the account's private state.
    Own,
    /// To anybody signed in, with the mail address.
    Signed,
    /// To nobody in particular: a placeholder stands for the mail address.
    Public,
}

impl View {
    /// What this caller may see of an account.
    pub(crate) fn of(ask: &Ask<'_>, account: &Account) -> Self {
        match ask.caller.person {
            None => Self::Public,
            Some(person) if person.admin || person.id == account.id => Self::Own,
            Some(_) => Self::Signed,
        }
    }
}

/// A user, or an organisation in the place of one.
#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "Gitea's shape")]
pub(crate) struct User<'a> {
    id: u64,
    login: &'a str,
    login_name: &'static str,
    source_id: u64,
    full_name: &'a str,
    email: Cow<'a, str>,
    avatar_url: String,
    html_url: String,
    language: &'static str,
    is_admin: bool,
    last_login: &'static str,
    created: Timestamp,
    restricted: bool,
    active: bool,
    prohibit_login: bool,
    location: &'static str,
    website: &'static str,
    description: &'a str,
    visibility: &'static str,
    followers_count: u64,
    following_count: u64,
    starred_repos_count: u64,
    username: &'a str,
}

pub(crate) fn user<'a>(ask: &Ask<'_>, account: &'a Account, view: View) -> User<'a> {
    let own = view == View::Own;
    let email = if view == View::Public {
        Cow::Owned(format!("{}+{}@noreply.localhost", account.id, account.login.to_lowercase()))
    } else {
        Cow::Borrowed(account.email.as_str())
    };
    User {
        id: account.id,
        login: &account.login,
        login_name: "",
        source_id: 0,
        full_name: &account.full_name,
        email,
        avatar_url: avatar(ask, account),
        html_url: format!("{}/{}", ask.instance.url, account.login),
        language: "",
        is_admin: own && account.admin,
        last_login: if own { "1970-01-01T00:00:00Z" } else { "0001-01-01T00:00:00Z" },
        created: account.created,
        restricted: false,
        active: own,
        prohibit_login: false,
        location: "",
        website: "",
        description: &account.description,
        visibility: "public",
        followers_count: 0,
        following_count: 0,
        starred_repos_count: 0,
        username: &account.login,
    }
}

/// The placeholder form of an account known by id; `None`, which is `null`, when it is gone.
pub(crate) fn public<'a>(ask: &Ask<'a>, id: u64) -> Option<User<'a>> {
    ask.forge.account_by_id(id).map(|account| user(ask, account, View::Public))
}

/// The form this caller may see; `None`, which is `null`, when it is gone.
pub(crate) fn seen<'a>(ask: &Ask<'a>, id: u64) -> Option<User<'a>> {
    ask.forge.account_by_id(id).map(|account| user(ask, account, View::of(ask, account)))
}

fn avatar(ask: &Ask<'_>, account: &Account) -> String {
    format!("{}/avatars/{}", ask.instance.url, account.avatar)
}

pub(crate) fn organisation(ask: &Ask<'_>, account: &Account) -> Value {
    json!({
        "id": account.id,
        "name": account.login,
        "full_name": account.full_name,
        "email": account.email,
        "avatar_url": avatar(ask, account),
        "description": account.description,
        "website": "",
        "location": "",
        "visibility": "public",
        "repo_admin_change_team_access": false,
        "username": account.login,
    })
}

const UNITS: [&str; 10] = [
    "repo.actions",
    "repo.code",
    "repo.ext_issues",
    "repo.ext_wiki",
    "repo.issues",
    "repo.packages",
    "repo.projects",
    "repo.pulls",
    "repo.releases",
    "repo.wiki",
];

pub(crate) fn team(team: &Team) -> Value {
    let word = team.permission.word();
    let units: serde_json::Map<String, Value> = UNITS.iter().map(|unit| ((*unit).to_owned(), json!(word))).collect();
    json!({
        "id": team.id,
        "name": team.name,
        "description": team.description,
        "organization": null,
        "includes_all_repositories": team.repositories.is_none(),
        "permission": word,
        "units": UNITS,
        "units_map": units,
        "can_create_org_repo": team.permission >= Access::Owner,
    })
}
