//! How a presented key becomes what the store looks up: HMAC-SHA-256 under a secret pepper.
//!
//! A plain hash would let whoever copies the file test guesses offline; this one needs the pepper, which lies sealed.
//! The lookup is by digest, so how long it takes says nothing about the key itself.

use std::fmt;
use std::hash::{Hash, Hasher};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};

/// Bytes of a pepper.
pub(crate) const PEPPER_BYTES: usize = 32;

/// Bytes of an HMAC-SHA-256.
const DIGEST_BYTES: usize = 32;

/// The store's secret for digesting keys, made with the store and never changed. Printing shows nothing.
pub struct Pepper(hmac::Key);

impl Pepper {
    pub(crate) fn new(bytes: &[u8; PEPPER_BYTES]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The digest of a presented key.
    #[must_use]
    pub fn digest(&self, presented: &SecretString) -> KeyDigest {
        let tag = hmac::sign(&self.0, presented.expose_secret().as_bytes());
        let mut digest = [0; DIGEST_BYTES];
        for (to, from) in digest.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        KeyDigest(digest)
    }

    /// A key for another purpose, the same for every process that shares the store. No presented key begins as a
    /// purpose does here, and no digest is ever shown, so that neither tells of the other.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> hmac::Key {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"\0aegis-mcp derived key v1\n");
        context.update(purpose.as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, context.sign().as_ref())
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pepper(..)")
    }
}

/// A key's digest: all the store ever holds of a key. Compared in constant time; hashed whole, so that it may key a map.
#[derive(Clone, Copy)]
pub struct KeyDigest([u8; DIGEST_BYTES]);

impl KeyDigest {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().map(Self).ok()
    }

    /// Its bytes, for what is computed from it. They are shown to nobody.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; DIGEST_BYTES] {
        &self.0
    }
}

impl PartialEq for KeyDigest {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for KeyDigest {}

impl Hash for KeyDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn digests_follow_rfc_4231_and_differ_by_key_and_pepper() {
        // RFC 4231 §4.3; HMAC pads its key with zeros, so the four bytes of "Jefe" in 32 give the same tag.
        let mut pepper = [0; PEPPER_BYTES];
        pepper[..4].copy_from_slice(b"Jefe");
        let digest = Pepper::new(&pepper).digest(&"what do ya want for nothing?".into());
        let expected = KeyDigest([
            0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00,
            0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
        ]);
        assert_eq!(digest, expected);
        assert_ne!(digest, Pepper::new(&pepper).digest(&"what do ya want for nothing!".into()));
        assert_ne!(digest, Pepper::new(&[7; PEPPER_BYTES]).digest(&"what do ya want for nothing?".into()));
    }

    #[test]
    fn k01_t17_digests_are_compared_whole() {
        let digest = KeyDigest([9; DIGEST_BYTES]);
        for place in 0..DIGEST_BYTES {
            assert_ne!(digest, but_for(digest, place), "a difference at byte {place} was missed");
        }
        assert_eq!(digest, KeyDigest([9; DIGEST_BYTES]));
    }

    #[test]
    fn t17_a_map_of_digests_keeps_those_apart_that_differ_in_one_byte() {
        let digest = KeyDigest([9; DIGEST_BYTES]);
        let all = (0..DIGEST_BYTES).map(|place| but_for(digest, place)).chain([digest]);
        let owners: HashMap<KeyDigest, usize> = all.clone().zip(0..).collect();
        assert_eq!(owners.len(), DIGEST_BYTES + 1);
        assert!(all.zip(0..).all(|(digest, owner)| owners.get(&digest) == Some(&owner)));
        assert!(owners.keys().all(|digest| format!("{digest:?}") == "KeyDigest(..)"), "a key of a map shows");
    }

    /// The same but for one bit of one byte.
    fn but_for(digest: KeyDigest, place: usize) -> KeyDigest {
        let mut other = digest;
        other.0[place] ^= 1;
        other
    }

    #[test]
    fn a_derived_key_is_the_same_for_all_who_share_the_pepper_and_for_one_purpose() {
        let tag = |pepper: u8, purpose: &str| hmac::sign(&Pepper::new(&[pepper; PEPPER_BYTES]).derive(purpose), b"x");
        assert_eq!(tag(7, "state").as_ref(), tag(7, "state").as_ref());
        assert_ne!(tag(7, "state").as_ref(), tag(7, "other").as_ref());
        assert_ne!(tag(7, "state").as_ref(), tag(8, "state").as_ref());
    }

    #[test]
    fn k11_printing_a_pepper_or_a_digest_shows_nothing() {
        assert_eq!(format!("{:?}", Pepper::new(&[7; PEPPER_BYTES])), "Pepper(..)");
        assert_eq!(format!("{:?}", KeyDigest([7; DIGEST_BYTES])), "KeyDigest(..)");
    }
}
