//! Commits, their diffs and what checks said about them.

use http::{HeaderName, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::commit::{Parts, commit};
use crate::answer::repository::{repository, status};
use crate::answer::{Answer, Outcome, Page, listed, with_total};
use crate::ask::{Ask, Here};
use crate::forge::Status;
use crate::git::{Log, ObjectId, ancestors, changes, format_patch, show, unified};

/// With a path Gitea sends so many commits whatever `limit` says (`COMMITS_RANGE_SIZE`); the headers follow `limit`.
const COMMITS_OF_A_PATH: usize = 50;

/// `git log`, with Gitea's filters and its own paging headers.
pub(super) fn list(ask: &Ask<'_>, here: &Here<'_>) -> Outcome {
    let git = &here.repository.git;
    if git.branches.is_empty() {
        return Err(ask.error(StatusCode::CONFLICT, "Git Repository is empty."));
    }
    let name = ask.query.given("sha").unwrap_or(&here.repository.default_branch);
    // For an unknown ref Gitea answers 404 with a JSON null; where a path is given, 500.
    // Gitea hands it to `git log` as a pathspec. Only plain paths and the one magic word our callers need are played.
    let pathspec = ask.query.text("path").trim_matches('/');
    let path = pathspec.strip_prefix(":(literal)").unwrap_or(pathspec);
    let missing = || {
        let is_whole = path.is_empty();
        if is_whole { Answer::json_with(StatusCode::NOT_FOUND, &Value::Null) } else { ask.fault() }
    };
    let from = here.resolve(name).ok_or_else(missing)?.commit;
    let hidden = ask.query.given("not").and_then(|name| git.resolve(name)).map(|found| ancestors(git, found.commit));
    let all: Vec<ObjectId> = Log::without(git, from, path, hidden.unwrap_or_default()).collect();
    if all.is_empty() && !path.is_empty() {
        return Err(ask.not_found_because("FileCommitsCount", &[]));
    }
    let when = |id: &ObjectId| git.commit(*id).map(|commit| commit.committer.unix_seconds);
    // The headers count without the dates.
    let total = all.len();
    // Before 1.25, and in Forgejo, the dates are no parameters and so change nothing.
    let dated = ask.instance.version.at_least(25);
    let found: Vec<ObjectId> = all.into_iter().filter(|id| !dated || between(ask, when(id))).collect();
    let page = Page::asked(ask);
    let shown = if path.is_empty() { page } else { Page { limit: COMMITS_OF_A_PATH, ..page } };
    Ok(page_of_commits(ask, here, (page, shown), (&found, total), Parts::asked(ask), true))
}

/// `since` and `until`, whichever were given.
fn between(ask: &Ask<'_>, committed: Option<i64>) -> bool {
    let limit =
        |key: &str| ask.query.given(key).and_then(|text| text.parse::<Timestamp>().ok()).map(Timestamp::as_second);
    committed.is_some_and(|at| {
        limit("since").is_none_or(|since| at >= since) && limit("until").is_none_or(|until| at <= until)
    })
}

/// A page of commits, as the headers count it and as it is shown, with the `X-` headers kept from older interfaces; `X-Total` only in the list of all.
pub(super) fn page_of_commits(
    ask: &Ask<'_>,
    here: &Here<'_>,
    (page, shown): (Page, Page),
    (found, total): (&[ObjectId], usize),
    parts: Parts,
    total_twice: bool,
) -> Answer {
    let git = &here.repository.git;
    let cut = shown.cut(found).into_iter().filter_map(|id| Some(commit(ask, here, *id, git.commit(*id)?, parts)));
    let body = Value::Array(cut.collect());
    legacy(ask, Answer::json(&body), page, total, total_twice)
}

/// Adds `X-Page` and its kin.
pub(super) fn legacy(ask: &Ask<'_>, answer: Answer, page: Page, total: usize, total_twice: bool) -> Answer {
    let exposed = if total_twice {
        ", X-Page, X-PerPage, X-Total, X-PageCount, X-HasMore"
    } else {
        ", X-Page, X-PerPage, X-PageCount, X-HasMore"
    };
    let answer = with_total(ask, answer, page, total, exposed)
        .with(HeaderName::from_static("x-page"), page.number.to_string())
        .with(HeaderName::from_static("x-perpage"), page.limit.to_string())
        .with(HeaderName::from_static("x-pagecount"), page.count(total).to_string())
        .with(HeaderName::from_static("x-hasmore"), (page.number < page.count(total)).to_string());
    if total_twice { answer.with(HeaderName::from_static("x-total"), total.to_string()) } else { answer }
}

/// A commit by id or name, as JSON, diff or patch; for a diff of one that is not there Gitea says 500.
pub(super) fn one(ask: &Ask<'_>, here: &Here<'_>, name: &str) -> Outcome {
    let git = &here.repository.git;
    let (name, form) = match name.rsplit_once('.') {
        Some((name, form @ ("diff" | "patch"))) => (name, form),
        _ => (name, "json"),
    };
    let missing = || match form {
        "json" => ask.not_found_because(&format!("commit doesn't exist: {name}"), &[]),
        _ => ask.fault(),
    };
    let id = here.resolve(name).ok_or_else(missing)?.commit;
    let found = git.commit(id).ok_or_else(missing)?;
    Ok(match (form, found.parents.first()) {
        ("patch", _) => Answer::text(format_patch(git, &[id], false)),
        ("diff", None) => Answer::text(show(git, id, found)),
        ("diff", Some(parent)) => {
            Answer::text(unified(git, &changes(git, git.tree_of(*parent), Some(found.tree), true)))
        }
        _ => Answer::json(&commit(ask, here, id, found, Parts::asked(ask))),
    })
}

/// Newest first.
fn statuses_of<'a>(ask: &Ask<'_>, here: &Here<'a>, name: &str) -> Result<(ObjectId, Vec<&'a Status>), Answer> {
    let missing = || ask.not_found_because(&format!("object does not exist [id: {name}, rel_path: ]"), &[]);
    let id = here.repository.git.resolve(name).ok_or_else(missing)?.commit;
    Ok((id, here.repository.statuses.iter().rev().filter(|status| status.commit == id).collect()))
}

pub(super) fn statuses(ask: &Ask<'_>, here: &Here<'_>, name: &str) -> Outcome {
    let (_, found) = statuses_of(ask, here, name)?;
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| status(ask, here, one)).collect();
    Ok(listed(ask, page, total, &cut))
}

/// The latest of each context, and the worst of them.
pub(super) fn combined_status(ask: &Ask<'_>, here: &Here<'_>, name: &str) -> Outcome {
    const WORST_FIRST: [&str; 5] = ["error", "failure", "warning", "pending", "success"];
    let (id, mut found) = statuses_of(ask, here, name)?;
    let mut contexts = Vec::new();
    found.retain(|status| {
        let latest = !contexts.contains(&&status.context);
        contexts.push(&status.context);
        latest
    });
    let state = WORST_FIRST.into_iter().find(|word| found.iter().any(|status| status.state == *word));
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| status(ask, here, one)).collect();
    let url = format!("{}/commits/{id}", here.api_url(ask));
    let body = json!({
        "state": state.unwrap_or_default(),
        "sha": id.to_string(),
        "total_count": total,
        "statuses": cut,
        "repository": repository(ask, here.repository, true),
        "commit_url": url,
        "url": format!("{url}/status"),
    });
    Ok(listed(ask, page, total, &body))
}
