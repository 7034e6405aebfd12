//! Text from outside on its way into a line and out to a terminal.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::key::DigestKey;

/// No text in an event is longer than this; what is beyond is hashed.
pub(super) const TEXT_CAP_BYTES: usize = 512;

/// JSON in printable ASCII. Everything else becomes `\u` and four digits, so that a line holds no line end, terminal command, or
/// letter that is unseen or turns the text round, whatever Unicode adds next.
pub(super) fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(512);
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Ascii))?;
    Ok(bytes)
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        // Bytes will do: those of a letter beyond ASCII are none of these, and the first of them begins it.
        while let Some(at) = rest.bytes().position(|byte| !matches!(byte, b' '..=b'~')) {
            let (plain, from) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut letters = from.chars();
            for unit in letters.next().iter().flat_map(|letter| letter.encode_utf16(&mut [0; 2]).to_vec()) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = letters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Cuts what is longer than [`TEXT_CAP_BYTES`] and says how much went, with a keyed hash of it: two long texts can
/// still be told apart, and compared by whoever has the key.
pub(super) fn cap(text: &mut String, key: &DigestKey) {
    cap_to(text, TEXT_CAP_BYTES, key);
}

/// [`cap`] at another length.
pub(super) fn cap_to(text: &mut String, cap_bytes: usize, key: &DigestKey) {
    if text.len() > cap_bytes {
        let rest = text.split_off(text.floor_char_boundary(cap_bytes));
        *text = format!("{text}…[{} bytes more, hmac-sha256 {}]", rest.len(), key.digest("rest", rest.as_bytes()));
    }
}

/// Text that a terminal shows and does not obey: what has no shape of its own is spelled out.
pub(super) fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, letter| {
        match letter {
            '"' | '\'' | '\\' => shown.push(letter),
            other => shown.extend(other.escape_debug()),
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn c11_a07_json_is_printable_ascii_on_one_line() {
        let nasty = "a\r\nb\u{1b}]8;;http://x\u{7}\u{0}\u{2028}\u{2029}\u{202e}\u{200b}\u{feff}\u{9b}\u{7f}\u{e0041}é";
        let bytes = json(&nasty).unwrap();
        assert!(bytes.iter().all(|byte| (b' '..=b'~').contains(byte)));
        assert_eq!(serde_json::from_slice::<String>(&bytes).unwrap(), nasty);
    }

    #[test]
    fn c12_nothing_a_terminal_obeys_is_shown() {
        let shown = printable("\u{1b}[31mred\u{9b}2J\r\n\u{202e}\u{200f}\u{2028}\u{7f} naïve 漢字 \"quoted\" C:\\");
        assert_eq!(shown, "\\u{1b}[31mred\\u{9b}2J\\r\\n\\u{202e}\\u{200f}\\u{2028}\\u{7f} naïve 漢字 \"quoted\" C:\\");
    }

    proptest! {
        #[test]
        fn c11_any_text_reads_back(text in any::<String>()) {
            let bytes = json(&text).unwrap();
            prop_assert!(bytes.iter().all(|byte| (b' '..=b'~').contains(byte)));
            prop_assert_eq!(serde_json::from_slice::<String>(&bytes).unwrap(), text);
        }
    }
}
