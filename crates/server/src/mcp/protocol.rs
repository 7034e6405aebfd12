//! The protocol crate over one handler. Its own HTTP service answers the requests of 2026-07-28 and what wants to be told
//! of progress outside of a session; sessions and the pipes of 2024-11-05 have transports of ours; what needs no way back,
//! handshakes among it, is handed to the handler. Requests come here authenticated, parsed and on the right road.

use std::any::Any;
use std::convert::Infallible;
use std::sync::Arc;

use aegis_ambient::Ambient;
use aegis_gate::Owner;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use rmcp::ServerHandler;
use rmcp::model::{ClientJsonRpcMessage, InitializeRequestParams, ProtocolVersion};
use rmcp::service::serve_directly_with_ct;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::direct::{self, Direct};
use super::exchange::Exchange;
use super::pipe::{self, Pipes};
use super::sessions::{self, House, Serve, Session, Sessions};
use super::table::{Entered, Full as TableFull, Place, Table};
use super::{Wrap, maker, wire};
use crate::front::Front;

/// The header a session is named in.
pub(crate) const SESSION: &str = "mcp-session-id";

/// The headers that say over again what a message says (2026-07-28 basic/transports/streamable-http, Standard Headers).
const REVISION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";

/// An HTTP answer of the protocol.
pub(crate) type Answer = Response<BoxBody<Bytes, Infallible>>;
/// A request whose body was read and parsed by the edge.
pub(crate) type Read = Request<Full<Bytes>>;
type Answering = Box<dyn Fn(Read) -> BoxFuture<'static, Answer> + Send + Sync>;

/// All of the protocol that the edge knows.
pub(crate) struct Protocol {
    stateless: Answering,
    /// None where the handler has more to tell than answers.
    direct: Option<Direct>,
    handshakes: Option<Direct>,
    sessions: Arc<Sessions>,
    house: Arc<House>,
    /// 2024-11-05: streams with a way back.
    pub(crate) pipes: Pipes,
}

impl Protocol {
    /// Over the handlers that `wrap` makes of ours. `stop` ends the streams that no request waits for, `cut` everything.
    pub(crate) fn new<W: Wrap>(
        front: &Arc<Front>,
        wrap: W,
        ambient: &Ambient,
        stop: &CancellationToken,
        cut: &CancellationToken,
    ) -> Self {
        let make = maker(Arc::clone(front), wrap);
        let of_request = make.clone();
        let service =
            StreamableHttpService::new(move || Ok(of_request()), Arc::new(NeverSessionManager::default()), config(cut));
        let direct = (!W::DEVIATES).then(|| direct::direct(Arc::clone(front), make.clone()));
        let handshakes = (!W::DEVIATES).then(|| direct::handshakes(make.clone()));
        Self {
            stateless: Box::new(move |request| {
                let service = service.clone();
                Box::pin(async move { service.handle(request).await })
            }),
            house: House::new(serve(make.clone(), direct.clone()), ambient.clone(), stop.clone(), cut.clone()),
            direct,
            handshakes,
            sessions: Table::new(sessions::BOUNDS, ambient.clone()),
            pipes: Pipes::new(pipe::opener(make, cut.clone()), ambient.clone(), stop.clone()),
        }
    }

    /// Answers a request that belongs to no session.
    pub(crate) async fn stateless(&self, request: Read) -> Answer {
        (self.stateless)(request).await
    }

    /// Whether the handler has nothing to tell but answers, so that requests need no more than [`Self::direct`].
    pub(crate) fn is_direct(&self) -> bool {
        self.direct.is_some()
    }

    /// Answers a request of an older revision that belongs to no session and whose client is told nothing but the answer.
    /// JSON; none if it is no request, or not of that kind.
    pub(crate) async fn direct(&self, message: Value, parts: Parts) -> Option<String> {
        self.told(self.direct.as_ref()?, message, parts).await
    }

    async fn told(&self, direct: &Direct, message: Value, parts: Parts) -> Option<String> {
        let ClientJsonRpcMessage::Request(request) = wire::from_client(message, parts)? else { return None };
        direct(request, self.house.cut.child_token()).await
    }

