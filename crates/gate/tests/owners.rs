//! Whose a key is: the account it was made for, as Gitea knows it now and not as it was when the key was made.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::time::Duration;

use aegis_ambient::{Ambient, FrozenClock, Timestamp};
use aegis_gate::{AccountFault, AuthnError, Catalog, Origin, Principal, RawCredential};
use aegis_sandbox::{Fault, FaultKind};
use aegis_store::AccountId;
use aegis_testkit::{Setup, TestGate};

const KEY: &str = "aegis_ak_a-key-of-the-tests-of-owners-4Jq8Zt1";
const START: &str = "2026-11-21T12:00:00Z";
const OTHER_KEY: &str = "aegis_ak_another-key-of-the-tests-of-owners-9Lm";
const MINUTE: Duration = Duration::from_mins(1);

/// A gate whose clock stands still, with a key of alice's under this account id.
async fn gate(account_id: Option<AccountId>) -> (TestGate, FrozenClock) {
    gate_with(account_id, None).await
}

async fn gate_with(account_id: Option<AccountId>, lasts: Option<Duration>) -> (TestGate, FrozenClock) {
    let (ambient, clock) = Ambient::frozen(START.parse().unwrap());
    let test = Setup { ambient, ..Setup::new(Catalog::default()) }.start().await.unwrap();
    let mut key = test.new_key("alice", KEY).await.unwrap();
    key.account_id = account_id.unwrap_or(key.account_id);
    key.expires_at = lasts.map(|lasts| START.parse::<Timestamp>().unwrap() + lasts);
    test.store.insert_key(key).await.unwrap();
    (test, clock)
}

fn asked(test: &TestGate) -> usize {
    test.sandbox.requests().iter().filter(|request| request.path == "/api/v1/user").count()
}

fn login(verdict: &Result<Principal, AuthnError>) -> &str {
    verdict.as_ref().unwrap().login()
}

#[tokio::test]
async fn a_rename_in_gitea_shows_within_a_minute_and_not_only_with_a_new_key() {
    let (test, clock) = gate(None).await;
    assert_eq!(login(&test.holder(KEY).await), "alice");
    assert!(test.sandbox.rename_person("alice", "alicia"));
    assert_eq!(login(&test.holder(KEY).await), "alice", "Gitea is asked once a minute");
    clock.advance(MINUTE);
    assert_eq!(login(&test.holder(KEY).await), "alicia");
    let records = test.records().await.unwrap();
    let logins: Vec<_> = records.iter().filter(|record| record.text("method") == Some("api_key")).collect();
    assert_eq!(logins.last().unwrap().text("login"), Some("alicia"));
}

#[tokio::test]
async fn a_key_whose_token_is_another_accounts_is_refused() {
    let (test, _clock) = gate(AccountId::new(4_711)).await;
    let refused = test.holder(KEY).await;
    assert_eq!(refused.unwrap_err(), AuthnError::AccountRefused(AccountFault::Another));
    assert_eq!(test.store.keys().await.unwrap().first().unwrap().last_used_at, None, "a refused key was noted as used");
}

#[tokio::test]
async fn a_key_ends_when_it_was_to_end_and_is_then_no_wrong_one() {
    let (test, clock) = gate_with(None, Some(Duration::from_secs(30))).await;
    let origin = Origin { address: "192.0.2.7".parse().ok(), ..test.origin() };
    let knock = || async { test.gate.authenticate(&RawCredential::Bearer(KEY.into()), &origin).await };
    clock.advance(Duration::from_secs(30).saturating_sub(Duration::from_millis(1)));
    assert_eq!(login(&knock().await), "alice");
    clock.advance(Duration::from_millis(1));
    for _ in 0..30 {
        assert_eq!(knock().await.unwrap_err(), AuthnError::InvalidToken);
    }
    let counted = test.store.lockouts().await.unwrap();
    assert!(counted.iter().all(|row| row.failures == 0), "an expired key was counted: {counted:?}");
}

#[tokio::test]
async fn many_calls_with_one_key_ask_once_a_minute_by_the_ambient_clock() {
    let (test, clock) = gate(None).await;
    clock.advance(MINUTE);
    let before = asked(&test);
    let calls = futures_util::future::join_all((0..20).map(|_| test.holder(KEY))).await;
    assert!(calls.iter().all(|call| login(call) == "alice"));
    assert_eq!(asked(&test) - before, 1);
    clock.advance(MINUTE.saturating_sub(Duration::from_millis(1)));
    assert_eq!(login(&test.holder(KEY).await), "alice");
    assert_eq!(asked(&test) - before, 1);
    clock.advance(Duration::from_millis(1));
    assert_eq!(login(&test.holder(KEY).await), "alice");
    assert_eq!(asked(&test) - before, 2);
}

