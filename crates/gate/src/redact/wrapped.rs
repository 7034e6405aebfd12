//! Text inside bytes: base64 in text, and text with NULs between its letters (UTF-16, UTF-32).

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The base64 of the shortest secret of any rule.
const RUN_MIN_BYTES: usize = 24;
/// How many letters a run begins with at least: its last two bytes may be padding.
const RUN_MIN_LETTERS: usize = RUN_MIN_BYTES - 2;
/// A run goes on over a line end after a line at least this long: MIME breaks at 76, PEM at 64, some tools at 60.
const WRAP_MIN_BYTES: usize = 60;
/// A run may begin with letters that are not its own, so it is decoded from each of the four places in a group.
const ALIGNMENTS: usize = 4;

/// Either alphabet, padded or not, whatever the unused bits say.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Runs that may be base64, also over wrapped lines, in order.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            // A run's first letters stand side by side: where one of so many is none, no run begins before it.
            let ahead = bytes.get(at..at + RUN_MIN_LETTERS)?;
            let gap = ahead.iter().rposition(|byte| !is_letter(*byte));
            let start = at + gap.map_or(0, |gap| gap + 1);
            at = run_end(bytes, start);
            if at - start >= RUN_MIN_BYTES {
                return Some(start..at);
            }
        }
    })
}

fn run_end(bytes: &[u8], start: usize) -> usize {
    let mut line = start;
    loop {
        let rest = bytes.get(line..).unwrap_or_default();
        let end = line + rest.iter().position(|byte| !is_letter(*byte)).unwrap_or(rest.len());
        let next = bytes.get(end..).map_or(0, |tail| match tail {
            [b'\r', b'\n', letter, ..] if is_letter(*letter) => 2,
            [b'\n', letter, ..] if is_letter(*letter) => 1,
            _ => 0,
        });
        if next == 0 || end - line < WRAP_MIN_BYTES {
            let tail = bytes.get(end..).unwrap_or_default();
            return end + tail.iter().take(2).take_while(|byte| **byte == b'=').count();
        }
        line = end + next;
    }
}

fn is_letter(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'-' | b'_')
}

/// What a run decodes to, from each alignment.
pub(super) fn decodings(run: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let letters: Vec<u8> = run
        .iter()
        .filter(|byte| is_letter(**byte))
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    (0..ALIGNMENTS).filter_map(move |skip| {
        let aligned = letters.get(skip..)?;
        // One letter beyond whole groups carries no whole byte.
        let spare = usize::from(aligned.len() % 4 == 1);
        LENIENT.decode(aligned.get(..aligned.len() - spare)?).ok()
    })
}

/// The bytes without NULs: a secret is ASCII, so in UTF-16 or UTF-32, of either byte order, it is itself with NULs
/// between, and line ends stay countable.
pub(super) fn narrow(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.contains(&0) {
        Cow::Owned(bytes.iter().copied().filter(|byte| *byte != 0).collect())
    } else {
        Cow::Borrowed(bytes)
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD as PADDED;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_run_is_found_and_decoded_whatever_stands_before_it() {
        let secret = b"a short sentence, quite secret";
        for before in ["", "x", "x/", "abc"] {
            let text = format!("value: {before}{} end", PADDED.encode(secret));
            let run = runs(text.as_bytes()).next().unwrap();
            let found = decodings(&text.as_bytes()[run])
                .any(|decoded| decoded.windows(secret.len()).any(|part| part == secret));
            assert!(found, "{text}");
        }
    }

    #[test]
    fn a_wrapped_run_is_one_and_short_lines_are_not_joined() {
        let line = "QUJD".repeat(16);
        assert_eq!(runs(format!("{line}\r\n{line}\nQUJD==\n").as_bytes()).count(), 1);
        assert_eq!(runs(b"short\nlines\nof\nplain\nwords\nstay\napart\n").count(), 0);
    }

    #[test]
    fn a_run_has_as_many_letters_as_a_secret_of_its_length() {
        for (letters, padding, is_run) in
            [(21, "==", false), (22, "==", true), (22, "=", false), (23, "=", true), (23, "", false), (24, "", true)]
        {
            let run = "a".repeat(letters) + padding;
            for (before, after) in [("", ""), (".", ""), ("", "."), ("two words ", " and two")] {
                let text = format!("{before}{run}{after}");
                let found: Vec<_> = runs(text.as_bytes()).map(|range| &text[range]).collect();
                let expected = Some(run.as_str()).filter(|_| is_run);
                assert_eq!(found, Vec::from_iter(expected), "{text:?}");
            }
        }
    }

    /// [`runs`], looked for from each letter on.
    fn plainly(bytes: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(ahead) = bytes[at..].iter().position(|byte| is_letter(*byte)) {
            let start = at + ahead;
            at = run_end(bytes, start);
            if at - start >= RUN_MIN_BYTES {
                found.push(start..at);
            }
        }
        found
    }

    proptest! {
        #[test]
        fn no_run_is_missed(pieces in prop::collection::vec(("[a-zA-Z0-9+/_-]{0,70}", "[= .\r\n]{0,3}"), 0..12)) {
            let text: String = pieces.into_iter().map(|(letters, between)| letters + &between).collect();
            prop_assert_eq!(runs(text.as_bytes()).collect::<Vec<_>>(), plainly(text.as_bytes()));
        }
    }

    #[test]
    fn wide_text_becomes_narrow() {
        let wide: Vec<u8> = "token".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(*narrow(&wide), *b"token");
    }
}
