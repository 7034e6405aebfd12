//! Between columns and types. What we never write is damage, whoever wrote it.

use std::path::Path;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::StoreError;

/// Milliseconds since 1970, as stored.
pub(super) fn from_time(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A time as it reads back.
pub(super) fn as_kept(time: Timestamp) -> Timestamp {
    to_time(from_time(time)).unwrap_or(time)
}

/// A row and the file it came from.
pub(super) struct Columns<'a> {
    row: &'a SqliteRow,
    path: &'a Path,
}

impl<'a> Columns<'a> {
    pub(super) fn of(row: &'a SqliteRow, path: &'a Path) -> Self {
        Self { row, path }
    }

    pub(super) fn read<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: sqlx::Type<sqlx::Sqlite> + sqlx::Decode<'a, sqlx::Sqlite>,
    {
        self.row.try_get(column).map_err(|error| StoreError::from_database(self.path, error))
    }

    /// A column that holds `Raw` and stands for `T`.
    pub(super) fn parse<Raw, T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(Raw) -> Option<T>,
    ) -> Result<T, StoreError>
    where
        Raw: sqlx::Type<sqlx::Sqlite> + sqlx::Decode<'a, sqlx::Sqlite>,
    {
        parse(self.read(column)?)
            .ok_or_else(|| StoreError::corrupt(self.path, format!("column {column} has a strange value")))
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.parse(column, to_time)
    }

    pub(super) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        self.parse(column, |stored: Option<i64>| match stored {
            Some(milliseconds) => to_time(milliseconds).map(Some),
            None => Some(None),
        })
    }
}

fn to_time(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}
