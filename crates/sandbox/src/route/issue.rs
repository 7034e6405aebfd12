//! Issues and their comments. Pull requests are issues too and come along unless `type` says otherwise.

use jiff::Timestamp;
use serde_json::Value;

use crate::answer::issue::{comment, issue, labels_of};
use crate::answer::{Answer, Outcome, Page, listed, total_only};
use crate::ask::{Ask, Here};
use crate::forge::{Comment, Issue, Repository};

/// Page sizes of the search across repositories: since 1.26 without a limit.
const SEARCH_ENTRIES: usize = 30;
const OLD_SEARCH_ENTRIES: usize = 20;
const OLD_SEARCH_MOST: usize = 50;

pub(super) fn list(ask: &Ask<'_>, here: &Here<'_>) -> Outcome {
    people_exist(ask)?;
    let wanted = here.repository.issues.values().filter(|one| matches(ask, here.repository, one));
    let mut found: Vec<&Issue> = wanted.collect();
    found.sort_by_key(|one| std::cmp::Reverse((one.created, one.id)));
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| issue(ask, here.repository, one)).collect();
    Ok(listed(ask, page, total, &cut))
}

/// Across all repositories the caller may see.
pub(super) fn search(ask: &Ask<'_>) -> Outcome {
    people_exist(ask)?;
    let owner = ask.query.given("owner").map(|name| ask.forge.account(name).map(|owner| owner.id));
    let visible = ask.forge.repositories.iter().filter(|one| ask.sees(one));
    let visible = visible.filter(|one| owner.is_none_or(|owner| owner == Some(one.owner)));
    let mine = |key: &str| ask.query.flag(key).unwrap_or(false).then_some(ask.caller.person).flatten();
    let (created, assigned) = (mine("created"), mine("assigned"));
    let of_mine = |one: &Issue| {
        created.is_none_or(|me| one.author == me.id) && assigned.is_none_or(|me| one.assignees.contains(&me.id))
    };
    let mut found: Vec<(&Repository, &Issue)> = visible
        .flat_map(|here| here.issues.values().map(move |one| (here, one)))
        .filter(|(here, one)| matches(ask, here, one) && of_mine(one))
        .collect();
    found.sort_by_key(|(_, one)| std::cmp::Reverse((one.created, one.id)));
    let page = if ask.instance.version.at_least(26) {
        Page::clamped(ask, "limit", SEARCH_ENTRIES, usize::MAX)
    } else {
        Page::clamped(ask, "limit", OLD_SEARCH_ENTRIES, OLD_SEARCH_MOST)
    };
    let total = found.len();
    let cut: Vec<_> = page.cut(found).into_iter().map(|(here, one)| issue(ask, here, one)).collect();
    Ok(listed(ask, page, total, &cut))
}

/// A filter by somebody unknown is an error.
fn people_exist(ask: &Ask<'_>) -> Result<(), Answer> {
    for key in ["created_by", "assigned_by", "mentioned_by"] {
        if let Some(login) = ask.query.given(key).filter(|login| ask.forge.account(login).is_none()) {
            let error = format!("user does not exist [uid: 0, name: {login}]");
            return Err(ask.not_found_because("not found", &[error]));
        }
    }
    Ok(())
}

fn matches(ask: &Ask<'_>, repository: &Repository, one: &Issue) -> bool {
    let query = &ask.query;
    let state = match query.text("state") {
        "all" => true,
        "closed" => one.closed.is_some(),
        _ => one.closed.is_none(),
    };
    let kind = match query.text("type") {
        "issues" => one.pull.is_none(),
        "pulls" => one.pull.is_some(),
        _ => true,
    };
    state && kind && labelled(ask, repository, one) && of_people(ask, one) && updated(ask, one) && mentions(ask, one)
}

/// All labels, and any of the milestones by title or else id. Names that are none of the repository's own labels or
/// milestones, letter by letter, are left out without a word.
fn labelled(ask: &Ask<'_>, repository: &Repository, one: &Issue) -> bool {
    let has = |name: &str| {
        let named = repository.labels.iter().find(|label| label.name == name);
        named.is_none_or(|label| one.labels.contains(&label.id))
    };
    let all = &repository.milestones;
    let meant = |wanted: &str| {
        let titled = all.iter().find(|milestone| milestone.title == wanted);
        titled.or_else(|| all.iter().find(|milestone| milestone.id.to_string() == wanted))
    };
    let mut milestones = ask.query.list("milestones").filter_map(meant).peekable();
    let in_milestone = milestones.peek().is_none() || milestones.any(|milestone| one.milestone == Some(milestone.id));
    ask.query.list("labels").all(has) && in_milestone
}

