//! Commits and branches as JSON.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::{self, View};
use crate::ask::{Ask, Here};
use crate::git::{Change, Commit, Git, ObjectId, Signature, Status, changes, lines_changed};
use crate::rights::Access;

/// Which costly parts of a commit are wanted; Gitea fills all unless told not to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) stat: bool,
    pub(crate) verification: bool,
    pub(crate) files: bool,
}

impl Parts {
    pub(crate) const ALL: Self = Self { stat: true, verification: true, files: true };

    /// From the query: a part is left out only by an explicit false.
    pub(crate) fn asked(ask: &Ask<'_>) -> Self {
        let wanted = |key: &str| ask.query.flag(key).unwrap_or(true);
        Self { stat: wanted("stat"), verification: wanted("verification"), files: wanted("files") }
    }
}

/// RFC 3339, to the second.
pub(crate) fn time(signature: &Signature) -> String {
    Timestamp::from_second(signature.unix_seconds).unwrap_or_default().to_string()
}

/// No commit of the sandbox is signed.
fn unverified() -> Value {
    json!({ "verified": false, "reason": "gpg.error.not_signed_commit", "signature": "", "signer": null, "payload": "" })
}

fn signed(signature: &Signature) -> Value {
    json!({ "name": signature.name, "email": signature.email, "date": time(signature) })
}

/// Against the first parent, without looking for renames, as Gitea lists a commit's files.
fn changed(git: &Git, commit: &Commit) -> Vec<Change> {
    let parent = commit.parents.first().and_then(|parent| git.tree_of(*parent));
    changes(git, parent, Some(commit.tree), false)
}

/// A commit. Its `tree` bears the commit's own id: that is what Gitea sends.
pub(crate) fn commit(ask: &Ask<'_>, here: &Here<'_>, id: ObjectId, commit: &Commit, parts: Parts) -> Value {
    let api = here.api_url(ask);
    let url = format!("{api}/git/commits/{id}");
    let created = time(&commit.committer);
    let person = |signature: &Signature| {
        let known = ask.forge.account_by_email(&signature.email);
        known.map(|known| account::user(ask, known, View::Public))
    };
    let parent = |id: &ObjectId| json!({ "url": format!("{api}/git/commits/{id}"), "sha": id.to_string(), "created": "0001-01-01T00:00:00Z" });
    let changed = if parts.stat || parts.files { changed(&here.repository.git, commit) } else { Vec::new() };
    json!({
        "url": url,
        "sha": id.to_string(),
        "created": created,
        "html_url": format!("{}/commit/{id}", here.html_url(ask)),
        "commit": {
            "url": url,
            "author": signed(&commit.author),
            "committer": signed(&commit.committer),
            "message": commit.message,
            "tree": { "url": format!("{api}/git/trees/{id}"), "sha": id.to_string(), "created": created },
            "verification": if parts.verification { unverified() } else { Value::Null },
        },
        "author": person(&commit.author),
        "committer": person(&commit.committer),
        "parents": commit.parents.iter().map(parent).collect::<Vec<_>>(),
        "files": if parts.files { files(&changed) } else { Value::Null },
        "stats": if parts.stat { stats(&here.repository.git, &changed) } else { Value::Null },
    })
}

/// Added first, then removed, then modified.
fn files(changed: &[Change]) -> Value {
    let mut listed = Vec::with_capacity(changed.len());
    for (status, word) in [(Status::Added, "added"), (Status::Removed, "removed"), (Status::Modified, "modified")] {
        let matching = changed.iter().filter(|change| change.status() == status);
        listed.extend(matching.map(|change| json!({ "filename": change.path(), "status": word })));
    }
    listed.into()
}

fn stats(git: &Git, changed: &[Change]) -> Value {
    let lines = changed.iter().map(|change| lines_changed(git, change));
    let (added, removed) = lines.fold((0, 0), |(added, removed), one| (added + one.added, removed + one.removed));
    json!({ "total": added + removed, "additions": added, "deletions": removed })
}

/// A branch with its tip.
pub(crate) fn branch(ask: &Ask<'_>, here: &Here<'_>, name: &str, tip: ObjectId) -> Value {
    let person = |signature: &Signature| {
        let login = ask.forge.account_by_email(&signature.email).map(|known| known.login.as_str()).unwrap_or_default();
        json!({ "name": signature.name, "email": signature.email, "username": login })
    };
    let commit = here.repository.git.commit(tip).map(|commit| {
        json!({
            "id": tip.to_string(),
            "message": commit.message,
            "url": format!("{}/commit/{tip}", here.html_url(ask)),
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "verification": unverified(),
            "timestamp": time(&commit.committer),
            "added": null,
            "removed": null,
            "modified": null,
        })
    });
    json!({
        "name": name,
        "commit": commit,
        "protected": false,
        "required_approvals": 0,
        "enable_status_check": false,
        "status_check_contexts": [],
        "user_can_push": here.access >= Access::Write,
        "user_can_merge": here.access >= Access::Write,
        "effective_branch_protection_name": "",
    })
}
