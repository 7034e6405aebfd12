//! The pipeline with tools of its own: a panic, a stall, a refusal. Each leaves one record and harms no other call.

use std::collections::BTreeSet;
use std::future::pending;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gate::redact::{self, Action};
use aegis_gate::{
    Account, Answer, CallError, Catalog, Output, Policy, ReadPermit, ReadTool, Repository, Scope, ToolError, ToolSpec,
    Toolset,
};
use aegis_gitea::RepositoryId;
use aegis_testkit::{Rule, Setup, TestGate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const KEY: &str = "aegis_ak_a-key-of-the-tests-of-the-pipeline-3Vx8";

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Serialize, JsonSchema)]
struct Login {
    login: String,
}

impl Output for Login {}

const fn spec(name: &'static str) -> ToolSpec {
    ToolSpec {
        name,
        title: "Test",
        description: "Test.",
        toolset: Toolset::Context,
        scope: Scope::ReadRepository,
        endpoints: &[],
        aliases: &[],
    }
}

macro_rules! account_tool {
    ($tool:ident, $name:literal, |$permit:ident| $run:expr) => {
        struct $tool;

        impl ReadTool for $tool {
            const SPEC: ToolSpec = spec($name);
            type Arguments = Nothing;
            type Output = Login;
            type Target = Account;

            fn target(_: &Nothing) -> Result<Account, ToolError> {
                Ok(Account)
            }

            async fn run($permit: &ReadPermit<Account>, _: &Nothing) -> Result<Login, ToolError> {
                $run
            }
        }
    };
}

account_tool!(Panics, "panics", |_permit| panic!("on purpose"));
account_tool!(Stalls, "stalls", |_permit| pending().await);
account_tool!(Whoami, "whoami", |permit| Ok(Login { login: permit.reader().user().await?.login }));

/// Reads whatever repository it was written to read, whatever it was asked for.
struct Fixed;

impl ReadTool for Fixed {
    const SPEC: ToolSpec = spec("fixed");
    type Arguments = Nothing;
    type Output = Login;
    type Target = Repository;

    fn target(_: &Nothing) -> Result<Repository, ToolError> {
        Ok(Repository::new(RepositoryId::parse("alice/notes")?))
    }

    async fn run(permit: &ReadPermit<Repository>, _: &Nothing) -> Result<Login, ToolError> {
        Ok(Login { login: permit.reader().repository().await?.full_name.to_string() })
    }
}

/// Says what it was told, bare under a header.
struct Echo;

#[derive(Deserialize, JsonSchema)]
struct Words {
    text: String,
}

#[derive(Serialize, JsonSchema)]
struct Echoed {
    text: String,
}

impl Output for Echoed {
    const FILE_TEXT: &'static [&'static str] = &["text"];
    const BARE_TEXT: Option<&'static str> = Some("text");
    const UNTRUSTED: bool = false;
}

impl ReadTool for Echo {
    const SPEC: ToolSpec = spec("echo");
    type Arguments = Words;
    type Output = Echoed;
    type Target = Account;

    fn target(_: &Words) -> Result<Account, ToolError> {
        Ok(Account)
    }

    async fn run(_: &ReadPermit<Account>, words: &Words) -> Result<Echoed, ToolError> {
        Ok(Echoed { text: words.text.clone() })
    }
}

/// Of the form of a GitLab token, in two parts so that this file holds none.
fn secret() -> String {
    ["gl", "pat-x7Kq2mZr9TbW4nLs8VdY"].concat()
}

fn catalog() -> Catalog {
    Catalog::default().read::<Panics>().read::<Stalls>().read::<Whoami>().read::<Fixed>().read::<Echo>()
}

async fn login(test: &TestGate, person: &str) -> Result<Value, CallError> {
    let answer: Answer = test.call(person, "whoami", json!({})).await?;
    Ok(answer.structured.get("login").cloned().unwrap_or_default())
}

