//! Issues, comments, labels and milestones as JSON.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::account::{self, User};
use crate::ask::{Ask, Here};
use crate::forge::{Account, Comment, Issue, Label, Milestone, Repository};

fn when(moment: Option<Timestamp>) -> Option<String> {
    moment.map(|moment| moment.to_string())
}

pub(crate) fn state(issue: &Issue) -> &'static str {
    if issue.closed.is_some() { "closed" } else { "open" }
}

pub(crate) fn label(ask: &Ask<'_>, full_name: &str, label: &Label) -> Value {
    answered(label, &ask.api(&format!("/repos/{full_name}/labels/{}", label.id)))
}

/// A label of an organisation.
pub(crate) fn shared_label(ask: &Ask<'_>, organisation: &Account, label: &Label) -> Value {
    answered(label, &ask.api(&format!("/orgs/{}/labels/{}", organisation.login, label.id)))
}

fn answered(label: &Label, url: &str) -> Value {
    json!({
        "id": label.id,
        "name": label.name,
        "exclusive": false,
        "is_archived": false,
        "color": label.color,
        "description": label.description,
        "url": url,
    })
}

/// The labels of an issue, by name as Gitea sorts them.
pub(crate) fn labels_of(ask: &Ask<'_>, repository: &Repository, issue: &Issue) -> Vec<Value> {
    let full_name = ask.forge.full_name(repository);
    let own = repository.labels.iter().map(|one| (one, label(ask, &full_name, one)));
    let owner = ask.forge.owner_of(repository);
    let shared =
        owner.into_iter().flat_map(|owner| owner.labels.iter().map(|one| (one, shared_label(ask, owner, one))));
    let mut labels: Vec<(&Label, Value)> =
        own.chain(shared).filter(|(label, _)| issue.labels.contains(&label.id)).collect();
    labels.sort_by_key(|(label, _)| label.name.to_lowercase());
    labels.into_iter().map(|(_, answer)| answer).collect()
}

pub(crate) fn milestone(repository: &Repository, milestone: &Milestone) -> Value {
    let with = |closed: bool| {
        let attached = repository.issues.values().filter(|issue| issue.milestone == Some(milestone.id));
        attached.filter(|issue| issue.closed.is_some() == closed).count()
    };
    json!({
        "id": milestone.id,
        "title": milestone.title,
        "description": milestone.description,
        "state": if milestone.closed.is_some() { "closed" } else { "open" },
        "open_issues": with(false),
        "closed_issues": with(true),
        "created_at": milestone.created.to_string(),
        "updated_at": milestone.closed.unwrap_or(milestone.created).to_string(),
        "closed_at": when(milestone.closed),
        "due_on": when(milestone.due),
    })
}

pub(crate) fn milestone_of(repository: &Repository, issue: &Issue) -> Value {
    let found = repository.milestones.iter().find(|one| Some(one.id) == issue.milestone);
    found.map_or(Value::Null, |one| milestone(repository, one))
}

/// All assignees; `None`, which is `null`, for none.
pub(crate) fn assignees<'a>(ask: &Ask<'a>, issue: &Issue) -> Option<Vec<User<'a>>> {
    let all: Vec<User<'a>> = issue.assignees.iter().filter_map(|id| account::public(ask, *id)).collect();
    Some(all).filter(|all| !all.is_empty())
}

/// An issue, or a pull request in a list of issues.
#[derive(Debug, Serialize)]
pub(crate) struct IssueAnswer<'a> {
    id: u64,
    url: String,
    html_url: String,
    number: u64,
    user: Option<User<'a>>,
    original_author: &'static str,
    original_author_id: u64,
    title: &'a str,
    body: &'a str,
    #[serde(rename = "ref")]
    reference: &'static str,
    assets: [u8; 0],
    labels: Vec<Value>,
    milestone: Value,
    assignee: Option<User<'a>>,
    assignees: Option<Vec<User<'a>>>,
    state: &'static str,
    is_locked: bool,
    comments: usize,
    created_at: Timestamp,
    updated_at: Timestamp,
    closed_at: Option<Timestamp>,
    due_date: Option<Timestamp>,
    time_estimate: u64,
    pull_request: Option<Value>,
    repository: OfRepository<'a>,
    pin_order: u64,
    content_version: u64,
}

#[derive(Debug, Serialize)]
struct OfRepository<'a> {
    id: u64,
    name: &'a str,
    owner: Option<&'a str>,
    full_name: String,
}

pub(crate) fn issue<'a>(ask: &Ask<'a>, repository: &'a Repository, issue: &'a Issue) -> IssueAnswer<'a> {
    let full_name = ask.forge.full_name(repository);
    let word = if issue.pull.is_some() { "pulls" } else { "issues" };
    let html_url = format!("{}/{full_name}/{word}/{}", ask.instance.url, issue.number);
    let assignees = assignees(ask, issue);
    let pull_request = issue.pull.as_ref().map(|pull| {
        json!({
            "merged": pull.merged.is_some(),
            "merged_at": pull.merged.as_ref().map(|merged| merged.when),
            "draft": pull.draft,
            "html_url": html_url,
        })
    });
    IssueAnswer {
        id: issue.id,
        url: ask.api(&format!("/repos/{full_name}/issues/{}", issue.number)),
        html_url,
        number: issue.number,
        user: account::seen(ask, issue.author),
        original_author: "",
        original_author_id: 0,
        title: &issue.title,
        body: &issue.body,
        reference: "",
        assets: [],
        labels: labels_of(ask, repository, issue),
        milestone: milestone_of(repository, issue),
        assignee: assignees.as_ref().and_then(|all| all.first().cloned()),
        assignees,
        state: state(issue),
        is_locked: false,
        comments: issue.comments.len(),
        created_at: issue.created,
        updated_at: issue.updated,
        closed_at: issue.closed,
        due_date: None,
        time_estimate: 0,
        pull_request,
        repository: OfRepository {
            id: repository.id,
            name: &repository.name,
            owner: ask.forge.owner_of(repository).map(|owner| owner.login.as_str()),
            full_name,
        },
        pin_order: 0,
        content_version: 0,
    }
}

pub(crate) fn comment(ask: &Ask<'_>, here: &Here<'_>, issue: &Issue, comment: &Comment) -> Value {
    let html = here.html_url(ask);
    let is_pull = issue.pull.is_some();
    let word = if is_pull { "pulls" } else { "issues" };
    let page = format!("{html}/{word}/{}", issue.number);
    json!({
        "id": comment.id,
        "html_url": format!("{page}#issuecomment-{}", comment.id),
        "pull_request_url": if is_pull { page.as_str() } else { "" },
        "issue_url": if is_pull { "" } else { page.as_str() },
        "user": account::public(ask, comment.author),
        "original_author": "",
        "original_author_id": 0,
        "body": comment.body,
        "assets": [],
        "created_at": comment.created.to_string(),
        "updated_at": comment.created.to_string(),
    })
}
