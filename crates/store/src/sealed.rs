//! Encryption at rest: AES-256-GCM, each value bound to the place it lies in.
//!
//! Whoever can write the file but lacks the key can neither read a sealed value nor use it elsewhere: table, column, row
//! and the plain columns that give it meaning (whose key, which scopes, until when) are its associated data. Moving the
//! administrator's credential into another row, or widening that row's scopes, breaks the seal.

mod key;
mod key_file;

use aegis_ambient::Ambient;
use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use zeroize::Zeroizing;

pub use key::{SealingKey, SealingKeyId};

use crate::StoreError;

/// First byte of every sealed value. Layout: format, nonce, ciphertext, tag.
const FORMAT: u8 = 1;

/// Bytes of an AES-GCM tag.
const TAG_BYTES: usize = 16;

/// Where a sealed value lies and what it belongs to.
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: &'a str,
    /// Plain columns of the row that may not change under the seal, in an order of the caller's.
    pub(crate) bound: &'a [&'a [u8]],
}

impl Place<'_> {
    /// Every part with its length before it, so that no two places read the same.
    fn associated_data(&self, key: &SealingKeyId) -> Vec<u8> {
        let named = [self.table.as_bytes(), self.column.as_bytes(), self.row.as_bytes(), key.as_str().as_bytes()];
        let parts = named.iter().chain(self.bound);
        parts.flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.iter().copied())).collect()
    }
}

impl SealingKey {
    /// Seals `plain` into its place under a fresh random nonce. NIST SP 800-38D §8.3 allows 2^32 of those under one key;
    /// one is spent for each key the operator makes.
    pub(crate) fn seal(&self, place: &Place<'_>, plain: &[u8], ambient: &Ambient) -> Result<Vec<u8>, StoreError> {
        let nonce = ambient.random::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(plain.to_vec());
        let associated = Aad::from(place.associated_data(self.id()));
        let tag = self
            .cipher()
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), associated, &mut text)
            .map_err(|_| StoreError::Cryptography)?;
        Ok([&[FORMAT], nonce.as_slice(), &text, tag.as_ref()].concat())
    }

    /// Opens what [`SealingKey::seal`] sealed into the same place.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let broken = || StoreError::SealBroken { table: place.table, column: place.column };
        let (format, rest) = sealed.split_first().ok_or_else(broken)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        if *format != FORMAT || text.len() < TAG_BYTES {
            return Err(broken());
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let associated = Aad::from(place.associated_data(self.id()));
        let mut plain = Zeroizing::new(text.to_vec());
        let plain_bytes = self.cipher().open_in_place(nonce, associated, &mut plain).map_err(|_| broken())?.len();
        plain.truncate(plain_bytes);
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    const PLACE: Place<'static> =
        Place { table: "keys", column: "credential", row: "k_1", bound: &[b"alice", b"read"] };

    fn key(first: u8) -> SealingKey {
        let mut bytes = [0; 32];
        Ambient::frozen(Timestamp::UNIX_EPOCH)
            .0
            .random::<31>()
            .unwrap()
            .iter()
            .zip(&mut bytes)
            .for_each(|(a, b)| *b = *a);
        bytes[31] = first;
        SealingKey::from_bytes(&bytes).unwrap()
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        key(1).seal(&PLACE, plain, &Ambient::real()).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place() {
        for plain in [b"".as_slice(), b"a", &[0xff; 5000]] {
            assert_eq!(key(1).open(&PLACE, &sealed(plain)).unwrap().as_slice(), plain);
        }
        assert_ne!(sealed(b"same"), sealed(b"same"), "a nonce was used twice");
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let whole = sealed(b"secret");
        for bit in 0..whole.len() * 8 {
            let mut altered = whole.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key(1).open(&PLACE, &altered).unwrap_err().code(), "store_seal_broken", "bit {bit}");
        }
        for length in 0..whole.len() {
            assert!(key(1).open(&PLACE, &whole[..length]).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn another_place_or_another_key_is_refused() {
        let value = sealed(b"secret");
        let elsewhere = [
            Place { table: "grants", ..PLACE },
            Place { column: "pepper", ..PLACE },
            Place { row: "k_2", ..PLACE },
            Place { bound: &[b"alice", b"write"], ..PLACE },
            Place { bound: &[b"alicer", b"ead"], ..PLACE },
            Place { bound: &[b"alice"], ..PLACE },
        ];
        for place in elsewhere {
            assert!(key(1).open(&place, &value).is_err());
        }
        assert!(key(2).open(&PLACE, &value).is_err());
    }
}
