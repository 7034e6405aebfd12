//! Starting a sandbox, asking it about itself and changing its state while it runs.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use aegis_ambient::Ambient;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ask::Instance;
use crate::data_set::schema::Data;
use crate::fault::Faults;
use crate::forge::Forge;
use crate::listener::{self, Shared};
use crate::seen::{Seen, SeenRequest};
use crate::version::Version;
use crate::{DataSet, SandboxError};

/// How a sandbox runs. [`Options::new`] gives the usual ones; set the fields that should differ.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The clock that relative times of the data set count back from, read once at the start.
    pub ambient: Ambient,
    /// What `/version` says, and so which server it plays: `1.26.3` when absent, `10.0.0+gitea-1.22.0` for a Forgejo;
    /// [`crate::VERSIONS`] has more. Routes newer than that Gitea answer 404, newer fields are not sent.
    pub version: Option<String>,
    /// Refuse everything to those not signed in, as `REQUIRE_SIGNIN_VIEW` does.
    pub require_signin: bool,
    /// Rows of a page at most, `MAX_RESPONSE_ITEMS`; more are cut without a word.
    pub max_response_items: usize,
    /// Files above this come without content, `DEFAULT_MAX_BLOB_SIZE`.
    pub max_blob_bytes: usize,
    /// Keep a record of requests for [`Sandbox::requests`]; benchmarks do without.
    pub record_requests: bool,
}

impl Options {
    /// A free port of 127.0.0.1, the recorded version, public things public, Gitea's own limits, requests recorded.
    #[must_use]
    pub fn new(ambient: Ambient) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen,
            ambient,
            version: None,
            require_signin: false,
            max_response_items: 50,
            max_blob_bytes: 10_485_760,
            record_requests: true,
        }
    }
}

/// A running forge. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    tokens: Vec<KnownToken>,
    logins: Vec<String>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// A token of the data set by the names people give it.
#[derive(Debug)]
struct KnownToken {
    login: String,
    name: String,
    value: String,
}

impl Sandbox {
    /// Builds the data set and listens. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// [`SandboxError::Listen`] when the address is taken; the others mean a mistake in the data set.
    pub async fn start(set: DataSet, options: Options) -> Result<Self, SandboxError> {
        let data = set.read()?;
        let forge = Forge::build(&data, options.ambient.now())?;
        let listener = TcpListener::bind(options.listen).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let version = Version::new(options.version);
        let shared = Arc::new(Shared {
            forge: RwLock::new(forge),
            instance: Instance {
                url,
                version,
                require_signin: options.require_signin,
                max_response_items: options.max_response_items,
                max_blob_bytes: options.max_blob_bytes,
            },
            faults: Faults::default(),
            seen: Seen::new(options.record_requests),
        });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(listener::serve(listener, Arc::clone(&shared), stop.clone(), tasks.clone()));
        let logins = data.users.iter().map(|user| user.login.clone()).collect();
        Ok(Self { shared, tokens: tokens(&data), logins, stop, tasks })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.shared.instance.url
    }

    /// The first token of a person, which reads everything they may see; empty for an unknown person.
    #[must_use]
    pub fn token(&self, login: &str) -> &str {
        self.tokens.iter().find(|token| token.login == login).map(|token| token.value.as_str()).unwrap_or_default()
    }

    /// A person's token of this name; empty when there is none.
    #[must_use]
    pub fn token_named(&self, login: &str, name: &str) -> &str {
        let found = self.tokens.iter().find(|token| token.login == login && token.name == name);
        found.map(|token| token.value.as_str()).unwrap_or_default()
    }

    /// The logins of all people, in the order of the data set.
    #[must_use]
    pub fn users(&self) -> &[String] {
        &self.logins
    }

    /// The switch for misbehaviour.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The latest requests, oldest first; empty when they are not recorded.
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.shared.seen.all()
    }

    /// Forgets a token, by value; it answers 401 from now on. Returns whether there was one.
    pub fn revoke(&self, token: &str) -> bool {
        self.shared.forge.write().unwrap_or_else(PoisonError::into_inner).tokens.remove(token).is_some()
    }

    /// Gives a person another login; number and tokens stay. Returns whether there was one of that login.
    pub fn rename_person(&self, login: &str, new_login: &str) -> bool {
        let mut forge = self.shared.forge.write().unwrap_or_else(PoisonError::into_inner);
        let person = forge.accounts.iter_mut().find(|account| account.login.eq_ignore_ascii_case(login));
        person.map(|person| new_login.clone_into(&mut person.login)).is_some()
    }

    /// Makes a repository private or public.
    ///
    /// # Errors
    /// [`SandboxError::NoSuchRepository`].
    pub fn set_private(&self, owner: &str, name: &str, private: bool) -> Result<(), SandboxError> {
        let mut forge = self.shared.forge.write().unwrap_or_else(PoisonError::into_inner);
        forge.repository_mut(owner, name).ok_or(SandboxError::NoSuchRepository)?.private = private;
        Ok(())
    }

    /// Renames a repository; the old name answers 301 until another repository takes it.
    ///
    /// # Errors
    /// [`SandboxError::NoSuchRepository`].
    pub fn rename(&self, owner: &str, name: &str, new_name: &str) -> Result<(), SandboxError> {
        let mut forge = self.shared.forge.write().unwrap_or_else(PoisonError::into_inner);
        let repository = forge.repository_mut(owner, name).ok_or(SandboxError::NoSuchRepository)?;
        let former = (repository.owner, repository.name.to_lowercase());
        let id = repository.id;
        new_name.clone_into(&mut repository.name);
        forge.redirects.insert(former, id);
        Ok(())
    }

    /// Closes the socket and all connections, and waits until they are gone.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn tokens(data: &Data) -> Vec<KnownToken> {
    let of_user = |user: &crate::data_set::schema::User| {
        let login = user.login.clone();
        let known = user.tokens.iter().map(move |token| {
            let (login, name, value) = (login.clone(), token.name.clone(), token.value.clone());
            KnownToken { login, name, value }
        });
        known.collect::<Vec<_>>()
    };
    data.users.iter().flat_map(of_user).collect()
}
