//! A branch, a tag or a commit, as git names it.

use std::fmt;

use super::{NameError, Sha, hides_a_separator, is_invisible};

const REF_BYTES: usize = 255;
const WANTED: &str = "a branch, tag or commit such as main, v1.2 or refs/heads/main (git check-ref-format)";

/// A branch, a tag, a full name such as `refs/heads/main`, or a (shortened) commit id.
///
/// The rules are those of `git check-ref-format`, and no leading `-`, so that it is never read as an option. A colon is
/// among what git forbids, so Gitea's `owner:branch` cannot reach into a fork.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitRef(String);

impl GitRef {
    /// Parses a ref.
    ///
    /// # Errors
    /// [`NameError`] for what git would not accept as a ref name, for more than 255 bytes, for invisible characters and
    /// for percent-encoded dots and slashes.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let whole = text.len() <= REF_BYTES
            && text != "@"
            && !text.starts_with('-')
            && !text.ends_with('.')
            && !text.contains("..")
            && !text.contains("@{")
            && !hides_a_separator(text)
            && !text.chars().any(is_forbidden);
        if whole && text.split('/').all(is_component) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::new("ref", text, WANTED))
        }
    }

    /// The ref.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_component(component: &str) -> bool {
    !component.is_empty() && !component.starts_with('.') && component.strip_suffix(".lock").is_none()
}

fn is_forbidden(character: char) -> bool {
    matches!(character, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\')
        || character.is_control()
        || is_invisible(character)
}

impl From<&Sha> for GitRef {
    fn from(sha: &Sha) -> Self {
        Self(sha.as_str().to_owned())
    }
}

impl fmt::Display for GitRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g04_g13_refs_git_would_not_accept_are_refused() {
        for hostile in [
            "",
            "-x",
            "--upload-pack=x",
            "refs/../..",
            "..",
            ".",
            "a..b",
            "a/",
            "/a",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a.",
            "@",
            "a@{1}",
            "a b",
            "a~1",
            "a^",
            "owner:branch",
            "a?token=x",
            "a*",
            "a[",
            "a\\b",
            "a\tb",
            "a\0",
            "a\r\nb",
            "a\u{7f}",
            "a%2fb",
            "a\u{202e}b",
            "a\u{200d}b",
        ] {
            assert!(GitRef::parse(hostile).is_err(), "{hostile:?}");
        }
        assert!(GitRef::parse(&"a".repeat(1_000_000)).is_err());
    }

    #[test]
    fn g04_ordinary_refs_are_accepted_as_they_are() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        for good in
            ["main", "feature/x-1", "refs/heads/main", "refs/tags/v1.0", "v1.0", "HEAD", "main&token=", sha, "ü"]
        {
            assert_eq!(GitRef::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(GitRef::from(&Sha::parse(sha).unwrap()).as_str(), sha);
    }
}
