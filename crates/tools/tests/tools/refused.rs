//! Beside each tool that answers stands the same tool refused.

use aegis_gate::CallError;
use aegis_testkit::{Rule, Setup, TestGate, all_but};
use aegis_tools::catalog;
use serde_json::{Value, json};

use crate::answers::object;
use crate::samples::samples;

/// The calls that name a repository, made to name another.
pub(crate) fn about(repository: &str) -> Vec<(&'static str, Value)> {
    let named = samples().into_iter().filter(|(_, arguments)| arguments.get("repo").is_some());
    let turned = named.map(|(tool, mut arguments)| {
        arguments.as_object_mut().unwrap().remove("owner");
        arguments["repo"] = repository.into();
        (tool, arguments)
    });
    turned.collect()
}

pub(crate) async fn refusal(test: &TestGate, login: &str, tool: &str, arguments: Value) -> CallError {
    match test.call(login, tool, arguments.clone()).await {
        Ok(answer) => panic!("{tool} {arguments} answered {}", answer.text),
        Err(error) => error,
    }
}

#[tokio::test]
async fn r01_what_is_not_yours_and_what_is_not_there_read_the_same_in_every_tool() {
    let test = TestGate::start(catalog()).await.unwrap();
    // What is asked once and remembered is none of either.
    for (tool, arguments) in about("acme/widget") {
        let _ = test.call("bob", tool, arguments).await;
    }
    let words = |error: CallError, name: &str| (error.to_string().replace(name, "N"), error.hint());
    for ((tool, hidden), (_, absent)) in about("alice/notes").into_iter().zip(about("alice/novel")) {
        let (hidden, asked_of_hidden) = asking(&test, refusal(&test, "bob", tool, hidden)).await;
        let (absent, asked_of_absent) = asking(&test, refusal(&test, "bob", tool, absent)).await;
        assert_eq!(hidden.code(), "not_found", "{tool}: {hidden}");
        assert_eq!(words(hidden, "alice/notes"), words(absent, "alice/novel"), "{tool}");
        let unnamed = |asked: Vec<String>, name: &str| asked.into_iter().map(|path| path.replace(name, "N")).collect();
        let (of_hidden, of_absent): (Vec<_>, Vec<_>) =
            (unnamed(asked_of_hidden, "alice/notes"), unnamed(asked_of_absent, "alice/novel"));
        assert_eq!(of_hidden, of_absent, "{tool}: as many requests take as long");
    }
}

/// What a call comes to, and what Gitea was asked for it, in the order of the alphabet.
pub(crate) async fn asking<T>(test: &TestGate, call: impl Future<Output = T>) -> (T, Vec<String>) {
    let before = test.sandbox.requests().len();
    let outcome = call.await;
    let mut asked: Vec<String> = test.sandbox.requests().into_iter().skip(before).map(|request| request.path).collect();
    asked.sort();
    (outcome, asked)
}

#[tokio::test]
async fn what_the_policy_denies_is_refused_before_gitea_is_asked() {
    let test = Setup::new(catalog()).policy(&all_but("no-widget", "acme/widget", "**")).start().await.unwrap();
    test.principal("alice").await.unwrap();
    let asked = test.sandbox.requests().len();
    for (tool, arguments) in about("acme/widget") {
        let error = refusal(&test, "alice", tool, arguments).await;
        assert_eq!(error, CallError::PolicyDenied { rule: "no-widget".to_owned() }, "{tool}");
    }
    assert_eq!(test.sandbox.requests().len(), asked, "Gitea was asked");
}

#[tokio::test]
async fn a_path_the_policy_denies_is_refused_before_gitea_is_asked() {
    let test = Setup::new(catalog()).policy(&all_but("no-source", "acme/widget", "src/**")).start().await.unwrap();
    test.principal("alice").await.unwrap();
    let asked = test.sandbox.requests().len();
    for (tool, arguments) in [
        ("get_file_contents", json!({"repo": "acme/widget", "path": "src/lib.rs"})),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "src/absent.rs"})),
        ("get_file_contents", json!({"repo": "Acme/WIDGET", "path": "src/lib.rs"})),
        ("list_commits", json!({"repo": "acme/widget", "path": "src/lib.rs"})),
        ("get_commit_diff", json!({"repo": "acme/widget", "sha": "main", "path": "src/lib.rs"})),
        ("get_pull_request_diff", json!({"repo": "acme/widget", "index": 5, "path": "src/shape.rs"})),
    ] {
        let error = refusal(&test, "alice", tool, arguments).await;
        assert_eq!(error, CallError::PolicyDenied { rule: "no-source".to_owned() }, "{tool}");
    }
    assert_eq!(test.sandbox.requests().len(), asked, "Gitea was asked");
    let files = json!({"repo": "acme/widget", "paths": ["src/lib.rs", "Cargo.toml"]});
    let files = object(&test, "alice", "get_files", files).await;
    assert_eq!(files["files"][0]["error"]["code"], "policy_denied");
    assert!(files["files"][1]["content"].is_string());
    let lib = test.sandbox.requests().into_iter().filter(|request| request.path.contains("lib.rs")).count();
    assert_eq!(lib, 0, "Gitea was asked for the denied path");
}

