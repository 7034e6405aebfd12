//! What someone finds who has the files.

use std::os::unix::fs::PermissionsExt;

use aegis_ambient::Ambient;
use aegis_store::{LockoutRow, Store};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{CREDENTIAL, Home, PRESENTED, SEALING_KEY, new_key, raw, start};

/// A store in use, with its log still beside it.
async fn in_use(home: &Home) -> std::sync::Arc<dyn Store> {
    let store = home.open().await.unwrap();
    let key = store.insert_key(new_key(&*store, PRESENTED)).await.unwrap();
    store.key_by_digest(&store.pepper().digest(&PRESENTED.into())).await.unwrap().unwrap();
    store.touch_key(&key.id, start()).await.unwrap();
    let row = LockoutRow {
        source: "192.0.2.1".into(),
        failures: 1,
        last_failure_at: start(),
        locked_until: None,
        last_success_at: None,
    };
    store.put_lockout(row).await.unwrap();
    store
}

#[tokio::test]
async fn k11_no_file_holds_a_key_a_credential_or_the_sealing_key() {
    let home = Home::new();
    let store = in_use(&home).await;
    let sealing_key = STANDARD.decode(SEALING_KEY).unwrap();
    let secrets = [PRESENTED.as_bytes(), CREDENTIAL.as_bytes(), SEALING_KEY.as_bytes(), &sealing_key];
    for closed in [false, true] {
        if closed {
            store.close().await.unwrap();
        }
        for (path, bytes) in home.files() {
            for secret in secrets {
                // A half is a leak too.
                for half in secret.chunks_exact(secret.len() / 2) {
                    assert!(!contains(&bytes, half), "{} holds {half:?}", path.display());
                }
            }
        }
        assert!(home.files().values().any(|bytes| contains(bytes, b"alice")), "the search itself found nothing");
    }
}

#[tokio::test]
async fn k11_no_file_holds_the_pepper() {
    let home = Home::new();
    let store = in_use(&home).await;
    let digest: Vec<u8> =
        sqlx::query_scalar("SELECT digest FROM keys").fetch_one(&mut raw(&home.path()).await).await.unwrap();
    store.close().await.unwrap();
    let makes_the_digest = |candidate: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, candidate);
        hmac::verify(&key, PRESENTED.as_bytes(), &digest).is_ok()
    };
    // If any 32 bytes of the files made the digest of our key, they would be the pepper.
    for (path, bytes) in home.files() {
        assert!(!bytes.windows(32).any(makes_the_digest), "{} holds the pepper", path.display());
    }
    // The frozen ambient draws the pepper first of all, so here we know it: the search would have found it.
    let pepper = Ambient::frozen(start()).0.random::<40>().unwrap();
    assert!(pepper.windows(32).any(makes_the_digest));
}

#[tokio::test]
async fn t16_no_file_is_named_after_a_secret() {
    let home = Home::new();
    let store = in_use(&home).await;
    let names = std::fs::read_dir(home.directory.path()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["aegis.db", "aegis.db-shm", "aegis.db-wal"]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn every_file_is_its_owners_alone() {
    let home = Home::new();
    let store = in_use(&home).await;
    for suffix in ["", "-shm", "-wal"] {
        let mode = std::fs::metadata(home.beside(suffix)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "aegis.db{suffix}");
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn k11_printing_shows_no_secret() {
    let home = Home::new();
    let store = in_use(&home).await;
    let new = new_key(&*store, "another");
    let stored = store.key_by_digest(&store.pepper().digest(&PRESENTED.into())).await.unwrap();
    let printed = format!("{new:?} {stored:?} {:?}", store.pepper());
    assert!(printed.contains("alice"));
    assert!(!printed.contains(CREDENTIAL), "{printed}");
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
