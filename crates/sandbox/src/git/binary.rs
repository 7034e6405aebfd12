//! `GIT binary patch`: how patches, unlike diffs, carry binary content. Always as literals, never as deltas.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibEncoder;

/// Bytes a line, so that its length fits one letter.
const LINE_BYTES: usize = 52;
/// Git's base 85 (base85.c).
const DIGITS: &[u8; 85] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// The way there and the way back.
pub(super) fn patch(old: &[u8], new: &[u8], text: &mut Vec<u8>) {
    text.extend_from_slice(b"GIT binary patch\n");
    literal(new, text);
    literal(old, text);
}

fn literal(content: &[u8], text: &mut Vec<u8>) {
    let mut deflated = Vec::new();
    // Reading from and writing to memory cannot fail.
    let _ = writeln!(text, "literal {}", content.len());
    let _ = ZlibEncoder::new(content, Compression::default()).read_to_end(&mut deflated);
    for line in deflated.chunks(LINE_BYTES) {
        text.push(length_letter(line.len()));
        for word in line.chunks(4) {
            encode(word, text);
        }
        text.push(b'\n');
    }
    text.push(b'\n');
}

/// `A` to `Z` for 1 to 26, `a` to `z` for 27 to 52.
fn length_letter(length: usize) -> u8 {
    let length = u8::try_from(length).unwrap_or(u8::MAX);
    if length <= 26 { b'A' + length - 1 } else { b'a' + length - 27 }
}

/// Four bytes, padded with zeros, as five digits.
fn encode(word: &[u8], text: &mut Vec<u8>) {
    let mut value = (0..4).fold(0_u32, |value, place| (value << 8) | u32::from(word.get(place).copied().unwrap_or(0)));
    let mut digits = [0; 5];
    for digit in digits.iter_mut().rev() {
        *digit = usize::try_from(value % 85).ok().and_then(|place| DIGITS.get(place)).copied().unwrap_or_default();
        value /= 85;
    }
    text.extend_from_slice(&digits);
}
