//! What is shown of a thing in a tree: text, an image, bytes on demand, or word of what it is.
//!
//! Nothing is followed: not a symbolic link, not a submodule, not an LFS pointer (attack C10). Bytes stay exact; what
//! is no text is described instead (attack C07).

mod content;

use aegis_gate::{CallError, House, Image, ToolError};
use aegis_gitea::endpoints::{self, Endpoint};
use aegis_gitea::read::{ByteRange, File, FileKind, RepositoryReader};
use aegis_gitea::{GitRef, RepoPath, Sha};
use schemars::JsonSchema;
use serde::Serialize;

use super::part::Part;
use crate::shape::SEAM_BYTES;
use content::Content;

/// What a view may ask of Gitea, and the hints where nothing is there.
pub(crate) const ENDPOINTS: &[&Endpoint] = &[
    &endpoints::CONTENTS,
    &endpoints::RAW,
    &endpoints::COMMIT,
    &endpoints::REPOSITORY,
    &endpoints::TREE,
    &endpoints::BRANCHES,
    &endpoints::TAGS,
];

/// What a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Text,
    Image,
    Binary,
    Symlink,
    Submodule,
    Lfs,
    Directory,
    Other,
}

/// A thing in a tree, and its content as far as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct View {
    pub(crate) kind: Kind,
    /// The object's id; of a submodule, the commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha: Option<String>,
    /// Bytes in all.
    size: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    html_url: String,
    /// Lines in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<u64>,
    /// The first line shown, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_line: Option<u64>,
    /// The last line shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u64>,
    /// Whether there is more beyond what is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
    /// The offset to go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<u64>,
    /// Set where a byte order mark before the text is left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    byte_order_mark: bool,
    /// `base64` where the content is.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    /// Of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'static str>,
    /// Where a symbolic link points.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    /// The repository of a submodule.
    #[serde(skip_serializing_if = "Option::is_none")]
    submodule_url: Option<String>,
    /// SHA-256 of the object behind an LFS pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    lfs_oid: Option<String>,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    lfs_size: Option<u64>,
    /// What can be done next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<String>,
    /// The state it was read at, as Gitea calls it.
    #[serde(skip)]
    pub(crate) at: Option<GitRef>,
    /// Bytes the gate scans before any of this leaves.
    #[serde(skip)]
    pub(crate) scanned: Vec<u8>,
    #[serde(skip)]
    pub(crate) image: Option<Image>,
}

/// How a view is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) part: Part,
    /// The bytes in base64, whatever they are.
    pub(crate) exact: bool,
    /// Most bytes of content.
    pub(crate) most_bytes: usize,
}

/// What is at `path`, read as wished.
pub(crate) async fn view(
    reader: &RepositoryReader,
    path: &RepoPath,
    at: Option<&GitRef>,
    wish: Wish,
    house: &House,
) -> Result<View, ToolError> {
    let (mut file, mut pinned) = (reader.file(path, at).await?, at.cloned());
    if file.kind == FileKind::File && file.content.is_none() {
        within(file.size_bytes, wish, house)?;
        // Its bytes come by requests of their own, and a push may come between: all are about one commit.
        let commit = GitRef::from(&reader.pinned(at).await?);
        if at != Some(&commit) {
            file = File { at: file.at, ..reader.file(path, Some(&commit)).await? };
            pinned = Some(commit);
        }
    }
    let content = file.content.take();
    let blank = View::of(&file);
    match (file.kind, file.lfs) {
        (FileKind::Symlink { target }, _) => Ok(View { kind: Kind::Symlink, target: Some(target), ..blank }),
        (FileKind::Submodule { url }, _) => Ok(View { kind: Kind::Submodule, submodule_url: url, ..blank }),
        (FileKind::Directory, _) => {
            Ok(View { kind: Kind::Directory, hint: Some("list_directory shows what is in it"), ..blank })
        }
        (FileKind::Other, _) => Ok(blank),
        (FileKind::File, Some(lfs)) if !wish.exact => {
            Ok(View { kind: Kind::Lfs, lfs_oid: Some(lfs.oid), lfs_size: Some(lfs.size_bytes), ..blank })
        }
        (FileKind::File, _) => {
            within(file.size_bytes, wish, house)?;
            let content = match content {
                Some(bytes) => Content { bytes, start: 0, size: file.size_bytes },
                None => streamed(reader, path, pinned.as_ref(), wish, file.size_bytes).await?,
            };
            content.show(blank, wish)
        }
    }
}

/// Refuses a file that is too large to be shown whole.
fn within(size_bytes: u64, wish: Wish, house: &House) -> Result<(), ToolError> {
    let limit_bytes = house.max_file_bytes;
    if wish.part != Part::Whole || size_bytes <= limit_bytes {
        return Ok(());
    }
    let hint = "ask for a part: start_line and end_line, or an offset";
    Err(ToolError::Call(CallError::TooLarge { what: "the file".to_owned(), limit_bytes, hint }))
}

impl View {
    fn of(file: &File) -> Self {
        Self {
            kind: Kind::Other,
            sha: file.sha.as_ref().map(Sha::to_string),
            size: file.size_bytes,
            html_url: file.html_url.clone(),
            lines: None,
            start_line: None,
            end_line: None,
            truncated: false,
            next_offset: None,
            byte_order_mark: false,
            encoding: None,
            mime_type: None,
            target: None,
            submodule_url: None,
            lfs_oid: None,
            lfs_size: None,
            hint: None,
            content: None,
            at: file.at.clone(),
            scanned: Vec::new(),
            image: None,
        }
    }
}

/// Bytes of a file so large that Gitea does not put it into JSON: what is wanted and its seams.
async fn streamed(
    reader: &RepositoryReader,
    path: &RepoPath,
    at: Option<&GitRef>,
    wish: Wish,
    size: u64,
) -> Result<Content, ToolError> {
    let offset = match wish.part {
        Part::Whole => 0,
        Part::Offset(offset) => offset,
        Part::Lines { .. } => {
            let hint = "ask for it by offset";
            let what = "a file this large, counted by lines,".to_owned();
            return Err(ToolError::Call(CallError::TooLarge { what, limit_bytes: size, hint }));
        }
    };
    let seam = u64::try_from(SEAM_BYTES).unwrap_or(u64::MAX);
    let start = offset.saturating_sub(seam);
    let most = u64::try_from(wish.most_bytes).unwrap_or(u64::MAX);
    let length = (offset - start).saturating_add(most).saturating_add(seam);
    let at = reader.pinned(at).await?;
    let raw = reader.raw(path, &at, Some(ByteRange { start, length })).await?;
    Ok(Content { bytes: raw.content, start, size: raw.size_bytes.unwrap_or(size) })
}
