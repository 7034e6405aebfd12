//! Names, parsed once: past this module no plain string is an owner, a repository, a path, a ref, an object id or an
//! issue number. What parses cannot leave its place in a URL and cannot mean another thing to Gitea than to us.

mod index;
mod path;
mod reference;
mod repository;
mod sha;

use std::fmt;

pub use index::Index;
pub use path::RepoPath;
pub use reference::GitRef;
pub use repository::{Owner, RepositoryId, RepositoryName};
pub use sha::Sha;

/// How much of a refused name is shown, in characters.
const SHOWN_CHARACTERS: usize = 60;

/// A name that was refused: which one, what came, what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    field: &'static str,
    came: String,
    wanted: &'static str,
}

impl NameError {
    pub(crate) fn new(field: &'static str, came: &str, wanted: &'static str) -> Self {
        Self { field, came: shown(came), wanted }
    }

    /// Which name: "owner", "repo", "path", "ref", "sha", "index".
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What came, escaped and cut to 60 characters.
    #[must_use]
    pub fn came(&self) -> &str {
        &self.came
    }

    /// What would be right.
    #[must_use]
    pub fn wanted(&self) -> &'static str {
        self.wanted
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, came, wanted } = self;
        if came.is_empty() {
            write!(formatter, "{field}: it is empty, want {wanted}")
        } else {
            write!(formatter, "{field}: got `{came}`, want {wanted}")
        }
    }
}

impl std::error::Error for NameError {}

/// Letters, digits and visible ASCII as they are, everything else as an escape; at most [`SHOWN_CHARACTERS`].
fn shown(came: &str) -> String {
    let mut shown = String::new();
    for character in came.chars() {
        let plain = character.is_alphanumeric() || character.is_ascii_graphic() || character == ' ';
        let piece = if plain { character.to_string() } else { character.escape_default().to_string() };
        if shown.chars().count() + piece.chars().count() >= SHOWN_CHARACTERS {
            shown.push('…');
            break;
        }
        shown.push_str(&piece);
    }
    shown
}

/// Characters that cannot be seen or that turn the reading direction: with them two names look like one.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a percent sign, however often encoded itself, stands for a dot, a slash, a backslash or NUL. No server
/// should decode a segment twice; a name that only makes sense if one does is not sent.
fn hides_a_separator(name: &str) -> bool {
    name.match_indices('%').any(|(at, _)| {
        let mut rest = name.get(at + 1..).unwrap_or_default();
        while let Some(decoded) = rest.strip_prefix("25") {
            rest = decoded;
        }
        let code = rest.get(..2).unwrap_or_default().to_ascii_lowercase();
        matches!(code.as_str(), "2e" | "2f" | "5c" | "00")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_escaped_and_cut() {
        assert_eq!(shown("a\u{202e}b\n"), r"a\u{202e}b\n");
        let long = shown(&"x".repeat(1_000_000));
        assert_eq!(long.chars().count(), SHOWN_CHARACTERS);
        assert!(long.ends_with('…'));
        assert_eq!(shown("größe/数"), "größe/数");
    }

    #[test]
    fn an_empty_name_is_said_to_be_empty() {
        assert_eq!(NameError::new("ref", "", "a branch").to_string(), "ref: it is empty, want a branch");
        assert_eq!(NameError::new("ref", "a b", "a branch").to_string(), "ref: got `a b`, want a branch");
    }

    #[test]
    fn hidden_separators_are_seen_through_any_depth() {
        for hidden in ["%2e", "a%2Fb", "%252f", "%25252E", "x%5cy", "%00"] {
            assert!(hides_a_separator(hidden), "{hidden}");
        }
        for plain in ["100%", "%", "50%25", "%41", "%2", "%é"] {
            assert!(!hides_a_separator(plain), "{plain}");
        }
    }
}
