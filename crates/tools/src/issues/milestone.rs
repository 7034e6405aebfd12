//! A milestone asked for by title or number. Gitea leaves out one that is not there, and would then list every issue; so
//! it is looked up first.

use aegis_gate::{ReadPermit, Repository, ToolError, nearest};
use aegis_gitea::read::Milestone;

use super::label::meant;
use crate::gather::gather;

/// The words by which Gitea finds it.
pub(super) async fn found(permit: &ReadPermit<Repository>, asked: &str) -> Result<String, ToolError> {
    let known = gather(usize::MAX, |_| true, |page| permit.reader().milestones(page)).await?;
    match meant(&known.rows, asked, |milestone: &Milestone| (&milestone.title, milestone.id)) {
        // Gitea takes a comma for the end of a title.
        Some(milestone) if milestone.title.contains(',') => Ok(milestone.id.to_string()),
        Some(milestone) => Ok(milestone.title.clone()),
        None => {
            let what = if known.is_cut { "milestone among the first 500" } else { "milestone" };
            let near = nearest(asked, known.rows.iter().map(|milestone| milestone.title.as_str()));
            Err(ToolError::Missing { what, name: asked.to_owned(), near })
        }
    }
}
