//! The account behind a Gitea token that several callers share: `GITEA_TOKEN` behind API keys and the process's own
//! user, `GITEA_MCP_DEFAULT_TOKEN` behind the service token.
//!
//! Whose token it is, Gitea says. A site administrator's is refused: it would read the whole instance for everyone.

use aegis_gitea::connect::Credential;

use super::account::{Account, Asking, Owner};
use super::{AccountFault, AuthnError};

/// A shared credential and whose it is.
pub(crate) struct SharedAccount {
    credential: Credential,
    owner: Owner,
}

impl SharedAccount {
    pub(crate) fn new(credential: Credential) -> Self {
        Self { credential, owner: Owner::new() }
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Whose it is.
    pub(crate) async fn owner(&self, asking: &Asking<'_>) -> Result<Account, AuthnError> {
        let owner = self.owner.ask(asking, &self.credential).await.map_err(AuthnError::behind_the_door)?;
        if owner.is_admin { Err(AuthnError::AccountRefused(AccountFault::Administrator)) } else { Ok(owner) }
    }
}
