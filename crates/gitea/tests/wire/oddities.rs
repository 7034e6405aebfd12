//! Answers of Gitea that are not what they seem: 500 for what is not there, counts that ignore the question, refs that
//! only some routes know.

use aegis_gitea::read::{CommitQuery, PageRequest, PullQuery, StateFilter};
use aegis_gitea::{GitRef, GiteaError, Index, RepoPath, Sha};

use crate::server::{Server, answer, json};

const JSON: &str = "Content-Type: application/json\r\n";
const FILE: &str = r#"{"type":"file","name":"a","path":"a","size":2,"encoding":"base64","content":"aGk="}"#;
const COMMIT: &str = r#"{"sha":"5555555555555555555555555555555555555555","commit":{"message":"x"}}"#;

fn path() -> RepoPath {
    RepoPath::parse("src/a b").unwrap()
}

fn sha() -> Sha {
    Sha::parse(&"5".repeat(40)).unwrap()
}

/// `contents` knows short names and whole ids only; `raw` would show the default branch instead.
#[tokio::test]
async fn g04_a_full_name_or_a_shortened_id_is_asked_for_in_the_form_gitea_takes() {
    let server = Server::start(|head| {
        let known = ["ref=main ", "ref=main&", "/a%20b ", "/a%20b?includes", &format!("ref={}", sha())];
        if head.contains("/version ") {
            json(r#"{"version":"1.24.0"}"#)
        } else if head.contains("/git/commits/") {
            json(COMMIT)
        } else if known.iter().any(|form| head.lines().next().unwrap().contains(form)) {
            json(FILE)
        } else {
            answer("404 Not Found", JSON, b"{}")
        }
    })
    .await;
    let root = "/api/v1/repos/acme/widget";
    let commit = |at: &str| format!("{root}/git/commits/{at}?stat=false&verification=false&files=false");
    let file = |at: &str| format!("{root}/contents/src/a%20b{at}");
    for (at, asked) in [
        ("main", vec![file("?ref=main")]),
        ("HEAD", vec![file("")]),
        // A tag may be called `main` too: which of the two a short name means, Gitea would choose.
        ("refs/heads/main", vec![commit("refs%2Fheads%2Fmain"), file(&format!("?ref={}", sha()))]),
        ("refs/tags/v1", vec![commit("refs%2Ftags%2Fv1"), file(&format!("?ref={}", sha()))]),
        ("5555", vec![file("?ref=5555"), commit("5555"), file(&format!("?ref={}", sha()))]),
    ] {
        let before = server.targets().len();
        server.repository().file(&path(), Some(&GitRef::parse(at).unwrap())).await.unwrap();
        let targets = server.targets();
        let targets: Vec<_> =
            targets[before..].iter().filter(|target| !target.ends_with("/version")).cloned().collect();
        assert_eq!(targets, asked, "{at}");
    }
    assert!(server.repository().file(&path(), Some(&GitRef::parse("absent").unwrap())).await.is_err());
    let asked = server.targets().into_iter().filter(|target| target.contains("absent")).count();
    assert_eq!(asked, 1, "a name is not asked for twice");
    assert_eq!(server.repository().pinned(None).await.unwrap(), sha());
    assert_eq!(server.targets().last().unwrap(), &commit("HEAD"));
}

#[tokio::test]
async fn gitea_s_500_for_what_is_not_there_is_told_from_a_fault() {
    let gone = Server::start(|head| {
        let is_thing = head.contains("/issues/7 ") || head.contains(&format!("/git/commits/{} ", sha()));
        if is_thing { answer("404 Not Found", JSON, b"{}") } else { answer("500 Internal Server Error", JSON, b"{}") }
    })
    .await;
    let index = Index::new(7).unwrap();
    assert_eq!(gone.repository().issue_comments(index, None).await.unwrap_err(), GiteaError::NotFound);
    assert_eq!(gone.repository().commit_diff(&sha()).await.unwrap_err(), GiteaError::NotFound);
    let at = Some(GitRef::from(&sha()));
    let path = Some(path());
    let query = CommitQuery { sha: at, path, since: None, until: None, page: PageRequest::new(1, 10) };
    assert_eq!(gone.repository().commits(&query).await.unwrap_err(), GiteaError::NotFound);
    let broken = Server::start(|_| answer("500 Internal Server Error", JSON, b"{}")).await;
    let fault = GiteaError::Unavailable { status: 500 };
    assert_eq!(broken.repository().issue_comments(index, None).await.unwrap_err(), fault);
    assert_eq!(broken.repository().commit_diff(&sha()).await.unwrap_err(), fault);
    let down = Server::start(|_| answer("502 Bad Gateway", "", b"")).await;
    assert!(down.repository().issue_comments(index, None).await.is_err());
    assert_eq!(down.seen().len(), 1, "a proxy's fault is nobody's absence");
}

#[tokio::test]
async fn an_empty_repository_has_no_pull_requests_and_a_hidden_one_is_not_there() {
    let with = |repository: &'static str| async move {
        let server = Server::start(move |head| {
            if head.contains("/pulls") { answer("404 Not Found", JSON, b"{}") } else { json(repository) }
        })
        .await;
        let query = PullQuery { state: StateFilter::Open, sort: None, page: PageRequest::new(1, 10) };
        server.repository().pulls(&query).await
    };
    let page = with(r#"{"id":1,"full_name":"a/b","empty":true}"#).await.unwrap();
    assert_eq!((page.items.len(), page.total, page.has_more), (0, Some(0), false));
    assert_eq!(with(r#"{"id":1,"full_name":"a/b"}"#).await.unwrap_err(), GiteaError::NotFound);
}

#[tokio::test]
async fn a_count_that_ignores_the_dates_is_not_passed_on() {
    let answered = |rows: usize, path: bool| async move {
        let server = Server::start(move |head| {
            if head.contains("/version ") {
                return json(r#"{"version":"1.26.3"}"#);
            }
            let headers = "Content-Type: application/json\r\nX-Total-Count: 99\r\nX-HasMore: true\r\n";
            answer("200 OK", headers, format!("[{}]", vec![COMMIT; rows].join(",")).as_bytes())
        })
        .await;
        let since = Some("2026-01-01T00:00:00Z".parse().unwrap());
        let path = path.then(self::path);
        let query = CommitQuery { sha: None, path, since, until: None, page: PageRequest::new(1, 3) };
        let page = server.repository().commits(&query).await.unwrap();
        (page.items.len(), page.total, page.has_more)
    };
    assert_eq!(answered(2, false).await, (2, None, false));
    assert_eq!(answered(3, false).await, (3, None, true));
    assert_eq!(answered(3, true).await, (3, None, true));
    assert_eq!(answered(4, true).await, (3, None, true));
    assert_eq!(answered(50, true).await, (3, None, true));
}
