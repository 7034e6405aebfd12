//! Makes keys: a random text people paste into a client, bound to one person's Gitea token.

use aegis_ambient::{Ambient, NoRandomness, Timestamp};
use aegis_gitea::GiteaError;
use aegis_gitea::connect::{Client, Credential, CredentialError};
use aegis_gitea::read::PageRequest;
use aegis_store::{AccountId, KeySummary, NewKey, Scope, Store, StoreError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// How every key begins, so that scanners find a leaked one: `aegis_ak_[A-Za-z0-9_-]{43}`.
const PREFIX: &str = "aegis_ak_";

/// What a key is to be.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// The Gitea login that must own the token.
    pub owner: String,
    /// What it may do here.
    pub scopes: Vec<Scope>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The operator's note.
    pub label: Option<String>,
}

/// A key that may be made: whose token it is, was looked at.
pub(crate) struct Checked {
    /// With the login as Gitea writes it.
    pub wish: Wish,
    /// The token's owner.
    pub account_id: AccountId,
    /// The token.
    pub credential: SecretString,
    /// What the operator should know about it.
    pub warnings: Vec<String>,
}

/// A new key. Its text is shown once; only a digest is kept.
pub(crate) struct NewlyMade {
    /// What goes into the client.
    pub text: SecretString,
    /// What lists show.
    pub summary: KeySummary,
}

/// Why no key was made.
#[derive(Debug, Error)]
pub(crate) enum KeyError {
    /// The token is none.
    #[error("that is no Gitea token: {0}")]
    Token(#[from] CredentialError),
    /// Gitea could not say whose it is.
    #[error("Gitea could not be asked whose token it is: {0}")]
    Gitea(#[from] GiteaError),
    /// The token is somebody else's.
    #[error("the token belongs to {actual}, not to {wanted}")]
    AnotherLogin {
        /// `--owner`.
        wanted: String,
        /// What Gitea said.
        actual: String,
    },
    /// Gitea gave an id that is no person's.
    #[error("Gitea names no account for this token")]
    NoAccount,
}

/// Asks Gitea whose token it is.
///
/// # Errors
/// [`KeyError`]; no key may be made then.
pub(crate) async fn check(client: &Client, wish: Wish, token: SecretString) -> Result<Checked, KeyError> {
    let credential = Credential::new(token.clone())?;
    let user = client.account(&credential, "key-generate").user().await?;
    if user.login.to_lowercase() != wish.owner.to_lowercase() {
        return Err(KeyError::AnotherLogin { wanted: wish.owner, actual: user.login });
    }
    let account_id = AccountId::new(user.id).ok_or(KeyError::NoAccount)?;
    let mut warnings = lacking(client, &credential).await;
    if user.is_admin {
        let words = "is a site administrator: this key reads every repository of the instance";
        warnings.push(format!("{} {words}", user.login));
    }
    Ok(Checked { wish: Wish { owner: user.login, ..wish }, account_id, credential: token, warnings })
}

/// The scopes of Gitea's that a first look finds missing. A fault of Gitea's finds nothing; calls will say it.
async fn lacking(client: &Client, credential: &Credential) -> Vec<String> {
    let account = client.account(credential, "key-generate");
    let page = PageRequest::new(1, 1);
    let (repositories, organizations) = futures_util::join!(account.repositories(page), account.organizations(page));
    let missing = |error: GiteaError| match error {
        GiteaError::MissingScope { required, .. } => Some(format!("the Gitea token lacks {}", required.join(", "))),
        _ => None,
    };
    let mut found: Vec<String> =
        [repositories.err(), organizations.err()].into_iter().flatten().filter_map(missing).collect();
    found.dedup();
    found
}

/// Makes a key and stores its digest beside the sealed token.
///
/// # Errors
/// [`StoreError`]; nothing is stored then.
pub(crate) async fn keep(store: &dyn Store, ambient: &Ambient, checked: Checked) -> Result<NewlyMade, StoreError> {
    let text = random_text(ambient)?;
    let Checked { wish, account_id, credential, warnings: _ } = checked;
    let key = NewKey {
        digest: store.pepper().digest(&text),
        owner_login: wish.owner,
        account_id,
        scopes: wish.scopes,
        credential,
        expires_at: wish.expires_at,
        label: wish.label,
    };
    let summary = store.insert_key(key).await?;
    Ok(NewlyMade { text, summary })
}

/// A key text: 256 random bits behind the prefix. Also what `MCP_API_KEYS` takes.
///
/// # Errors
/// [`NoRandomness`].
pub(crate) fn random_text(ambient: &Ambient) -> Result<SecretString, NoRandomness> {
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(ambient.random::<32>()?)).into())
}

impl NewlyMade {
    /// The text, to be shown once.
    #[must_use]
    pub(crate) fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}
