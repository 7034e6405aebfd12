//! What the log says: names that dashboards depend on, the same as on record, and one line for each thing whatever a
//! stranger puts into it.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::{BTreeSet, HashMap};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Fault, FaultKind, Options, Sandbox};
use aegis_testkit::{Gateway, Reply};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");
const KEY: &str = "shared-key-of-the-log-tests-4Rk8Mz1Qp";
const WRONG_KEY: &str = "wrong-key-of-the-log-tests-9Tb3Xw6Yc";

async fn forge() -> Sandbox {
    Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap()
}

/// Everything on record once the request with this answer is, each line as it stands in the files.
async fn record(gateway: &Gateway, last: &Reply) -> Vec<Value> {
    for _ in 0..100 {
        let exported = gateway.command(&["audit", "export"], "").unwrap();
        assert_eq!(exported.status, Some(0), "{exported:?}");
        if exported.stdout.contains(last.header("x-request-id")) {
            return exported.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Vec::new()
}

fn word(line: &Value, field: &str) -> String {
    line[field].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_is_the_same_event_in_the_log_and_on_record() {
    let forge = forge().await;
    let carol = forge.token("carol").to_owned();
    let settings = [("MCP_API_KEYS", KEY), ("GITEA_TOKEN", carol.as_str()), ("MAX_AUTH_FAILURES", "2")];
    let gateway = Gateway::start(BINARY, forge.url(), &settings).unwrap();
    let bob = gateway.key("bob", forge.token("bob")).unwrap();
    let call = json!({"tool": "get_me", "arguments": {}});
    let knock = async |address: [u8; 4], key: Option<&str>| {
        gateway.post_from(Some(address), "/mcp/tool/call", key, &call).await.unwrap()
    };
    knock([127, 0, 0, 21], None).await;
    knock([127, 0, 0, 21], Some("short")).await;
    knock([127, 0, 0, 21], Some("aegis_at_of-a-later-version-of-this-gateway")).await;
    knock([127, 0, 0, 21], Some(KEY)).await;
    for _ in 0..3 {
        knock([127, 0, 0, 22], Some(WRONG_KEY)).await;
    }
    let mut last = None;
    for (code, body) in [(403, Some(r#"{"message":"inactive"}"#)), (503, None)] {
        let kind = FaultKind::Status { code, headers: Vec::new(), body: body.map(str::to_owned) };
        forge.faults().clear();
        forge.faults().add(Fault { route: "/api/v1/user".to_owned(), kind, count: None });
        last = Some(knock([127, 0, 0, 23], Some(&bob)).await);
    }
    let recorded = record(&gateway, &last.unwrap()).await;
    let recorded: HashMap<String, &Value> = recorded.iter().map(|line| (word(line, "correlation_id"), line)).collect();
    let log = gateway.log();
    let logged = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut seen = BTreeSet::new();
    for line in logged.filter(|line| line["status"] == "failure") {
        let on_record = recorded[&word(&line, "correlation_id")];
        let (event, code) = (word(&line, "event"), word(&line, "code"));
        assert_eq!((&event, &code), (&word(on_record, "event"), &word(on_record, "code")), "{line} / {on_record}");
        assert_eq!(word(&line, "address"), word(on_record, "address"));
        seen.insert((event, code));
    }
    let wanted = [
        ("access_denied", "account_refused"),
        ("access_denied", "account_suspended"),
        ("api_authentication", "authentication_unavailable"),
        ("api_authentication", "invalid_token"),
        ("auth_rate_limit", "auth_rate_limit"),
        ("invalid_api_key", "invalid_api_key"),
        ("invalid_key_format", "invalid_key_format"),
        ("missing_api_key", "missing_api_key"),
    ];
    assert_eq!(seen, wanted.map(|(event, code)| (event.to_owned(), code.to_owned())).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn c11_whatever_a_stranger_sends_a_line_of_the_log_is_one_line_of_json() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[("LOG_LEVEL", "trace")]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let hostile = "\u{1b}]0;owned\u{7}\r\n{\"event\":\"forged\"}\u{0}\u{7f}\u{85}\u{2028}\u{202e}";
    for path in ["/mcp%0d%0a%1b[2J", "/\u{2028}{\"event\":\"forged\"}", "/mcp/tool/call?\u{9b}31m", "/mcp"] {
        for agent in ["plain", "\u{1b}]0;owned\u{7}", "\u{2028}\u{85}\u{9b}31m", "{\"event\":\"forged\"}\u{7f}"] {
            raw(&gateway, path, agent, &key);
        }
    }
    assert_eq!(gateway.call(&key, hostile, json!({hostile: hostile})).await.unwrap().status, 404);
    assert_eq!(gateway.call(&key, "get_repository", json!({"repo": hostile})).await.unwrap().status, 400);
    let method = json!({"jsonrpc": "2.0", "id": hostile, "method": hostile, "params": {"name": hostile}});
    gateway.post("/messages", Some(&key), &method).await.unwrap();
    let last = gateway.get("/mcp/tools", Some(&key)).await.unwrap();
    let recorded = record(&gateway, &last).await;
    assert!(!recorded.is_empty());

    let log = gateway.log();
    let mut calls = 0;
    for line in log.lines() {
        let parsed: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let unfit = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}');
        assert!(!line.contains(unfit), "{line:?}");
        assert_ne!(parsed["event"], "forged", "{line}");
        calls += usize::from(parsed["event"] == "tool_call");
    }
    assert_eq!(calls, 2, "{log}");
    assert!(recorded.iter().all(|line| line["event"] != "forged"), "{recorded:?}");
    let files = std::fs::read_dir(gateway.state().join("audit")).unwrap();
    let lines: String = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert!(!lines.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{2028}'), "{lines:?}");
}

/// One request by hand, with bytes that no client library lets through; whatever the answer is, it is one.
fn raw(gateway: &Gateway, path: &str, agent: &str, key: &str) {
    let host = gateway.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\n");
    let rest = format!("Authorization: Bearer {key}\r\nConnection: close\r\n\r\n");
    stream.write_all((head + &rest).as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 "), "{path:?} {agent:?}: {answer:?}");
}
