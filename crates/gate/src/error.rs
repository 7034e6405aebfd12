//! Why a call did not answer: one enum, every variant with a frozen code, a public sentence and, where the user can
//! mend it, a hint. What Gitea said in its own words never gets here; it goes to the log.

use std::time::Duration;

use aegis_store::Scope;
use thiserror::Error;

use crate::ask::Question;

/// What a person must answer before a call can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    /// What is asked.
    pub question: Question,
    /// What the client brings back with the answer, sealed.
    pub state: String,
}

/// A call's refusal or failure, as every transport shows it. `respond` in the server maps each variant to the wire.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// No tool of that name exists for this caller.
    #[error("{}", no_tool(name))]
    UnknownTool {
        /// As it came, cut and escaped.
        name: String,
        /// The nearest name the caller may use.
        near: Option<String>,
    },
    /// An argument is missing, unknown, of the wrong type or outside its range.
    #[error("argument `{argument}`: {came}; {wanted}")]
    InvalidArgument {
        /// The argument's name.
        argument: String,
        /// What came, cut and escaped.
        came: String,
        /// What would be right.
        wanted: String,
    },
    /// Nothing of that name is there for this caller. Hidden and absent read the same.
    #[error("there is no {} that you may see", named(what, name))]
    NotFound {
        /// "repository", "branch", "file", "issue".
        what: &'static str,
        /// As the caller wrote it; empty where only its kind is known.
        name: String,
        /// What exists nearby and may be seen.
        near: Vec<String>,
    },
    /// A rule of the operator's policy, or the lack of one, forbids it. Said before Gitea is asked.
    #[error("this gateway's policy does not allow it ({rule})")]
    PolicyDenied {
        /// The rule's id, never its pattern.
        rule: String,
    },
    /// The token that let the caller in lacks a scope of ours.
    #[error("this needs the scope {}", required.as_str())]
    InsufficientScope {
        /// The scope to ask for.
        required: Scope,
    },
    /// The Gitea token behind the sign-in lacks scopes of Gitea's.
    #[error("the Gitea token behind this sign-in lacks {}", required.join(", "))]
    UpstreamScope {
        /// Gitea's names, as `read:issue`.
        required: Vec<String>,
    },
    /// The person may not do it in Gitea.
    #[error("Gitea does not let you do this")]
    Forbidden,
    /// Gitea no longer accepts the credential behind the sign-in.
    #[error("Gitea no longer accepts the token behind this sign-in")]
    CredentialRejected,
    /// The account is inactive, prohibited, or must change its password.
    #[error("Gitea has suspended this account")]
    Suspended,
    /// The connected release has no such endpoint.
    #[error("this Gitea or Forgejo does not serve it; {since} does")]
    NotServed {
        /// The first release that has it.
        since: String,
    },
    /// Gitea refused the request's content (405, 409, 422, 423).
    #[error("Gitea refused the request: {reason}")]
    Refused {
        /// Which refusal it was.
        reason: RefusedReason,
    },
    /// The answer would be larger than a limit.
    #[error("{what} is larger than the limit of {limit_bytes} bytes")]
    TooLarge {
        /// What is too large.
        what: String,
        /// The limit.
        limit_bytes: u64,
        /// How to get it in parts.
        hint: &'static str,
    },
    /// A rule found a secret in bytes that cannot be masked, or the rule blocks.
    #[error("a secret was found at line {line} (rule {rule}); these bytes do not leave the gateway")]
    SecretMasked {
        /// The rule's id.
        rule: &'static str,
        /// Line, from 1.
        line: u32,
    },
    /// Too many calls by this person or of this tool.
    #[error("too many calls; the limit is {per_minute} a minute")]
    RateLimited {
        /// The limit that was hit.
        per_minute: u32,
        /// When to come back.
        retry_after: Duration,
    },
    /// The person is asked first; the call that brings the answer goes on.
    #[error("this needs an answer first")]
    InputRequired(Box<Required>),
    /// The person must be asked, and the client has no way to.
    #[error("this needs an answer of yours, and your client cannot be asked")]
    CannotAsk,
    /// What came with an answer was not given out for this call, or too long ago.
    #[error("this requestState was not given out for this call of yours, or is over five minutes old")]
    StateRefused,
    /// The record of calls cannot be written or is full, so nothing runs.
    #[error("the audit record cannot take another entry now")]
    AuditUnavailable,
    /// Gitea asked us to slow down.
    #[error("Gitea asks to slow down")]
    UpstreamBusy {
        /// When to come back, if it said.
        retry_after: Option<Duration>,
    },
    /// Gitea cannot be reached or answers with a fault of its own.
    #[error("Gitea is not available")]
    UpstreamUnavailable,
    /// Gitea did not answer within the deadline.
    #[error("Gitea did not answer in time")]
    UpstreamTimeout,
    /// Gitea's answer was cut off or made no sense.
    #[error("Gitea's answer could not be understood")]
    UpstreamMalformed,
    /// A fault of ours. The log has it under the request id.
    #[error("something went wrong here; the operator finds it under this request id")]
    Internal,
}

