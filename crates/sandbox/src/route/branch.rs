//! Branches and tags.

use crate::answer::commit::branch as branch_answer;
use crate::answer::repository::tag as tag_answer;
use crate::answer::{Answer, Outcome, Page, listed};
use crate::ask::{Ask, Here};

pub(super) fn branches(ask: &Ask<'_>, here: &Here<'_>) -> Answer {
    let branches = &here.repository.git.branches;
    let (page, total) = (Page::asked(ask), branches.len());
    let cut: Vec<_> = page.cut(branches).into_iter().map(|(name, tip)| branch_answer(ask, here, name, *tip)).collect();
    listed(ask, page, total, &cut)
}

pub(super) fn branch(ask: &Ask<'_>, here: &Here<'_>, name: &str) -> Outcome {
    let tip = here.repository.git.branches.get(name).ok_or_else(|| ask.not_found())?;
    Ok(Answer::json(&branch_answer(ask, here, name, *tip)))
}

/// The newest first, as Git lists them by the date of their commits.
pub(super) fn tags(ask: &Ask<'_>, here: &Here<'_>) -> Answer {
    let git = &here.repository.git;
    let mut tags: Vec<_> = git.tags.iter().collect();
    let time = |id| git.commit(git.peel(id)).map(|commit| commit.committer.unix_seconds);
    tags.sort_by_key(|(_, id)| std::cmp::Reverse(time(**id)));
    let (page, total) = (Page::asked(ask), tags.len());
    let cut: Vec<_> = page.cut(tags).into_iter().map(|(name, id)| tag_answer(ask, here, name, *id)).collect();
    listed(ask, page, total, &cut)
}

pub(super) fn tag(ask: &Ask<'_>, here: &Here<'_>, name: &str) -> Outcome {
    let id = here.repository.git.tags.get(name).ok_or_else(|| ask.not_found())?;
    Ok(Answer::json(&tag_answer(ask, here, name, *id)))
}
