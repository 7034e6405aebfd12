//! Who is calling. Only [`crate::Gate::authenticate`] makes one; whoever holds one was checked.

use std::fmt;
use std::sync::Arc;

use aegis_gitea::connect::Credential;
use aegis_store::{AccountId, KeyDigest, KeyId, Scope};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::audit::Method;

/// An authenticated caller and the credential with which Gitea is asked on their behalf. Cheap to clone.
#[derive(Clone)]
pub struct Principal(Arc<Known>);

/// Whose a session or a sealed state is: one account through one key or token. Whoever comes with another one, the same person's
/// narrower token included, is a stranger to it (attack H06).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    pub(crate) account_id: AccountId,
    pub(crate) method: Method,
    pub(crate) key_id: Option<KeyId>,
    token: Option<KeyDigest>,
    pub(crate) scopes: Vec<Scope>,
}

struct Known {
    identity: Identity,
    owner: Arc<Owner>,
}

pub(crate) struct Identity {
    pub(crate) account_id: AccountId,
    pub(crate) login: String,
    pub(crate) method: Method,
    pub(crate) key_id: Option<KeyId>,
    /// The login of the day the key was made, where a key of one person let the caller in.
    pub(crate) login_of_key: Option<String>,
    /// The keyed digest of the Gitea token that let the caller in, where one did.
    pub(crate) token: Option<KeyDigest>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) credential: Credential,
}

impl Owner {
    /// All of it in one line, the same in every replica of a store: for what is sealed for nobody else.
    pub(crate) fn line(&self) -> String {
        let Self { account_id, method, key_id, token, scopes } = self;
        let key_id = key_id.as_ref().map(KeyId::as_str).unwrap_or_default();
        let token = token.as_ref().map(|token| URL_SAFE_NO_PAD.encode(token.as_bytes())).unwrap_or_default();
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        format!("{account_id} {} {key_id} {token} {}", method.as_str(), scopes.join(" "))
    }
}

impl Principal {
    pub(crate) fn new(identity: Identity) -> Self {
        let owner = Owner {
            account_id: identity.account_id,
            method: identity.method,
            key_id: identity.key_id.clone(),
            token: identity.token,
            scopes: identity.scopes.clone(),
        };
        Self(Arc::new(Known { identity, owner: Arc::new(owner) }))
    }

    /// Gitea's numeric id of the account. It stays when the login changes.
    #[must_use]
    pub fn account_id(&self) -> AccountId {
        self.0.identity.account_id
    }

    /// Gitea's login name.
    #[must_use]
    pub fn login(&self) -> &str {
        &self.0.identity.login
    }

    /// How the caller got in.
    #[must_use]
    pub fn method(&self) -> Method {
        self.0.identity.method
    }

    /// The public id of the key, if a key let the caller in.
    #[must_use]
    pub fn key_id(&self) -> Option<&KeyId> {
        self.0.identity.key_id.as_ref()
    }

    /// Whose the sessions are that this caller opens.
    #[must_use]
    pub fn owner(&self) -> &Arc<Owner> {
        &self.0.owner
    }

    /// Our scopes the caller holds.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        &self.0.identity.scopes
    }

    /// Whether several callers share the account (`GITEA_TOKEN` behind API keys, the service token's account).
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match self.0.identity.method {
            Method::SharedKey | Method::ServiceToken | Method::Local => true,
            Method::ApiKey | Method::GiteaToken => false,
        }
    }

    pub(crate) fn login_of_key(&self) -> Option<&str> {
        self.0.identity.login_of_key.as_deref()
    }

    pub(crate) fn holds(&self, scope: Scope) -> bool {
        self.0.identity.scopes.iter().any(|held| held.implies(scope))
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.0.identity.credential
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity = &self.0.identity;
        formatter
            .debug_struct("Principal")
            .field("login", &identity.login)
            .field("method", &identity.method)
            .finish_non_exhaustive()
    }
}
