//! From path to handler. Paths are split before they are decoded, so that an encoded slash stays inside its segment.

mod branch;
mod commit;
mod compare;
mod content;
mod instance;
mod issue;
mod label;
mod organisation;
mod pull;
mod raw;
mod release;
mod repository;
mod search;
mod tree;
mod user;

use crate::answer::{Answer, Outcome};
use crate::ask::{Ask, Here};
use crate::query::decode;
use crate::scope::Category;

/// Answers a request below `/api/v1`; `rest` is what follows, undecoded.
pub(crate) fn answer(ask: &Ask<'_>, rest: &str) -> Answer {
    let segments: Option<Vec<String>> = rest.split('/').map(decode).collect();
    let Some(segments) = segments else { return Answer::no_such_route() };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let empty_inside = segments.iter().rev().skip(1).any(|segment| segment.is_empty());
    if empty_inside {
        return Answer::no_such_route();
    }
    dispatch(ask, &segments).unwrap_or_else(|refusal| refusal)
}

fn dispatch(ask: &Ask<'_>, segments: &[&str]) -> Outcome {
    match segments {
        ["version"] => Ok(instance::version(ask)),
        ["settings", which] => Ok(instance::settings(ask, which)),
        ["admin", rest @ ..] => admin(ask, rest),
        ["user", rest @ ..] => {
            ask.require(&[Category::User])?;
            match rest {
                [] => user::me(ask),
                ["repos"] => user::my_repositories(ask),
                ["orgs"] => user::my_organisations(ask),
                ["teams"] => user::my_teams(ask),
                _ => Ok(Answer::no_such_route()),
            }
        }
        ["users", "search"] => {
            ask.require(&[Category::User])?;
            Ok(user::search(ask))
        }
        ["users", login, rest @ ..] => {
            ask.require(&[Category::User])?;
            match rest {
                [] => user::one(ask, login),
                ["repos"] => user::repositories(ask, login),
                _ => Ok(Answer::no_such_route()),
            }
        }
        ["orgs", rest @ ..] => {
            ask.require(&[Category::Organization])?;
            organisations(ask, rest)
        }
        ["repos", "issues", "search"] => {
            ask.require(&[Category::Issue])?;
            issue::search(ask)
        }
        ["repos", "search"] => {
            ask.require(&[Category::Repository])?;
            search::repositories(ask)
        }
        ["repos", owner, name, rest @ ..] => below_repository(ask, owner, name, rest),
        _ => Ok(Answer::no_such_route()),
    }
}

fn admin(ask: &Ask<'_>, rest: &[&str]) -> Outcome {
    ask.require(&[Category::Admin])?;
    if !ask.person()?.admin {
        return Err(ask.error(http::StatusCode::FORBIDDEN, "user should be the site admin"));
    }
    match rest {
        ["users"] => Ok(user::all(ask)),
        _ => Ok(Answer::no_such_route()),
    }
}

fn organisations(ask: &Ask<'_>, rest: &[&str]) -> Outcome {
    match rest {
        [] => Ok(organisation::all(ask)),
        [name] => organisation::one(ask, name),
        [name, "repos"] => organisation::repositories(ask, name),
        [name, "teams"] => organisation::teams(ask, name),
        [name, "members"] => organisation::members(ask, name),
        [name, "labels"] => organisation::labels(ask, name),
        _ => Ok(Answer::no_such_route()),
    }
}

/// Everything below one repository. Scopes come first, the repository second, the rest of the path last.
fn below_repository(ask: &Ask<'_>, owner: &str, name: &str, rest: &[&str]) -> Outcome {
    if let ["issues" | "labels" | "milestones", ..] = rest {
        ask.require(&[Category::Issue])?;
        let here = ask.here(owner, name, "issues")?;
        return below_issues(ask, &here, rest);
    }
    ask.require(&[Category::Repository])?;
    let here = ask.here(owner, name, "repos")?;
    match rest {
        [] => Ok(repository::one(ask, &here)),
        ["languages"] => Ok(repository::languages(&here)),
        ["topics"] => Ok(repository::topics(&here)),
        ["collaborators", rest @ ..] => repository::collaborators(ask, &here, rest),
        ["branches"] => Ok(branch::branches(ask, &here)),
        ["branches", name @ ..] => branch::branch(ask, &here, &name.join("/")),
        ["tags"] => Ok(branch::tags(ask, &here)),
        ["tags", name @ ..] => branch::tag(ask, &here, &name.join("/")),
        ["commits"] => commit::list(ask, &here),
        ["commits", sha, "status"] => commit::combined_status(ask, &here, sha),
        ["commits", sha, "statuses"] => commit::statuses(ask, &here, sha),
        ["git", "commits", sha] => commit::one(ask, &here, sha),
        ["git", "trees", sha] => tree::tree(ask, &here, sha),
        ["git", "blobs", sha] => tree::blob(ask, &here, sha),
        ["contents", path @ ..] => content::contents(ask, &here, &path.join("/")),
        ["contents-ext", path @ ..] if ask.instance.version.at_least(25) => {
            content::extended(ask, &here, &path.join("/"))
        }
        ["file-contents"] if ask.instance.version.at_least(24) => content::several(ask, &here),
        ["raw", path @ ..] if !path.is_empty() => raw::raw(ask, &here, &path.join("/")),
        ["media", path @ ..] if !path.is_empty() => raw::media(ask, &here, &path.join("/")),
        ["compare", range @ ..] if !range.is_empty() => compare::compare(ask, &here, &range.join("/")),
        ["pulls", rest @ ..] => pull::below(ask, &here, rest),
        ["releases", rest @ ..] => release::below(ask, &here, rest),
        _ => Ok(Answer::no_such_route()),
    }
}

fn below_issues(ask: &Ask<'_>, here: &Here<'_>, rest: &[&str]) -> Outcome {
    match rest {
        ["issues"] => issue::list(ask, here),
        ["issues", "comments"] => Ok(issue::all_comments(ask, here)),
        ["issues", "comments", id] => issue::one_comment(ask, here, id),
        ["issues", number] => issue::one(ask, here, number),
        ["issues", number, "comments"] => issue::comments(ask, here, number),
        ["issues", number, "labels"] => issue::labels(ask, here, number),
        ["labels"] => Ok(label::labels(ask, here)),
        ["labels", id] => label::label(ask, here, id),
        ["milestones"] => Ok(label::milestones(ask, here)),
        ["milestones", id] => label::milestone(ask, here, id),
        _ => Ok(Answer::no_such_route()),
    }
}
