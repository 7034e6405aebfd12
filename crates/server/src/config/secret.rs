//! What a secret must look like before it is taken: whole, real and hard to guess.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{Fault, Origin};

/// Shortest service token or key: 32 random characters cannot be guessed.
const CHOSEN_MIN_CHARACTERS: usize = 32;
/// Shortest token of Gitea's; its personal ones have 40, so a shorter one was cut off.
const ISSUED_MIN_CHARACTERS: usize = 20;
/// Longest secret; it has to fit into a header beside others.
const SECRET_MAX_CHARACTERS: usize = 4096;
/// Fewest different characters in a chosen secret: 32 random hex digits have 14, and fewer than 10 in one of 10,000.
const DISTINCT_MIN_CHARACTERS: usize = 10;

/// A secret and where it was set. Printing shows the place only.
#[derive(Clone)]
pub struct Secret {
    /// The value.
    pub value: SecretString,
    /// Where it was set.
    pub origin: Origin,
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Secret").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Secret {
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.value.expose_secret() == other.value.expose_secret()
    }
}

/// A token that Gitea issued: how good it is, is Gitea's matter; that it is one, is ours.
pub(crate) fn issued(raw: &str) -> Result<SecretString, Fault> {
    well_formed(raw, ISSUED_MIN_CHARACTERS)?;
    Ok(raw.into())
}

/// A secret that the operator chose and that lets clients in.
pub(crate) fn chosen(raw: &str) -> Result<SecretString, Fault> {
    well_formed(raw, CHOSEN_MIN_CHARACTERS)?;
    if is_guessable(raw) { Err(Fault::Guessable) } else { Ok(raw.into()) }
}

fn well_formed(raw: &str, min_characters: usize) -> Result<(), Fault> {
    if raw.trim().is_empty() {
        return Err(Fault::Empty);
    }
    if raw.starts_with('\u{feff}') {
        return Err(Fault::ByteOrderMark);
    }
    if raw.ends_with(['\n', '\r']) {
        return Err(Fault::LineEnd);
    }
    if raw.starts_with(['"', '\'']) || raw.ends_with(['"', '\'']) {
        return Err(Fault::Quoted);
    }
    if let Some(shape) = placeholder(raw) {
        return Err(Fault::Placeholder(shape));
    }
    if !raw.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::NotHeaderText);
    }
    match raw.len() {
        length if length < min_characters => Err(Fault::TooShort(min_characters)),
        length if length > SECRET_MAX_CHARACTERS => Err(Fault::TooLong(SECRET_MAX_CHARACTERS)),
        _ => Ok(()),
    }
}

/// The shape of a value that somebody forgot to fill in. Only the shape is ever named: between `<` and `>` may stand
/// a real secret.
fn placeholder(raw: &str) -> Option<&'static str> {
    let text = raw.trim().to_ascii_lowercase();
    let crosses = text.chars().filter(|&character| character == 'x').count();
    let within = |open, close| text.starts_with(open) && text.ends_with(close);
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    [
        (text.starts_with("---"), "---"),
        (text.starts_with("...") || text.ends_with("...") || text.contains('…'), "..."),
        (within("<", ">"), "<…>"),
        (within("${", "}") || text.starts_with("$("), "${…}"),
        (within("{{", "}}"), "{{…}}"),
        (any(&["changeme", "change-me", "change_me"]), "changeme"),
        (any(&["placeholder", "replace-me", "replace_me", "replaceme"]), "placeholder"),
        (text.starts_with("your_") || text.starts_with("your-"), "YOUR_…"),
        (crosses >= 3 && crosses.saturating_mul(2) >= text.len(), "xxx…"),
    ]
    .into_iter()
    .find_map(|(matches, shape)| matches.then_some(shape))
}

/// Few different characters, a block said over and over, or a run like `abcdef…`: what people type who must type
/// something. It is no measure of entropy; that only a random source gives.
fn is_guessable(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let mut distinct = bytes.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() < DISTINCT_MIN_CHARACTERS || is_repetition(bytes) || is_run(bytes)
}

fn is_repetition(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| bytes.iter().zip(bytes.iter().skip(period)).all(|(one, other)| one == other))
}

/// Whether most neighbours are one step apart, up or down.
fn is_run(bytes: &[u8]) -> bool {
    let steps = bytes.iter().zip(bytes.iter().skip(1)).filter(|(one, other)| one.abs_diff(**other) == 1).count();
    steps.saturating_mul(2) > bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "9f2c1be07a44d3568e1b0cf7729a63d5";

    fn refusal(raw: &str) -> Fault {
        chosen(raw).map(|_| ()).unwrap_err()
    }

    #[test]
    fn k02_a_short_or_guessable_key_is_refused() {
        assert!(chosen(GOOD).is_ok());
        assert_eq!(refusal(&GOOD[1..]), Fault::TooShort(32));

        for guessable in [
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "01010101010101010101010101010101",
            "abcdefghijklmnopqrstuvwxyz012345",
            "zyxwvutsrqponmlkjihgfedcba987654",
            "qw7rt2yuiop4qw7rt2yuiop4qw7rt2yuiop4",
            "adkpakdpaadkkpdapkdakpadddkpaakp",
        ] {
            assert_eq!(refusal(guessable), Fault::Guessable, "{guessable}");
        }
    }

    #[test]
    fn k02_a_credential_cut_off_is_refused_and_a_whole_one_taken() {
        assert!(issued("aaaaaaaaaaaaaaaaaaaa").is_ok(), "its quality is Gitea's matter");
        assert_eq!(issued("aaaaaaaaaaaaaaaaaaa").map(|_| ()).unwrap_err(), Fault::TooShort(20));
        assert_eq!(refusal(&"9f2c1be07a44d356".repeat(257)), Fault::TooLong(4096));
    }

    #[test]
    fn k03_a_placeholder_is_refused_by_its_shape() {
        for (raw, shape) in [
            ("---", "---"),
            ("---paste-the-key-here---", "---"),
            ("changeme", "changeme"),
            ("please-CHANGE-ME-before-you-start", "changeme"),
            ("<your-client-secret>", "<…>"),
            ("YOUR_API_KEY", "YOUR_…"),
            ("your-token", "YOUR_…"),
            ("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "xxx…"),
            ("ghp_XXXXXXXXXXXX", "xxx…"),
            ("${GITEA_TOKEN}", "${…}"),
            ("{{ .Values.token }}", "{{…}}"),
            ("...", "..."),
            ("placeholder", "placeholder"),
        ] {
            assert_eq!(refusal(raw), Fault::Placeholder(shape), "{raw}");
            assert_eq!(issued(raw).map(|_| ()).unwrap_err(), Fault::Placeholder(shape), "{raw}");
        }
    }

    #[test]
    fn k03_what_is_not_the_bare_value_is_refused() {
        for (raw, fault) in [
            (String::new(), Fault::Empty),
            ("   \t".to_owned(), Fault::Empty),
            (format!("\"{GOOD}\""), Fault::Quoted),
            (format!("'{GOOD}'"), Fault::Quoted),
            (format!("{GOOD}\n"), Fault::LineEnd),
            (format!("{GOOD}\r\n"), Fault::LineEnd),
            (format!("\u{feff}{GOOD}"), Fault::ByteOrderMark),
            (format!(" {GOOD}"), Fault::NotHeaderText),
            (format!("{GOOD} "), Fault::NotHeaderText),
            (format!("{GOOD}\n{GOOD}"), Fault::NotHeaderText),
            (format!("{GOOD}é"), Fault::NotHeaderText),
        ] {
            assert_eq!(refusal(&raw), fault, "{raw:?}");
        }
    }
}
