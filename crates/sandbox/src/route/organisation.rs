//! Organisations, their repositories, teams and members.

use http::StatusCode;

use super::user;
use crate::answer::account::{self, View};
use crate::answer::issue::shared_label;
use crate::answer::{Answer, Outcome, Page, listed, total_only};
use crate::ask::Ask;
use crate::forge::{Account, Kind, Label, Team};

fn find<'a>(ask: &Ask<'a>, name: &str) -> Result<&'a Account, Answer> {
    let missing = || {
        let error = format!("org does not exist [id: 0, name: {name}]");
        ask.not_found_because("GetOrgByName", &[error])
    };
    ask.forge.organisation(name).ok_or_else(missing)
}

pub(super) fn all(ask: &Ask<'_>) -> Answer {
    let mut found: Vec<&Account> =
        ask.forge.accounts.iter().filter(|account| account.kind == Kind::Organisation).collect();
    found.sort_by_key(|account| account.login.to_lowercase());
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| account::organisation(ask, one)).collect();
    listed(ask, page, total, &cut)
}

pub(super) fn one(ask: &Ask<'_>, name: &str) -> Outcome {
    Ok(Answer::json(&account::organisation(ask, find(ask, name)?)))
}

pub(super) fn repositories(ask: &Ask<'_>, name: &str) -> Outcome {
    Ok(user::owned(ask, find(ask, name)?))
}

/// Labels that all its repositories share.
pub(super) fn labels(ask: &Ask<'_>, name: &str) -> Outcome {
    let organisation = find(ask, name)?;
    let mut found: Vec<&Label> = organisation.labels.iter().collect();
    found.sort_by_key(|label| label.name.to_lowercase());
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| shared_label(ask, organisation, one)).collect();
    Ok(total_only(total, &cut))
}

/// Teams and members are shown to members only; others get 403.
fn as_member<'a>(ask: &Ask<'a>, name: &str) -> Result<(&'a Account, Vec<&'a Team>), Answer> {
    let organisation = find(ask, name)?;
    let person = ask.person()?;
    let teams: Vec<&Team> = ask.forge.teams.iter().filter(|team| team.organisation == organisation.id).collect();
    if person.admin || teams.iter().any(|team| team.members.contains(&person.id)) {
        return Ok((organisation, teams));
    }
    Err(ask.error(StatusCode::FORBIDDEN, "Must be an organization member"))
}

pub(super) fn teams(ask: &Ask<'_>, name: &str) -> Outcome {
    let (_, teams) = as_member(ask, name)?;
    let (page, total) = (Page::asked(ask), teams.len());
    let cut: Vec<_> = page.cut(teams).into_iter().map(account::team).collect();
    Ok(listed(ask, page, total, &cut))
}

pub(super) fn members(ask: &Ask<'_>, name: &str) -> Outcome {
    let (_, teams) = as_member(ask, name)?;
    let member = |account: &&Account| teams.iter().any(|team| team.members.contains(&account.id));
    let found: Vec<&Account> = ask.forge.people().filter(member).collect();
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| account::user(ask, one, View::of(ask, one))).collect();
    Ok(listed(ask, page, total, &cut))
}
