//! A repository under its former name, and names in other letters.

use aegis_gate::CallError;
use aegis_testkit::{Setup, TestGate, all_but};
use aegis_tools::catalog;
use serde_json::json;

use crate::answers::object;
use crate::refused::refusal;
use crate::samples::samples;

#[tokio::test]
async fn r12_a_former_name_answers_as_the_new_one_in_every_tool() {
    let test = TestGate::start(catalog()).await.unwrap();
    let renamed = object(&test, "alice", "get_repository", json!({"repo": "acme/gadget"})).await;
    assert_eq!(renamed["full_name"], "acme/widget");
    for (tool, mut arguments) in samples() {
        if arguments["repo"] == "acme/widget" {
            let now = object(&test, "alice", tool, arguments.clone()).await;
            arguments["repo"] = "acme/gadget".into();
            assert_eq!(object(&test, "alice", tool, arguments).await, now, "{tool}");
        }
    }
}

#[tokio::test]
async fn r12_the_record_names_what_was_asked_for_and_what_was_read() {
    let test = TestGate::start(catalog()).await.unwrap();
    object(&test, "alice", "get_repository", json!({"repo": "acme/gadget"})).await;
    object(&test, "alice", "get_repository", json!({"repo": "acme/widget"})).await;
    test.sandbox.rename("alice", "notes", "journal").unwrap();
    let error = refusal(&test, "bob", "get_repository", json!({"repo": "alice/notes"})).await;
    assert!(!format!("{error} {:?}", error.hint()).contains("journal"), "{error}");
    let records = test.records().await.unwrap();
    let calls = records.iter().filter(|record| record.text("tool") == Some("get_repository"));
    let targets: Vec<_> = calls.filter_map(|record| record.text("target")).collect();
    assert_eq!(targets, ["acme/gadget -> acme/widget", "acme/widget", "alice/notes -> alice/journal"]);
}

#[tokio::test]
async fn r12_a_rename_into_what_the_policy_hides_reads_as_not_there() {
    let test = Setup::new(catalog()).policy(&all_but("no-widget", "acme/widget", "**")).start().await.unwrap();
    for (tool, mut arguments) in samples() {
        if arguments["repo"] == "acme/widget" {
            arguments["repo"] = "acme/gadget".into();
            let error = refusal(&test, "alice", tool, arguments).await;
            let said = format!("{error} {:?}", error.hint());
            assert_eq!(error.code(), "not_found", "{tool}: {said}");
            assert!(!said.contains("widget"), "{tool}: {said}");
        }
    }
}

#[tokio::test]
async fn g13_names_in_other_letters_are_the_same_names_to_the_policy() {
    let test = Setup::new(catalog()).policy(&all_but("no-site", "acme/site", "**")).start().await.unwrap();
    for name in ["acme/site", "ACME/Site", "Acme/SITE"] {
        let error = refusal(&test, "alice", "get_repository", json!({"repo": name})).await;
        assert_eq!(error, CallError::PolicyDenied { rule: "no-site".to_owned() }, "{name}");
    }
    let widget = object(&test, "alice", "get_repository", json!({"repo": "ACME/Widget"})).await;
    assert_eq!(widget["full_name"], "acme/widget");
}
