//! People, and the repositories and organisations that are theirs.

use http::StatusCode;
use serde_json::json;

use crate::answer::account::{self, User, View};
use crate::answer::repository::repository;
use crate::answer::{Answer, Outcome, Page, listed};
use crate::ask::Ask;
use crate::forge::{Account, Repository};
use crate::rights::Access;
use crate::scope::Category;

pub(super) fn me(ask: &Ask<'_>) -> Outcome {
    Ok(Answer::json(&account::user(ask, ask.person()?, View::Own)))
}

pub(super) fn one(ask: &Ask<'_>, login: &str) -> Outcome {
    let found = find(ask, login)?;
    Ok(Answer::json(&account::user(ask, found, View::of(ask, found))))
}

fn find<'a>(ask: &Ask<'a>, login: &str) -> Result<&'a Account, Answer> {
    let missing = || ask.error(StatusCode::NOT_FOUND, &format!("user redirect does not exist [name: {login}]"));
    ask.forge.account(login).ok_or_else(missing)
}

fn page_of_people<'a>(ask: &Ask<'_>, mut people: Vec<&'a Account>) -> (Page, usize, Vec<User<'a>>) {
    people.sort_by_key(|account| account.login.to_lowercase());
    let (page, total) = (Page::asked(ask), people.len());
    (page, total, page.cut(people).into_iter().map(|one| account::user(ask, one, View::of(ask, one))).collect())
}

/// By part of the name, whatever its case.
pub(super) fn search(ask: &Ask<'_>) -> Answer {
    let wanted = ask.query.text("q").to_lowercase();
    let named = |account: &&Account| {
        account.login.to_lowercase().contains(&wanted) || account.full_name.to_lowercase().contains(&wanted)
    };
    let (page, total, people) = page_of_people(ask, ask.forge.people().filter(named).collect());
    listed(ask, page, total, &json!({ "data": people, "ok": true }))
}

/// Everybody, for the site administrator.
pub(super) fn all(ask: &Ask<'_>) -> Answer {
    let (page, total, people) = page_of_people(ask, ask.forge.people().collect());
    listed(ask, page, total, &people)
}

fn page_of_repositories<'a>(ask: &Ask<'a>, repositories: Vec<&'a Repository>) -> Answer {
    let (page, total) = (Page::asked(ask), repositories.len());
    let cut: Vec<_> = page.cut(repositories).into_iter().map(|one| repository(ask, one, false)).collect();
    listed(ask, page, total, &cut)
}

/// Owned, shared with the person, or reached through a team; not all that an administrator could see. By name.
pub(super) fn my_repositories(ask: &Ask<'_>) -> Outcome {
    ask.require(&[Category::Repository])?;
    let person = ask.person()?;
    let mine = |one: &&Repository| Access::granted(ask.forge, person, one) >= Access::Read && ask.sees(one);
    let mut found: Vec<&Repository> = ask.forge.repositories.iter().filter(mine).collect();
    found.sort_by_key(|one| one.name.to_lowercase());
    Ok(page_of_repositories(ask, found))
}

/// What an account owns, newest change first. As in Gitea the page is cut and counted before hidden ones are left out.
pub(super) fn owned(ask: &Ask<'_>, owner: &Account) -> Answer {
    let shown = |one: &&Repository| one.owner == owner.id && (ask.caller.person.is_some() || !one.private);
    let mut found: Vec<&Repository> = ask.forge.repositories.iter().filter(shown).collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.updated));
    let (page, total) = (Page::asked(ask), found.len());
    let cut = page.cut(found).into_iter().filter(|one| ask.sees(one)).map(|one| repository(ask, one, false));
    listed(ask, page, total, &cut.collect::<Vec<_>>())
}

pub(super) fn repositories(ask: &Ask<'_>, login: &str) -> Outcome {
    ask.require(&[Category::Repository])?;
    Ok(owned(ask, find(ask, login)?))
}

pub(super) fn my_organisations(ask: &Ask<'_>) -> Outcome {
    ask.require(&[Category::User, Category::Organization])?;
    let found: Vec<&Account> = ask.forge.organisations_of(ask.person()?.id).collect();
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| account::organisation(ask, one)).collect();
    Ok(listed(ask, page, total, &cut))
}

pub(super) fn my_teams(ask: &Ask<'_>) -> Outcome {
    let person = ask.person()?;
    let found: Vec<_> = ask.forge.teams.iter().filter(|team| team.members.contains(&person.id)).collect();
    let (page, total) = (Page::asked(ask), found.len());
    let with_organisation = |team: &crate::forge::Team| {
        let mut value = account::team(team);
        if let (Some(of), Some(fields)) = (ask.forge.account_by_id(team.organisation), value.as_object_mut()) {
            fields.insert("organization".to_owned(), account::organisation(ask, of));
        }
        value
    };
    let cut: Vec<_> = page.cut(found).into_iter().map(with_organisation).collect();
    Ok(listed(ask, page, total, &cut))
}
