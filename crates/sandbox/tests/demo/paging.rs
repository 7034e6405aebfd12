//! Pages, their headers, and the filters of lists.

use aegis_sandbox::DataSet;

use super::client::start;

#[tokio::test]
async fn every_page_names_its_neighbours() {
    let (sandbox, client) = start(DataSet::Bench).await;
    let root = format!("{}/api/v1/repos/load/large/issues", sandbox.url());
    let link = |page: usize, word: &str| format!("<{root}?limit=10&page={page}&state=all>; rel=\"{word}\"");
    let expected = [
        [link(2, "next"), link(4, "last")].join(","),
        [link(3, "next"), link(4, "last"), link(1, "first"), link(1, "prev")].join(","),
        [link(4, "next"), link(4, "last"), link(1, "first"), link(2, "prev")].join(","),
        [link(1, "first"), link(3, "prev")].join(","),
    ];
    let mut numbers = Vec::new();
    for (page, links) in (1..).zip(expected) {
        let path = format!("/repos/load/large/issues?state=all&limit=10&page={page}");
        let reply = client.get(Some("bench"), &path).await;
        assert_eq!(reply.header("link"), Some(links.as_str()));
        assert_eq!(reply.header("x-total-count"), Some("36"));
        assert_eq!(reply.header("access-control-expose-headers"), Some("Link, X-Total-Count"));
        let list = reply.json();
        numbers.extend(list.as_array().unwrap().iter().map(|issue| issue["number"].as_u64().unwrap()));
    }
    assert_eq!(numbers, (1..=36).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn sizes_are_clamped_without_a_word() {
    let (_sandbox, client) = start(DataSet::Bench).await;
    let entries = async |path: &str| client.json(Some("bench"), path).await.as_array().unwrap().len();
    assert_eq!(entries("/repos/load/large/issues").await, 30);
    assert_eq!(entries("/repos/load/large/issues?limit=-1&page=0").await, 30);
    assert_eq!(entries("/repos/load/large/issues?limit=1000").await, 36);
    assert_eq!(entries("/orgs/load/repos?limit=1000").await, 40);
    assert_eq!(entries("/orgs/load/repos?limit=1000&page=2").await, 0);
    // Since 1.26 the search across repositories has no upper bound.
    assert_eq!(entries("/repos/issues/search?limit=1000").await, 36);
    let trees = async |query: &str| {
        let tree = client.json(Some("bench"), &format!("/repos/load/large/git/trees/main{query}")).await;
        (tree["tree"].as_array().unwrap().len(), tree["truncated"].clone(), tree["total_count"].clone())
    };
    // 700 files in 14 directories below one, three files below another, and one at the root.
    assert_eq!(trees("?recursive=true").await, (720, false.into(), 720.into()));
    assert_eq!(trees("?recursive=true&per_page=100&page=8").await, (20, false.into(), 720.into()));
    assert_eq!(trees("?recursive=true&per_page=100").await, (100, true.into(), 720.into()));
    assert_eq!(trees("").await.0, 3);
}

#[tokio::test]
async fn commits_carry_the_older_headers_too() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let reply = client.get(None, "/repos/acme/widget/commits?limit=3&page=2").await;
    let headers =
        ["x-page", "x-perpage", "x-total", "x-pagecount", "x-hasmore"].map(|name| reply.header(name).unwrap());
    assert_eq!(headers, ["2", "3", "8", "3", "true"]);
    let bare = client.json(None, "/repos/acme/widget/commits?limit=1&stat=false&verification=false&files=false").await;
    assert!(bare[0]["stats"].is_null() && bare[0]["files"].is_null() && bare[0]["commit"]["verification"].is_null());
    let of_path = client.json(None, "/repos/acme/widget/commits?path=src/shape.rs&sha=feature%2Fround").await;
    assert_eq!(of_path.as_array().unwrap().len(), 2);
    let not = client.json(None, "/repos/acme/widget/commits?sha=feature/round&not=main").await;
    assert_eq!(not.as_array().unwrap().len(), 2);
    assert_eq!(client.get(None, "/repos/acme/widget/commits?path=absent.txt").await.status, 404);
}

#[tokio::test]
async fn issues_are_filtered_as_asked() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let numbers = async |query: &str| {
        let found = client.json(Some("alice"), &format!("/repos/acme/widget/issues?{query}")).await;
        found.as_array().unwrap().iter().map(|issue| issue["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("").await, [5, 4, 3, 1]);
    assert_eq!(numbers("state=closed").await, [2]);
    assert_eq!(numbers("type=issues&state=all").await, [4, 3, 1]);
    assert_eq!(numbers("type=pulls&state=all").await, [5, 2]);
    assert_eq!(numbers("labels=bug").await, [3]);
    assert_eq!(numbers("labels=bug,documentation").await, [] as [u64; 0]);
    assert_eq!(numbers("milestones=1.0").await, [5, 3, 1]);
    let all = numbers("").await;
    assert_eq!(numbers("milestones=1.O").await, all, "what is no milestone is left out without a word");
    assert_eq!(numbers("milestones=1.O,1.0").await, [5, 3, 1]);
    assert_eq!(numbers("q=PANICKED").await, [3]);
    assert_eq!(numbers("created_by=carol").await, [1]);
    assert_eq!(numbers("assigned_by=alice").await, [3]);
    assert_eq!(client.get(Some("alice"), "/repos/acme/widget/issues?created_by=nobody").await.status, 404);
    let pulls = async |query: &str| client.json(None, &format!("/repos/acme/widget/pulls?{query}")).await;
    assert_eq!(pulls("state=all&sort=oldest").await[0]["number"], 2);
    assert_eq!(pulls("state=closed").await[0]["merged"], true);
}

#[tokio::test]
async fn searches_are_filtered_and_sorted_as_asked() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let found = async |query: &str| {
        let found = client.json(Some("alice"), &format!("/repos/search?{query}")).await;
        let data = found["data"].as_array().unwrap().clone();
        data.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("").await, ["dotfiles", "notes", "site", "tools", "widget"]);
    assert_eq!(found("q=WID").await, ["widget"]);
    assert_eq!(found("q=engine").await, [] as [&str; 0]);
    assert_eq!(found("q=engine&includeDesc=true").await, ["widget"]);
    assert_eq!(found("q=python&topic=true").await, ["tools"]);
    assert_eq!(found("private=false").await, ["dotfiles", "tools", "widget"]);
    assert_eq!(found("uid=1&exclusive=true").await, ["notes"]);
    assert_eq!(found("sort=created&order=desc&limit=2").await, ["notes", "widget"]);
    let bad = client.get(None, "/repos/search?sort=colour").await;
    assert_eq!((bad.status, bad.json()["ok"].clone()), (422, false.into()));
}
