//! The makers of a connection and of credentials. Only the rooms that may let somebody through to Gitea name this
//! module; all others hold a reader that was made for them.

mod base_url;
mod credential;

use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;

pub use base_url::{BaseUrl, BaseUrlError};
pub use credential::{Credential, CredentialError};

use crate::error::GiteaError;
use crate::exchange::{Bound, Connection};
use crate::name::RepositoryId;
use crate::read::{AccountReader, InstanceReader, RepositoryReader};

/// How to reach the one Gitea or Forgejo.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is, from this machine's view.
    pub base_url: BaseUrl,
    /// Certificate authorities in PEM, trusted in addition to the machine's own.
    pub ca_file_pem: Option<Vec<u8>>,
    /// From the first byte sent to the last byte read, the one retry included.
    pub request_timeout: Duration,
    /// For name lookup, TCP and TLS together.
    pub connect_timeout: Duration,
    /// The largest body read, after decompression; diffs and raw files are cut there.
    pub max_body_bytes: u64,
    /// The `User-Agent` header.
    pub user_agent: String,
}

impl Settings {
    /// The defaults for one base URL: 30 s, 5 s, 16 MiB (a blob of Gitea's 10 MiB limit fits in base64).
    #[must_use]
    pub fn new(base_url: BaseUrl) -> Self {
        Self {
            base_url,
            ca_file_pem: None,
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            max_body_bytes: 16 * 1024 * 1024,
            user_agent: concat!("aegis-mcp/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// One connection pool to one instance. Not `Clone`: who holds it decides who gets a reader.
pub struct Client {
    connection: Arc<Connection>,
}

impl Client {
    /// Prepares the pool; nothing is sent yet.
    ///
    /// # Errors
    /// [`GiteaError::Setting`] for a certificate file without certificates or with one that cannot be read, a user agent
    /// that is no header value, or an `https` base on a machine without any certificate authority.
    pub fn new(settings: Settings, ambient: Ambient) -> Result<Self, GiteaError> {
        Ok(Self { connection: Arc::new(Connection::new(settings, ambient)?) })
    }

    /// Reads of one repository as the owner of `credential`.
    #[must_use]
    pub fn repository(
        &self,
        credential: &Credential,
        repository: &RepositoryId,
        correlation_id: &str,
    ) -> RepositoryReader {
        RepositoryReader::new(self.bound(Some(credential), correlation_id), repository.clone())
    }

    /// Reads of what the owner of `credential` sees across the instance.
    #[must_use]
    pub fn account(&self, credential: &Credential, correlation_id: &str) -> AccountReader {
        AccountReader::new(self.bound(Some(credential), correlation_id))
    }

    /// Reads of the instance itself; the credential, if any, is used only where the instance answers nobody without.
    #[must_use]
    pub fn instance(&self, credential: Option<&Credential>, correlation_id: &str) -> InstanceReader {
        InstanceReader::new(self.bound(credential, correlation_id))
    }

    fn bound(&self, credential: Option<&Credential>, correlation_id: &str) -> Bound {
        Bound::new(Arc::clone(&self.connection), credential.cloned(), correlation_id)
    }
}
