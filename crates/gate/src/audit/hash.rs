//! SHA-256 with a name for what is hashed, so that bytes of one kind never pass for another.

use std::fmt;

use aws_lc_rs::digest;
use serde::{Serialize, Serializer};

const RECORD: &[u8] = b"aegis-mcp audit record v1\n";
const CHAIN: &[u8] = b"aegis-mcp audit chain v1\n";
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// A SHA-256 value, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Hash([u8; 32]);

impl Hash {
    /// Of a line, up to its own hash.
    pub(super) fn of_record(bytes: &[u8]) -> Self {
        Self::of(RECORD, bytes)
    }

    /// What line 1 of a chain builds on.
    pub(super) fn of_chain(name: &str) -> Self {
        Self::of(CHAIN, name.as_bytes())
    }

    /// Of a public key: its id is the beginning of this.
    pub(super) fn of_key(raw: &[u8]) -> Self {
        Self::of(b"", raw)
    }

    fn of(domain: &[u8], bytes: &[u8]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(domain);
        context.update(bytes);
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    /// Takes exactly what `Display` gives: an upper-case digit would be another line with the same meaning.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut hash = [0; 32];
        for (to, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *to = (value(*high)? << 4) | value(*low)?;
        }
        Some(Self(hash))
    }
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    text.extend(digits.filter_map(|digit| DIGITS.get(usize::from(digit))).map(|digit| char::from(*digit)));
    text
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_reads_back_and_only_in_one_spelling() {
        let hash = Hash::of_chain("audit-20260102T030405Z-0a1b2c3d");
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        assert_eq!(Hash::parse(&hash.to_string().to_uppercase()), None);
        assert_eq!(Hash::parse(hash.to_string().get(1..).unwrap()), None);
        assert_ne!(Hash::of_record(b"x"), Hash::of_key(b"x"));
    }
}
