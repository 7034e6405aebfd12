//! Issues, comments, labels and milestones as JSON.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account;
use crate::ask::{Ask, Here};
use crate::forge::{Comment, Issue, Label, Milestone, Repository};

fn when(moment: Option<Timestamp>) -> Option<String> {
    moment.map(|moment| moment.to_string())
}

pub(crate) fn state(issue: &Issue) -> &'static str {
    if issue.closed.is_some() { "closed" } else { "open" }
}

pub(crate) fn label(ask: &Ask<'_>, full_name: &str, label: &Label) -> Value {
    json!({
        "id": label.id,
        "name": label.name,
        "exclusive": false,
        "is_archived": false,
        "color": label.color,
        "description": label.description,
        "url": ask.api(&format!("/repos/{full_name}/labels/{}", label.id)),
    })
}

/// The labels of an issue, by name as Gitea sorts them.
pub(crate) fn labels_of(ask: &Ask<'_>, repository: &Repository, issue: &Issue) -> Vec<Value> {
    let full_name = ask.forge.full_name(repository);
    let mut labels: Vec<&Label> = repository.labels.iter().filter(|label| issue.labels.contains(&label.id)).collect();
    labels.sort_by_key(|label| label.name.to_lowercase());
    labels.into_iter().map(|one| label(ask, &full_name, one)).collect()
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

/// First assignee and all of them; `null` for none.
pub(crate) fn assignees(ask: &Ask<'_>, issue: &Issue) -> (Value, Value) {
    let all: Vec<Value> = issue.assignees.iter().map(|id| account::public(ask, *id)).collect();
    (all.first().cloned().unwrap_or(Value::Null), if all.is_empty() { Value::Null } else { all.into() })
}

/// An issue, or a pull request in a list of issues.
pub(crate) fn issue(ask: &Ask<'_>, repository: &Repository, issue: &Issue) -> Value {
    let full_name = ask.forge.full_name(repository);
    let html = format!("{}/{full_name}", ask.instance.url);
    let number = issue.number;
    let word = if issue.pull.is_some() { "pulls" } else { "issues" };
    let html_url = format!("{html}/{word}/{number}");
    let (assignee, assignees) = assignees(ask, issue);
    let pull = issue.pull.as_ref().map(|pull| {
        json!({
            "merged": pull.merged.is_some(),
            "merged_at": pull.merged.as_ref().map(|merged| merged.when.to_string()),
            "draft": pull.draft,
            "html_url": html_url,
        })
    });
    json!({
        "id": issue.id,
        "url": ask.api(&format!("/repos/{full_name}/issues/{number}")),
        "html_url": html_url,
        "number": number,
        "user": account::seen(ask, issue.author),
        "original_author": "",
        "original_author_id": 0,
        "title": issue.title,
        "body": issue.body,
        "ref": "",
        "assets": [],
        "labels": labels_of(ask, repository, issue),
        "milestone": milestone_of(repository, issue),
        "assignee": assignee,
        "assignees": assignees,
        "state": state(issue),
        "is_locked": false,
        "comments": issue.comments.len(),
        "created_at": issue.created.to_string(),
        "updated_at": issue.updated.to_string(),
        "closed_at": when(issue.closed),
        "due_date": null,
        "time_estimate": 0,
        "pull_request": pull,
        "repository": {
            "id": repository.id,
            "name": repository.name,
            "owner": ask.forge.owner_of(repository).map(|owner| owner.login.as_str()),
            "full_name": full_name,
        },
        "pin_order": 0,
        "content_version": 0,
    })
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
