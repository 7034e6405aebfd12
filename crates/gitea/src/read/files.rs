//! Files and directories by path, at the lowest price the release offers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_RANGE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;

use super::RepositoryReader;
use super::tolerant::{count, or_default, sha};
use crate::endpoints::{CONTENTS, CONTENTS_EXT, RAW};
use crate::error::GiteaError;
use crate::exchange::Answer;
use crate::name::{GitRef, RepoPath, Sha};

/// Git LFS's specification: a pointer is smaller than this and begins with [`LFS_VERSION`].
const LFS_POINTER_BYTES: usize = 1024;
const LFS_VERSION: &str = "version https://git-lfs.github.com/spec/v1";
/// The default branch, as git names it.
const HEAD: &str = "HEAD";
/// git's bounds of a shortened object id, in hexadecimal digits.
const SHORTEST_ID_DIGITS: usize = 4;
const WHOLE_ID_DIGITS: usize = 40;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What it is.
    pub kind: FileKind,
    /// Its last segment; empty for the root.
    pub name: String,
    /// Its path, as it came: to be parsed before a policy is asked about it.
    pub path: String,
    /// Its object id; none where Gitea answers a directory by its entries alone.
    pub sha: Option<Sha>,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its bytes; none for what is no file, for entries of a listing, and above the instance's blob limit: then
    /// [`RepositoryReader::raw`] has them.
    pub content: Option<Bytes>,
    /// The object an LFS pointer stands for.
    pub lfs: Option<LfsPointer>,
    /// The state it was read at, as Gitea calls it: the default branch where none was asked for.
    pub at: Option<GitRef>,
    /// Its page.
    pub html_url: String,
    /// The commit that last changed it, where it comes at no extra price.
    pub last_commit_sha: Option<Sha>,
}

/// What kind of thing is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    File,
    /// A symbolic link; it is not followed.
    Symlink {
        /// Where it points, as written in it.
        target: String,
    },
    /// A commit of another repository.
    Submodule {
        /// That repository's address, as `.gitmodules` has it.
        url: Option<String>,
    },
    /// A directory.
    Directory,
    /// A word we do not know.
    Other,
}

/// What stands in git for a file kept by Git LFS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LfsPointer {
    /// The object's SHA-256, in hexadecimal.
    pub oid: String,
    /// The object's size in bytes.
    pub size_bytes: u64,
}

/// Part of a file: `length` bytes from `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte, from 0.
    pub start: u64,
    /// How many; fewer come where the file ends.
    pub length: u64,
}

/// Bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The bytes.
    pub content: Bytes,
    /// Where they begin in the file.
    pub start: u64,
    /// The size of the whole file in bytes, where it is known.
    pub size_bytes: Option<u64>,
    /// Whether they were cut at the byte cap.
    pub is_truncated: bool,
}

#[derive(Deserialize)]
struct RawFile {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    path: String,
    #[serde(default, deserialize_with = "sha")]
    sha: Option<Sha>,
    #[serde(default, deserialize_with = "count")]
    size: u64,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    submodule_git_url: Option<String>,
    /// The API's own address of it; its `ref` is the state that was read.
    #[serde(default, deserialize_with = "or_default")]
    url: String,
    #[serde(default, deserialize_with = "or_default")]
    html_url: String,
    #[serde(default, deserialize_with = "sha")]
    last_commit_sha: Option<Sha>,
}

/// `contents` answers an object for a file and an array for a directory.
#[derive(Deserialize)]
#[serde(untagged)]
enum Contents {
    Entries(Vec<RawFile>),
    One(Box<RawFile>),
}

/// `contents-ext` answers an object with one of the two.
#[derive(Deserialize)]
struct ExtendedContents {
    #[serde(default)]
    file_contents: Option<Box<RawFile>>,
    #[serde(default)]
    dir_contents: Option<Vec<RawFile>>,
}

impl RepositoryReader {
    /// What is at a path: a file with its content, a link, a submodule, or word that it is a directory.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where nothing is.
    pub async fn file(&self, path: &RepoPath, at: Option<&GitRef>) -> Result<File, GiteaError> {
        match self.contents(path, at, Some("file_content")).await? {
            Contents::One(file) => file.try_into(),
            Contents::Entries(entries) => Ok(directory(path, entries.first())),
        }
    }

    /// The entries of a directory, without their content.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is no directory, be it that there is a file.
    pub async fn directory(&self, path: &RepoPath, at: Option<&GitRef>) -> Result<Vec<File>, GiteaError> {
        match self.contents(path, at, None).await? {
            Contents::Entries(entries) => entries.into_iter().map(File::try_from).collect(),
            Contents::One(_) => Err(GiteaError::NotFound),
        }
    }

