//! Where Gitea's own answer would mislead: unknown labels, full names of refs, dates, empty repositories, wrong kinds.

use aegis_sandbox::{DataSet, Fault, FaultKind};
use aegis_testkit::{Setup, TestGate};
use aegis_tools::catalog;
use serde_json::{Value, json};

use crate::answers::{object, texts};
use crate::refused::refusal;

async fn said(test: &TestGate, login: &str, tool: &str, arguments: Value) -> (String, String) {
    let error = refusal(test, login, tool, arguments).await;
    (error.to_string(), error.hint().unwrap_or_default())
}

#[tokio::test]
async fn a_label_that_is_not_there_is_no_label_left_out() {
    let test = TestGate::start(catalog()).await.unwrap();
    for (label, near) in [("wsih", "wish"), ("Bug", "bug"), ("CUSTOMER", "customer")] {
        let arguments = json!({"repo": "acme/tools", "labels": [label]});
        let (said, hint) = said(&test, "alice", "list_issues", arguments).await;
        assert!(said.contains(&format!("label {label}")) && hint.contains(near), "{said} {hint}");
    }
    let labelled = |labels: Value| {
        let arguments = json!({"repo": "acme/tools", "state": "all", "labels": labels});
        object(&test, "alice", "list_issues", arguments)
    };
    assert_eq!(texts(&labelled(json!(["bug"])).await["items"], "title"), ["Parser stops at the first empty line"]);
    for labels in [json!(["customer"]), json!(["wish", "customer"])] {
        assert_eq!(texts(&labelled(labels).await["items"], "title"), ["Read from standard input"]);
    }
    assert_eq!(labelled(json!(["bug", "customer"])).await["items"], json!([]));
    let (own, shared) = ("4", "1");
    for labels in [json!([shared]), json!([own]), json!([own, shared])] {
        let found = labelled(labels.clone()).await;
        assert_eq!(texts(&found["items"], "title"), ["Read from standard input"], "{labels}");
    }
    let (said, _) = said(&test, "alice", "list_issues", json!({"repo": "acme/tools", "labels": ["9999"]})).await;
    assert!(said.contains("label 9999"), "{said}");
}

#[tokio::test]
async fn labels_of_later_pages_are_found_on_an_instance_that_gives_few_rows_at_once() {
    let test = Setup { max_response_items: 2, ..Setup::new(catalog()) }.start().await.unwrap();
    let labelled = |label: &str| json!({"repo": "acme/widget", "state": "all", "labels": [label]});
    let found = object(&test, "alice", "list_issues", labelled("good first issue")).await;
    assert_eq!(texts(&found["items"], "title"), ["Round widgets"]);
    let (said, hint) = said(&test, "alice", "list_issues", labelled("good first isue")).await;
    assert!(said.contains("label") && hint.is_empty(), "a name with spaces is not repeated: {said} {hint}");
}

#[tokio::test]
async fn of_two_people_none_is_blamed_alone() {
    let test = TestGate::start(catalog()).await.unwrap();
    for (arguments, who) in [
        (json!({"repo": "acme/widget", "author": "nobody"}), "called nobody"),
        (json!({"repo": "acme/widget", "assignee": "nobody"}), "called nobody"),
        (json!({"repo": "acme/widget", "author": "bob", "assignee": "nobody"}), "called bob or nobody"),
        (json!({"repo": "acme/widget", "author": "nobody", "assignee": "bob"}), "called nobody or bob"),
    ] {
        let (said, _) = said(&test, "alice", "list_issues", arguments.clone()).await;
        assert!(said.contains(who), "{arguments}: {said}");
    }
    let both = json!({"repo": "acme/widget", "state": "all", "author": "bob", "assignee": "alice"});
    let both = object(&test, "alice", "list_issues", both).await;
    assert_eq!(texts(&both["items"], "title"), ["Crash without arguments"]);
}

/// A push may come between two requests; what is said of a file is said of the bytes that are shown.
#[tokio::test]
async fn a_file_that_takes_several_requests_is_read_at_one_commit() {
    let test = Setup { max_blob_bytes: 64, ..Setup::new(catalog()) }.start().await.unwrap();
    let read = |path: &str| object(&test, "alice", "get_file_contents", json!({"repo": "acme/widget", "path": path}));
    let tip = object(&test, "alice", "get_commit", json!({"repo": "acme/widget", "sha": "main"})).await["sha"].clone();
    let tip = tip.as_str().unwrap();
    let large = read("src/lib.rs").await;
    assert!(large["content"].as_str().unwrap().starts_with("//! The widget engine."), "{large}");
    assert!(large["html_url"].as_str().unwrap().ends_with(&format!("/src/commit/{tip}/src/lib.rs")), "{large}");
    assert_eq!(large["ref"], "main", "the name it was read by");
    let asked = test.sandbox.requests().into_iter().map(|request| request.path);
    let bytes = asked.filter(|path| path.contains("/raw/")).collect::<Vec<_>>();
    assert!(bytes.len() == 1 && bytes[0].contains(tip), "{bytes:?}");
    let small = read("LATEST").await;
    assert!(small["html_url"].as_str().unwrap().contains("/src/branch/main/"), "one request, one state: {small}");
}

