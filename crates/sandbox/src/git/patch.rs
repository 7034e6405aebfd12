//! Patches as mail: `git format-patch --stdout`, and `git show` for a first commit.

use std::fmt::Write as _;

use super::change::{Change, changes};
use super::diff::{unified, with_binaries};
use super::object::{Commit, ObjectId};
use super::stat;
use super::store::Git;

/// Git's version at the foot of each mail; the recorded Gitea ran this one.
const GIT_VERSION: &str = "2.39.5";

/// One mail a commit, oldest first. `signed` appends Git's version, which Gitea leaves off for single commits.
pub(crate) fn format_patch(git: &Git, commits: &[ObjectId], signed: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for (place, id) in commits.iter().enumerate() {
        if let Some(commit) = git.commit(*id) {
            let number = if commits.len() > 1 { format!(" {}/{}", place + 1, commits.len()) } else { String::new() };
            mail(git, *id, commit, &number, &mut text);
            if signed {
                text.extend_from_slice(format!("-- \n{GIT_VERSION}\n\n").as_bytes());
            } else if place + 1 < commits.len() {
                text.push(b'\n');
            }
        }
    }
    text
}

fn mail(git: &Git, id: ObjectId, commit: &Commit, number: &str, text: &mut Vec<u8>) {
    let (subject, rest) = split(&commit.message);
    let author = &commit.author;
    let mut head = format!("From {id} Mon Sep 17 00:00:00 2001\n");
    let _ = writeln!(head, "From: {} <{}>", author.name, author.email);
    let _ = writeln!(head, "Date: {}", date(author.unix_seconds, "%a, %-d %b %Y %H:%M:%S +0000"));
    let _ = write!(head, "Subject: [PATCH{number}] {subject}\n\n");
    if !rest.is_empty() {
        let _ = writeln!(head, "{rest}");
    }
    let changed = of_commit(git, commit, true);
    let _ = writeln!(head, "---\n{}", stat::block(git, &changed));
    text.extend_from_slice(head.as_bytes());
    text.extend_from_slice(&with_binaries(git, &changed));
}

/// Subject line and what follows the blank line behind it.
fn split(message: &str) -> (&str, &str) {
    let (subject, rest) = message.split_once('\n').unwrap_or((message, ""));
    (subject, rest.trim_matches('\n'))
}

/// A commit against its first parent.
pub(crate) fn of_commit(git: &Git, commit: &Commit, find_renames: bool) -> Vec<Change> {
    let parent = commit.parents.first().and_then(|parent| git.tree_of(*parent));
    changes(git, parent, Some(commit.tree), find_renames)
}

/// `git show` with its default header: what Gitea answers as the diff of a commit without parents.
pub(crate) fn show(git: &Git, id: ObjectId, commit: &Commit) -> Vec<u8> {
    let author = &commit.author;
    let when = date(author.unix_seconds, "%a %b %-d %H:%M:%S %Y +0000");
    let mut text = format!("commit {id}\nAuthor: {} <{}>\nDate:   {when}\n\n", author.name, author.email);
    for line in commit.message.trim_end().lines() {
        let _ = writeln!(text, "    {line}");
    }
    text.push('\n');
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&unified(git, &of_commit(git, commit, true)));
    bytes
}

fn date(unix_seconds: i64, format: &str) -> String {
    jiff::Timestamp::from_second(unix_seconds).unwrap_or_default().strftime(format).to_string()
}
