//! One repository's objects and refs.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use super::object::{Commit, Object, ObjectId};
use super::tree::Entry;

/// Abbreviated ids shorter than this resolve to nothing, as in Git.
const SHORTEST_ID_DIGITS: usize = 4;

/// Objects, branches and tags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Git {
    objects: HashMap<ObjectId, Object>,
    pub(crate) branches: BTreeMap<String, ObjectId>,
    /// A tag's target: a commit, or a tag object when annotated.
    pub(crate) tags: BTreeMap<String, ObjectId>,
}

/// How a name was understood; decides the `src/<kind>/<name>` URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefKind {
    Branch,
    Tag,
    Commit,
}

impl RefKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Tag => "tag",
            Self::Commit => "commit",
        }
    }
}

/// A name turned into a commit.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) kind: RefKind,
    /// The short name, or for an id the text as it was asked for.
    pub(crate) name: String,
    pub(crate) commit: ObjectId,
}

impl Git {
    /// Stores an object under its id.
    pub(crate) fn put(&mut self, object: Object) -> ObjectId {
        let id = object.id();
        self.objects.insert(id, object);
        id
    }

    pub(crate) fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(&id)
    }

    pub(crate) fn blob(&self, id: ObjectId) -> Option<&Bytes> {
        match self.object(id)? {
            Object::Blob(content) => Some(content),
            Object::Tree(_) | Object::Commit(_) | Object::Tag(_) => None,
        }
    }

    pub(crate) fn tree(&self, id: ObjectId) -> Option<&[Entry]> {
        match self.object(id)? {
            Object::Tree(entries) => Some(entries),
            Object::Blob(_) | Object::Commit(_) | Object::Tag(_) => None,
        }
    }

    pub(crate) fn commit(&self, id: ObjectId) -> Option<&Commit> {
        match self.object(id)? {
            Object::Commit(commit) => Some(commit),
            Object::Blob(_) | Object::Tree(_) | Object::Tag(_) => None,
        }
    }

    /// The tree of a commit, or the id itself when it is a tree.
    pub(crate) fn tree_of(&self, id: ObjectId) -> Option<ObjectId> {
        match self.object(id)? {
            Object::Commit(commit) => Some(commit.tree),
            Object::Tree(_) => Some(id),
            Object::Tag(tag) => self.tree_of(tag.commit),
            Object::Blob(_) => None,
        }
    }

    /// The commit a tag stands for.
    pub(crate) fn peel(&self, id: ObjectId) -> ObjectId {
        match self.object(id) {
            Some(Object::Tag(tag)) => tag.commit,
            _ => id,
        }
    }

    /// Branch or tag by its short name, or commit by its whole id.
    pub(crate) fn resolve_short(&self, name: &str) -> Option<Resolved> {
        self.branch(name).or_else(|| self.tag(name)).or_else(|| {
            let commit = name.parse().ok().map(|id| self.peel(id)).filter(|id| self.commit(*id).is_some())?;
            Some(Resolved { kind: RefKind::Commit, name: name.to_owned(), commit })
        })
    }

    /// Branch, tag, full ref or commit id, tried in Gitea's order.
    pub(crate) fn resolve(&self, name: &str) -> Option<Resolved> {
        if let Some(short) = name.strip_prefix("refs/heads/") {
            return self.branch(short);
        }
        if let Some(short) = name.strip_prefix("refs/tags/") {
            return self.tag(short);
        }
        self.branch(name).or_else(|| self.tag(name)).or_else(|| {
            let commit = self.id_starting(name).filter(|id| self.commit(*id).is_some())?;
            Some(Resolved { kind: RefKind::Commit, name: name.to_owned(), commit })
        })
    }

    pub(crate) fn branch(&self, name: &str) -> Option<Resolved> {
        let commit = *self.branches.get(name)?;
        Some(Resolved { kind: RefKind::Branch, name: name.to_owned(), commit })
    }

    pub(crate) fn tag(&self, name: &str) -> Option<Resolved> {
        let commit = self.peel(*self.tags.get(name)?);
        Some(Resolved { kind: RefKind::Tag, name: name.to_owned(), commit })
    }

    /// The one object whose id starts with these digits.
    pub(crate) fn id_starting(&self, digits: &str) -> Option<ObjectId> {
        if let Ok(id) = digits.parse() {
            return self.objects.contains_key(&id).then_some(id);
        }
        if digits.len() < SHORTEST_ID_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let wanted = digits.to_ascii_lowercase();
        let mut matching = self.objects.keys().filter(|id| id.to_string().starts_with(&wanted));
        let only = matching.next()?;
        matching.next().is_none().then_some(*only)
    }

    #[cfg(test)]
    pub(crate) fn objects(&self) -> impl Iterator<Item = (&ObjectId, &Object)> {
        self.objects.iter()
    }
}
