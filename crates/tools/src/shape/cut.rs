//! Cutting the text of a list's row.
//!
//! A secret that is cut in two no longer looks like one, so a row is cut between words: no format of secret holds a
//! space, and an armoured key is known by either end.

/// Longest text in a list's row, in characters.
const ROW_CHARACTERS: usize = 500;
/// Longest comment shown with its issue, in characters.
const THREAD_CHARACTERS: usize = 4_000;
/// Longest one-line text: a title, a name, a subject.
const LINE_CHARACTERS: usize = 200;

/// The text as a row shows it, and whether something is missing.
pub(crate) fn in_row(text: &str) -> (String, bool) {
    cut(text, ROW_CHARACTERS)
}

/// The text as a comment shows it under its issue: longer than a row, and no longer than what is left of the answer.
pub(crate) fn in_thread(text: &str, left_characters: usize) -> (String, bool) {
    cut(text, THREAD_CHARACTERS.min(left_characters))
}

/// The first line of a commit message, or a title.
pub(crate) fn subject(text: &str) -> String {
    cut(text.lines().next().unwrap_or_default(), LINE_CHARACTERS).0
}

fn cut(text: &str, most_characters: usize) -> (String, bool) {
    // The last character of what fits makes room for the ellipsis.
    let Some((end, _)) = text.char_indices().nth(most_characters.saturating_sub(1)) else {
        return (text.to_owned(), false);
    };
    if text.get(end..).is_some_and(|rest| rest.chars().nth(1).is_none()) {
        return (text.to_owned(), false);
    }
    let fits = text.get(..end).unwrap_or_default();
    // A single word of this length is left out whole.
    let words = fits.rfind(char::is_whitespace).map_or("", |space| fits.get(..space).unwrap_or_default());
    (format!("{}…", words.trim_end()), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_fits_stays_and_longer_text_is_cut_between_words() {
        assert_eq!(cut("one two", 7), ("one two".to_owned(), false));
        assert_eq!(cut("one two three", 7), ("one…".to_owned(), true));
        assert_eq!(cut("ein üüü drei", 9), ("ein üüü…".to_owned(), true));
        assert_eq!(cut("", 7), (String::new(), false));
    }

    #[test]
    fn no_piece_of_a_word_is_left() {
        assert_eq!(cut(&"a".repeat(1_000), 500), ("…".to_owned(), true));
        let (shown, _) = in_row(&format!("{} ghp_{}", "x ".repeat(240), "a".repeat(40)));
        assert!(!shown.contains("ghp"), "{shown}");
        assert!(shown.chars().count() <= 500);
    }

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(subject("fix: all\n\nbody"), "fix: all");
        assert_eq!(subject(""), "");
    }
}
