//! What every back end must do. Each case takes a fresh, empty store; a second back end joins by a second `fresh`.

use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::{Ambient, FrozenClock, Timestamp};
use aegis_store::{KeyId, LockoutRow, NewKey, Scope, SealingKey, Settings, Store, StoreUrl, open};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::{CREDENTIAL, PRESENTED, SEALING_KEY, new_key, start};

macro_rules! contract {
    ($($case:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $case() {
                let (store, clock) = super::fresh(super::StoreUrl::memory()).await;
                super::$case(store, clock).await;
            })+
        }
        mod in_a_file {
            $(#[tokio::test] async fn $case() {
                let directory = super::TempDir::new().unwrap();
                let (store, clock) = super::fresh(super::StoreUrl::file(directory.path().join("aegis.db"))).await;
                super::$case(store, clock).await;
            })+
        }
    };
}

contract!(
    a_key_is_found_by_its_digest_only,
    k01_a_key_that_differs_in_any_byte_is_not_found,
    the_same_key_twice_is_refused,
    values_that_do_not_fit_are_refused,
    k04_a_revoked_key_stays_known_and_loses_its_credential,
    use_is_noted_and_never_set_back,
    keys_are_listed_oldest_first,
    k10_lockouts_are_kept_replaced_and_forgotten,
    k09_lockouts_are_pruned_by_age_and_number,
    s06_the_newest_time_only_grows,
);

async fn fresh(url: StoreUrl) -> (Arc<dyn Store>, FrozenClock) {
    let (ambient, clock) = Ambient::frozen(start());
    let sealing_key = SealingKey::from_text(&SEALING_KEY.into()).unwrap();
    (open(Settings { url, sealing_key }, ambient).await.unwrap(), clock)
}

async fn a_key_is_found_by_its_digest_only(store: Arc<dyn Store>, _: FrozenClock) {
    let mut new = new_key(&*store, PRESENTED);
    new.scopes = vec![Scope::WriteRepository, Scope::ReadRepository, Scope::WriteRepository];
    let made = store.insert_key(new.clone()).await.unwrap();
    assert_eq!(made.created_at, start());
    assert_eq!(made.scopes, [Scope::ReadRepository, Scope::WriteRepository]);

    let found = store.key_by_digest(&new.digest).await.unwrap().unwrap();
    assert_eq!(found.credential.expose_secret(), CREDENTIAL);
    assert_eq!((found.id, found.owner_login, found.account_id), (made.id, new.owner_login, new.account_id));
    assert_eq!((found.scopes, found.created_at, found.label), (made.scopes, made.created_at, new.label));
    assert_eq!((found.expires_at, found.revoked_at, found.last_used_at), (new.expires_at, None, None));

    let stranger = store.pepper().digest(&"another".into());
    assert!(store.key_by_digest(&stranger).await.unwrap().is_none());
}

async fn k01_a_key_that_differs_in_any_byte_is_not_found(store: Arc<dyn Store>, _: FrozenClock) {
    store.insert_key(new_key(&*store, PRESENTED)).await.unwrap();
    for place in 0..PRESENTED.len() {
        let mut guess = PRESENTED.as_bytes().to_vec();
        guess.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1);
        let digest = store.pepper().digest(&String::from_utf8(guess).unwrap().into());
        assert!(store.key_by_digest(&digest).await.unwrap().is_none(), "byte {place}");
    }
}

async fn the_same_key_twice_is_refused(store: Arc<dyn Store>, _: FrozenClock) {
    store.insert_key(new_key(&*store, PRESENTED)).await.unwrap();
    let again = NewKey { owner_login: "bob".into(), ..new_key(&*store, PRESENTED) };
    assert_eq!(store.insert_key(again).await.unwrap_err().code(), "store_key_exists");
    let found = store.key_by_digest(&store.pepper().digest(&PRESENTED.into())).await.unwrap().unwrap();
    assert_eq!(found.owner_login, "alice");
}

async fn values_that_do_not_fit_are_refused(store: Arc<dyn Store>, _: FrozenClock) {
    let good = || new_key(&*store, PRESENTED);
    let refused = [
        NewKey { owner_login: String::new(), ..good() },
        NewKey { owner_login: "a".repeat(256), ..good() },
        NewKey { credential: "".into(), ..good() },
        NewKey { credential: "a".repeat(4_097).into(), ..good() },
        NewKey { scopes: vec![], ..good() },
        NewKey { label: Some(String::new()), ..good() },
        NewKey { label: Some("a".repeat(256)), ..good() },
    ];
    for new in refused {
        assert_eq!(store.insert_key(new).await.unwrap_err().code(), "store_value_refused");
    }
    for source in [String::new(), "a".repeat(65)] {
        let row = LockoutRow { source, ..lockout("192.0.2.1", 1, 0) };
        assert_eq!(store.put_lockout(row).await.unwrap_err().code(), "store_value_refused");
    }
    assert!(store.keys().await.unwrap().is_empty());
    let largest = NewKey {
        owner_login: "a".repeat(255),
        credential: "a".repeat(4_096).into(),
        label: Some("a".repeat(255)),
        ..good()
    };
    store.insert_key(largest).await.unwrap();
}

