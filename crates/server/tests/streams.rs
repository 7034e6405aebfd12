//! What stays open between requests, when the process is asked to end, when a key is taken away, and when a client goes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Fault, FaultKind, Options, Sandbox};
use aegis_testkit::{Event, Events, Gateway};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");
const KEY: &str = "shared-key-of-the-stream-tests-7Rm2Xq9c";
const OTHER: &str = "other-key-of-the-stream-tests-5Tn8Wb3v";

async fn forge() -> Sandbox {
    Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap()
}

/// From now on the forge takes its time with what a call asks.
fn slow(forge: &Sandbox, seconds: u64) {
    let kind = FaultKind::Delay(Duration::from_secs(seconds));
    forge.faults().add(Fault { route: "/api/v1/repos/acme/tools".to_owned(), kind, count: None });
}

fn started(forge: &Sandbox, settings: &[(&str, &str)]) -> Gateway {
    let fixed = [("GITEA_TOKEN", forge.token("alice")), ("RATE_LIMIT_PER_MINUTE", "0")];
    Gateway::start(BINARY, forge.url(), &[&fixed, settings].concat()).unwrap()
}

fn rpc(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn notice(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

fn call(id: u64) -> Value {
    rpc(id, "tools/call", &json!({"name": "get_repository", "arguments": {"repo": "acme/tools"}}))
}

fn hello(revision: &str) -> Value {
    let client = json!({"name": "t", "version": "1"});
    rpc(1, "initialize", &json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": client}))
}

/// One client's connections, kept apart from the gateway so that it may end.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
    session: String,
}

impl Client {
    /// With a session that is ready for calls.
    async fn of(gateway: &Gateway, key: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().unwrap();
        let mut client = Self { http, url: gateway.url().to_owned(), key: key.to_owned(), session: String::new() };
        let opened = client.post("/mcp", &hello("2025-11-25")).await;
        client.session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        client.post("/mcp", &notice("notifications/initialized", &json!({}))).await;
        client
    }

    async fn post(&self, path: &str, message: &Value) -> reqwest::Response {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.key);
        let request = if self.session.is_empty() { request } else { request.header("mcp-session-id", &self.session) };
        request.json(message).send().await.unwrap()
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let request = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.key);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer
    }

    /// The session's own stream.
    async fn standing(&self) -> reqwest::Response {
        self.get("/mcp", &[("mcp-session-id", &self.session)]).await
    }

    /// A listener of 2026-07-28.
    async fn listening(&self) -> reqwest::Response {
        let (revision, method) = ("2026-07-28", "subscriptions/listen");
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": revision,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let params = json!({"notifications": {"toolsListChanged": true}, "_meta": meta});
        let request = self.http.post(format!("{}/mcp", self.url)).bearer_auth(&self.key);
        let request = request.header("mcp-protocol-version", revision).header("mcp-method", method);
        let answer = request.json(&rpc(9, method, &params)).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        answer
    }

    /// A stream of 2024-11-05 that is ready for calls, and its way back.
    async fn pipe(&self) -> (Events, String) {
        let mut events = Events::of(self.get("/mcp/sse", &[]).await);
        let way_back = events.next().await.unwrap().data;
        self.post(&way_back, &hello("2024-11-05")).await;
        assert_eq!(events.next().await.unwrap().json()["id"], 1);
        self.post(&way_back, &notice("notifications/initialized", &json!({}))).await;
        (events, way_back)
    }

    /// The answer to a call, whichever form it comes in.
    fn called(&self, id: u64) -> JoinHandle<Value> {
        let client = self.clone();
        tokio::spawn(async move {
            let text = client.post("/mcp", &call(id)).await.text().await.unwrap_or_default();
            serde_json::from_str(&text)
                .unwrap_or_else(|_| Event::all(&text).last().map(Event::json).unwrap_or_default())
        })
    }
}

/// How long until the other side ends the stream.
async fn ends_after(stream: reqwest::Response) -> Duration {
    let clock = Ambient::real();
    let _ = stream.text().await;
    clock.elapsed()
}

fn answered(answer: &Value) -> bool {
    answer["result"]["structuredContent"]["full_name"] == "acme/tools"
}

fn recorded(gateway: &Gateway) -> Vec<Value> {
    let shown = gateway.command(&["audit", "show", "--event", "tool_call", "--json"], "").unwrap().stdout;
    let all = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|record| record["tool"] == "get_repository").collect()
}

