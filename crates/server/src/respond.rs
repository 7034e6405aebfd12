//! One table from refusals to the wire: HTTP status, JSON body, challenge header, failed tool result. No transport
//! words a refusal of its own.

use std::time::Duration;

use aegis_gate::{AuthnError, CallError};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

/// The HTTP status of a call's refusal, where a transport answers with one.
#[must_use]
pub(crate) fn call_status(error: &CallError) -> StatusCode {
    match error {
        CallError::UnknownTool { .. } | CallError::NotFound { .. } => StatusCode::NOT_FOUND,
        CallError::InvalidArgument { .. } | CallError::StateRefused => StatusCode::BAD_REQUEST,
        CallError::PolicyDenied { .. }
        | CallError::InsufficientScope { .. }
        | CallError::UpstreamScope { .. }
        | CallError::Forbidden
        | CallError::CredentialRejected
        | CallError::Suspended
        | CallError::SecretMasked { .. } => StatusCode::FORBIDDEN,
        CallError::Refused { .. } | CallError::InputRequired(_) | CallError::CannotAsk => StatusCode::CONFLICT,
        CallError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        CallError::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        CallError::NotServed { .. } => StatusCode::NOT_IMPLEMENTED,
        CallError::AuditUnavailable | CallError::UpstreamBusy { .. } | CallError::UpstreamUnavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        CallError::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
        CallError::UpstreamMalformed => StatusCode::BAD_GATEWAY,
        CallError::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The HTTP status of a refused sign-in.
#[must_use]
pub(crate) fn authn_status(error: &AuthnError) -> StatusCode {
    match error {
        AuthnError::Missing
        | AuthnError::InvalidFormat { .. }
        | AuthnError::InvalidKey { .. }
        | AuthnError::InvalidToken
        | AuthnError::Suspended => StatusCode::UNAUTHORIZED,
        AuthnError::AccountRefused(_) => StatusCode::FORBIDDEN,
        AuthnError::LockedOut { .. } | AuthnError::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        AuthnError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The challenge of a 401 (RFC 6750 §3): `error` only where a credential came.
#[must_use]
pub(crate) fn challenge(error: &AuthnError) -> Option<HeaderValue> {
    let value = match error {
        AuthnError::Missing => r#"Bearer realm="AegisGitea-MCP", scope="read:repository""#,
        AuthnError::InvalidFormat { .. }
        | AuthnError::InvalidKey { .. }
        | AuthnError::InvalidToken
        | AuthnError::Suspended => r#"Bearer realm="AegisGitea-MCP", error="invalid_token", scope="read:repository""#,
        AuthnError::AccountRefused(_)
        | AuthnError::LockedOut { .. }
        | AuthnError::RateLimited { .. }
        | AuthnError::Unavailable => return None,
    };
    Some(HeaderValue::from_static(value))
}

/// The challenge of a 403 for a missing scope (RFC 6750 §3.1).
#[must_use]
pub(crate) fn scope_challenge(error: &CallError) -> Option<HeaderValue> {
    let CallError::InsufficientScope { required } = error else { return None };
    let value = format!(r#"Bearer realm="AegisGitea-MCP", error="insufficient_scope", scope="{}""#, required.as_str());
    HeaderValue::try_from(value).ok()
}

/// An answer, with a challenge and the time to come back where there are such.
pub(crate) fn response(
    status: StatusCode,
    body: Value,
    challenge: Option<HeaderValue>,
    retry_after: Option<Duration>,
) -> Response {
    let mut response = (status, Json(body)).into_response();
    let challenge = challenge.map(|challenge| (WWW_AUTHENTICATE, challenge));
    let wait = retry_after.map(|wait| (RETRY_AFTER, wait.as_secs().max(1).into()));
    response.headers_mut().extend(challenge.into_iter().chain(wait));
    response
}

/// The body of a call's refusal.
#[must_use]
pub(crate) fn call_error(error: &CallError, correlation_id: &str) -> Value {
    body(error.code(), &error.to_string(), error.hint(), correlation_id)
}

/// The body of a refused sign-in.
#[must_use]
pub(crate) fn authn_error(error: &AuthnError, correlation_id: &str) -> Value {
    body(error.code(), &error.to_string(), error.hint(), correlation_id)
}

/// The one shape of every error: a stable code, a sentence, a hint where there is one, the request id.
#[must_use]
pub(crate) fn body(code: &str, message: &str, hint: Option<String>, correlation_id: &str) -> Value {
    let mut error = json!({"code": code, "message": message});
    if let (Some(hint), Some(object)) = (hint, error.as_object_mut()) {
        object.insert("hint".to_owned(), hint.into());
    }
    json!({"success": false, "error": error, "correlation_id": correlation_id})
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aegis_gate::{AccountFault, RefusedReason};

    use super::*;

    #[test]
    fn s10_a_fault_of_ours_is_500_and_says_nothing_of_itself() {
        assert_eq!(call_status(&CallError::Internal), StatusCode::INTERNAL_SERVER_ERROR);
        let wanted = json!({"success": false, "correlation_id": "0123456789abcdef", "error": {
            "code": "internal", "message": "something went wrong here; the operator finds it under this request id"}});
        assert_eq!(call_error(&CallError::Internal, "0123456789abcdef"), wanted);
    }

    #[test]
    fn only_a_missing_scope_of_ours_asks_for_another_sign_in() {
        let scope = CallError::InsufficientScope { required: aegis_gate::Scope::ReadRepository };
        let challenge = scope_challenge(&scope).unwrap();
        let wanted = r#"Bearer realm="AegisGitea-MCP", error="insufficient_scope", scope="read:repository""#;
        assert_eq!((call_status(&scope), challenge.to_str().unwrap()), (StatusCode::FORBIDDEN, wanted));
        let upstream = CallError::UpstreamScope { required: vec!["read:issue".to_owned()] };
        for refusal in [upstream, CallError::Forbidden, CallError::PolicyDenied { rule: "hidden".to_owned() }] {
            assert_eq!((call_status(&refusal), scope_challenge(&refusal)), (StatusCode::FORBIDDEN, None));
        }
        let locked = CallError::Refused { reason: RefusedReason::Locked };
        assert_eq!((call_status(&locked), scope_challenge(&locked)), (StatusCode::CONFLICT, None));
    }

    #[test]
    fn a_401_has_a_challenge_and_names_an_error_only_where_a_credential_came() {
        let wait = Duration::from_secs(1);
        for (error, named) in [
            (AuthnError::Missing, Some(false)),
            (AuthnError::InvalidFormat { tries_left: None }, Some(true)),
            (AuthnError::InvalidKey { tries_left: Some(1) }, Some(true)),
            (AuthnError::InvalidToken, Some(true)),
            (AuthnError::Suspended, Some(true)),
            (AuthnError::AccountRefused(AccountFault::None), None),
            (AuthnError::LockedOut { retry_after: wait }, None),
            (AuthnError::RateLimited { retry_after: wait }, None),
            (AuthnError::Unavailable, None),
        ] {
            let challenge = challenge(&error);
            let has_error = challenge.as_ref().map(|value| value.to_str().unwrap().contains("invalid_token"));
            assert_eq!(has_error, named, "{error:?}");
            assert_eq!(authn_status(&error) == StatusCode::UNAUTHORIZED, named.is_some(), "{error:?}");
        }
    }
}
