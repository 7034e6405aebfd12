//! Files and directories as JSON, and Gitea's reading of LFS pointers and `.gitmodules`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::commit::time;
use crate::ask::{Ask, Here};
use crate::git::{Found, Git, Mode, Resolved, find, last_change};

/// Gitea looks for a pointer only in files this small.
const LARGEST_POINTER_BYTES: usize = 1024;

/// What an answer about contents holds beside names and ids.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four independent wishes of one query parameter")]
pub(crate) struct Includes {
    pub(crate) file_content: bool,
    pub(crate) lfs_metadata: bool,
    pub(crate) commit_metadata: bool,
    pub(crate) commit_message: bool,
}

impl Includes {
    /// What `contents` and `file-contents` always include.
    pub(crate) const FILE: Self =
        Self { file_content: true, lfs_metadata: false, commit_metadata: true, commit_message: false };

    /// From the `includes` of `contents-ext`.
    pub(crate) fn asked(ask: &Ask<'_>) -> Self {
        let wanted = |word: &str| ask.query.list("includes").any(|given| given == word);
        Self {
            file_content: wanted("file_content"),
            lfs_metadata: wanted("lfs_metadata"),
            commit_metadata: wanted("commit_metadata"),
            commit_message: wanted("commit_message"),
        }
    }
}

/// An LFS pointer's object and its size.
pub(crate) fn lfs_pointer(content: &[u8]) -> Option<(String, u64)> {
    let text = std::str::from_utf8(content).ok().filter(|text| text.len() <= LARGEST_POINTER_BYTES)?;
    let mut lines = text.lines();
    lines.next().filter(|line| *line == "version https://git-lfs.github.com/spec/v1")?;
    let oid = lines.next()?.strip_prefix("oid sha256:").filter(|oid| oid.len() == 64)?;
    let size = lines.next()?.strip_prefix("size ")?.parse().ok()?;
    Some((oid.to_owned(), size))
}

/// The `url` a `.gitmodules` gives for a path.
fn submodule_url(git: &Git, resolved: &Resolved, path: &str) -> Option<String> {
    let modules = find(git, git.tree_of(resolved.commit)?, ".gitmodules")?;
    let text = String::from_utf8_lossy(git.blob(modules.id)?).into_owned();
    let mut here = false;
    for (key, value) in text.lines().filter_map(|line| line.trim().split_once('=')) {
        match key.trim() {
            "path" => here = value.trim() == path,
            "url" if here => return Some(value.trim().to_owned()),
            _ => {}
        }
    }
    None
}

fn kind(mode: Mode) -> &'static str {
    match mode {
        Mode::File | Mode::Executable => "file",
        Mode::Symlink => "symlink",
        Mode::Submodule => "submodule",
        Mode::Tree => "dir",
    }
}

/// A file, directory, symbolic link or submodule.
pub(crate) fn entry(ask: &Ask<'_>, here: &Here<'_>, at: &Resolved, found: &Found, includes: Includes) -> Value {
    let git = &here.repository.git;
    let blob = git.blob(found.id);
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| {
        fields.insert(key.to_owned(), value);
    };
    put("name", json!(found.path.rsplit('/').next().unwrap_or_default()));
    put("path", json!(found.path));
    put("sha", json!(found.id.to_string()));
    if includes.commit_metadata || includes.commit_message {
        let last = last_change(git, at.commit, &found.path);
        if let Some((last, commit)) = last.and_then(|last| Some((last, git.commit(last)?))) {
            if includes.commit_metadata {
                put("last_commit_sha", json!(last.to_string()));
                put("last_committer_date", json!(time(&commit.committer)));
                put("last_author_date", json!(time(&commit.author)));
            }
            if includes.commit_message {
                put("last_commit_message", json!(commit.message));
            }
        }
    }
    put("type", json!(kind(found.mode)));
    put("size", json!(blob.map_or(0, bytes::Bytes::len)));
    // Larger files come without content, and without an error.
    let is_shown = |blob: &&bytes::Bytes| blob.len() <= ask.instance.max_blob_bytes;
    let shown = blob.filter(is_shown).filter(|_| includes.file_content && found.mode.is_regular());
    put("encoding", json!(shown.map(|_| "base64")));
    put("content", json!(shown.map(|blob| STANDARD.encode(blob))));
    let target = blob.filter(|_| found.mode == Mode::Symlink).map(|blob| String::from_utf8_lossy(blob).into_owned());
    put("target", json!(target));
    links(ask, here, at, found, &mut put);
    if let Some((oid, size)) = blob.filter(|_| includes.lfs_metadata).and_then(|blob| lfs_pointer(blob)) {
        put("lfs_oid", json!(oid));
        put("lfs_size", json!(size));
    }
    fields.into()
}

fn links(ask: &Ask<'_>, here: &Here<'_>, at: &Resolved, found: &Found, put: &mut impl FnMut(&str, Value)) {
    let (api, html) = (here.api_url(ask), here.html_url(ask));
    let (path, word, name) = (&found.path, at.kind.word(), &at.name);
    let link = format!("{api}/contents/{path}?ref={name}");
    let submodule = found.mode == Mode::Submodule;
    let page = (!submodule).then(|| format!("{html}/src/{word}/{name}/{path}"));
    let object = (!submodule).then(|| format!("{api}/git/blobs/{}", found.id));
    let download = !submodule && found.mode != Mode::Tree;
    put("url", json!(link));
    put("html_url", json!(page));
    put("git_url", json!(object));
    put("download_url", json!(download.then(|| format!("{html}/raw/{word}/{name}/{path}"))));
    put("submodule_git_url", json!(submodule.then(|| submodule_url(&here.repository.git, at, path)).flatten()));
    put("_links", json!({ "self": link, "git": object, "html": page }));
}

/// A blob by id.
pub(crate) fn blob(ask: &Ask<'_>, here: &Here<'_>, id: &str, content: &[u8]) -> Value {
    let shown = content.len() <= ask.instance.max_blob_bytes;
    let mut value = json!({
        "content": shown.then(|| STANDARD.encode(content)),
        "encoding": shown.then_some("base64"),
        "url": format!("{}/git/blobs/{id}", here.api_url(ask)),
        "sha": id,
        "size": content.len(),
    });
    if let (Some((oid, size)), Some(fields)) = (lfs_pointer(content), value.as_object_mut()) {
        fields.insert("lfs_oid".to_owned(), json!(oid));
        fields.insert("lfs_size".to_owned(), json!(size));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_pointer_is_one() {
        let oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
        let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12\n");
        assert_eq!(lfs_pointer(pointer.as_bytes()), Some((oid.to_owned(), 12)));
        assert_eq!(lfs_pointer(pointer.replace("size 12", "size many").as_bytes()), None);
        assert_eq!(lfs_pointer(b"# README\n"), None);
    }
}