#[tokio::test]
async fn a_label_is_not_said_to_be_missing_where_the_organisations_may_not_be_seen() {
    let test = TestGate::start(catalog()).await.unwrap();
    let kind = FaultKind::Status { code: 403, headers: Vec::new(), body: None };
    test.sandbox.faults().add(Fault { route: "/api/v1/orgs/*/labels".to_owned(), kind, count: None });
    let labelled =
        |label: &str| object(&test, "alice", "list_issues", json!({"repo": "acme/tools", "labels": [label]}));
    assert_eq!(texts(&labelled("customer").await["items"], "title"), ["Read from standard input"]);
    assert_eq!(labelled("absent").await["items"], json!([]));
}

#[tokio::test]
async fn a_milestone_is_named_by_title_or_id_and_one_that_is_not_there_is_no_milestone_left_out() {
    let test = TestGate::start(catalog()).await.unwrap();
    let within = |milestone: &str| json!({"repo": "acme/widget", "state": "all", "milestone": milestone});
    for milestone in ["1.0", "1"] {
        let listed = object(&test, "alice", "list_issues", within(milestone)).await;
        assert_eq!(texts(&listed["items"], "title"), ["Crash without arguments", "Round widgets"], "{milestone}");
        assert_eq!(texts(&listed["items"], "milestone"), ["1.0", "1.0"]);
    }
    assert_eq!(object(&test, "alice", "list_issues", within("0.2")).await["items"], json!([]));
    let (told, hint) = said(&test, "alice", "list_issues", within("1.O")).await;
    assert!(told.contains("milestone 1.O") && hint.contains("1.0"), "{told} {hint}");
    let (told, hint) = said(&test, "alice", "list_issues", within("77")).await;
    assert!(told.contains("milestone 77") && hint.is_empty(), "{told} {hint}");
}

#[tokio::test]
async fn repositories_are_found_by_topic_and_in_the_order_asked_for() {
    let test = TestGate::start(catalog()).await.unwrap();
    let found = |arguments: Value| object(&test, "alice", "search_repositories", arguments);
    let by_topic = found(json!({"query": "python", "topic": true})).await;
    assert_eq!(texts(&by_topic["items"], "full_name"), ["acme/tools"]);
    assert_eq!(found(json!({"query": "python"})).await["items"], json!([]), "it is in no name");
    assert_eq!(found(json!({"query": "pyth", "topic": true})).await["items"], json!([]), "a topic is whole");
    let newest = texts(&found(json!({"query": "", "sort": "updated"})).await["items"], "updated_at");
    assert!(newest.len() > 2 && newest.iter().rev().is_sorted(), "{newest:?}");
    let names = texts(&found(json!({"query": "", "sort": "name"})).await["items"], "full_name");
    assert!(names.len() > 2 && names.iter().is_sorted_by_key(|name| name.split_once('/').unwrap().1), "{names:?}");
}

#[tokio::test]
async fn where_a_person_could_look_is_said_and_which_state_was_read() {
    let test = TestGate::start(catalog()).await.unwrap();
    let page = object(&test, "alice", "get_repository", json!({"repo": "acme/widget"})).await["html_url"].clone();
    let page = page.as_str().unwrap();
    let tip = object(&test, "alice", "get_commit", json!({"repo": "acme/widget", "sha": "main"})).await["sha"].clone();
    let commit = format!("{page}/src/commit/{}", tip.as_str().unwrap());
    let branches = object(&test, "alice", "list_branches", json!({"repo": "acme/widget"})).await;
    assert!(texts(&branches["items"], "html_url").contains(&format!("{page}/src/branch/feature/round")), "{branches}");
    for at in [None, Some("main")] {
        let files = json!({"repo": "acme/widget", "pattern": "lib.rs", "ref": at});
        let files = object(&test, "alice", "find_files", files).await;
        assert_eq!(texts(&files["items"], "html_url"), [format!("{commit}/src/lib.rs")], "{files}");
        let tree = json!({"repo": "acme/widget", "path": "src", "ref": at});
        assert_eq!(object(&test, "alice", "get_file_tree", tree).await["html_url"], format!("{commit}/src"));
    }
    for (at, path, read) in [
        (None, "README.md", "main"),
        (Some("HEAD"), "README.md", "main"),
        (None, "docs", "main"),
        (Some("feature/round"), "README.md", "feature/round"),
    ] {
        let file = json!({"repo": "acme/widget", "path": path, "ref": at});
        assert_eq!(object(&test, "alice", "get_file_contents", file).await["ref"], read, "{at:?} {path}");
    }
}

