//! The curl lines people already have answer as they always did.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Fault, FaultKind, Options, Sandbox};
use aegis_testkit::Gateway;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");

async fn forge() -> Sandbox {
    Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_the_guide_answers_as_written() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();

    let health = gateway.get("/health", None).await.unwrap();
    assert_eq!(health.status, 200);
    assert_eq!(health.json(), json!({"status": "healthy", "version": env!("CARGO_PKG_VERSION")}));

    let tools = gateway.get("/mcp/tools", Some(&key)).await.unwrap();
    assert!(tools.text.starts_with(r#"{"tools":[{"name":"get_me","#), "{}", tools.text);

    let repositories = gateway.call(&key, "list_repositories", json!({})).await.unwrap();
    let body = repositories.json();
    assert_eq!((repositories.status.as_u16(), &body["success"]), (200, &json!(true)));
    let names: Vec<_> = body["result"]["items"].as_array().unwrap().iter().map(|row| &row["full_name"]).collect();
    assert!(names.contains(&&json!("alice/notes")), "{names:?}");
    assert_eq!(body["correlation_id"].as_str(), Some(repositories.header("x-request-id")));

    let call = json!({"tool": "list_repositories", "arguments": {}});
    let stranger = gateway.post("/mcp/tool/call", None, &call).await.unwrap();
    assert_eq!(stranger.status, 401);
    assert!(stranger.header("www-authenticate").starts_with("Bearer "), "{}", stranger.header("www-authenticate"));
    assert_eq!(stranger.json()["error"]["code"], "missing_api_key");

    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let messages = gateway.post("/messages", Some(&key), &list).await.unwrap();
    assert!(messages.text.starts_with(r#"{"jsonrpc":"2.0","id":1,"result":{"tools":["#), "{}", messages.text);
    assert_eq!(messages.json()["result"]["tools"], tools.json()["tools"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_security_headers_and_nobody_is_redirected() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let mut answers = Vec::new();
    for path in ["/", "/health", "/health/live", "/mcp/tools", "/nothing", "/mcp", "/mcp/"] {
        answers.push((path, gateway.get(path, None).await.unwrap()));
        answers.push((path, gateway.post(path, Some(&key), &list).await.unwrap()));
    }
    for (path, answer) in answers {
        assert!(!answer.status.is_redirection(), "{path}: {}", answer.status);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 16, "{path}");
        assert!(answer.header("strict-transport-security").is_empty(), "{path}: HSTS over http");
    }
    for path in ["/mcp", "/mcp/"] {
        let answer = gateway.post(path, Some(&key), &list).await.unwrap();
        assert_eq!(answer.json()["result"]["tools"][0]["name"], "get_me", "{path}: {}", answer.text);
    }
    let page = gateway.get("/", None).await.unwrap();
    assert!(page.text.contains("AegisGitea-MCP") && page.header("content-type").starts_with("text/html"));
    assert!(!page.text.contains(forge.url()), "the landing page tells strangers where the forge is");
}

#[tokio::test(flavor = "multi_thread")]
async fn c13_no_path_and_nothing_of_the_forges_becomes_a_header() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[("RATE_LIMIT_PER_MINUTE", "0")]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let file = async |path: &str| {
        let arguments = json!({"repo": "acme/tools", "path": path});
        let answer = gateway.call(&key, "get_file_contents", arguments).await.unwrap();
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        (answer.status.as_u16(), names, format!("{:?}", answer.headers))
    };
    let (found, there, _) = file("README.md").await;
    let (status, absent, _) = file("absent.md").await;
    assert_eq!((found, status), (200, 404));
    for hostile in ["a\"; filename=\"evil.md", "a%0d%0aX-Evil: 1.md", "a';X-Evil=1.md", "%0d%0a%0d%0a<evil>.md"] {
        let (status, names, values) = file(hostile).await;
        assert_eq!((status, &names), (404, &absent), "{hostile}");
        assert!(!values.to_lowercase().contains("evil"), "{values}");
    }
    // What the forge says of a file in its own headers stays there too.
    let said = [("Content-Disposition", "attachment; filename=\"evil.md\""), ("X-Evil", "1"), ("Set-Cookie", "evil=1")];
    let headers = said.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let kind = FaultKind::Status { code: 200, headers, body: Some("{\"entries\": null}".to_owned()) };
    forge.faults().add(Fault { route: "/api/v1/repos/acme/tools/".to_owned(), kind, count: None });
    let (_, names, values) = file("README.md").await;
    assert!(names.iter().all(|name| there.contains(name)), "{names:?}");
    assert!(!values.contains("evil"), "{values}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_request_get_the_protocols_own_errors() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let raw = |body: &'static str| {
        let request = reqwest::Client::new().post(format!("{}/mcp", gateway.url())).bearer_auth(&key);
        async move {
            let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["error"]["code"].as_i64())
        }
    };
    assert_eq!(raw("{nonsense").await, (400, Some(-32700)));
    assert_eq!(raw("[]").await, (400, Some(-32600)));
    let nameless = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#;
    assert_eq!(raw(nameless).await, (400, Some(-32602)));
    let twice = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","name":"get_repository"}}"#;
    assert_eq!(raw(twice).await.0, 400, "a name given twice is not guessed at");
    let unknown = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_mee"}});
    let unknown = gateway.post("/mcp", Some(&key), &unknown).await.unwrap().json();
    assert_eq!(unknown["error"]["code"], -32602);
    assert!(unknown["error"]["message"].as_str().unwrap().contains("did you mean `get_me`?"), "{unknown}");
    let huge = json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "y".repeat(5 * 1024 * 1024)}});
    assert_eq!(gateway.post("/mcp", Some(&key), &huge).await.unwrap().status, 413);
}
