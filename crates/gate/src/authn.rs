//! Who are you? One file per way in; this one holds what they share and the order in which they are tried.

pub(crate) mod account;
mod authenticator;
pub(crate) mod key;
pub(crate) mod shape;
pub(crate) mod shared;
mod stored;

pub(crate) use authenticator::Authenticator;
pub use authenticator::Settings;

use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;
use thiserror::Error;

use crate::audit::{EventName, Transport};

/// What the caller sent to get in, undecoded.
#[derive(Debug, Clone)]
pub enum RawCredential {
    /// Nothing.
    Missing,
    /// An `Authorization` header that is no `Bearer` credential, or several of them.
    Malformed,
    /// What stood behind `Bearer`.
    Bearer(SecretString),
    /// The process's own user: stdio, `tools`, `call`, or `AUTH_ENABLED=false` on loopback.
    Local,
}

/// Where a request came from. For records and lock-outs; it grants nothing.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The transport it came through.
    pub transport: Transport,
    /// The peer, or the client a trusted proxy named. None over stdio.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub client: Option<String>,
    /// The request id.
    pub correlation_id: String,
}

/// Why somebody did not get in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuthnError {
    /// No credential came.
    #[error("this needs a key: send `Authorization: Bearer <key>`")]
    Missing,
    /// It cannot be a key: not `Bearer`, sent twice, too short, too long, or with characters no key has.
    #[error("this is not the form of a key")]
    InvalidFormat {
        /// Tries before the address is locked out; none where the attempt did not count.
        tries_left: Option<u32>,
    },
    /// It is none of ours.
    #[error("this key is not known here")]
    InvalidKey {
        /// Tries before the address is locked out; none where the attempt did not count.
        tries_left: Option<u32>,
    },
    /// It was right once: expired, revoked, or a token this gateway does not take.
    #[error("this token is not valid here, or no longer")]
    InvalidToken,
    /// The address is locked out.
    #[error("Too many failed authentication attempts")]
    LockedOut {
        /// For how long still.
        retry_after: Duration,
    },
    /// The address sends too many requests that do not authenticate.
    #[error("Too many requests without a valid credential")]
    RateLimited {
        /// When to come back.
        retry_after: Duration,
    },
    /// Gitea has suspended the account.
    #[error("Gitea has suspended this account")]
    Suspended,
    /// The credential is right, and the Gitea account behind it may not be used.
    #[error(transparent)]
    AccountRefused(AccountFault),
    /// The check could not run, so the answer is no.
    #[error("the credential cannot be checked now")]
    Unavailable,
}

/// What is wrong with the Gitea account behind a credential. Whoever is told this presented a right one; the words
/// help those who can mend it and tell nobody else anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AccountFault {
    /// The operator set none.
    #[error("no Gitea token stands behind this sign-in")]
    None,
    /// It is shared, and a site administrator's.
    #[error("the Gitea token behind this sign-in is a site administrator's, and several people would share it")]
    Administrator,
    /// Gitea does not take its token.
    #[error("Gitea no longer accepts the token behind this sign-in")]
    Rejected,
    /// Its token cannot say whose it is.
    #[error("the Gitea token behind this sign-in may not say whose it is")]
    Unnamed,
    /// It is not the one that the key was made for.
    #[error("the Gitea token behind this key belongs to another account than the key")]
    Another,
}

impl AccountFault {
    fn hint(self) -> &'static str {
        match self {
            Self::None => "the operator sets GITEA_TOKEN, or GITEA_MCP_DEFAULT_TOKEN for the service token",
            Self::Administrator => "the operator gives it the token of an ordinary account",
            Self::Rejected => "it was deleted or has expired: the operator binds a token that is valid",
            Self::Unnamed => "the operator gives the token the scope read:user",
            Self::Another => "ask the operator of this gateway for a new key",
        }
    }
}

impl AuthnError {
    /// The same where the caller presented something else and the Gitea token stands behind it: what they sent was
    /// right, and the fault is the token's.
    pub(crate) fn behind_the_door(self) -> Self {
        match self {
            Self::InvalidToken => Self::AccountRefused(AccountFault::Rejected),
            other => other,
        }
    }

    /// The same where its address has nothing left of what it may fail: 429 in place of what is wrong with a credential.
    /// What is no fault of the credential, or tells when to come back, is said all the same.
    pub(crate) fn over_the_limit(self, retry_after: Duration) -> Self {
        match self {
            Self::Missing | Self::InvalidFormat { .. } | Self::InvalidKey { .. } | Self::InvalidToken => {
                Self::RateLimited { retry_after }
            }
            Self::LockedOut { .. }
            | Self::RateLimited { .. }
            | Self::Suspended
            | Self::AccountRefused(_)
            | Self::Unavailable => self,
        }
    }

    /// The frozen code, `snake_case`; the first design's names where it had one.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing_api_key",
            Self::InvalidFormat { .. } => "invalid_key_format",
            Self::InvalidKey { .. } => "invalid_api_key",
            Self::InvalidToken => "invalid_token",
            Self::LockedOut { .. } => "auth_rate_limit",
            Self::RateLimited { .. } => "rate_limited",
            Self::Suspended => "account_suspended",
            Self::AccountRefused(_) => "account_refused",
            Self::Unavailable => "authentication_unavailable",
        }
    }

    /// The event this refusal is, in the log as on record; the first design's names where it had one. None of those
    /// means the process's own user, who was asked for no key.
    #[must_use]
    pub fn event(&self, raw: &RawCredential) -> EventName {
        match (raw, self) {
            (RawCredential::Local, _) | (_, Self::InvalidToken | Self::Unavailable) => EventName::ApiAuthentication,
            (_, Self::Missing) => EventName::MissingApiKey,
            (_, Self::InvalidFormat { .. }) => EventName::InvalidKeyFormat,
            (_, Self::InvalidKey { .. }) => EventName::InvalidApiKey,
            (_, Self::LockedOut { .. } | Self::RateLimited { .. }) => EventName::AuthRateLimit,
            (_, Self::Suspended | Self::AccountRefused(_)) => EventName::AccessDenied,
        }
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let tries = |left: u32| format!("{left} {} left from this address", if left == 1 { "try" } else { "tries" });
        match self {
            Self::InvalidFormat { tries_left: None } => {
                Some("send one header, `Authorization: Bearer <key>`, with nothing round the key".to_owned())
            }
            Self::InvalidFormat { tries_left } | Self::InvalidKey { tries_left } => tries_left.map(tries),
            Self::LockedOut { retry_after } | Self::RateLimited { retry_after } => {
                Some(format!("try again in {} s", retry_after.as_secs().max(1)))
            }
            Self::Missing => Some("the operator of this gateway hands out keys".to_owned()),
            Self::InvalidToken => Some("ask the operator of this gateway for a new key".to_owned()),
            Self::Unavailable => Some("try again in a moment".to_owned()),
            Self::AccountRefused(fault) => Some(fault.hint().to_owned()),
            Self::Suspended => Some("sign in to Gitea in a browser: it says what the account lacks".to_owned()),
        }
    }

    /// When to come back, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::LockedOut { retry_after } | Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Unavailable => Some(Duration::from_secs(1)),
            Self::Missing
            | Self::InvalidFormat { .. }
            | Self::InvalidKey { .. }
            | Self::InvalidToken
            | Self::Suspended
            | Self::AccountRefused(_) => None,
        }
    }
}
