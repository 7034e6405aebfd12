//! One suite through every way in: the same call gets the same verdict, the same words and the same record.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at the first surprise")]

use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Options, Sandbox};
use aegis_testkit::{Event, Events, Gateway, all_but};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");

/// What a caller learned: the answer's object, or the code, message and hint of the refusal.
#[derive(Debug, PartialEq)]
enum Verdict {
    Answered(Value),
    Refused(String, String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Streamable,
    Session,
    Batch,
    Sse,
    Messages,
    Rest,
    Stdio,
}

fn cases() -> Vec<(&'static str, Value)> {
    vec![
        ("get_me", json!({})),
        ("list_repositories", json!({})),
        ("get_repository_info", json!({"repo": "acme/tools"})),
        ("get_file_contents", json!({"repo": "acme/tools", "path": "README.md"})),
        ("get_file_contents", json!({"repo": "acme/tools", "path": "REDME.md"})),
        ("get_repository", json!({"repo": "acme/site"})),
        ("get_repository", json!({"repo": "acme/gadget"})),
        ("get_repository", json!({"repo": "bob/nothing"})),
        ("list_issues", json!({"repo": "acme/widget", "state": "opne"})),
        ("list_issues", json!({"repo": "acme/widget", "lmit": 3})),
        ("get_repository", json!({"repo": "../../user"})),
    ]
}

fn rpc(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// A JSON-RPC answer to a call.
fn of_rpc(answer: &Value) -> Verdict {
    let Some(result) = answer.get("result") else { panic!("no result: {answer}") };
    if result["isError"] == json!(true) {
        let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        return of_error(&text);
    }
    assert_eq!(result["content"].as_array().unwrap().len(), 1, "one text item: {result}");
    Verdict::Answered(result["structuredContent"].clone())
}

fn of_error(body: &Value) -> Verdict {
    let error = &body["error"];
    let words = format!("{} / {}", error["message"], error["hint"]);
    assert!(body["correlation_id"].as_str().is_some(), "{body}");
    Verdict::Refused(error["code"].as_str().unwrap().to_owned(), words)
}

async fn through(way: Way, gateway: &Gateway, key: &str, tool: &str, arguments: &Value) -> Verdict {
    let params = json!({"name": tool, "arguments": arguments});
    match way {
        Way::Streamable => {
            of_rpc(&gateway.post("/mcp", Some(key), &rpc(1, "tools/call", &params)).await.unwrap().json())
        }
        Way::Session => of_rpc(&in_session(gateway, key, &rpc(2, "tools/call", &params)).await),
        Way::Batch => {
            let batch = json!([rpc(1, "tools/call", &params)]);
            of_rpc(&gateway.post("/mcp", Some(key), &batch).await.unwrap().json()[0])
        }
        Way::Sse => of_rpc(&by_events(gateway, key, &rpc(2, "tools/call", &params)).await),
        Way::Messages => {
            of_rpc(&gateway.post("/messages", Some(key), &rpc(1, "tools/call", &params)).await.unwrap().json())
        }
        Way::Rest => {
            let answer = gateway.call(key, tool, arguments.clone()).await.unwrap();
            let body = answer.json();
            if body["success"] == json!(true) {
                return Verdict::Answered(body["result"].clone());
            }
            assert!(answer.status.as_u16() >= 400, "{body}");
            of_error(&body)
        }
        Way::Stdio => stdio(gateway, tool, arguments),
    }
}

fn hello(revision: &str) -> Value {
    let client = json!({"name": "t", "version": "1"});
    rpc(1, "initialize", &json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": client}))
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap()
}

async fn in_session(gateway: &Gateway, key: &str, call: &Value) -> Value {
    let opened = gateway.post("/mcp", Some(key), &hello("2025-06-18")).await.unwrap();
    let session = opened.header("mcp-session-id");
    assert!(!session.is_empty(), "{opened:?}");
    let request = http().post(format!("{}/mcp", gateway.url())).bearer_auth(key).header("mcp-session-id", session);
    let answer = request.json(call).send().await.unwrap().text().await.unwrap();
    Event::all(&answer).last().unwrap_or_else(|| panic!("{answer}")).json()
}

async fn by_events(gateway: &Gateway, key: &str, call: &Value) -> Value {
    let stream = http().get(format!("{}/mcp/sse", gateway.url())).bearer_auth(key).send().await.unwrap();
    let mut events = Events::of(stream);
    let way_back = events.next().await.unwrap().data;
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    for message in [&hello("2024-11-05"), &ready, call] {
        assert_eq!(gateway.post(&way_back, Some(key), message).await.unwrap().status, 202);
    }
    let hello = events.next().await.unwrap();
    assert_eq!(hello.json()["id"], 1);
    events.next().await.unwrap().json()
}

fn stdio(gateway: &Gateway, tool: &str, arguments: &Value) -> Verdict {
    let lines = [
        hello("2025-11-25"),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        rpc(2, "tools/call", &json!({"name": tool, "arguments": arguments})),
    ];
    let input: String = lines.iter().fold(String::new(), |all, line| all + &format!("{line}\n"));
    let output = gateway.command(&["stdio"], &input).unwrap();
    let answers: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    of_rpc(answers.iter().find(|answer| answer["id"] == json!(2)).unwrap_or_else(|| panic!("{output:?}")))
}

/// The record of the newest call.
fn recorded(gateway: &Gateway) -> Value {
    let shown = gateway.command(&["audit", "show", "--event", "tool_call", "--limit", "1", "--json"], "").unwrap();
    serde_json::from_str(shown.stdout.trim()).unwrap_or_else(|_| panic!("{shown:?}"))
}

/// The record's words about the newest call, without what differs by nature: time, id, hash, transport, client.
fn newest(gateway: &Gateway) -> Value {
    let mut record = recorded(gateway);
    let fields = record.as_object_mut().unwrap();
    for own in ["seq", "time", "correlation_id", "prev", "hash", "transport", "client", "address", "duration_us"] {
        fields.remove(own);
    }
    // A key and the process's own user are two ways to sign in; the call is the same.
    for sign_in in ["method", "key_id", "shared"] {
        fields.remove(sign_in);
    }
    if fields["tool"] == "get_me" {
        fields.remove("answer_bytes");
    }
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_call_gets_the_same_verdict_words_and_record_whichever_way_it_comes() {
    let forge = Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap();
    let files = tempfile::tempdir().unwrap();
    let policy = files.path().join("policy.toml");
    std::fs::write(&policy, all_but("no-site", "acme/site", "**")).unwrap();
    let (alice, policy) = (forge.token("alice").to_owned(), policy.display().to_string());
    let settings = [("GITEA_TOKEN", alice.as_str()), ("POLICY_PATH", &policy), ("RATE_LIMIT_PER_MINUTE", "0")];
    let gateway = Gateway::start(BINARY, forge.url(), &settings).unwrap();
    let key = gateway.key("alice", &alice).unwrap();
    for (tool, arguments) in cases() {
        let mut seen: Vec<(Way, Verdict, Value)> = Vec::new();
        for way in [Way::Streamable, Way::Session, Way::Batch, Way::Sse, Way::Messages, Way::Rest, Way::Stdio] {
            let mut verdict = through(way, &gateway, &key, tool, &arguments).await;
            if let Verdict::Answered(answer) = &mut verdict {
                // How the caller signed in is the one thing get_me may tell differently.
                let object = answer.as_object_mut().unwrap();
                for name in ["signed_in_with", "key_id", "shared_account"] {
                    object.remove(name);
                }
            }
            // Records are on disk within 50 ms.
            tokio::time::sleep(Duration::from_millis(120)).await;
            seen.push((way, verdict, newest(&gateway)));
        }
        let (_, verdict, record) = &seen[0];
        // A former name is on record under today's.
        let today = if tool == "get_repository_info" { "get_repository" } else { tool };
        assert_eq!(record["tool"], today);
        for (way, other, other_record) in &seen[1..] {
            assert_eq!(other, verdict, "{tool} {arguments} through {way:?}");
            assert_eq!(other_record, record, "{tool} {arguments} on record through {way:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_on_record_by_the_name_it_gave_and_by_no_other() {
    let forge = Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap();
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let plain = rpc(2, "tools/call", &json!({"name": "get_me"}));
    let told = rpc(2, "tools/call", &json!({"name": "get_me", "_meta": {"progressToken": 1}}));
    for call in [&plain, &told] {
        let answer = in_session(&gateway, &key, call).await;
        assert!(answer["result"].is_object(), "{answer}");
        tokio::time::sleep(Duration::from_millis(120)).await;
        assert_eq!(recorded(&gateway)["client"], "t/1", "{call}");
        let alone = gateway.post("/mcp", Some(&key), call).await.unwrap();
        assert_eq!(alone.status, 200);
        tokio::time::sleep(Duration::from_millis(120)).await;
        assert_eq!(recorded(&gateway)["client"], Value::Null, "nobody shook hands and there is no User-Agent: {call}");
    }
    let of = |name: &str| format!("io.modelcontextprotocol/{name}");
    for client in [None, Some(json!({"name": "n", "version": "2"}))] {
        let mut meta = json!({of("protocolVersion"): "2026-07-28", of("clientCapabilities"): {}});
        if let Some(client) = &client {
            meta[of("clientInfo")] = client.clone();
        }
        let call = rpc(2, "tools/call", &json!({"name": "get_me", "_meta": meta}));
        let request = http().post(format!("{}/mcp", gateway.url())).bearer_auth(&key);
        let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "get_me")];
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        assert_eq!(request.json(&call).send().await.unwrap().status(), 200);
        tokio::time::sleep(Duration::from_millis(120)).await;
        let named = client.map_or(Value::Null, |_| json!("n/2"));
        assert_eq!(recorded(&gateway)["client"], named, "{call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_holds_scopes_that_exist_and_the_wider_one_reads_too() {
    let forge = Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap();
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let made =
        gateway.command(&["key", "generate", "--owner", "alice", "--scopes", "write:repository"], forge.token("alice"));
    let key = made.unwrap().stdout.trim().to_owned();
    assert_eq!(gateway.call(&key, "get_me", json!({})).await.unwrap().status, 200);
    let wrong =
        gateway.command(&["key", "generate", "--owner", "alice", "--scopes", "admin"], forge.token("alice")).unwrap();
    assert_eq!(wrong.status, Some(64));
    assert!(wrong.stderr.contains("there is no scope admin") && wrong.stderr.contains("read:repository"), "{wrong:?}");
}