#[tokio::test]
async fn r06_a_tool_the_policy_takes_away_is_as_if_it_were_not_there() {
    let policy = Rule { tools: &["get_repository"], ..Rule::ALLOW_ALL }.to_string();
    let test = Setup::new(catalog()).policy(&policy).start().await.unwrap();
    for (tool, arguments) in samples() {
        if tool != "get_repository" {
            assert_eq!(refusal(&test, "alice", tool, arguments).await.code(), "unknown_tool", "{tool}");
        }
    }
}

#[tokio::test]
async fn arguments_that_are_none_of_giteas_names_are_refused_before_gitea_is_asked() {
    let test = TestGate::start(catalog()).await.unwrap();
    test.principal("alice").await.unwrap();
    let asked = test.sandbox.requests().len();
    for (tool, arguments, argument) in [
        ("get_repository", json!({"repo": "widget"}), "owner"),
        ("get_repository", json!({"owner": "acme", "repo": "../widget"}), "repo"),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "../user"}), "path"),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "x", "ref": "a..b"}), "ref"),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "x", "start_line": 0}), "start_line"),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "x", "end_line": 1, "offset": 1}), "offset"),
        ("get_issue", json!({"repo": "acme/widget", "index": 0}), "index"),
        ("get_issue", json!({"repo": "acme/widget", "index": -1}), "index"),
        ("list_issues", json!({"repo": "acme/widget", "page": 0}), "page"),
        ("list_issues", json!({"repo": "acme/widget", "labels": ["a,b"]}), "labels"),
        ("list_issues", json!({"repo": "acme/widget", "state": "opne"}), "state"),
        ("list_commits", json!({"repo": "acme/widget", "since": "yesterday"}), "since"),
        ("find_files", json!({"repo": "acme/widget", "pattern": "["}), "pattern"),
        ("list_repositories", json!({"owner": "a/b"}), "owner"),
        ("list_repositories", json!({"limit": 0}), "limit"),
        ("search_repositories", json!({"query": "x", "page": 0}), "page"),
        ("search_repositories", json!({"query": "x", "sort": "size"}), "sort"),
        ("find_files", json!({"repo": "acme/widget", "pattern": "x", "page": 0}), "page"),
        ("list_directory", json!({"repo": "acme/widget", "limit": 0}), "limit"),
        ("get_file_tree", json!({"repo": "acme/widget", "offset": -1}), "offset"),
        ("list_commits", json!({"repo": "acme/widget", "author": "bob", "limit": 0}), "limit"),
        ("get_commit", json!({"repo": "acme/widget", "sha": "main", "offset": -1}), "offset"),
        ("get_commit_diff", json!({"repo": "acme/widget", "sha": "main", "offset": -1}), "offset"),
        ("list_branches", json!({"repo": "acme/widget", "page": 0}), "page"),
        ("get_issue", json!({"repo": "acme/widget", "index": 1, "offset": -1}), "offset"),
        ("list_issue_comments", json!({"repo": "acme/widget", "index": 1, "page": 0}), "page"),
        ("list_issue_comments", json!({"repo": "acme/widget", "index": 1, "offset": -1}), "offset"),
        ("list_pull_requests", json!({"repo": "acme/widget", "limit": 0}), "limit"),
        ("get_pull_request", json!({"repo": "acme/widget", "index": 5, "offset": -1}), "offset"),
        ("get_pull_request_diff", json!({"repo": "acme/widget", "index": 5, "offset": -1}), "offset"),
        ("get_pull_request_diff", json!({"repo": "acme/widget", "index": 5, "path": "../x"}), "path"),
    ] {
        match refusal(&test, "alice", tool, arguments.clone()).await {
            CallError::InvalidArgument { argument: named, .. } => assert_eq!(named, argument, "{tool} {arguments}"),
            other => panic!("{tool} {arguments}: {other}"),
        }
    }
    assert_eq!(test.sandbox.requests().len(), asked, "Gitea was asked");
}

