//! Pull requests, their files and reviews as JSON.

use serde_json::{Map, Value, json};

use super::{account, issue as issue_answer, repository as repository_answer};
use crate::ask::{Ask, Here};
use crate::forge::{Issue, Pull, Review};
use crate::git::{Change, ObjectId, Status, changes, lines_changed};

/// From the merge base to the head, with renames found: what the pull request changes.
pub(crate) fn changed(here: &Here<'_>, pull: &Pull) -> Vec<Change> {
    let git = &here.repository.git;
    changes(git, git.tree_of(pull.merge_base), git.tree_of(pull.head_commit), true)
}

/// A pull request: in a list the counts are absent and empty lists are `null`.
pub(crate) fn pull(ask: &Ask<'_>, here: &Here<'_>, issue: &Issue, pull: &Pull, whole: bool) -> Value {
    let git = &here.repository.git;
    let page = format!("{}/pulls/{}", here.html_url(ask), issue.number);
    let assignees = issue_answer::assignees(ask, issue);
    let nothing = || if whole { json!([]) } else { Value::Null };
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| {
        fields.insert(key.to_owned(), value);
    };
    put("id", json!(pull.id));
    put("url", json!(page));
    put("number", json!(issue.number));
    put("user", json!(account::seen(ask, issue.author)));
    put("title", json!(issue.title));
    put("body", json!(issue.body));
    put("labels", json!(issue_answer::labels_of(ask, here.repository, issue)));
    put("milestone", issue_answer::milestone_of(here.repository, issue));
    put("assignee", json!(assignees.as_ref().and_then(|all| all.first())));
    put("assignees", assignees.map_or_else(nothing, |all| json!(all)));
    put("requested_reviewers", nothing());
    put("requested_reviewers_teams", nothing());
    put("state", json!(issue_answer::state(issue)));
    put("draft", json!(pull.draft));
    put("is_locked", json!(false));
    put("comments", json!(issue.comments.len()));
    if whole {
        if !pull.reviews.is_empty() {
            put("review_comments", json!(pull.reviews.len()));
        }
        let changed = changed(here, pull);
        let lines: Vec<_> = changed.iter().map(|change| lines_changed(git, change)).collect();
        put("additions", json!(lines.iter().map(|lines| lines.added).sum::<usize>()));
        put("deletions", json!(lines.iter().map(|lines| lines.removed).sum::<usize>()));
        put("changed_files", json!(changed.len()));
    }
    put("html_url", json!(page));
    put("diff_url", json!(format!("{page}.diff")));
    put("patch_url", json!(format!("{page}.patch")));
    put("mergeable", json!(true));
    put("merged", json!(pull.merged.is_some()));
    put("merged_at", json!(pull.merged.as_ref().map(|merged| merged.when.to_string())));
    put("merge_commit_sha", json!(pull.merged.as_ref().map(|merged| merged.commit.to_string())));
    put("merged_by", json!(pull.merged.as_ref().and_then(|merged| account::public(ask, merged.by))));
    put("allow_maintainer_edit", json!(true));
    let base = git.branches.get(&pull.base).copied().unwrap_or(pull.merge_base);
    let base = pull.merged.as_ref().map_or(base, |merged| merged.commit);
    put("base", side(ask, here, &pull.base, base));
    put("head", side(ask, here, &pull.head, pull.head_commit));
    put("merge_base", json!(pull.merge_base.to_string()));
    put("due_date", Value::Null);
    put("created_at", json!(issue.created.to_string()));
    put("updated_at", json!(issue.updated.to_string()));
    put("closed_at", json!(issue.closed.map(|moment| moment.to_string())));
    put("pin_order", json!(0));
    put("content_version", json!(0));
    fields.into()
}

fn side(ask: &Ask<'_>, here: &Here<'_>, branch: &str, commit: ObjectId) -> Value {
    json!({
        "label": branch,
        "ref": branch,
        "sha": commit.to_string(),
        "repo_id": here.repository.id,
        "repo": repository_answer::repository(ask, here.repository, true),
    })
}

/// One changed file.
pub(crate) fn file(ask: &Ask<'_>, here: &Here<'_>, pull: &Pull, change: &Change) -> Value {
    let (html, api, head) = (here.html_url(ask), here.api_url(ask), pull.head_commit);
    let path = change.path();
    let lines = lines_changed(&here.repository.git, change);
    let status = match change.status() {
        Status::Added => "added",
        Status::Removed => "deleted",
        Status::Modified if lines.added + lines.removed == 0 => "unchanged",
        Status::Modified => "changed",
        Status::Renamed => "renamed",
    };
    let mut fields = Map::new();
    fields.insert("filename".to_owned(), json!(path));
    if let (Status::Renamed, Some(old)) = (change.status(), &change.old) {
        fields.insert("previous_filename".to_owned(), json!(old.path));
    }
    let rest = json!({
        "status": status,
        "additions": lines.added,
        "deletions": lines.removed,
        "changes": lines.added + lines.removed,
        "html_url": format!("{html}/src/commit/{head}/{path}"),
        "contents_url": format!("{api}/contents/{path}?ref={head}"),
        "raw_url": format!("{html}/raw/commit/{head}/{path}"),
    });
    fields.extend(rest.as_object().cloned().unwrap_or_default());
    fields.into()
}

pub(crate) fn review(ask: &Ask<'_>, here: &Here<'_>, issue: &Issue, pull: &Pull, review: &Review) -> Value {
    let page = format!("{}/pulls/{}", here.html_url(ask), issue.number);
    json!({
        "id": review.id,
        "user": account::seen(ask, review.author),
        "team": null,
        "state": review.state,
        "body": review.body,
        "commit_id": pull.head_commit.to_string(),
        "stale": false,
        "official": false,
        "dismissed": false,
        "comments_count": 0,
        "submitted_at": review.when.to_string(),
        "updated_at": review.when.to_string(),
        "html_url": format!("{page}#issuecomment-{}", review.id),
        "pull_request_url": page,
    })
}
