//! What is shown of a diff: the files the policy lets through, one part at a time.

use aegis_gate::{Output, ReadPermit, Repository, ToolError, nearest};
use aegis_gitea::RepoPath;
use aegis_gitea::read::Diff;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Change, FilePart, parts};
use crate::shape::{OffsetArgument, PathArgument, Window, some_if, window};

/// Most files in one answer.
const MOST_FILES: usize = 100;

/// Which part of a diff.
pub(crate) struct Cut {
    /// Only this file.
    path: Option<RepoPath>,
    /// Where to go on.
    offset: usize,
}

impl Cut {
    pub(crate) fn parse(path: &PathArgument, offset: &OffsetArgument) -> Result<Self, ToolError> {
        Ok(Self { path: path.parse()?, offset: offset.parse()? })
    }
}

/// A diff, or part of one.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct DiffAnswer {
    /// The commit the diff leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) html_url: String,
    /// Files of this part of the diff.
    files: Vec<FileRow>,
    /// Bytes of the whole diff, as far as it is shown.
    size: usize,
    /// Whether there is more.
    truncated: bool,
    /// The offset to go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<usize>,
    /// Files that the gateway's policy withholds.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<u64>,
    /// Set where the diff is longer than the gateway reads; its end is not here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cut_at_limit: bool,
    /// Invisible characters made visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    sanitised: Option<u64>,
    /// Secrets masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    masked: Option<u64>,
    /// The unified diff.
    diff: String,
    #[serde(skip)]
    seams: Vec<u8>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FileRow {
    path: String,
    /// The path before a rename.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_path: Option<String>,
    change: Change,
    additions: u64,
    deletions: u64,
    /// Set where bytes that are no UTF-8 were replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lossy: bool,
}

impl Output for DiffAnswer {
    const FILE_TEXT: &'static [&'static str] = &["diff"];
    const BARE_TEXT: Option<&'static str> = Some("diff");

    fn exact_bytes(&self) -> Option<&[u8]> {
        (!self.seams.is_empty()).then_some(&self.seams)
    }
}

/// The part that was asked for, of what may be seen.
pub(crate) fn show(permit: &ReadPermit<Repository>, diff: &Diff, cut: &Cut) -> Result<DiffAnswer, ToolError> {
    let text = String::from_utf8_lossy(&diff.bytes);
    // Both names must be allowed: a rename tells the one by the other.
    let new = permit.visible_paths(parts(&text), |part| part.as_ref().map_or("", |part| part.new.as_str()));
    let old = permit.visible_paths(new.rows, |part| part.as_ref().map_or("", |part| part.old.as_str()));
    let seen: Vec<FilePart> = old.rows.into_iter().flatten().collect();
    let (visible, places) = joined(&text, chosen(seen, cut.path.as_ref())?);
    let is_lossy = matches!(text, std::borrow::Cow::Owned(_));
    let is_replaced = |place: &Place| {
        is_lossy && visible.get(place.clone()).unwrap_or_default().contains(char::REPLACEMENT_CHARACTER)
    };
    let shown = part_of(&visible, &places, cut.offset, permit.house().max_answer_bytes);
    Ok(DiffAnswer {
        files: places
            .iter()
            .filter(|(place, _)| overlap(place, &shown))
            .map(|(place, part)| row(part, is_replaced(place)))
            .collect(),
        size: visible.len(),
        truncated: shown.next_offset.is_some(),
        next_offset: shown.next_offset,
        withheld: some_if(new.withheld.saturating_add(old.withheld)),
        cut_at_limit: diff.is_truncated,
        diff: shown.of(&visible).to_owned(),
        seams: shown.seams(visible.as_bytes()),
        ..DiffAnswer::default()
    })
}

/// All files, or the one that was asked for.
fn chosen(mut seen: Vec<FilePart>, path: Option<&RepoPath>) -> Result<Vec<FilePart>, ToolError> {
    let Some(path) = path else { return Ok(seen) };
    let near = nearest(path.as_str(), seen.iter().map(|part| part.new.as_str()));
    seen.retain(|part| part.new == *path || part.old == *path);
    if seen.is_empty() {
        return Err(ToolError::Missing { what: "file", name: format!("`{path}` in this diff"), near });
    }
    Ok(seen)
}

type Place = std::ops::Range<usize>;

/// The text of these parts alone, and where each stands in it.
fn joined(text: &str, parts: Vec<FilePart>) -> (String, Vec<(Place, FilePart)>) {
    let mut visible = String::with_capacity(parts.iter().map(|part| part.range.len()).sum());
    let mut places = Vec::with_capacity(parts.len());
    for part in parts {
        let start = visible.len();
        visible.push_str(text.get(part.range.clone()).unwrap_or_default());
        places.push((start..visible.len(), part));
    }
    (visible, places)
}

fn part_of(visible: &str, places: &[(Place, FilePart)], start: usize, most_bytes: usize) -> Window {
    let last = places.iter().filter(|(place, _)| place.end > start).nth(MOST_FILES - 1);
    let most_bytes = last.map_or(most_bytes, |(place, _)| most_bytes.min(place.end.saturating_sub(start)));
    window(visible, start, most_bytes)
}

fn overlap(place: &Place, shown: &Window) -> bool {
    place.start < shown.range.end && shown.range.start < place.end
}

fn row(part: &FilePart, lossy: bool) -> FileRow {
    FileRow {
        path: part.new.to_string(),
        old_path: (part.old != part.new).then(|| part.old.to_string()),
        change: part.change,
        additions: part.additions,
        deletions: part.deletions,
        lossy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(files: usize) -> String {
        let file =
            |number| format!("diff --git a/{number} b/{number}\n--- a/{number}\n+++ b/{number}\n@@ -1 +1 @@\n-x\n+y\n");
        (0..files).map(file).collect()
    }

    #[test]
    fn c08_an_answer_has_a_bounded_number_of_files_and_the_rest_follows() {
        let text = diff(250);
        let (visible, places) = joined(&text, parts(&text).into_iter().flatten().collect());
        assert_eq!(visible, text);
        let (mut start, mut read, mut counts) = (0, String::new(), Vec::new());
        loop {
            let shown = part_of(&visible, &places, start, 1_000_000);
            counts.push(places.iter().filter(|(place, _)| overlap(place, &shown)).count());
            read.push_str(shown.of(&visible));
            let Some(next) = shown.next_offset else { break };
            start = next;
        }
        assert_eq!((counts, read), (vec![100, 100, 50], visible));
    }

    #[test]
    fn one_file_is_picked_out_and_a_misspelt_one_has_neighbours() {
        let text = "diff --git a/src/lib.rs b/src/lib.rs\n@@ -1 +1 @@\n+x\ndiff --git a/b b/b\n";
        let all = || parts(text).into_iter().flatten().collect::<Vec<_>>();
        let path = RepoPath::parse("b").unwrap();
        assert_eq!(joined(text, chosen(all(), Some(&path)).unwrap()).0, "diff --git a/b b/b\n");
        let misspelt = RepoPath::parse("src/lob.rs").unwrap();
        let Err(ToolError::Missing { near, .. }) = chosen(all(), Some(&misspelt)) else { panic!("it was found") };
        assert_eq!(near, ["src/lib.rs"]);
    }
}
