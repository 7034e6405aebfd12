//! The forms in which a secret leaves a program unnoticed.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A part of a secret this long is as good as the secret to who guesses the rest: the first design printed the first 12
/// characters of its keys.
const TELLING_PART: usize = 12;

/// One form of a secret, to be looked for without regard to case.
pub(super) struct Disguise {
    pub(super) bytes: Vec<u8>,
    /// What to call it in a finding.
    pub(super) name: &'static str,
}

/// Every form looked for. Shorter forms may lie inside longer ones.
pub(super) fn of(secret: &str) -> Vec<Disguise> {
    let bytes = secret.as_bytes();
    let mut forms = vec![
        ("plain", bytes.to_vec()),
        ("reversed", bytes.iter().rev().copied().collect()),
        ("hex", hex(bytes).into_bytes()),
        ("percent-encoded", percent_encoded(bytes).into_bytes()),
        ("JSON-escaped", json_escaped(secret).into_bytes()),
        ("as a list of bytes", decimals(bytes, ", ").into_bytes()),
        ("as a list of bytes", decimals(bytes, ",").into_bytes()),
        ("UTF-16", secret.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ];
    for offset in 0..3 {
        forms.push(("base64", base64_within(&STANDARD_NO_PAD, bytes, offset)));
        forms.push(("base64", base64_within(&URL_SAFE_NO_PAD, bytes, offset)));
    }
    if bytes.len() >= 2 * TELLING_PART {
        let (head, _) = bytes.split_at(TELLING_PART);
        let (_, tail) = bytes.split_at(bytes.len() - TELLING_PART);
        forms.push(("its first 12 characters", head.to_vec()));
        forms.push(("its last 12 characters", tail.to_vec()));
    }
    forms.into_iter().map(|(name, bytes)| Disguise { bytes, name }).collect()
}

/// The characters that base64 of any longer text certainly holds when the secret begins `offset` bytes into a group of
/// three: those mixed with unknown neighbours are left out. So `user:secret` of HTTP Basic is found too.
fn base64_within(engine: &impl Engine, secret: &[u8], offset: usize) -> Vec<u8> {
    let shifted = [vec![0; offset], secret.to_vec()].concat();
    let encoded = engine.encode(&shifted).into_bytes();
    let mixed_before = if offset == 0 { 0 } else { offset + 1 };
    let mixed_after = usize::from(shifted.len() % 3 != 0);
    let certain = encoded.len().saturating_sub(mixed_before + mixed_after);
    encoded.into_iter().skip(mixed_before).take(certain).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Unreserved characters, RFC 3986 §2.3.
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02x}");
        }
        text
    })
}

fn json_escaped(secret: &str) -> String {
    secret.replace('\\', "\\\\").replace('"', "\\\"")
}

fn decimals(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_found_at_every_offset_and_end() {
        let secret = b"pl+nted/secret?of~some>length";
        for before in 0..7 {
            for after in 0..4 {
                let text = [vec![b'u'; before], secret.to_vec(), vec![b'z'; after]].concat();
                let encoded = STANDARD_NO_PAD.encode(&text);
                let hits = (0..3).filter(|offset| {
                    let part = base64_within(&STANDARD_NO_PAD, secret, *offset);
                    assert!(part.len() >= secret.len());
                    encoded.contains(std::str::from_utf8(&part).unwrap())
                });
                assert_eq!(hits.count(), 1, "{before} before, {after} after");
            }
        }
    }
}