fn of_people(ask: &Ask<'_>, one: &Issue) -> bool {
    let person = |key: &str| ask.query.given(key).map(|login| ask.forge.account(login));
    let named = |login: &str| one.body.contains(&format!("@{login}"));
    person("created_by").is_none_or(|who| who.is_some_and(|who| who.id == one.author))
        && person("assigned_by").is_none_or(|who| who.is_some_and(|who| one.assignees.contains(&who.id)))
        && person("mentioned_by").is_none_or(|who| who.is_some_and(|who| named(&who.login)))
}

fn updated(ask: &Ask<'_>, one: &Issue) -> bool {
    let limit = |key: &str| ask.query.given(key).and_then(|text| text.parse::<Timestamp>().ok());
    limit("since").is_none_or(|since| one.updated >= since)
        && limit("before").is_none_or(|before| one.updated <= before)
}

/// In title, body or a comment, whatever the case.
fn mentions(ask: &Ask<'_>, one: &Issue) -> bool {
    let wanted = ask.query.text("q").to_lowercase();
    wanted.is_empty()
        || one.title.to_lowercase().contains(&wanted)
        || one.body.to_lowercase().contains(&wanted)
        || one.comments.iter().any(|comment| comment.body.to_lowercase().contains(&wanted))
}

/// The issue of this number; a text that is no number names none.
pub(super) fn find<'a>(ask: &Ask<'_>, here: &Here<'a>, number: &str) -> Result<&'a Issue, Answer> {
    let number: Option<u64> = number.parse().ok();
    number.and_then(|number| here.repository.issues.get(&number)).ok_or_else(|| ask.not_found())
}

pub(super) fn one(ask: &Ask<'_>, here: &Here<'_>, number: &str) -> Outcome {
    Ok(Answer::json(&issue(ask, here.repository, find(ask, here, number)?)))
}

pub(super) fn labels(ask: &Ask<'_>, here: &Here<'_>, number: &str) -> Outcome {
    Ok(Answer::json(&labels_of(ask, here.repository, find(ask, here, number)?)))
}

fn in_time(ask: &Ask<'_>, comment: &Comment) -> bool {
    let limit = |key: &str| ask.query.given(key).and_then(|text| text.parse::<Timestamp>().ok());
    limit("since").is_none_or(|since| comment.created >= since)
        && limit("before").is_none_or(|before| comment.created <= before)
}

/// All of one issue; Gitea does not page them. Of an issue that is not there it says 500.
pub(super) fn comments(ask: &Ask<'_>, here: &Here<'_>, number: &str) -> Outcome {
    let of = find(ask, here, number).map_err(|_| ask.fault())?;
    let found: Vec<Value> =
        of.comments.iter().filter(|one| in_time(ask, one)).map(|one| comment(ask, here, of, one)).collect();
    Ok(total_only(found.len(), &found))
}

/// All of a repository, oldest first.
pub(super) fn all_comments(ask: &Ask<'_>, here: &Here<'_>) -> Answer {
    let issues = here.repository.issues.values();
    let mut found: Vec<(&Issue, &Comment)> = issues
        .flat_map(|of| of.comments.iter().map(move |one| (of, one)))
        .filter(|(_, one)| in_time(ask, one))
        .collect();
    found.sort_by_key(|(_, one)| one.id);
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|(of, one)| comment(ask, here, of, one)).collect();
    listed(ask, page, total, &cut)
}

pub(super) fn one_comment(ask: &Ask<'_>, here: &Here<'_>, id: &str) -> Outcome {
    let mut all = here.repository.issues.values().flat_map(|of| of.comments.iter().map(move |one| (of, one)));
    let found = all.find(|(_, one)| one.id.to_string() == id);
    found.map(|(of, one)| Answer::json(&comment(ask, here, of, one))).ok_or_else(|| ask.not_found())
}
