//! What someone gains who can write the file but does not have the sealing key: nothing but refusals.

use aegis_store::{AccountId, NewKey, Scope};
use secrecy::ExposeSecret;

use super::{CREDENTIAL, Home, PRESENTED, new_key};

/// Alice's key and the administrator's in one closed store.
async fn two_people() -> Home {
    let home = Home::with_a_key().await;
    let store = home.open().await.unwrap();
    let administrator = NewKey {
        owner_login: "root".into(),
        account_id: AccountId::new(1).unwrap(),
        scopes: vec![Scope::WriteRepository],
        credential: "administrators-credential".into(),
        ..new_key(&*store, "administrators-key")
    };
    store.insert_key(administrator).await.unwrap();
    store.close().await.unwrap();
    home
}

#[tokio::test]
async fn every_column_that_gives_a_credential_its_meaning_is_under_the_seal() {
    let alterations = [
        "UPDATE keys SET scopes = 'write:repository' WHERE owner_login = 'alice'",
        "UPDATE keys SET account_id = 1 WHERE owner_login = 'alice'",
        "UPDATE keys SET owner_login = 'root' WHERE owner_login = 'alice'",
        "UPDATE keys SET expires_at = NULL WHERE owner_login = 'alice'",
        "UPDATE keys SET expires_at = expires_at + 1 WHERE owner_login = 'alice'",
        "UPDATE keys SET created_at = created_at + 1 WHERE owner_login = 'alice'",
        "UPDATE keys SET id = 'k_0000000000' WHERE owner_login = 'alice'",
        // The administrator's credential in Alice's row, and Alice's digest in the administrator's.
        "UPDATE keys SET sealed_credential = (SELECT sealed_credential FROM keys WHERE owner_login = 'root')
            WHERE owner_login = 'alice'",
        "CREATE TEMP TABLE alices AS SELECT digest FROM keys WHERE owner_login = 'alice';
         DELETE FROM keys WHERE owner_login = 'alice';
         UPDATE keys SET digest = (SELECT digest FROM alices)",
    ];
    for alteration in alterations {
        let home = two_people().await;
        home.alter(alteration).await;
        let store = home.open().await.unwrap();
        let digest = store.pepper().digest(&PRESENTED.into());
        let error = store.key_by_digest(&digest).await.unwrap_err();
        assert_eq!(error.code(), "store_seal_broken", "{alteration}");
    }
}

#[tokio::test]
async fn a_revoked_key_cannot_be_brought_back() {
    let home = two_people().await;
    let store = home.open().await.unwrap();
    let id = store.keys().await.unwrap().into_iter().find(|key| key.owner_login == "alice").unwrap().id;
    store.revoke_key(&id).await.unwrap();
    store.close().await.unwrap();
    home.alter(
        "UPDATE keys SET revoked_at = NULL, sealed_credential =
            (SELECT sealed_credential FROM keys WHERE owner_login = 'root') WHERE owner_login = 'alice'",
    )
    .await;
    let store = home.open().await.unwrap();
    let error = store.key_by_digest(&store.pepper().digest(&PRESENTED.into())).await.unwrap_err();
    assert_eq!(error.code(), "store_seal_broken");
}

#[tokio::test]
async fn values_we_never_write_are_damage() {
    for alteration in [
        "UPDATE keys SET scopes = 'read:repository sudo'",
        "UPDATE keys SET id = '../../etc/passwd'",
        "UPDATE keys SET created_at = 9223372036854775807",
    ] {
        let home = Home::with_a_key().await;
        home.alter(alteration).await;
        let error = match home.open().await {
            Ok(store) => store.keys().await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.code(), "store_corrupt", "{alteration}");
    }
}

/// Whatever byte of the file rots, the key is refused or acts exactly as it did.
#[tokio::test]
async fn s04_no_rotten_byte_changes_what_a_key_does() {
    const STRIDE: usize = 97; // shares no factor with the page size, so that every offset of a page has its turn
    let home = Home::with_a_key().await;
    let whole = std::fs::read(home.path()).unwrap();
    let mut refused = 0;
    for place in (0..whole.len()).step_by(STRIDE) {
        let mut rotten = whole.clone();
        rotten.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 0xff);
        let home = Home::new();
        std::fs::write(home.path(), rotten).unwrap();
        let Ok(store) = home.open().await else {
            refused += 1;
            continue;
        };
        if let Ok(Some(key)) = store.key_by_digest(&store.pepper().digest(&PRESENTED.into())).await {
            assert_eq!(key.account_id.value(), 7, "byte {place}");
            assert_eq!(key.scopes, [Scope::ReadRepository], "byte {place}");
            assert_eq!(key.credential.expose_secret(), CREDENTIAL, "byte {place}");
            assert_eq!(key.expires_at, new_key(&*store, PRESENTED).expires_at, "byte {place}");
        }
        store.close().await.unwrap();
    }
    assert!(refused > 0, "no byte of the file mattered");
}
