//! Turns the commits and tags of a data set into objects and refs.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;

use super::prose::prose;
use crate::SandboxError;
use crate::data_set::schema::{self, DetailedFile, File};
use crate::forge::{Account, Forge};
use crate::git::{Commit, Files, Git, Mode, Object, ObjectId, Signature, Tag, merge_base, tree_files, write};

/// Files of a [`schema::Fill`] a directory.
const FILES_A_DIRECTORY: usize = 50;

/// All history of one repository.
pub(super) fn build(forge: &Forge, data: &schema::Repository, started: Timestamp) -> Result<Git, SandboxError> {
    let mut git = Git::default();
    let mut checkouts: HashMap<String, Files> = HashMap::new();
    for commit in &data.commits {
        add(forge, &mut git, &mut checkouts, commit, started)?;
    }
    for tag in &data.tags {
        let target = git.resolve(&tag.target).ok_or_else(|| SandboxError::dangling("a tag's target", &tag.target))?;
        let id = match &tag.annotation {
            None => target.commit,
            Some(annotation) => {
                let tagger = signature(account(forge, &annotation.tagger)?, None, annotation.when.resolve(started)?);
                let (name, message) = (tag.name.clone(), annotation.message.clone());
                git.put(Object::Tag(Tag { commit: target.commit, name, tagger, message }))
            }
        };
        git.tags.insert(tag.name.clone(), id);
    }
    Ok(git)
}

fn account<'a>(forge: &'a Forge, login: &str) -> Result<&'a Account, SandboxError> {
    forge.account(login).ok_or_else(|| SandboxError::dangling("an account", login))
}

fn signature(person: &Account, signed_as: Option<&str>, when: Timestamp) -> Signature {
    let name = signed_as.unwrap_or(&person.commit_name).to_owned();
    Signature { name, email: person.email.clone(), unix_seconds: when.as_second() }
}

fn add(
    forge: &Forge,
    git: &mut Git,
    checkouts: &mut HashMap<String, Files>,
    data: &schema::Commit,
    started: Timestamp,
) -> Result<(), SandboxError> {
    let start = if git.branches.contains_key(&data.branch) { &data.branch } else { &data.from };
    let mut parents: Vec<ObjectId> = git.branches.get(start).copied().into_iter().collect();
    let mut files = checkouts.get(start).cloned().unwrap_or_default();
    if let Some(merged) = &data.merges {
        let theirs = *git.branches.get(merged).ok_or_else(|| SandboxError::dangling("a branch", merged))?;
        take_over(git, &mut files, parents.first().copied(), theirs);
        parents.push(theirs);
    }
    apply(git, &mut files, data)?;
    let tree = write(git, &files);
    let author = signature(account(forge, &data.author)?, data.signed_as.as_deref(), data.when.resolve(started)?);
    let committer = author.clone();
    let id = git.put(Object::Commit(Commit { tree, parents, author, committer, message: data.message.clone() }));
    git.branches.insert(data.branch.clone(), id);
    checkouts.insert(data.branch.clone(), files);
    Ok(())
}

/// A merge without conflicts: everything the other side changed since the merge base.
fn take_over(git: &Git, files: &mut Files, ours: Option<ObjectId>, theirs: ObjectId) {
    let base = ours.and_then(|ours| merge_base(git, ours, theirs));
    let checkout = |commit: Option<ObjectId>| {
        commit.and_then(|commit| git.tree_of(commit)).map(|tree| tree_files(git, tree)).unwrap_or_default()
    };
    let (before, after) = (checkout(base), checkout(Some(theirs)));
    files.retain(|path, _| !before.contains_key(path) || after.contains_key(path));
    files.extend(after.into_iter().filter(|(path, entry)| before.get(path) != Some(entry)));
}

fn apply(git: &mut Git, files: &mut Files, data: &schema::Commit) -> Result<(), SandboxError> {
    for (path, file) in &data.files {
        match entry(git, file)? {
            Some(entry) => files.insert(path.clone(), entry),
            None => files.remove(path),
        };
    }
    for fill in &data.fill {
        for number in 0..fill.count {
            let directory = number / FILES_A_DIRECTORY;
            let path = format!("{}/part{directory:02}/file{number:03}.{}", fill.directory, fill.extension);
            let id = git.put(Object::Blob(prose(fill.bytes, number).into()));
            files.insert(path, (Mode::File, id));
        }
    }
    Ok(())
}

fn entry(git: &mut Git, file: &File) -> Result<Option<(Mode, ObjectId)>, SandboxError> {
    let mut blob = |mode: Mode, content: Bytes| Ok(Some((mode, git.put(Object::Blob(content)))));
    match file {
        File::Text(text) => blob(Mode::File, text.clone().into()),
        File::Detailed(DetailedFile::Executable(text)) => blob(Mode::Executable, text.clone().into()),
        File::Detailed(DetailedFile::Symlink(target)) => blob(Mode::Symlink, target.clone().into()),
        File::Detailed(DetailedFile::Generated(bytes)) => blob(Mode::File, prose(*bytes, *bytes).into()),
        File::Detailed(DetailedFile::Base64(text)) => {
            let content = STANDARD.decode(text).map_err(|_| SandboxError::malformed("base64", text))?;
            blob(Mode::File, content.into())
        }
        File::Detailed(DetailedFile::Submodule(commit)) => {
            let id = commit.parse().map_err(|_| SandboxError::malformed("a commit id", commit))?;
            Ok(Some((Mode::Submodule, id)))
        }
        File::Detailed(DetailedFile::Deleted {}) => Ok(None),
    }
}