async fn k04_a_revoked_key_stays_known_and_loses_its_credential(store: Arc<dyn Store>, clock: FrozenClock) {
    let new = new_key(&*store, PRESENTED);
    let id = store.insert_key(new.clone()).await.unwrap().id;
    clock.advance(Duration::from_secs(90));
    assert!(store.revoke_key(&id).await.unwrap());
    let revoked_at = Some(start() + Duration::from_secs(90));
    let found = store.key_by_digest(&new.digest).await.unwrap().unwrap();
    assert_eq!((found.revoked_at, found.credential.expose_secret()), (revoked_at, ""));

    clock.advance(Duration::from_secs(90));
    assert!(!store.revoke_key(&id).await.unwrap(), "revoked twice");
    assert_eq!(store.keys().await.unwrap().first().unwrap().revoked_at, revoked_at);
    assert!(!store.revoke_key(&KeyId::parse("k_0000000000").unwrap()).await.unwrap());
    assert_eq!(store.insert_key(new).await.unwrap_err().code(), "store_key_exists", "a revoked key came back");
}

async fn use_is_noted_and_never_set_back(store: Arc<dyn Store>, _: FrozenClock) {
    let id = store.insert_key(new_key(&*store, PRESENTED)).await.unwrap().id;
    for (used_at, noted) in [(60, 60), (120, 120), (30, 120)] {
        store.touch_key(&id, seconds(used_at)).await.unwrap();
        assert_eq!(store.keys().await.unwrap().first().unwrap().last_used_at, Some(seconds(noted)));
    }
    store.touch_key(&KeyId::parse("k_0000000000").unwrap(), seconds(1)).await.unwrap();
}

async fn keys_are_listed_oldest_first(store: Arc<dyn Store>, clock: FrozenClock) {
    let mut made = Vec::new();
    for presented in ["one", "two", "three"] {
        made.push(store.insert_key(new_key(&*store, presented)).await.unwrap());
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(store.keys().await.unwrap(), made);
}

async fn k10_lockouts_are_kept_replaced_and_forgotten(store: Arc<dyn Store>, _: FrozenClock) {
    let locked = LockoutRow { locked_until: Some(seconds(300)), ..lockout("192.0.2.1", 5, 0) };
    let trusted = LockoutRow { last_success_at: Some(seconds(9)), ..lockout("2001:db8:1:2::/64", u32::MAX, 9) };
    store.put_lockout(lockout("192.0.2.1", 1, 0)).await.unwrap();
    store.put_lockout(trusted.clone()).await.unwrap();
    store.put_lockout(locked.clone()).await.unwrap();
    assert_eq!(store.lockout("192.0.2.1").await.unwrap(), Some(locked.clone()));
    assert_eq!(store.lockout("192.0.2.10").await.unwrap(), None);
    assert_eq!(store.lockouts().await.unwrap(), [locked, trusted.clone()]);

    assert!(store.delete_lockout("192.0.2.1").await.unwrap());
    assert!(!store.delete_lockout("192.0.2.1").await.unwrap());
    assert_eq!(store.lockouts().await.unwrap(), [trusted]);
}

async fn k09_lockouts_are_pruned_by_age_and_number(store: Arc<dyn Store>, _: FrozenClock) {
    let rows = [
        lockout("old", 1, 10),
        LockoutRow { locked_until: Some(seconds(500)), ..lockout("old-but-locked", 5, 10) },
        LockoutRow { last_success_at: Some(seconds(400)), ..lockout("old-but-trusted", 0, 10) },
        lockout("newer", 1, 200),
        lockout("newest", 1, 300),
    ];
    for row in rows {
        store.put_lockout(row).await.unwrap();
    }
    assert_eq!(store.prune_lockouts(seconds(100), 10).await.unwrap(), 1);
    assert_eq!(sources(&*store).await, ["newer", "newest", "old-but-locked", "old-but-trusted"]);
    assert_eq!(store.prune_lockouts(seconds(100), 3).await.unwrap(), 1);
    assert_eq!(sources(&*store).await, ["newest", "old-but-locked", "old-but-trusted"]);
    assert_eq!(store.prune_lockouts(seconds(100), 3).await.unwrap(), 0);
    assert_eq!(store.prune_lockouts(seconds(0), 0).await.unwrap(), 3);
}

async fn s06_the_newest_time_only_grows(store: Arc<dyn Store>, clock: FrozenClock) {
    assert_eq!(store.newest_time().await.unwrap(), start());
    clock.advance(Duration::from_secs(10));
    let id = store.insert_key(new_key(&*store, PRESENTED)).await.unwrap().id;
    assert_eq!(store.newest_time().await.unwrap(), seconds(10));
    store.touch_key(&id, seconds(20)).await.unwrap();
    assert_eq!(store.newest_time().await.unwrap(), seconds(20));
    // What lies ahead was not witnessed: neither the end of a lock nor that of a key.
    store.put_lockout(LockoutRow { locked_until: Some(seconds(999)), ..lockout("192.0.2.1", 5, 30) }).await.unwrap();
    assert_eq!(store.newest_time().await.unwrap(), seconds(30));
    clock.advance(Duration::from_secs(30));
    store.revoke_key(&id).await.unwrap();
    assert_eq!(store.newest_time().await.unwrap(), seconds(40));
}

async fn sources(store: &dyn Store) -> Vec<String> {
    store.lockouts().await.unwrap().into_iter().map(|row| row.source).collect()
}

fn lockout(source: &str, failures: u32, last_failure: u64) -> LockoutRow {
    LockoutRow {
        source: source.into(),
        failures,
        last_failure_at: seconds(last_failure),
        locked_until: None,
        last_success_at: None,
    }
}

fn seconds(after_start: u64) -> Timestamp {
    start() + Duration::from_secs(after_start)
}
