//! `/repos/search`.

use std::cmp::Ordering;

use http::StatusCode;
use serde_json::json;

use crate::answer::repository::repository;
use crate::answer::{Answer, Outcome, Page, listed};
use crate::ask::Ask;
use crate::forge::{Forge, Repository};
use crate::rights::Access;

/// Its failures have a form of their own.
fn refused(message: &str) -> Answer {
    Answer::json_with(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "ok": false, "error": message }))
}

pub(super) fn repositories(ask: &Ask<'_>) -> Outcome {
    let mode = ask.query.text("mode");
    if !matches!(mode, "" | "source" | "fork" | "mirror" | "collaborative") {
        return Err(refused(&format!("Invalid search mode: \"{mode}\"")));
    }
    let order = order(ask)?;
    let mut found: Vec<&Repository> = ask.forge.repositories.iter().filter(|one| wanted(ask, mode, one)).collect();
    found.sort_by(|one, other| order(one, other).then_with(|| one.id.cmp(&other.id)));
    let (page, total) = (Page::asked(ask), found.len());
    let cut: Vec<_> = page.cut(found).into_iter().map(|one| repository(ask, one, false)).collect();
    Ok(listed(ask, page, total, &json!({ "ok": true, "data": cut })))
}

type Order = Box<dyn Fn(&Repository, &Repository) -> Ordering>;

/// By name unless asked otherwise; `order` counts only together with `sort`.
fn order(ask: &Ask<'_>) -> Result<Order, Answer> {
    let down = match ask.query.text("order") {
        "" | "asc" => false,
        "desc" => true,
        other => return Err(refused(&format!("Invalid sort order: \"{other}\""))),
    };
    let sort = ask.query.text("sort");
    let key: fn(&Repository, &Repository) -> Ordering = match sort {
        "" | "alpha" => |one, other| one.name.to_lowercase().cmp(&other.name.to_lowercase()),
        "created" => |one, other| one.created.cmp(&other.created),
        "updated" => |one, other| one.updated.cmp(&other.updated),
        "id" => |one, other| one.id.cmp(&other.id),
        "size" | "git_size" | "lfs_size" | "stars" | "forks" => |_, _| Ordering::Equal,
        other => return Err(refused(&format!("Invalid sort mode: \"{other}\""))),
    };
    let down = down && !sort.is_empty();
    Ok(Box::new(move |one, other| if down { key(one, other).reverse() } else { key(one, other) }))
}

fn wanted(ask: &Ask<'_>, mode: &str, one: &Repository) -> bool {
    let query = &ask.query;
    let private_too = query.flag("private").unwrap_or(true);
    ask.sees(one)
        && (private_too || !one.private)
        && query.flag("is_private").is_none_or(|wanted| one.private == wanted)
        && query.flag("archived").is_none_or(|wanted| one.archived == wanted)
        && query.flag("template").is_none_or(|wanted| !wanted)
        && of_owner(ask, mode, one)
        && matches(ask, one)
}

/// `uid` means owned by or shared with, `exclusive` owned only; nothing here is a fork or a mirror.
fn of_owner(ask: &Ask<'_>, mode: &str, one: &Repository) -> bool {
    if matches!(mode, "fork" | "mirror") {
        return false;
    }
    let Some(account) = ask.query.given("uid").map(|id| id.parse().ok().and_then(|id| ask.forge.account_by_id(id)))
    else {
        return true;
    };
    let Some(account) = account else { return false };
    let owned = one.owner == account.id;
    let shared = !owned && Access::granted(ask.forge, account, one) >= Access::Read;
    match mode {
        "collaborative" => shared,
        "source" => owned,
        _ => owned || (shared && !ask.query.flag("exclusive").unwrap_or(false)),
    }
}

/// Words between commas, any of which may match.
fn matches(ask: &Ask<'_>, one: &Repository) -> bool {
    let query = &ask.query;
    if query.given("q").is_none() {
        return true;
    }
    let topic_only = query.flag("topic").unwrap_or(false);
    let in_description = query.flag("includeDesc").unwrap_or(false);
    query.list("q").any(|word| {
        let word = word.to_lowercase();
        if topic_only {
            return one.topics.contains(&word);
        }
        in_name(ask.forge, one, &word) || (in_description && one.description.to_lowercase().contains(&word))
    })
}

fn in_name(forge: &Forge, one: &Repository, word: &str) -> bool {
    let name = one.name.to_lowercase();
    let owner = forge.owner_of(one).map(|owner| owner.login.to_lowercase()).unwrap_or_default();
    match word.split_once('/') {
        Some((wanted_owner, wanted)) => owner.contains(wanted_owner) && name.contains(wanted),
        None => name.contains(word),
    }
}
