//! The protocol crate's services, over one handler: one stateless with JSON answers, one with sessions, one for a pair
//! of channels. Requests come here authenticated, parsed and on the right road.

use std::convert::Infallible;
use std::sync::Arc;

use aegis_ambient::Ambient;
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
use super::sessions::{self, Own, Session, Sessions, Way};
use super::table::{Entered, Full as TableFull, Place, Table};
use crate::front::Front;

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
    stop: CancellationToken,
}

impl Protocol {
    /// `make` makes the handler of one connection; it must be cheap. `stop` ends the streams that no request waits for,
    /// `cut` everything.
    pub(crate) fn new<H: ServerHandler>(
        make: impl Fn() -> H + Clone + Send + Sync + 'static,
        ambient: &Ambient,
        stop: &CancellationToken,
        cut: &CancellationToken,
    ) -> Self {
        let stateless = service(make.clone(), Arc::new(NeverSessionManager::default()), config(false, cut));
        let (of_session, config) = (make.clone(), config(true, cut));
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
            pipes: Pipes::new(pipe::opener(make, cut.clone()), ambient.clone(), stop.clone()),
            stop: stop.clone(),
        }
    }

    /// Answers a request that belongs to no session.
    pub(crate) async fn stateless(&self, request: Read) -> Answer {
        (self.stateless)(request).await
    }

    /// Answers a request of a session.
    pub(crate) async fn within(&self, request: Read, way: Way) -> Answer {
        (self.within)(request, Own::new(Arc::clone(&self.sessions), way, self.stop.clone())).await
    }

    /// Takes a place for a new session.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn reserve(&self, owner: &Arc<Owner>) -> Result<Place<Session>, TableFull> {
        self.sessions.reserve(owner)
    }

    /// The session of that name, in use from now on, if it is this owner's.
    pub(crate) fn enter(&self, owner: &Owner, id: &str) -> Option<Entered<Session>> {
        self.sessions.enter(owner, id)
    }

    /// Ends what lies unused, and what was opened with a key that no longer stands.
    pub(crate) async fn sweep(&self, front: &Front) {
        self.sessions.sweep();
        self.pipes.sweep();
        for owner in self.sessions.owners().union(&self.pipes.owners()) {
            if !front.gate().stands(owner).await {
                self.sessions.evict(owner);
                self.pipes.evict(owner);
            }
        }
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

fn config(with_sessions: bool, cut: &CancellationToken) -> StreamableHttpServerConfig {
    let mut config = StreamableHttpServerConfig::default();
    config.legacy_session_mode = with_sessions;
    config.json_response = !with_sessions;
    config.cancellation_token = cut.clone();
    // Host and Origin are checked by our own edge, before authentication and for every route.
    config.allowed_hosts = Vec::new();
    config
}