#[tokio::test]
async fn a_thing_that_is_not_there_is_named_with_what_is() {
    let test = TestGate::start(catalog()).await.unwrap();
    let hint = |tool, arguments| {
        let test = &test;
        async move {
            let error = refusal(test, "alice", tool, arguments).await;
            assert_eq!(error.code(), "not_found", "{error}");
            (error.to_string(), error.hint().unwrap_or_default())
        }
    };
    let file = json!({"repo": "acme/widget", "path": "src/lob.rs"});
    let (said, near) = hint("get_file_contents", file).await;
    assert!(said.contains("file src/lob.rs") && near.contains("src/lib.rs"), "{said} {near}");
    let branch = json!({"repo": "acme/widget", "path": "src/lib.rs", "ref": "mian"});
    let (said, near) = hint("get_file_contents", branch).await;
    assert!(said.contains("mian") && near.contains("main"), "{said} {near}");
    for tool in ["get_file_tree", "list_directory", "list_commits", "find_files"] {
        let mut arguments = json!({"repo": "acme/widget", "ref": "mian"});
        if tool == "find_files" {
            arguments["pattern"] = "x".into();
        }
        let (said, near) = hint(tool, arguments).await;
        assert!(said.contains("mian") && near.contains("main"), "{tool}: {said} {near}");
    }
    let (said, near) = hint("list_directory", json!({"repo": "acme/widget", "path": "doks"})).await;
    assert!(said.contains("directory doks") && near.contains("docs"), "{said} {near}");
    let (said, near) = hint("get_file_tree", json!({"repo": "acme/widget", "path": "doks"})).await;
    assert!(said.contains("directory doks") && near.contains("docs"), "{said} {near}");
    let (said, near) = hint("get_issue", json!({"repo": "acme/widget", "index": 999})).await;
    assert!(said.contains("issue 999") && near.is_empty(), "{said} {near}");
    let (said, _) = hint("get_pull_request_diff", json!({"repo": "acme/widget", "index": 1})).await;
    assert!(said.contains("pull request 1"), "{said}");
    let (said, _) = hint("get_commit", json!({"repo": "acme/widget", "sha": "f".repeat(40)})).await;
    assert!(said.contains("commit fff"), "{said}");
    let (said, _) = hint("list_issue_comments", json!({"repo": "acme/widget", "index": 1, "comment": 999})).await;
    assert!(said.contains("comment 999"), "{said}");
    let (said, _) = hint("list_repositories", json!({"owner": "nobody"})).await;
    assert!(said.contains("owner nobody"), "{said}");
}

#[tokio::test]
async fn what_has_no_such_name_is_near_what_has_one_by_one_measure() {
    let test = TestGate::start(catalog()).await.unwrap();
    for (tool, arguments, near) in [
        ("get_repo", json!({}), Some("did you mean `get_repository`?")),
        ("xyzzy", json!({}), None),
        ("get_repository", json!({"repo": "acme/wigdet"}), Some("did you mean acme/widget?")),
        ("get_repository", json!({"repo": "acme/xyzzy"}), None),
    ] {
        let error = refusal(&test, "alice", tool, arguments.clone()).await;
        assert_eq!(error.hint().as_deref(), near, "{tool} {arguments}: {error}");
    }
    let misspelt = refusal(&test, "alice", "get_repository", json!({"repos": "acme/widget"})).await;
    assert!(misspelt.to_string().contains("did you mean `repo`?"), "{misspelt}");
    let strange = refusal(&test, "alice", "get_repository", json!({"xyzzy": 1})).await;
    assert!(strange.to_string().contains("it takes owner, repo"), "{strange}");
}

#[tokio::test]
async fn g04_a_path_of_commits_is_sent_as_the_path_it_is() {
    let test = Setup::new(catalog()).policy(&all_but("no-src", "*", "src")).start().await.unwrap();
    let commits = |path: &str| json!({"repo": "acme/widget", "path": path});
    assert_eq!(refusal(&test, "alice", "list_commits", commits("src")).await.code(), "policy_denied");
    assert_eq!(refusal(&test, "alice", "list_commits", commits("src/main.rs")).await.code(), "policy_denied");
    for pathspec in ["s?c", "[s]rc/*"] {
        assert_eq!(refusal(&test, "alice", "list_commits", commits(pathspec)).await.code(), "not_found", "{pathspec}");
    }
    test.call("alice", "list_commits", commits("README.md")).await.unwrap();
    let asked: Vec<String> = test.sandbox.requests().into_iter().map(|request| request.path).collect();
    let pathspecs = asked.iter().filter_map(|path| path.split_once("path=").map(|(_, rest)| rest));
    assert!(pathspecs.clone().count() >= 3, "{asked:?}");
    for pathspec in pathspecs {
        assert!(pathspec.starts_with("%3A%28literal%29"), "git would read {pathspec} as a pattern");
    }
}
