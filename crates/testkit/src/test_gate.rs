//! A whole gate before a sandbox: memory store, a record on disk that is gone with the test, people signed in with the
//! tokens the sandbox gives them.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gate::audit::read::{Filter, Order, Record, show};
use aegis_gate::audit::{self, Audit, Transport};
use aegis_gate::redact::{self, Redactor};
use aegis_gate::{
    Answer, Ask, AuthnError, AuthnSettings, Call, CallError, Catalog, Gate, House, LimitSettings, LockoutSettings,
    Origin, Parts, Policy, Principal, RawCredential,
};
use aegis_gitea::connect::{BaseUrl, Client, Settings};
use aegis_sandbox::{DataSet, Options, Sandbox};
use aegis_store::{NewKey, Scope, SealingKey, Store, StoreUrl};
use secrecy::SecretString;
use serde_json::{Map, Value};
use tempfile::TempDir;

/// When the forge of every test was started.
const START: &str = "2026-11-21T12:00:00Z";
/// Records looked through.
const RECORDS: usize = 1_000;

/// What a test can set before it starts a gate.
pub struct Setup {
    /// The tools in force.
    pub catalog: Catalog,
    /// What the sandbox holds.
    pub data: DataSet,
    /// What `/version` says; the recorded Gitea if none.
    pub version: Option<String>,
    /// The policy file; people's own rights if none.
    pub policy: Option<String>,
    /// Longest answer text, in bytes.
    pub max_answer_bytes: usize,
    /// Largest file shown whole, in bytes.
    pub max_file_bytes: u64,
    /// What happens to secrets.
    pub redact: redact::Settings,
    /// How often; by default there is no limit.
    pub limits: LimitSettings,
    /// How long one call may take in all.
    pub call_deadline: Duration,
    /// Rows that the instance gives at once.
    pub max_response_items: usize,
    /// Largest file that the instance puts into JSON, in bytes.
    pub max_blob_bytes: usize,
    /// The gate's clock and randomness; the sandbox has a clock of its own.
    pub ambient: Ambient,
}

/// A running gate and the sandbox behind it.
pub struct TestGate {
    /// The gate.
    pub gate: Gate,
    /// What it asks.
    pub sandbox: Sandbox,
    /// Where its keys are kept.
    pub store: Arc<dyn Store>,
    record: TempDir,
}

impl Setup {
    /// The demo, everybody's own rights, the usual limits.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        let forge = Options::new(Ambient::real());
        Self {
            catalog,
            data: DataSet::Demo,
            version: None,
            policy: None,
            max_answer_bytes: 80_000,
            max_file_bytes: 1_048_576,
            redact: redact::Settings::default(),
            limits: LimitSettings::default(),
            call_deadline: Duration::from_secs(30),
            max_response_items: forge.max_response_items,
            max_blob_bytes: forge.max_blob_bytes,
            ambient: forge.ambient,
        }
    }

    /// The same before another forge, by what its `/version` says.
    #[must_use]
    pub fn version(self, text: &str) -> Self {
        Self { version: Some(text.to_owned()), ..self }
    }

    /// The same with a policy file.
    #[must_use]
    pub fn policy(self, text: &str) -> Self {
        Self { policy: Some(text.to_owned()), ..self }
    }

    /// Starts sandbox and gate.
    ///
    /// # Errors
    /// Whatever keeps one of them from starting; a mistake in the policy is one.
    pub async fn start(self) -> Result<TestGate, Box<dyn Error + Send + Sync>> {
        let ambient = self.ambient;
        // The demo's history is so many days before the start: a clock that stands still gives every test the same ids.
        let (still, _) = Ambient::frozen(START.parse()?);
        let options = Options {
            version: self.version,
            max_response_items: self.max_response_items,
            max_blob_bytes: self.max_blob_bytes,
            ..Options::new(still)
        };
        let sandbox = Sandbox::start(self.data, options).await?;
        let record = TempDir::new()?;
        let audit = audit::Settings {
            flush_ms: 1,
            ..audit::Settings::new(record.path().join("record"), record.path().join("audit.key"))
        };
        let store =
            aegis_store::Settings { url: StoreUrl::memory(), sealing_key: SealingKey::from_bytes(&ambient.random()?)? };
        let store = aegis_store::open(store, ambient.clone()).await?;
        let policy = match &self.policy {
            Some(text) => Policy::parse(text, &self.catalog.ruled_names())?,
            None => Policy::own_rights(),
        };
        let parts = Parts {
            client: Client::new(Settings::new(BaseUrl::parse(sandbox.url())?), ambient.clone())?,
            store: Arc::clone(&store),
            audit: Audit::open(audit, ambient.clone())?,
            policy,
            redactor: Redactor::new(self.redact)?,
            catalog: self.catalog,
            authn: AuthnSettings { gitea_tokens: true, ..AuthnSettings::default() },
            lockout: LockoutSettings::default(),
            limits: self.limits,
            house: House {
                version: "0.0.0",
                write_mode: false,
                max_file_bytes: self.max_file_bytes,
                max_answer_bytes: self.max_answer_bytes,
                calls_per_minute: None,
                call_deadline: self.call_deadline,
            },
            ambient,
        };
        Ok(TestGate { gate: Gate::new(parts).await?, sandbox, store, record })
    }
}

