//! The socket: accepts connections and turns each request into an answer.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::answer::Answer;
use crate::ask::{Ask, Instance};
use crate::credential::{self, BadToken};
use crate::fault::{Faults, Payload, spoil};
use crate::forge::Forge;
use crate::query::Query;
use crate::route;
use crate::seen::Seen;

const HEADER_TIMEOUT_MS: u64 = 30_000;
/// After a failed accept, which is out of file descriptors as a rule.
const ACCEPT_PAUSE_MS: u64 = 20;

/// All a request needs.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) forge: RwLock<Forge>,
    pub(crate) instance: Instance,
    pub(crate) faults: Faults,
    pub(crate) seen: Seen,
}

/// Serves until it is told to stop.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken, tasks: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(connection(stream, Arc::clone(&shared), stop.clone()));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await,
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, stop: CancellationToken) {
    // Without it small answers wait for the peer's acknowledgement; a socket that refuses is about to fail anyway.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let socket = Socket { stream, reset: Arc::clone(&reset) };
    let service = service_fn(move |request| {
        let (shared, reset) = (Arc::clone(&shared), Arc::clone(&reset));
        async move { Ok::<_, Infallible>(respond(&shared, request, &reset).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEADER_TIMEOUT_MS))
        .serve_connection(TokioIo::new(socket), service);
    tokio::select! {
        () = stop.cancelled() => {}
        // A peer that went away is no event here.
        _ = serving => {}
    }
}

async fn respond(shared: &Shared, request: Request<Incoming>, reset: &Arc<AtomicBool>) -> Response<Payload> {
    let (request, _body) = request.into_parts();
    shared.seen.note(&request);
    let path = request.uri.path();
    let fault = shared.faults.take(path);
    let answer = answer(shared, &request);
    let response = spoil(answer, fault, reset).await;
    if request.method == Method::HEAD { without_body(response) } else { response }
}

/// The headers GET would have, the length among them.
fn without_body(mut response: Response<Payload>) -> Response<Payload> {
    if let Payload::Whole(Some(content)) = response.body() {
        let length = HeaderValue::from(content.len());
        response.headers_mut().insert(CONTENT_LENGTH, length);
    }
    response.map(|_| Payload::Whole(None))
}

fn answer(shared: &Shared, request: &http::request::Parts) -> Answer {
    let path = request.uri.path();
    let Some(rest) = path.strip_prefix("/api/v1/") else { return Answer::no_such_route() };
    if request.method != Method::GET && request.method != Method::HEAD {
        return Answer::no_such_route();
    }
    let raw_query = request.uri.query().unwrap_or_default();
    let query = Query::parse(raw_query);
    let forge = shared.forge.read().unwrap_or_else(PoisonError::into_inner);
    let found = credential::caller(&forge, &request.headers, &query, shared.instance.version.forgejo);
    let caller = found.unwrap_or_default();
    let instance = &shared.instance;
    let ask = Ask { forge: &forge, instance, caller, path, raw_query, query, headers: &request.headers };
    if found.is_err() {
        return ask.error(BadToken::STATUS, BadToken::message(instance.version.at_least(26)));
    }
    if instance.require_signin && caller.person.is_none() {
        return Answer::signin_required();
    }
    let mut answer = route::answer(&ask, rest);
    // What is no JSON, a file named `licenses.json` among it, goes as it is.
    if answer.is_json()
        && let Some(body) = instance.version.without_newer_fields(&answer.body)
    {
        answer.body = body.into();
    }
    answer
}

/// A TCP stream that can be told to close with RST instead of FIN.
struct Socket {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Acquire) {
            // A socket already dead needs no reset.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, into)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // shutdown() would send FIN, and a close after that is orderly.
        if self.reset.load(Ordering::Acquire) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
