//! What leaves for Gitea: the address, the headers, and that nothing else does.

use std::process::Command;

use aegis_gitea::connect::Client;
use aegis_gitea::read::{CommitQuery, IssueQuery, Order, PageRequest, RepositorySearch, RepositorySort, StateFilter};
use aegis_gitea::{GitRef, Index, Owner, RepoPath};

use crate::server::{Server, TOKEN, client, credential, json, settings, widget};

fn target(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

fn values<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    headers.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

#[tokio::test]
async fn one_credential_as_one_header_and_the_call_s_id() {
    let server = Server::in_order(vec![json(r#"{"id":1,"login":"alice"}"#)]).await;
    server.account().user().await.unwrap();
    let head = &server.seen()[0];
    assert!(head.starts_with("GET /api/v1/user HTTP/1.1\r\n"), "{head}");
    assert_eq!(values(head, "authorization"), [format!("token {TOKEN}")]);
    assert_eq!(values(head, "x-request-id"), ["call-1"]);
    assert_eq!(values(head, "accept"), ["application/json"]);
    assert_eq!(values(head, "accept-encoding"), ["gzip"]);
    assert_eq!(values(head, "user-agent"), [concat!("aegis-mcp/", env!("CARGO_PKG_VERSION"))]);
    assert!(values(head, "cookie").is_empty() && values(head, "referer").is_empty());
    assert_eq!(head.matches(TOKEN).count(), 1);
}

#[tokio::test]
async fn a_correlation_id_that_is_no_header_value_is_left_out() {
    let server = Server::in_order(vec![json(r#"{"id":1,"login":"alice"}"#)]).await;
    server.client().account(&credential(), "a\r\nX-Evil: 1").user().await.unwrap();
    assert!(values(&server.seen()[0], "x-request-id").is_empty() && values(&server.seen()[0], "x-evil").is_empty());
}

#[tokio::test]
async fn g11_prefix_port_and_ipv6_of_the_base_are_kept() {
    let server = Server::listen("[::1]:0", |_| json(r#"{"id":1,"full_name":"acme/widget"}"#)).await;
    let client: Client = client(settings(&format!("http://[::1]:{}/some/git/", server.port)));
    widget(&client).repository().await.unwrap();
    let head = &server.seen()[0];
    assert_eq!(target(head), "/some/git/api/v1/repos/acme/widget");
    assert_eq!(values(head, "host"), [format!("[::1]:{}", server.port)]);
}

#[tokio::test]
async fn g04_names_reach_gitea_as_one_value_each() {
    let server = Server::start(|_| json("[]")).await;
    let repository = server.repository();
    let sha = GitRef::parse("main&token=x").unwrap();
    let page = PageRequest::new(2, 5);
    let query = CommitQuery { sha: Some(sha.clone()), path: None, since: None, until: None, page };
    repository.commits(&query).await.unwrap();
    let issues = IssueQuery {
        state: StateFilter::All,
        labels: vec!["a&sudo=root".to_owned(), "b c".to_owned()],
        q: Some("x#y?z".to_owned()),
        milestone: None,
        assignee: Some(Owner::parse("bob-u").unwrap()),
        author: None,
        since: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        page,
    };
    repository.issues(&issues).await.unwrap();
    assert!(repository.branch(&GitRef::parse("feature/a#b").unwrap()).await.is_err());
    assert!(repository.tree(&GitRef::parse("feature/a").unwrap(), true, page).await.is_err());
    assert!(repository.commit(&sha).await.is_err());
    repository.issue_comments(Index::new(7).unwrap(), None).await.unwrap();
    let root = "/api/v1/repos/acme/widget";
    assert_eq!(
        server.targets(),
        [
            format!("{root}/commits?stat=false&verification=false&files=false&sha=main%26token%3Dx&page=2&limit=5"),
            format!(
                "{root}/issues?type=issues&state=all&labels=a%26sudo%3Droot%2Cb+c&q=x%23y%3Fz&assigned_by=bob-u\
                 &since=2026-01-01T00%3A00%3A00Z&page=2&limit=5"
            ),
            format!("{root}/branches/feature/a%23b"),
            format!("{root}/git/trees/feature%2Fa?recursive=true&page=2&per_page=5"),
            format!("{root}/git/commits/main&token=x"),
            format!("{root}/issues/7/comments"),
        ]
    );
}

#[tokio::test]
async fn a_search_sends_what_was_asked_and_reads_what_came() {
    let server = Server::start(|_| json(r#"{"ok":true,"data":[{"id":1,"full_name":"acme/widget"}]}"#)).await;
    let search = RepositorySearch {
        q: "wid get".to_owned(),
        topic: true,
        owner_id: Some(4),
        archived: Some(false),
        private: Some(true),
        sort: Some(RepositorySort::Updated),
        order: Some(Order::Descending),
        page: PageRequest::new(1, 10),
    };
    let page = server.account().search_repositories(&search).await.unwrap();
    assert_eq!(page.items[0].full_name.to_string(), "acme/widget");
    assert_eq!(
        server.targets(),
        ["/api/v1/repos/search?page=1&limit=10&q=wid+get&topic=true&uid=4&exclusive=true&archived=false\
          &is_private=true&sort=updated&order=desc"]
    );
}

#[tokio::test]
async fn an_owners_list_drops_gitea_s_total_which_counts_hidden_repositories() {
    let headers = "Content-Type: application/json\r\nX-Total-Count: 99\r\n";
    let body = br#"[{"id":1,"full_name":"acme/widget"},{"id":2,"full_name":"M\u00fcller/x"}]"#;
    let server = Server::start(|_| crate::server::answer("200 OK", headers, body)).await;
    let owner = Owner::parse("acme").unwrap();
    let page = server.account().owner_repositories(&owner, PageRequest::new(1, 2)).await.unwrap();
    assert_eq!((page.items.len(), page.total, page.has_more), (1, None, true));
    assert_eq!(server.targets(), ["/api/v1/users/acme/repos?page=1&limit=2"]);
}

const COMMITS: usize = 120;

/// A history that comes so many commits a page, whatever the limit says. Its total leaves dates out of account.
async fn history(length: usize) -> Server {
    Server::start(move |head| {
        if head.contains("/version ") {
            return json(r#"{"version":"1.26.3"}"#);
        }
        let page: usize = head.split("&page=").nth(1).unwrap().split('&').next().unwrap().parse().unwrap();
        let shown = ((page - 1) * length..COMMITS.min(page * length))
            .map(|number| format!(r#"{{"sha":"{number:040}","commit":{{"message":"{number}"}}}}"#));
        let body = format!("[{}]", shown.collect::<Vec<_>>().join(","));
        let headers = format!("Content-Type: application/json\r\nX-Total-Count: {COMMITS}\r\nX-HasMore: true\r\n");
        crate::server::answer("200 OK", &headers, body.as_bytes())
    })
    .await
}

/// An operator may choose another length than 50 (`COMMITS_RANGE_SIZE`).
#[tokio::test]
async fn every_commit_of_a_path_is_on_one_page_however_long_gitea_s_own_are() {
    let path = RepoPath::parse("src/a.rs").unwrap();
    let all: Vec<_> = (0..COMMITS).map(|number| number.to_string()).collect();
    let since = Some("2026-01-01T00:00:00Z".parse().unwrap());
    for length in [20, 30, 40, 50, 60, 70, 100, 120, 200] {
        for (limit, since) in [7, 10, 20, 50, 100, 1000].into_iter().flat_map(|limit| [(limit, None), (limit, since)]) {
            let server = history(length).await;
            let mut seen = Vec::new();
            for number in 1.. {
                let page = PageRequest::new(number, limit);
                let query = CommitQuery { sha: None, path: Some(path.clone()), since, until: None, page };
                let page = server.repository().commits(&query).await.unwrap();
                seen.extend(page.items.into_iter().map(|commit| commit.message));
                if !page.has_more {
                    break;
                }
            }
            assert_eq!(seen, all, "pages of {limit} out of pages of {length}, since {since:?}");
        }
    }
}

/// Gitea gives commits of a path 50 a page, whatever the limit says.
#[tokio::test]
async fn g12_commits_of_a_path_are_cut_to_the_page_that_was_asked_for() {
    let server = history(50).await;
    let path = RepoPath::parse("src/a b.rs").unwrap();
    for (page, limit, first, length, has_more, asked) in [
        (1, 10, 0, 10, true, 1),
        (5, 10, 40, 10, true, 1),
        (2, 30, 30, 30, true, 2),
        (4, 30, 90, 30, false, 3),
        (12, 10, 110, 10, false, 2),
        (13, 10, 0, 0, false, 1),
        (1, 100, 0, 100, true, 2),
        (2, 100, 100, 20, false, 2),
        (1, 1000, 0, 120, false, 3),
    ] {
        let before = server.seen().len();
        let page = PageRequest::new(page, limit);
        let query = CommitQuery { sha: None, path: Some(path.clone()), since: None, until: None, page };
        let commits = server.repository().commits(&query).await.unwrap();
        assert_eq!((commits.items.len(), commits.has_more, commits.total), (length, has_more, Some(120)), "{page:?}");
        assert!(commits.items.first().is_none_or(|commit| commit.message == first.to_string()), "{page:?}");
        assert_eq!(server.seen().len() - before, asked, "{page:?}");
    }
    assert!(
        server.targets()[0].ends_with("&page=1&limit=50&path=%3A%28literal%29src%2Fa+b.rs"),
        "{}",
        server.targets()[0]
    );
}

#[tokio::test]
async fn commits_of_an_empty_repository_are_none() {
    let server = Server::start(|_| crate::server::answer("409 Conflict", "", b"")).await;
    let query = CommitQuery { sha: None, path: None, since: None, until: None, page: PageRequest::new(1, 10) };
    let page = server.repository().commits(&query).await.unwrap();
    assert_eq!((page.items.len(), page.total, page.has_more), (0, Some(0), false));
}

/// The proxy of the environment would carry credentials elsewhere. Runs another test of this file in a process whose
/// environment names a proxy that does not exist.
#[test]
fn a_proxy_in_the_environment_is_not_used() {
    let nowhere = "http://127.0.0.1:1";
    let variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "requests::one_credential_as_one_header_and_the_call_s_id"])
        .envs(variables.map(|name| (name, nowhere)))
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && output.contains("1 passed"), "{output}");
}
