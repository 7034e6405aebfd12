//! How often, at the door and behind it: whoever is over a limit costs Gitea nothing and the record next to nothing.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use aegis_ambient::{Ambient, FrozenClock};
use aegis_gate::{AuthnError, CallError, Catalog, LimitSettings, Origin, Principal, RawCredential};
use aegis_sandbox::{Fault, FaultKind};
use aegis_testkit::{Setup, TestGate};
use futures_util::future::join_all;
use serde_json::json;

const KEY: &str = "aegis_ak_a-key-of-the-tests-of-budgets-7Hs2Kq9";
const WRONG: &str = "aegis_ak_a-key-that-nobody-was-ever-given-1Zt";

/// One call a minute for each person, so ten failed sign-ins for each address. The clock stands still.
async fn gate() -> (TestGate, FrozenClock) {
    let (ambient, clock) = Ambient::frozen("2026-11-21T12:00:00Z".parse().unwrap());
    let limits = LimitSettings { per_principal_per_minute: NonZeroU32::new(1), ..LimitSettings::default() };
    (Setup { ambient, limits, ..Setup::new(Catalog::default()) }.start().await.unwrap(), clock)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

async fn knock(test: &TestGate, address: IpAddr, raw: &RawCredential) -> Result<Principal, AuthnError> {
    let origin = Origin { address: Some(address), ..test.origin() };
    test.gate.authenticate(raw, &origin).await
}

fn bearer(value: &str) -> RawCredential {
    RawCredential::Bearer(value.into())
}

/// A token of Gitea's form that is none.
fn guess(number: usize) -> RawCredential {
    bearer(&format!("{number:040x}"))
}

fn asked(test: &TestGate) -> usize {
    test.sandbox.requests().iter().filter(|request| request.path == "/api/v1/user").count()
}

fn is_over(verdict: &Result<Principal, AuthnError>) -> bool {
    matches!(verdict, Err(AuthnError::RateLimited { .. }))
}

#[tokio::test]
async fn a06_many_guesses_at_once_reach_gitea_no_oftener_than_one_after_another() {
    let (test, _clock) = gate().await;
    let (crowded, quiet) = (address("192.0.2.1"), address("192.0.2.2"));
    let alice = bearer(test.sandbox.token("alice"));
    assert!(knock(&test, crowded, &alice).await.is_ok());
    let before = asked(&test);
    let guesses: Vec<_> = (0..100).map(guess).collect();
    let verdicts = join_all(guesses.iter().map(|guess| knock(&test, crowded, guess))).await;
    assert_eq!(asked(&test) - before, 9, "alice's own token was the first of ten");
    assert_eq!(verdicts.iter().filter(|verdict| is_over(verdict)).count(), 91);
    assert!(
        verdicts
            .iter()
            .filter(|verdict| !is_over(verdict))
            .all(|verdict| *verdict.as_ref().unwrap_err() == AuthnError::InvalidToken)
    );
    assert!(knock(&test, crowded, &alice).await.is_ok(), "whom Gitea vouched for a moment ago is not asked about");
    assert!(knock(&test, quiet, &bearer(test.sandbox.token("bob"))).await.is_ok());
    let records = test.records().await.unwrap();
    let lines = records.iter().filter(|record| record.text("code") == Some("invalid_token")).count();
    let counted: u64 = records.iter().filter_map(|record| record.field("count")?.as_u64()).sum();
    assert_eq!((lines, counted), (9, 91));
    assert!(!records.iter().any(|record| record.text("code") == Some("rate_limited")), "a flood was written down");
}

#[tokio::test]
async fn an_address_over_its_limit_still_hears_what_is_no_fault_of_its_credential() {
    let (test, clock) = gate().await;
    test.store_key("alice", KEY).await.unwrap();
    let (crowded, guesser) = (address("192.0.2.1"), address("192.0.2.2"));
    for _ in 0..10 {
        assert_eq!(knock(&test, crowded, &RawCredential::Missing).await.unwrap_err(), AuthnError::Missing);
        knock(&test, guesser, &bearer(WRONG)).await.unwrap_err();
    }
    assert!(is_over(&knock(&test, crowded, &RawCredential::Missing).await));
    assert!(is_over(&knock(&test, guesser, &RawCredential::Malformed).await));
    assert!(knock(&test, crowded, &bearer(KEY)).await.is_ok(), "a right key needs nothing of the budget");
    let Err(AuthnError::LockedOut { retry_after }) = knock(&test, guesser, &bearer(KEY)).await else {
        panic!("the lock did not show")
    };
    assert!(retry_after > Duration::from_mins(4), "{retry_after:?} is not the lock's");
    clock.advance(Duration::from_mins(1));
    let down = FaultKind::Status { code: 503, headers: Vec::new(), body: None };
    test.sandbox.faults().add(Fault { route: "/api/v1/user".to_owned(), kind: down, count: None });
    for _ in 0..15 {
        assert_eq!(knock(&test, crowded, &bearer(KEY)).await.unwrap_err(), AuthnError::Unavailable);
    }
}

#[tokio::test]
async fn a06_a_person_over_their_limit_is_counted_and_not_written_down() {
    let (test, clock) = gate().await;
    let principal = test.principal("alice").await.unwrap();
    let call = || async {
        let call = aegis_gate::Call::tool("nothing", serde_json::Map::new());
        test.gate.call(&principal, call, aegis_gate::Ask::alone(&test.origin())).await
    };
    assert!(matches!(call().await, Err(CallError::UnknownTool { .. })));
    for _ in 0..50 {
        assert!(matches!(call().await, Err(CallError::RateLimited { per_minute: 1, .. })));
    }
    clock.advance(Duration::from_mins(1));
    assert!(matches!(test.call("alice", "nothing", json!({})).await, Err(CallError::UnknownTool { .. })));
    let records = test.records().await.unwrap();
    let calls = records.iter().filter(|record| record.event() == "tool_call").count();
    let counted: u64 = records.iter().filter_map(|record| record.field("count")?.as_u64()).sum();
    assert_eq!((calls, counted), (2, 50));
}
