//! Which paths are meant: by a glob, or by letters in their order.

use aegis_gate::ToolError;
use globset::{GlobBuilder, GlobMatcher};

use crate::shape::invalid;

/// Longest pattern, in bytes: globs are compiled.
const PATTERN_BYTES: usize = 256;

/// A parsed pattern.
pub(crate) enum Pattern {
    /// `src/**/*.rs`, or `*.py` for a name at any depth.
    Glob(GlobMatcher),
    /// Letters that occur in this order, whatever their case.
    Letters(String),
}

impl Pattern {
    /// A glob where the text has a sign of one, letters otherwise.
    pub(crate) fn parse(text: &str) -> Result<Self, ToolError> {
        if text.contains(['*', '?', '[', '{']) { Self::glob(text) } else { Ok(Self::Letters(text.to_lowercase())) }
    }

    /// A glob. Without a slash it is about names, at any depth.
    pub(crate) fn glob(text: &str) -> Result<Self, ToolError> {
        let refuse = || invalid("pattern", "it is no glob", "write one such as *.rs, src/** or {a,b}/*.md");
        if text.is_empty() || text.len() > PATTERN_BYTES {
            return Err(refuse());
        }
        let anywhere = if text.contains('/') { text.to_owned() } else { format!("**/{text}") };
        let glob = GlobBuilder::new(&anywhere).literal_separator(true).build();
        glob.map(|glob| Self::Glob(glob.compile_matcher())).map_err(|_| refuse())
    }

    /// How well a path fits, the smaller the better; none if it does not.
    pub(crate) fn fit(&self, path: &str) -> Option<usize> {
        match self {
            Self::Glob(glob) => glob.is_match(path).then_some(0),
            Self::Letters(letters) => fit(letters, &path.to_lowercase()),
        }
    }
}

/// A whole name before a name's start, before a part of a name, before a part of the path, before scattered letters.
fn fit(letters: &str, path: &str) -> Option<usize> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if name == letters {
        return Some(0);
    }
    if name.starts_with(letters) {
        return Some(1);
    }
    if name.contains(letters) {
        return Some(2);
    }
    if path.contains(letters) {
        return Some(3);
    }
    let mut rest = path.chars();
    letters.chars().all(|letter| rest.any(|next| next == letter)).then_some(4)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn fits(pattern: &str, path: &str) -> Option<usize> {
        Pattern::parse(pattern).unwrap().fit(path)
    }

    #[test]
    fn a_glob_without_a_slash_is_about_names_at_any_depth() {
        assert_eq!(fits("*.py", "src/main.py"), Some(0));
        assert_eq!(fits("*.py", "main.py"), Some(0));
        assert_eq!(fits("*.py", "main.pyc"), None);
        assert_eq!(fits("src/*.py", "src/deep/main.py"), None);
        assert_eq!(fits("src/**/*.py", "src/deep/main.py"), Some(0));
    }

    #[test]
    fn letters_find_names_before_paths_before_scattered_letters() {
        assert_eq!(fits("main.rs", "src/main.rs"), Some(0));
        assert_eq!(fits("MAIN", "src/main.rs"), Some(1));
        assert_eq!(fits("ain", "src/main.rs"), Some(2));
        assert_eq!(fits("src/m", "src/main.rs"), Some(3));
        assert_eq!(fits("smrs", "src/main.rs"), Some(4));
        assert_eq!(fits("zz", "src/main.rs"), None);
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        for bad in ["[", "{a", "**[", &"*".repeat(257)] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
        assert!(Pattern::glob("").is_err());
    }

    #[test]
    fn h13_patterns_made_to_run_for_ever_are_refused_or_cost_in_the_length_of_the_path_only() {
        let nested = format!("{}a{}", "{a,".repeat(60), "}".repeat(60));
        let hostile = [
            ("**/".repeat(80) + "x", true),
            ("*a".repeat(127), true),
            ("{a,b}".repeat(50), true),
            ("[a-z]*".repeat(42), true),
            ("?".repeat(256), true),
            ("a*".repeat(64) + "b", true),
            (nested, true),
            ("*".repeat(257), false),
        ];
        for (text, is_taken) in &hostile {
            let pattern = Pattern::parse(text);
            assert_eq!(pattern.is_ok(), *is_taken, "{text}");
            let Ok(pattern) = pattern else { continue };
            for piece in ["a", "a/", "ab"] {
                let (short, long) = (quickest(&pattern, &piece.repeat(200)), quickest(&pattern, &piece.repeat(2_000)));
                // Ten times the path takes ten times as long, were it squared a hundred, and by backtracking for ever.
                assert!(long < short.max(GRAIN) * 40, "{text} over {piece}: {short:?}, {long:?}");
            }
        }
    }

    /// Below this a clock measures itself.
    const GRAIN: Duration = Duration::from_micros(20);

    /// The least that matching took in several tries: what is more is other work of the machine.
    fn quickest(pattern: &Pattern, path: &str) -> Duration {
        let clock = aegis_ambient::Ambient::real();
        let once = || {
            let before = clock.elapsed();
            pattern.fit(path);
            clock.elapsed().saturating_sub(before)
        };
        std::iter::repeat_with(once).take(7).min().unwrap()
    }
}
