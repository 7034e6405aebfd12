//! The line-by-line edit script of two texts, with Git's habit of sliding each change as far down as it goes.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Which lines of either text take part in a change, and the lines themselves with their line feeds.
pub(crate) struct Script<'a> {
    pub(crate) old: Vec<&'a [u8]>,
    pub(crate) new: Vec<&'a [u8]>,
    removed: Vec<bool>,
    added: Vec<bool>,
}

/// A run of lines replaced: `old.0..old.1` became `new.0..new.1`; either may be empty, not both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) old: (usize, usize),
    pub(crate) new: (usize, usize),
}

impl<'a> Script<'a> {
    pub(crate) fn new(old: &'a [u8], new: &'a [u8]) -> Self {
        let (old, new) = (lines(old), lines(new));
        let mut removed = vec![false; old.len()];
        let mut added = vec![false; new.len()];
        for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
            if !matches!(op, DiffOp::Equal { .. }) {
                mark(&mut removed, op.old_range());
                mark(&mut added, op.new_range());
            }
        }
        slide(&old, &mut removed);
        slide(&new, &mut added);
        Self { old, new, removed, added }
    }

    pub(crate) fn edits(&self) -> Vec<Edit> {
        let mut edits = Vec::new();
        let (mut old, mut new) = (0, 0);
        while old < self.old.len() || new < self.new.len() {
            let start = (old, new);
            old += run(&self.removed, old);
            new += run(&self.added, new);
            if (old, new) == start {
                (old, new) = (old + 1, new + 1);
            } else {
                edits.push(Edit { old: (start.0, old), new: (start.1, new) });
            }
        }
        edits
    }
}

/// Lines with their line feeds; the last may lack one.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

fn mark(flags: &mut [bool], range: std::ops::Range<usize>) {
    for flag in flags.get_mut(range).unwrap_or_default() {
        *flag = true;
    }
}

/// How many flags are set from `start` on.
fn run(flags: &[bool], start: usize) -> usize {
    flags.iter().skip(start).take_while(|flag| **flag).count()
}

/// Moves each run of changed lines down while the line after it equals its first (xdiff's `xdl_change_compact`).
fn slide(lines: &[&[u8]], flags: &mut [bool]) {
    let mut start = 0;
    while start < flags.len() {
        let mut end = start + run(flags, start);
        if end == start {
            start += 1;
            continue;
        }
        while end < flags.len() && lines.get(start) == lines.get(end) {
            flags.swap(start, end);
            start += 1;
            end += 1 + run(flags, end + 1);
        }
        start = end;
    }
}
