//! Our own accept loop. `axum::serve` installs no timer, so a header sent one byte a minute would hold a connection for
//! ever (attacks.md §3); here every connection has a deadline for its header, no Nagle, and a place under a cap.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::http::Peer;

/// How long a request's header may take, the wait between two requests of a kept connection included.
const HEADER_DEADLINE: Duration = Duration::from_secs(30);
/// Most connections at once; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 4_096;
/// Largest request header, in bytes.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// How long open requests may take to end when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// Pause after an accept error, so that a full descriptor table does not make a busy loop.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves a router until told to stop, then lets open requests end.
pub(crate) async fn serve(listener: TcpListener, router: Router, connections: Gauge, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let open = GracefulShutdown::new();
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = stop.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, router.clone(), open.watcher());
                let gauge = connections.clone();
                tokio::spawn(async move {
                    gauge.inc();
                    connection.await;
                    gauge.dec();
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, open.shutdown()).await.is_err() {
        tracing::warn!("requests were still open when the time to end them was over");
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, watcher: Watcher) {
    // Without it every small answer waits for the client's delayed acknowledgement, about 40 ms.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(Peer(peer));
        router.clone().oneshot(Request::from_parts(parts, Body::new(body)))
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_DEADLINE).max_buf_size(MAX_HEADER_BYTES);
    // How a connection ends is the client's affair; what happened in it is in the log already.
    let _ = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await;
}

/// Why an address cannot be listened on, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct BindError {
    what: String,
    /// What to do, where that is known.
    pub hint: Option<String>,
}

/// Binds, with words for the usual reasons why that fails. `setting` is what chooses the address.
///
/// # Errors
/// [`BindError`] naming the address.
pub(crate) async fn bind(address: SocketAddr, setting: &str) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|error| {
        let (what, hint) = match error.kind() {
            io::ErrorKind::AddrInUse => (
                format!("{address} is in use by another process"),
                Some(format!("stop it, or choose another with {setting}")),
            ),
            io::ErrorKind::PermissionDenied => (
                format!("this process may not listen on {address}"),
                Some(format!("ports below 1024 need rights; choose another with {setting}")),
            ),
            io::ErrorKind::AddrNotAvailable => (
                format!("this machine has no address {}", address.ip()),
                Some(format!("set {setting} to 127.0.0.1, or 0.0.0.0 for all")),
            ),
            _ => (format!("{address} cannot be listened on: {error}"), None),
        };
        BindError { what, hint }
    })
}
