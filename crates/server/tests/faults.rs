//! What the forge's refusals and faults, and a record that cannot be written, become at the door: the status, the code,
//! the advice, when to come back; never a word of the forge's own.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at the first surprise")]

use std::fs;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Fault, FaultKind, Options, Sandbox};
use aegis_testkit::{Gateway, Reply};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");
/// A proxy's page before the forge.
const PAGE: &str = "<html><body><h1>Bad gateway</h1>words-of-the-upstream-page</body></html>";
/// Gitea's own words for a token without the scope.
const SCOPE: &str = r#"{"message":"token does not have at least one of required scope(s), required=[read:issue], token scope=read:user words-of-the-upstream-page","url":"http://forge.test/api/swagger"}"#;

async fn forge() -> Sandbox {
    Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap()
}

fn status(code: u16, headers: &[(&str, &str)], body: Option<&str>) -> FaultKind {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    FaultKind::Status { code, headers, body: body.map(str::to_owned) }
}

fn break_at(forge: &Sandbox, route: &str, kind: FaultKind) {
    forge.faults().clear();
    forge.faults().add(Fault { route: route.to_owned(), kind, count: None });
}

/// Status, code, whether there is advice, `Retry-After`.
fn told(reply: &Reply) -> (u16, String, bool, String) {
    let error = &reply.json()["error"];
    let code = error["code"].as_str().unwrap_or_default().to_owned();
    (reply.status.as_u16(), code, error["hint"].is_string(), reply.header("retry-after").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn u03_u04_u05_u06_each_answer_of_the_forge_is_told_in_our_own_words() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[("RATE_LIMIT_PER_MINUTE", "0")]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let wait = |value| status(429, &[("Retry-After", value)], Some(PAGE));
    let rows = [
        (status(401, &[], Some(PAGE)), (403, "credential_rejected", true, "")),
        (status(403, &[], Some(SCOPE)), (403, "upstream_scope_missing", true, "")),
        (status(403, &[], Some("null")), (403, "forbidden", true, "")),
        (status(404, &[], Some(PAGE)), (404, "not_found", false, "")),
        (status(405, &[], Some(PAGE)), (409, "not_allowed", true, "")),
        (status(409, &[], Some(PAGE)), (409, "conflict", true, "")),
        (status(412, &[], Some(PAGE)), (409, "conflict", true, "")),
        (status(413, &[], Some(PAGE)), (409, "too_large_for_gitea", true, "")),
        (status(422, &[], Some(PAGE)), (409, "unprocessable", true, "")),
        (status(423, &[], Some(PAGE)), (409, "locked", true, "")),
        (wait("7"), (503, "upstream_busy", true, "7")),
        (wait("31536000"), (503, "upstream_busy", true, "3600")),
        (wait("soon"), (503, "upstream_busy", true, "")),
        (status(500, &[], Some(PAGE)), (503, "upstream_unavailable", true, "1")),
        (status(502, &[], Some(PAGE)), (503, "upstream_unavailable", true, "1")),
        (status(503, &[], None), (503, "upstream_unavailable", true, "1")),
        (FaultKind::Truncate { sent_bytes: 9 }, (502, "upstream_malformed", false, "")),
        (FaultKind::Garbage, (502, "upstream_malformed", false, "")),
        (FaultKind::WrongType, (502, "upstream_malformed", false, "")),
        (FaultKind::Redirect { location: "http://elsewhere.test/".to_owned() }, (502, "upstream_malformed", false, "")),
    ];
    for (fault, wanted) in rows {
        let about = format!("{fault:?}");
        break_at(&forge, "/api/v1/repos/acme/widget/issues", fault);
        let reply = gateway.call(&key, "list_issues", json!({"repo": "acme/widget"})).await.unwrap();
        let (status, code, advised, wait) = told(&reply);
        assert_eq!((status, code.as_str(), advised, wait.as_str()), wanted, "{about}: {}", reply.text);
        assert!(!reply.text.contains("upstream-page") && !reply.text.contains('<'), "{about}: {}", reply.text);
    }
    forge.faults().clear();
    assert_eq!(gateway.call(&key, "list_issues", json!({"repo": "acme/widget"})).await.unwrap().status, 200);
    assert!(!gateway.log().contains("upstream-page"), "{}", gateway.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn u04_a_suspended_account_is_told_where_to_look() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    break_at(&forge, "/api/v1/user", status(403, &[], Some(r#"{"message":"words-of-the-upstream-page"}"#)));
    let reply = gateway.call(&key, "get_me", json!({})).await.unwrap();
    assert_eq!(told(&reply), (401, "account_suspended".to_owned(), true, String::new()), "{}", reply.text);
    assert!(!reply.text.contains("upstream-page"), "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn s01_a_failing_record_shows_in_health_and_stops_calls_until_it_can_be_written_again() {
    let forge = forge().await;
    let place = tempfile::tempdir().unwrap();
    let (witness, aside) = (place.path().join("checkpoints"), place.path().join("aside"));
    let settings = [("AUDIT_CHECKPOINT_PATH", witness.to_str().unwrap())];
    let gateway = Gateway::start(BINARY, forge.url(), &settings).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let call = || gateway.call(&key, "get_me", json!({}));
    assert_eq!(call().await.unwrap().status, 200);
    assert_eq!(health(&gateway, 200).await["status"], "healthy");

    fs::rename(&witness, &aside).unwrap();
    fs::create_dir(&witness).unwrap();
    // The failure shows with the first record that cannot be witnessed: perhaps this call's, perhaps the last one's.
    call().await.unwrap();
    assert_eq!(health(&gateway, 503).await["reasons"], json!(["audit_failing"]));
    let refused = call().await.unwrap();
    assert_eq!(told(&refused), (503, "audit_unavailable".to_owned(), true, "1".to_owned()), "{}", refused.text);

    fs::remove_dir(&witness).unwrap();
    fs::rename(&aside, &witness).unwrap();
    assert_eq!(health(&gateway, 200).await["status"], "healthy");
    assert_eq!(call().await.unwrap().status, 200);
    let verified = gateway.command(&["audit", "verify"], "").unwrap();
    assert_eq!(verified.status, Some(0), "{verified:?}");
}

/// The body of `/health` once it has this status.
async fn health(gateway: &Gateway, status: u16) -> Value {
    for _ in 0..200 {
        let reply = gateway.get("/health", None).await.unwrap();
        if reply.status == status {
            return reply.json();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("/health never became {status}: {}", gateway.log())
}