/// Waits until so many calls are on record.
async fn on_record(gateway: &Gateway, count: usize) -> Vec<Value> {
    for _ in 0..100 {
        let records = recorded(gateway);
        if records.len() >= count {
            return records;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    recorded(gateway)
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_calls_of_every_revision_end_before_the_process_and_idle_streams_hold_it_up_by_nothing() {
    let forge = forge().await;
    let mut gateway = started(&forge, &[("MCP_API_KEYS", KEY)]);
    let client = Client::of(&gateway, KEY).await;
    let alone = Client { session: String::new(), ..client.clone() };
    let (mut pipe, way_back) = client.pipe().await;
    let idle_streams = [client.standing().await, client.get("/mcp/sse", &[]).await, client.listening().await];
    slow(&forge, 4);
    let calls = [client.called(2), alone.called(2)];
    assert_eq!(client.post(&way_back, &call(2)).await.status(), 202);
    tokio::time::sleep(Duration::from_millis(500)).await;
    gateway.signal("TERM").unwrap();
    gateway.wait_for_log("stopping").unwrap();
    for idle in idle_streams {
        let after = ends_after(idle).await;
        assert!(after < Duration::from_secs(2), "nobody waits on it: {after:?}");
    }
    for call in calls {
        let answer = call.await.unwrap();
        assert!(answered(&answer), "{answer}");
    }
    let answer = pipe.next().await.unwrap().json();
    assert!(answered(&answer), "{answer}");
    assert_eq!(gateway.wait_for_end().unwrap(), Some(0));
    assert!(!gateway.log().contains("drain_over"), "{}", gateway.log());
    let records = recorded(&gateway);
    assert!(records.len() == 3 && records.iter().all(|record| record["outcome"] == "allowed"), "{records:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_a_call_whose_client_is_gone_ends_before_the_gateway_does() {
    let forge = forge().await;
    let mut gateway = started(&forge, &[("MCP_API_KEYS", KEY)]);
    let client = Client::of(&gateway, KEY).await;
    slow(&forge, 3);
    drop(client.post("/mcp", &call(2)).await);
    drop(client);
    tokio::time::sleep(Duration::from_millis(500)).await;
    gateway.signal("TERM").unwrap();
    assert_eq!(gateway.wait_for_end().unwrap(), Some(0));
    let records = recorded(&gateway);
    assert!(records.len() == 1 && records[0]["outcome"] == "allowed", "{records:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_calls_that_outlast_the_drain_are_cut_and_on_record() {
    let forge = forge().await;
    let mut gateway = started(&forge, &[("MCP_API_KEYS", KEY), ("DRAIN_SECONDS", "1")]);
    let client = Client::of(&gateway, KEY).await;
    let alone = Client { session: String::new(), ..client.clone() };
    let (_pipe, way_back) = client.pipe().await;
    slow(&forge, 30);
    let calls = [client.called(2), alone.called(2)];
    assert_eq!(client.post(&way_back, &call(2)).await.status(), 202);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let clock = Ambient::real();
    gateway.signal("TERM").unwrap();
    assert_eq!(gateway.wait_for_end().unwrap(), Some(0));
    assert!(clock.elapsed() < Duration::from_secs(8), "{:?}", clock.elapsed());
    assert!(gateway.log().contains("drain_over"), "{}", gateway.log());
    for call in calls {
        assert!(!call.await.is_ok_and(|answer| answered(&answer)));
    }
    let records = recorded(&gateway);
    assert!(records.len() == 3 && records.iter().all(|record| record["outcome"] == "failed"), "{records:?}");
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn k04_a_removed_key_ends_its_open_streams() {
    let (forge, files) = (forge().await, tempfile::tempdir().unwrap());
    let keys = files.path().join("keys");
    write(&keys, &format!("{KEY},{OTHER}"));
    let gateway = started(&forge, &[("MCP_API_KEYS_FILE", keys.to_str().unwrap())]);
    let stored = gateway.key("bob", forge.token("bob")).unwrap();
    let (removed, revoked, kept) =
        (Client::of(&gateway, KEY).await, Client::of(&gateway, &stored).await, Client::of(&gateway, OTHER).await);
    let of_removed = [removed.standing().await, removed.get("/mcp/sse", &[]).await, removed.listening().await];
    let of_revoked = [revoked.standing().await, revoked.get("/mcp/sse", &[]).await, revoked.listening().await];
    let mut of_kept = [kept.standing().await, kept.get("/mcp/sse", &[]).await, kept.listening().await];

    let listed: Value = serde_json::from_str(&gateway.command(&["key", "list", "--json"], "").unwrap().stdout).unwrap();
    let id = listed["keys"][0]["id"].as_str().unwrap();
    assert_eq!(gateway.command(&["key", "revoke", id], "").unwrap().status, Some(0));
    let clock = Ambient::real();
    for stream in of_revoked {
        ends_after(stream).await;
    }
    assert!(clock.elapsed() < Duration::from_secs(17), "a revoked key's: {:?}", clock.elapsed());

    write(&keys, OTHER);
    let clock = Ambient::real();
    for stream in of_removed {
        ends_after(stream).await;
    }
    assert!(clock.elapsed() < Duration::from_secs(5), "a removed key's: {:?}", clock.elapsed());
    for stream in &mut of_kept {
        let end = async { while stream.chunk().await.is_ok_and(|chunk| chunk.is_some()) {} };
        assert!(tokio::time::timeout(Duration::from_millis(500), end).await.is_err(), "another key's goes on");
    }
    assert!(kept.post("/mcp", &call(2)).await.text().await.unwrap().contains("acme/tools"));
}

/// 2025-11-25 basic/transports: a connection that breaks is no cancellation. It may break before the answer is there or
/// while nobody knows: the client comes back for it all the same.
#[tokio::test(flavor = "multi_thread")]
async fn h17_h18_in_a_session_the_answer_comes_on_the_stream_that_is_taken_up_again() {
    let forge = forge().await;
    let gateway = started(&forge, &[("MCP_API_KEYS", KEY)]);
    let client = Client::of(&gateway, KEY).await;
    slow(&forge, 2);
    for (id, answered_before) in [(2, false), (3, true)] {
        let mut broken = client.post("/mcp", &call(id)).await;
        let first = String::from_utf8(broken.chunk().await.unwrap().unwrap().to_vec()).unwrap();
        let event = first.lines().find_map(|line| line.strip_prefix("id:")).unwrap_or_else(|| panic!("{first}")).trim();
        drop(broken);
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(recorded(&gateway).len() as u64, id - 2, "it runs on");
        if answered_before {
            assert_eq!(on_record(&gateway, 2).await.len(), 2);
        }
        let again = [("mcp-session-id", client.session.as_str()), ("last-event-id", event)];
        for time in ["the first", "another, since its connection may have broken as well"] {
            let answer = Events::of(client.get("/mcp", &again).await).next().await.unwrap().json();
            assert!(answered(&answer) && answer["id"] == id, "{time} time: {answer}");
        }
    }
    assert!(on_record(&gateway, 2).await.iter().all(|record| record["outcome"] == "allowed"));
}

/// JSON-RPC 2.0 §4: the id tells whose an answer is, so two requests of one session cannot have the same at once.
#[tokio::test(flavor = "multi_thread")]
async fn h17_an_id_that_is_in_use_is_refused_and_the_first_request_is_answered() {
    let forge = forge().await;
    let gateway = started(&forge, &[("MCP_API_KEYS", KEY)]);
    let (client, other) = (Client::of(&gateway, KEY).await, Client::of(&gateway, KEY).await);
    slow(&forge, 2);
    let running = client.called(2);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let twice = client.post("/mcp", &call(2)).await;
    assert_eq!(twice.status(), 400);
    let refusal: Value = twice.json().await.unwrap();
    assert_eq!((&refusal["error"]["code"], &refusal["id"]), (&json!(-32600), &json!(2)), "{refusal}");
    assert!(answered(&other.called(2).await.unwrap()), "another session has ids of its own");
    assert!(answered(&running.await.unwrap()));
    assert!(answered(&client.called(2).await.unwrap()), "answered, the id is free");
}

#[tokio::test(flavor = "multi_thread")]
async fn h18_in_a_session_a_cancelled_call_ends_at_once_and_is_on_record() {
    let forge = forge().await;
    let gateway = started(&forge, &[("MCP_API_KEYS", KEY)]);
    let client = Client::of(&gateway, KEY).await;
    slow(&forge, 20);
    let running = tokio::spawn({
        let client = client.clone();
        async move { client.post("/mcp", &call(2)).await.text().await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let clock = Ambient::real();
    let cancelled = notice("notifications/cancelled", &json!({"requestId": 2, "reason": "enough"}));
    assert_eq!(client.post("/mcp", &cancelled).await.status(), 202);
    let records = on_record(&gateway, 1).await;
    assert_eq!(records[0]["outcome"], "failed", "{records:?}");
    assert!(clock.elapsed() < Duration::from_secs(4), "{:?}", clock.elapsed());
    let said = running.await.unwrap().unwrap();
    assert!(said.contains("retry:") && Event::all(&said).is_empty(), "its stream ends and says nothing: {said}");
}
