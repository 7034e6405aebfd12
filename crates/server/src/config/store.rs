//! Where state lives.

use std::path::{Path, PathBuf};

use crate::config::reader::Reader;
use crate::config::variables::{Kind, Variable, section};
use crate::config::{Fault, Secret};

section! {
    "State", "What survives a restart: keys, lock-outs, sealed credentials.";

    STATE_DIR = Variable::new(
        Kind::Path,
        "store.state_dir",
        "The state folder. `aegis-mcp.toml` is looked for here too.",
    )
        .optional("`$XDG_STATE_HOME/aegis-mcp`, else `~/.local/state/aegis-mcp`")
        .example("/var/lib/aegis-mcp")
        .remedy("name a folder that only the gateway's account may enter, such as /var/lib/aegis-mcp");
    STORE_URL = Variable::new(
        Kind::Store,
        "store.url",
        "The store.",
    )
        .optional("`aegis-mcp.db` in the state folder")
        .example("sqlite:/var/lib/aegis-mcp/aegis-mcp.db");
    STORE_KEY = Variable::new(
        Kind::ChosenSecret,
        "store.key",
        "The key that seals credentials in the store: 32 random bytes in hexadecimal or base64.",
    )
        .optional("a key file in the state folder, made at the first start")
        .example("<key>")
        .remedy("`openssl rand -hex 32` makes a good one");
}

/// Where state lives.
#[derive(Debug, Clone)]
pub struct StoreSection {
    /// `STATE_DIR`.
    pub state_directory: PathBuf,
    /// `STORE_URL`.
    pub place: StorePlace,
    /// `STORE_KEY`.
    pub key: Option<Secret>,
}

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorePlace {
    /// In memory: lock-outs and keys are gone with the process.
    Memory,
    /// A SQLite file.
    File(PathBuf),
}

impl StoreSection {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let state_directory = state_directory(reader);
        let place = reader.store(&STORE_URL);
        Self {
            place: place.unwrap_or_else(|| StorePlace::File(state_directory.join("aegis-mcp.db"))),
            key: reader.secret(&STORE_KEY),
            state_directory,
        }
    }
}

fn state_directory(reader: &mut Reader<'_>) -> PathBuf {
    let is_set = reader.is_set(&STATE_DIR);
    let found = reader.path(&STATE_DIR).or_else(|| reader.default_state_directory().map(Path::to_owned));
    if found.is_none() && !is_set {
        reader.report(&STATE_DIR, Fault::Missing);
    }
    found.unwrap_or_default()
}

impl StorePlace {
    /// `sqlite::memory:`, `sqlite:PATH` or `sqlite://PATH`. Options are refused: they are ours to choose.
    pub(crate) fn parse(text: &str, variable: &Variable) -> Result<Self, Fault> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Err(Fault::NotYet("PostgreSQL"));
        }
        let wrong = || Fault::Takes(variable.kind.takes().into_owned());
        let rest = text.strip_prefix("sqlite:").ok_or_else(wrong)?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if rest == ":memory:" {
            Ok(Self::Memory)
        } else if path.is_empty() || path.ends_with('/') || path.contains(['?', '#', '%', '\0']) {
            Err(wrong())
        } else {
            Ok(Self::File(path.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_file_or_memory_and_postgresql_is_told_to_wait() {
        let file = |path: &str| Ok(StorePlace::File(path.into()));
        for (text, place) in [
            ("sqlite::memory:", Ok(StorePlace::Memory)),
            ("sqlite:a.db", file("a.db")),
            ("sqlite:///var/a.db", file("/var/a.db")),
            ("postgres://user:canary@db/aegis", Err(Fault::NotYet("PostgreSQL"))),
        ] {
            assert_eq!(StorePlace::parse(text, &STORE_URL), place, "{text}");
        }
        for text in ["a.db", "sqlite:", "sqlite:dir/", "sqlite:a.db?mode=rwc", "mysql://db"] {
            assert!(matches!(StorePlace::parse(text, &STORE_URL), Err(Fault::Takes(_))), "{text}");
        }
    }
}
