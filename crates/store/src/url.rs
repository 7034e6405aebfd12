//! Where the store lies.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::StoreError;

/// Where the store lies: a SQLite file, or memory for as long as the process lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl(Place);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Memory,
    File(PathBuf),
}

impl StoreUrl {
    /// A store that lives and dies with the process.
    #[must_use]
    pub const fn memory() -> Self {
        Self(Place::Memory)
    }

    /// A store in this file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Place::File(path.into()))
    }

    /// The file, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Memory => None,
            Place::File(path) => Some(path),
        }
    }
}

impl FromStr for StoreUrl {
    type Err = StoreError;

    /// `sqlite::memory:`, `sqlite:PATH`, `sqlite://PATH`. The path is taken byte for byte; `?`, `#` and `%` are refused
    /// because other readers of such addresses give them a meaning, and every option of the file is ours to set.
    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Err(StoreError::PostgresNotSupported);
        }
        let rest = text.strip_prefix("sqlite:").ok_or(StoreError::UrlInvalid)?;
        if rest == ":memory:" {
            return Ok(Self::memory());
        }
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() || path.ends_with('/') || path.contains(['?', '#', '%', '\0']) {
            return Err(StoreError::UrlInvalid);
        }
        Ok(Self::file(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!("sqlite::memory:".parse::<StoreUrl>().unwrap(), StoreUrl::memory());
        for (text, path) in
            [("sqlite:a.db", "a.db"), ("sqlite://a/b.db", "a/b.db"), ("sqlite:///var/a.db", "/var/a.db")]
        {
            assert_eq!(text.parse::<StoreUrl>().unwrap().path(), Some(Path::new(path)), "{text}");
        }
    }

    #[test]
    fn other_addresses_are_refused_by_name() {
        for text in
            ["", "sqlite:", "sqlite://", "sqlite:a.db?mode=ro", "sqlite:a%2fb", "sqlite:d/", "mysql://h/d", "a.db"]
        {
            assert_eq!(text.parse::<StoreUrl>().unwrap_err().code(), "store_url_invalid", "{text:?}");
        }
        for text in ["postgres://h/d", "postgresql://u:p@h/d"] {
            assert_eq!(text.parse::<StoreUrl>().unwrap_err().code(), "store_postgres_not_supported");
        }
    }
}
