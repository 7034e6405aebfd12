//! Holds the object model to the real thing: every object of the data sets is written with Git, every diff compared.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use jiff::Timestamp;

use super::patch::of_commit;
use super::{
    Commit, Files, Git, Mode, Object, ObjectId, Signature, changes, format_patch, merge_base, show, unified, write,
};
use crate::DataSet;
use crate::forge::Forge;

const STARTED: &str = "2026-05-20T12:00:00Z";

fn forge(set: DataSet) -> Forge {
    let started: Timestamp = STARTED.parse().unwrap();
    Forge::build(&set.read().unwrap(), started).unwrap()
}

/// Runs Git without anybody's configuration.
fn git(directory: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("git")
        .args(["-c", "core.quotePath=false"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Writes all objects with `git hash-object`, which also checks their form, and compares each id.
fn written(git_objects: &Git) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "-q", "--initial-branch=main", "."], b"");
    for kind in ["blob", "tree", "commit", "tag"] {
        for (id, object) in git_objects.objects().filter(|(_, object)| object.kind() == kind) {
            let said = git(directory.path(), &["hash-object", "-w", "-t", kind, "--stdin"], &object.encode());
            assert_eq!(String::from_utf8(said).unwrap().trim(), id.to_string(), "{kind}");
        }
    }
    directory
}

fn commits(git_objects: &Git) -> Vec<(ObjectId, Commit)> {
    let commit = |(id, object): (&ObjectId, &Object)| match object {
        Object::Commit(commit) => Some((*id, commit.clone())),
        Object::Blob(_) | Object::Tree(_) | Object::Tag(_) => None,
    };
    git_objects.objects().filter_map(commit).collect()
}

#[track_caller]
fn same(ours: &[u8], theirs: &[u8], what: &str) {
    let (ours, theirs) = (String::from_utf8_lossy(ours), String::from_utf8_lossy(theirs));
    assert_eq!(ours, theirs, "{what}");
}

/// Compressed content is left out: the same bytes can be deflated in many ways, and Git may choose a delta.
fn without_binaries(patch: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut inside = false;
    for line in patch.split_inclusive(|byte| *byte == b'\n') {
        inside = (inside || line.starts_with(b"GIT binary patch")) && !line.starts_with(b"diff --git");
        if !inside {
            kept.extend_from_slice(line);
        }
    }
    kept
}

#[test]
fn git_am_makes_the_same_trees_from_our_patches() {
    let forge = forge(DataSet::Demo);
    let widget = forge.repositories.iter().find(|one| one.git.branches.len() > 2).unwrap();
    let directory = written(&widget.git);
    let work_tree = directory.path();
    let mut applied = 0;
    for (id, commit) in commits(&widget.git) {
        if let [parent] = commit.parents.as_slice() {
            git(work_tree, &["checkout", "-q", "--force", &parent.to_string()], b"");
            let who = ["-c", "user.name=x", "-c", "user.email=x@x.test"];
            let patch = format_patch(&widget.git, &[id], false);
            git(work_tree, &[&who[..], &["am", "-q", "--keep-cr", "-"]].concat(), &patch);
            let tree = String::from_utf8(git(work_tree, &["rev-parse", "HEAD^{tree}"], b"")).unwrap();
            assert_eq!(tree.trim(), commit.tree.to_string(), "{}", commit.message);
            applied += 1;
        }
    }
    assert!(applied >= 7, "{applied}");
}

#[test]
fn ids_diffs_and_patches_of_the_data_sets_are_gits() {
    for set in [DataSet::Demo, DataSet::Recorded] {
        for repository in &forge(set).repositories {
            let ours = &repository.git;
            let directory = written(ours);
            let work_tree = directory.path();
            for (id, commit) in commits(ours) {
                let name = format!("{} {id}", repository.name);
                let sha = id.to_string();
                match commit.parents.first() {
                    None => same(&show(ours, id, &commit), &git(work_tree, &["show", &sha], b""), &name),
                    Some(parent) => {
                        let diff = git(work_tree, &["diff", "-M", &parent.to_string(), &sha], b"");
                        same(&unified(ours, &of_commit(ours, &commit, true)), &diff, &name);
                    }
                }
                if commit.parents.len() < 2 {
                    let patch =
                        git(work_tree, &["format-patch", "--no-signature", "--stdout", "--root", "-1", &sha], b"");
                    same(&without_binaries(&format_patch(ours, &[id], false)), &without_binaries(&patch), &name);
                }
            }
        }
    }
}

#[test]
fn merge_bases_are_gits() {
    let forge = forge(DataSet::Demo);
    let widget = forge.repositories.iter().find(|one| one.git.branches.len() > 2).unwrap();
    let directory = written(&widget.git);
    let all = commits(&widget.git);
    for (one, _) in &all {
        for (other, _) in &all {
            let said = git(directory.path(), &["merge-base", &one.to_string(), &other.to_string()], b"");
            let said = String::from_utf8(said).unwrap().trim().to_owned();
            assert_eq!(merge_base(&widget.git, *one, *other).unwrap().to_string(), said);
        }
    }
}

