//! The keys and the service token that the operator set in the environment. They are looked up by keyed digest,
//! compared in constant time (attack K01), and replaced while serving (K04).

use aegis_store::{KeyDigest, KeyId, Pepper};
use secrecy::SecretString;

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

    pub(crate) fn has_api_key(&self, id: &KeyId) -> bool {
        self.api_keys.iter().any(|(_, known)| known == id)
    }

    pub(crate) fn has_service_token(&self, id: &KeyId) -> bool {
        self.service_token.iter().any(|(_, known)| known == id)
    }
}
