//! The ways in, each allowed beside refused, through the real binary.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Fault, FaultKind, Options, Sandbox};
use aegis_testkit::{Gateway, Reply};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");
/// Two keys for `MCP_API_KEYS` and a service token. They let into nothing but these tests.
const KEY: &str = "first-shared-key-of-these-tests-9Q4xT7";
const OTHER_KEY: &str = "second-shared-key-of-these-tests-2Lw8Rz";
const SERVICE: &str = "service-token-of-these-tests-5Vb3Ny6Jd";

async fn forge() -> Sandbox {
    Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap()
}

async fn login(gateway: &Gateway, key: &str) -> (u16, String) {
    let answer = gateway.call(key, "get_me", json!({})).await.unwrap();
    let body = answer.json();
    let word = body["result"]["login"].as_str().or(body["error"]["code"].as_str()).unwrap_or_default();
    (answer.status.as_u16(), word.to_owned())
}

async fn knock(gateway: &Gateway, address: [u8; 4], key: &str) -> Reply {
    let call = json!({"tool": "get_me", "arguments": {}});
    gateway.post_from(Some(address), "/mcp/tool/call", Some(key), &call).await.unwrap()
}

fn refused(code: &str) -> (u16, String) {
    (401, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_in_acts_as_its_own_person_and_no_other_gets_in() {
    let forge = forge().await;
    let (alice, bob) = (forge.token("alice").to_owned(), forge.token("bob").to_owned());
    let settings = [
        ("MCP_API_KEYS", KEY),
        ("GITEA_TOKEN", &alice),
        ("GITEA_MCP_STATIC_TOKEN", SERVICE),
        ("GITEA_MCP_DEFAULT_TOKEN", &bob),
    ];
    let gateway = Gateway::start(BINARY, forge.url(), &settings).unwrap();
    let bobs = gateway.key("bob", &bob).unwrap();
    let as_person = |login: &str| (200, login.to_owned());
    assert_eq!(login(&gateway, KEY).await, as_person("alice"));
    assert_eq!(login(&gateway, SERVICE).await, as_person("bob"));
    assert_eq!(login(&gateway, &bobs).await, as_person("bob"));
    assert_eq!(login(&gateway, OTHER_KEY).await, refused("invalid_api_key"));
    // The credential behind a key lets nobody in: two words for two tokens.
    assert_eq!(login(&gateway, &alice).await, refused("invalid_api_key"));
    assert_eq!(login(&gateway, "short").await, refused("invalid_key_format"));
    assert_eq!(login(&gateway, "aegis_at_of-a-later-version-of-this-gateway").await, refused("invalid_token"));
    assert_eq!(login(&gateway, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.").await, refused("invalid_token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn giteas_own_tokens_get_in_only_where_the_operator_lets_them() {
    let forge = forge().await;
    let bob = forge.token("bob").to_owned();
    let off = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    assert_eq!(login(&off, &bob).await, refused("invalid_api_key"));
    let any = Gateway::start(BINARY, forge.url(), &[("GITEA_TOKENS", "any")]).unwrap();
    assert_eq!(login(&any, &bob).await, (200, "bob".to_owned()));
    assert_eq!(login(&any, &"0f".repeat(20)).await, refused("invalid_token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn t17_two_peoples_tokens_never_share_an_answer() {
    let forge = forge().await;
    let gateway =
        Gateway::start(BINARY, forge.url(), &[("GITEA_TOKENS", "any"), ("RATE_LIMIT_PER_MINUTE", "0")]).unwrap();
    for _ in 0..5 {
        for person in ["alice", "bob"] {
            assert_eq!(login(&gateway, forge.token(person)).await, (200, person.to_owned()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_administrators_token_is_no_shared_account() {
    let forge = forge().await;
    let carol = forge.token("carol").to_owned();
    let gateway = Gateway::start(BINARY, forge.url(), &[("MCP_API_KEYS", KEY), ("GITEA_TOKEN", &carol)]).unwrap();
    assert_eq!(login(&gateway, KEY).await, (403, "account_refused".to_owned()));
    let refused = gateway.call(KEY, "get_me", json!({})).await.unwrap().json();
    assert!(refused["error"]["message"].as_str().unwrap().contains("a site administrator's"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn u12_a_check_that_cannot_run_is_a_refusal() {
    let forge = forge().await;
    let alice = forge.token("alice").to_owned();
    let settings = [("MCP_API_KEYS", KEY), ("GITEA_TOKEN", alice.as_str()), ("GITEA_TOKENS", "any")];
    let down = FaultKind::Status { code: 503, headers: Vec::new(), body: None };
    forge.faults().add(Fault { route: "/api/v1/user".to_owned(), kind: down, count: None });
    let gateway = Gateway::start(BINARY, forge.url(), &settings).unwrap();
    for key in [KEY, forge.token("bob")] {
        assert_eq!(login(&gateway, key).await, (503, "authentication_unavailable".to_owned()));
    }
    forge.faults().clear();
    assert_eq!(login(&gateway, KEY).await, (200, "alice".to_owned()));
    assert_eq!(login(&gateway, forge.token("bob")).await, (200, "bob".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn k05_k06_k10_wrong_keys_lock_their_own_address_and_a_restart_clears_nothing() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let (guesser, other) = ([127, 0, 0, 9], [127, 0, 0, 8]);
    for left in (0..5).rev() {
        let answer = knock(&gateway, guesser, OTHER_KEY).await;
        assert_eq!(answer.status, 401);
        let hint = answer.json()["error"]["hint"].as_str().unwrap().to_owned();
        assert!(hint.starts_with(&format!("{left} ")), "{hint}");
    }
    for presented in [OTHER_KEY, &key] {
        let locked = knock(&gateway, guesser, presented).await;
        assert_eq!(locked.status, 429, "a locked address is told nothing, right key or wrong");
        assert_eq!(locked.json()["error"]["message"], "Too many failed authentication attempts");
        let wait: u64 = locked.header("retry-after").parse().unwrap();
        assert!((290..=300).contains(&wait), "{wait}");
    }
    assert_eq!(knock(&gateway, other, &key).await.status, 200, "the right key from another address works");

    let before = starts(&gateway);
    let gateway = gateway.restart().unwrap();
    assert_eq!(starts(&gateway), before + 1, "a restart left no record");
    assert_eq!(knock(&gateway, guesser, &key).await.status, 429, "a restart cleared the lock");
    assert_eq!(knock(&gateway, other, &key).await.status, 200);

    let unlocked = gateway.command(&["key", "unlock", "127.0.0.9"], "").unwrap();
    assert_eq!(unlocked.status, Some(0), "{}", unlocked.stderr);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(knock(&gateway, guesser, &key).await.status, 200, "the operator unlocked it");
    let nobody = gateway.command(&["key", "unlock", "127.0.0.7"], "").unwrap();
    assert!(nobody.stderr.contains("is not locked"), "{}", nobody.stderr);
}

/// How many starts are on record.
fn starts(gateway: &Gateway) -> usize {
    let shown = gateway.command(&["audit", "show", "--event", "started", "--json"], "").unwrap();
    assert_eq!(shown.status, Some(0), "{shown:?}");
    shown.stdout.lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn k05_the_operator_says_how_many_tries_there_are_and_for_how_long() {
    let forge = forge().await;
    let settings = [("MAX_AUTH_FAILURES", "2"), ("AUTH_FAILURE_WINDOW", "60")];
    let gateway = Gateway::start(BINARY, forge.url(), &settings).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let (stranger, known) = ([127, 0, 0, 12], [127, 0, 0, 13]);
    for _ in 0..2 {
        assert_eq!(knock(&gateway, stranger, OTHER_KEY).await.status, 401);
    }
    for presented in [OTHER_KEY, &key] {
        let locked = knock(&gateway, stranger, presented).await;
        let wait: u64 = locked.header("retry-after").parse().unwrap();
        assert_eq!((locked.status.as_u16(), (50..=60).contains(&wait)), (429, true), "{wait}");
    }
    // An address that used a right key within a day has four times as many.
    assert_eq!(knock(&gateway, known, &key).await.status, 200);
    for _ in 0..8 {
        assert_eq!(knock(&gateway, known, OTHER_KEY).await.status, 401);
    }
    assert_eq!(knock(&gateway, known, &key).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn k05_what_is_no_guess_never_counts() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let address = [127, 0, 0, 10];
    for _ in 0..10 {
        for token in ["aegis_at_expired-long-ago-and-never-counted", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln"] {
            assert_eq!(knock(&gateway, address, token).await.status, 401);
        }
    }
    assert_eq!(knock(&gateway, address, &key).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn k05_a_key_that_was_right_once_clears_no_count() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let dead = gateway.key("alice", forge.token("alice")).unwrap();
    let listed = gateway.command(&["key", "list", "--json"], "").unwrap().stdout;
    let id = serde_json::from_str::<Value>(&listed).unwrap()["keys"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(gateway.command(&["key", "revoke", &id], "").unwrap().status, Some(0));
    let address = [127, 0, 0, 11];
    for _ in 0..4 {
        assert_eq!(knock(&gateway, address, OTHER_KEY).await.status, 401);
        assert_eq!(knock(&gateway, address, &dead).await.json()["error"]["code"], "invalid_token");
    }
    assert_eq!(knock(&gateway, address, OTHER_KEY).await.status, 401);
    assert_eq!(knock(&gateway, address, OTHER_KEY).await.status, 429, "a dead key kept the address open");
}

/// `make real` names it so.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_starts_by_a_relative_path_too() {
    let up = "../".repeat(env!("CARGO_MANIFEST_DIR").matches('/').count());
    let forge = forge().await;
    let gateway = Gateway::start(&format!("{up}{}", BINARY.trim_start_matches('/')), forge.url(), &[]).unwrap();
    let alice = gateway.key("alice", forge.token("alice")).unwrap();
    assert_eq!(login(&gateway, &alice).await, (200, "alice".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_asks_counts_whatever_becomes_of_it() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[("RATE_LIMIT_PER_MINUTE", "6")]).unwrap();
    let (alice, bob) = (forge.token("alice"), forge.token("bob"));
    let (alice, bob) = (gateway.key("alice", alice).unwrap(), gateway.key("bob", bob).unwrap());
    for tool in ["no_such_tool", "get_me", "get_repository", "no_such_tool", "get_me", "get_repository"] {
        assert_ne!(gateway.call(&alice, tool, json!({})).await.unwrap().status, 429, "{tool}");
    }
    let over = gateway.call(&alice, "get_me", json!({})).await.unwrap();
    assert_eq!((over.status.as_u16(), &over.json()["error"]["code"]), (429, &json!("rate_limited")));
    assert!(!over.header("retry-after").is_empty());
    assert_eq!(login(&gateway, &bob).await, (200, "bob".to_owned()), "one person's budget is nobody else's");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_get_in_spends_what_the_address_has_and_nothing_of_a_persons() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[("RATE_LIMIT_PER_MINUTE", "1")]).unwrap();
    let alice = gateway.key("alice", forge.token("alice")).unwrap();
    let call = json!({"tool": "get_me", "arguments": {}});
    let stranger = || gateway.post("/mcp/tool/call", None, &call);
    // Ten times what a person has, and what comes back meanwhile.
    let mut refused = 0;
    let over = loop {
        let answer = stranger().await.unwrap();
        if answer.status != 401 {
            break answer;
        }
        refused += 1;
        assert!(refused < 30, "a stranger's address is never refused");
    };
    assert!(refused >= 10, "{refused}");
    assert_eq!((over.status.as_u16(), &over.json()["error"]["code"]), (429, &json!("rate_limited")));
    let wait: u64 = over.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(login(&gateway, &alice).await, (200, "alice".to_owned()), "a flood of strangers kept alice out");
}

/// Bodies are read before it shows that they are not for us.
#[tokio::test(flavor = "multi_thread")]
async fn u02_what_is_read_and_then_refused_costs_as_much_as_a_list() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[("RATE_LIMIT_PER_MINUTE", "1")]).unwrap();
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    for (login, header, body, refused) in [
        ("alice", ("mcp-session-id", "00000000000000000000000000000000"), list.clone(), 404),
        ("bob", ("mcp-protocol-version", "2025-06-18"), json!([list]), 400),
        ("carol", ("mcp-protocol-version", "1999-01-01"), list.clone(), 400),
    ] {
        let key = gateway.key(login, forge.token(login)).unwrap();
        let send = || {
            let request = reqwest::Client::new().post(format!("{}/mcp", gateway.url())).bearer_auth(&key);
            request.header(header.0, header.1).json(&body).send()
        };
        let mut before = 0;
        while send().await.unwrap().status() == refused {
            before += 1;
            assert!(before < 30, "{login} is never told to wait");
        }
        assert!(before >= 10, "{login}: {before}");
        assert_eq!(send().await.unwrap().status(), 429, "{login}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_with_a_limit_of_its_own_leaves_the_others_theirs() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[("RATE_LIMIT_PER_TOOL", "get_me=1")]).unwrap();
    let alice = gateway.key("alice", forge.token("alice")).unwrap();
    let bob = gateway.key("bob", forge.token("bob")).unwrap();
    assert_eq!(login(&gateway, &alice).await, (200, "alice".to_owned()));
    let over = gateway.call(&alice, "get_me", json!({})).await.unwrap();
    assert_eq!((over.status.as_u16(), &over.json()["error"]["code"]), (429, &json!("rate_limited")));
    assert!(!over.header("retry-after").is_empty());
    assert_eq!(gateway.call(&alice, "get_server_info", json!({})).await.unwrap().status, 200);
    assert_eq!(login(&gateway, &bob).await, (200, "bob".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn k07_forwarded_addresses_count_only_from_trusted_proxies() {
    let forge = forge().await;
    let strict = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let trusting = Gateway::start(BINARY, forge.url(), &[("TRUSTED_PROXIES", "127.0.0.1")]).unwrap();
    let guess = |gateway: &Gateway, from: &'static str| {
        let request = reqwest::Client::new().post(format!("{}/mcp/tool/call", gateway.url())).bearer_auth(OTHER_KEY);
        let request = request.header("x-forwarded-for", from).json(&json!({"tool": "get_me"}));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    for from in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"] {
        assert_eq!(guess(&strict, from).await, 401);
        assert_eq!(guess(&trusting, from).await, 401);
    }
    assert_eq!(guess(&strict, "192.0.2.6").await, 429, "an untrusted peer chose its own address");
    assert_eq!(guess(&trusting, "192.0.2.6").await, 401, "one client behind the proxy locked out another");
    for _ in 0..4 {
        assert_eq!(guess(&trusting, "192.0.2.6").await, 401);
    }
    assert_eq!(guess(&trusting, "192.0.2.6").await, 429);
    let log: Vec<Value> = strict.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(log.iter().any(|line| line["event"] == "invalid_api_key" && line["address"] == "127.0.0.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn k04_a_changed_secret_file_is_taken_up_and_a_bad_one_is_not() {
    let forge = forge().await;
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("keys");
    let write = |text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write(&format!("{KEY}\n"));
    let (alice, named) = (forge.token("alice").to_owned(), path.display().to_string());
    let settings = [("MCP_API_KEYS_FILE", named.as_str()), ("GITEA_TOKEN", alice.as_str())];
    let mut gateway = Gateway::start(BINARY, forge.url(), &settings).unwrap();
    assert_eq!(login(&gateway, KEY).await.0, 200);
    assert_eq!(login(&gateway, OTHER_KEY).await.0, 401);

    write(&format!("{OTHER_KEY}\n"));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(login(&gateway, OTHER_KEY).await.0, 200, "a new key works within five seconds");
    assert_eq!(login(&gateway, KEY).await.0, 401, "a removed key is refused within five seconds");

    write("changeme\n");
    gateway.wait_for_log("secret_file_refused").unwrap();
    assert_eq!(login(&gateway, OTHER_KEY).await.0, 200, "the last good value stays");
    assert!(!gateway.log().contains(KEY) && !gateway.log().contains(OTHER_KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn t20_a_megabyte_of_credential_is_refused_before_anything_is_computed() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    // The gateway itself asks now and then whether the forge is there.
    let asked = || forge.requests().iter().filter(|request| !request.path.ends_with("/version")).count();
    let before = asked();
    let kilobytes = login(&gateway, &"k".repeat(8 * 1024)).await;
    assert_eq!(kilobytes, refused("invalid_key_format"));
    let request = reqwest::Client::new().get(format!("{}/mcp/tools", gateway.url())).bearer_auth("k".repeat(1 << 20));
    match request.send().await {
        Ok(answer) => assert_eq!(answer.status(), 431),
        Err(error) => assert!(error.is_request() || error.is_body(), "{error}"),
    }
    assert_eq!(gateway.get("/health/live", None).await.unwrap().status, 200);
    assert_eq!(asked(), before, "a refused credential reached the forge");
}