#[tokio::test]
async fn issues_are_picked_by_person_and_an_unknown_person_is_named() {
    let test = TestGate::start(catalog()).await.unwrap();
    let by = |more: Value| {
        let mut arguments = json!({"repo": "acme/tools", "state": "all"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let mine = object(&test, "alice", "list_issues", by(json!({"author": "bob"}))).await;
    assert_eq!(texts(&mine["items"], "author"), ["bob"]);
    let assigned = object(&test, "alice", "list_issues", by(json!({"assignee": "alice"}))).await;
    assert_eq!(assigned["items"], json!([]));
    let (said, _) = said(&test, "alice", "list_issues", by(json!({"assignee": "nobody"}))).await;
    assert!(said.contains("nobody"), "{said}");
}

#[tokio::test]
async fn what_gitea_answers_500_for_is_not_there_and_not_gitea_s_fault() {
    let test = TestGate::start(catalog()).await.unwrap();
    let comments = json!({"repo": "acme/widget", "index": 999});
    let (told, _) = said(&test, "alice", "list_issue_comments", comments).await;
    assert!(told.contains("issue 999"), "{told}");
    let absent = "f".repeat(40);
    let (told, _) = said(&test, "alice", "get_commit_diff", json!({"repo": "acme/widget", "sha": absent})).await;
    assert!(told.contains(&absent), "{told}");
    let history = json!({"repo": "acme/widget", "ref": "mian", "path": "src"});
    let (told, hint) = said(&test, "alice", "list_commits", history).await;
    assert!(told.contains("mian") && hint.contains("main"), "{told} {hint}");
}

#[tokio::test]
async fn every_way_to_name_a_ref_is_the_same_state() {
    let test = TestGate::start(catalog()).await.unwrap();
    let tip = object(&test, "alice", "get_commit", json!({"repo": "acme/widget", "sha": "feature/round"})).await;
    let short = tip["sha"].as_str().unwrap()[..8].to_owned();
    for at in ["feature/round", "refs/heads/feature/round", short.as_str()] {
        for (tool, mut arguments) in [
            ("get_file_contents", json!({"repo": "acme/widget", "path": "docs/shapes.md"})),
            ("get_files", json!({"repo": "acme/widget", "paths": ["docs/shapes.md"]})),
            ("list_directory", json!({"repo": "acme/widget", "path": "docs"})),
        ] {
            let mut ask = |at: &str| {
                arguments["ref"] = at.into();
                object(&test, "alice", tool, arguments.clone())
            };
            let (mut named, mut meant) = (ask(at).await, ask("feature/round").await);
            for answer in [&mut named, &mut meant] {
                answer.as_object_mut().unwrap().remove("ref");
                strip(answer);
            }
            assert_eq!(named, meant, "{tool} {at}");
        }
    }
    for at in ["HEAD", "refs/tags/v0.2.0"] {
        let file = json!({"repo": "acme/widget", "path": "README.md", "ref": at});
        assert!(object(&test, "alice", "get_file_contents", file).await["content"].is_string(), "{at}");
    }
}

/// Pages name the state in the form it was asked for.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("html_url");
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

#[tokio::test]
async fn a_count_that_ignores_the_dates_is_not_told() {
    let test = TestGate::start(catalog()).await.unwrap();
    for path in [None, Some("src")] {
        let never = json!({"repo": "acme/widget", "since": "2100-01-01T00:00:00Z", "path": path});
        let never = object(&test, "alice", "list_commits", never).await;
        assert_eq!((&never["items"], never.get("total"), &never["has_more"]), (&json!([]), None, &json!(false)));
    }
    let until = json!({"repo": "acme/widget", "until": "2100-01-01T00:00:00Z", "limit": 2});
    let until = object(&test, "alice", "list_commits", until).await;
    assert_eq!((until.get("total"), &until["has_more"]), (None, &json!(true)));
}

#[tokio::test]
async fn an_empty_repository_says_that_it_is_empty() {
    let test = Setup { data: DataSet::Bench, ..Setup::new(catalog()) }.start().await.unwrap();
    for (tool, more) in [
        ("get_file_contents", json!({"path": "README.md"})),
        ("get_files", json!({"paths": ["README.md"]})),
        ("list_directory", json!({})),
        ("get_file_tree", json!({})),
        ("find_files", json!({"pattern": "x"})),
        ("get_commit", json!({"sha": "main"})),
        ("get_commit_diff", json!({"sha": "main"})),
        ("get_commit_diff", json!({"sha": "f".repeat(40)})),
    ] {
        let mut arguments = json!({"repo": "bench/empty"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = refusal(&test, "bench", tool, arguments.clone()).await;
        assert_eq!(error.code(), "not_found", "{tool}");
        assert!(error.to_string().contains("the empty repository bench/empty"), "{tool} {arguments}: {error}");
    }
    for tool in ["list_pull_requests", "list_issues", "list_commits", "list_branches"] {
        let listed = object(&test, "bench", tool, json!({"repo": "bench/empty"})).await;
        assert_eq!((&listed["items"], &listed["has_more"]), (&json!([]), &json!(false)), "{tool}");
    }
}

#[tokio::test]
async fn what_is_there_as_another_thing_is_named_with_the_tool_that_reads_it() {
    let test = TestGate::start(catalog()).await.unwrap();
    for tool in ["list_directory", "get_file_tree"] {
        for (path, kind) in [("src/lib.rs", "a file"), ("LATEST", "a symbolic link"), ("vendor/bolts", "a submodule")] {
            let (told, _) = said(&test, "alice", tool, json!({"repo": "acme/widget", "path": path})).await;
            let named = told.contains(&format!("{path} is {kind}")) && told.contains("get_file_contents");
            assert!(named, "{tool}: {told}");
        }
        for root in ["", "/", ".", "./"] {
            object(&test, "alice", tool, json!({"repo": "acme/widget", "path": root})).await;
        }
        for path in ["src/", "./src"] {
            object(&test, "alice", tool, json!({"repo": "acme/widget", "path": path})).await;
        }
    }
}

#[tokio::test]
async fn a_misspelt_name_finds_what_was_meant_in_every_tool() {
    let test = TestGate::start(catalog()).await.unwrap();
    for (tool, arguments, near) in [
        ("list_directory", json!({"path": "scr"}), "src"),
        ("get_file_contents", json!({"path": "src/lbi.rs"}), "src/lib.rs"),
        ("get_files", json!({"paths": ["README.md"], "ref": "mian"}), "main"),
        ("get_commit", json!({"sha": "mian"}), "main"),
        ("get_commit_diff", json!({"sha": "v0.2.1"}), "v0.2.0"),
        ("list_commits", json!({"path": "src/lbi.rs"}), "src/lib.rs"),
        ("get_commit_diff", json!({"sha": "main", "path": "src/shpae.rs"}), "src/shape.rs"),
    ] {
        let mut arguments = arguments;
        arguments["repo"] = "acme/widget".into();
        let (told, hint) = said(&test, "alice", tool, arguments.clone()).await;
        assert!(hint.contains(near), "{tool} {arguments}: {told} {hint}");
    }
    let files = json!({"repo": "acme/widget", "paths": ["README.md", "src/lbi.rs"]});
    let files = object(&test, "alice", "get_files", files).await;
    assert_eq!(files["files"][1]["error"]["hint"], "did you mean src/lib.rs?", "{files}");
    let (told, _) = said(&test, "alice", "list_commits", json!({"repo": "acme/widget", "path": "absent"})).await;
    assert!(told.contains("file or directory absent"), "{told}");
    let diff = json!({"repo": "acme/widget", "sha": "main", "path": "absent"});
    let (told, _) = said(&test, "alice", "get_commit_diff", diff).await;
    assert!(told.starts_with("there is no file `absent` in this diff"), "{told}");
}

#[tokio::test]
async fn files_of_a_commit_come_in_order() {
    let test = TestGate::start(catalog()).await.unwrap();
    let commits = object(&test, "alice", "list_commits", json!({"repo": "acme/widget", "limit": 50})).await;
    for sha in texts(&commits["items"], "sha") {
        let commit = object(&test, "alice", "get_commit", json!({"repo": "acme/widget", "sha": sha})).await;
        assert!(texts(&commit["files"], "path").is_sorted(), "{commit}");
    }
}

#[tokio::test]
async fn bytes_that_were_replaced_are_said_of_the_file_they_are_in() {
    let test = TestGate::start(catalog()).await.unwrap();
    let commits = object(&test, "alice", "list_commits", json!({"repo": "acme/widget", "limit": 50})).await;
    let rows = commits["items"].as_array().unwrap();
    let commit = rows.iter().find(|row| row["subject"] == "Logo and old release notes").unwrap();
    let diff = json!({"repo": "acme/widget", "sha": commit["sha"]});
    let diff = object(&test, "alice", "get_commit_diff", diff).await;
    let lossy: Vec<_> = diff["files"].as_array().unwrap().iter().filter(|file| file["lossy"] == true).collect();
    assert_eq!(lossy.iter().map(|file| &file["path"]).collect::<Vec<_>>(), ["docs/HINWEISE.txt"], "{diff}");
    assert!(diff["files"].as_array().unwrap().len() > 1);
}
