//! The order in which a credential is tried, and the one place that makes a [`Principal`].

use std::sync::Arc;

use aegis_ambient::Ambient;
use aegis_gitea::connect::{Client, Credential};
use aegis_store::{KeyDigest, KeyId, Scope, Store, StoreError};
use arc_swap::ArcSwap;
use secrecy::{ExposeSecret, SecretString};

use super::account::{Asking, Owners};
use super::key::{Configured, ConfiguredKeys};
use super::shape::{self, Shape};
use super::shared::SharedAccount;
use super::stored::{Held, StoredKeys, is_good};
use super::{AccountFault, AuthnError, Origin, RawCredential};
use crate::audit::Method;
use crate::limit::Toll;
use crate::lockout::{Lockout, Source};
use crate::principal::{Identity, Owner, Principal};

/// The ways in that the operator opened. Replaced whole when a secret file changes.
#[derive(Default, Clone)]
pub struct Settings {
    /// `MCP_API_KEYS`.
    pub api_keys: Vec<SecretString>,
    /// `GITEA_TOKEN`: the account behind API keys and the process's own user.
    pub api_account: Option<Credential>,
    /// `GITEA_MCP_STATIC_TOKEN`: lets a client in.
    pub service_token: Option<SecretString>,
    /// `GITEA_MCP_DEFAULT_TOKEN`: goes to Gitea.
    pub service_account: Option<Credential>,
    /// `GITEA_TOKENS=any`.
    pub gitea_tokens: bool,
    /// Whether the process's own user is let in without a credential.
    pub local: bool,
}

struct Doors {
    keys: ConfiguredKeys,
    api_account: Option<SharedAccount>,
    service_account: Option<SharedAccount>,
    gitea_tokens: bool,
    local: bool,
}

pub(crate) struct Authenticator {
    store: Arc<dyn Store>,
    stored: StoredKeys,
    lockout: Lockout,
    doors: ArcSwap<Doors>,
    owners: Owners,
    ambient: Ambient,
}

impl Authenticator {
    pub(crate) fn new(settings: &Settings, store: Arc<dyn Store>, lockout: Lockout, ambient: Ambient) -> Self {
        let doors = ArcSwap::from_pointee(open(settings, store.as_ref()));
        let stored = StoredKeys::new(Arc::clone(&store));
        Self { store, stored, lockout, doors, owners: Owners::new(), ambient }
    }

    /// The settings whose token stands behind several callers and lets none of them in, each with the reason. What
    /// could not be asked is not among them.
    pub(crate) async fn unusable(&self, client: &Client, correlation_id: &str) -> Vec<(&'static str, AuthnError)> {
        let doors = self.doors.load_full();
        let asking = Asking { client, ambient: &self.ambient, correlation_id };
        let accounts = [("GITEA_TOKEN", &doors.api_account), ("GITEA_MCP_DEFAULT_TOKEN", &doors.service_account)];
        let mut unusable = Vec::new();
        for (setting, account) in accounts {
            if let Some(account) = account
                && let Err(error) = account.owner(&asking).await
                && error != AuthnError::Unavailable
            {
                unusable.push((setting, error));
            }
        }
        unusable
    }

    pub(crate) fn replace(&self, settings: &Settings) {
        self.doors.store(Arc::new(open(settings, self.store.as_ref())));
    }

    /// Makes a principal of a credential, or says why not. Asking Gitea about a token of its own that it was not asked
    /// about lately costs the address its toll before it is asked: many at once get no further than one after another.
    pub(crate) async fn check(
        &self,
        client: &Client,
        raw: &RawCredential,
        origin: &Origin,
        toll: &Toll<'_>,
    ) -> Result<Principal, AuthnError> {
        let doors = self.doors.load_full();
        let asking = &Asking { client, ambient: &self.ambient, correlation_id: &origin.correlation_id };
        match raw {
            RawCredential::Malformed => Err(AuthnError::InvalidFormat { tries_left: None }),
            RawCredential::Local if doors.local => {
                shared(asking, doors.api_account.as_ref(), Method::Local, None).await
            }
            RawCredential::Missing | RawCredential::Local => Err(AuthnError::Missing),
            RawCredential::Bearer(value) => match shape::of(value.expose_secret()) {
                Shape::Token => Err(AuthnError::InvalidToken),
                Shape::Malformed => self.wrong(origin, |tries_left| AuthnError::InvalidFormat { tries_left }).await,
                Shape::GiteaToken if doors.gitea_tokens => {
                    self.key_or_gitea_token(asking, &doors, value, origin, toll).await
                }
                Shape::GiteaToken | Shape::Key => self.key_or_refusal(asking, &doors, value, origin).await,
            },
        }
    }

