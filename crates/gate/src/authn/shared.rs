//! The account behind a Gitea token that several callers share: `GITEA_TOKEN` behind API keys and the process's own
//! user, `GITEA_MCP_DEFAULT_TOKEN` behind the service token.
//!
//! Whose token it is, Gitea says. A site administrator's is refused: it would read the whole instance for everyone.

use std::time::Duration;

use aegis_gitea::GiteaError;
use aegis_gitea::connect::{Client, Credential};
use aegis_store::AccountId;
use moka::future::Cache;

use super::AuthnError;

/// How long Gitea's answer about a token stands. A revoked token is refused by Gitea itself at every call.
pub(crate) const ACCOUNT_KEPT_FOR: Duration = Duration::from_mins(1);

/// A person in Gitea.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) login: String,
    pub(crate) is_admin: bool,
}

/// A shared credential and whose it is.
pub(crate) struct SharedAccount {
    credential: Credential,
    owner: Cache<(), Account>,
}

impl SharedAccount {
    pub(crate) fn new(credential: Credential) -> Self {
        Self { credential, owner: Cache::builder().max_capacity(1).time_to_live(ACCOUNT_KEPT_FOR).build() }
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Whose it is. One request at a time; a failure is not kept.
    pub(crate) async fn owner(&self, client: &Client, correlation_id: &str) -> Result<Account, AuthnError> {
        let asked = self.owner.try_get_with((), account(client, &self.credential, correlation_id)).await;
        match asked {
            Ok(owner) if owner.is_admin => Err(AuthnError::AccountRefused),
            Ok(owner) => Ok(owner),
            // The caller's key was right; the token behind it is the operator's fault, and a refusal all the same.
            Err(error) if *error == AuthnError::InvalidToken => Err(AuthnError::AccountRefused),
            Err(error) => Err((*error).clone()),
        }
    }
}

/// Asks Gitea whose a credential is. A check that cannot run is a refusal (attack U12), never an account.
pub(crate) async fn account(
    client: &Client,
    credential: &Credential,
    correlation_id: &str,
) -> Result<Account, AuthnError> {
    match client.account(credential, correlation_id).user().await {
        Ok(user) => match AccountId::new(user.id) {
            Some(id) => Ok(Account { id, login: user.login, is_admin: user.is_admin }),
            None => Err(AuthnError::AccountRefused),
        },
        Err(GiteaError::Unauthorized) => Err(AuthnError::InvalidToken),
        Err(GiteaError::Suspended) => Err(AuthnError::Suspended),
        Err(GiteaError::MissingScope { .. } | GiteaError::Forbidden) => Err(AuthnError::AccountRefused),
        Err(error) => {
            tracing::warn!(correlation_id, code = error.code(), "Gitea could not say whose a token is");
            Err(AuthnError::Unavailable)
        }
    }
}
