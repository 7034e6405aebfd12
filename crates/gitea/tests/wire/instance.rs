//! Version, flavour and limits, and the endpoints chosen by them.

use aegis_gitea::connect::Credential;
use aegis_gitea::flavor::Flavor;
use aegis_gitea::read::{ByteRange, CommitQuery, FileKind, PageRequest};
use aegis_gitea::{GiteaError, RepoPath, Sha};

use crate::server::{Server, Step, answer, credential, json};

const JSON: &str = "Content-Type: application/json\r\n";
const FILE: &str = r#"{"type":"file","name":"a","path":"a","size":2,"encoding":"base64","content":"aGk="}"#;
const LINK: &str = r#"{"type":"symlink","name":"a","path":"a","size":1,"target":"b","content":null,"encoding":null}"#;

/// An instance of one version with one thing at every path.
async fn instance(version: &'static str, thing: &'static str) -> Server {
    Server::start(move |head| {
        if head.contains("/version ") {
            return json(&format!(r#"{{"version":"{version}"}}"#));
        }
        match (head.contains("/contents-ext/"), thing.starts_with('[')) {
            (true, true) => json(&format!(r#"{{"dir_contents":{thing}}}"#)),
            (true, false) => json(&format!(r#"{{"file_contents":{thing}}}"#)),
            (false, _) => json(thing),
        }
    })
    .await
}

fn path() -> RepoPath {
    RepoPath::parse("src/a b").unwrap()
}

#[tokio::test]
async fn u09_files_come_by_the_cheapest_endpoint_the_release_has() {
    let new = "/api/v1/repos/acme/widget/contents-ext/src/a%20b?includes=file_content";
    let old = "/api/v1/repos/acme/widget/contents/src/a%20b";
    for (version, wanted) in [
        ("1.26.3", new),
        ("1.25.0", new),
        ("1.24.7", old),
        ("1.25.0-rc0", old),
        ("16.0.5+gitea-1.22.0", old),
        ("unreadable", old),
    ] {
        let server = instance(version, FILE).await;
        let file = server.repository().file(&path(), None).await.unwrap();
        assert_eq!((file.kind, file.content.as_deref()), (FileKind::File, Some(b"hi".as_slice())));
        assert_eq!(server.targets(), ["/api/v1/version", wanted], "{version}");
    }
}

#[tokio::test]
async fn links_and_directories_are_named_as_such() {
    for version in ["1.26.3", "1.24.7"] {
        let link = instance(version, LINK).await.repository().file(&path(), None).await.unwrap();
        assert_eq!((link.kind, link.content), (FileKind::Symlink { target: "b".to_owned() }, None));
        let server = instance(version, "[]").await;
        assert_eq!(server.repository().file(&path(), None).await.unwrap().kind, FileKind::Directory);
        assert!(server.repository().directory(&path(), None).await.unwrap().is_empty());
        let file = instance(version, FILE).await;
        assert_eq!(file.repository().directory(&path(), None).await.unwrap_err(), GiteaError::NotFound);
    }
    let neither = Server::in_order(vec![json(r#"{"version":"1.26.3"}"#), json("{}")]).await;
    assert!(matches!(neither.repository().file(&path(), None).await, Err(GiteaError::Malformed { .. })));
}

#[tokio::test]
async fn u09_the_root_directory_is_asked_for_without_a_path() {
    for (version, wanted) in [("1.26.3", "contents-ext"), ("1.22.0", "contents")] {
        let server = Server::start(move |head| match (head.contains("/version "), head.contains("contents-ext")) {
            (true, _) => json(&format!(r#"{{"version":"{version}"}}"#)),
            (false, true) => json(&format!(r#"{{"dir_contents":[{FILE}]}}"#)),
            (false, false) => json(&format!("[{FILE}]")),
        })
        .await;
        assert_eq!(server.repository().directory(&RepoPath::root(), None).await.unwrap()[0].name, "a");
        assert_eq!(server.targets()[1], format!("/api/v1/repos/acme/widget/{wanted}"));
    }
}

#[tokio::test]
async fn the_version_is_asked_for_without_a_token_first() {
    let server = instance("1.26.3", FILE).await;
    let found = server.client().instance(Some(&credential()), "call-1").instance().await.unwrap();
    assert_eq!((found.flavor, found.version.as_str()), (Flavor::Gitea, "1.26.3"));
    assert!(!server.seen()[0].contains("authorization"));
    let closed = Server::start(|head| {
        if head.contains("authorization") {
            json(r#"{"version":"11.0.1+gitea-1.22.0"}"#)
        } else {
            answer("403 Forbidden", JSON, br#"{"message":"Only signed in user is allowed to call APIs."}"#)
        }
    })
    .await;
    let found = closed.client().instance(Some(&credential()), "call-1").instance().await.unwrap();
    assert_eq!((found.flavor, found.version.as_str()), (Flavor::Forgejo, "11.0.1"));
    assert_eq!(closed.seen().len(), 2);
    let nobody = closed.client().instance(None, "call-1").instance().await;
    assert_eq!(nobody.unwrap_err(), GiteaError::Forbidden);
}

#[tokio::test]
async fn u11_version_and_limits_are_asked_for_once() {
    let limits = r#"{"max_response_items":50,"default_paging_num":30,"default_git_trees_per_page":1000,
                     "default_max_blob_size":10485760}"#;
    let server = Server::start(move |head| {
        let body = if head.contains("/version ") { r#"{"version":"1.26.3"}"# } else { limits };
        let mut steps = vec![Step::Wait(std::time::Duration::from_millis(30))];
        steps.extend(json(body));
        steps
    })
    .await;
    let client = server.client();
    let reader = || client.instance(None, "call-1");
    let (one, two, three) = (reader(), reader(), reader());
    let (a, b, c) = tokio::join!(one.instance(), two.instance(), three.instance());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let (a, b) = tokio::join!(one.limits(), two.limits());
    assert_eq!((a.unwrap().max_response_items, b.unwrap().default_max_blob_size), (50, 10_485_760));
    assert_eq!(server.targets(), ["/api/v1/version", "/api/v1/settings/api"]);
}

#[tokio::test]
async fn a_credential_that_is_refused_is_refused_to_no_one_else() {
    let server = Server::start(|head| {
        let is_good = head.contains("authorization: token good");
        let mut steps = vec![Step::Wait(std::time::Duration::from_millis(30))];
        steps.extend(if is_good { json(r#"{"version":"1.26.3"}"#) } else { answer("401 Unauthorized", JSON, b"{}") });
        steps
    })
    .await;
    let client = server.client();
    let holder = |token: &str| client.instance(Some(&Credential::new(token.into()).unwrap()), "call-1");
    let (revoked, good) = (holder("revoked"), holder("good"));
    let (alice, bob) = tokio::join!(revoked.instance(), good.instance());
    assert_eq!(alice.unwrap_err(), GiteaError::Unauthorized);
    assert_eq!(bob.unwrap().version.as_str(), "1.26.3", "bob was told what alice's token is worth");
}

#[tokio::test]
async fn u09_u12_an_unknown_version_falls_back_and_an_unreachable_instance_does_not() {
    let silent =
        Server::start(
            |head| {
                if head.contains("/version ") { answer("404 Not Found", JSON, b"{}") } else { json(FILE) }
            },
        )
        .await;
    assert!(silent.repository().file(&path(), None).await.is_ok());
    let down = Server::start(|_| answer("502 Bad Gateway", "", b"")).await;
    let error = down.repository().file(&path(), None).await.unwrap_err();
    assert_eq!(error, GiteaError::Unavailable { status: 502 });
    assert_eq!(down.seen().len(), 1, "the file is not asked for in addition");
}

#[tokio::test]
async fn u09_dates_are_refused_where_they_would_be_ignored() {
    let since = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let query = CommitQuery { sha: None, path: None, since, until: None, page: PageRequest::new(1, 10) };
    let old = instance("1.24.7", "[]").await;
    let error = old.repository().commits(&query).await.unwrap_err();
    assert_eq!(error, GiteaError::NotServed { endpoint: "commits by date", since: "Gitea 1.25".to_owned() });
    assert_eq!(old.targets(), ["/api/v1/version"]);
    let new = instance("1.26.3", "[]").await;
    assert!(new.repository().commits(&query).await.is_ok());
    assert!(new.targets()[1].contains("&since=2026-01-01T00%3A00%3A00Z"));
}

fn sha() -> Sha {
    Sha::parse(&"5".repeat(40)).unwrap()
}

#[tokio::test]
async fn raw_parts_are_right_whether_the_server_takes_the_range_or_not() {
    const WHOLE: &[u8] = b"0123456789";
    let part = |start, length| Some(ByteRange { start, length });
    let ask = |script: Vec<Step>, range| async move {
        Server::in_order(vec![script]).await.repository().raw(&path(), &sha(), range).await
    };
    let partial =
        |range: &str, body: &[u8]| answer("206 Partial Content", &format!("Content-Range: bytes {range}\r\n"), body);
    let read = ask(partial("3-5/10", b"345"), part(3, 3)).await.unwrap();
    assert_eq!((read.content.as_ref(), read.start, read.size_bytes), (b"345".as_slice(), 3, Some(10)));
    let read = ask(answer("200 OK", "", WHOLE), part(3, 3)).await.unwrap();
    assert_eq!((read.content.as_ref(), read.start, read.size_bytes), (b"345".as_slice(), 3, Some(10)));
    let read = ask(answer("200 OK", "", WHOLE), part(20, 3)).await.unwrap();
    assert_eq!((read.content.len(), read.size_bytes), (0, Some(10)));
    let beyond = answer("416 Range Not Satisfiable", "Content-Range: bytes */10\r\n", b"");
    let read = ask(beyond, part(20, 3)).await.unwrap();
    assert_eq!((read.content.len(), read.size_bytes), (0, Some(10)));
    let read = ask(answer("200 OK", "", WHOLE), None).await.unwrap();
    assert_eq!((read.content.as_ref(), read.size_bytes, read.is_truncated), (WHOLE, Some(10), false));
    let long = vec![b'x'; 100_000];
    let read = ask(answer("200 OK", "", &long), None).await.unwrap();
    assert_eq!((read.content.len(), read.size_bytes, read.is_truncated), (64 * 1024, None, true));
    let beyond_the_cap = ask(answer("200 OK", "", &long), part(90_000, 10)).await.unwrap_err();
    assert_eq!(beyond_the_cap, GiteaError::OverLimit { limit_bytes: 64 * 1024 });
    for lie in [partial("0-2/10", b"012"), partial("3-9/10", b"3456789"), answer("206 Partial Content", "", b"345")] {
        assert_eq!(ask(lie, part(3, 3)).await.unwrap_err(), GiteaError::Malformed { what: "content range" });
    }
    assert!(ask(partial("0-9/10", WHOLE), None).await.is_err(), "a part nobody asked for");
}

#[tokio::test]
async fn raw_sends_its_range_and_ref_and_no_compression() {
    let server = Server::start(|_| answer("200 OK", "", b"")).await;
    server.repository().raw(&path(), &sha(), Some(ByteRange { start: 5, length: 10 })).await.unwrap();
    assert_eq!(server.targets(), [format!("/api/v1/repos/acme/widget/raw/src/a%20b?ref={}", sha())]);
    assert!(server.seen()[0].contains("range: bytes=5-14\r\n"));
    assert!(server.seen()[0].contains("accept-encoding: identity\r\n"), "compressed bytes would be another range");
    assert!(server.seen()[0].contains("accept: */*\r\n"));
}
