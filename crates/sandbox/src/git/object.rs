//! Blobs, trees, commits and tags, and the SHA-1 that names them.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use bytes::Bytes;

use super::tree::Entry;

const ID_BYTES: usize = 20;

/// The SHA-1 of an object with its header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ObjectId([u8; ID_BYTES]);

impl ObjectId {
    /// `/dev/null`'s id in the index line of a diff.
    pub(crate) const NONE: Self = Self([0; ID_BYTES]);

    /// `SHA1("<kind> <length>\0" + content)`, see gitformat-loose.
    pub(crate) fn of(kind: &str, content: &[u8]) -> Self {
        let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        digest.update(format!("{kind} {}\0", content.len()).as_bytes());
        digest.update(content);
        let mut id = [0; ID_BYTES];
        for (to, from) in id.iter_mut().zip(digest.finish().as_ref()) {
            *to = *from;
        }
        Self(id)
    }

    /// The first seven hex digits, as index lines show them.
    pub(crate) fn abbreviated(self) -> String {
        let mut full = self.to_string();
        full.truncate(7);
        full
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; ID_BYTES * 2];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            for (digit, value) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
            }
        }
        formatter.write_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The text is not forty hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAnId;

impl FromStr for ObjectId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() != ID_BYTES * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAnId);
        }
        let mut id = [0; ID_BYTES];
        for (place, byte) in id.iter_mut().enumerate() {
            let digits = text.get(place * 2..place * 2 + 2).ok_or(NotAnId)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotAnId)?;
        }
        Ok(Self(id))
    }
}

/// What a tree entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    File,
    Executable,
    Symlink,
    Submodule,
    Tree,
}

impl Mode {
    /// Six digits, as diffs and Gitea print it. Inside a tree object the leading zero of `040000` is absent.
    pub(crate) fn octal(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
            Self::Tree => "040000",
        }
    }

    /// Whether the change from one to the other is a change of mode only; otherwise Git shows a deletion and a creation.
    pub(crate) fn same_kind(self, other: Self) -> bool {
        self == other || (self.is_regular() && other.is_regular())
    }

    pub(crate) fn is_regular(self) -> bool {
        matches!(self, Self::File | Self::Executable)
    }
}

/// Who and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) email: String,
    /// Seconds since 1970; this forge's people all commit in UTC.
    pub(crate) unix_seconds: i64,
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} <{}> {} +0000", self.name, self.email, self.unix_seconds)
    }
}

/// A commit object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) tree: ObjectId,
    pub(crate) parents: Vec<ObjectId>,
    pub(crate) author: Signature,
    pub(crate) committer: Signature,
    pub(crate) message: String,
}

impl Commit {
    fn encode(&self) -> String {
        let mut text = format!("tree {}\n", self.tree);
        for parent in &self.parents {
            let _ = writeln!(text, "parent {parent}");
        }
        let _ = write!(text, "author {}\ncommitter {}\n\n{}", self.author, self.committer, self.message);
        text
    }
}

/// An annotated tag object; it always points to a commit here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) commit: ObjectId,
    pub(crate) name: String,
    pub(crate) tagger: Signature,
    pub(crate) message: String,
}

/// Any object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Object {
    Blob(Bytes),
    Tree(Vec<Entry>),
    Commit(Commit),
    Tag(Tag),
}

impl Object {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Blob(_) => "blob",
            Self::Tree(_) => "tree",
            Self::Commit(_) => "commit",
            Self::Tag(_) => "tag",
        }
    }

    /// The bytes Git stores and hashes, without the header.
    pub(crate) fn encode(&self) -> Bytes {
        match self {
            Self::Blob(content) => content.clone(),
            Self::Tree(entries) => {
                let mut bytes = Vec::new();
                for entry in entries {
                    bytes.extend_from_slice(entry.mode.octal().trim_start_matches('0').as_bytes());
                    bytes.push(b' ');
                    bytes.extend_from_slice(entry.name.as_bytes());
                    bytes.push(0);
                    bytes.extend_from_slice(entry.id.as_bytes());
                }
                bytes.into()
            }
            Self::Commit(commit) => commit.encode().into(),
            Self::Tag(tag) => format!(
                "object {}\ntype commit\ntag {}\ntagger {}\n\n{}",
                tag.commit, tag.name, tag.tagger, tag.message
            )
            .into(),
        }
    }

    pub(crate) fn id(&self) -> ObjectId {
        ObjectId::of(self.kind(), &self.encode())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_blob_and_tree_have_the_ids_everybody_knows() {
        assert_eq!(Object::Blob(Bytes::new()).id().to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(Object::Tree(Vec::new()).id().to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn an_id_is_forty_hex_digits_and_nothing_else() {
        let text = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
        assert_eq!(text.parse::<ObjectId>().unwrap().to_string(), text);
        for bad in
            ["", "e69de29", "e69de29bb2d1d6434b8b29ae775ad8c2e48c539g", "+69de29bb2d1d6434b8b29ae775ad8c2e48c5391"]
        {
            assert_eq!(bad.parse::<ObjectId>(), Err(NotAnId), "{bad}");
        }
    }
}