    /// Bytes of a file, or a part of them, past Gitea's limit for blobs in JSON; cut at the byte cap. Beyond the end of
    /// the file there are none.
    ///
    /// By the commit's whole id alone: Gitea takes a ref that `raw` does not know for the default branch, and a
    /// directory named like a branch for that branch, both without a word.
    ///
    /// # Errors
    /// [`GiteaError::NotFound`] where there is no file.
    pub async fn raw(&self, path: &RepoPath, at: &Sha, range: Option<ByteRange>) -> Result<Raw, GiteaError> {
        let call = self.call(&RAW).filepath(path).query("ref", at.as_str());
        let range =
            range.map(|range| ByteRange { length: range.length.clamp(1, self.bound.max_body_bytes()), ..range });
        let answer = self.bound.bytes(&call, range.map(header)).await?;
        part(answer, range)
    }

    /// Gitea's `contents` knows branches and tags by their short names and commits by their whole ids: a full name is
    /// asked for by the commit it stands for, since a tag may have a branch's short name, and so is a shortened id.
    async fn contents(
        &self,
        path: &RepoPath,
        at: Option<&GitRef>,
        includes: Option<&'static str>,
    ) -> Result<Contents, GiteaError> {
        let Some(at) = at.filter(|at| at.as_str() != HEAD) else {
            return self.contents_at(path, None, includes).await;
        };
        if !is_full_name(at.as_str()) {
            match self.contents_at(path, Some(at.as_str()), includes).await {
                Err(GiteaError::NotFound) if is_shortened_id(at.as_str()) => {}
                other => return other,
            }
        }
        let sha = self.pinned(Some(at)).await?;
        self.contents_at(path, Some(sha.as_str()), includes).await
    }

    async fn contents_at(
        &self,
        path: &RepoPath,
        at: Option<&str>,
        includes: Option<&'static str>,
    ) -> Result<Contents, GiteaError> {
        let is_extended = self.bound.has(&CONTENTS_EXT).await?;
        let call = self.call(if is_extended { &CONTENTS_EXT } else { &CONTENTS }).filepath(path);
        let call = call.maybe("ref", at);
        if !is_extended {
            return self.bound.json(&call).await;
        }
        let answer: ExtendedContents = self.bound.json(&call.maybe("includes", includes)).await?;
        match (answer.file_contents, answer.dir_contents) {
            (Some(file), _) => Ok(Contents::One(file)),
            (None, Some(entries)) => Ok(Contents::Entries(entries)),
            (None, None) => Err(GiteaError::Malformed { what: "neither file nor directory" }),
        }
    }
}

fn is_full_name(name: &str) -> bool {
    name.starts_with("refs/")
}

fn is_shortened_id(name: &str) -> bool {
    (SHORTEST_ID_DIGITS..WHOLE_ID_DIGITS).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn directory(path: &RepoPath, first: Option<&RawFile>) -> File {
    File {
        kind: FileKind::Directory,
        name: path.file_name().unwrap_or_default().to_owned(),
        path: path.as_str().to_owned(),
        sha: None,
        size_bytes: 0,
        content: None,
        lfs: None,
        at: first.and_then(read_at),
        html_url: String::new(),
        last_commit_sha: None,
    }
}

/// The `ref` that Gitea writes into the address, whatever else that says.
fn read_at(raw: &RawFile) -> Option<GitRef> {
    let (_, query) = raw.url.split_once('?')?;
    let (_, name) = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "ref")?;
    GitRef::parse(&name).ok()
}

impl TryFrom<Box<RawFile>> for File {
    type Error = GiteaError;

    fn try_from(raw: Box<RawFile>) -> Result<Self, GiteaError> {
        Self::try_from(*raw)
    }
}

impl TryFrom<RawFile> for File {
    type Error = GiteaError;

    fn try_from(raw: RawFile) -> Result<Self, GiteaError> {
        let at = read_at(&raw);
        let kind = match raw.kind.as_str() {
            "file" => FileKind::File,
            "symlink" => FileKind::Symlink { target: raw.target.unwrap_or_default() },
            "submodule" => FileKind::Submodule { url: raw.submodule_git_url },
            "dir" => FileKind::Directory,
            _ => FileKind::Other,
        };
        let content = decoded(raw.content, raw.encoding.as_deref())?.filter(|_| kind == FileKind::File);
        Ok(Self {
            kind,
            name: raw.name,
            path: raw.path,
            sha: raw.sha,
            size_bytes: raw.size,
            lfs: content.as_deref().and_then(lfs_pointer),
            content,
            at,
            html_url: raw.html_url,
            last_commit_sha: raw.last_commit_sha,
        })
    }
}

/// Content as Gitea puts it into JSON: base64, or null above the blob limit.
pub(super) fn decoded(content: Option<String>, encoding: Option<&str>) -> Result<Option<Bytes>, GiteaError> {
    match (content, encoding) {
        (Some(content), Some("base64")) => {
            let bytes = STANDARD.decode(content).map_err(|_| GiteaError::Malformed { what: "base64" })?;
            Ok(Some(bytes.into()))
        }
        (Some(content), None | Some("")) if content.is_empty() => Ok(None),
        (None, _) => Ok(None),
        (Some(_), _) => Err(GiteaError::Malformed { what: "encoding of the content" }),
    }
}

