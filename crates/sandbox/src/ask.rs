//! One request, understood: who asks for what, of which state.

use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::answer::Answer;
use crate::credential::Caller;
use crate::forge::{Account, Forge, Repository};
use crate::git::Resolved;
use crate::query::Query;
use crate::rights::Access;
use crate::scope::Category;
use crate::version::Version;

/// What does not change while the sandbox runs.
#[derive(Debug)]
pub(crate) struct Instance {
    /// `http://host:port`, without a slash at the end: Gitea's `ROOT_URL`.
    pub(crate) url: String,
    pub(crate) version: Version,
    pub(crate) require_signin: bool,
    pub(crate) max_response_items: usize,
    pub(crate) max_blob_bytes: usize,
}

/// One request.
pub(crate) struct Ask<'a> {
    pub(crate) forge: &'a Forge,
    pub(crate) instance: &'a Instance,
    pub(crate) caller: Caller<'a>,
    /// Undecoded, from `/api/v1` on.
    pub(crate) path: &'a str,
    pub(crate) raw_query: &'a str,
    pub(crate) query: Query,
    pub(crate) headers: &'a HeaderMap,
}

/// A repository the caller may see, and as what.
pub(crate) struct Here<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) owner: &'a Account,
    pub(crate) access: Access,
}

impl<'a> Ask<'a> {
    /// An error in Gitea's form.
    pub(crate) fn error(&self, status: StatusCode, message: &str) -> Answer {
        Answer::json_with(status, &json!({ "message": message, "url": self.documentation() }))
    }

    /// The 404 for what is absent and what is hidden, one and the same.
    pub(crate) fn not_found(&self) -> Answer {
        let message = if self.instance.version.forgejo { "The target couldn't be found." } else { "not found" };
        self.not_found_because(message, &[])
    }

    /// A 404 that says more, about things inside a repository the caller may see.
    pub(crate) fn not_found_because(&self, message: &str, errors: &[String]) -> Answer {
        let errors = if errors.is_empty() { json!(null) } else { json!(errors) };
        let body = json!({ "errors": errors, "message": message, "url": self.documentation() });
        Answer::json_with(StatusCode::NOT_FOUND, &body)
    }

    /// What some handlers say where a thing is not there.
    pub(crate) fn fault(&self) -> Answer {
        self.error(StatusCode::INTERNAL_SERVER_ERROR, "")
    }

    fn documentation(&self) -> String {
        format!("{}/api/swagger", self.instance.url)
    }

    /// `<root>/api/v1<path>`.
    pub(crate) fn api(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.instance.url)
    }

    /// Ends the work when the token lacks one of these scopes.
    pub(crate) fn require(&self, wanted: &[Category]) -> Result<(), Answer> {
        let Some(scope) = self.caller.scope.filter(|scope| !scope.reads(wanted)) else { return Ok(()) };
        let required: Vec<String> = wanted.iter().map(|category| format!("read:{}", category.word())).collect();
        let required = required.join(" ");
        let message = if self.instance.version.forgejo || !self.instance.version.at_least(23) {
            format!("token does not have at least one of required scope(s): [{required}]")
        } else {
            let held = &scope.text;
            format!("token does not have at least one of required scope(s), required=[{required}], token scope={held}")
        };
        Err(self.error(StatusCode::FORBIDDEN, &message))
    }

    /// The person who asks; ends the work when nobody does.
    pub(crate) fn person(&self) -> Result<&'a Account, Answer> {
        self.caller.person.ok_or_else(|| self.error(StatusCode::UNAUTHORIZED, "token is required"))
    }

    /// Whether the token is limited to what is public.
    pub(crate) fn public_only(&self) -> bool {
        self.caller.scope.is_some_and(|scope| scope.public_only)
    }

    pub(crate) fn access(&self, repository: &Repository) -> Access {
        Access::of(self.forge, self.caller.person, repository)
    }

    /// Whether a list may show this repository.
    pub(crate) fn sees(&self, repository: &Repository) -> bool {
        self.access(repository) >= Access::Read && !(repository.private && self.public_only())
    }

    /// The repository of this name, as far as the caller may see it. `what` is the word in a public-only token's refusal.
    pub(crate) fn here(&self, owner: &str, name: &str, what: &str) -> Result<Here<'a>, Answer> {
        let owner = self.forge.account(owner).ok_or_else(|| self.not_found())?;
        let Some(repository) = self.forge.repository(owner.id, name) else {
            return Err(self
                .forge
                .redirect(owner.id, name)
                .map_or_else(|| self.not_found(), |moved| self.moved(moved)));
        };
        let access = self.access(repository);
        if access < Access::Read {
            return Err(self.not_found());
        }
        if repository.private && self.public_only() {
            return Err(self.error(StatusCode::FORBIDDEN, &format!("token scope is limited to public {what}")));
        }
        Ok(Here { repository, owner, access })
    }

    /// To the new name, rest of the path and query kept. Gitea redirects before it looks at rights.
    fn moved(&self, to: &Repository) -> Answer {
        let rest: Vec<&str> = self.path.split('/').skip(6).collect();
        let mut location = format!("/api/v1/repos/{}", self.forge.full_name(to));
        for part in rest {
            location.push('/');
            location.push_str(part);
        }
        if !self.raw_query.is_empty() {
            location.push('?');
            location.push_str(self.raw_query);
        }
        Answer::moved(&location)
    }
}

impl Here<'_> {
    /// The commit that a name stands for where Gitea asks git itself: `HEAD` too, and shortened ids.
    pub(crate) fn resolve(&self, name: &str) -> Option<Resolved> {
        let git = &self.repository.git;
        if name == "HEAD" { git.branch(&self.repository.default_branch) } else { git.resolve(name) }
    }

    /// `owner/name`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner.login, self.repository.name)
    }

    /// `<root>/owner/name`.
    pub(crate) fn html_url(&self, ask: &Ask<'_>) -> String {
        format!("{}/{}", ask.instance.url, self.full_name())
    }

    /// `<root>/api/v1/repos/owner/name`.
    pub(crate) fn api_url(&self, ask: &Ask<'_>) -> String {
        ask.api(&format!("/repos/{}", self.full_name()))
    }
}
