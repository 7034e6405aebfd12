//! The HTTP door: what a stranger, a browser, an old client and a new one meet there, through the real binary.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Fault, FaultKind, Options, Sandbox};
use aegis_testkit::{Event, Events, Gateway, Reply, Rule};
use futures_util::StreamExt;
use http::Method;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");

/// A gateway before the demo forge, with a key of alice's and one of bob's.
struct Scene {
    forge: Sandbox,
    gateway: Gateway,
    alice: String,
    bob: String,
}

impl Scene {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let forge = Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap();
        let settings: Vec<_> = settings.iter().copied().chain([("RATE_LIMIT_PER_MINUTE", "0")]).collect();
        let gateway = Gateway::start(BINARY, forge.url(), &settings).unwrap();
        let alice = gateway.key("alice", forge.token("alice")).unwrap();
        let bob = gateway.key("bob", forge.token("bob")).unwrap();
        Self { forge, gateway, alice, bob }
    }

    fn request(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let request = client().request(method, format!("{}{path}", self.gateway.url()));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let answer = self.request(method, path, headers).body(body).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Reply { status, headers, text: answer.text().await.unwrap() }
    }

    /// A POST to `/mcp` by alice.
    async fn post(&self, headers: &[(&str, &str)], body: impl Into<String>) -> Reply {
        let key = format!("Bearer {}", self.alice);
        let own = [("authorization", key.as_str()), ("content-type", "application/json")];
        let headers: Vec<_> = own.into_iter().chain(headers.iter().copied()).collect();
        self.send(Method::POST, "/mcp", &headers, body.into()).await
    }

    /// Opens a session as the holder of a key; its name.
    async fn session(&self, key: &str, revision: &str) -> String {
        let key = format!("Bearer {key}");
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        let answer = self.send(Method::POST, "/mcp", &headers, initialize(revision).to_string()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.header("mcp-session-id").to_owned()
    }

    /// Whatever clients do with their sessions is no fault of ours.
    async fn no_error_was_logged(&self) {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let log = self.gateway.log();
        assert!(!log.contains(r#""level":"ERROR""#), "{log}");
    }

    async fn turned_away(&self, code: &str) -> bool {
        self.gateway.metrics().await.unwrap().contains(&format!("reason=\"{code}\""))
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap()
}

/// A forge that answers everything late.
fn slow(seconds: u64) -> Fault {
    Fault { route: "/".to_owned(), kind: FaultKind::Delay(Duration::from_secs(seconds)), count: None }
}

/// Processor time of the gateway so far, and its resident memory in kB (`proc(5)`).
fn spent(gateway: &Gateway) -> (Duration, u64) {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", gateway.process_id())).unwrap();
    let stat = read("stat");
    // After the name in parentheses, utime and stime are the twelfth and thirteenth field, in hundredths of a second.
    let ticks: u64 = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    let status = read("status");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim().trim_end_matches(" kB");
    (Duration::from_millis(ticks * 10), resident.parse().unwrap())
}

fn rpc(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn initialize(revision: &str) -> Value {
    let client = json!({"name": "t", "version": "1"});
    rpc(1, "initialize", &json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": client}))
}

/// The last message of an event stream that was read whole.
fn last_event(text: &str) -> Value {
    Event::all(text).last().map(Event::json).unwrap_or_default()
}

fn error_code(answer: &Reply) -> (u16, i64) {
    (answer.status.as_u16(), answer.json()["error"]["code"].as_i64().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_a_token_anywhere_but_in_one_header_is_no_credential_and_is_not_logged() {
    let scene = Scene::start(&[("LOG_LEVEL", "trace")]).await;
    let key = scene.alice.clone();
    let bearer = format!("Bearer {key}");
    let json = ("content-type", "application/json");
    let call = json!({"tool": "get_me", "arguments": {}}).to_string();
    for (path, headers) in [
        (format!("/mcp/tool/call?access_token={key}"), vec![json]),
        ("/mcp/tool/call".to_owned(), vec![json, ("cookie", key.as_str())]),
        ("/mcp/tool/call".to_owned(), vec![json, ("authorization", &bearer), ("authorization", &bearer)]),
        (format!("/mcp?access_token={key}"), vec![json]),
    ] {
        let answer = scene.send(Method::POST, &path, &headers, call.clone()).await;
        assert_eq!(answer.status, 401, "{path} {answer:?}");
        assert!(answer.header("www-authenticate").starts_with("Bearer "), "{answer:?}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = scene.send(Method::POST, "/mcp/tool/call", &form, format!("access_token={key}")).await;
    assert_eq!(answer.status, 401);
    let good = scene.send(Method::POST, "/mcp/tool/call", &[json, ("authorization", &bearer)], call).await;
    assert_eq!(good.status, 200, "{good:?}");
    assert!(!scene.gateway.log().contains(&key), "the key is in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_h02_h04_foreign_hosts_and_pages_stay_outside_and_configured_pages_get_what_they_need() {
    let scene = Scene::start(&[("ALLOWED_ORIGINS", "https://app.acme.test")]).await;
    let list = rpc(1, "tools/list", &json!({})).to_string();
    for (headers, status) in [
        (vec![("host", "evil.acme.test")], 403),
        (vec![("origin", "https://evil.acme.test")], 403),
        (vec![("origin", "null")], 403),
        (vec![("origin", "https://app.acme.test"), ("origin", "https://app.acme.test")], 403),
        (vec![("origin", "https://app.acme.test")], 200),
        (vec![], 200),
    ] {
        let answer = scene.post(&headers, list.as_str()).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?} {answer:?}");
        let named = answer.header("access-control-allow-origin");
        let page = headers == [("origin", "https://app.acme.test")];
        assert_eq!(named, if page { "https://app.acme.test" } else { "" }, "{headers:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
    // The browser asks first, without a credential.
    let asks = [
        ("origin", "https://app.acme.test"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,mcp-protocol-version,mcp-method,mcp-name"),
    ];
    let allowed = scene.send(Method::OPTIONS, "/mcp", &asks, "").await;
    assert!(allowed.status.is_success(), "{allowed:?}");
    for header in ["authorization", "mcp-protocol-version", "mcp-session-id", "last-event-id"] {
        assert!(allowed.header("access-control-allow-headers").contains(header), "{header} {allowed:?}");
    }
    let foreign = [("origin", "https://evil.acme.test"), asks[1], asks[2]];
    assert_eq!(scene.send(Method::OPTIONS, "/mcp", &foreign, "").await.status, 403);
    assert!(scene.turned_away("origin_not_allowed").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn h05_h06_a_session_is_its_owners_and_to_everyone_else_it_does_not_exist() {
    let scene = Scene::start(&[]).await;
    let generate = ["key", "generate", "--owner", "alice", "--scopes", "write:repository"];
    let wide = scene.gateway.command(&generate, scene.forge.token("alice")).unwrap().stdout.trim().to_owned();
    let session = scene.session(&wide, "2025-11-25").await;
    assert_eq!(session.len(), 32, "{session}");
    let list = rpc(2, "tools/list", &json!({})).to_string();
    let as_holder = async |key: &str, method: Method, id: &str| {
        let key = format!("Bearer {key}");
        let body = if method == Method::POST { list.clone() } else { String::new() };
        let headers = [
            ("authorization", key.as_str()),
            ("content-type", "application/json"),
            ("accept", "text/event-stream"),
            ("mcp-session-id", id),
        ];
        scene.send(method, "/mcp", &headers, body).await
    };
    // Alice's own narrower key is a stranger too.
    for stranger in [scene.bob.as_str(), scene.alice.as_str()] {
        for method in [Method::POST, Method::GET, Method::DELETE] {
            let foreign = as_holder(stranger, method.clone(), &session).await;
            let unknown = as_holder(stranger, method.clone(), &"0".repeat(32)).await;
            assert_eq!(foreign.status, 404, "{method} {foreign:?}");
            let said = |reply: &Reply| (reply.status, reply.json()["error"]["message"].clone());
            assert_eq!(said(&foreign), said(&unknown), "{method}");
        }
    }
    assert_eq!(as_holder("", Method::POST, &session).await.status, 401);
    let own = as_holder(&wide, Method::POST, &session).await;
    assert_eq!(own.status, 200, "the owner's session survived: {own:?}");
    assert!(last_event(&own.text)["result"]["tools"].is_array(), "{own:?}");
    assert_eq!(as_holder(&wide, Method::DELETE, &session).await.status, 204);
    assert_eq!(as_holder(&wide, Method::POST, &session).await.status, 404);
    scene.no_error_was_logged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h05_names_of_sessions_do_not_follow_each_other() {
    let scene = Scene::start(&[]).await;
    let mut names = std::collections::HashSet::new();
    for _ in 0..20 {
        let name = scene.session(&scene.alice, "2025-06-18").await;
        assert!(u128::from_str_radix(&name, 16).is_ok(), "{name}");
        assert!(names.insert(name));
    }
    let numbers: Vec<u128> = names.iter().map(|name| u128::from_str_radix(name, 16).unwrap()).collect();
    let near = numbers.iter().any(|a| numbers.iter().any(|b| a != b && a.abs_diff(*b) < 1 << 64));
    assert!(!near, "128 random bits are far apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn h08_a_flood_of_sessions_turns_out_the_floods_own_oldest() {
    let scene = Scene::start(&[]).await;
    let bobs = scene.session(&scene.bob, "2025-11-25").await;
    let first = scene.session(&scene.alice, "2025-11-25").await;
    for _ in 0..64 {
        scene.session(&scene.alice, "2025-11-25").await;
    }
    let list = rpc(2, "tools/list", &json!({})).to_string();
    assert_eq!(scene.post(&[("mcp-session-id", &first)], list.as_str()).await.status, 404);
    let bob = format!("Bearer {}", scene.bob);
    let headers = [("authorization", bob.as_str()), ("content-type", "application/json"), ("mcp-session-id", &bobs)];
    assert_eq!(scene.send(Method::POST, "/mcp", &headers, list).await.status, 200, "bob's is untouched");
    scene.no_error_was_logged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h08_without_sessions_every_request_stands_alone() {
    let scene = Scene::start(&[("MCP_SESSIONS", "off")]).await;
    let answer = scene.post(&[], initialize("2025-11-25").to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.header("mcp-session-id")), (200, ""), "{answer:?}");
    assert_eq!(answer.json()["result"]["protocolVersion"], "2025-11-25");
    let list = scene.post(&[("mcp-session-id", "anything")], rpc(2, "tools/list", &json!({})).to_string()).await;
    assert!(list.json()["result"]["tools"].is_array(), "{list:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h08_handshakes_and_lists_are_charged_ten_to_a_call() {
    let forge = Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap();
    let gateway = Gateway::start(BINARY, forge.url(), &[("RATE_LIMIT_PER_MINUTE", "2")]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let ask = async |method: &str| gateway.post("/mcp", Some(&key), &rpc(1, method, &json!({}))).await.unwrap();
    for _ in 0..20 {
        assert_eq!(ask("ping").await.status, 200);
    }
    let over = ask("tools/list").await;
    assert_eq!(error_code(&over), (429, -32603), "{over:?}");
    assert!(over.header("retry-after").parse::<u64>().unwrap() >= 1);
    for list_or_stream in ["/mcp/tools", "/mcp/sse"] {
        assert_eq!(gateway.get(list_or_stream, Some(&key)).await.unwrap().status, 429, "{list_or_stream}");
    }
    let batch = gateway.post("/mcp", Some(&key), &json!([rpc(1, "ping", &json!({}))])).await.unwrap().json();
    assert_eq!(batch[0]["error"]["data"]["code"], "rate_limited", "{batch}");
    assert_eq!(gateway.call(&key, "get_me", json!({})).await.unwrap().status, 200, "calls have a budget of their own");

    // Nor is a stream of a session, once the budget is spent.
    let carol = gateway.key("carol", forge.token("carol")).unwrap();
    let opened = gateway.post("/mcp", Some(&carol), &initialize("2025-11-25")).await.unwrap();
    let stand = async || {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
        let stream = client.get(format!("{}/mcp", gateway.url())).bearer_auth(&carol);
        stream.header("mcp-session-id", opened.header("mcp-session-id")).send().await.unwrap()
    };
    assert_eq!(stand().await.status(), 200, "it is charged and has a place");
    let ping = rpc(1, "ping", &json!({}));
    for _ in 0..18 {
        assert_eq!(gateway.post("/mcp", Some(&carol), &ping).await.unwrap().status, 200);
    }
    let refused: Value = stand().await.json().await.unwrap();
    assert_eq!(refused["error"]["data"]["code"], "rate_limited", "{refused}");

    // What asks for nothing, or says nothing, is no cheaper.
    let bob = gateway.key("bob", forge.token("bob")).unwrap();
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let said = async |path: &str, body: &Value| gateway.post(path, Some(&bob), body).await.unwrap().status.as_u16();
    for (path, body, good) in [
        ("/mcp", note, 202),
        ("/mcp", json!({"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "get_me"}}), 202),
        ("/mcp", json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call"}), 400),
        ("/mcp", json!({}), 400),
        ("/messages", json!(1), 400),
        ("/mcp/tool/call", json!({}), 400),
    ] {
        let mut heard = Vec::new();
        while heard.len() < 60 && !heard.contains(&429) {
            heard.push(said(path, &body).await);
        }
        assert!(heard.pop() == Some(429) && heard.iter().all(|status| *status == good), "{path} {body} {heard:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_bodies_end_at_their_limit_and_nothing_compressed_is_opened() {
    let scene = Scene::start(&[]).await;
    let pad = |bytes: usize| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping"{}}}"#, " ".repeat(bytes));
    let whole = 4 * 1024 * 1024 - pad(0).len();
    assert_eq!(scene.post(&[], pad(whole)).await.status, 200);
    let large = scene.post(&[], pad(whole + 1)).await;
    assert_eq!(error_code(&large), (413, -32600), "{large:?}");
    let key = format!("Bearer {}", scene.alice);
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 65_536])).take(100);
    let chunked = scene.request(Method::POST, "/mcp", &headers).body(reqwest::Body::wrap_stream(endless)).send().await;
    // The refusal comes while the body is still being sent; a client that goes on sending may only see the close.
    assert!(chunked.is_err() || chunked.is_ok_and(|answer| answer.status() == 413));
    for encoding in ["gzip", "br", "identity", "gzip, gzip"] {
        let answer = scene.post(&[("content-encoding", encoding)], pad(0)).await;
        assert_eq!(error_code(&answer), (415, -32600), "{encoding}");
    }
    let other = [("authorization", key.as_str()), ("content-type", "text/plain")];
    assert_eq!(error_code(&scene.send(Method::POST, "/mcp", &other, pad(0)).await), (415, -32600));
    assert_eq!(scene.send(Method::POST, "/mcp", &headers[..1], pad(0)).await.status, 200, "no type is taken for JSON");
    assert!(scene.turned_away("body_too_large").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn h11_h12_bodies_that_can_be_read_two_ways_or_not_at_all_are_refused_quickly() {
    let scene = Scene::start(&[]).await;
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","arguments":{}}}"#;
    assert_eq!(scene.post(&[], call).await.status, 200);
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{}1{}}}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let wide: serde_json::Map<_, _> = (0..200_000).map(|number| (format!("k{number}"), json!(1))).collect();
    let wide = rpc(1, "ping", &wide.into()).to_string();
    let long = format!(r#"{{"jsonrpc":"2.0","id":{},"method":"ping"}}"#, "9".repeat(1_000_000));
    for (body, code) in [
        ("", -32700),
        ("{", -32700),
        ("NaN", -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#, -32700),
        (long.as_str(), -32700),
        (deep.as_str(), -32600),
        (wide.as_str(), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"Method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","paramſ":{}}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#, -32602),
    ] {
        let clock = Ambient::real();
        let answer = scene.post(&[], body).await;
        let shown: String = body.chars().take(60).collect();
        assert_eq!(error_code(&answer), (400, code), "{shown} {answer:?}");
        assert!(clock.elapsed() < Duration::from_secs(5), "{shown}");
        assert!(answer.json()["error"]["data"]["correlation_id"].is_string(), "{answer:?}");
    }
    // Told by the process itself, unoptimised as tests are: a hundredth of a second for each is the right order.
    let before = spent(&scene.gateway);
    for body in [deep.as_str(), wide.as_str(), long.as_str()].repeat(10) {
        assert_eq!(scene.post(&[], body).await.status, 400);
    }
    let after = spent(&scene.gateway);
    let (processor, resident_kb) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
    assert!(processor < Duration::from_secs(3), "30 bodies took {processor:?} of the processor");
    assert!(resident_kb < 64 * 1024, "30 bodies left {resident_kb} kB behind");
    for bytes in [b"\xff\xfe".to_vec(), b"{\"a\":\"\xc3\x28\"}".to_vec()] {
        let key = format!("Bearer {}", scene.alice);
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        assert_eq!(error_code(&scene.send(Method::POST, "/mcp", &headers, bytes).await), (400, -32700));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h12_headers_say_what_the_body_says_and_say_it_once() {
    let scene = Scene::start(&[]).await;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let call = rpc(1, "tools/call", &json!({"name": "get_me", "arguments": {}, "_meta": meta})).to_string();
    let version = ("mcp-protocol-version", "2026-07-28");
    let (method, name) = (("mcp-method", "tools/call"), ("mcp-name", "get_me"));
    let good = scene.post(&[version, method, name], call.as_str()).await;
    assert_eq!(good.status, 200, "{good:?}");
    assert_eq!(good.json()["result"]["resultType"], "complete", "{good:?}");
    for headers in [
        vec![version, ("mcp-method", "tools/list"), name],
        vec![version, method, ("mcp-name", "get_repository")],
        vec![version, name],
        vec![version, method],
        vec![("mcp-protocol-version", "2025-11-25"), method, name],
        vec![method, name],
    ] {
        let answer = scene.post(&headers, call.as_str()).await;
        assert_eq!(error_code(&answer), (400, -32020), "{headers:?} {answer:?}");
    }
    let hello = initialize("2025-11-25").to_string();
    for headers in [
        vec![version],
        vec![("mcp-protocol-version", "2025-06-18")],
        vec![version, ("mcp-method", "tools/call")],
        vec![("mcp-protocol-version", "2025-11-25"), ("mcp-method", "initialize")],
        vec![("mcp-protocol-version", "2025-11-25")],
        vec![],
    ] {
        let answer = scene.post(&headers, hello.as_str()).await;
        let agrees = headers.first().is_none_or(|(_, named)| *named == "2025-11-25");
        assert_eq!(answer.status.as_u16(), if agrees { 200 } else { 400 }, "{headers:?} {answer:?}");
        assert_eq!(answer.header("mcp-session-id").is_empty(), !agrees, "{headers:?}");
    }
    let unsaid = rpc(1, "initialize", &json!({"protocolVersion": "2025-11-25"})).to_string();
    let answer = scene.post(&[], unsaid).await;
    assert!(answer.json()["error"].is_object() && answer.header("mcp-session-id").is_empty(), "{answer:?}");
    for twice in [vec![version, version, method, name], vec![version, method, method, name]] {
        let answer = scene.post(&twice, call.as_str()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]["code"]),
            (400, &json!("header_twice")),
            "{twice:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h15_a_batch_is_2025_03_26s_and_each_of_its_messages_is_a_call_of_its_own() {
    let scene = Scene::start(&[]).await;
    let call = |id: u64, repo: &str| {
        let arguments = json!({"repo": repo});
        rpc(
            id,
            "tools/call",
            &json!({"name": "get_repository", "arguments": arguments, "_meta": {"progressToken": id}}),
        )
    };
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let batch = json!([
        call(1, "acme/tools"),
        note,
        call(2, "bob/nothing"),
        initialize("2025-03-26"),
        rpc(4, "ping", &json!({}))
    ]);
    let answer = scene.post(&[], batch.to_string()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answers = answer.json();
    assert_eq!(answers.as_array().unwrap().len(), 4, "{answers}");
    assert_eq!(answers[0]["result"]["structuredContent"]["full_name"], "acme/tools", "{answers}");
    assert_eq!(answers[1]["result"]["isError"], true);
    assert_eq!(answers[2]["error"]["code"], -32600);
    assert_eq!((&answers[3]["id"], &answers[3]["result"]), (&json!(4), &json!({})));
    assert_eq!(scene.post(&[], json!([note]).to_string()).await.status, 202);
    tokio::time::sleep(Duration::from_millis(150)).await;
    let shown = scene.gateway.command(&["audit", "show", "--event", "tool_call", "--json"], "").unwrap();
    assert_eq!(shown.stdout.lines().count(), 2, "each call has its record: {shown:?}");

    for version in ["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"] {
        let answer = scene.post(&[("mcp-protocol-version", version)], batch.to_string()).await;
        assert_eq!(error_code(&answer), (400, -32600), "{version} {answer:?}");
    }
    let newer = scene.session(&scene.alice, "2025-06-18").await;
    assert_eq!(error_code(&scene.post(&[("mcp-session-id", &newer)], batch.to_string()).await), (400, -32600));
    let older = scene.session(&scene.alice, "2025-03-26").await;
    assert_eq!(scene.post(&[("mcp-session-id", &older)], batch.to_string()).await.status, 200);
    // One place, one call at a time.
    let delay = FaultKind::Delay(Duration::from_millis(500));
    scene.forge.faults().add(Fault { route: "/api/v1/repos/acme/tools".to_owned(), kind: delay, count: None });
    let clock = Ambient::real();
    let three = json!([call(1, "acme/tools"), call(2, "acme/tools"), call(3, "acme/tools")]);
    assert_eq!(scene.post(&[], three.to_string()).await.json().as_array().unwrap().len(), 3);
    assert!(clock.elapsed() >= Duration::from_millis(1_500), "{:?}", clock.elapsed());
    let many = Value::Array(vec![rpc(1, "ping", &json!({})); 10_000]);
    assert_eq!(error_code(&scene.post(&[], many.to_string()).await), (400, -32600));
    assert_eq!(error_code(&scene.post(&[], "[]").await), (400, -32600));
}

#[tokio::test(flavor = "multi_thread")]
async fn h19_every_revision_gets_its_own_answers_and_unknown_ones_the_codes_of_the_protocol() {
    let scene = Scene::start(&[]).await;
    for (asked, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
        ("2031-01-01", "2025-11-25"),
    ] {
        let answer = scene.post(&[], initialize(asked).to_string()).await;
        assert_eq!(answer.json()["result"]["protocolVersion"], answered, "{asked} {answer:?}");
    }
    let meta = |version: &str| {
        json!({"_meta": {
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
        }})
    };
    let modern = async |version: &str, method: &str| {
        let headers = [("mcp-protocol-version", version), ("mcp-method", method)];
        scene.post(&headers, rpc(1, method, &meta(version)).to_string()).await
    };
    let found = modern("2026-07-28", "server/discover").await;
    assert_eq!(found.status, 200, "{found:?}");
    let supported = found.json()["result"]["supportedVersions"].clone();
    assert!(supported.as_array().unwrap().contains(&json!("2025-03-26")), "{found:?}");
    let listed = modern("2026-07-28", "tools/list").await.json();
    assert_eq!(listed["result"]["cacheScope"], "private", "{listed}");
    assert_eq!(listed["result"]["resultType"], "complete");
    let unknown = modern("2031-01-01", "tools/list").await;
    assert_eq!(error_code(&unknown), (400, -32022), "{unknown:?}");
    let data = &unknown.json()["error"]["data"];
    assert!(data["supported"].is_array() && data["requested"] == "2031-01-01", "{data}");
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call")];
    let contradicts = scene.post(&headers, rpc(1, "tools/list", &json!({})).to_string()).await;
    assert_eq!(error_code(&contradicts), (400, -32020), "without `_meta` too: {contradicts:?}");
    let session = scene.session(&scene.alice, "2025-11-25").await;
    let headers = [("mcp-protocol-version", "2025-11-25"), ("mcp-session-id", session.as_str())];
    let two_revisions = scene.post(&headers, rpc(1, "tools/list", &meta("2026-07-28")).to_string()).await;
    assert_eq!(error_code(&two_revisions), (400, -32020), "in a session too: {two_revisions:?}");
    let mut long = meta("2026-07-28");
    long["notifications"] = json!({"resourceSubscriptions": ["x".repeat(70_000)]});
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "subscriptions/listen")];
    let long = scene.post(&headers, rpc(1, "subscriptions/listen", &long).to_string()).await;
    assert_eq!(error_code(&long), (413, -32600), "it would be kept as long as somebody listens: {long:?}");
    for gone in ["initialize", "ping", "logging/setLevel", "resources/subscribe", "no/such"] {
        assert_eq!(error_code(&modern("2026-07-28", gone).await), (404, -32601), "{gone}");
    }
    let list = rpc(1, "tools/list", &json!({})).to_string();
    let nonsense = scene.post(&[("mcp-protocol-version", "1999-01-01")], list.as_str()).await;
    assert_eq!(error_code(&nonsense), (400, -32600), "{nonsense:?}");
    let later = scene.post(&[("mcp-protocol-version", "2031-01-01")], list.as_str()).await;
    assert_eq!(error_code(&later), (400, -32022), "{later:?}");
    let unnamed = scene.post(&[], list).await;
    assert!(unnamed.json()["result"]["tools"].is_array(), "{unnamed:?}");
    assert!(unnamed.json()["result"].get("resultType").is_none(), "older revisions know no resultType");
    let unknown = scene.post(&[], rpc(7, "no/such", &json!({})).to_string()).await;
    assert_eq!(error_code(&unknown), (200, -32601), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_with_nothing_behind_it_is_not_declared_and_no_method() {
    let scene = Scene::start(&[]).await;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let modern = async |method: &str, mut params: Value| {
        let name = params.get("name").or(params.get("uri")).and_then(Value::as_str).unwrap_or("none").to_owned();
        params["_meta"] = meta.clone();
        let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", method), ("mcp-name", name.as_str())];
        scene.post(&headers, rpc(1, method, &params).to_string()).await
    };
    let found = modern("server/discover", json!({})).await;
    assert_eq!(found.json()["result"]["capabilities"], json!({"tools": {"listChanged": true}}), "{found:?}");
    let older = scene.post(&[], initialize("2025-11-25").to_string()).await;
    assert_eq!(older.json()["result"]["capabilities"], json!({"tools": {}}), "{older:?}");
    let argument = json!({"name": "a", "value": ""});
    for (method, params) in [
        ("prompts/list", json!({})),
        ("prompts/get", json!({"name": "a"})),
        ("prompts/get", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "gitea://acme/tools"})),
        ("completion/complete", json!({"ref": {"type": "ref/prompt", "name": "a"}, "argument": argument})),
    ] {
        let answer = modern(method, params.clone()).await;
        assert_eq!(error_code(&answer), (404, -32601), "{method} {answer:?}");
        let answer = scene.post(&[], rpc(1, method, &params).to_string()).await;
        assert_eq!(error_code(&answer), (200, -32601), "{method} {answer:?}");
    }
    let bare = scene.post(&[], rpc(1, "tools/call", &json!({})).to_string()).await;
    assert_eq!(error_code(&bare), (400, -32602), "{bare:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_one_page_and_there_is_no_other() {
    let scene = Scene::start(&[]).await;
    let list = async |params: Value| scene.post(&[], rpc(1, "tools/list", &params).to_string()).await.json();
    assert_eq!(list(json!({})).await["result"]["tools"].as_array().unwrap().len(), 20);
    assert_eq!(list(json!({"cursor": "MjA="})).await["error"]["code"], -32602);
}

/// Older revisions get a list that lies ready, 2026-07-28 one that is built. Both show what their caller may call.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_lies_ready_is_the_one_that_is_built_for_its_caller() {
    let policy = tempfile::NamedTempFile::new().unwrap();
    let tools = &["get_me", "list_repositories"];
    let not_bob = Rule { id: "not-bob", who: &["bob"], tools, ..Rule::DENY_ALL };
    std::fs::write(policy.path(), format!("{}{not_bob}", Rule::ALLOW_ALL)).unwrap();
    let scene = Scene::start(&[("POLICY_PATH", policy.path().to_str().unwrap())]).await;
    let meta = json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }});
    for (caller, count) in [(&scene.alice, 20), (&scene.bob, 18)] {
        let key = format!("Bearer {caller}");
        let list = async |more: &[(&str, &str)], list: Value| {
            let own = [("authorization", key.as_str()), ("content-type", "application/json")];
            let headers: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
            scene.send(Method::POST, "/mcp", &headers, list.to_string()).await
        };
        let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")];
        let built = list(&headers, rpc(1, "tools/list", &meta)).await.json()["result"]["tools"].clone();
        assert_eq!(built.as_array().unwrap().len(), count, "{built}");
        assert_eq!(built.to_string().contains(r#""name":"get_me""#), count == 20, "{built}");
        let session = scene.session(caller, "2025-11-25").await;
        let of_session = [("mcp-session-id", session.as_str())];
        for headers in [&[] as &[(&str, &str)], &of_session] {
            for id in [json!(7), json!("a \"quoted\" \u{2028} id"), json!("")] {
                let answer = list(headers, json!({"jsonrpc": "2.0", "id": id, "method": "tools/list"})).await;
                let answer = if headers.is_empty() { answer.json() } else { last_event(&answer.text) };
                let ready = json!({"jsonrpc": "2.0", "id": id, "result": {"tools": built}});
                assert_eq!(answer.to_string(), ready.to_string());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h20_d01_odd_methods_and_paths_meet_no_tool_without_a_credential() {
    let scene = Scene::start(&[]).await;
    for path in ["/mcp", "/mcp/", "/mcp/sse", "/messages", "/mcp/tools", "/mcp/tool/call", "/mcp/sse/messages"] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = scene.send(method.clone(), path, &[], "").await;
            assert!([401, 404, 405].contains(&answer.status.as_u16()), "{method} {path} {answer:?}");
        }
    }
    for path in [
        "//mcp",
        "/MCP",
        "/mcp/..;/tools",
        "/mcp%2ftools",
        "/%6dcp",
        "/healthz/../mcp",
        "/health/..%2fmcp/tools",
        "/mcp/tools/",
        "/mcp/tool/call/x",
        "/metrics",
        "/debug",
    ] {
        let answer = scene.send(Method::GET, path, &[], "").await;
        assert!([401, 404, 405].contains(&answer.status.as_u16()), "{path} {answer:?}");
    }
    let health = scene.send(Method::GET, "/health?/mcp/tools", &[("user-agent", "kube-probe/1.0")], "").await;
    assert!(health.json()["tools"].is_null());
    let list = rpc(1, "tools/list", &json!({})).to_string();
    for path in ["/mcp", "/mcp/", "/mcp/sse"] {
        let key = format!("Bearer {}", scene.alice);
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        let answer = scene.send(Method::POST, path, &headers, list.clone()).await;
        assert_eq!(answer.status, 200, "{path}: served without a redirect");
        assert_eq!(scene.send(Method::HEAD, path, &headers, "").await.status, 200, "{path}");
        assert_eq!(scene.send(Method::HEAD, path, &[], "").await.status, 401, "{path}");
        let put = scene.send(Method::PUT, path, &headers, "").await;
        assert_eq!(put.status, 405, "{put:?}");
    }
    let key = format!("Bearer {}", scene.alice);
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let no_session = scene.send(method.clone(), "/mcp", &[("authorization", &key)], "").await;
        assert_eq!((no_session.status.as_u16(), no_session.header("allow")), (405, "POST"), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h19_scripts_get_one_answer_to_a_handshake_and_no_session() {
    let scene = Scene::start(&[]).await;
    let answer = scene.gateway.post("/messages", Some(&scene.alice), &initialize("2025-11-25")).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.header("mcp-session-id")), (200, ""), "{answer:?}");
    assert_eq!(answer.json()["result"]["protocolVersion"], "2025-11-25", "plain JSON: {answer:?}");
}

/// Clients show the message of a JSON-RPC error, and of any other body at best the status.
#[tokio::test(flavor = "multi_thread")]
async fn t11_where_the_protocol_is_spoken_a_refused_sign_in_is_an_error_of_the_protocol() {
    let scene = Scene::start(&[]).await;
    let list = rpc(1, "tools/list", &json!({}));
    let wrong = "a-key-that-nobody-has-ever-made-here-9Zx";
    for path in ["/mcp", "/mcp/sse", "/messages"] {
        let stranger = scene.gateway.post(path, None, &list).await.unwrap();
        assert_eq!(error_code(&stranger), (401, -32600), "{stranger:?}");
        assert_eq!(stranger.json()["error"]["data"]["code"], "missing_api_key", "{stranger:?}");
        assert!(stranger.header("www-authenticate").starts_with("Bearer "), "{stranger:?}");
    }
    let guess = scene.gateway.post("/mcp", Some(wrong), &list).await.unwrap().json();
    assert!(guess["error"]["message"].as_str().unwrap().contains("4 tries left"), "{guess}");
    let script = scene.gateway.post("/mcp/tool/call", None, &json!({"tool": "get_me"})).await.unwrap();
    assert_eq!((script.status.as_u16(), &script.json()["error"]["code"]), (401, &json!("missing_api_key")));
}

#[tokio::test(flavor = "multi_thread")]
async fn d02_what_is_public_tells_our_own_version_and_nothing_else() {
    let scene = Scene::start(&[]).await;
    let host = scene.forge.url().trim_start_matches("http://").to_owned();
    for path in ["/", "/health", "/health/live", "/health/ready", "/nothing"] {
        let answer = scene.send(Method::GET, path, &[], "").await;
        for private in [host.as_str(), "alice", "bob", "1.26", "gitea/", "acme"] {
            assert!(!answer.text.contains(private), "{path} tells {private}: {}", answer.text);
        }
        assert_eq!(answer.header("server"), "", "{path}");
    }
    assert_eq!(scene.send(Method::GET, "/metrics", &[], "").await.status, 404, "metrics have a listener of their own");
    let metrics = scene.gateway.metrics().await.unwrap();
    assert!(metrics.contains("aegis_"));
    for private in [host.as_str(), "alice", "bob", "acme"] {
        assert!(!metrics.contains(private), "{private}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h17_the_stream_of_2024_11_05_is_its_owners_and_answers_by_events() {
    let scene = Scene::start(&[]).await;
    let key = format!("Bearer {}", scene.alice);
    let answer = scene.request(Method::GET, "/mcp/sse", &[("authorization", &key)]).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
    let mut events = Events::of(answer);
    let Event { name, data: way_back } = events.next().await.unwrap();
    assert_eq!(name, "endpoint");
    assert!(way_back.starts_with("/mcp/sse/messages?sessionId="), "{way_back}");

    let say = async |key: &str, message: Value| {
        let key = format!("Bearer {key}");
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        scene.send(Method::POST, &way_back, &headers, message.to_string()).await
    };
    assert_eq!(say(&scene.bob, initialize("2024-11-05")).await.status, 404, "somebody else's stream is not there");
    assert_eq!(say(&scene.alice, initialize("2024-11-05")).await.status, 202);
    let hello = events.next().await.unwrap();
    assert_eq!((hello.name.as_str(), &hello.json()["result"]["protocolVersion"]), ("message", &json!("2024-11-05")));
    say(&scene.alice, json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    let call = json!({"name": "get_repository", "arguments": {"repo": "acme/tools"}});
    assert_eq!(say(&scene.alice, rpc(2, "tools/call", &call)).await.status, 202);
    let answer = events.next().await.unwrap().json();
    assert_eq!(answer["result"]["structuredContent"]["full_name"], "acme/tools", "{answer}");
    tokio::time::sleep(Duration::from_millis(150)).await;
    let shown =
        scene.gateway.command(&["audit", "show", "--event", "tool_call", "--limit", "1", "--json"], "").unwrap();
    assert!(shown.stdout.contains("\"transport\":\"sse\""), "{shown:?}");

    drop(events);
    let gone = async || {
        for _ in 0..100 {
            if say(&scene.alice, rpc(3, "ping", &json!({}))).await.status == 404 {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    };
    assert!(gone().await, "a closed stream leaves nothing behind");
    let off = Scene::start(&[("LEGACY_SSE", "off")]).await;
    let key = format!("Bearer {}", off.alice);
    assert_eq!(off.request(Method::GET, "/mcp/sse", &[("authorization", &key)]).send().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn h17_streams_of_one_key_are_counted_and_resuming_is_the_owners() {
    let scene = Scene::start(&[]).await;
    let (key, bob) = (format!("Bearer {}", scene.alice), format!("Bearer {}", scene.bob));
    let mut open = Vec::new();
    for _ in 0..16 {
        let answer = scene.request(Method::GET, "/mcp/sse", &[("authorization", &key)]).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        open.push(answer);
    }
    let over = scene.send(Method::GET, "/mcp/sse", &[("authorization", &key)], "").await;
    assert_eq!((over.status.as_u16(), over.header("retry-after")), (429, "1"), "{over:?}");
    let other = scene.request(Method::GET, "/mcp/sse", &[("authorization", &bob)]).send().await.unwrap();
    assert_eq!(other.status(), 200, "another's share is untouched");

    let session = scene.session(&scene.alice, "2025-11-25").await;
    let resume = async |key: &str, event: &str| {
        let headers = [
            ("authorization", key),
            ("accept", "text/event-stream"),
            ("mcp-session-id", session.as_str()),
            ("last-event-id", event),
        ];
        scene.request(Method::GET, "/mcp", &headers).send().await.unwrap()
    };
    assert_eq!(resume(&bob, "0").await.status(), 404);
    for forged in ["0/0", "99999999999999999999", "../../x", &"9".repeat(4_000)] {
        let answer = resume(&key, forged).await;
        assert_eq!(answer.status(), 200, "{forged}");
        let text = tokio::time::timeout(Duration::from_secs(5), answer.text()).await;
        assert_eq!(text.unwrap().unwrap().trim(), "", "{forged}: there is nothing to resume");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h18_who_goes_away_takes_the_call_along_and_it_is_on_record() {
    let scene = Scene::start(&[]).await;
    // Gitea has said whose key it is; what hangs from here on is the call.
    assert_eq!(scene.gateway.call(&scene.alice, "get_me", json!({})).await.unwrap().status, 200);
    scene.forge.faults().add(slow(20));
    let call =
        rpc(1, "tools/call", &json!({"name": "get_repository", "arguments": {"repo": "acme/tools"}})).to_string();
    let key = format!("Bearer {}", scene.alice);
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let request = scene.request(Method::POST, "/mcp", &headers).body(call).timeout(Duration::from_millis(500));
    assert!(request.send().await.is_err(), "the client gave up");
    let mut shown = String::new();
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        shown = scene.gateway.command(&["audit", "show", "--event", "tool_call", "--json"], "").unwrap().stdout;
        if shown.contains("get_repository") {
            break;
        }
    }
    assert!(shown.contains("\"outcome\":\"failed\""), "well before Gitea would have answered: {shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn u02_one_callers_hanging_forge_leaves_the_others_their_places() {
    let scene = Scene::start(&[]).await;
    let session = client();
    assert_eq!(scene.gateway.call(&scene.alice, "get_me", json!({})).await.unwrap().status, 200);
    scene.forge.faults().add(slow(15));
    let call =
        rpc(1, "tools/call", &json!({"name": "get_repository", "arguments": {"repo": "acme/tools"}})).to_string();
    let mut hanging = Vec::new();
    for _ in 0..80 {
        let request = session
            .post(format!("{}/mcp", scene.gateway.url()))
            .bearer_auth(&scene.alice)
            .header("content-type", "application/json")
            .body(call.clone());
        hanging.push(tokio::spawn(request.send()));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let shed = scene.post(&[], call.as_str()).await;
    assert_eq!((shed.status.as_u16(), shed.header("retry-after")), (429, "1"), "{shed:?}");
    assert_eq!(shed.json()["error"]["data"]["code"], "too_many_at_once");
    scene.forge.faults().clear();
    let clock = Ambient::real();
    let answer = scene.gateway.call(&scene.bob, "get_me", json!({})).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(clock.elapsed() < Duration::from_secs(5), "bob did not wait for alice's forge");
    for request in hanging {
        request.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h07_answers_never_cross_between_callers_who_count_alike() {
    let scene = Scene::start(&[]).await;
    let ask = async |key: &str, login: &str, count: usize| {
        let client = client();
        for _ in 0..count {
            let body = rpc(1, "tools/call", &json!({"name": "get_me", "arguments": {}}));
            let request = client.post(format!("{}/mcp", scene.gateway.url())).bearer_auth(key).json(&body);
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["result"]["structuredContent"]["login"], login, "{answer}");
        }
    };
    let (alice, bob) = (scene.alice.as_str(), scene.bob.as_str());
    let many = (0..8).map(|lane| if lane % 2 == 0 { ask(alice, "alice", 40) } else { ask(bob, "bob", 40) });
    futures_util::future::join_all(many).await;
}