    /// Whether what this owner came in with would still let them in. Gitea is not asked: it refuses a token of its own
    /// at every call. A check that could not run is a no.
    pub(crate) async fn stands(&self, owner: &Owner) -> bool {
        let doors = self.doors.load_full();
        match (owner.method, &owner.key_id) {
            (Method::Local, _) => doors.local,
            (Method::GiteaToken, _) => doors.gitea_tokens,
            (Method::SharedKey, Some(id)) => doors.keys.has_api_key(id),
            (Method::ServiceToken, Some(id)) => doors.keys.has_service_token(id),
            (Method::ApiKey, Some(id)) => self.store.key(id).await.map_err(unavailable).is_ok_and(|key| {
                let key = key.filter(|key| key.account_id == owner.account_id && key.scopes == owner.scopes);
                key.is_some_and(|key| is_good(&key, self.ambient.now()))
            }),
            (Method::SharedKey | Method::ServiceToken | Method::ApiKey, None) => false,
        }
    }

    async fn key_or_refusal(
        &self,
        asking: &Asking<'_>,
        doors: &Doors,
        value: &SecretString,
        origin: &Origin,
    ) -> Result<Principal, AuthnError> {
        if let Some(retry_after) = self.locked(origin).await? {
            return Err(AuthnError::LockedOut { retry_after });
        }
        let digest = self.store.pepper().digest(value);
        match self.key(asking, doors, &digest, origin).await? {
            Some(principal) => Ok(principal),
            None => self.wrong(origin, |tries_left| AuthnError::InvalidKey { tries_left }).await,
        }
    }

    /// A value of Gitea's form may be one of our keys too. A locked address is not told which keys exist, but Gitea's
    /// own tokens never count and are never locked out.
    async fn key_or_gitea_token(
        &self,
        asking: &Asking<'_>,
        doors: &Doors,
        value: &SecretString,
        origin: &Origin,
        toll: &Toll<'_>,
    ) -> Result<Principal, AuthnError> {
        let digest = self.store.pepper().digest(value);
        if self.locked(origin).await?.is_none()
            && let Some(principal) = self.key(asking, doors, &digest, origin).await?
        {
            return Ok(principal);
        }
        if !self.owners.knows(&digest, &self.ambient).await {
            toll.take().map_err(|retry_after| AuthnError::RateLimited { retry_after })?;
        }
        let credential = Credential::new(value.clone()).map_err(|_| AuthnError::InvalidToken)?;
        let owner = self.owners.of(digest, asking, &credential).await?;
        Ok(Principal::new(Identity {
            account_id: owner.id,
            login: owner.login,
            method: Method::GiteaToken,
            key_id: None,
            login_of_key: None,
            token: Some(digest),
            scopes: vec![Scope::ReadRepository],
            credential,
        }))
    }

    async fn key(
        &self,
        asking: &Asking<'_>,
        doors: &Doors,
        digest: &KeyDigest,
        origin: &Origin,
    ) -> Result<Option<Principal>, AuthnError> {
        let found = match doors.keys.find(digest) {
            Some(Configured::ServiceToken(id)) => {
                Some(shared(asking, doors.service_account.as_ref(), Method::ServiceToken, Some(id)).await)
            }
            Some(Configured::ApiKey(id)) => {
                Some(shared(asking, doors.api_account.as_ref(), Method::SharedKey, Some(id)).await)
            }
            None => self.stored(asking, digest).await?,
        };
        // A key that was right once, and is no more, neither counts against its address nor clears what does.
        if matches!(found, Some(Ok(_)))
            && let Some(address) = origin.address
        {
            self.lockout.succeeded(Source::of(address)).await.map_err(unavailable)?;
        }
        found.transpose()
    }

