//! A key's credential under its seal, bound to everything that says whose it is and what for.

use aegis_ambient::Ambient;
use secrecy::{ExposeSecret, SecretString};

use crate::sealed::Place;
use crate::sqlite::row;
use crate::{KeyDigest, KeySummary, Scope, SealingKey, StoreError};

pub(super) fn seal(
    key: &SealingKey,
    summary: &KeySummary,
    digest: &KeyDigest,
    credential: &SecretString,
    ambient: &Ambient,
) -> Result<Vec<u8>, StoreError> {
    at_its_place(summary, digest, |place| key.seal(place, credential.expose_secret().as_bytes(), ambient))
}

/// `None` was erased when the key was taken back; the table itself allows it in no other row.
pub(super) fn open(
    key: &SealingKey,
    summary: &KeySummary,
    digest: &KeyDigest,
    sealed: Option<&[u8]>,
) -> Result<SecretString, StoreError> {
    let Some(sealed) = sealed else { return Ok(SecretString::default()) };
    at_its_place(summary, digest, |place| {
        let plain = key.open(place, sealed)?;
        let broken = |_| StoreError::SealBroken { table: place.table, column: place.column };
        str::from_utf8(&plain).map(SecretString::from).map_err(broken)
    })
}

fn at_its_place<T>(summary: &KeySummary, digest: &KeyDigest, act: impl FnOnce(&Place<'_>) -> T) -> T {
    let account = summary.account_id.value().to_be_bytes();
    let scopes = Scope::join(&summary.scopes);
    let created_at = row::from_time(summary.created_at).to_be_bytes();
    // A key that never expires has no bytes here, one that does has eight.
    let expires_at = summary.expires_at.map(|time| row::from_time(time).to_be_bytes());
    let bound = [
        digest.as_bytes().as_slice(),
        summary.owner_login.as_bytes(),
        &account,
        scopes.as_bytes(),
        &created_at,
        expires_at.as_ref().map_or(&[], |bytes| bytes.as_slice()),
    ];
    act(&Place { table: "keys", column: "sealed_credential", row: summary.id.as_str(), bound: &bound })
}
