//! Labels and milestones.

use crate::answer::issue::{label as label_answer, milestone as milestone_answer};
use crate::answer::{Answer, Outcome, Page, listed, total_only};
use crate::ask::{Ask, Here};
use crate::forge::{Label, Milestone};

pub(super) fn labels(ask: &Ask<'_>, here: &Here<'_>) -> Answer {
    let full_name = here.full_name();
    let mut found: Vec<&Label> = here.repository.labels.iter().collect();
    found.sort_by_key(|label| label.name.to_lowercase());
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| label_answer(ask, &full_name, one)).collect();
    total_only(total, &cut)
}

pub(super) fn label(ask: &Ask<'_>, here: &Here<'_>, id: &str) -> Outcome {
    let found =
        here.repository.labels.iter().find(|label| label.id.to_string() == id).ok_or_else(|| ask.not_found())?;
    Ok(Answer::json(&label_answer(ask, &here.full_name(), found)))
}

/// Open ones unless `state` says otherwise, the soonest due first.
pub(super) fn milestones(ask: &Ask<'_>, here: &Here<'_>) -> Answer {
    let wanted = |one: &&Milestone| match ask.query.text("state") {
        "all" => true,
        "closed" => one.closed.is_some(),
        _ => one.closed.is_none(),
    };
    let named = |one: &&Milestone| ask.query.given("name").is_none_or(|name| one.title.eq_ignore_ascii_case(name));
    let mut found: Vec<&Milestone> = here.repository.milestones.iter().filter(wanted).filter(named).collect();
    found.sort_by_key(|one| (one.due.is_none(), one.due, one.id));
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| milestone_answer(here.repository, one)).collect();
    listed(ask, page, total, &cut)
}

/// By id, or by title.
pub(super) fn milestone(ask: &Ask<'_>, here: &Here<'_>, name: &str) -> Outcome {
    let all = &here.repository.milestones;
    let found = all.iter().find(|one| one.id.to_string() == name).or_else(|| all.iter().find(|one| one.title == name));
    Ok(Answer::json(&milestone_answer(here.repository, found.ok_or_else(|| ask.not_found())?)))
}
