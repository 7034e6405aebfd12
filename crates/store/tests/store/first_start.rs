//! Stores and sealing keys that are not there yet.

use std::os::unix::fs::PermissionsExt;

use aegis_ambient::Ambient;
use aegis_store::SealingKey;
use tempfile::TempDir;

use super::{Home, SEALING_KEY, open_at};

#[tokio::test]
async fn a_missing_store_is_made_and_found_again_with_its_pepper() {
    let home = Home::new();
    let store = home.open().await.unwrap();
    let digest = store.pepper().digest(&"key".into());
    store.close().await.unwrap();
    assert_eq!(home.open().await.unwrap().pepper().digest(&"key".into()), digest);
    let other = Home { ambient: Ambient::real(), ..Home::new() };
    assert_ne!(other.open().await.unwrap().pepper().digest(&"key".into()), digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_processes_that_find_no_store_one_makes_it() {
    let home = Home::new();
    let path = home.path();
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = path.clone();
        starting.spawn(async move { open_at(&path, SEALING_KEY, &Ambient::real()).await.unwrap() });
    }
    let stores = starting.join_all().await;
    let digests: Vec<_> = stores.iter().map(|store| store.pepper().digest(&"key".into())).collect();
    assert!(digests.windows(2).all(|pair| pair.first() == pair.last()));
    for store in stores {
        store.close().await.unwrap();
    }
    assert_eq!(home.files().len(), 1, "drafts were left: {:?}", home.files().keys());
}

#[test]
fn a_missing_key_file_is_made_for_its_owner_alone_and_read_again() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store.key");
    let made = SealingKey::from_file(&path, &Ambient::real()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(SealingKey::from_file(&path, &Ambient::real()).unwrap().id(), made.id());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "a draft was left");
    let other = SealingKey::from_file(&directory.path().join("other.key"), &Ambient::real()).unwrap();
    assert_ne!(other.id(), made.id());
}

#[test]
fn a_key_file_others_can_read_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store.key");
    let made = SealingKey::from_file(&path, &Ambient::real()).unwrap();
    for mode in [0o640, 0o604, 0o644, 0o660, 0o601] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let error = SealingKey::from_file(&path, &Ambient::real()).unwrap_err();
        assert_eq!((error.code(), error.hint().is_some()), ("sealing_key_exposed", true));
    }
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
    assert_eq!(SealingKey::from_file(&path, &Ambient::real()).unwrap().id(), made.id());
}

#[test]
fn k03_one_line_end_belongs_to_the_key_file_and_nothing_else_does() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store.key");
    let id = SealingKey::from_file(&path, &Ambient::real()).unwrap().id().clone();
    let key = std::fs::read_to_string(&path).unwrap().trim_end().to_owned();
    for good in [key.clone(), format!("{key}\n"), format!("{key}\r\n")] {
        std::fs::write(&path, good).unwrap();
        assert_eq!(SealingKey::from_file(&path, &Ambient::real()).unwrap().id(), &id);
    }
    let bad =
        [String::new(), "\n".into(), format!("{key}\n\n"), format!(" {key}"), format!("\u{feff}{key}"), key.repeat(9)];
    for bad in bad {
        std::fs::write(&path, &bad).unwrap();
        let error = SealingKey::from_file(&path, &Ambient::real()).unwrap_err();
        assert_eq!(error.code(), "sealing_key_refused", "{bad:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), bad, "the file was replaced");
    }
    std::fs::write(&path, [0xff, 0xfe, 0]).unwrap();
    assert_eq!(SealingKey::from_file(&path, &Ambient::real()).unwrap_err().code(), "sealing_key_refused");
}

#[test]
fn a_key_path_that_is_no_file_is_refused() {
    let directory = TempDir::new().unwrap();
    let error = SealingKey::from_file(directory.path(), &Ambient::real()).unwrap_err();
    assert_eq!(error.code(), "store_not_a_file");
    let error = SealingKey::from_file(&directory.path().join("missing/store.key"), &Ambient::real()).unwrap_err();
    assert_eq!(error.code(), "store_directory_missing");
}
