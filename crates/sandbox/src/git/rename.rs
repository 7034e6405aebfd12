//! Rename detection as `git diff -M`: identical content first, then the most alike above half.

use std::collections::HashMap;

use bytes::Bytes;

use super::change::{Change, Side};
use super::store::Git;

/// Git's default for `-M`.
const LEAST_ALIKE_PERCENT: u32 = 50;
/// Lines longer than this are compared in pieces (diffcore-delta.c).
const PIECE_BYTES: usize = 64;

/// Joins deletions and creations that look like one file moved.
pub(crate) fn pair(git: &Git, changes: Vec<Change>) -> Vec<Change> {
    let mut candidates = Vec::new();
    for (from, deletion) in changes.iter().enumerate() {
        for (to, creation) in changes.iter().enumerate() {
            if let (Some(old), None, None, Some(new)) = (&deletion.old, &deletion.new, &creation.old, &creation.new)
                && old.path != new.path
                && old.mode.is_regular()
                && new.mode.is_regular()
            {
                let alike = likeness(git, old, new);
                if alike >= LEAST_ALIKE_PERCENT {
                    candidates.push((alike, file_name(&old.path) == file_name(&new.path), from, to));
                }
            }
        }
    }
    candidates.sort_by_key(|(alike, same_name, from, to)| (u32::MAX - alike, !same_name, *from, *to));
    join(changes, &candidates)
}

fn join(changes: Vec<Change>, candidates: &[(u32, bool, usize, usize)]) -> Vec<Change> {
    let mut sources: HashMap<usize, usize> = HashMap::new();
    let mut targets: HashMap<usize, (usize, u32)> = HashMap::new();
    for (alike, _, from, to) in candidates {
        if !sources.contains_key(from) && !targets.contains_key(to) {
            sources.insert(*from, *to);
            targets.insert(*to, (*from, *alike));
        }
    }
    let olds: Vec<Option<Side>> = changes.iter().map(|change| change.old.clone()).collect();
    let kept = changes.into_iter().enumerate().filter(|(place, _)| !sources.contains_key(place));
    kept.map(|(place, change)| match targets.get(&place) {
        Some((from, alike)) => {
            Change { old: olds.get(*from).cloned().flatten(), new: change.new, similarity: Some(*alike) }
        }
        None => change,
    })
    .collect()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Bytes of the old content found again in the new, as per cent of the larger.
fn likeness(git: &Git, old: &Side, new: &Side) -> u32 {
    let content = |side: &Side| git.blob(side.id).cloned().unwrap_or_default();
    if old.id == new.id {
        return 100;
    }
    let (before, after) = (content(old), content(new));
    let larger = before.len().max(after.len());
    if larger == 0 || before.is_empty() || after.is_empty() {
        return 0;
    }
    let mut left = pieces(&before);
    let mut copied = 0;
    for (piece, count) in pieces(&after) {
        let found = left.remove(piece).unwrap_or(0).min(count);
        copied += found * piece.len();
    }
    u32::try_from(copied * 100 / larger).unwrap_or(0)
}

fn pieces(content: &Bytes) -> HashMap<&[u8], usize> {
    let mut counts = HashMap::new();
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        for piece in line.chunks(PIECE_BYTES) {
            *counts.entry(piece).or_default() += 1;
        }
    }
    counts
}