#[tokio::test]
async fn s10_a_tool_that_panics_fails_its_own_call_and_no_other() {
    let test = TestGate::start(catalog()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(test.call("alice", "panics", json!({})).await, Err(CallError::Internal));
        assert_eq!(login(&test, "alice").await, Ok(json!("alice")));
    }
    let records = test.records().await.unwrap();
    let panicked = records.iter().filter(|record| record.text("tool") == Some("panics"));
    let codes: Vec<_> = panicked.map(|record| (record.text("outcome"), record.text("code"))).collect();
    assert_eq!(codes, vec![(Some("failed"), Some("internal")); 3]);
}

#[tokio::test]
async fn g12_a_call_that_takes_too_long_ends_and_is_on_record_as_failed() {
    let setup = Setup { call_deadline: Duration::from_millis(50), ..Setup::new(catalog()) };
    let test = setup.start().await.unwrap();
    assert_eq!(test.call("alice", "stalls", json!({})).await, Err(CallError::UpstreamTimeout));
    assert_eq!(login(&test, "alice").await, Ok(json!("alice")));
    let records = test.records().await.unwrap();
    let stalled: Vec<_> = records.iter().filter(|record| record.text("tool") == Some("stalls")).collect();
    assert_eq!(stalled.len(), 1);
    assert_eq!((stalled[0].text("outcome"), stalled[0].text("code")), (Some("failed"), Some("upstream_timeout")));
}

#[tokio::test]
async fn what_is_set_to_be_blocked_does_not_leave_and_the_record_says_so() {
    let blocks = redact::Settings { default: Action::Block, ..redact::Settings::default() };
    let test = Setup { redact: blocks, ..Setup::new(catalog()) }.start().await.unwrap();
    let Err(CallError::SecretMasked { rule, .. }) = test.call("alice", "echo", json!({"text": secret()})).await else {
        panic!("a secret left")
    };
    assert_eq!(rule, "gitlab-token");
    assert!(test.call("alice", "echo", json!({"text": "no secret"})).await.is_ok());
    let masking = TestGate::start(catalog()).await.unwrap();
    let masked = masking.call("alice", "echo", json!({"text": secret()})).await.unwrap();
    assert!(!masked.text.contains(&secret()) && masked.text.contains("gitlab-token"), "{}", masked.text);
    let records = test.records().await.unwrap();
    let codes: Vec<_> = records.iter().filter(|record| record.text("tool") == Some("echo")).collect();
    assert_eq!((codes[0].text("outcome"), codes[0].text("code")), (Some("denied"), Some("secret_masked")));
}

#[tokio::test]
async fn g12_an_answer_three_times_as_long_as_a_file_may_be_does_not_leave() {
    let test = Setup { max_file_bytes: 100, ..Setup::new(catalog()) }.start().await.unwrap();
    assert!(test.call("alice", "echo", json!({"text": "x".repeat(100)})).await.is_ok());
    let refused = test.call("alice", "echo", json!({"text": "x".repeat(300)})).await;
    assert!(matches!(refused, Err(CallError::TooLarge { limit_bytes: 300, .. })), "{refused:?}");
}

#[tokio::test]
async fn c06_each_answer_has_a_nonce_of_its_own() {
    let test = TestGate::start(catalog()).await.unwrap();
    let mut nonces = BTreeSet::new();
    for _ in 0..3 {
        let answer = test.call("alice", "echo", json!({"text": "the same"})).await.unwrap();
        let (header, _) = answer.text.split_once('\n').unwrap();
        let header: Value = serde_json::from_str(header).unwrap();
        let nonce = header["nonce"].as_str().unwrap().to_owned();
        assert!(nonce.len() == 16 && nonce.bytes().all(|digit| digit.is_ascii_hexdigit()), "{nonce}");
        nonces.insert(nonce);
    }
    assert_eq!(nonces.len(), 3);
}