/// Why Gitea refused a request whose sender may ask and whose target is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RefusedReason {
    /// 405: not in the state that it is in.
    #[error("it cannot be done to this one as it stands")]
    NotAllowed,
    /// 409: it clashes with what is there.
    #[error("it conflicts with what is there")]
    Conflict,
    /// 422: a value makes no sense to Gitea.
    #[error("a value in it makes no sense there")]
    Unprocessable,
    /// 423: archived or locked.
    #[error("it is archived or locked")]
    Locked,
    /// 413: over a limit of Gitea's own.
    #[error("it is too large for Gitea")]
    TooLarge,
}

impl RefusedReason {
    /// The frozen code, `snake_case`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::Conflict => "conflict",
            Self::Unprocessable => "unprocessable",
            Self::Locked => "locked",
            Self::TooLarge => "too_large_for_gitea",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::NotAllowed => "read it again to see how it stands now",
            Self::Conflict => "read it again: it has changed, or something of that name is there already",
            Self::Unprocessable => "look at the values given, names of branches and people first",
            Self::Locked => "whoever owns it in Gitea can unlock it or take it out of the archive",
            Self::TooLarge => "ask for less at once",
        }
    }
}

impl CallError {
    /// The frozen code, `snake_case`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownTool { .. } => "unknown_tool",
            Self::InvalidArgument { .. } => "invalid_argument",
            Self::NotFound { .. } => "not_found",
            Self::PolicyDenied { .. } => "policy_denied",
            Self::InsufficientScope { .. } => "insufficient_scope",
            Self::UpstreamScope { .. } => "upstream_scope_missing",
            Self::Forbidden => "forbidden",
            Self::CredentialRejected => "credential_rejected",
            Self::Suspended => "account_suspended",
            Self::NotServed { .. } => "not_served",
            Self::Refused { reason } => reason.code(),
            Self::TooLarge { .. } => "too_large",
            Self::SecretMasked { .. } => "secret_masked",
            Self::RateLimited { .. } => "rate_limited",
            Self::InputRequired(_) => "input_required",
            Self::CannotAsk => "cannot_ask",
            Self::StateRefused => "request_state_refused",
            Self::AuditUnavailable => "audit_unavailable",
            Self::UpstreamBusy { .. } => "upstream_busy",
            Self::UpstreamUnavailable => "upstream_unavailable",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::UpstreamMalformed => "upstream_malformed",
            Self::Internal => "internal",
        }
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownTool { near, .. } => near.as_ref().map(|near| format!("did you mean `{near}`?")),
            Self::NotFound { near, .. } => near_misses(near),
            Self::UpstreamScope { required } => {
                Some(format!("make a Gitea token with {} and bind a new key to it", required.join(" and ")))
            }
            Self::CredentialRejected => Some("bind a new key to a Gitea token that is still valid".to_owned()),
            Self::TooLarge { hint, .. } => Some((*hint).to_owned()),
            Self::RateLimited { retry_after, .. } => Some(again_in(*retry_after)),
            Self::UpstreamBusy { retry_after: Some(wait) } => Some(again_in(*wait)),
            Self::UpstreamBusy { retry_after: None }
            | Self::AuditUnavailable
            | Self::UpstreamUnavailable
            | Self::UpstreamTimeout => Some("try again in a moment".to_owned()),
            Self::Forbidden => Some("whoever owns it in Gitea can give you the right to it".to_owned()),
            Self::Suspended => Some("sign in to Gitea in a browser: it says what the account lacks".to_owned()),
            Self::Refused { reason } => Some(reason.hint().to_owned()),
            Self::SecretMasked { .. } => {
                Some("as text from its first line, with the secret masked, it may be read".to_owned())
            }
            Self::CannotAsk => Some("use a client with elicitation, over stdio or in a session".to_owned()),
            Self::StateRefused => Some("call again without it".to_owned()),
            Self::NotServed { .. } => Some("get_server_info says what this instance is".to_owned()),
            Self::InvalidArgument { .. }
            | Self::PolicyDenied { .. }
            | Self::InsufficientScope { .. }
            | Self::InputRequired(_)
            | Self::UpstreamMalformed
            | Self::Internal => None,
        }
    }

    /// Whether somebody decided against it, rather than something having failed.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::UnknownTool { .. }
            | Self::PolicyDenied { .. }
            | Self::InsufficientScope { .. }
            | Self::UpstreamScope { .. }
            | Self::NotFound { .. }
            | Self::Forbidden
            | Self::CredentialRejected
            | Self::Suspended
            | Self::SecretMasked { .. }
            | Self::RateLimited { .. }
            | Self::StateRefused
            | Self::AuditUnavailable => true,
            Self::InvalidArgument { .. }
            | Self::NotServed { .. }
            | Self::Refused { .. }
            | Self::TooLarge { .. }
            | Self::InputRequired(_)
            | Self::CannotAsk
            | Self::UpstreamBusy { .. }
            | Self::UpstreamUnavailable
            | Self::UpstreamTimeout
            | Self::UpstreamMalformed
            | Self::Internal => false,
        }
    }

    /// When to come back, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => Some(*retry_after),
            Self::UpstreamBusy { retry_after } => *retry_after,
            Self::AuditUnavailable | Self::UpstreamUnavailable => Some(Duration::from_secs(1)),
            Self::UnknownTool { .. }
            | Self::InvalidArgument { .. }
            | Self::NotFound { .. }
            | Self::PolicyDenied { .. }
            | Self::InsufficientScope { .. }
            | Self::UpstreamScope { .. }
            | Self::Forbidden
            | Self::CredentialRejected
            | Self::Suspended
            | Self::NotServed { .. }
            | Self::Refused { .. }
            | Self::TooLarge { .. }
            | Self::SecretMasked { .. }
            | Self::InputRequired(_)
            | Self::CannotAsk
            | Self::StateRefused
            | Self::UpstreamTimeout
            | Self::UpstreamMalformed
            | Self::Internal => None,
        }
    }
}

