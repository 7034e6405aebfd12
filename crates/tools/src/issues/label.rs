//! Labels asked for by name or number. Gitea leaves out a name that is none of the repository's own labels, letter by
//! letter, and would then list every issue; so the names are looked up first.

use aegis_gate::{ReadPermit, Repository, ToolError, nearest};
use aegis_gitea::GiteaError;
use aegis_gitea::read::Label;

use crate::gather::gather;

/// What is meant by a name, letter by letter, or else by a number.
pub(super) fn meant<'a, T>(all: &'a [T], asked: &str, of: impl Fn(&T) -> (&str, i64)) -> Option<&'a T> {
    let named = all.iter().find(|one| of(one).0 == asked);
    named.or_else(|| all.iter().find(|one| of(one).1.to_string() == asked))
}

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
    let own = gather(usize::MAX, |_| true, |page| reader.labels(page)).await?;
    let mut asked = Asked::default();
    let mut others = Vec::new();
    for name in names {
        match found(&own.rows, &name) {
            Some(label) => asked.own.push(label),
            None => others.push(name),
        }
    }
    if others.is_empty() {
        return Ok(asked);
    }
    let (shared, is_whole) = match gather(usize::MAX, |_| true, |page| reader.shared_labels(page)).await {
        Ok(shared) => (shared.rows, !own.is_cut && !shared.is_cut),
        Err(GiteaError::MissingScope { .. } | GiteaError::Forbidden) => (Vec::new(), false),
        Err(error) => return Err(ToolError::Gitea(error)),
    };
    for name in others {
        match found(&shared, &name) {
            Some(label) => asked.others.push(label),
            None if is_whole => {
                let near = nearest(&name, own.rows.iter().chain(&shared).map(|label| label.name.as_str()));
                return Err(ToolError::Missing { what: "label", name, near });
            }
            None => asked.others.push(name),
        }
    }
    Ok(asked)
}

/// The name of the label that is meant.
fn found(all: &[Label], asked: &str) -> Option<String> {
    meant(all, asked, |label| (&label.name, label.id)).map(|label| label.name.clone())
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn a_name_goes_before_a_number_and_a_stranger_is_none() {
        let all = [("7", 1), ("bug", 7), ("wish", 9)];
        let of = |asked: &str| meant(&all, asked, |(name, id)| (name, *id)).map(|(_, id)| *id);
        assert_eq!((of("bug"), of("7"), of("9")), (Some(7), Some(1), Some(9)));
        assert_eq!((of("Bug"), of("09"), of("")), (None, None, None));
    }
}