#[tokio::test]
async fn k04_a_stored_key_that_is_revoked_is_refused_within_a_second() {
    let (test, clock) = gate(None).await;
    // The first use is written down, and the key read again with it; from the second on it stands.
    for _ in 0..2 {
        assert_eq!(login(&test.holder(KEY).await), "alice");
    }
    let id = test.store.keys().await.unwrap().first().unwrap().id.clone();
    assert!(test.store.revoke_key(&id).await.unwrap());
    assert_eq!(login(&test.holder(KEY).await), "alice", "a key is read once a second");
    clock.advance(Duration::from_secs(1));
    assert_eq!(test.holder(KEY).await.unwrap_err(), AuthnError::InvalidToken);
}

#[tokio::test]
async fn u12_t14_a_key_whose_owner_cannot_be_asked_is_refused_and_nothing_is_remembered_of_it() {
    let (test, clock) = gate(None).await;
    clock.advance(MINUTE);
    let down = FaultKind::Status { code: 503, headers: Vec::new(), body: None };
    test.sandbox.faults().add(Fault { route: "/api/v1/user".to_owned(), kind: down, count: None });
    for presented in [KEY, test.sandbox.token("bob")] {
        assert_eq!(test.holder(presented).await.unwrap_err(), AuthnError::Unavailable);
    }
    test.sandbox.faults().clear();
    assert_eq!(login(&test.holder(KEY).await), "alice");
    assert_eq!(login(&test.holder(test.sandbox.token("bob")).await), "bob");
}

#[tokio::test]
async fn t13_a_token_that_gitea_revoked_is_refused_within_a_minute_whichever_way_it_came() {
    let (test, clock) = gate(None).await;
    let alice = test.sandbox.token("alice").to_owned();
    assert_eq!((login(&test.holder(KEY).await), login(&test.holder(&alice).await)), ("alice", "alice"));
    assert!(test.sandbox.revoke(&alice));
    assert_eq!(login(&test.holder(KEY).await), "alice");
    clock.advance(MINUTE);
    // The key was right: its words say whose fault it is. The token itself is simply none any more.
    assert_eq!(test.holder(KEY).await.unwrap_err(), AuthnError::AccountRefused(AccountFault::Rejected));
    assert_eq!(test.holder(&alice).await.unwrap_err(), AuthnError::InvalidToken);
}

#[test]
fn each_fault_of_an_account_has_words_and_a_hint_of_its_own_under_one_code() {
    let faults = [
        AccountFault::None,
        AccountFault::Administrator,
        AccountFault::Rejected,
        AccountFault::Unnamed,
        AccountFault::Another,
    ];
    let errors = faults.map(AuthnError::AccountRefused);
    let words: std::collections::BTreeSet<_> = errors.iter().map(|error| (error.to_string(), error.hint())).collect();
    assert_eq!(words.len(), faults.len());
    assert!(errors.iter().all(|error| error.code() == "account_refused" && error.hint().is_some()));
}

#[tokio::test]
async fn k04_what_a_key_opened_stands_as_long_as_the_key() {
    let (test, clock) = gate(None).await;
    let ours = test.holder(KEY).await.unwrap();
    let mut gone = test.new_key("alice", OTHER_KEY).await.unwrap();
    gone.expires_at = Some("2026-11-21T12:00:30Z".parse().unwrap());
    test.store.insert_key(gone).await.unwrap();
    let short_lived = test.holder(OTHER_KEY).await.unwrap();
    let token = test.principal("bob").await.unwrap();
    for principal in [&ours, &short_lived, &token] {
        assert!(test.gate.stands(principal.owner()).await, "{principal:?}");
    }
    clock.advance(MINUTE);
    assert!(!test.gate.stands(short_lived.owner()).await, "expired");
    assert!(test.store.revoke_key(ours.key_id().unwrap()).await.unwrap());
    assert!(!test.gate.stands(ours.owner()).await, "revoked");
    assert!(test.gate.stands(token.owner()).await, "another's goes on");
}
