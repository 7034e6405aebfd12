//! The pipeline: the one place where the order of a call is written.
//!
//! authenticate → the person's budget → reserve a record → admit → the tool's budget → check arguments → authorize →
//! tool → redact → record.
//! Nothing reaches Gitea unless a [`Principal`] was authenticated, a permit was issued for exactly this call and
//! target, and a place in the record was reserved for both.

mod explain;
mod record;
mod release;
mod run;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gitea::GiteaError;
use aegis_gitea::connect::Client;
use aegis_store::Store;
use arc_swap::ArcSwap;
use futures_util::FutureExt;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::audit::{ArgumentsShape, Audit, Health};
use crate::authn::{Authenticator, AuthnError, Origin, RawCredential};
use crate::catalog::{Catalog, Entry};
use crate::error::CallError;
use crate::limit::Limits;
use crate::lockout::Lockout;
use crate::nearest::nearest;
use crate::permit::{Sight, subject};
use crate::policy::{Act, Policy};
use crate::principal::{Owner, Principal};
use crate::redact::Redactor;
use crate::{arguments, authn, limit, lockout};

pub(crate) use run::{Passage, Trace, run_read};

/// What the record calls a tool that does not exist.
const UNKNOWN_TOOL: &str = "unknown";
/// How long Gitea has to say that it is there.
const HEALTH_DEADLINE: Duration = Duration::from_secs(5);

/// What a gate is made of. Everything in it is validated.
pub struct Parts {
    /// The connection to the one Gitea or Forgejo. It moves in here and is seen no more.
    pub client: Client,
    /// What survives a restart.
    pub store: Arc<dyn Store>,
    /// The record.
    pub audit: Audit,
    /// What the operator allows.
    pub policy: Policy,
    /// What may leave.
    pub redactor: Redactor,
    /// The tools in force.
    pub catalog: Catalog,
    /// The ways in.
    pub authn: authn::Settings,
    /// When an address is locked out.
    pub lockout: lockout::Settings,
    /// How often.
    pub limits: limit::Settings,
    /// The gateway's own facts.
    pub house: House,
    /// Clock and randomness.
    pub ambient: Ambient,
}

/// The gateway's own facts, as tools may tell them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    /// Our version.
    pub version: &'static str,
    /// Whether tools that write are offered.
    pub write_mode: bool,
    /// Largest file answered, in bytes (`MAX_FILE_SIZE_BYTES`).
    pub max_file_bytes: u64,
    /// Largest answer text by default, in bytes; about 25,000 tokens.
    pub max_answer_bytes: usize,
    /// Calls a minute for one person; none is no limit.
    pub calls_per_minute: Option<u32>,
    /// How long one call may take in all.
    pub call_deadline: Duration,
}

/// One call of a tool.
#[derive(Debug, Clone)]
pub struct Call {
    /// The tool's name, as it came.
    pub tool: String,
    /// Its arguments, as they came.
    pub arguments: Map<String, Value>,
}

/// The one way from a transport to Gitea.
pub struct Gate {
    client: Client,
    audit: Audit,
    policy: ArcSwap<Policy>,
    redactor: ArcSwap<Redactor>,
    catalog: Arc<Catalog>,
    authenticator: Authenticator,
    limits: Limits,
    house: Arc<House>,
    ambient: Ambient,
}

/// Why a gate could not be built.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] aegis_store::StoreError),
}

