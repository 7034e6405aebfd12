//! Keys the operator hands out, each bound to one person and that person's Gitea credential.

use std::fmt;

use aegis_ambient::{Ambient, NoRandomness};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::{KeyDigest, Scope};

/// A person's numeric id at Gitea: it outlives renames, which a login does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(i64);

impl AccountId {
    /// `None` for zero and below: Gitea keeps those for ghosts and its own bots, which never sign in.
    #[must_use]
    pub const fn new(id: i64) -> Option<Self> {
        if id > 0 { Some(Self(id)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> i64 {
        self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A key's public name, `k_` and ten characters: safe in lists, logs and audit events, no help in guessing the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    const PREFIX: &str = "k_";
    const CHARACTERS: usize = 10;
    /// Crockford's base32 without upper case: no i, l, o or u, so that it can be read aloud.
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

    pub(crate) fn random(ambient: &Ambient) -> Result<Self, NoRandomness> {
        let bytes = ambient.random::<{ Self::CHARACTERS }>()?;
        Ok(Self::of_bytes(bytes.iter()))
    }

    /// The id of a key that is configured and not stored: made of its digest, so that it is the same at every start and
    /// in every replica of one store, and says as little about the key as the digest does.
    #[must_use]
    pub fn of_digest(digest: &KeyDigest) -> Self {
        Self::of_bytes(digest.as_bytes().iter().take(Self::CHARACTERS))
    }

    fn of_bytes<'a>(bytes: impl Iterator<Item = &'a u8>) -> Self {
        // 32 divides 256, so the low five bits of a random byte choose evenly.
        let characters = bytes.filter_map(|byte| Self::ALPHABET.get(usize::from(byte & 31)));
        Self(Self::PREFIX.chars().chain(characters.map(|character| char::from(*character))).collect())
    }

    /// Reads an id as people type it; `None` if it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let characters = text.strip_prefix(Self::PREFIX)?.as_bytes();
        let known = characters.iter().all(|character| Self::ALPHABET.contains(character));
        (characters.len() == Self::CHARACTERS && known).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A key about to be stored. The store gives it its id and its time.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// From [`Pepper::digest`](crate::Pepper::digest); the key itself never comes here.
    pub digest: KeyDigest,
    /// Gitea login when the key was made, at most 255 bytes.
    pub owner_login: String,
    /// Whom it acts as.
    pub account_id: AccountId,
    /// What it may do; at least one.
    pub scopes: Vec<Scope>,
    /// What Gitea is asked with, at most 4,096 bytes.
    pub credential: SecretString,
    /// When it stops working; `None` means never.
    pub expires_at: Option<Timestamp>,
    /// The operator's note, at most 255 bytes.
    pub label: Option<String>,
}

/// A key as the gate needs it. Times are kept to the millisecond.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// Its public name.
    pub id: KeyId,
    /// Gitea login when the key was made.
    pub owner_login: String,
    /// Whom it acts as.
    pub account_id: AccountId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// What Gitea is asked with. Revoking erases it, so a revoked key carries the empty text.
    pub credential: SecretString,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working; `None` means never. The store does not judge it.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back. The store does not judge it.
    pub revoked_at: Option<Timestamp>,
    /// When it last opened a door.
    pub last_used_at: Option<Timestamp>,
    /// The operator's note.
    pub label: Option<String>,
}

impl StoredKey {
    /// The same without its credential.
    #[must_use]
    pub fn summary(&self) -> KeySummary {
        KeySummary {
            id: self.id.clone(),
            owner_login: self.owner_login.clone(),
            account_id: self.account_id,
            scopes: self.scopes.clone(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
            label: self.label.clone(),
        }
    }
}

/// A key as lists show it: without its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySummary {
    /// Its public name.
    pub id: KeyId,
    /// Gitea login when the key was made.
    pub owner_login: String,
    /// Whom it acts as.
    pub account_id: AccountId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working; `None` means never.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it last opened a door.
    pub last_used_at: Option<Timestamp>,
    /// The operator's note.
    pub label: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_random_and_read_back() {
        let (ambient, _) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        let (one, two) = (KeyId::random(&ambient).unwrap(), KeyId::random(&ambient).unwrap());
        assert_ne!(one, two);
        assert_eq!(KeyId::parse(one.as_str()), Some(one));
    }

    #[test]
    fn what_cannot_be_an_id_is_refused() {
        for text in
            ["", "k_", "k_012345678", "k_0123456789a", "k_012345678u", "k_012345678A", "x_0123456789", "k_0123é678"]
        {
            assert_eq!(KeyId::parse(text), None, "{text:?}");
        }
        assert!(KeyId::parse("k_0123456789").is_some());
    }

    #[test]
    fn ghosts_and_bots_are_no_accounts() {
        assert_eq!(AccountId::new(0), None);
        assert_eq!(AccountId::new(-1), None);
        assert_eq!(AccountId::new(7).map(AccountId::value), Some(7));
    }
}
