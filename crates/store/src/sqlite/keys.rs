//! Keys in SQLite.

mod credential;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::row::{self, Columns};
use crate::{AccountId, KeyDigest, KeyId, KeySummary, NewKey, Scope, StoreError, StoredKey};

/// Longest login and label. Gitea's logins end at 40 characters today.
const TEXT_BYTES_MAX: usize = 255;

/// Longest credential: tokens of Gitea have 40 characters, OAuth's may be signed documents.
const CREDENTIAL_BYTES_MAX: usize = 4_096;

impl SqliteStore {
    pub(super) async fn insert_key_row(&self, key: NewKey) -> Result<KeySummary, StoreError> {
        const INSERT: &str = "INSERT INTO keys
            (id, digest, owner_login, account_id, scopes, sealed_credential, created_at, expires_at, label)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        refuse_sizes(&key)?;
        let NewKey { digest, credential, .. } = &key;
        let (digest, credential) = (*digest, credential.clone());
        let summary = self.summarize(key)?;
        let sealed = credential::seal(&self.sealing_key, &summary, &digest, &credential, &self.ambient)?;
        let inserted = sqlx::query(INSERT)
            .bind(summary.id.as_str())
            .bind(digest.as_bytes().as_slice())
            .bind(&summary.owner_login)
            .bind(summary.account_id.value())
            .bind(Scope::join(&summary.scopes))
            .bind(sealed)
            .bind(row::from_time(summary.created_at))
            .bind(summary.expires_at.map(row::from_time))
            .bind(&summary.label)
            .execute(&self.pool)
            .await;
        match inserted {
            Ok(_) => Ok(summary),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Err(StoreError::KeyExists),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// As it will read back: times to the millisecond, each scope once.
    fn summarize(&self, key: NewKey) -> Result<KeySummary, StoreError> {
        let mut scopes = key.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        Ok(KeySummary {
            id: KeyId::random(&self.ambient)?,
            owner_login: key.owner_login,
            account_id: key.account_id,
            scopes,
            created_at: row::as_kept(self.ambient.now()),
            expires_at: key.expires_at.map(row::as_kept),
            revoked_at: None,
            last_used_at: None,
            label: key.label,
        })
    }

    /// The index finds the digest, and a comparison in constant time has the last word.
    pub(super) async fn key_row(&self, presented: &KeyDigest) -> Result<Option<StoredKey>, StoreError> {
        let row = sqlx::query("SELECT * FROM keys WHERE digest = ?")
            .bind(presented.as_bytes().as_slice())
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        let Some(row) = row else { return Ok(None) };
        let (digest, key) = self.stored(&row)?;
        Ok((digest == *presented).then_some(key))
    }

    pub(super) async fn key_row_by_id(&self, id: &KeyId) -> Result<Option<StoredKey>, StoreError> {
        let row = sqlx::query("SELECT * FROM keys WHERE id = ?").bind(id.as_str()).fetch_optional(&self.pool).await;
        let row = row.map_err(|error| self.failed(error))?;
        row.map(|row| self.stored(&row).map(|(_, key)| key)).transpose()
    }

    /// A row unsealed.
    fn stored(&self, row: &SqliteRow) -> Result<(KeyDigest, StoredKey), StoreError> {
        let columns = Columns::of(row, &self.path);
        let digest = columns.parse("digest", KeyDigest::from_bytes)?;
        let summary = self.summary(row)?;
        let sealed: Option<&[u8]> = columns.read("sealed_credential")?;
        let credential = credential::open(&self.sealing_key, &summary, &digest, sealed)?;
        let key = StoredKey {
            id: summary.id,
            owner_login: summary.owner_login,
            account_id: summary.account_id,
            scopes: summary.scopes,
            credential,
            created_at: summary.created_at,
            expires_at: summary.expires_at,
            revoked_at: summary.revoked_at,
            last_used_at: summary.last_used_at,
            label: summary.label,
        };
        Ok((digest, key))
    }

    pub(super) async fn key_summaries(&self) -> Result<Vec<KeySummary>, StoreError> {
        let rows = sqlx::query("SELECT * FROM keys ORDER BY created_at, id").fetch_all(&self.pool).await;
        rows.map_err(|error| self.failed(error))?.iter().map(|row| self.summary(row)).collect()
    }

    pub(super) async fn revoke_key_row(&self, id: &KeyId) -> Result<bool, StoreError> {
        let revoked =
            sqlx::query("UPDATE keys SET revoked_at = ?, sealed_credential = NULL WHERE id = ? AND revoked_at IS NULL")
                .bind(row::from_time(self.ambient.now()))
                .bind(id.as_str())
                .execute(&self.pool)
                .await;
        Ok(revoked.map_err(|error| self.failed(error))?.rows_affected() > 0)
    }

    pub(super) async fn touch_key_row(&self, id: &KeyId, used_at: Timestamp) -> Result<(), StoreError> {
        let used_at = row::from_time(used_at);
        sqlx::query("UPDATE keys SET last_used_at = ?1 WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)")
            .bind(used_at)
            .bind(id.as_str())
            .execute(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(())
    }

    fn summary(&self, row: &SqliteRow) -> Result<KeySummary, StoreError> {
        let columns = Columns::of(row, &self.path);
        Ok(KeySummary {
            id: columns.parse("id", KeyId::parse)?,
            owner_login: columns.read("owner_login")?,
            account_id: columns.parse("account_id", AccountId::new)?,
            scopes: columns.parse("scopes", Scope::split)?,
            created_at: columns.time("created_at")?,
            expires_at: columns.optional_time("expires_at")?,
            revoked_at: columns.optional_time("revoked_at")?,
            last_used_at: columns.optional_time("last_used_at")?,
            label: columns.read("label")?,
        })
    }
}

fn refuse_sizes(key: &NewKey) -> Result<(), StoreError> {
    let fits = |text: &str, bytes_max: usize| !text.is_empty() && text.len() <= bytes_max;
    if !fits(&key.owner_login, TEXT_BYTES_MAX) {
        return Err(StoreError::ValueRefused("the owner's login"));
    }
    if !fits(key.credential.expose_secret(), CREDENTIAL_BYTES_MAX) {
        return Err(StoreError::ValueRefused("the credential"));
    }
    if key.scopes.is_empty() {
        return Err(StoreError::ValueRefused("the list of scopes"));
    }
    if key.label.as_deref().is_some_and(|label| !fits(label, TEXT_BYTES_MAX)) {
        return Err(StoreError::ValueRefused("the label"));
    }
    Ok(())
}
