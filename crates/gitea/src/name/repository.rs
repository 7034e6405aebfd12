//! Owners and repositories, in Gitea's own grammar, compared as Gitea compares them: without regard to case.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::Deserialize;

use super::NameError;

const OWNER_CHARACTERS: usize = 40;
const REPOSITORY_CHARACTERS: usize = 100;
/// Gitea reserves these endings of user names for feeds, keys and avatars; `.git` and `.wiki` name no owner either.
const OWNER_ENDINGS: [&str; 7] = [".git", ".wiki", ".rss", ".atom", ".keys", ".gpg", ".png"];
/// Gitea gives these endings of repository names a meaning: clone address, wiki, feeds.
const REPOSITORY_ENDINGS: [&str; 4] = [".git", ".wiki", ".rss", ".atom"];
const OWNER_WANTED: &str = "1 to 40 of A-Z a-z 0-9 . _ -, not ending in .git, .rss, .keys or the like";
const REPOSITORY_WANTED: &str = "1 to 100 of A-Z a-z 0-9 . _ -, not ending in .git, .wiki, .rss or .atom";
const BOTH_WANTED: &str = "owner/name with exactly one slash";

/// ASCII text that keeps its spelling and compares without case.
#[derive(Debug, Clone)]
struct Folded(String);

impl Folded {
    fn letters(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Folded {}

impl PartialOrd for Folded {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Folded {
    fn cmp(&self, other: &Self) -> Ordering {
        self.letters().cmp(other.letters())
    }
}

impl Hash for Folded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

/// A user or organisation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Owner(Folded);

impl Owner {
    /// Parses one login.
    ///
    /// # Errors
    /// [`NameError`] for what Gitea would not accept as a user name, or would read as something else.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if is_name(text, OWNER_CHARACTERS, &OWNER_ENDINGS) {
            Ok(Self(Folded(text.to_owned())))
        } else {
            Err(NameError::new("owner", text, OWNER_WANTED))
        }
    }

    /// As it was spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.0
    }
}

/// A repository's name without its owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(Folded);

impl RepositoryName {
    /// Parses one name, without a slash.
    ///
    /// # Errors
    /// [`NameError`] for what Gitea would not accept as a repository name, or would read as something else.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text != "-" && is_name(text, REPOSITORY_CHARACTERS, &REPOSITORY_ENDINGS) {
            Ok(Self(Folded(text.to_owned())))
        } else {
            Err(NameError::new("repo", text, REPOSITORY_WANTED))
        }
    }

    /// As it was spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.0
    }
}

/// Owner and name together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct RepositoryId {
    owner: Owner,
    name: RepositoryName,
}

impl RepositoryId {
    /// From two parsed names.
    #[must_use]
    pub fn new(owner: Owner, name: RepositoryName) -> Self {
        Self { owner, name }
    }

    /// Parses `owner/name`.
    ///
    /// # Errors
    /// [`NameError`] unless there is exactly one slash with a good name on each side.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match text.split_once('/') {
            Some((owner, name)) if !name.contains('/') => {
                Ok(Self { owner: Owner::parse(owner)?, name: RepositoryName::parse(name)? })
            }
            _ => Err(NameError::new("repo", text, BOTH_WANTED)),
        }
    }

    /// The owner.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The name without the owner.
    #[must_use]
    pub fn name(&self) -> &RepositoryName {
        &self.name
    }

    /// `owner/name` in lower case: the same text for every spelling of one repository.
    #[must_use]
    pub fn folded(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }
}

fn is_name(text: &str, longest: usize, reserved_endings: &[&str]) -> bool {
    let folded = text.to_ascii_lowercase();
    (1..=longest).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        && !matches!(text, "." | "..")
        && !reserved_endings.iter().any(|ending| folded.ends_with(ending))
}

impl TryFrom<String> for Owner {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for RepositoryId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const HOSTILE: [&str; 24] = [
        "",
        ".",
        "..",
        "a/b",
        "a%2fb",
        "a%252fb",
        "a;x",
        "a?x=",
        "a#b",
        "a\\b",
        "a\0",
        "a\r\nb",
        "a b",
        " a",
        "a ",
        "ä",
        "а",
        "a:b",
        "a@b",
        "\u{ff0e}\u{ff0e}",
        "a\u{200b}",
        "x.git",
        "x.RSS",
        "x.aTom",
    ];

    #[test]
    fn g01_g03_hostile_owners_and_names_are_refused() {
        for hostile in HOSTILE {
            assert!(Owner::parse(hostile).is_err(), "{hostile:?}");
            assert!(RepositoryName::parse(hostile).is_err(), "{hostile:?}");
        }
        assert!(Owner::parse(&"a".repeat(300)).is_err());
        assert!(Owner::parse(&"a".repeat(41)).is_err());
        assert!(RepositoryName::parse(&"a".repeat(101)).is_err());
        assert!(Owner::parse(&"a".repeat(40)).is_ok());
        assert!(RepositoryName::parse(&"a".repeat(100)).is_ok());
    }

    #[test]
    fn g13_names_gitea_gives_a_meaning_are_refused_and_case_is_folded() {
        for reserved in ["x.keys", "x.gpg", "x.png", "x.wiki"] {
            assert!(Owner::parse(reserved).is_err(), "{reserved}");
        }
        for reserved in ["x.wiki", "x.WIKI", "-"] {
            assert!(RepositoryName::parse(reserved).is_err(), "{reserved}");
        }
        assert!(RepositoryName::parse("logo.png").is_ok(), "an ordinary name for a repository");
        let (one, two) = (RepositoryId::parse("ACME/Widget").unwrap(), RepositoryId::parse("acme/widget").unwrap());
        assert_eq!(one, two);
        assert_eq!(one.cmp(&two), Ordering::Equal);
        assert_eq!(HashSet::from([one.clone(), two.clone()]).len(), 1);
        assert_eq!(one.folded(), two.folded());
        assert_eq!(one.to_string(), "ACME/Widget");
        assert_ne!(one, RepositoryId::parse("acme/gadget").unwrap());
    }

    #[test]
    fn g01_exactly_one_slash_splits_a_repository() {
        assert_eq!(RepositoryId::parse("a/b").unwrap().to_string(), "a/b");
        for bad in ["", "a", "/", "a/", "/b", "a/b/c", "a//b", "../b", "a/..", "a/b.git"] {
            assert!(RepositoryId::parse(bad).is_err(), "{bad}");
        }
        let refused = RepositoryId::parse("a/b/c").unwrap_err();
        assert_eq!((refused.field(), refused.came()), ("repo", "a/b/c"));
    }
}
