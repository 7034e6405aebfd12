//! Where Gitea answers otherwise than one would think, and the sandbox with it.

use aegis_sandbox::DataSet;

use crate::client::start;

#[tokio::test]
async fn a_route_that_takes_names_in_one_form_only_does_so() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let tip = client.json(None, "/repos/acme/widget/branches/main").await["commit"]["id"].as_str().unwrap().to_owned();
    let status = async |path: &str| client.get(None, &format!("/repos/acme/widget/{path}")).await.status;
    for known in ["main", "v0.2.0", tip.as_str()] {
        assert_eq!(status(&format!("contents/README.md?ref={known}")).await, 200, "{known}");
    }
    for unknown in ["HEAD", "refs/heads/main", "refs/tags/v0.2.0", &tip[..8]] {
        for route in ["contents", "contents-ext"] {
            assert_eq!(status(&format!("{route}/README.md?ref={unknown}")).await, 404, "{route} {unknown}");
        }
        assert_eq!(status(&format!("git/commits/{}", unknown.replace('/', "%2F"))).await, 200, "{unknown}");
    }
    let raw = client.get(None, "/repos/acme/widget/raw/README.md?ref=no-such").await;
    assert_eq!(raw.text(), client.get(None, "/repos/acme/widget/raw/README.md").await.text());
}

#[tokio::test]
async fn some_things_that_are_not_there_answer_500() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let absent = "f".repeat(40);
    for (path, status) in [
        ("issues/999".to_owned(), 404),
        ("issues/999/comments".to_owned(), 500),
        (format!("git/commits/{absent}"), 404),
        (format!("git/commits/{absent}.diff"), 500),
        ("commits?sha=absent".to_owned(), 404),
        ("commits?sha=absent&path=README.md".to_owned(), 500),
    ] {
        assert_eq!(client.get(None, &format!("/repos/acme/widget/{path}")).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn labels_that_are_none_of_the_repositorys_own_are_left_out_of_the_question() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let count = async |labels: &str| {
        let path = format!("/repos/acme/tools/issues?state=all&labels={labels}");
        client.json(None, &path).await.as_array().unwrap().len()
    };
    let all = count("").await;
    assert_eq!(count("wish").await, 1);
    for unknown in ["WISH", "customer", "absent"] {
        assert_eq!(count(unknown).await, all, "{unknown}");
    }
    let shared = client.json(Some("alice"), "/orgs/acme/labels").await;
    assert_eq!(shared[0]["name"], "customer");
    let issue = client.json(None, "/repos/acme/tools/issues?state=open").await;
    assert_eq!(issue[0]["labels"][0]["name"], "customer");
    assert_eq!(client.get(Some("alice"), "/orgs/alice/labels").await.status, 404);
}

#[tokio::test]
async fn counts_of_commits_leave_dates_out_of_account() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let none = client.get(None, "/repos/acme/widget/commits?since=2100-01-01T00:00:00Z").await;
    assert_eq!((none.text().as_str(), none.header("x-total-count") == Some("0")), ("[]", false));
}

#[tokio::test]
async fn an_empty_repository_has_no_pull_requests_to_ask_for() {
    let (_sandbox, client) = start(DataSet::Bench).await;
    let status = async |path: &str| client.get(Some("bench"), &format!("/repos/bench/empty/{path}")).await.status;
    for (path, wanted) in [("pulls", 404), ("issues", 200), ("commits", 409), ("contents", 404), ("branches", 200)] {
        assert_eq!(status(path).await, wanted, "{path}");
    }
}
