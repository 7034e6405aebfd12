//! From a tool's failure to the caller's words.
//!
//! "Not there" and "not yours" take the same steps and read the same: the repository is looked at once more with the
//! caller's own right, and what is named nearby comes from the caller's own lists, through the policy.

use aegis_gitea::read::PageRequest;
use aegis_gitea::{GiteaError, RepositoryId};

use crate::error::{CallError, RefusedReason};
use crate::gate::{Gate, Passage};
use crate::nearest::nearest;
use crate::tool::ToolError;

/// How many of the caller's repositories are looked through for near misses.
const LOOKED_THROUGH: u32 = 50;

impl Gate {
    /// The caller's words for a failure before there was a target.
    pub(crate) fn explain_without_target(error: ToolError) -> CallError {
        match error {
            ToolError::Call(error) => error,
            ToolError::Gitea(error) => upstream(&error),
            ToolError::Missing { what, name, near } => CallError::NotFound { what, name, near },
        }
    }

    /// The caller's words for a failure of a run about a repository: the name it was asked for by, and where it stands
    /// since a rename. Only the first is ever said: Gitea tells anyone the new name, we tell those who may see it.
    pub(crate) async fn explain(
        &self,
        passage: &Passage<'_>,
        repository: Option<(&RepositoryId, &RepositoryId)>,
        error: ToolError,
    ) -> CallError {
        let (what, name, near) = match error {
            ToolError::Call(error) => return error,
            ToolError::Gitea(GiteaError::NotFound) => ("item", String::new(), Vec::new()),
            ToolError::Gitea(error) => return upstream(&error),
            ToolError::Missing { what, name, near } => (what, name, near),
        };
        let Some((asked, stands_at)) = repository else { return CallError::NotFound { what, name, near } };
        match self.look_again(passage, stands_at).await {
            Ok(()) if name.is_empty() => {
                CallError::NotFound { what: "such item in the repository", name: asked.to_string(), near }
            }
            Ok(()) => CallError::NotFound { what, name, near },
            Err(GiteaError::NotFound | GiteaError::Moved { .. }) => CallError::NotFound {
                what: "repository",
                name: asked.to_string(),
                near: self.nearby_repositories(passage, asked).await,
            },
            Err(error) => upstream(&error),
        }
    }

    /// Whether the repository itself is there for the caller: the cheapest permission check Gitea has.
    async fn look_again(&self, passage: &Passage<'_>, repository: &RepositoryId) -> Result<(), GiteaError> {
        let credential = passage.sight.principal.credential();
        self.client.repository(credential, repository, passage.correlation_id).repository().await.map(drop)
    }

    /// Repositories of a like name that the caller may see. Faults here only cost the hint.
    async fn nearby_repositories(&self, passage: &Passage<'_>, wanted: &RepositoryId) -> Vec<String> {
        let account = self.client.account(passage.sight.principal.credential(), passage.correlation_id);
        let page = PageRequest::new(1, LOOKED_THROUGH);
        let (own, owners) =
            futures_util::join!(account.repositories(page), account.owner_repositories(wanted.owner(), page));
        let listed = [own, owners].into_iter().flatten().flat_map(|page| page.items);
        let names = listed.map(|repository| repository.full_name);
        let seen = names.filter(|name| name != wanted && passage.sight.sees(name));
        let names: Vec<String> = seen.map(|name| name.to_string()).collect();
        nearest(&wanted.to_string(), names.iter().map(String::as_str))
    }
}

/// Gitea's refusals and faults, one to one. What is a fault of ours becomes [`CallError::Internal`].
pub(crate) fn upstream(error: &GiteaError) -> CallError {
    match error {
        GiteaError::Unauthorized => CallError::CredentialRejected,
        GiteaError::Suspended => CallError::Suspended,
        GiteaError::MissingScope { required, .. } => CallError::UpstreamScope { required: required.clone() },
        GiteaError::Forbidden => CallError::Forbidden,
        GiteaError::NotFound => CallError::NotFound { what: "item", name: String::new(), near: Vec::new() },
        GiteaError::NotAllowed => CallError::Refused { reason: RefusedReason::NotAllowed },
        GiteaError::Conflict => CallError::Refused { reason: RefusedReason::Conflict },
        GiteaError::Unprocessable => CallError::Refused { reason: RefusedReason::Unprocessable },
        GiteaError::Locked => CallError::Refused { reason: RefusedReason::Locked },
        GiteaError::RateLimited { retry_after } => CallError::UpstreamBusy { retry_after: *retry_after },
        GiteaError::NotServed { since, .. } => CallError::NotServed { since: since.clone() },
        GiteaError::TooLarge => CallError::Refused { reason: RefusedReason::TooLarge },
        GiteaError::OverLimit { limit_bytes } => CallError::TooLarge {
            what: "Gitea's answer".to_owned(),
            limit_bytes: *limit_bytes,
            hint: "ask for a smaller part: a narrower path, a page, a range",
        },
        GiteaError::Unavailable { .. } | GiteaError::Unreachable { .. } => CallError::UpstreamUnavailable,
        GiteaError::Timeout => CallError::UpstreamTimeout,
        GiteaError::Truncated
        | GiteaError::Malformed { .. }
        | GiteaError::Redirected
        | GiteaError::Unexpected { .. } => CallError::UpstreamMalformed,
        // A second rename within one call, or a fault of ours in building the request.
        GiteaError::Moved { .. } | GiteaError::Misrouted { .. } | GiteaError::Setting(_) => CallError::Internal,
    }
}
