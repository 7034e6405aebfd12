//! Schema versions. SQLite's own `user_version` holds the number, so that it can be read before anything else.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;

use crate::StoreError;

/// What makes version n out of version n - 1, each setting the version itself. Never edited once released.
pub(super) const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_keys_and_lockouts.sql")];

/// The version these migrations lead to.
pub(super) fn newest(migrations: &[&'static str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// The version a database has.
pub(super) async fn version(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await
}

/// Brings an older store up to date. Another process may have done so, or more, since it was inspected; so this belongs
/// into a transaction that has the store to itself, and reads the version again.
pub(super) async fn bring_up(
    connection: &mut SqliteConnection,
    path: &Path,
    migrations: &[&'static str],
) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_database(path, error);
    let found = version(connection).await.map_err(failed)?;
    let known = newest(migrations);
    if found > known {
        return Err(StoreError::Newer { path: path.into(), found, known });
    }
    let done = usize::try_from(found).unwrap_or_default();
    apply(connection, migrations.get(done..).unwrap_or_default()).await.map_err(failed)
}

/// Runs these steps in the caller's transaction.
pub(super) async fn apply(connection: &mut SqliteConnection, steps: &[&'static str]) -> sqlx::Result<()> {
    for step in steps {
        sqlx::raw_sql(*step).execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection;

    const SECOND: &str = "CREATE TABLE later (one INTEGER); PRAGMA user_version = 2";
    const BROKEN: &str = "CREATE TABLE never (one INTEGER); PRAGMA user_version = 3; SELECT * FROM nowhere";

    async fn database() -> SqliteConnection {
        SqliteConnection::connect("sqlite::memory:").await.unwrap()
    }

    async fn tables(connection: &mut SqliteConnection) -> Vec<String> {
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .fetch_all(connection)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn every_migration_sets_its_own_version() {
        let mut connection = database().await;
        for (before, step) in MIGRATIONS.iter().enumerate() {
            apply(&mut connection, &[step]).await.unwrap();
            assert_eq!(version(&mut connection).await.unwrap(), i64::try_from(before).unwrap() + 1);
        }
        assert_eq!(version(&mut connection).await.unwrap(), newest(MIGRATIONS));
    }

    #[tokio::test]
    async fn s04_an_older_schema_takes_the_missing_steps_only() {
        let mut connection = database().await;
        let path = Path::new("test");
        let steps = [MIGRATIONS, &[SECOND]].concat();
        bring_up(&mut connection, path, MIGRATIONS).await.unwrap();
        bring_up(&mut connection, path, &steps).await.unwrap();
        bring_up(&mut connection, path, &steps).await.unwrap();
        assert_eq!(tables(&mut connection).await, ["keys", "later", "lockouts", "store"]);
        let error = bring_up(&mut connection, path, MIGRATIONS).await.unwrap_err();
        assert_eq!(error.code(), "store_newer");
    }

    #[tokio::test]
    async fn s04_a_step_that_fails_takes_the_steps_before_it_back() {
        let mut connection = database().await;
        let path = Path::new("test");
        bring_up(&mut connection, path, MIGRATIONS).await.unwrap();
        let steps = [MIGRATIONS, &[SECOND, BROKEN]].concat();
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
        assert!(bring_up(&mut transaction, path, &steps).await.is_err());
        drop(transaction);
        assert_eq!(version(&mut connection).await.unwrap(), newest(MIGRATIONS));
        assert_eq!(tables(&mut connection).await, ["keys", "lockouts", "store"]);
    }
}
