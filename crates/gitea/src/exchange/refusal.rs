//! What each status of failure means. Of the body only what a machine can read is used: the scopes a 403 names, and
//! whether a 404 comes from the router. The text is for people (Gitea says so itself) and goes no further.

use std::time::Duration;

use aegis_ambient::Ambient;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use jiff::fmt::rfc2822;
use serde::Deserialize;

use super::pool::Body;
use super::{Oversize, body};
use crate::endpoints::{self, Endpoint};
use crate::error::GiteaError;

/// Longer bodies of refusals are not read: the status alone must do.
const REFUSAL_BYTES: u64 = 64 * 1024;
/// A proxy that asks for more is not believed.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// A list of scopes longer than this is not shown.
const SCOPES_CHARACTERS: usize = 400;
/// What Gitea's router answers where it knows no such path; handlers answer JSON.
const ROUTER_NOT_FOUND: &[u8] = b"404 page not found";

#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
    url: Option<String>,
}

pub(super) async fn explain(
    endpoint: &'static Endpoint,
    status: StatusCode,
    headers: &HeaderMap,
    body: Body,
    ambient: &Ambient,
) -> GiteaError {
    match status {
        StatusCode::UNAUTHORIZED => GiteaError::Unauthorized,
        StatusCode::FORBIDDEN => match read(body).await {
            Ok(body) => forbidden(endpoint, &body),
            Err(error) => error,
        },
        StatusCode::NOT_FOUND => match read(body).await {
            Ok(body) => not_found(endpoint, &body),
            Err(error) => error,
        },
        StatusCode::METHOD_NOT_ALLOWED => GiteaError::NotAllowed,
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => GiteaError::Conflict,
        StatusCode::PAYLOAD_TOO_LARGE => GiteaError::TooLarge,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => GiteaError::Unprocessable,
        StatusCode::LOCKED => GiteaError::Locked,
        StatusCode::TOO_MANY_REQUESTS => GiteaError::RateLimited { retry_after: retry_after(headers, ambient) },
        status if status.is_server_error() => GiteaError::Unavailable { status: status.as_u16() },
        status => GiteaError::Unexpected { status: status.as_u16() },
    }
}

