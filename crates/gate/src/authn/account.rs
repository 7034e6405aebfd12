//! Whose a Gitea token is. Gitea says, and what it said stands for less than a minute: so a rename, an account taken
//! away or a token that changed hands shows within that, and no call waits for the same answer twice.

use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gitea::connect::{Client, Credential};
use aegis_gitea::{Fresh, GiteaError};
use aegis_store::{AccountId, KeyDigest};
use moka::future::Cache;

use super::{AccountFault, AuthnError};

/// How long Gitea's answer about a token stands. Attack T13 allows 60 s for reads; a token that Gitea revoked is refused
/// by Gitea itself at every call.
const STANDS_FOR: Duration = Duration::from_mins(1);
/// Most tokens remembered; the least used go first.
const MAX_REMEMBERED: u64 = 10_000;

/// A person in Gitea.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) login: String,
    pub(crate) is_admin: bool,
}

/// A token's owner as Gitea said lately. One question at a time; refusals and faults are not kept (attack T14).
pub(crate) struct Owner(Fresh<Account, AuthnError>);

impl Owner {
    pub(crate) fn new() -> Self {
        // Whoever asks about one token asks with that token: what the first is told, all would be.
        Self(Fresh::new(STANDS_FOR, |_| true))
    }

    pub(crate) async fn ask(&self, asking: &Asking<'_>, credential: &Credential) -> Result<Account, AuthnError> {
        // Gitea is asked seldom; every caller would carry the room for it.
        self.0.or_fetch(asking.ambient, async { Box::pin(account(asking, credential)).await }).await
    }
}

/// What it takes to ask.
pub(crate) struct Asking<'a> {
    pub(crate) client: &'a Client,
    pub(crate) ambient: &'a Ambient,
    pub(crate) correlation_id: &'a str,
}

/// The owners of many tokens, each by the token's full keyed digest: never by a piece of it, never in the clear (T16,
/// T17).
pub(crate) struct Owners(Cache<KeyDigest, Arc<Owner>>);

impl Owners {
    pub(crate) fn new() -> Self {
        // Time is the owner's own affair, by the ambient clock; this table only bounds their number.
        Self(Cache::new(MAX_REMEMBERED))
    }

    /// Whether the token was good a moment ago.
    pub(crate) async fn knows(&self, digest: &KeyDigest, ambient: &Ambient) -> bool {
        self.0.get(digest).await.is_some_and(|owner| owner.0.value(ambient).is_some())
    }

    /// The owner of the token with this digest.
    pub(crate) async fn of(
        &self,
        digest: KeyDigest,
        asking: &Asking<'_>,
        credential: &Credential,
    ) -> Result<Account, AuthnError> {
        let owner = self.0.get_with(digest, async { Arc::new(Owner::new()) }).await;
        let asked = owner.ask(asking, credential).await;
        if asked.is_err() {
            // What is no token takes no place from those that are.
            self.0.invalidate(&digest).await;
        }
        asked
    }
}

/// Asks Gitea. A check that cannot run is a refusal (attack U12), never an account.
async fn account(asking: &Asking<'_>, credential: &Credential) -> Result<Account, AuthnError> {
    let nobody = AuthnError::AccountRefused(AccountFault::Unnamed);
    match asking.client.account(credential, asking.correlation_id).user().await {
        Ok(user) => match AccountId::new(user.id) {
            Some(id) => Ok(Account { id, login: user.login, is_admin: user.is_admin }),
            None => Err(nobody),
        },
        Err(GiteaError::Unauthorized) => Err(AuthnError::InvalidToken),
        Err(GiteaError::Suspended) => Err(AuthnError::Suspended),
        Err(GiteaError::MissingScope { .. } | GiteaError::Forbidden) => Err(nobody),
        Err(error) => {
            let correlation_id = asking.correlation_id;
            tracing::warn!(correlation_id, code = error.code(), "Gitea could not say whose a token is");
            Err(AuthnError::Unavailable)
        }
    }
}