fn lfs_pointer(content: &[u8]) -> Option<LfsPointer> {
    let text = std::str::from_utf8(content).ok().filter(|text| text.len() < LFS_POINTER_BYTES)?;
    let mut lines = text.lines();
    if lines.next()? != LFS_VERSION {
        return None;
    }
    let mut field = |name: &str| lines.find_map(|line| line.strip_prefix(name));
    let oid = field("oid sha256:").filter(|oid| oid.len() == 64 && oid.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let size_bytes = field("size ")?.parse().ok()?;
    Some(LfsPointer { oid: oid.to_owned(), size_bytes })
}

fn header(range: ByteRange) -> HeaderValue {
    let last = range.start.saturating_add(range.length.saturating_sub(1));
    // Digits and a hyphen are always a header value.
    HeaderValue::from_str(&format!("bytes={}-{last}", range.start)).unwrap_or(HeaderValue::from_static("bytes=0-0"))
}

/// The bytes asked for, whether the server took the range (206), ignored it (200) or had nothing there (416).
fn part(answer: Answer, range: Option<ByteRange>) -> Result<Raw, GiteaError> {
    let wrong = GiteaError::Malformed { what: "content range" };
    match (answer.status, range) {
        (StatusCode::OK, None) => {
            let size_bytes = (!answer.is_cut).then(|| u64::try_from(answer.body.len()).unwrap_or(u64::MAX));
            Ok(Raw { content: answer.body, start: 0, size_bytes, is_truncated: answer.is_cut })
        }
        (StatusCode::PARTIAL_CONTENT, Some(range)) => {
            let (start, size_bytes) = content_range(&answer.headers).ok_or_else(|| wrong.clone())?;
            let is_longer = u64::try_from(answer.body.len()).is_ok_and(|length| length > range.length);
            if start != Some(range.start) || is_longer {
                return Err(wrong);
            }
            Ok(Raw { content: answer.body, start: range.start, size_bytes, is_truncated: false })
        }
        (StatusCode::RANGE_NOT_SATISFIABLE, Some(range)) => {
            let size_bytes = content_range(&answer.headers).and_then(|(_, size)| size);
            Ok(Raw { content: Bytes::new(), start: range.start, size_bytes, is_truncated: false })
        }
        (StatusCode::OK, Some(range)) => cut_out(&answer, range),
        (status, _) => Err(GiteaError::Unexpected { status: status.as_u16() }),
    }
}

/// The part of a whole file; a part beyond the cap was never read.
fn cut_out(answer: &Answer, range: ByteRange) -> Result<Raw, GiteaError> {
    let length = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
    let end = range.start.saturating_add(range.length);
    if answer.is_cut && end > length {
        return Err(GiteaError::OverLimit { limit_bytes: length });
    }
    let at = |offset: u64| usize::try_from(offset.min(length)).unwrap_or(usize::MAX);
    let content = answer.body.slice(at(range.start)..at(end));
    Ok(Raw { content, start: range.start, size_bytes: (!answer.is_cut).then_some(length), is_truncated: false })
}

/// `bytes 0-9/12`, `bytes */12`, `bytes 0-9/*`: the first byte and the whole size.
fn content_range(headers: &HeaderMap) -> Option<(Option<u64>, Option<u64>)> {
    let (range, size) = headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-').and_then(|(start, _)| start.parse().ok()), size.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c14_content_is_decoded_or_refused() {
        let read = |content: Option<&str>, encoding| decoded(content.map(str::to_owned), encoding);
        assert_eq!(read(Some("aGk="), Some("base64")).unwrap().unwrap(), "hi");
        assert_eq!(read(Some(""), Some("base64")).unwrap().unwrap(), "");
        assert_eq!(read(None, None).unwrap(), None);
        assert_eq!(read(Some(""), None).unwrap(), None);
        for (content, encoding) in
            [("aGk", Some("base64")), ("a b=", Some("base64")), ("hi", Some("utf-8")), ("hi", None)]
        {
            assert!(read(Some(content), encoding).is_err(), "{content}");
        }
    }

    #[test]
    fn lfs_pointers_are_known_by_their_form() {
        let oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
        let pointer = format!("{LFS_VERSION}\noid sha256:{oid}\nsize 12345\n");
        assert_eq!(lfs_pointer(pointer.as_bytes()), Some(LfsPointer { oid: oid.to_owned(), size_bytes: 12345 }));
        for other in
            [String::new(), "text".to_owned(), pointer.replace("size", "sise"), pointer.replace("4d7a", "zzzz")]
        {
            assert_eq!(lfs_pointer(other.as_bytes()), None);
        }
        assert_eq!(lfs_pointer(format!("{pointer}{}", " ".repeat(LFS_POINTER_BYTES)).as_bytes()), None);
    }

    #[test]
    fn g07_ranges_do_not_overflow() {
        assert_eq!(header(ByteRange { start: 5, length: 10 }), "bytes=5-14");
        assert_eq!(
            header(ByteRange { start: u64::MAX, length: u64::MAX }),
            format!("bytes={0}-{0}", u64::MAX).as_str()
        );
    }
}