/// The body of a refusal; empty where it is too long to be one of Gitea's.
async fn read(body: Body) -> Result<Vec<u8>, GiteaError> {
    match body::read(body, REFUSAL_BYTES, Oversize::Refuse).await {
        Ok((body, _)) => Ok(body.to_vec()),
        Err(GiteaError::OverLimit { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn not_found(endpoint: &'static Endpoint, body: &[u8]) -> GiteaError {
    if body.trim_ascii() == ROUTER_NOT_FOUND {
        GiteaError::NotServed { endpoint: endpoint.name, since: endpoint.served_since() }
    } else {
        GiteaError::NotFound
    }
}

fn forbidden(endpoint: &'static Endpoint, body: &[u8]) -> GiteaError {
    let Ok(Refusal { message: Some(message), url }) = serde_json::from_slice(body) else {
        return GiteaError::Forbidden;
    };
    if let Some((required, held)) = scopes(&message) {
        let required = if required.is_empty() { endpoint.required_scopes() } else { required };
        GiteaError::MissingScope { required, held }
    } else if endpoint == &endpoints::USER && url.is_none() {
        GiteaError::Suspended
    } else {
        GiteaError::Forbidden
    }
}

/// Gitea 1.23 and later: `… required scope(s), required=[read:user], token scope=read:repository`; earlier ones and
/// Forgejo: `… required scope(s): [read:user]`.
fn scopes(message: &str) -> Option<(Vec<String>, Option<String>)> {
    let (_, named) = message.split_once("required scope(s)")?;
    let (required, rest) = named.split_once('[')?.1.split_once(']')?;
    let required = required.split([' ', ',']).filter(|word| is_scope(word)).map(str::to_owned).collect();
    let held = rest.split_once("token scope=").map(|(_, held)| held.trim());
    let held = held.filter(|held| held.len() <= SCOPES_CHARACTERS && held.split(',').all(is_scope));
    Some((required, held.map(str::to_owned)))
}

/// A word of the form Gitea's scopes have; no other text of a body passes.
fn is_scope(word: &str) -> bool {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    match word.split_once(':') {
        Some((level, category)) => matches!(level, "read" | "write") && is_word(category),
        None => matches!(word, "all" | "public-only"),
    }
}

/// RFC 9110 §10.2.3: seconds or a date. Anything else is no information.
fn retry_after(headers: &HeaderMap, ambient: &Ambient) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    wait(text, ambient).map(|wait| wait.min(LONGEST_WAIT))
}

fn wait(text: &str, ambient: &Ambient) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(LONGEST_WAIT, Duration::from_secs));
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(at.duration_since(ambient.now())).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(required: &[&str], held: Option<&str>) -> GiteaError {
        let required = required.iter().map(|&scope| scope.to_owned()).collect();
        GiteaError::MissingScope { required, held: held.map(str::to_owned) }
    }

    fn refused(message: &str) -> GiteaError {
        let body = serde_json::json!({ "message": message, "url": "http://x/api/swagger" });
        forbidden(&endpoints::ISSUES, body.to_string().as_bytes())
    }

    #[test]
    fn u04_missing_scopes_are_read_in_both_forms() {
        assert_eq!(
            refused(
                "token does not have at least one of required scope(s), required=[read:issue], token scope=read:user,public-only"
            ),
            missing(&["read:issue"], Some("read:user,public-only"))
        );
        assert_eq!(
            refused("token does not have at least one of required scope(s): [read:user read:repository]"),
            missing(&["read:user", "read:repository"], None)
        );
    }

    #[test]
    fn c13_u04_only_words_in_the_form_of_scopes_pass() {
        // What passes here becomes part of the header that asks for a wider token.
        for forged in [r#"read:user", realm="x"#, "read:user%0d%0aSet-Cookie:a=b", "read:user\r\nSet-Cookie: a=b"] {
            let error = refused(&format!("required scope(s), required=[{forged}], token scope={forged}"));
            let GiteaError::MissingScope { required, held } = error else { panic!("{error}") };
            assert!(required.iter().all(|scope| is_scope(scope)) && held.is_none(), "{required:?} {held:?}");
        }
        assert_eq!(
            refused("required scope(s), required=[<b>evil</b> READ:X], token scope=ignore all rules"),
            missing(&["read:issue"], None)
        );
        assert_eq!(
            refused(&format!("required scope(s), required=[read:issue], token scope={}", "all,".repeat(200))),
            missing(&["read:issue"], None)
        );
        assert_eq!(refused("user should be the site admin"), GiteaError::Forbidden);
        assert_eq!(refused("required scope(s)"), GiteaError::Forbidden);
    }

    #[test]
    fn a_403_without_url_suspends_only_from_user() {
        let suspended = br#"{"message":"This account is inactive."}"#;
        assert_eq!(forbidden(&endpoints::USER, suspended), GiteaError::Suspended);
        assert_eq!(forbidden(&endpoints::ISSUES, suspended), GiteaError::Forbidden);
        let with_url = br#"{"message":"no","url":"http://x"}"#;
        assert_eq!(forbidden(&endpoints::USER, with_url), GiteaError::Forbidden);
        for other in [b"null".as_slice(), b"", b"<html>", b"[]", b"{}", b"{\"message\":5}"] {
            assert_eq!(forbidden(&endpoints::USER, other), GiteaError::Forbidden);
        }
    }

    #[test]
    fn u09_a_404_of_the_router_means_not_served() {
        let since = "Gitea 1.25".to_owned();
        let body = b"404 page not found\n";
        assert_eq!(
            not_found(&endpoints::CONTENTS_EXT, body),
            GiteaError::NotServed { endpoint: "contents_ext", since }
        );
        assert_eq!(not_found(&endpoints::CONTENTS_EXT, br#"{"message":"not found"}"#), GiteaError::NotFound);
    }

    #[test]
    fn u05_retry_after_is_read_as_seconds_or_date_and_capped() {
        let (ambient, _) = Ambient::frozen("2026-11-21T10:00:00Z".parse().unwrap());
        let capped = |text| wait(text, &ambient).map(|wait| wait.min(LONGEST_WAIT).as_secs());
        assert_eq!(capped("0"), Some(0));
        assert_eq!(capped("120"), Some(120));
        assert_eq!(capped("31536000"), Some(3600));
        assert_eq!(capped("99999999999999999999999"), Some(3600));
        assert_eq!(capped("Sat, 21 Nov 2026 10:01:00 GMT"), Some(60));
        assert_eq!(capped("Sat, 21 Nov 2026 09:00:00 GMT"), Some(0));
        assert_eq!(capped("Sun, 21 Nov 2027 10:00:00 GMT"), Some(3600));
        for garbage in ["", "soon", "-5", "1.5", "0x10"] {
            assert_eq!(capped(garbage), None, "{garbage}");
        }
    }
}
