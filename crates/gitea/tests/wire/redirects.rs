//! Nothing an answer points to is ever asked for.

use aegis_gitea::read::PageRequest;
use aegis_gitea::{GiteaError, RepositoryId};

use crate::server::{Server, answer, client, credential, settings, widget};

#[tokio::test]
async fn g08_no_redirect_is_followed_and_no_credential_leaves() {
    let trap = Server::start(|_| answer("200 OK", "Content-Type: application/json\r\n", b"{}")).await;
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent"] {
        let location = format!("Location: http://127.0.0.1:{}/api/v1/repos/acme/other\r\n", trap.port);
        let server = Server::in_order(vec![answer(status, &location, b"")]).await;
        assert_eq!(server.repository().repository().await.unwrap_err(), GiteaError::Redirected, "{status}");
        assert_eq!(server.seen().len(), 1);
    }
    let without = Server::in_order(vec![answer("301 Moved Permanently", "", b"")]).await;
    assert_eq!(without.repository().repository().await.unwrap_err(), GiteaError::Redirected);
    assert_eq!(trap.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn g08_a_rename_is_reported_below_a_path_prefix_too_and_a_loop_is_not() {
    let to = RepositoryId::parse("acme/gadget").unwrap();
    for (prefix, location, wanted) in [
        ("", "/api/v1/repos/acme/gadget", GiteaError::Moved { to: to.clone() }),
        ("/git", "/git/api/v1/repos/acme/gadget", GiteaError::Moved { to }),
        ("/git", "/api/v1/repos/acme/gadget", GiteaError::Redirected),
        ("", "/api/v1/repos/ACME/Widget", GiteaError::Redirected),
    ] {
        let location = format!("Location: {location}\r\n");
        let server = Server::in_order(vec![answer("301 Moved Permanently", &location, b"")]).await;
        let client = client(settings(&format!("http://127.0.0.1:{}{prefix}", server.port)));
        assert_eq!(widget(&client).repository().await.unwrap_err(), wanted);
        assert_eq!(server.seen().len(), 1);
    }
    let away = answer("301 Moved Permanently", "Location: /api/v1/repos/acme/gadget\r\n", b"");
    let account = Server::in_order(vec![away]).await.client().account(&credential(), "call-1");
    assert_eq!(account.user().await.unwrap_err(), GiteaError::Redirected, "only a repository can be renamed");
}

#[tokio::test]
async fn g10_links_and_urls_in_answers_are_not_followed() {
    let trap = Server::start(|_| answer("200 OK", "Content-Type: application/json\r\n", b"[]")).await;
    let port = trap.port;
    let server = Server::start(move |_| {
        let body = format!(
            r#"[{{"id":1,"full_name":"acme/widget","html_url":"http://127.0.0.1:{port}/x",
                 "url":"http://127.0.0.1:{port}/x","languages_url":"http://127.0.0.1:{port}/x"}}]"#
        );
        let headers =
            format!("Content-Type: application/json\r\nLink: <http://127.0.0.1:{port}/?page=2>; rel=\"next\"\r\n");
        answer("200 OK", &headers, body.as_bytes())
    })
    .await;
    let page = server.account().repositories(PageRequest::new(1, 30)).await.unwrap();
    assert_eq!((page.items.len(), page.has_more, page.total), (1, true, None));
    assert_eq!((server.seen().len(), trap.seen().len()), (1, 0));
}
