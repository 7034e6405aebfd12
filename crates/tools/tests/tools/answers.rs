//! Every tool answers, and its answer is what its output schema says.

use std::collections::HashSet;

use aegis_testkit::{Rule, Setup, TestGate};
use aegis_tools::catalog;
use serde_json::{Value, json};

use crate::samples::samples;
use crate::schema::misfit;

#[tokio::test]
async fn every_answer_is_what_its_schema_says() {
    let test = TestGate::start(catalog()).await.unwrap();
    let catalog = catalog();
    let mut called = HashSet::new();
    for (tool, arguments) in samples() {
        let answer = test.call("alice", tool, arguments.clone()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{tool} {arguments}: {error} {:?}", error.hint()));
        let schema = Value::Object(catalog.find(tool).unwrap().output_schema().as_ref().clone());
        let wrong = misfit(tool, &schema, &Value::Object(answer.structured.clone()));
        assert_eq!(wrong, None, "{arguments}");
        assert!(answer.text.len() <= 100_000, "{tool}");
        called.insert(tool);
    }
    let silent: Vec<_> = catalog.names().into_iter().filter(|name| !called.contains(name)).collect();
    assert!(silent.is_empty(), "without a sample: {silent:?}");
}

/// The answer's object.
pub(crate) async fn object(test: &TestGate, login: &str, tool: &str, arguments: Value) -> Value {
    match test.call(login, tool, arguments.clone()).await {
        Ok(answer) => Value::Object(answer.structured),
        Err(error) => panic!("{tool} {arguments}: {error} {:?}", error.hint()),
    }
}

/// The texts at a field of each row.
pub(crate) fn texts(rows: &Value, field: &str) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn the_questions_of_the_guide_are_answered() {
    let test = TestGate::start(catalog()).await.unwrap();
    let mine = object(&test, "alice", "list_repositories", json!({})).await;
    assert!(texts(&mine["items"], "full_name").contains(&"alice/notes".to_owned()), "{mine}");
    let private = object(&test, "alice", "list_repositories", json!({"visibility": "private"})).await;
    assert!(private["items"].as_array().unwrap().iter().all(|row| row["private"] == true), "{private}");
    let widget = object(&test, "alice", "get_repository_info", json!({"repo": "acme/widget"})).await;
    assert_eq!((&widget["default_branch"], &widget["rights"]), (&json!("main"), &json!("write")));
    assert_eq!(widget["languages"], json!([{"name": "Rust", "bytes": 3150}]));
    assert!(widget["updated_at"].is_string());
    let python = object(&test, "alice", "find_files", json!({"repo": "acme/tools", "pattern": "src/*.py"})).await;
    assert_eq!(texts(&python["items"], "path"), ["src/main.py", "src/parser.py", "src/report.py"]);
    let readme = object(&test, "alice", "get_file_contents", json!({"repo": "acme/widget", "path": "README.md"})).await;
    assert!(readme["content"].as_str().unwrap().starts_with("# widget"), "{readme}");
}

#[tokio::test]
async fn a_pull_request_is_shown_with_checks_and_reviews_and_says_which_are_missing() {
    let test = TestGate::start(catalog()).await.unwrap();
    let arguments = json!({"repo": "acme/widget", "index": 5});
    let pull = object(&test, "alice", "get_pull_request", arguments.clone()).await;
    assert_eq!((&pull["checks"]["state"], &pull["head"]), (&json!("failure"), &json!("feature/round")));
    assert_eq!(pull["reviews"][0]["verdict"], "comment");
    assert!(pull.get("incomplete").is_none(), "{pull}");
    let kind = aegis_sandbox::FaultKind::Status { code: 500, headers: Vec::new(), body: None };
    let route = "/api/v1/repos/*/commits/*/status".to_owned();
    test.sandbox.faults().add(aegis_sandbox::Fault { route, kind, count: None });
    let pull = object(&test, "alice", "get_pull_request", arguments).await;
    assert_eq!((pull.get("checks"), &pull["incomplete"]), (None, &json!(["checks"])));
}

#[tokio::test]
async fn me_and_the_server_are_told_as_they_are() {
    let test = TestGate::start(catalog()).await.unwrap();
    let me = object(&test, "alice", "get_me", json!({})).await;
    assert_eq!((&me["login"], &me["signed_in_with"]), (&json!("alice"), &json!("gitea_token")));
    assert_eq!(me["scopes"], json!(["read:repository"]));
    let server = object(&test, "alice", "get_server_info", json!({})).await;
    assert_eq!((&server["flavor"], &server["version"]), (&json!("Gitea"), &json!("1.26.3")));
    assert_eq!((&server["tools"], &server["missing"]), (&json!(catalog().names()), &json!([])));
    let tools = vec!["get_server_info".to_owned()];
    let only = aegis_gate::Selection { toolsets: Vec::new(), tools, exclude: Vec::new() };
    let narrow = TestGate::start(catalog().narrowed(&only)).await.unwrap();
    let server = object(&narrow, "alice", "get_server_info", json!({})).await;
    assert_eq!(server["tools"], json!(["get_server_info"]));
    assert_eq!(server["missing"].as_array().unwrap().len(), catalog().names().len() - 1);
    let few = Rule { id: "few", tools: &["toolset:context", "get_issue"], ..Rule::ALLOW_ALL };
    let ruled = Setup::new(catalog()).policy(&few.to_string()).start().await.unwrap();
    let server = object(&ruled, "alice", "get_server_info", json!({})).await;
    assert_eq!(
        server["tools"],
        json!(["get_me", "get_server_info", "get_issue"]),
        "what the policy takes is not offered"
    );
    assert_eq!(server["toolsets"], json!(["context", "issues"]));
    let reasons = server["missing"].as_array().unwrap();
    assert_eq!(reasons.len(), catalog().names().len() - 3);
    assert!(reasons.iter().all(|row| row["reason"] == "not offered to you by this gateway"), "{server}");
}
