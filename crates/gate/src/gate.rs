//! The pipeline: the one place where the order of a call is written.
//!
//! authenticate → the person's budget → reserve a record → admit → the tool's budget → check arguments → authorize →
//! tool → redact → record.
//! Nothing reaches Gitea unless a [`Principal`] was authenticated, a permit was issued for exactly this call and
//! target, and a place in the record was reserved for both.

mod admission;
mod conversation;
mod deadline;
mod explain;
mod record;
mod release;
mod rounds;
mod run;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gitea::GiteaError;
use aegis_gitea::connect::Client;
use aegis_store::Store;
use arc_swap::ArcSwap;
use futures_util::FutureExt;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::ask::{Ask, Asking};
use crate::audit::{ArgumentsShape, Audit, Health};
use crate::authn::{Authenticator, AuthnError, Origin, RawCredential};
use crate::call::Call;
use crate::catalog::{Catalog, Found};
use crate::change::{Change, Changes};
use crate::error::CallError;
use crate::limit::Limits;
use crate::lockout::Lockout;
use crate::permit::{Sight, subject};
use crate::policy::{Act, Policy};
use crate::principal::{Owner, Principal};
use crate::redact::Redactor;
use crate::seal::Seal;
use crate::{arguments, authn, limit, lockout};

pub(crate) use conversation::Conversation;
use conversation::Way;
use rounds::Rounds;
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
    seal: Arc<Seal>,
    changes: Changes,
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
            seal: Arc::new(Seal::new(parts.store.pepper())),
            changes: Changes::default(),
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

    /// Charges a request that is no call: a handshake, a list. Of it only the sign-in is on record, and Gitea is not
    /// asked; still they may not be endless.
    ///
    /// # Errors
    /// [`CallError::RateLimited`].
    pub fn browse(&self, principal: &Principal) -> Result<(), CallError> {
        self.limits.take_browsing(principal.account_id().value())
    }

    /// Runs one call from admission to record.
    ///
    /// # Errors
    /// [`CallError`]. Whatever it is, it is on record; calls over the person's limit as a number.
    pub async fn call(&self, principal: &Principal, mut call: Call, ask: Ask<'_>) -> Result<Answer, CallError> {
        let started = self.ambient.elapsed();
        self.limits.take(principal.account_id().value()).inspect_err(|_| self.audit.count())?;
        let trace = Mutex::new(Trace::default());
        let mut found = self.catalog.resolve(&call);
        // A name that nothing has may be anything, a key in the wrong field among it: the record does not repeat it.
        let name = (call.door(), found.as_ref().map_or(UNKNOWN_TOOL, |found| found.entry.spec().name));
        let arguments = self.catalog.arguments(&mut call, found.as_mut());
        let shape = ArgumentsShape::of(&arguments, self.audit.digest_key());
        let event = record::call(principal, ask.origin, name, shape);
        let slot = self.audit.reserve(event).map_err(|_| CallError::AuditUnavailable)?;
        let verdict = self.admitted(principal, (&call, found.as_ref()), arguments, ask, &trace).await;
        let took = self.ambient.elapsed().saturating_sub(started);
        slot.record(|event| record::outcome(event, &verdict, &trace, took));
        verdict
    }

    /// Says that something changed, to whoever listens.
    pub fn changed(&self, change: Change) {
        self.changes.tell(change);
    }

    /// What changes from now on.
    #[must_use]
    pub fn changes(&self) -> tokio::sync::broadcast::Receiver<Change> {
        self.changes.listen()
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

    /// Replaces the policy while serving. A call in flight ends under the one it began with; what people may see of the
    /// lists may be another one from now on.
    pub fn replace_policy(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
        for list in Change::LISTS {
            self.changed(list);
        }
    }

    async fn admitted(
        &self,
        principal: &Principal,
        (call, found): (&Call, Option<&Found<'_>>),
        arguments: Map<String, Value>,
        ask: Ask<'_>,
        trace: &Mutex<Trace>,
    ) -> Result<Answer, CallError> {
        let policy = self.policy.load_full();
        let Some(entry) = self.admit_under(&policy, principal, call, found)? else { return Ok(Answer::no_values()) };
        let spec = *entry.spec();
        self.limits.take_of_tool(principal.account_id().value(), spec.name)?;
        let arguments = arguments::check(entry.input_schema(), arguments)?;
        let redactor = self.redactor.load_full();
        let way = self.way(ask.asking, || rounds::binding(principal, call.door(), spec.name, &arguments))?;
        let conversation = Conversation::new(ask.back, way, Arc::clone(&redactor), self.ambient.clone());
        let conversation = Arc::new(conversation);
        let sight = Sight {
            principal: principal.clone(),
            view: Arc::new(policy.view(subject(principal), Act::of(&spec))),
            policy,
            catalog: Arc::clone(&self.catalog),
            withheld: Arc::default(),
            redactor,
            conversation: Arc::clone(&conversation),
        };
        let correlation_id = &ask.origin.correlation_id;
        let passage = Passage { arguments, sight, correlation_id, trace };
        // A tool that panics fails its own call and no other (attack S10).
        let run = AssertUnwindSafe((entry.run)(self, passage)).catch_unwind();
        let ended = conversation.deadline().within(self.house.call_deadline, run).await;
        trace.lock().unwrap_or_else(PoisonError::into_inner).asked = conversation.outcome();
        match ended {
            Some(Ok(answer)) => answer,
            Some(Err(_panic)) => {
                tracing::error!(correlation_id, tool = spec.name, "a tool panicked");
                Err(CallError::Internal)
            }
            None => Err(CallError::UpstreamTimeout),
        }
    }

    /// How the person can be asked. What the client carried is opened before anything runs.
    fn way(&self, asking: Asking, binding: impl FnOnce() -> Vec<u8>) -> Result<Way, CallError> {
        Ok(match asking {
            Asking::Never => Way::Never,
            Asking::Now => Way::Now,
            Asking::InRounds { state, replies } => {
                let seal = Arc::clone(&self.seal);
                let rounds = Rounds::open(seal, binding(), state.as_deref(), replies, self.ambient.now())?;
                Way::InRounds(Box::new(rounds))
            }
        })
    }
}
