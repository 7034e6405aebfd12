//! One repository: itself, its languages, topics and collaborators.

use http::StatusCode;
use serde_json::json;

use crate::answer::account::{self, View};
use crate::answer::repository::repository;
use crate::answer::{Answer, Outcome, Page, listed, total_only};
use crate::ask::{Ask, Here};
use crate::forge::Account;
use crate::rights::Access;

pub(super) fn one(ask: &Ask<'_>, here: &Here<'_>) -> Answer {
    Answer::json(&repository(ask, here.repository, false))
}

pub(super) fn languages(here: &Here<'_>) -> Answer {
    Answer::json(&json!(here.repository.languages))
}

pub(super) fn topics(here: &Here<'_>) -> Answer {
    let mut topics = here.repository.topics.clone();
    topics.sort();
    total_only(topics.len(), &json!({ "topics": topics }))
}

/// People the repository is shared with by name.
pub(super) fn collaborators(ask: &Ask<'_>, here: &Here<'_>, rest: &[&str]) -> Outcome {
    let person = ask.person()?;
    let collaborators = &here.repository.collaborators;
    match rest {
        [] => {
            let found: Vec<&Account> =
                ask.forge.people().filter(|account| collaborators.contains_key(&account.id)).collect();
            let (page, total) = (Page::asked(ask), found.len());
            let cut: Vec<_> =
                page.cut(found).into_iter().map(|one| account::user(ask, one, View::of(ask, one))).collect();
            Ok(listed(ask, page, total, &cut))
        }
        [login] => {
            let found = ask.forge.account(login).filter(|account| collaborators.contains_key(&account.id));
            found.map(|_| Answer::empty(StatusCode::NO_CONTENT)).ok_or_else(|| ask.not_found())
        }
        [login, "permission"] => permission(ask, here, person, login),
        _ => Ok(Answer::no_such_route()),
    }
}

fn permission(ask: &Ask<'_>, here: &Here<'_>, person: &Account, login: &str) -> Outcome {
    if here.access < Access::Admin && !person.login.eq_ignore_ascii_case(login) {
        let message = "Only admins can query all permissions, repo admins can query all repo permissions, \
                       collaborators can query only their own";
        return Err(ask.error(StatusCode::FORBIDDEN, message));
    }
    let other = ask.forge.account(login).ok_or_else(|| ask.not_found())?;
    let word = Access::of(ask.forge, Some(other), here.repository).word();
    let user = account::user(ask, other, View::of(ask, other));
    Ok(Answer::json(&json!({ "permission": word, "role_name": word, "user": user })))
}
