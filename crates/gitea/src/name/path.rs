//! A path inside a repository.

use std::fmt;

use super::{NameError, hides_a_separator, is_invisible};

const PATH_BYTES: usize = 4096;
const SEGMENT_BYTES: usize = 255;
const WANTED: &str = "a path such as src/main.rs, without leading slash, backslash, empty segment, ., .. or .git";

/// A path inside a repository: `/`-joined segments, each an ordinary file name; or the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(String);

impl RepoPath {
    /// The repository's top directory.
    #[must_use]
    pub fn root() -> Self {
        Self(String::new())
    }

    /// Parses the path of a file or directory below the root.
    ///
    /// # Errors
    /// [`NameError`] for the empty path and for any segment that a server might resolve, fold, drop or decode: empty,
    /// `.`, `..`, `.git`, their look-alikes, percent-encoded dots and slashes, control, bidi and invisible characters.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() <= PATH_BYTES && !hides_a_separator(text) && text.split('/').all(is_segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::new("path", text, WANTED))
        }
    }

    /// Parses the path of a directory, where the empty text is the root.
    ///
    /// # Errors
    /// [`NameError`] as in [`RepoPath::parse`].
    pub fn parse_directory(text: &str) -> Result<Self, NameError> {
        if text.is_empty() { Ok(Self::root()) } else { Self::parse(text) }
    }

    /// Whether it is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The segments joined by `/`; empty for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments from the root down; none for the root.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }

    /// The directory it is in; none for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(self.0.rsplit_once('/').map_or_else(Self::root, |(parent, _)| Self(parent.to_owned())))
    }

    /// Its last segment; none for the root.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.segments().last()
    }

    /// The path of `name` in this directory. `name` may itself have several segments.
    ///
    /// # Errors
    /// [`NameError`] as in [`RepoPath::parse`].
    pub fn join(&self, name: &str) -> Result<Self, NameError> {
        if self.is_root() { Self::parse(name) } else { Self::parse(&format!("{}/{name}", self.0)) }
    }
}

fn is_segment(segment: &str) -> bool {
    let plain: String = segment.chars().map(plain_dot).collect::<String>().to_ascii_lowercase();
    (1..=SEGMENT_BYTES).contains(&segment.len())
        && !matches!(plain.as_str(), "." | ".." | "\u{2025}" | ".git")
        && !segment.ends_with(' ')
        && !segment.chars().any(|character| character == '\\' || character.is_control() || is_invisible(character))
}

/// Characters that Unicode's compatibility forms fold into a full stop.
fn plain_dot(character: char) -> char {
    match character {
        '\u{ff0e}' | '\u{fe52}' | '\u{2024}' => '.',
        other => other,
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g02_traversal_in_every_dress_is_refused() {
        for hostile in [
            "",
            "/",
            "/etc",
            "a/",
            "a//b",
            ".",
            "..",
            "./a",
            "a/.",
            "../../../user/tokens",
            "a/../../x",
            "%2e%2e/x",
            "..%5c",
            "a%2fb",
            "%252e%252e",
            "a\\b",
            ".git",
            ".git/config",
            "a/.GIT/x",
            "\u{ff0e}\u{ff0e}/x",
            "\u{2025}/x",
            "\u{ff0e}git/config",
            "a/b ",
            "a /b",
            "a\0b",
            "a\nb",
            "a\u{7f}",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{e0041}",
        ] {
            assert!(RepoPath::parse(hostile).is_err(), "{hostile:?}");
        }
        assert!(RepoPath::parse(&"a".repeat(256)).is_err());
        assert!(RepoPath::parse(&"a/".repeat(2048)).is_err());
        assert!(RepoPath::parse(&vec!["a"; 2049].join("/")).is_err());
    }

    #[test]
    fn g02_ordinary_paths_are_accepted_as_they_are() {
        for good in
            ["a", "a/b.c", ".github/x", ".gitignore", "...", "a b/c", "ü/数.md", "100%.txt", "a;b?c#d&e", "-x", "~"]
        {
            assert_eq!(RepoPath::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn paths_are_walked_up_and_down() {
        let file = RepoPath::parse("a/b/c").unwrap();
        assert_eq!(file.file_name(), Some("c"));
        assert_eq!(file.parent().unwrap().as_str(), "a/b");
        assert_eq!(RepoPath::parse("a").unwrap().parent(), Some(RepoPath::root()));
        assert_eq!(RepoPath::root().parent(), None);
        assert_eq!(RepoPath::root().segments().count(), 0);
        assert_eq!(RepoPath::root().join("a").unwrap().join("b/c").unwrap().as_str(), "a/b/c");
        assert!(RepoPath::root().join("..").is_err());
        assert!(file.join("../x").is_err());
        assert!(RepoPath::parse_directory("").unwrap().is_root());
        assert!(RepoPath::parse_directory("/").is_err());
    }
}