fn near_misses(near: &[String]) -> Option<String> {
    match near {
        [] => None,
        [one] => Some(format!("did you mean {one}?")),
        [first @ .., last] => Some(format!("nearby: {} and {last}", first.join(", "))),
    }
}

fn again_in(wait: Duration) -> String {
    format!("try again in {} s", wait.as_secs().max(1))
}

/// A thing by its kind and, where it has one, its name.
fn named(what: &str, name: &str) -> String {
    if name.is_empty() { what.to_owned() } else { format!("{what} {name}") }
}

fn no_tool(name: &str) -> String {
    if name.is_empty() { "the call names no tool".to_owned() } else { format!("there is no tool `{name}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_well_with_a_name_and_without() {
        let not_found = |what, name: &str| CallError::NotFound { what, name: name.to_owned(), near: Vec::new() };
        assert_eq!(not_found("file", "a.md").to_string(), "there is no file a.md that you may see");
        assert_eq!(not_found("item", "").to_string(), "there is no item that you may see");
        let unknown = |name: &str| CallError::UnknownTool { name: name.to_owned(), near: None };
        assert_eq!(unknown("get_moon").to_string(), "there is no tool `get_moon`");
        assert_eq!(unknown("").to_string(), "the call names no tool");
    }

    #[test]
    fn each_refusal_of_giteas_has_a_code_and_a_sentence_of_its_own() {
        use RefusedReason::{Conflict, Locked, NotAllowed, TooLarge, Unprocessable};
        let errors =
            [NotAllowed, Conflict, Unprocessable, Locked, TooLarge].map(|reason| CallError::Refused { reason });
        let codes = errors.each_ref().map(CallError::code);
        assert_eq!(codes, ["not_allowed", "conflict", "unprocessable", "locked", "too_large_for_gitea"]);
        assert_eq!(errors[3].to_string(), "Gitea refused the request: it is archived or locked");
        let hints: std::collections::BTreeSet<_> = errors.iter().filter_map(CallError::hint).collect();
        assert_eq!(hints.len(), errors.len(), "{hints:?}");
    }
}
