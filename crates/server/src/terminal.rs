//! What is printed for people: symbols and colour only on a terminal, never meaning by colour alone; nothing from
//! outside reaches a terminal with its escape sequences (attack C12).

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

/// Width to cut lines to when the terminal does not say.
const WIDTH: usize = 120;

static COLOUR: OnceLock<bool> = OnceLock::new();

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// A heading, a name.
    Strong,
    /// All is well.
    Good,
    /// A refusal, an error.
    Bad,
    /// A warning.
    Warn,
}

/// Decides once whether colour is used: `CLICOLOR_FORCE` over `NO_COLOR` over what standard output is.
pub(crate) fn choose_colour(no_color: bool, force: bool) {
    let _ = COLOUR.set(force || (!no_color && std::io::stdout().is_terminal()));
}

/// The text, coloured where colour is used.
#[must_use]
pub(crate) fn styled(style: Style, text: &str) -> String {
    if !COLOUR.get().copied().unwrap_or(false) {
        return text.to_owned();
    }
    let code = match style {
        Style::Strong => "1",
        Style::Good => "32",
        Style::Bad => "31",
        Style::Warn => "33",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// Prints one line to standard output. A closed pipe ends the printing, not the program.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints one line to standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Outside text made safe for a terminal: one line, control and invisible characters as visible escapes.
#[must_use]
pub(crate) fn plain(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
        shown
    })
}

/// A line made plain and cut to the width.
#[must_use]
pub(crate) fn cut(text: &str) -> String {
    let plain = plain(text);
    if plain.chars().count() <= WIDTH {
        return plain;
    }
    plain.chars().take(WIDTH - 1).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c12_escape_sequences_from_outside_are_shown_not_obeyed() {
        let title = "\u{1b}]0;owned\u{7}\u{1b}[2Jname\r\n\u{202e}txt\u{9b}31m";
        let shown = plain(title);
        assert!(shown.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{shown}");
        assert!(shown.contains("\\u{1b}]0;owned\\u{7}") && shown.contains("name"));
        assert_eq!(plain("résumé 日本語 👩‍💻"), "résumé 日本語 👩\\u{200d}💻");
        assert_eq!(cut(&"x".repeat(500)).chars().count(), WIDTH);
    }
}
