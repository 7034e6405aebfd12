//! What a commit survives.

use std::time::Duration;

use aegis_store::LockoutRow;

use super::{Home, PRESENTED, new_key, start};

#[tokio::test]
async fn s03_what_was_answered_survives_a_kill() {
    let home = Home::new();
    let store = home.open().await.unwrap();
    for number in 0..20 {
        store.insert_key(new_key(&*store, &format!("{PRESENTED}{number}"))).await.unwrap();
        // After SIGKILL the kernel keeps what was written and nothing else of the process remains: this copy.
        let killed = Home::new();
        for suffix in ["", "-wal"] {
            std::fs::copy(home.beside(suffix), killed.beside(suffix)).unwrap();
        }
        let revived = killed.open().await.unwrap();
        assert_eq!(revived.keys().await.unwrap(), store.keys().await.unwrap());
    }
}

#[tokio::test]
async fn s02_a_torn_last_commit_takes_nothing_before_it_along() {
    let home = Home::new();
    let store = home.open().await.unwrap();
    store.insert_key(new_key(&*store, "first")).await.unwrap();
    let before = store.keys().await.unwrap();
    let whole = std::fs::metadata(home.beside("-wal")).unwrap().len();
    store.insert_key(new_key(&*store, "second")).await.unwrap();
    let log = std::fs::read(home.beside("-wal")).unwrap();
    for kept in [whole, whole + 1, whole + 500, u64::try_from(log.len()).unwrap() - 1] {
        let torn = Home::new();
        std::fs::copy(home.path(), torn.path()).unwrap();
        std::fs::write(
            torn.beside("-wal"),
            log.iter().copied().take(usize::try_from(kept).unwrap()).collect::<Vec<_>>(),
        )
        .unwrap();
        assert_eq!(torn.open().await.unwrap().keys().await.unwrap(), before, "{kept} bytes");
    }
}

#[tokio::test]
async fn k10_a_restart_clears_no_lockout() {
    let home = Home::new();
    let row = LockoutRow {
        source: "2001:db8::/64".into(),
        failures: 5,
        last_failure_at: start(),
        locked_until: Some(start() + Duration::from_mins(5)),
        last_success_at: None,
    };
    let store = home.open().await.unwrap();
    store.put_lockout(row.clone()).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(home.open().await.unwrap().lockout("2001:db8::/64").await.unwrap(), Some(row));
}

#[tokio::test]
async fn k04_two_processes_see_each_other_at_once() {
    let home = Home::new();
    let serving = home.open().await.unwrap();
    let command_line = home.open().await.unwrap();
    let digest = serving.pepper().digest(&PRESENTED.into());
    assert!(serving.key_by_digest(&digest).await.unwrap().is_none());
    let key = command_line.insert_key(new_key(&*command_line, PRESENTED)).await.unwrap();
    assert!(serving.key_by_digest(&digest).await.unwrap().unwrap().revoked_at.is_none());
    command_line.revoke_key(&key.id).await.unwrap();
    assert!(serving.key_by_digest(&digest).await.unwrap().unwrap().revoked_at.is_some());
    command_line.close().await.unwrap();
    serving.insert_key(new_key(&*serving, "after the other has closed")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_wait_for_each_other() {
    let home = Home::new();
    let stores = [home.open().await.unwrap(), home.open().await.unwrap()];
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = stores.iter().cycle().nth(number).unwrap().clone();
        writers.spawn(async move { store.insert_key(new_key(&*store, &number.to_string())).await });
    }
    for written in writers.join_all().await {
        written.unwrap();
    }
    let [store, _] = stores;
    assert_eq!(store.keys().await.unwrap().len(), 40);
}