#[tokio::test]
async fn a_call_nobody_waits_for_any_more_is_on_record() {
    let test = TestGate::start(catalog()).await.unwrap();
    let call = test.call("alice", "stalls", json!({}));
    let gone = tokio::time::timeout(Duration::from_millis(200), call).await;
    assert!(gone.is_err(), "the stalled call answered");
    assert_eq!(login(&test, "bob").await, Ok(json!("bob")));
    let records = test.records().await.unwrap();
    let stalled = records.iter().find(|record| record.text("tool") == Some("stalls")).unwrap();
    assert_eq!((stalled.text("outcome"), stalled.text("code")), (Some("failed"), Some("abandoned")));
}

#[tokio::test]
async fn s01_when_the_record_cannot_be_written_nothing_runs() {
    let test = TestGate::start(catalog()).await.unwrap();
    let principal = test.principal("alice").await.unwrap();
    test.gate.audit().close().await;
    let before = test.sandbox.requests().len();
    let call = aegis_gate::Call::tool("whoami", serde_json::Map::new());
    let refused = test.gate.call(&principal, call, aegis_gate::Ask::alone(&test.origin())).await;
    assert_eq!(refused, Err(CallError::AuditUnavailable));
    assert_eq!(test.sandbox.requests().len(), before, "a call without a record reached the forge");
}

#[tokio::test]
async fn a_key_made_under_a_denied_login_stays_denied_under_the_next_and_a_number_is_met_by_any() {
    let (ambient, clock) = Ambient::frozen("2026-11-21T12:00:00Z".parse().unwrap());
    let denied = Rule { who: &["alice"], ..Rule::DENY_ALL };
    let policy = |denied: Rule<'_>| format!("{}{denied}", Rule::ALLOW_ALL);
    let test = Setup { ambient, ..Setup::new(catalog()) }.policy(&policy(denied)).start().await.unwrap();
    let (token, id) = (test.sandbox.token("alice").to_owned(), test.principal("alice").await.unwrap().account_id());
    test.store_key("alice", KEY).await.unwrap();
    assert!(test.sandbox.rename_person("alice", "alicia"));
    clock.advance(Duration::from_mins(1));
    let (by_key, by_token) = (test.holder(KEY).await.unwrap(), test.holder(&token).await.unwrap());
    assert_eq!((by_key.login(), by_token.login()), ("alicia", "alicia"));
    assert_eq!(test.gate.list(&by_key).count(), 0, "a new login passed round the rule");
    assert!(test.gate.list(&by_token).count() > 0, "nobody knows what the owner of a token was called");
    let by_number = policy(Rule { who: &[&format!("id:{id}")], ..Rule::DENY_ALL });
    test.gate.replace_policy(Policy::parse(&by_number, &test.gate.catalog().names()).unwrap());
    assert_eq!(test.gate.list(&by_key).count() + test.gate.list(&by_token).count(), 0);
}

#[tokio::test]
async fn a_tool_is_held_to_the_target_it_named() {
    let only = Rule { id: "tools-only", repositories: &["acme/tools"], ..Rule::ALLOW_ALL };
    let open = TestGate::start(catalog()).await.unwrap();
    assert!(open.call("alice", "fixed", json!({})).await.is_ok());
    let Err(CallError::NotFound { name, .. }) = open.call("bob", "fixed", json!({})).await else {
        panic!("bob read alice's repository")
    };
    assert_eq!(name, "alice/notes");
    let narrow = Setup::new(catalog()).policy(&only.to_string()).start().await.unwrap();
    narrow.principal("alice").await.unwrap();
    let before = narrow.sandbox.requests().len();
    let denied = narrow.call("alice", "fixed", json!({})).await;
    assert_eq!(denied, Err(CallError::PolicyDenied { rule: "no_rule_allows".to_owned() }));
    assert_eq!(narrow.sandbox.requests().len(), before, "a denied target reached the forge");
}
