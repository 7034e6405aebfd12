//! Version, flavour and limits: asked without a token where the instance allows it, kept for five minutes.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::tolerant::count;
use super::{AccountReader, InstanceReader, RepositoryReader};
use crate::endpoints::{API_SETTINGS, Endpoint, VERSION};
use crate::error::GiteaError;
use crate::exchange::Bound;
use crate::flavor::Instance;
use crate::route::Call;

/// `MAX_RESPONSE_ITEMS` unless an operator changed it (Gitea `modules/setting/api.go`).
const DEFAULT_MAX_RESPONSE_ITEMS: u32 = 50;

/// What the instance publishes of its limits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Limits {
    /// The longest page of a list.
    pub max_response_items: u32,
    /// A page's length where none is asked for.
    pub default_paging_num: u32,
    /// The longest page of a tree.
    pub default_git_trees_per_page: u32,
    /// Larger blobs come without their content, in bytes.
    #[serde(deserialize_with = "count")]
    pub default_max_blob_size: u64,
}

#[derive(Deserialize)]
struct ServerVersion {
    version: String,
}

impl InstanceReader {
    /// Flavour and version, at most five minutes old.
    ///
    /// # Errors
    /// [`GiteaError`] where the instance cannot be asked.
    pub async fn instance(&self) -> Result<Instance, GiteaError> {
        self.bound.instance().await
    }

    /// Whether the instance answers now: the cheapest request there is, nothing kept. One that answers nobody without
    /// a token answers.
    ///
    /// # Errors
    /// [`GiteaError`] where it does not.
    pub async fn answers(&self) -> Result<(), GiteaError> {
        match self.bound.public::<ServerVersion>(&VERSION).await {
            Ok(_) | Err(GiteaError::Unauthorized | GiteaError::Forbidden) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Limits, at most five minutes old.
    ///
    /// # Errors
    /// [`GiteaError`] where the instance cannot be asked.
    pub async fn limits(&self) -> Result<Limits, GiteaError> {
        self.bound.limits().await
    }
}

/// The longest page the instance gives: what it publishes, or Gitea's and Forgejo's default where it does not answer.
/// A list is worth more than knowing its bound, so a fault here is none of the list's.
async fn page_bound(bound: &Bound) -> u32 {
    bound.limits().await.map_or(DEFAULT_MAX_RESPONSE_ITEMS, |limits| limits.max_response_items).max(1)
}

impl RepositoryReader {
    /// The longest page of a list this instance gives.
    pub async fn page_bound(&self) -> u32 {
        page_bound(&self.bound).await
    }
}

impl AccountReader {
    /// The longest page of a list this instance gives.
    pub async fn page_bound(&self) -> u32 {
        page_bound(&self.bound).await
    }
}

impl Bound {
    async fn limits(&self) -> Result<Limits, GiteaError> {
        let fetch = self.public(&API_SETTINGS);
        self.in_time(self.kept_limits().or_fetch(self.ambient(), fetch)).await
    }

    pub(super) async fn instance(&self) -> Result<Instance, GiteaError> {
        let fetch = async {
            let ServerVersion { version } = self.public(&VERSION).await?;
            Ok(Instance::from_version(&version))
        };
        self.in_time(self.kept_instance().or_fetch(self.ambient(), fetch)).await
    }

    /// Whether to use an endpoint that only some releases have, where another does the same. An instance that cannot
    /// be reached is an error; one that will not tell its version is served by what every release has.
    pub(super) async fn has(&self, endpoint: &'static Endpoint) -> Result<bool, GiteaError> {
        match self.instance().await {
            Ok(instance) => Ok(endpoint.served_by(&instance)),
            Err(error) if error.is_everybodys() => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Asks without a token, which costs a fifth; an instance that answers nobody without one is asked again with it.
    async fn public<T: DeserializeOwned>(&self, endpoint: &'static Endpoint) -> Result<T, GiteaError> {
        let call = Call::to(endpoint);
        match self.anonymous().json(&call).await {
            Err(GiteaError::Unauthorized | GiteaError::Forbidden) if self.has_credential() => self.json(&call).await,
            other => other,
        }
    }
}
