//! What one ref has that another lacks.

use serde_json::{Value, json};

use crate::answer::commit::{Parts, commit};
use crate::answer::{Answer, Outcome};
use crate::ask::{Ask, Here};
use crate::git::{Log, ancestors, merge_base};

/// `base...head` counts from the merge base, `base..head` from the base itself: the same commits either way. A lone name
/// is compared with the default branch.
pub(super) fn compare(ask: &Ask<'_>, here: &Here<'_>, range: &str) -> Outcome {
    let git = &here.repository.git;
    let (base, head) = range.split_once("...").or_else(|| range.split_once("..")).unwrap_or(("", range));
    let base = if base.is_empty() { here.repository.default_branch.as_str() } else { base };
    let resolve = |name: &str| git.resolve(name).map(|found| found.commit).ok_or_else(|| ask.not_found());
    let (base, head) = (resolve(base)?, resolve(head)?);
    if merge_base(git, base, head).is_none() {
        return Err(ask.not_found());
    }
    let commits: Vec<Value> = Log::without(git, head, "", ancestors(git, base))
        .filter_map(|id| Some(commit(ask, here, id, git.commit(id)?, Parts::ALL)))
        .collect();
    Ok(Answer::json(&json!({ "total_commits": commits.len(), "commits": commits })))
}
