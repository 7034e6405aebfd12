//! A secret planted in the demo leaves by no tool, and does not get into the record.

use aegis_gate::CallError;
use aegis_testkit::{TestGate, canary};
use aegis_tools::catalog;
use serde_json::{Value, json};

use crate::answers::object;
use crate::refused::refusal;
use crate::samples::samples;

#[tokio::test]
async fn a_planted_secret_leaves_by_no_tool_and_is_not_on_record() {
    let test = TestGate::start(catalog()).await.unwrap();
    for (tool, arguments) in samples() {
        let shown = match test.call("alice", tool, arguments.clone()).await {
            Ok(answer) => format!("{} {} {:?}", Value::Object(answer.structured), answer.text, answer.image),
            Err(error) => format!("{error} {:?}", error.hint()),
        };
        assert_eq!(canary::find(&shown), None, "{tool} {arguments}");
    }
    let token = test.sandbox.token("alice").to_owned();
    for record in test.records().await.unwrap() {
        assert_eq!(canary::find(record.line()), None);
        assert!(!record.line().contains(&token));
    }
}

#[tokio::test]
async fn a_masked_file_says_how_many_and_its_bytes_are_refused() {
    let test = TestGate::start(catalog()).await.unwrap();
    let file = json!({"repo": "alice/notes", "path": "backup.md"});
    let shown = object(&test, "alice", "get_file_contents", file).await;
    assert_eq!(shown["masked"], 2, "{shown}");
    assert!(shown["content"].as_str().unwrap().contains("[masked: aws-access-key-id]"));
    let bytes = json!({"repo": "alice/notes", "path": "backup.md", "encoding": "base64"});
    let error = refusal(&test, "alice", "get_file_contents", bytes).await;
    assert_eq!(error, CallError::SecretMasked { rule: "aws-access-key-id", line: 4 });
}

#[tokio::test]
async fn no_range_and_no_offset_cuts_a_secret_into_pieces_that_pass() {
    let test = TestGate::start(catalog()).await.unwrap();
    let length = 200;
    for offset in 0..length {
        for encoding in [None, Some("base64")] {
            let file = json!({"repo": "alice/notes", "path": "backup.md", "offset": offset, "encoding": encoding});
            let shown = match test.call("alice", "get_file_contents", file).await {
                Ok(answer) => Value::Object(answer.structured)["content"].to_string(),
                Err(error) => error.to_string(),
            };
            for piece in ["FODNN7", "K7MDENG", "PxRfiCY"] {
                assert!(!shown.contains(piece), "offset {offset}: {shown}");
            }
        }
    }
}
