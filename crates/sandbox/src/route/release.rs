//! Releases. Drafts are shown to those who may write.

use crate::answer::repository::release;
use crate::answer::{Answer, Outcome, Page, listed};
use crate::ask::{Ask, Here};
use crate::forge::Release;
use crate::rights::Access;

pub(super) fn below(ask: &Ask<'_>, here: &Here<'_>, rest: &[&str]) -> Outcome {
    let mut found: Vec<&Release> = here.repository.releases.iter().rev().collect();
    found.retain(|one| !one.draft || here.access >= Access::Write);
    let one = match rest {
        [] => return Ok(list(ask, here, found)),
        ["latest"] => found.into_iter().find(|one| !one.draft && !one.prerelease),
        ["tags", tag @ ..] if !tag.is_empty() => {
            let tag = tag.join("/");
            found.into_iter().find(|one| one.tag == tag)
        }
        [id] => found.into_iter().find(|one| one.id.to_string() == *id),
        _ => return Ok(Answer::no_such_route()),
    };
    Ok(Answer::json(&release(ask, here, one.ok_or_else(|| ask.not_found())?)))
}

fn list(ask: &Ask<'_>, here: &Here<'_>, mut found: Vec<&Release>) -> Answer {
    let query = &ask.query;
    found.retain(|one| query.flag("draft").is_none_or(|wanted| one.draft == wanted));
    found.retain(|one| query.flag("pre-release").is_none_or(|wanted| one.prerelease == wanted));
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| release(ask, here, one)).collect();
    listed(ask, page, total, &cut)
}
