//! What the policy hides is named nowhere: not in a list, a tree, a diff, a total, a hint (attack R11).

use aegis_testkit::{Setup, TestGate, all_but};
use aegis_tools::catalog;
use serde_json::{Value, json};

use crate::answers::{object, texts};
use crate::refused::{asking, refusal};
use crate::samples::samples;

async fn without(repositories: &str, paths: &str) -> TestGate {
    Setup::new(catalog()).policy(&all_but("hidden", repositories, paths)).start().await.unwrap()
}

/// Everything a caller gets of every sample.
async fn everything(test: &TestGate) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    for (tool, arguments) in samples() {
        let label = format!("{tool} {arguments}");
        let shown = match test.call("alice", tool, arguments).await {
            Ok(answer) => format!("{}\n{}", Value::Object(answer.structured), answer.text),
            Err(error) => format!("{error} {:?}", error.hint()),
        };
        seen.push((label, shown));
    }
    seen
}

#[tokio::test]
async fn r11_a_hidden_repository_is_named_in_no_answer() {
    let open = TestGate::start(catalog()).await.unwrap();
    assert!(everything(&open).await.iter().any(|(_, shown)| shown.contains("acme/tools")), "nothing to hide");
    let test = without("acme/tools", "**").await;
    for (label, shown) in everything(&test).await {
        assert!(!shown.contains("acme/tools"), "{label}: {shown}");
    }
    let listed = object(&test, "alice", "list_repositories", json!({})).await;
    assert_eq!((&listed["withheld"], listed.get("total")), (&json!(1), None), "{listed}");
}

#[tokio::test]
async fn r11_a_search_does_not_tell_whether_a_guessed_name_exists() {
    let test = without("acme/site", "**").await;
    test.principal("alice").await.unwrap();
    let search = |query: &str| object(&test, "alice", "search_repositories", json!({"query": query}));
    let (found, asked_of_hidden) = asking(&test, search("site")).await;
    let (nothing, asked_of_absent) = asking(&test, search("xyzzy")).await;
    assert_eq!((found, asked_of_hidden.len()), (nothing, asked_of_absent.len()));
    let open = TestGate::start(catalog()).await.unwrap();
    let found = object(&open, "alice", "search_repositories", json!({"query": "site"})).await;
    assert_eq!(texts(&found["items"], "full_name"), ["acme/site"]);
}

#[tokio::test]
async fn r11_a_hidden_path_is_named_in_no_answer() {
    let open = TestGate::start(catalog()).await.unwrap();
    let naming = everything(&open).await.into_iter().filter(|(_, shown)| shown.contains("shape.rs")).count();
    assert!(naming >= 5, "nothing to hide");
    let test = without("acme/widget", "src/shape.rs").await;
    for (label, shown) in everything(&test).await {
        assert!(!shown.contains("shape.rs"), "{label}: {shown}");
    }
    for (tool, arguments) in [
        ("get_file_tree", json!({"repo": "acme/widget"})),
        ("list_directory", json!({"repo": "acme/widget", "path": "src"})),
        ("find_files", json!({"repo": "acme/widget", "pattern": "*.md"})),
        ("get_commit", json!({"repo": "acme/widget", "sha": "main"})),
        ("get_commit_diff", json!({"repo": "acme/widget", "sha": "main"})),
        ("get_pull_request_diff", json!({"repo": "acme/widget", "index": 5})),
    ] {
        let answer = object(&test, "alice", tool, arguments).await;
        assert_eq!((&answer["withheld"], answer.get("total")), (&json!(1), None), "{tool}: {answer}");
        assert!(answer.get("additions").is_none(), "{tool}: {answer}");
    }
}

#[tokio::test]
async fn r11_what_is_withheld_does_not_tell_which_hidden_names_fit_a_pattern() {
    let test = without("acme/widget", "src/shape.rs").await;
    for pattern in ["shape*", "xyzzy*", "shape", "xyzzy"] {
        let found = object(&test, "alice", "find_files", json!({"repo": "acme/widget", "pattern": pattern})).await;
        let files = texts(&found["items"], "path");
        assert_eq!(found["withheld"], 1, "{found}");
        assert!(files.iter().all(|path| path != "src/shape.rs"), "{found}");
    }
    for pattern in ["shape*", "xyzzy*"] {
        let tree = object(&test, "alice", "get_file_tree", json!({"repo": "acme/widget", "pattern": pattern})).await;
        assert_eq!(tree["withheld"], 1, "{tree}");
    }
}

#[tokio::test]
async fn r11_a_hint_names_no_hidden_path() {
    let misspelt = json!({"repo": "acme/widget", "path": "src/shap.rs"});
    let open = TestGate::start(catalog()).await.unwrap();
    let hint = refusal(&open, "alice", "get_file_contents", misspelt.clone()).await.hint();
    assert!(hint.is_some_and(|hint| hint.contains("src/shape.rs")));
    let test = without("acme/widget", "src/shape.rs").await;
    let error = refusal(&test, "alice", "get_file_contents", misspelt).await;
    assert!(!format!("{error} {:?}", error.hint()).contains("shape.rs"));
}

