//! Long things come in parts, and every part says so.

use aegis_sandbox::DataSet;
use aegis_testkit::{Setup, TestGate};
use aegis_tools::catalog;
use serde_json::{Value, json};

use crate::answers::{object, texts};
use crate::refused::refusal;

async fn bench() -> TestGate {
    Setup { data: DataSet::Bench, ..Setup::new(catalog()) }.start().await.unwrap()
}

async fn large(test: &TestGate, more: Value) -> Value {
    let mut arguments = json!({"repo": "load/large", "path": "files/large.txt"});
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object(test, "bench", "get_file_contents", arguments).await
}

#[tokio::test]
async fn c08_a_large_file_comes_in_parts_that_make_the_whole() {
    let test = bench().await;
    let (mut offset, mut read) = (0, 0);
    for _ in 0..30 {
        let part = large(&test, json!({"offset": offset})).await;
        let length = part["content"].as_str().unwrap().len();
        assert!(length > 0 && length <= 80_000, "{length}");
        read += length;
        let Some(next) = part.get("next_offset").and_then(Value::as_u64) else { break };
        assert_eq!((part["truncated"].as_bool(), next), (Some(true), offset + length as u64));
        offset = next;
    }
    assert_eq!(read, 1_048_576);
}

#[tokio::test]
async fn c08_a_file_above_the_limit_is_refused_but_for_a_part() {
    let test = Setup { data: DataSet::Bench, max_file_bytes: 100_000, ..Setup::new(catalog()) }.start().await.unwrap();
    let whole = json!({"repo": "load/large", "path": "files/large.txt"});
    let error = refusal(&test, "bench", "get_file_contents", whole).await;
    assert_eq!(error.code(), "too_large");
    assert!(error.hint().unwrap().contains("offset"));
    assert!(large(&test, json!({"start_line": 5, "end_line": 9})).await["content"].is_string());
    let files = json!({"repo": "load/large", "paths": ["files/large.txt", "files/small.txt"]});
    let files = object(&test, "bench", "get_files", files).await;
    assert_eq!(files["files"][0]["error"]["code"], "too_large", "{}", files["files"][0]);
    assert_eq!(files["files"][1]["size"], 4_096);
}

#[tokio::test]
async fn c08_a_large_tree_comes_in_parts() {
    let test = bench().await;
    let tree = |offset: u64| object(&test, "bench", "get_file_tree", json!({"repo": "load/large", "offset": offset}));
    let first = tree(0).await;
    assert_eq!((first["entries"].as_array().unwrap().len(), &first["next_offset"]), (500, &json!(500)));
    let second = tree(500).await;
    assert_eq!((second.get("next_offset"), &second["truncated"]), (None, &json!(false)));
    assert_ne!(first["entries"][0], second["entries"][0]);
}

#[tokio::test]
async fn c08_a_large_diff_comes_in_parts() {
    let test = bench().await;
    let commits = object(&test, "bench", "list_commits", json!({"repo": "load/large"})).await;
    let sha = commits["items"][0]["sha"].clone();
    let (mut offset, mut read) = (0, 0);
    loop {
        let part = json!({"repo": "load/large", "sha": sha, "offset": offset});
        let part = object(&test, "bench", "get_commit_diff", part).await;
        let length = part["diff"].as_str().unwrap().len();
        assert!(length > 0 && length <= 80_000);
        read += length;
        let Some(next) = part.get("next_offset").and_then(Value::as_u64) else {
            assert_eq!(part["size"].as_u64(), Some(read as u64));
            break;
        };
        offset = next;
    }
    assert!(read > 1_000_000, "{read}");
}

