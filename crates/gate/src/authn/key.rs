//! Keys and the service token: what the operator set in the environment, and keys of their own kept in the store.
//!
//! Everything is looked up by keyed digest and compared in constant time (attack K01). The configured ones can be
//! replaced while serving (K04); stored ones are read afresh at every call, so a revoked key is refused at once.

use std::time::Duration;

use aegis_ambient::Timestamp;
use aegis_store::{KeyDigest, KeyId, Pepper, StoredKey};
use secrecy::SecretString;

/// A stored key's use is written down at most this often.
const USE_WRITTEN_EVERY: Duration = Duration::from_mins(1);

/// The keys and the service token in force, digested.
#[derive(Default)]
pub(crate) struct ConfiguredKeys {
    api_keys: Vec<(KeyDigest, KeyId)>,
    service_token: Option<(KeyDigest, KeyId)>,
}

/// Which of the configured ones was presented.
pub(crate) enum Configured {
    ApiKey(KeyId),
    ServiceToken(KeyId),
}

impl ConfiguredKeys {
    pub(crate) fn new(pepper: &Pepper, api_keys: &[SecretString], service_token: Option<&SecretString>) -> Self {
        let digested = |secret: &SecretString| {
            let digest = pepper.digest(secret);
            (digest, KeyId::of_digest(&digest))
        };
        Self { api_keys: api_keys.iter().map(digested).collect(), service_token: service_token.map(digested) }
    }

    pub(crate) fn find(&self, digest: &KeyDigest) -> Option<Configured> {
        let service = self.service_token.iter().find(|(known, _)| known == digest);
        let key = self.api_keys.iter().find(|(known, _)| known == digest);
        match (service, key) {
            (Some((_, id)), _) => Some(Configured::ServiceToken(id.clone())),
            (None, Some((_, id))) => Some(Configured::ApiKey(id.clone())),
            (None, None) => None,
        }
    }
}

/// What a stored key is worth now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Good { note_use: bool },
    Expired,
    Revoked,
}

pub(crate) fn standing(key: &StoredKey, now: Timestamp) -> Standing {
    if key.revoked_at.is_some() {
        return Standing::Revoked;
    }
    if key.expires_at.is_some_and(|end| end <= now) {
        return Standing::Expired;
    }
    let since = key.last_used_at.map(|last| now.duration_since(last));
    let note_use = since.is_none_or(|since| since.unsigned_abs() >= USE_WRITTEN_EVERY);
    Standing::Good { note_use }
}