impl TestGate {
    /// A gate over the demo with these tools and people's own rights.
    ///
    /// # Errors
    /// As [`Setup::start`].
    pub async fn start(catalog: Catalog) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Setup::new(catalog).start().await
    }

    /// Signs a person in with their first token of the sandbox.
    ///
    /// # Errors
    /// [`AuthnError`], as any caller would get it.
    pub async fn principal(&self, login: &str) -> Result<Principal, AuthnError> {
        self.holder(self.sandbox.token(login)).await
    }

    /// Signs in with any token.
    ///
    /// # Errors
    /// [`AuthnError`], as any caller would get it.
    pub async fn holder(&self, token: &str) -> Result<Principal, AuthnError> {
        let raw = RawCredential::Bearer(SecretString::from(token));
        self.gate.authenticate(&raw, &origin()).await
    }

    /// A key of a person as the store takes it: it reads with their first token and never ends.
    ///
    /// # Errors
    /// [`AuthnError`], where they cannot sign in.
    pub async fn new_key(&self, login: &str, presented: &str) -> Result<NewKey, AuthnError> {
        Ok(NewKey {
            digest: self.store.pepper().digest(&presented.into()),
            owner_login: login.to_owned(),
            account_id: self.principal(login).await?.account_id(),
            scopes: vec![Scope::ReadRepository],
            credential: self.sandbox.token(login).into(),
            expires_at: None,
            label: None,
        })
    }

    /// Stores it.
    ///
    /// # Errors
    /// As [`new_key`](Self::new_key), or the store's own.
    pub async fn store_key(&self, login: &str, presented: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.store.insert_key(self.new_key(login, presented).await?).await?;
        Ok(())
    }

    /// Calls a tool as a person.
    ///
    /// # Errors
    /// [`CallError`], as any caller would get it; a sign-in that fails is [`CallError::CredentialRejected`].
    pub async fn call(&self, login: &str, tool: &str, arguments: Value) -> Result<Answer, CallError> {
        let principal = self.principal(login).await.map_err(|_| CallError::CredentialRejected)?;
        let arguments = match arguments {
            Value::Object(arguments) => arguments,
            _ => Map::new(),
        };
        self.gate.call(&principal, Call::tool(tool, arguments), Ask::alone(&origin())).await
    }

    /// The record, oldest first. Closes it: nothing is written any more.
    ///
    /// # Errors
    /// The record cannot be read.
    pub async fn records(&self) -> Result<Vec<Record>, audit::AuditError> {
        self.gate.audit().close().await;
        let shown = show(&self.record.path().join("record"), "audit", &Filter::default(), Order::Oldest, RECORDS)?;
        Ok(shown.records)
    }
}

impl TestGate {
    /// Where the test's own calls come from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        origin()
    }
}

fn origin() -> Origin {
    Origin { transport: Transport::Cli, address: None, client: None, correlation_id: "test".to_owned() }
}