impl Gate {
    /// Builds it and takes up the lock-outs the store remembers.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn new(parts: Parts) -> Result<Self, GateError> {
        let lockout = Lockout::load(parts.lockout, Arc::clone(&parts.store), parts.ambient.clone()).await?;
        Ok(Self {
            authenticator: Authenticator::new(&parts.authn, parts.store, lockout, parts.ambient.clone()),
            limits: Limits::new(&parts.limits, &parts.ambient),
            client: parts.client,
            audit: parts.audit,
            policy: ArcSwap::from_pointee(parts.policy),
            redactor: ArcSwap::from_pointee(parts.redactor),
            catalog: Arc::new(parts.catalog),
            house: Arc::new(parts.house),
            ambient: parts.ambient,
        })
    }

    /// Who is it? Refusals and successes are on record.
    ///
    /// # Errors
    /// [`AuthnError`]; a check that could not run is one.
    pub async fn authenticate(&self, raw: &RawCredential, origin: &Origin) -> Result<Principal, AuthnError> {
        let toll = self.limits.toll(origin.address);
        let verdict = self.authenticator.check(&self.client, raw, origin, &toll).await;
        match verdict.as_ref().map_or_else(|_| toll.take(), |_| Ok(())) {
            Ok(()) => {
                self.audit.note(record::authentication(&verdict, raw, origin));
                verdict
            }
            // Whoever floods us fills neither the record nor the disk: what is over the limit is counted (attack A06).
            Err(retry_after) => {
                self.audit.count();
                verdict.map_err(|error| error.over_the_limit(retry_after))
            }
        }
    }

    /// The tools this caller may ever use, in order. What the policy takes away altogether is not among them.
    pub fn list(&self, principal: &Principal) -> impl Iterator<Item = &Entry> {
        self.list_under(self.policy.load_full(), principal)
    }

    /// Charges a request that is no call: a handshake, a list. Of it only the sign-in is on record, and Gitea is not
    /// asked; still they may not be endless.
    ///
    /// # Errors
    /// [`CallError::RateLimited`].
    pub fn browse(&self, principal: &Principal) -> Result<(), CallError> {
        self.limits.take_browsing(principal.account_id().value())
    }

    /// Whether the call may start: the tool exists for the caller and the caller's token reaches it. Decided before
    /// any stream begins, so that refusals of sign-in can be real HTTP answers.
    ///
    /// # Errors
    /// [`CallError::UnknownTool`] or [`CallError::InsufficientScope`].
    pub fn admit(&self, principal: &Principal, tool: &str) -> Result<&Entry, CallError> {
        self.admit_under(&self.policy.load_full(), principal, tool)
    }

    /// Runs one call from admission to record.
    ///
    /// # Errors
    /// [`CallError`]. Whatever it is, it is on record; calls over the person's limit as a number.
    pub async fn call(&self, principal: &Principal, call: Call, origin: &Origin) -> Result<Answer, CallError> {
        let started = self.ambient.elapsed();
        self.limits.take(principal.account_id().value()).inspect_err(|_| self.audit.count())?;
        let mut slot = self.audit.reserve().map_err(|_| CallError::AuditUnavailable)?;
        let trace = Mutex::new(Trace::default());
        let shape = ArgumentsShape::of(&call.arguments, self.audit.digest_key());
        // A name that no tool has may be anything, a key in the wrong field among it: the record does not repeat it.
        let tool = self.catalog.find(&call.tool).map_or(UNKNOWN_TOOL, |entry| entry.spec().name);
        let mut event = record::call(principal, origin, tool, shape);
        slot.on_drop(event.clone());
        let verdict = self.admitted(principal, call, origin, &trace).await;
        record::outcome(&mut event, &verdict, &trace, self.ambient.elapsed().saturating_sub(started));
        slot.record(event);
        verdict
    }

    /// Whether the record can be written.
    #[must_use]
    pub fn audit_health(&self) -> Health {
        self.audit.health()
    }

    /// The record itself, for what happens outside calls.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Whether Gitea answers now.
    ///
    /// # Errors
    /// It does not, or not in time.
    pub async fn gitea_answers(&self, correlation_id: &str) -> Result<(), GiteaError> {
        let asked =
            tokio::time::timeout(HEALTH_DEADLINE, async { self.client.instance(None, correlation_id).answers().await });
        asked.await.unwrap_or(Err(GiteaError::Timeout))
    }

    /// Asks Gitea about the tokens that several callers share: those that let nobody in, by their settings.
    pub async fn unusable_tokens(&self, correlation_id: &str) -> Vec<(&'static str, AuthnError)> {
        let asked = self.authenticator.unusable(&self.client, correlation_id);
        tokio::time::timeout(HEALTH_DEADLINE, asked).await.unwrap_or_default()
    }

    /// The whole catalogue in force, whoever asks.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Replaces keys, tokens and the accounts behind them while serving, and what masks them. Whoever came in with a
    /// removed one is refused from the next request on; what they left open [`stands`](Self::stands) no more.
    pub fn replace_secrets(&self, settings: &authn::Settings, redactor: Redactor) {
        self.redactor.store(Arc::new(redactor));
        self.authenticator.replace(settings);
    }

    /// Whether the key or token that this owner came in with still lets them in. For what stays open between requests.
    pub async fn stands(&self, owner: &Owner) -> bool {
        self.authenticator.stands(owner).await
    }

    /// Replaces the policy while serving. A call in flight ends under the one it began with.
    pub fn replace_policy(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
    }

    fn list_under(&self, policy: Arc<Policy>, principal: &Principal) -> impl Iterator<Item = &Entry> {
        self.catalog.entries().iter().filter(move |entry| exists_for(&policy, principal, entry))
    }

    fn admit_under(&self, policy: &Arc<Policy>, principal: &Principal, tool: &str) -> Result<&Entry, CallError> {
        let entry = self.catalog.find(tool).filter(|entry| exists_for(policy, principal, entry));
        let entry = entry.ok_or_else(|| self.unknown_tool(policy, principal, tool))?;
        let required = entry.spec().scope;
        if principal.holds(required) { Ok(entry) } else { Err(CallError::InsufficientScope { required }) }
    }

    async fn admitted(
        &self,
        principal: &Principal,
        call: Call,
        origin: &Origin,
        trace: &Mutex<Trace>,
    ) -> Result<Answer, CallError> {
        let policy = self.policy.load_full();
        let entry = self.admit_under(&policy, principal, &call.tool)?;
        let spec = *entry.spec();
        self.limits.take_of_tool(principal.account_id().value(), spec.name)?;
        let arguments = arguments::check(entry.input_schema(), call.arguments)?;
        let sight = Sight {
            principal: principal.clone(),
            view: Arc::new(policy.view(subject(principal), Act::of(&spec))),
            policy,
            catalog: Arc::clone(&self.catalog),
            withheld: Arc::default(),
            redactor: self.redactor.load_full(),
        };
        let passage = Passage { arguments, sight, correlation_id: &origin.correlation_id, trace };
        // A tool that panics fails its own call and no other (attack S10).
        let run = AssertUnwindSafe((entry.run)(self, passage)).catch_unwind();
        match tokio::time::timeout(self.house.call_deadline, run).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => {
                tracing::error!(correlation_id = origin.correlation_id, tool = spec.name, "a tool panicked");
                Err(CallError::Internal)
            }
            Err(_elapsed) => Err(CallError::UpstreamTimeout),
        }
    }

    fn unknown_tool(&self, policy: &Arc<Policy>, principal: &Principal, tool: &str) -> CallError {
        let listed = self.list_under(Arc::clone(policy), principal);
        let near = nearest(tool, listed.map(|entry| entry.spec().name));
        CallError::UnknownTool { name: arguments::shown(tool), near: near.into_iter().next() }
    }
}

fn exists_for(policy: &Policy, principal: &Principal, entry: &Entry) -> bool {
    policy.may_ever(subject(principal), Act::of(entry.spec()))
}