#[tokio::test]
async fn r11_a_rename_from_a_hidden_name_shows_neither_name() {
    let moved = json!({"repo": "acme/widget"});
    let open = TestGate::start(catalog()).await.unwrap();
    let commits = object(&open, "alice", "list_commits", moved).await;
    let commit =
        commits["items"].as_array().unwrap().iter().find(|row| row["subject"] == "Move the notes where people look");
    let sha = commit.unwrap()["sha"].clone();
    let diff = object(&open, "alice", "get_commit_diff", json!({"repo": "acme/widget", "sha": sha})).await;
    assert_eq!(diff["files"][0]["old_path"], "docs/HINWEISE.txt", "{diff}");
    for hidden in ["docs/HINWEISE.txt", "HINWEISE.txt"] {
        let test = without("acme/widget", hidden).await;
        let diff = object(&test, "alice", "get_commit_diff", json!({"repo": "acme/widget", "sha": sha})).await;
        assert!(!diff.to_string().contains("HINWEISE"), "{diff}");
        assert_eq!((&diff["files"], &diff["withheld"]), (&json!([]), &json!(1)));
    }
}

#[tokio::test]
async fn what_was_withheld_is_on_record() {
    let test = without("acme/widget", "src/shape.rs").await;
    object(&test, "alice", "get_file_tree", json!({"repo": "acme/widget"})).await;
    let records = test.records().await.unwrap();
    let call = records.iter().find(|record| record.text("tool") == Some("get_file_tree")).unwrap();
    assert_eq!(call.field("withheld"), Some(&json!(1)));
    assert_eq!((call.text("login"), call.text("target")), (Some("alice"), Some("acme/widget")));
}

#[tokio::test]
async fn what_a_search_and_a_reading_of_several_keep_back_is_on_record_and_what_a_hint_does_is_not() {
    for (repositories, paths, tool, arguments, withheld) in [
        ("acme/site", "**", "search_repositories", json!({"query": "site"}), Some(json!(1))),
        ("acme/site", "**", "search_repositories", json!({"query": "xyzzy"}), None),
        ("acme/site", "**", "list_repositories", json!({}), Some(json!(1))),
        ("acme/site", "**", "list_repositories", json!({"visibility": "private"}), Some(json!(1))),
        ("acme/widget", "src/**", "get_files", source(&["src/lib.rs", "src/main.rs", "README.md"]), Some(json!(2))),
        ("acme/widget", "src/**", "get_files", source(&["README.md"]), None),
        ("acme/widget", "src/**", "get_files", source(&["REDME.md"]), None),
    ] {
        let test = without(repositories, paths).await;
        object(&test, "alice", tool, arguments.clone()).await;
        let records = test.records().await.unwrap();
        let call = records.iter().find(|record| record.text("tool") == Some(tool)).unwrap();
        assert_eq!(call.field("withheld"), withheld.as_ref(), "{tool} {arguments}");
    }
}

fn source(paths: &[&str]) -> Value {
    json!({"repo": "acme/widget", "paths": paths})
}

#[tokio::test]
async fn r11_a_plain_list_reads_no_further_than_its_page_and_tells_what_is_withheld_at_its_end() {
    let policy = all_but("hidden", "acme/tools", "**");
    let test = Setup { max_response_items: 2, ..Setup::new(catalog()).policy(&policy) }.start().await.unwrap();
    let pages =
        |test: &TestGate| test.sandbox.requests().iter().filter(|request| request.path.contains("/user/repos")).count();
    let listed = |arguments: Value| object(&test, "alice", "list_repositories", arguments);
    let first = listed(json!({"limit": 1})).await;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["has_more"]), (1, &json!(true)), "{first}");
    assert_eq!((first.get("withheld"), first.get("total")), (None, None), "{first}");
    let asked = pages(&test);
    let all = listed(json!({"limit": 50})).await;
    assert!(pages(&test) - asked > asked, "{asked} for one row, {} for all", pages(&test) - asked);
    assert_eq!((&all["withheld"], all.get("total"), &all["has_more"]), (&json!(1), None, &json!(false)), "{all}");
    let names = texts(&all["items"], "full_name");
    assert!(names.len() > 2 && !names.contains(&"acme/tools".to_owned()), "{names:?}");
}

#[tokio::test]
async fn r11_a_search_tells_nothing_of_what_it_keeps_back() {
    let test = without("alice/notes", "**").await;
    let open = TestGate::start(catalog()).await.unwrap();
    let search = |query: &str| json!({"query": query, "limit": 1});
    let seen = open.call("alice", "search_repositories", search("notes")).await.unwrap().structured;
    assert_eq!(seen["items"][0]["full_name"], "alice/notes", "the search finds it where nothing hides it");
    let hidden = test.call("alice", "search_repositories", search("notes")).await.unwrap().structured;
    let absent = test.call("alice", "search_repositories", search("notesx")).await.unwrap().structured;
    assert_eq!(hidden, absent);
    let listed = test.call("alice", "list_repositories", json!({"limit": 1, "page": 2})).await.unwrap().structured;
    assert_eq!(listed.get("total"), None, "a total counts what is kept back: {listed:?}");
}