#[tokio::test]
async fn g12_a_limit_above_the_bound_is_clamped_and_said_so() {
    let test = bench().await;
    for (tool, arguments) in [
        ("list_issues", json!({"repo": "load/large"})),
        ("list_commits", json!({"repo": "load/large"})),
        ("list_branches", json!({"repo": "load/large"})),
        ("list_pull_requests", json!({"repo": "load/large"})),
        ("list_issue_comments", json!({"repo": "load/large", "index": 1})),
        ("list_directory", json!({"repo": "load/large"})),
        ("find_files", json!({"repo": "load/large", "pattern": "*.txt"})),
        ("list_repositories", json!({})),
        ("search_repositories", json!({"query": "small"})),
    ] {
        let limited = |limit: i64| {
            let mut arguments = arguments.clone();
            arguments["limit"] = limit.into();
            object(&test, "bench", tool, arguments)
        };
        let clamped = limited(1_000_000_000).await;
        assert_eq!(clamped["limit_clamped_to"], 50, "{tool}");
        assert!(clamped["items"].as_array().unwrap().len() <= 50, "{tool}");
        assert!(limited(50).await.get("limit_clamped_to").is_none(), "{tool}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_and_end() {
    let test = bench().await;
    let (mut page, mut numbers) = (1, Vec::new());
    loop {
        let issues = json!({"repo": "load/large", "page": page, "limit": 15});
        let issues = object(&test, "bench", "list_issues", issues).await;
        numbers.extend(issues["items"].as_array().unwrap().iter().map(|row| row["number"].as_i64().unwrap()));
        assert_eq!(issues["has_more"], issues.get("next_page").is_some());
        let Some(next) = issues.get("next_page").and_then(Value::as_i64) else { break };
        page = next;
    }
    let count = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!((count, numbers.len()), (35, 35));
    let far = object(&test, "bench", "list_issues", json!({"repo": "load/large", "page": 100_000})).await;
    assert_eq!((&far["items"], &far["has_more"]), (&json!([]), &json!(false)));
    let farther = refusal(&test, "bench", "list_issues", json!({"repo": "load/large", "page": 100_001})).await;
    assert!(farther.to_string().contains("from 1 to 100000"), "{farther}");
}

#[tokio::test]
async fn a_filtered_list_is_paged_like_any_other() {
    let test = TestGate::start(catalog()).await.unwrap();
    let by_bob = |page: i64| {
        object(
            &test,
            "alice",
            "list_commits",
            json!({"repo": "acme/widget", "author": "BOB", "limit": 1, "page": page}),
        )
    };
    let (first, second) = (by_bob(1).await, by_bob(2).await);
    assert_eq!((first["items"][0]["author"].as_str(), &first["has_more"]), (Some("bob"), &json!(true)));
    assert_ne!(first["items"], second["items"]);
    let nobody = json!({"repo": "acme/widget", "author": "nobody"});
    let nobody = object(&test, "alice", "list_commits", nobody).await;
    assert_eq!((&nobody["items"], &nobody["has_more"]), (&json!([]), &json!(false)));
    let sorted = object(&test, "alice", "list_repositories", json!({"sort": "name", "limit": 2})).await;
    let names = texts(&sorted["items"], "full_name");
    assert!(names.len() == 2 && names.is_sorted() && sorted["has_more"] == true, "{sorted}");
}

/// A hint is worth a request or two, and few comparisons.
#[tokio::test]
async fn c08_hints_are_few_and_cost_few_requests() {
    let test = TestGate::start(catalog()).await.unwrap();
    let paths: Vec<String> = ["lib.r", "main.r", "shape.r", "lib.s", "main.s"].map(|name| format!("src/{name}")).into();
    let files = object(&test, "alice", "get_files", json!({"repo": "acme/widget", "paths": paths})).await;
    let hints: Vec<bool> =
        files["files"].as_array().unwrap().iter().map(|row| row["error"].get("hint").is_some()).collect();
    assert_eq!(hints, [true, true, true, false, false], "{files}");
    let trees = test.sandbox.requests().iter().filter(|request| request.path.contains("/git/trees/")).count();
    assert_eq!(trees, 1);
}

/// What an instance gives at once is of no matter to a list that is cut here.
#[tokio::test]
async fn only_lists_that_gitea_cuts_ask_how_long_its_pages_are() {
    for (tool, arguments, asks) in [
        ("find_files", json!({"repo": "acme/widget", "pattern": "*.rs"}), false),
        ("list_directory", json!({"repo": "acme/widget"}), false),
        ("list_issue_comments", json!({"repo": "acme/widget", "index": 1}), false),
        ("list_repositories", json!({"sort": "name"}), false),
        ("list_repositories", json!({}), true),
        ("list_commits", json!({"repo": "acme/widget", "author": "bob"}), false),
        ("list_commits", json!({"repo": "acme/widget"}), true),
        ("list_branches", json!({"repo": "acme/widget"}), true),
    ] {
        let test = TestGate::start(catalog()).await.unwrap();
        object(&test, "alice", tool, arguments.clone()).await;
        let asked = test.sandbox.requests().iter().any(|request| request.path.contains("settings/api"));
        assert_eq!(asked, asks, "{tool} {arguments}");
    }
}

#[tokio::test]
async fn c08_a_long_text_goes_on_from_its_next_offset_in_every_tool_that_shows_one() {
    let whole = TestGate::start(catalog()).await.unwrap();
    let test = Setup { max_answer_bytes: 48, ..Setup::new(catalog()) }.start().await.unwrap();
    for (tool, arguments) in [
        ("get_issue", json!({"repo": "acme/widget", "index": 3})),
        ("get_pull_request", json!({"repo": "acme/widget", "index": 5})),
        ("get_commit", json!({"repo": "acme/widget", "sha": "main"})),
    ] {
        let all = object(&whole, "alice", tool, arguments.clone()).await;
        assert_eq!((all.get("truncated"), all.get("next_offset")), (None, None), "{tool}");
        let (mut arguments, mut read, mut parts) = (arguments, String::new(), 0);
        loop {
            let part = object(&test, "alice", tool, arguments.clone()).await;
            read.push_str(part["body"].as_str().unwrap());
            parts += 1;
            assert_eq!(part.get("truncated").is_some(), part.get("next_offset").is_some(), "{tool}: {part}");
            let Some(next) = part.get("next_offset") else { break };
            arguments["offset"] = next.clone();
        }
        assert!(parts > 1, "{tool} came at once");
        assert_eq!(json!(read), all["body"], "{tool}");
    }
}