    async fn stored(
        &self,
        asking: &Asking<'_>,
        digest: &KeyDigest,
    ) -> Result<Option<Result<Principal, AuthnError>>, AuthnError> {
        let Some(held) = self.stored.find(digest, &self.ambient).await.map_err(unavailable)? else { return Ok(None) };
        let now = self.ambient.now();
        if !is_good(&held.key, now) {
            return Ok(Some(Err(AuthnError::InvalidToken)));
        }
        let verdict = self.holder(asking, &held).await;
        if verdict.is_ok() {
            self.stored.note_use(digest, &held, now).await.map_err(unavailable)?;
        }
        Ok(Some(verdict))
    }

    /// Whom a stored key acts as: the account it was made for, as Gitea knows it now. The number is the identity; the
    /// login of the day the key was made may be somebody else's by now (sign-in.md 9 of the design).
    async fn holder(&self, asking: &Asking<'_>, held: &Held) -> Result<Principal, AuthnError> {
        let key = &held.key;
        let credential = held.credential.as_ref().ok_or(AuthnError::AccountRefused(AccountFault::Rejected))?;
        let owner = self.owners.of(held.credential_digest, asking, credential).await;
        let owner = owner.map_err(AuthnError::behind_the_door)?;
        if owner.id != key.account_id {
            return Err(AuthnError::AccountRefused(AccountFault::Another));
        }
        Ok(Principal::new(Identity {
            account_id: owner.id,
            login: owner.login,
            method: Method::ApiKey,
            key_id: Some(key.id.clone()),
            login_of_key: Some(key.owner_login.clone()),
            token: None,
            scopes: key.scopes.clone(),
            credential: credential.clone(),
        }))
    }

    async fn locked(&self, origin: &Origin) -> Result<Option<std::time::Duration>, AuthnError> {
        match origin.address {
            Some(address) => self.lockout.locked(Source::of(address)).await.map_err(unavailable),
            None => Ok(None),
        }
    }

    /// Counts a wrong key against its address.
    async fn wrong(&self, origin: &Origin, error: impl Fn(Option<u32>) -> AuthnError) -> Result<Principal, AuthnError> {
        let Some(address) = origin.address else { return Err(error(None)) };
        if let Some(retry_after) = self.locked(origin).await? {
            return Err(AuthnError::LockedOut { retry_after });
        }
        let tries_left = self.lockout.failed(Source::of(address)).await.map_err(unavailable)?;
        Err(error(Some(tries_left)))
    }
}

fn open(settings: &Settings, store: &dyn Store) -> Doors {
    Doors {
        keys: ConfiguredKeys::new(store.pepper(), &settings.api_keys, settings.service_token.as_ref()),
        api_account: settings.api_account.clone().map(SharedAccount::new),
        service_account: settings.service_account.clone().map(SharedAccount::new),
        gitea_tokens: settings.gitea_tokens,
        local: settings.local,
    }
}

/// The owner of a shared credential. Without one the caller is refused: a token that lets a client in is never a
/// fallback for one that goes to Gitea (attack R10).
async fn shared(
    asking: &Asking<'_>,
    account: Option<&SharedAccount>,
    method: Method,
    key_id: Option<KeyId>,
) -> Result<Principal, AuthnError> {
    let account = account.ok_or(AuthnError::AccountRefused(AccountFault::None))?;
    let owner = account.owner(asking).await?;
    Ok(Principal::new(Identity {
        account_id: owner.id,
        login: owner.login,
        method,
        key_id,
        login_of_key: None,
        token: None,
        scopes: vec![Scope::ReadRepository],
        credential: account.credential().clone(),
    }))
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over by value")]
fn unavailable(error: StoreError) -> AuthnError {
    tracing::error!(code = error.code(), "the store could not be asked about a key");
    AuthnError::Unavailable
}
