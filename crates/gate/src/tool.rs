//! A tool is data and one function. The catalogue holds them in order; nothing registers itself.

use std::future::Future;

use aegis_gitea::GiteaError;
use aegis_gitea::endpoints::Endpoint;
use aegis_gitea::{NameError, RepositoryId};
use aegis_store::Scope;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::CallError;
use crate::permit::ReadPermit;
use crate::target::Target;

/// A group of tools that is switched on or off together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Toolset {
    /// Who am I, what is this instance.
    Context,
    /// Repositories.
    Repositories,
    /// Files and trees.
    Files,
    /// Commits and branches.
    Commits,
    /// Issues.
    Issues,
    /// Pull requests.
    PullRequests,
}

impl Toolset {
    /// Every toolset, in the order of the catalogue.
    pub const ALL: [Self; 6] =
        [Self::Context, Self::Repositories, Self::Files, Self::Commits, Self::Issues, Self::PullRequests];

    /// The name used in settings, policy and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Repositories => "repositories",
            Self::Files => "files",
            Self::Commits => "commits",
            Self::Issues => "issues",
            Self::PullRequests => "pull_requests",
        }
    }

    /// The toolset of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|toolset| toolset.name() == name)
    }
}

/// What is known about a tool before it runs.
#[derive(Debug, Clone, Copy)]
pub struct ToolSpec {
    /// `verb_noun`, at most 40 of `[a-z0-9_]`.
    pub name: &'static str,
    /// A few words for people.
    pub title: &'static str,
    /// One or two plain sentences; the first says when to use it.
    pub description: &'static str,
    /// The group it belongs to.
    pub toolset: Toolset,
    /// The scope of ours that a caller's token must hold.
    pub scope: Scope,
    /// The endpoints it may call. The newest of them decides which release can serve the tool.
    pub endpoints: &'static [&'static Endpoint],
    /// Former names: callable, not listed.
    pub aliases: &'static [&'static str],
}

/// What clients are told about a tool's effects (MCP 2025-03-26 and later, server/tools). Every hint is explicit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the protocol has four hints, each true or false")]
pub struct Annotations {
    /// It changes nothing.
    pub read_only: bool,
    /// It may destroy something.
    pub destructive: bool,
    /// Calling it twice has the effect of calling it once.
    pub idempotent: bool,
    /// It reaches beyond the one forge.
    pub open_world: bool,
}

impl Annotations {
    /// Those of every tool that only reads the forge.
    pub const READ: Self = Self { read_only: true, destructive: false, idempotent: true, open_world: false };
}

/// What a tool answers with. It is serialised once, redacted, and shown as `structuredContent` and as text.
pub trait Output: Serialize + JsonSchema + Send {
    /// Names of fields, at any depth, that hold file or diff text: shown exactly but for visible escapes.
    const FILE_TEXT: &'static [&'static str] = &[];

    /// The top-level field among [`Self::FILE_TEXT`] that is shown bare under a header line instead of as JSON.
    const BARE_TEXT: Option<&'static str> = None;

    /// Whether people wrote part of it. Such an answer is labelled as data, not instructions.
    const UNTRUSTED: bool = true;

    /// Bytes that leave as they are (base64 or an image). They are scanned for secrets and withheld on a hit.
    fn exact_bytes(&self) -> Option<&[u8]> {
        None
    }

    /// An image shown beside the text.
    fn image(&self) -> Option<Image> {
        None
    }
}

/// An image item of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `image/png` and the like.
    pub mime_type: &'static str,
    /// Base64 of the bytes.
    pub base64: String,
}

/// A tool that only reads.
pub trait ReadTool: 'static {
    /// What is known about it.
    const SPEC: ToolSpec;
    /// Its arguments. Their schema is what clients see and what the checker enforces.
    type Arguments: DeserializeOwned + JsonSchema + Send + Sync;
    /// Its answer.
    type Output: Output;
    /// What it is about.
    type Target: Target;

    /// What these arguments are about.
    ///
    /// # Errors
    /// An argument that is no name of Gitea's grammar.
    fn target(arguments: &Self::Arguments) -> Result<Self::Target, ToolError>;

    /// Does it, with a reader bound to the permit's target.
    fn run(
        permit: &ReadPermit<Self::Target>,
        arguments: &Self::Arguments,
    ) -> impl Future<Output = Result<Self::Output, ToolError>> + Send;
}

/// Why a tool did not answer, before the gate makes a [`CallError`] of it.
#[derive(Debug)]
pub enum ToolError {
    /// Gitea's refusal or fault. `Moved` is authorised again by the gate, `NotFound` gets its words there.
    Gitea(GiteaError),
    /// A thing inside the target is not there. The gate says so only if the target itself is there.
    Missing {
        /// "branch", "file", "issue".
        what: &'static str,
        /// As the caller wrote it.
        name: String,
        /// What exists nearby and may be seen.
        near: Vec<String>,
    },
    /// Anything already in its final words.
    Call(CallError),
}

impl ToolError {
    /// A thing inside the target that is not there, with nothing nearby.
    #[must_use]
    pub fn missing(what: &'static str, name: impl Into<String>) -> Self {
        Self::Missing { what, name: name.into(), near: Vec::new() }
    }

    /// The repository the target moved to, if that is what happened.
    pub(crate) fn moved_to(&self) -> Option<&RepositoryId> {
        match self {
            Self::Gitea(GiteaError::Moved { to }) => Some(to),
            Self::Gitea(_) | Self::Missing { .. } | Self::Call(_) => None,
        }
    }
}

impl From<GiteaError> for ToolError {
    fn from(error: GiteaError) -> Self {
        Self::Gitea(error)
    }
}

impl From<CallError> for ToolError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<NameError> for ToolError {
    fn from(error: NameError) -> Self {
        let came = match error.came() {
            "" => "got an empty text".to_owned(),
            came => format!("got `{came}`"),
        };
        let (argument, wanted) = (error.field().to_owned(), format!("it takes {}", error.wanted()));
        Self::Call(CallError::InvalidArgument { argument, came, wanted })
    }
}

/// Names what was missing where Gitea answered 404 for a thing inside the target.
pub trait OrMissing<T> {
    /// `NotFound` becomes [`ToolError::Missing`]; everything else passes.
    ///
    /// # Errors
    /// The same failure, named.
    fn or_missing(self, what: &'static str, name: impl Into<String>) -> Result<T, ToolError>;
}

impl<T> OrMissing<T> for Result<T, GiteaError> {
    fn or_missing(self, what: &'static str, name: impl Into<String>) -> Result<T, ToolError> {
        self.map_err(|error| match error {
            GiteaError::NotFound => ToolError::missing(what, name),
            other => ToolError::Gitea(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use aegis_gitea::RepositoryId;

    use super::*;

    #[test]
    fn a_refused_name_reads_like_any_other_refused_argument() {
        let says = |text: &str| match ToolError::from(RepositoryId::parse(text).unwrap_err()) {
            ToolError::Call(error) => error.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(says(""), "argument `repo`: got an empty text; it takes owner/name with exactly one slash");
        assert_eq!(says("a/b/c"), "argument `repo`: got `a/b/c`; it takes owner/name with exactly one slash");
    }
}
