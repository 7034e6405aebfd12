//! The store from outside: what it keeps, what it refuses, and what lies on the disk.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod at_rest;
mod contract;
mod durable;
mod first_start;
mod refusals;
mod tampering;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aegis_ambient::{Ambient, FrozenClock, Timestamp};
use aegis_store::{AccountId, NewKey, Scope, SealingKey, Settings, Store, StoreError, StoreUrl, open};
use secrecy::SecretString;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;

const SEALING_KEY: &str = "agnmZ7tnroU8bvNypU/1OlEOUn+bBWiMH4PZq1vgzRk=";
const OTHER_SEALING_KEY: &str = "uX7NYxd8kq5Zs0V6uIr3hO1yT4bWmCgJf2LpAeNwDkQ=";
const CREDENTIAL: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c";
const PRESENTED: &str = "canary-key-5b0e7c1f9a3d4e86";

/// A directory with a store, or a place for one.
struct Home {
    directory: TempDir,
    ambient: Ambient,
    clock: FrozenClock,
}

impl Home {
    fn new() -> Self {
        let (ambient, clock) = Ambient::frozen(start());
        Self { directory: TempDir::new().unwrap(), ambient, clock }
    }

    /// A closed store with one key in it.
    async fn with_a_key() -> Self {
        let home = Self::new();
        let store = home.open().await.unwrap();
        store.insert_key(new_key(&*store, PRESENTED)).await.unwrap();
        store.close().await.unwrap();
        home
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("aegis.db")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.directory.path().join(format!("aegis.db{suffix}"))
    }

    async fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.open_with(SEALING_KEY).await
    }

    async fn open_with(&self, sealing_key: &str) -> Result<Arc<dyn Store>, StoreError> {
        open_at(&self.path(), sealing_key, &self.ambient).await
    }

    /// Changes the file as someone who has it but not the sealing key could.
    async fn alter(&self, sql: &str) {
        let mut connection = raw(&self.path()).await;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Every file and its bytes; the index of the log is left out, since SQLite builds it anew from the log.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = std::fs::read_dir(self.directory.path()).unwrap().map(|entry| entry.unwrap().path());
        let kept = entries.filter(|path| path.is_file() && !path.to_string_lossy().ends_with("-shm"));
        kept.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
    }

    /// A refusal with this code and a hint that leaves every file as it was.
    async fn refuses(&self, code: &str) {
        self.refuses_with(SEALING_KEY, code).await;
    }

    async fn refuses_with(&self, sealing_key: &str, code: &str) {
        let before = self.files();
        let error = self.open_with(sealing_key).await.err().expect("the store was opened");
        assert_eq!(error.code(), code, "{error:?}");
        assert!(error.hint().is_some(), "{error} says nothing on how to mend it");
        assert!(before == self.files(), "{code}: the files were changed");
    }
}

async fn open_at(path: &Path, sealing_key: &str, ambient: &Ambient) -> Result<Arc<dyn Store>, StoreError> {
    let sealing_key = SealingKey::from_text(&sealing_key.into()).unwrap();
    open(Settings { url: StoreUrl::file(path), sealing_key }, ambient.clone()).await
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

fn start() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn new_key(store: &dyn Store, presented: &str) -> NewKey {
    NewKey {
        digest: store.pepper().digest(&presented.into()),
        owner_login: "alice".into(),
        account_id: AccountId::new(7).unwrap(),
        scopes: vec![Scope::ReadRepository],
        credential: SecretString::from(CREDENTIAL),
        expires_at: Some("2027-01-01T00:00:00Z".parse().unwrap()),
        label: Some("laptop".into()),
    }
}
