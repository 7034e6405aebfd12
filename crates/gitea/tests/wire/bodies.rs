//! Bodies that are too long, too slow, cut off, or not what the endpoint promises.

use std::time::Duration;

use aegis_gitea::read::PageRequest;
use aegis_gitea::{Fault, GiteaError, Index, Sha};

use crate::server::{Server, Step, answer, gzip, json, raw};

const JSON: &str = "Content-Type: application/json\r\n";
const USER: &str = r#"{"id":1,"login":"alice"}"#;

async fn user_error(script: Vec<Step>) -> GiteaError {
    Server::in_order(vec![script]).await.account().user().await.unwrap_err()
}

#[tokio::test]
async fn u06_truncated_bodies_are_never_partial_success() {
    let short_length = raw(&format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 90\r\n\r\n{USER}"));
    assert_eq!(user_error(short_length).await, GiteaError::Truncated);
    let no_last_chunk = raw(&format!("HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n18\r\n{USER}\r\n"));
    assert_eq!(user_error(no_last_chunk).await, GiteaError::Truncated);
    let packed = gzip(USER.as_bytes());
    let short_gzip = answer("200 OK", &format!("{JSON}Content-Encoding: gzip\r\n"), &packed[..packed.len() - 9]);
    assert_eq!(user_error(short_gzip).await, GiteaError::Truncated);
}

#[tokio::test]
async fn u06_broken_encodings_are_malformed() {
    let broken = GiteaError::Malformed { what: "encoding of the body" };
    let bad_chunk =
        raw(&format!("HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\nzz\r\n{USER}\r\n0\r\n\r\n"));
    assert_eq!(user_error(bad_chunk).await, broken);
    let not_gzip = answer("200 OK", &format!("{JSON}Content-Encoding: gzip\r\n"), USER.as_bytes());
    assert_eq!(user_error(not_gzip).await, broken);
    let mut flipped = gzip(USER.as_bytes());
    flipped[12] ^= 0xff;
    let bad_gzip = answer("200 OK", &format!("{JSON}Content-Encoding: gzip\r\n"), &flipped);
    assert_eq!(user_error(bad_gzip).await, broken);
}

#[tokio::test]
async fn u06_a_good_body_in_every_encoding_is_read() {
    let chunked = raw(&format!("HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n18\r\n{USER}\r\n0\r\n\r\n"));
    let zipped = answer("200 OK", &format!("{JSON}Content-Encoding: gzip\r\n"), &gzip(USER.as_bytes()));
    let until_close = raw(&format!("HTTP/1.1 200 OK\r\n{JSON}Connection: close\r\n\r\n{USER}"));
    for script in [json(USER), chunked, zipped, until_close] {
        assert_eq!(Server::in_order(vec![script]).await.account().user().await.unwrap().login, "alice");
    }
}

#[tokio::test]
async fn u06_wrong_content_under_200_is_malformed() {
    let malformed = |what| GiteaError::Malformed { what };
    assert_eq!(user_error(json("")).await, malformed("empty body"));
    for bad in ["{", "nul", "[]", "5", r#"{"id":1}"#, r#"{"id":"1","login":"x"}"#, "{}trailing", "\u{feff}{}"] {
        assert_eq!(user_error(json(bad)).await, malformed("JSON"), "{bad}");
    }
    let page = answer("200 OK", "Content-Type: text/html\r\n", b"<html>Sign in</html>");
    assert_eq!(user_error(page).await, malformed("content type"));
    assert_eq!(user_error(answer("200 OK", "", USER.as_bytes())).await, malformed("content type"));
    assert_eq!(user_error(answer("202 Accepted", JSON, USER.as_bytes())).await, GiteaError::Unexpected { status: 202 });
    assert_eq!(user_error(answer("204 No Content", "", b"")).await, GiteaError::Unexpected { status: 204 });
}

#[tokio::test]
async fn c14_unexpected_json_is_read_tolerantly_or_refused_with_a_type() {
    let issue = |text: String| async move {
        Server::in_order(vec![json(&text)]).await.repository().issue(Index::new(1).unwrap()).await
    };
    let read = issue(
        r#"{"number":1,"title":"t","body":null,"state":"postponed","labels":null,"assignees":null,"user":null,
            "milestone":null,"comments":-1,"created_at":"not a time","updated_at":"0001-01-01T00:00:00Z",
            "closed_at":null,"pull_request":null,"new_field":{"deep":[1,2,3]}}"#
            .to_owned(),
    );
    let read = read.await.unwrap();
    assert_eq!(read.state, aegis_gitea::read::State::Other);
    assert!(read.labels.is_empty() && read.assignees.is_empty() && read.comments == 0 && !read.is_pull);
    assert_eq!((read.created_at, read.updated_at, read.body.as_str()), (None, None, ""));
    let refused = GiteaError::Malformed { what: "JSON" };
    for wrong in [r#"{"number":0,"title":"t"}"#, r#"{"number":1.5,"title":"t"}"#, r#"{"number":1,"title":{}}"#] {
        assert_eq!(issue(wrong.to_owned()).await.unwrap_err(), refused, "{wrong}");
    }
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let skipped = issue(format!(r#"{{"number":1,"title":"t","x":{deep}}}"#)).await;
    assert!(skipped.is_ok(), "what is not used is skipped without recursion");
    let rows = format!(r#"[{{"id":1,"full_name":"acme/widget","x":{deep}}}]"#);
    let listed = Server::in_order(vec![json(&rows)]).await.account().repositories(PageRequest::new(1, 10)).await;
    assert!(listed.is_ok(), "nor is anything of a row but what is used");
    let huge = format!(r#"{{"number":1,"title":"{}"}}"#, "x".repeat(50_000));
    assert_eq!(issue(huge).await.unwrap().title.len(), 50_000);
}

#[tokio::test]
async fn u08_an_announced_or_endless_body_is_refused_at_the_cap_and_hung_up_on() {
    let over = GiteaError::OverLimit { limit_bytes: 64 * 1024 };
    let announced = raw(&format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 10737418240\r\n\r\n"));
    assert_eq!(user_error(announced).await, over);
    let head = format!("HTTP/1.1 200 OK\r\n{JSON}Connection: close\r\n\r\n").into_bytes();
    let endless = vec![Step::Send(head), Step::Forever(vec![b' '; 4096], Duration::ZERO)];
    let server = Server::in_order(vec![endless]).await;
    assert_eq!(server.account().user().await.unwrap_err(), over);
    tokio::time::timeout(Duration::from_secs(5), server.hung_up()).await.unwrap();
}

#[tokio::test]
async fn u08_the_cap_counts_bytes_after_decompression() {
    let exact = format!("{USER}{}", " ".repeat(64 * 1024 - USER.len()));
    let zipped = |text: &str| answer("200 OK", &format!("{JSON}Content-Encoding: gzip\r\n"), &gzip(text.as_bytes()));
    assert_eq!(Server::in_order(vec![zipped(&exact)]).await.account().user().await.unwrap().login, "alice");
    assert_eq!(user_error(zipped(&format!("{exact} "))).await, GiteaError::OverLimit { limit_bytes: 64 * 1024 });
    let bomb = answer("200 OK", &format!("{JSON}Content-Encoding: gzip\r\n"), &gzip(&vec![b' '; 50_000_000]));
    assert_eq!(user_error(bomb).await, GiteaError::OverLimit { limit_bytes: 64 * 1024 });
}

#[tokio::test]
async fn u08_a_long_diff_is_cut_and_says_so() {
    let sha = Sha::parse(&"a".repeat(40)).unwrap();
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n".to_vec();
    let endless = vec![Step::Send(head), Step::Forever(vec![b'+'; 4096], Duration::ZERO)];
    let diff = Server::in_order(vec![endless]).await.repository().commit_diff(&sha).await.unwrap();
    assert_eq!((diff.bytes.len(), diff.is_truncated), (64 * 1024, true));
    for (script, wanted) in [
        (
            answer("200 OK", "Content-Type: text/html; charset=utf-8\r\n", b"<html>"),
            GiteaError::Malformed { what: "content type" },
        ),
        (answer("202 Accepted", "Content-Type: text/plain\r\n", b"later"), GiteaError::Unexpected { status: 202 }),
    ] {
        assert_eq!(Server::in_order(vec![script]).await.repository().commit_diff(&sha).await.unwrap_err(), wanted);
    }
    let short = answer("200 OK", "Content-Type: text/plain\r\n", b"diff --git");
    let diff = Server::in_order(vec![short]).await.repository().commit_diff(&sha).await.unwrap();
    assert_eq!((diff.bytes.as_ref(), diff.is_truncated), (b"diff --git".as_slice(), false));
}

#[tokio::test]
async fn u02_slow_answers_end_at_the_deadline_and_free_the_connection() {
    let drip = |head: &str| {
        let head = format!("HTTP/1.1 {head}\r\n{JSON}Content-Length: 5000\r\n\r\n").into_bytes();
        vec![Step::Send(head), Step::Forever(vec![b' '], Duration::from_millis(20))]
    };
    // A refusal's body has the same deadline.
    for script in [drip("200 OK"), drip("403 Forbidden"), vec![Step::Forever(Vec::new(), Duration::from_millis(20))]] {
        let server = Server::in_order(vec![script]).await;
        assert_eq!(server.impatient_account().user().await.unwrap_err(), GiteaError::Timeout);
        assert_eq!(server.seen().len(), 1);
    }
    let server = Server::in_order(vec![drip("200 OK")]).await;
    assert_eq!(server.impatient_account().user().await.unwrap_err(), GiteaError::Timeout);
    tokio::time::timeout(Duration::from_secs(5), server.hung_up()).await.unwrap();
}

#[tokio::test]
async fn u01_a_reset_in_the_body_is_a_broken_connection() {
    let head = format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 5000\r\n\r\n{{").into_bytes();
    let reset = vec![Step::Send(head), Step::Wait(Duration::from_millis(50)), Step::Reset];
    let server = Server::in_order(vec![reset.clone()]).await;
    assert_eq!(server.account().user().await.unwrap_err(), GiteaError::Unreachable { fault: Fault::Broken });
    assert_eq!(server.seen().len(), 2, "once more, not more often");
    let server = Server::in_order(vec![reset, json(USER)]).await;
    assert_eq!(server.account().user().await.unwrap().login, "alice");
}
