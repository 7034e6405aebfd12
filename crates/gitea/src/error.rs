//! Every way a request to Gitea can fail, without a word of Gitea's own text.

use std::time::Duration;

use thiserror::Error;

use crate::name::RepositoryId;

/// Why Gitea did not answer, or how it refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GiteaError {
    /// 401: no token where one is needed, or one that is wrong, expired or revoked.
    #[error("Gitea does not accept the token")]
    Unauthorized,
    /// 403 from `GET /user` with a message and no `url`: inactive, prohibited, or the password must be changed.
    #[error("Gitea has suspended the account")]
    Suspended,
    /// 403: the token lacks scopes.
    #[error("the Gitea token lacks {}", required.join(", "))]
    MissingScope {
        /// What is needed, in Gitea's names: `read:issue`.
        required: Vec<String>,
        /// What the token has, where Gitea told it (1.23 and later): `read:user,read:repository`.
        held: Option<String>,
    },
    /// 403 for any other reason: the person may not.
    #[error("Gitea does not allow it")]
    Forbidden,
    /// 404: absent, or hidden from this person; Gitea does not tell which.
    #[error("Gitea has nothing there that this person may see")]
    NotFound,
    /// 405: not in the present state (a merge, say).
    #[error("Gitea does not allow this now")]
    NotAllowed,
    /// 409 or 412: the state is not the one the request assumed.
    #[error("Gitea reports a conflict")]
    Conflict,
    /// 413: the request was too large for Gitea.
    #[error("Gitea finds the request too large")]
    TooLarge,
    /// 400 or 422: Gitea understood the request and refuses its content.
    #[error("Gitea refuses the request's content")]
    Unprocessable,
    /// 423: an archived repository or a locked conversation.
    #[error("Gitea has locked it")]
    Locked,
    /// 429, mostly from a proxy before Gitea, which has no limits of its own.
    #[error("Gitea asks to slow down")]
    RateLimited {
        /// How long to wait, if it said so in a form we can read; never more than an hour.
        retry_after: Option<Duration>,
    },
    /// 5xx.
    #[error("Gitea is not available (status {status})")]
    Unavailable {
        /// The status.
        status: u16,
    },
    /// 301, 307 or 308 to another repository of the same instance: it was renamed or transferred. Not followed.
    #[error("the repository is now {to}")]
    Moved {
        /// Its new name. Whoever follows it authorises it first.
        to: RepositoryId,
    },
    /// Any other redirect. Never followed.
    #[error("Gitea answered with a redirect, which is never followed")]
    Redirected,
    /// No connection, or it broke.
    #[error("Gitea cannot be reached: {fault}")]
    Unreachable {
        /// At which step.
        fault: Fault,
    },
    /// The deadline passed before the last byte of the answer.
    #[error("Gitea did not answer in time")]
    Timeout,
    /// The body ended before its announced length or its last chunk.
    #[error("Gitea's answer was cut off")]
    Truncated,
    /// The answer is not what the endpoint promises.
    #[error("Gitea's answer makes no sense: {what}")]
    Malformed {
        /// The part that does not: "content type", "JSON", "base64".
        what: &'static str,
    },
    /// The body, decompressed, is larger than we read.
    #[error("Gitea's answer is larger than {limit_bytes} bytes")]
    OverLimit {
        /// The limit.
        limit_bytes: u64,
    },
    /// This instance has no such endpoint or parameter.
    #[error("this instance does not serve {endpoint}; {since} does")]
    NotServed {
        /// The endpoint's name in the table.
        endpoint: &'static str,
        /// The first releases that have it, for people: "Gitea 1.25".
        since: String,
    },
    /// A status no endpoint of ours should give.
    #[error("Gitea answered with the unexpected status {status}")]
    Unexpected {
        /// The status.
        status: u16,
    },
    /// The finished URL would have left the configured base. Nothing was sent.
    #[error("the request cannot be addressed safely")]
    Misrouted {
        /// The endpoint's name in the table.
        endpoint: &'static str,
    },
    /// A setting of ours cannot be used.
    #[error("{0}")]
    Setting(&'static str),
}

impl GiteaError {
    /// Whether Gitea may mean that a thing is not there: some handlers answer 500 instead of 404.
    pub(crate) fn may_be_absence(&self) -> bool {
        matches!(self, Self::Unavailable { status: 500 })
    }

    /// Whether the instance did not answer at all, or answered nobody: no credential is the reason.
    pub(crate) fn is_everybodys(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout | Self::Unavailable { .. } | Self::RateLimited { .. })
    }

    /// The frozen code, `snake_case`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Suspended => "suspended",
            Self::MissingScope { .. } => "missing_scope",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::NotAllowed => "not_allowed",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::Unprocessable => "unprocessable",
            Self::Locked => "locked",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
            Self::Moved { .. } => "moved",
            Self::Redirected => "redirected",
            Self::Unreachable { fault } => fault.code(),
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::Malformed { .. } => "malformed",
            Self::OverLimit { .. } => "over_limit",
            Self::NotServed { .. } => "not_served",
            Self::Unexpected { .. } => "unexpected",
            Self::Misrouted { .. } => "misrouted",
            Self::Setting(_) => "setting",
        }
    }
}

/// Where a connection failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// The host name did not resolve.
    #[error("its host name does not resolve")]
    Name,
    /// Refused, no route, or no answer within the time for connecting.
    #[error("no connection")]
    Connect,
    /// The certificate or the TLS handshake was not acceptable.
    #[error("its TLS certificate or handshake is not acceptable")]
    Tls,
    /// The connection broke before or during the answer.
    #[error("the connection broke")]
    Broken,
    /// It did not answer the last few times, and is left alone for a moment.
    #[error("it did not answer lately")]
    Silent,
}

impl Fault {
    fn code(self) -> &'static str {
        match self {
            Self::Name => "name_unresolved",
            Self::Connect => "unreachable",
            Self::Tls => "tls_refused",
            Self::Broken => "connection_broken",
            Self::Silent => "silent",
        }
    }
}
