//! Trees and blobs by id.

use http::header::ACCESS_CONTROL_EXPOSE_HEADERS;
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use crate::answer::content::blob as blob_answer;
use crate::answer::{Answer, Outcome, Page};
use crate::ask::{Ask, Here};
use crate::git::{Found, Mode, ObjectId, walk};

/// `DEFAULT_GIT_TREES_PER_PAGE`, also the most.
const ENTRIES_A_PAGE: usize = 1000;

/// A tree, a commit's tree or a ref's; the `sha` answered is the one asked for, a commit's stays a commit's.
pub(super) fn tree(ask: &Ask<'_>, here: &Here<'_>, name: &str) -> Outcome {
    let git = &here.repository.git;
    let missing = || ask.error(StatusCode::BAD_REQUEST, &format!("sha not found [{name}]"));
    let id = here.resolve(name).map(|found| found.commit).or_else(|| git.id_starting(name)).ok_or_else(missing)?;
    let mut entries = walk(git, git.tree_of(id).ok_or_else(missing)?);
    if !ask.query.flag("recursive").unwrap_or(false) {
        entries.retain(|entry| !entry.path.contains('/'));
    }
    let page = Page::clamped(ask, "per_page", ENTRIES_A_PAGE, ENTRIES_A_PAGE);
    let total = entries.len();
    let cut: Vec<_> = page.cut(entries).iter().map(|entry| entry_answer(ask, here, entry)).collect();
    let body = json!({
        "sha": id.to_string(),
        "url": format!("{}/git/trees/{id}", here.api_url(ask)),
        "tree": cut,
        "truncated": page.number < page.count(total),
        "page": page.number,
        "total_count": total,
    });
    Ok(Answer::json(&body)
        .with(ACCESS_CONTROL_EXPOSE_HEADERS, "X-Total-Count")
        .with(HeaderName::from_static("x-total-count"), total.to_string()))
}

fn entry_answer(ask: &Ask<'_>, here: &Here<'_>, entry: &Found) -> Value {
    let api = here.api_url(ask);
    let (kind, url) = match entry.mode {
        Mode::Tree => ("tree", format!("{api}/git/trees/{}", entry.id)),
        Mode::Submodule => ("commit", String::new()),
        Mode::File | Mode::Executable | Mode::Symlink => ("blob", format!("{api}/git/blobs/{}", entry.id)),
    };
    json!({
        "path": entry.path,
        "mode": entry.mode.octal(),
        "type": kind,
        "size": here.repository.git.blob(entry.id).map_or(0, bytes::Bytes::len),
        "sha": entry.id.to_string(),
        "url": url,
    })
}

pub(super) fn blob(ask: &Ask<'_>, here: &Here<'_>, name: &str) -> Outcome {
    let git = &here.repository.git;
    let missing = || ask.error(StatusCode::BAD_REQUEST, &format!("object does not exist [id: {name}, rel_path: ]"));
    let id: ObjectId = git.id_starting(name).ok_or_else(missing)?;
    let content = git.blob(id).ok_or_else(missing)?;
    Ok(Answer::json(&blob_answer(ask, here, &id.to_string(), content)))
}
