//! Every status of failure and its error.

use std::time::Duration;

use aegis_gitea::{GiteaError, Index};

use crate::server::{Server, answer};

const JSON: &str = "Content-Type: application/json\r\n";

async fn issue_error(status: &str, headers: &str, body: &[u8]) -> GiteaError {
    let server = Server::in_order(vec![answer(status, headers, body)]).await;
    server.repository().issue(Index::new(1).unwrap()).await.unwrap_err()
}

#[tokio::test]
async fn u03_u04_each_status_has_its_error_and_no_upstream_word_in_it() {
    let page = b"<html><h1>internal canary-words</h1></html>";
    for (status, wanted) in [
        (400, GiteaError::Unprocessable),
        (401, GiteaError::Unauthorized),
        (403, GiteaError::Forbidden),
        (404, GiteaError::NotFound),
        (405, GiteaError::NotAllowed),
        (409, GiteaError::Conflict),
        (412, GiteaError::Conflict),
        (413, GiteaError::TooLarge),
        (418, GiteaError::Unexpected { status: 418 }),
        (422, GiteaError::Unprocessable),
        (423, GiteaError::Locked),
        (429, GiteaError::RateLimited { retry_after: None }),
        (500, GiteaError::Unavailable { status: 500 }),
        (502, GiteaError::Unavailable { status: 502 }),
        (503, GiteaError::Unavailable { status: 503 }),
        (504, GiteaError::Unavailable { status: 504 }),
    ] {
        let error = issue_error(&format!("{status} X"), "Content-Type: text/html\r\n", page).await;
        assert_eq!(error, wanted);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn u04_a_missing_scope_is_named() {
    let body = br#"{"message":"token does not have at least one of required scope(s), required=[read:issue], token scope=read:repository","url":"http://x/api/swagger"}"#;
    let wanted =
        GiteaError::MissingScope { required: vec!["read:issue".to_owned()], held: Some("read:repository".to_owned()) };
    assert_eq!(issue_error("403 Forbidden", JSON, body).await, wanted);
    let huge = [b"{\"message\":\"", vec![b'x'; 100_000].as_slice(), b"\"}"].concat();
    assert_eq!(issue_error("403 Forbidden", JSON, &huge).await, GiteaError::Forbidden, "its body is not even read");
}

#[tokio::test]
async fn u04_only_the_account_itself_can_be_suspended() {
    let body = br#"{"message":"This account is prohibited from signing in, please contact your site administrator."}"#;
    let server = Server::in_order(vec![answer("403 Forbidden", JSON, body)]).await;
    assert_eq!(server.account().user().await.unwrap_err(), GiteaError::Suspended);
    assert_eq!(server.repository().repository().await.unwrap_err(), GiteaError::Forbidden);
    assert_eq!(issue_error("403 Forbidden", JSON, b"null").await, GiteaError::Forbidden);
}

#[tokio::test]
async fn u05_retry_after_is_passed_on_within_the_cap() {
    for (header, wanted) in
        [("30", Some(30)), ("31536000", Some(3600)), ("Sat, 21 Nov 2026 10:02:00 GMT", Some(120)), ("soon", None)]
    {
        let error = issue_error("429 Too Many Requests", &format!("Retry-After: {header}\r\n"), b"").await;
        assert_eq!(error, GiteaError::RateLimited { retry_after: wanted.map(Duration::from_secs) }, "{header}");
    }
}

#[tokio::test]
async fn u09_a_route_that_is_gone_is_not_an_object_that_is_gone() {
    let error = issue_error("404 Not Found", "Content-Type: text/plain\r\n", b"404 page not found\n").await;
    let since = "Gitea 1.22 or Forgejo 10".to_owned();
    assert_eq!(error, GiteaError::NotServed { endpoint: "issue", since });
}
