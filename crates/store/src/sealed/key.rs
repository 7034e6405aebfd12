//! The key everything at rest is sealed with.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::StoreError;

/// Bytes of a sealing key.
pub(super) const KEY_BYTES: usize = 32;

/// Fewer different bytes than this among 32 drawn at random: one chance in 10^15.
const DIFFERENT_BYTES_MIN: usize = 16;

/// A sealing key. Printing shows its public id only.
pub struct SealingKey {
    cipher: LessSafeKey,
    id: SealingKeyId,
}

impl SealingKey {
    /// A key of exactly these bytes.
    ///
    /// # Errors
    /// [`StoreError::SealingKeyRefused`] if they repeat or count, as no random draw does.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Self, StoreError> {
        refuse_patterns(bytes)?;
        let unbound = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| StoreError::Cryptography)?;
        Ok(Self { cipher: LessSafeKey::new(unbound), id: SealingKeyId::of(bytes) })
    }

    /// Reads 32 bytes written in hexadecimal or base64 (either alphabet, padded or not).
    ///
    /// # Errors
    /// [`StoreError::SealingKeyRefused`] for anything else, placeholders and patterns included.
    pub fn from_text(text: &SecretString) -> Result<Self, StoreError> {
        let text = text.expose_secret();
        if text.trim() != text || text.is_empty() {
            return Err(StoreError::SealingKeyRefused("it is empty or has blanks around it"));
        }
        let bytes = from_hexadecimal(text).or_else(|| from_base64(text));
        let bytes = bytes.ok_or(StoreError::SealingKeyRefused("it is not 32 bytes in hexadecimal or base64"))?;
        Self::from_bytes(&bytes)
    }

    /// The key's public name.
    #[must_use]
    pub const fn id(&self) -> &SealingKeyId {
        &self.id
    }

    pub(super) const fn cipher(&self) -> &LessSafeKey {
        &self.cipher
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SealingKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A sealing key's public name: the first 32 bits of a hash made for this purpose only, as eight hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealingKeyId(String);

impl SealingKeyId {
    /// Sets this hash apart from every other use of the key.
    const DOMAIN: &[u8] = b"aegis-store sealing key id\0";
    const BYTES: usize = 4;

    fn of(key: &[u8; KEY_BYTES]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(Self::DOMAIN);
        context.update(key);
        let hash = context.finish();
        let bits = hash.as_ref().iter().take(Self::BYTES).fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
        Self(format!("{bits:08x}"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SealingKeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn from_hexadecimal(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let digits = text.as_bytes();
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != KEY_BYTES || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let value = char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?;
        *byte = u8::try_from(value).ok()?;
    }
    Some(bytes)
}

fn from_base64(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    const EITHER_PADDING: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabets = [base64::alphabet::STANDARD, base64::alphabet::URL_SAFE];
    let decoded = alphabets.iter().find_map(|alphabet| {
        let decoded = GeneralPurpose::new(alphabet, EITHER_PADDING).decode(text).ok()?;
        Some(Zeroizing::new(decoded))
    })?;
    decoded.as_slice().try_into().map(Zeroizing::new).ok()
}

/// `000…`, `0123456789abcdef…` and the like: one step from byte to byte all along, or few different bytes.
fn refuse_patterns(bytes: &[u8; KEY_BYTES]) -> Result<(), StoreError> {
    let mut steps = bytes.windows(2).map(|pair| match pair {
        [one, next] => next.wrapping_sub(*one),
        _ => 0,
    });
    let first = steps.next();
    let counting = steps.all(|step| Some(step) == first);
    let mut sorted = Zeroizing::new(*bytes);
    sorted.sort_unstable();
    let different = sorted.chunk_by(|one, next| one == next).count();
    if counting || different < DIFFERENT_BYTES_MIN {
        return Err(StoreError::SealingKeyRefused("it is a pattern, not random bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEXADECIMAL: &str = "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19";

    fn from_text(text: &str) -> Result<SealingKey, StoreError> {
        SealingKey::from_text(&text.into())
    }

    #[test]
    fn one_key_in_every_spelling() {
        let spellings = [
            HEXADECIMAL,
            &HEXADECIMAL.to_uppercase(),
            "agnmZ7tnroU8bvNypU/1OlEOUn+bBWiMH4PZq1vgzRk=",
            "agnmZ7tnroU8bvNypU/1OlEOUn+bBWiMH4PZq1vgzRk",
            "agnmZ7tnroU8bvNypU_1OlEOUn-bBWiMH4PZq1vgzRk",
        ];
        for spelling in spellings {
            assert_eq!(from_text(spelling).unwrap().id().as_str(), "36661e9f");
        }
    }

    #[test]
    fn k02_k03_short_long_placeholder_and_pattern_are_refused() {
        let counting = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let refused = [
            "",
            " ",
            "---",
            "changeme",
            "YOUR_API_KEY",
            "<store key>",
            &HEXADECIMAL[2..],
            &format!("{HEXADECIMAL}00"),
            &format!("{HEXADECIMAL}\n"),
            &format!("\u{feff}{HEXADECIMAL}"),
            &format!("\"{HEXADECIMAL}\""),
            &"0".repeat(64),
            &"a".repeat(43),
            &"0123456789abcdef".repeat(4),
            &"00ff".repeat(16),
            counting,
        ];
        for text in refused {
            assert_eq!(from_text(text).unwrap_err().code(), "sealing_key_refused", "{text:?}");
        }
    }

    #[test]
    fn k11_neither_printing_nor_refusing_shows_the_key() {
        let key = from_text(HEXADECIMAL).unwrap();
        assert_eq!(format!("{key:?}"), format!("SealingKey {{ id: {:?}, .. }}", key.id()));
        let error = from_text("a-secret-of-the-wrong-length").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("wrong-length"));
    }
}
