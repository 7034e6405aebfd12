//! A unified diff, taken apart by file, so that the policy can decide about each and a part can be shown.
//!
//! Outside a file's own lines, which git begins with a space, `+`, `-` or `\`, `diff --git ` at a line's start can only
//! be git's. A part whose names cannot be read with certainty has no name, and what has no name is not shown.

mod names;
mod shown;

use std::ops::Range;

use aegis_gitea::RepoPath;
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use shown::{Cut, DiffAnswer, show};

/// One file's part of a diff.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FilePart {
    /// Before; the same as `new` but for a rename or copy.
    pub(crate) old: RepoPath,
    /// After.
    pub(crate) new: RepoPath,
    pub(crate) change: Change,
    pub(crate) additions: u64,
    pub(crate) deletions: u64,
    /// Where it stands in the whole.
    pub(crate) range: Range<usize>,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    Added,
    Modified,
    Removed,
    Renamed,
    Copied,
}

/// The parts in their order. `None` stands for one whose names cannot be read.
pub(crate) fn parts(diff: &str) -> Vec<Option<FilePart>> {
    let starts: Vec<usize> = line_starts(diff).filter(|start| diff.get(*start..).is_some_and(is_header)).collect();
    let ends = starts.iter().copied().skip(1).chain(std::iter::once(diff.len()));
    starts.iter().copied().zip(ends).map(|(start, end)| part(diff, start..end)).collect()
}

fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    let after_line_ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(place, _)| place + 1);
    std::iter::once(0).chain(after_line_ends)
}

/// `--cc` and `--combined` head the diffs of merges; they name one file in a form of their own.
fn is_header(line: &str) -> bool {
    ["diff --git ", "diff --cc ", "diff --combined "].iter().any(|header| line.starts_with(header))
}

fn part(diff: &str, range: Range<usize>) -> Option<FilePart> {
    let text = diff.get(range.clone())?;
    let mut lines = text.split('\n');
    let header = lines.next()?.strip_prefix("diff --git ")?;
    let mut extended = Vec::new();
    let (mut additions, mut deletions) = (0, 0);
    let mut in_hunks = false;
    for line in lines {
        if line.starts_with("@@ ") {
            in_hunks = true;
        } else if !in_hunks {
            extended.push(line);
        } else if line.starts_with('+') {
            additions += 1;
        } else if line.starts_with('-') {
            deletions += 1;
        }
    }
    let (old, new) = names::read(header, &extended)?;
    Some(FilePart {
        change: change(&extended),
        old: RepoPath::parse(&old).ok()?,
        new: RepoPath::parse(&new).ok()?,
        additions,
        deletions,
        range,
    })
}

fn change(extended: &[&str]) -> Change {
    let has = |prefix: &str| extended.iter().any(|line| line.starts_with(prefix));
    if has("new file mode ") {
        Change::Added
    } else if has("deleted file mode ") {
        Change::Removed
    } else if has("rename from ") {
        Change::Renamed
    } else if has("copy from ") {
        Change::Copied
    } else {
        Change::Modified
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (String, String, Change, u64, u64);

    fn shape(diff: &str) -> Vec<Option<Read>> {
        let row =
            |part: FilePart| (part.old.to_string(), part.new.to_string(), part.change, part.additions, part.deletions);
        parts(diff).into_iter().map(|part| part.map(row)).collect()
    }

    fn named(old: &str, new: &str, change: Change, additions: u64, deletions: u64) -> Read {
        (old.to_owned(), new.to_owned(), change, additions, deletions)
    }

    #[test]
    fn each_kind_of_change_is_read() {
        let diff = "commit 1\n\n    diff --git a/no b/no\n\n\
            diff --git a/new.rs b/new.rs\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/new.rs\n@@ -0,0 +1 @@\n+x\n\
            diff --git a/old name b/old name\ndeleted file mode 100644\n--- a/old name\t\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
            diff --git a/a b b/c d\nsimilarity index 90%\nrename from a b\nrename to c d\n--- a/a b\t\n+++ b/c d\t\n@@ -1 +1 @@\n--x\n++y\n\
            diff --git a/logo.png b/logo.png\nindex 1..2 100644\nBinary files a/logo.png and b/logo.png differ\n";
        let read = shape(diff);
        assert_eq!(
            read,
            [
                Some(named("new.rs", "new.rs", Change::Added, 1, 0)),
                Some(named("old name", "old name", Change::Removed, 0, 1)),
                Some(named("a b", "c d", Change::Renamed, 1, 1)),
                Some(named("logo.png", "logo.png", Change::Modified, 0, 0)),
            ]
        );
    }

    #[test]
    fn content_that_imitates_a_header_stays_content() {
        let diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-diff --git a/s b/s\n+diff --git a/t b/t\n rename to z\n";
        assert_eq!(shape(diff), [Some(named("x", "x", Change::Modified, 1, 1))]);
    }

    #[test]
    fn r11_a_part_whose_names_are_not_certain_has_none() {
        for header in [
            "diff --cc secret\n",
            "diff --git a/x b/y\n",
            "diff --git \"a/x\\q\" \"b/x\\q\"\n",
            "diff --git a/x b/x\n--- a/x\n+++ b/y\n",
            "diff --git a/x b/x\nrename from x\n",
            "diff --git a/../x b/../x\n",
            "diff --git \n",
        ] {
            assert_eq!(shape(header), [None], "{header}");
        }
    }
}