/// Texts from few different lines, so that changes are ambiguous and slide; then changed at a few places.
fn scrambled(seed: u64) -> (String, String) {
    const LINES: [&str; 7] = ["{\n", "}\n", "\n", "fn one() {\n", "    return;\n", "    call();\n", "last"];
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    let old: Vec<&str> = (0..5 + next(40)).map(|_| LINES[next(6)]).collect();
    let mut new = old.clone();
    for _ in 0..=next(5) {
        let at = next(new.len());
        match next(3) {
            0 => new.insert(at, LINES[next(6)]),
            1 if new.len() > 1 => drop(new.remove(at)),
            _ => new[at] = LINES[next(6)],
        }
    }
    if next(3) == 0 {
        new.push(LINES[6]);
    }
    (old.concat(), new.concat())
}

/// Which of several equal lines a diff names is free; that it leads from one text to the other is not.
#[test]
fn git_apply_accepts_our_diffs() {
    for seed in 0..60 {
        let (old, new) = scrambled(seed);
        let mut ours = Git::default();
        let mut tree = |text: &str| {
            let id = ours.put(Object::Blob(Bytes::copy_from_slice(text.as_bytes())));
            write(&mut ours, &Files::from([("a file.txt".to_owned(), (Mode::File, id))]))
        };
        let (before, after) = (tree(&old), tree(&new));
        let diff = unified(&ours, &changes(&ours, Some(before), Some(after), true));
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a file.txt");
        fs::write(&file, &old).unwrap();
        if old != new {
            git(directory.path(), &["apply", "-"], &diff);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), new, "seed {seed}");
    }
}

#[test]
fn modes_renames_deletions_and_kinds_are_shown_as_git_shows_them() {
    let mut ours = Git::default();
    let mut blob = |text: &str| ours.put(Object::Blob(Bytes::copy_from_slice(text.as_bytes())));
    let long = (0..40).fold(String::new(), |text, line| text + &format!("line {line} of a longer file\n"));
    let (plain, other) = (blob("echo one\n"), blob("echo two\n"));
    let (moved, edited) = (blob(&long), blob(&long.replace("line 20", "line twenty")));
    let (target, binary, changed) = (blob("docs/a.md"), blob("a\0b"), blob("a\0c"));
    let submodule: ObjectId = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    let newer: ObjectId = "89abcdef0123456789abcdef0123456789abcdef".parse().unwrap();
    let before = Files::from([
        ("run.sh".to_owned(), (Mode::File, plain)),
        ("both.sh".to_owned(), (Mode::File, plain)),
        ("deep/old name.txt".to_owned(), (Mode::File, moved)),
        ("gone.txt".to_owned(), (Mode::File, other)),
        ("becomes-link".to_owned(), (Mode::File, other)),
        ("picture.bin".to_owned(), (Mode::File, binary)),
        ("lib".to_owned(), (Mode::Submodule, submodule)),
    ]);
    let after = Files::from([
        ("run.sh".to_owned(), (Mode::Executable, plain)),
        ("both.sh".to_owned(), (Mode::Executable, other)),
        ("deep/new name.txt".to_owned(), (Mode::File, edited)),
        ("becomes-link".to_owned(), (Mode::Symlink, target)),
        ("picture.bin".to_owned(), (Mode::File, changed)),
        ("lib".to_owned(), (Mode::Submodule, newer)),
        ("new.bin".to_owned(), (Mode::File, binary)),
    ]);
    let (before, after) = (write(&mut ours, &before), write(&mut ours, &after));
    let someone =
        Signature { name: "Some One".to_owned(), email: "one@x.test".to_owned(), unix_seconds: 1_795_252_770 };
    let mut commit = |tree: ObjectId, parents: Vec<ObjectId>| {
        let (author, committer, message) =
            (someone.clone(), someone.clone(), "Change all kinds\n\nAt once.\n".to_owned());
        ours.put(Object::Commit(Commit { tree, parents, author, committer, message }))
    };
    let first = commit(before, Vec::new());
    let second = commit(after, vec![first]);
    let directory = written(&ours);
    let (from, to) = (first.to_string(), second.to_string());
    let diff = git(directory.path(), &["diff", "-M", &from, &to], b"");
    same(&unified(&ours, &changes(&ours, Some(before), Some(after), true)), &diff, "diff");
    let patch = git(directory.path(), &["format-patch", "--no-signature", "--stdout", "-1", &to], b"");
    same(&without_binaries(&format_patch(&ours, &[second], false)), &without_binaries(&patch), "patch");
}
