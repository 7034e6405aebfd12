//! What the operator allows: who × repositories × paths × tools. Deny wins; with a file, what no rule allows is denied;
//! without a file, people have their own rights in Gitea, reads only.
//!
//! The same policy decides before a call (may this run?) and inside its answer (may this name be seen?), so a list, a
//! tree, a diff or a hint can never show what a direct question would refuse.

mod file;
mod pattern;
mod rule;

use std::sync::Arc;

use aegis_gitea::RepositoryId;

pub use file::PolicyError;
use rule::{Effect, Rule};

use crate::target::Place;
use crate::tool::{ToolSpec, Toolset};

/// Id that a refusal names when no rule allowed the call.
const NO_RULE: &str = "no_rule_allows";

/// The operator's policy, parsed and compiled.
#[derive(Debug)]
pub struct Policy {
    /// None: there is no file. What denies stands before what allows, so the first rule that applies decides.
    rules: Option<Vec<Arc<Rule>>>,
}

/// What a policy says about one subject and one tool: picked once a call, asked about every row of its answer.
#[derive(Debug)]
pub(crate) struct View {
    rules: Option<Vec<Arc<Rule>>>,
}

/// Who asks, as far as rules can name them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// Gitea's number. It stays when the login changes.
    pub(crate) account_id: i64,
    /// The login of now.
    pub(crate) login: &'a str,
    /// The login on the day the key was made, where a key of one person let the subject in.
    pub(crate) login_of_key: Option<&'a str>,
    pub(crate) key_id: Option<&'a str>,
}

/// With which tool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act {
    pub(crate) tool: &'static str,
    pub(crate) toolset: Toolset,
}

impl Act {
    pub(crate) fn of(spec: &ToolSpec) -> Self {
        Self { tool: spec.name, toolset: spec.toolset }
    }
}

/// The policy's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It may run. The rule that said so, if there is a file.
    Allowed { rule: Option<String> },
    /// It may not.
    Denied { rule: String },
}

impl Policy {
    /// No file: people's own rights.
    #[must_use]
    pub fn own_rights() -> Self {
        Self { rules: None }
    }

    /// Parses a policy file.
    ///
    /// # Errors
    /// [`PolicyError`] naming the rule and field that is wrong.
    pub fn parse(text: &str, tools: &[&str]) -> Result<Self, PolicyError> {
        let mut rules: Vec<_> = file::parse(text, tools)?.into_iter().map(Arc::new).collect();
        rules.sort_by_key(|rule| match rule.effect {
            Effect::Deny => 0,
            Effect::Allow => 1,
        });
        Ok(Self { rules: Some(rules) })
    }

    /// Whether a file is in force, so that rows of a list may have to be kept back.
    pub(crate) fn has_rules(&self) -> bool {
        self.rules.is_some()
    }

    /// One sentence for `get_me`: that there is a policy, never what it says.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.rules {
            None => "No policy file: your own rights in Gitea apply, reads only.".to_owned(),
            Some(rules) => format!(
                "A policy of {} rules narrows your rights in Gitea; what no rule allows is denied.",
                rules.len()
            ),
        }
    }

    /// Whether any target could ever be allowed. A tool for which this is false does not exist for the subject.
    pub(crate) fn may_ever(&self, subject: Subject<'_>, act: Act) -> bool {
        self.view(subject, act).decide_instance().is_allowed()
    }

    /// The rules that speak about this subject and this tool.
    pub(crate) fn view(&self, subject: Subject<'_>, act: Act) -> View {
        let covering =
            |rules: &Vec<Arc<Rule>>| rules.iter().filter(|rule| rule.covers(subject, act)).map(Arc::clone).collect();
        View { rules: self.rules.as_ref().map(covering) }
    }
}

impl View {
    /// Decides about a call that names no repository. What its answer shows is filtered row by row.
    pub(crate) fn decide_instance(&self) -> Decision {
        self.decide(|rule| match rule.effect {
            Effect::Allow => true,
            Effect::Deny => rule.is_total(),
        })
    }

    /// Decides about a repository as a whole: some of its paths must be allowed, and not all of it denied.
    pub(crate) fn decide_repository(&self, repository: &RepositoryId) -> Decision {
        self.decide_about(repository, |rule| match rule.effect {
            Effect::Allow => true,
            Effect::Deny => rule.paths.cover_everything(),
        })
    }

    /// Decides about one place of a repository.
    pub(crate) fn decide_place(&self, repository: &RepositoryId, place: &Place) -> Decision {
        self.decide_about(repository, |rule| match (place, rule.effect) {
            (Place::Path(path), Effect::Allow) => rule.paths.matches(path),
            (Place::Directory(directory), Effect::Allow) => rule.paths.leads_from(directory),
            (Place::Path(place) | Place::Directory(place), Effect::Deny) => rule.paths.cover(place),
        })
    }

    fn decide_about(&self, repository: &RepositoryId, applies: impl Fn(&Rule) -> bool) -> Decision {
        let folded = self.rules.as_ref().map(|_| repository.folded()).unwrap_or_default();
        self.decide(|rule| rule.repositories.match_folded(&folded) && applies(rule))
    }

    fn decide(&self, applies: impl Fn(&Rule) -> bool) -> Decision {
        let Some(rules) = &self.rules else { return Decision::Allowed { rule: None } };
        let Some(first) = rules.iter().find(|rule| applies(rule)) else {
            return Decision::Denied { rule: NO_RULE.to_owned() };
        };
        match first.effect {
            Effect::Deny => Decision::Denied { rule: first.id.clone() },
            Effect::Allow => Decision::Allowed { rule: Some(first.id.clone()) },
        }
    }
}

impl Decision {
    pub(crate) fn is_allowed(&self) -> bool {
        match self {
            Self::Allowed { .. } => true,
            Self::Denied { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;