    /// Answers a handshake, `message` being what `request` holds. Where it comes to a revision, the place is filled with a
    /// session that the answer names.
    pub(crate) async fn handshake(&self, place: Place<Session>, message: Value, request: Read) -> Answer {
        let said = message.get("params").cloned().and_then(|said| serde_json::from_value(said).ok());
        let usual = message.get("id").is_some() && said.as_ref().is_some_and(|said| agrees(request.headers(), said));
        let answer = match self.handshakes.as_ref().filter(|_| usual) {
            Some(handshakes) => match self.told(handshakes, message, request.into_parts().0).await {
                Some(answer) => json(answer),
                None => return unread(),
            },
            // The crate's service knows what to say to the others.
            None => self.stateless(request).await,
        };
        let (mut parts, body) = answer.into_parts();
        let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes);
        if let Some(revision) = settled(&body)
            && let Some(said) = said
            && let Ok(name) = HeaderValue::from_str(place.id())
        {
            let settled = revision.to_string();
            let session = Session::new(said, revision, Arc::clone(&self.house));
            drop(place.fill(session, Some(settled)));
            parts.headers.insert(SESSION, name);
        }
        Response::from_parts(parts, Full::new(body).boxed())
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

    /// Ends a session.
    pub(crate) fn close(&self, id: &str) {
        if let Some(session) = self.sessions.remove(id) {
            session.end();
        }
    }

    /// Ends what lies unused, and what was opened with a key that no longer stands.
    pub(crate) async fn sweep(&self, front: &Front) {
        self.sessions.sweep();
        self.sessions.all().iter().for_each(Session::sweep);
        self.pipes.sweep();
        for owner in self.sessions.owners().union(&self.pipes.owners()) {
            if !front.gate().stands(owner).await {
                self.sessions.evict(owner).iter().for_each(Session::end);
                self.pipes.evict(owner);
            }
        }
    }

    /// How many sessions and streams are open.
    pub(crate) fn open(&self) -> usize {
        self.sessions.len().saturating_add(self.pipes.len())
    }
}

/// Serves the requests of sessions: those whose client is told nothing but the answer without a service.
fn serve<H: ServerHandler>(make: impl Fn() -> H + Send + Sync + 'static, direct: Option<Direct>) -> Serve {
    Arc::new(move |mut exchange: Exchange, client, ct| {
        let plain = direct.clone().and_then(|direct| Some((direct, exchange.plain(&client)?)));
        let Some((direct, request)) = plain else {
            return Box::new(serve_directly_with_ct(make(), exchange, Some(client), ct)) as Box<dyn Any + Send>;
        };
        let ends = ct.clone().drop_guard();
        tokio::spawn(async move {
            // Dropped unanswered, an exchange ends its stream.
            if let Some(answer) = direct(request, ct).await {
                exchange.answer(&answer);
            }
        });
        Box::new(ends)
    })
}

/// Whether the headers, which proxies read, say nothing else than the handshake.
fn agrees(headers: &HeaderMap, said: &InitializeRequestParams) -> bool {
    let revision = headers.get(REVISION).map(HeaderValue::as_bytes);
    revision.is_none_or(|named| named == said.protocol_version.as_str().as_bytes()) && !headers.contains_key(METHOD)
}

fn json(answer: String) -> Answer {
    let mut answer = Response::new(Full::from(answer).boxed());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// The status for what is no message; the edge words it.
fn unread() -> Answer {
    let mut answer = Response::new(Full::default().boxed());
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    answer
}

/// The revision that the answer to a handshake settles on, if it settles on any.
fn settled(answer: &[u8]) -> Option<ProtocolVersion> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    serde_json::from_value(answer.get("result")?.get("protocolVersion")?.clone()).ok()
}

fn config(cut: &CancellationToken) -> StreamableHttpServerConfig {
    let mut config = StreamableHttpServerConfig::default();
    config.legacy_session_mode = false;
    config.json_response = true;
    config.cancellation_token = cut.clone();
    // Host and Origin are checked by our own edge, before authentication and for every route.
    config.allowed_hosts = Vec::new();
    config
}
