//! What is there for a caller: what the lists show is what may be called, and the other way round.

use crate::arguments;
use crate::call::Call;
use crate::catalog::{Entry, Found, Resource};
use crate::error::CallError;
use crate::gate::Gate;
use crate::nearest::nearest;
use crate::permit::subject;
use crate::policy::{Act, Policy};
use crate::principal::Principal;

impl Gate {
    /// The tools this caller may ever use, in order. What the policy takes away altogether is not among them.
    pub fn list(&self, principal: &Principal) -> impl Iterator<Item = &Entry> {
        self.seen(self.catalog.entries(), principal, |entry| entry)
    }

    /// The resources and templates this caller may ever read from, in order.
    pub fn resources(&self, principal: &Principal) -> impl Iterator<Item = &Resource> {
        self.seen(self.catalog.resources(), principal, Resource::entry)
    }

    /// The prompts this caller may ever get, in order.
    pub fn prompts(&self, principal: &Principal) -> impl Iterator<Item = &Entry> {
        self.seen(self.catalog.prompts(), principal, |entry| entry)
    }

    /// Whether the call may start: what it is about exists for the caller and the caller's token reaches it. Decided
    /// before any stream begins, so that refusals of sign-in can be real HTTP answers.
    ///
    /// # Errors
    /// [`CallError::UnknownTool`], [`CallError::NotFound`] or [`CallError::InsufficientScope`].
    pub fn admit(&self, principal: &Principal, call: &Call) -> Result<(), CallError> {
        let found = self.catalog.resolve(call);
        self.admit_under(&self.policy.load_full(), principal, call, found.as_ref()).map(drop)
    }

    fn seen<'a, T>(
        &self,
        offered: &'a [T],
        principal: &Principal,
        entry: impl Fn(&T) -> &Entry,
    ) -> impl Iterator<Item = &'a T> {
        let policy = self.policy.load_full();
        offered.iter().filter(move |one| exists_for(&policy, principal, entry(one)))
    }

    /// What runs for the call, if anything does: nobody may complete an argument, or not for this caller.
    pub(super) fn admit_under<'a>(
        &self,
        policy: &Policy,
        principal: &Principal,
        call: &Call,
        found: Option<&Found<'a>>,
    ) -> Result<Option<&'a Entry>, CallError> {
        let exists = |entry: &Entry| exists_for(policy, principal, entry);
        let found = found.filter(|found| exists(found.entry)).ok_or_else(|| self.unknown(principal, call))?;
        let runs = found.runs.filter(|entry| exists(entry));
        let required = [Some(found.entry), runs].into_iter().flatten().map(|entry| entry.spec().scope);
        let lacking = required.into_iter().find(|scope| !principal.holds(*scope));
        lacking.map_or(Ok(runs), |required| Err(CallError::InsufficientScope { required }))
    }

    /// Nothing of that name is there for the caller. A tool has an error of its own, as the protocol has.
    fn unknown(&self, principal: &Principal, call: &Call) -> CallError {
        let near = |name: &str, listed: Vec<&'static str>| nearest(name, listed.into_iter());
        let (what, name, near) = match call {
            Call::Tool { name, .. } => {
                let near = near(name, self.list(principal).map(|entry| entry.spec().name).collect());
                return CallError::UnknownTool { name: arguments::shown(name), near: near.into_iter().next() };
            }
            Call::Prompt { name, .. } => {
                ("prompt", name, near(name, self.prompts(principal).map(|entry| entry.spec().name).collect()))
            }
            Call::Resource { uri } => ("resource", uri, Vec::new()),
            Call::Completion { of, .. } => ("prompt or template with this argument", of, Vec::new()),
        };
        CallError::NotFound { what, name: arguments::shown(name), near }
    }
}

fn exists_for(policy: &Policy, principal: &Principal, entry: &Entry) -> bool {
    policy.may_ever(subject(principal), Act::of(entry.spec()))
}
