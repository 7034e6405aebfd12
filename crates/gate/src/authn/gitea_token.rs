//! Personal tokens of Gitea, where the operator allows them (`GITEA_TOKENS=any`). The person already holds the right
//! the token gives; Gitea says whose it is, and that answer stands for less than a minute.

use std::time::Duration;

use aegis_gitea::connect::{Client, Credential};
use aegis_store::KeyDigest;
use moka::future::Cache;
use secrecy::SecretString;

use super::AuthnError;
use super::shared::{Account, account};

/// How long a token is believed without asking Gitea again (attack T13 allows at most 60 s for reads).
const BELIEVED_FOR: Duration = Duration::from_secs(30);
/// Most tokens remembered; the least used go first.
const MAX_REMEMBERED: u64 = 10_000;

/// Whose token it is, by the token's full keyed digest: never by a piece of it, never in the clear (T16, T17).
pub(crate) struct GiteaTokens {
    owners: Cache<KeyDigest, Account>,
}

impl GiteaTokens {
    pub(crate) fn new() -> Self {
        Self { owners: Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(BELIEVED_FOR).build() }
    }

    /// Whether the token was good a moment ago.
    pub(crate) fn knows(&self, digest: &KeyDigest) -> bool {
        self.owners.contains_key(digest)
    }

    /// The token's owner. Refusals and faults are not remembered (T14).
    pub(crate) async fn owner(
        &self,
        client: &Client,
        digest: KeyDigest,
        token: &SecretString,
        correlation_id: &str,
    ) -> Result<(Account, Credential), AuthnError> {
        let credential = Credential::new(token.clone()).map_err(|_| AuthnError::InvalidToken)?;
        let asked = self.owners.try_get_with(digest, account(client, &credential, correlation_id)).await;
        asked.map(|owner| (owner, credential)).map_err(|error| (*error).clone())
    }
}
