//! The protocol crate's services, over one handler: one stateless with JSON answers, one with sessions, one for a pair
//! of channels. Requests come here authenticated, parsed and on the right road.

use std::convert::Infallible;
use std::sync::Arc;

use aegis_gate::Owner;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::Full;
use http_body_util::combinators::BoxBody;
use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{SessionManager, StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

use super::pipe::{self, Pipes};
use super::sessions::{self, Own, Session, Sessions};
use super::table::{Full as TableFull, Place, Table};
use aegis_ambient::Ambient;

/// An HTTP answer of the protocol.
pub(crate) type Answer = Response<BoxBody<Bytes, Infallible>>;
/// A request whose body was read and parsed by the edge.
pub(crate) type Read = Request<Full<Bytes>>;
type Answering = Box<dyn Fn(Read) -> BoxFuture<'static, Answer> + Send + Sync>;
type Within = Box<dyn Fn(Read, Own) -> BoxFuture<'static, Answer> + Send + Sync>;

/// All of the protocol that the edge knows.
pub(crate) struct Protocol {
    stateless: Answering,
    within: Within,
    sessions: Arc<Sessions>,
    /// 2024-11-05: streams with a way back.
    pub(crate) pipes: Pipes,
}

impl Protocol {
    /// `make` makes the handler of one connection; it must be cheap. `stop` ends open answers when the process ends.
    pub(crate) fn new<H: ServerHandler>(
        make: impl Fn() -> H + Clone + Send + Sync + 'static,
        ambient: &Ambient,
        stop: &CancellationToken,
    ) -> Self {
        let stateless = service(make.clone(), Arc::new(NeverSessionManager::default()), config(false, stop));
        let (of_session, config) = (make.clone(), config(true, stop));
        Self {
            stateless: Box::new(move |request| {
                let service = stateless.clone();
                Box::pin(async move { service.handle(request).await })
            }),
            within: Box::new(move |request, own| {
                let service = service(of_session.clone(), Arc::new(own), config.clone());
                Box::pin(async move { service.handle(request).await })
            }),
            sessions: Table::new(sessions::BOUNDS, ambient.clone()),
            pipes: Pipes::new(pipe::opener(make, stop.clone()), ambient.clone()),
        }
    }

    /// Answers a request that belongs to no session.
    pub(crate) async fn stateless(&self, request: Read) -> Answer {
        (self.stateless)(request).await
    }

    /// Answers a request of a session: the one it names, or the one that `place` was taken for.
    pub(crate) async fn within(&self, request: Read, owner: Owner, place: Option<Place<Session>>) -> Answer {
        (self.within)(request, Own::new(Arc::clone(&self.sessions), owner, place)).await
    }

    /// Takes a place for a new session.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn reserve(&self, owner: &Owner) -> Result<Place<Session>, TableFull> {
        self.sessions.reserve(owner)
    }

    /// Whether the session is there and this owner's.
    pub(crate) fn has(&self, owner: &Owner, id: &str) -> bool {
        self.sessions.find(owner, id).is_some()
    }

    /// The revision a session's handshake settled on.
    pub(crate) fn revision(&self, owner: &Owner, id: &str) -> Option<String> {
        self.sessions.revision(owner, id)
    }

    /// Ends what lies unused.
    pub(crate) fn sweep(&self) {
        self.sessions.sweep();
        self.pipes.sweep();
    }

    /// How many sessions and streams are open.
    pub(crate) fn open(&self) -> usize {
        self.sessions.len().saturating_add(self.pipes.len())
    }
}

fn service<H: ServerHandler, M: SessionManager>(
    make: impl Fn() -> H + Send + Sync + 'static,
    manager: Arc<M>,
    config: StreamableHttpServerConfig,
) -> StreamableHttpService<H, M> {
    StreamableHttpService::new(move || Ok(make()), manager, config)
}

fn config(with_sessions: bool, stop: &CancellationToken) -> StreamableHttpServerConfig {
    let mut config = StreamableHttpServerConfig::default();
    config.legacy_session_mode = with_sessions;
    config.json_response = !with_sessions;
    config.cancellation_token = stop.clone();
    // Host and Origin are checked by our own edge, before authentication and for every route.
    config.allowed_hosts = Vec::new();
    config
}
