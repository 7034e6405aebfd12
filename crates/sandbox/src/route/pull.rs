//! Pull requests, their files, commits, reviews, diffs and patches.

use http::StatusCode;

use super::commit::{legacy, page_of_commits};
use super::issue;
use crate::answer::commit::Parts;
use crate::answer::pull as pull_answer;
use crate::answer::{Answer, Outcome, Page, listed};
use crate::ask::{Ask, Here};
use crate::forge::{Issue, Pull};
use crate::git::{Log, ObjectId, ancestors, format_patch, unified};

pub(super) fn below(ask: &Ask<'_>, here: &Here<'_>, rest: &[&str]) -> Outcome {
    match rest {
        // A repository without a commit cannot have any.
        [] if here.repository.git.branches.is_empty() => Err(ask.not_found()),
        [] => Ok(list(ask, here)),
        [number] => one(ask, here, number),
        [number, "files"] => files(ask, here, number),
        [number, "commits"] => commits(ask, here, number),
        [number, "merge"] => merged(ask, here, number),
        [number, "reviews"] => reviews(ask, here, number),
        [number, "reviews", id] => review(ask, here, number, id),
        [base, head @ ..] => by_branch(ask, here, base, &head.join("/")),
    }
}

fn list(ask: &Ask<'_>, here: &Here<'_>) -> Answer {
    let wanted = |one: &&Issue| match ask.query.text("state") {
        "all" => true,
        "closed" => one.closed.is_some(),
        _ => one.closed.is_none(),
    };
    let base = ask.query.given("base_branch");
    let poster = ask.query.given("poster").map(|login| ask.forge.account(login).map(|account| account.id));
    let mut found: Vec<(&Issue, &Pull)> = here
        .repository
        .issues
        .values()
        .filter(wanted)
        .filter(|one| poster.is_none_or(|poster| poster == Some(one.author)))
        .filter_map(|one| Some((one, one.pull.as_ref()?)))
        .filter(|(_, pull)| base.is_none_or(|base| base == pull.base))
        .collect();
    sort(ask.query.text("sort"), &mut found);
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> =
        page.cut(found).into_iter().map(|(of, pull)| pull_answer::pull(ask, here, of, pull, false)).collect();
    listed(ask, page, total, &cut)
}

/// Newest first unless asked otherwise.
fn sort(how: &str, found: &mut [(&Issue, &Pull)]) {
    found.sort_by_key(|(of, _)| std::cmp::Reverse((of.created, of.id)));
    match how {
        "oldest" => found.reverse(),
        "recentupdate" => found.sort_by_key(|(of, _)| std::cmp::Reverse(of.updated)),
        "leastupdate" => found.sort_by_key(|(of, _)| of.updated),
        "recentclose" => found.sort_by_key(|(of, _)| std::cmp::Reverse(of.closed)),
        "mostcomment" => found.sort_by_key(|(of, _)| std::cmp::Reverse(of.comments.len())),
        "leastcomment" => found.sort_by_key(|(of, _)| of.comments.len()),
        _ => {}
    }
}

fn find<'a>(ask: &Ask<'_>, here: &Here<'a>, number: &str) -> Result<(&'a Issue, &'a Pull), Answer> {
    let of = issue::find(ask, here, number)?;
    of.pull.as_ref().map(|pull| (of, pull)).ok_or_else(|| ask.not_found())
}

/// As JSON, diff or patch.
fn one(ask: &Ask<'_>, here: &Here<'_>, number: &str) -> Outcome {
    let git = &here.repository.git;
    if let Some(number) = number.strip_suffix(".diff") {
        let (_, pull) = find(ask, here, number)?;
        return Ok(Answer::text(unified(git, &pull_answer::changed(here, pull))));
    }
    if let Some(number) = number.strip_suffix(".patch") {
        let (_, pull) = find(ask, here, number)?;
        let mut commits = own_commits(here, pull);
        commits.retain(|id| git.commit(*id).is_some_and(|commit| commit.parents.len() < 2));
        commits.reverse();
        return Ok(Answer::text(format_patch(git, &commits, true)));
    }
    let (of, pull) = find(ask, here, number)?;
    Ok(Answer::json(&pull_answer::pull(ask, here, of, pull, true)))
}

/// `pulls/{base}/{head}`.
fn by_branch(ask: &Ask<'_>, here: &Here<'_>, base: &str, head: &str) -> Outcome {
    let pulls = here.repository.issues.values().filter_map(|of| Some((of, of.pull.as_ref()?)));
    let mut matching = pulls.filter(|(_, pull)| pull.base == base && pull.head == head);
    let (of, pull) = matching.next_back().ok_or_else(|| ask.not_found())?;
    Ok(Answer::json(&pull_answer::pull(ask, here, of, pull, true)))
}

fn files(ask: &Ask<'_>, here: &Here<'_>, number: &str) -> Outcome {
    let (_, pull) = find(ask, here, number)?;
    let changed = pull_answer::changed(here, pull);
    let (page, total) = (Page::asked(ask), changed.len());
    let cut: Vec<_> = page.cut(&changed).into_iter().map(|one| pull_answer::file(ask, here, pull, one)).collect();
    Ok(legacy(ask, Answer::json(&cut), page, total, false))
}

/// Newest first.
fn own_commits(here: &Here<'_>, pull: &Pull) -> Vec<ObjectId> {
    let git = &here.repository.git;
    Log::without(git, pull.head_commit, "", ancestors(git, pull.merge_base)).collect()
}

fn commits(ask: &Ask<'_>, here: &Here<'_>, number: &str) -> Outcome {
    let (_, pull) = find(ask, here, number)?;
    let found = own_commits(here, pull);
    let page = Page::asked(ask);
    Ok(page_of_commits(ask, here, (page, page), (&found, found.len()), Parts::asked(ask), false))
}

/// 204 when it is merged, 404 when not.
fn merged(ask: &Ask<'_>, here: &Here<'_>, number: &str) -> Outcome {
    let (_, pull) = find(ask, here, number)?;
    pull.merged.as_ref().map(|_| Answer::empty(StatusCode::NO_CONTENT)).ok_or_else(|| ask.not_found())
}

fn reviews(ask: &Ask<'_>, here: &Here<'_>, number: &str) -> Outcome {
    let (of, pull) = find(ask, here, number)?;
    let (page, total) = (Page::asked(ask), pull.reviews.len());
    let cut: Vec<_> =
        page.cut(&pull.reviews).into_iter().map(|one| pull_answer::review(ask, here, of, pull, one)).collect();
    Ok(listed(ask, page, total, &cut))
}

fn review(ask: &Ask<'_>, here: &Here<'_>, number: &str, id: &str) -> Outcome {
    let (of, pull) = find(ask, here, number)?;
    let found = pull.reviews.iter().find(|one| one.id.to_string() == id).ok_or_else(|| ask.not_found())?;
    Ok(Answer::json(&pull_answer::review(ask, here, of, pull, found)))
}
