//! Labels asked for by name. Gitea leaves out a name that is none of the repository's own labels, letter by letter, and
//! would then list every issue; so the names are looked up first.

use aegis_gate::{ReadPermit, Repository, ToolError, nearest};
use aegis_gitea::GiteaError;

use crate::gather::gather;

/// The labels that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Those of the repository itself, by which Gitea picks.
    pub(crate) own: Vec<String>,
    /// Those of its organisation, or that may be: picked by here.
    pub(crate) others: Vec<String>,
}

/// Sorts the names; one that neither the repository nor its organisation has is missing. Where the organisation's
/// labels may not be seen, or there are too many to look through, nothing is said to be missing.
pub(crate) async fn sorted(permit: &ReadPermit<Repository>, names: Vec<String>) -> Result<Asked, ToolError> {
    let reader = permit.reader();
    let name = |label: aegis_gitea::read::Label| label.name;
    let known = gather(usize::MAX, |_| true, |page| reader.labels(page)).await?;
    let mut is_whole = !known.is_cut;
    let mut known: Vec<String> = known.rows.into_iter().map(name).collect();
    let (own, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| known.contains(name));
    if others.is_empty() {
        return Ok(Asked { own, others });
    }
    match gather(usize::MAX, |_| true, |page| reader.shared_labels(page)).await {
        Ok(shared) => {
            is_whole &= !shared.is_cut;
            known.extend(shared.rows.into_iter().map(name));
        }
        Err(GiteaError::MissingScope { .. } | GiteaError::Forbidden) => is_whole = false,
        Err(error) => return Err(ToolError::Gitea(error)),
    }
    match others.iter().find(|name| is_whole && !known.contains(name)) {
        Some(name) => {
            let near = nearest(name, known.iter().map(String::as_str));
            Err(ToolError::Missing { what: "label", name: name.clone(), near })
        }
        None => Ok(Asked { own, others }),
    }
}
