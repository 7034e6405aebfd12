//! One tool's run: target, permit, tool, and once more under the new name where a repository was renamed.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use aegis_gitea::GiteaError;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::audit::Asked;
use crate::error::CallError;
use crate::gate::Gate;
use crate::permit::{ReadPermit, Sight};
use crate::policy::Decision;
use crate::target::{Door, Target};
use crate::tool::{ReadTool, ToolError};

/// What a run is given.
pub(crate) struct Passage<'a> {
    pub(crate) arguments: Map<String, Value>,
    pub(crate) sight: Sight,
    pub(crate) correlation_id: &'a str,
    pub(crate) trace: &'a Mutex<Trace>,
}

/// What the record says about a run beside its verdict.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace {
    pub(crate) target: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) withheld: u64,
    pub(crate) masked: u64,
    pub(crate) answer_bytes: u64,
    pub(crate) asked: Option<Asked>,
}

impl Passage<'_> {
    pub(crate) fn note(&self, note: impl FnOnce(&mut Trace)) {
        note(&mut self.trace.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Runs `T`. The catalogue keeps a pointer to this, one for each tool.
pub(crate) fn run_read<'a, T: ReadTool>(
    gate: &'a Gate,
    passage: Passage<'a>,
) -> BoxFuture<'a, Result<Answer, CallError>> {
    Box::pin(async move {
        let mut passage = passage;
        let arguments = Value::Object(std::mem::take(&mut passage.arguments));
        let arguments: T::Arguments =
            serde_json::from_value(arguments).map_err(|error| misfit::<T>(&error, passage.correlation_id))?;
        let target = match T::target(&arguments) {
            Ok(target) => target,
            Err(error) => return Err(Gate::explain_without_target(error)),
        };
        let permit = gate.authorize(&passage, target)?;
        let outcome = match T::run(&permit, &arguments).await {
            Ok(output) => Ok(output),
            Err(error) => match gate.follow_rename(&passage, &permit, &error) {
                Rename::None => Err((error, None)),
                Rename::Hidden => Err((ToolError::Gitea(GiteaError::NotFound), None)),
                Rename::To(renamed) => T::run(&renamed, &arguments).await.map_err(|error| (error, Some(renamed))),
            },
        };
        let withheld = passage.sight.withheld.load(Ordering::Relaxed);
        passage.note(|trace| trace.withheld = withheld);
        match outcome {
            Ok(output) => gate.release(&passage, &output),
            Err((error, renamed)) => {
                let asked = permit.target().repository();
                let stands_at = renamed.as_ref().map_or(asked, |renamed| renamed.target().repository());
                Err(gate.explain(&passage, asked.zip(stands_at), error).await)
            }
        }
    })
}

/// The checker let arguments through that the tool's type does not take: schema and type disagree, our fault.
fn misfit<T: ReadTool>(error: &serde_json::Error, correlation_id: &str) -> CallError {
    tracing::error!(correlation_id, tool = T::SPEC.name, line = error.line(), "checked arguments do not fit the tool");
    CallError::Internal
}

impl Gate {
    /// Permit for exactly this target, or the rule that refuses it.
    fn authorize<T: Target>(&self, passage: &Passage<'_>, target: T) -> Result<ReadPermit<T>, CallError> {
        let sight = &passage.sight;
        let decision = match (target.repository(), target.place()) {
            (Some(repository), Some(place)) => sight.view.decide_place(repository, place),
            (Some(repository), None) => sight.view.decide_repository(repository),
            (None, _) => sight.view.decide_instance(),
        };
        passage.note(|trace| {
            // After a rename both names: the one that was asked for and the one that answered.
            let name = target.repository().map(ToString::to_string);
            trace.target = match (trace.target.take(), name) {
                (Some(asked), Some(now)) => Some(format!("{asked} -> {now}")),
                (None, name) => name,
                (asked, None) => asked,
            };
            trace.rule = match &decision {
                Decision::Allowed { rule } => rule.clone(),
                Decision::Denied { rule } => Some(rule.clone()),
            };
        });
        if let Decision::Denied { rule } = decision {
            return Err(CallError::PolicyDenied { rule });
        }
        let door = Door {
            client: &self.client,
            credential: sight.principal.credential(),
            correlation_id: passage.correlation_id,
        };
        let reader = target.reader(&door);
        Ok(ReadPermit::new(reader, target, sight.clone(), Arc::clone(&self.house)))
    }

    /// A permit for the new name, if Gitea said the repository moved. Where the policy does not let the caller see the
    /// new name, it reads as not there: a rename must not tell what a direct question would refuse (attack R12).
    fn follow_rename<T: Target>(&self, passage: &Passage<'_>, permit: &ReadPermit<T>, error: &ToolError) -> Rename<T> {
        let Some(target) = error.moved_to().and_then(|to| permit.target().renamed(to.clone())) else {
            return Rename::None;
        };
        self.authorize(passage, target).map_or(Rename::Hidden, Rename::To)
    }
}

/// What became of a target's name.
enum Rename<T: Target> {
    None,
    Hidden,
    To(ReadPermit<T>),
}
