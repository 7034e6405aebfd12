//! Our own accept loop. `axum::serve` installs no timer, so a header sent one byte a minute would hold a connection for
//! ever (attack H09). Here every connection has a place under two caps and a deadline for all it could wait for.
//!
//! A connection's life: [`places`] lets it in, [`tls`] makes it private where that is configured, [`connection`] speaks
//! HTTP on it, [`pace`] ends it when it is too slow, and [`stall`] does that for one stream of HTTP/2.

mod activation;
mod bind;
mod connection;
mod descriptors;
mod limits;
mod pace;
mod places;
mod stall;
#[cfg(test)]
mod tests;
mod tls;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;
use axum::Router;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::telemetry::{ConnectionCounts, Ended, Seldom};
use places::Places;

pub(crate) use activation::inherited;
pub(crate) use bind::BindError;
pub(crate) use bind::bind;
pub(crate) use descriptors::room_for;
pub(crate) use tls::Tls;

/// Pause after an accept error, so that a full descriptor table does not make a busy loop.
const PAUSE: Duration = Duration::from_millis(50);

/// How long what was cut is waited for, so that it is on record.
const CUT_WITHIN: Duration = Duration::from_secs(2);

/// How long a connection may take for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// For the TLS handshake.
    pub(crate) handshake: Duration,
    /// For the header of a request: the first from the connection's beginning, each later one from its first byte.
    pub(crate) header: Duration,
    /// Between an answer and the next request.
    pub(crate) idle: Duration,
    /// For the other side to take the next byte of an answer.
    pub(crate) write: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
        }
    }
}

/// How a listener treats its connections.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How long for what.
    pub(crate) deadlines: Deadlines,
    /// Most connections at once.
    pub(crate) max_connections: usize,
    /// Most connections at once from one IPv4 address or one IPv6 /64.
    pub(crate) max_connections_per_address: usize,
    /// Networks whose addresses stand for many callers: the second cap is not theirs.
    pub(crate) exempt: Vec<IpNet>,
    /// Whether HTTP/2 is spoken without TLS, to clients that begin with it.
    pub(crate) clear_http2: bool,
    /// How long open requests may take to end when the process is asked to stop.
    pub(crate) drain: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            deadlines: Deadlines::default(),
            max_connections: 4_096,
            max_connections_per_address: 256,
            exempt: Vec::new(),
            clear_http2: false,
            drain: Duration::from_secs(30),
        }
    }
}

/// A socket and how to treat those who connect to it.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) settings: Settings,
    /// TLS of our own, if configured.
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) counts: ConnectionCounts,
    pub(crate) ambient: Ambient,
}

impl Listener {
    /// Serves a router until told to stop, then lets open requests end, and what `done` waits for beside them. Cancels
    /// `cut` when nothing may go on.
    pub(crate) async fn serve<D: Future<Output = ()>>(
        self,
        router: Router,
        stop: CancellationToken,
        cut: CancellationToken,
        done: impl Fn() -> D,
    ) {
        let Self { socket, settings, tls, counts, ambient } = self;
        let (places, drain) = (Places::new(&settings), settings.drain);
        let (draining, cutting) = (stop.clone(), cut.clone());
        let shared = Arc::new(connection::Shared { router, settings, tls, counts, stop: draining, cut: cutting });
        let open = TaskTracker::new();
        let seldom = Seldom::new(ambient);
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => match places.take(peer.ip()) {
                    Ok(place) => drop(open.spawn(connection::serve(Arc::clone(&shared), stream, peer, place))),
                    Err(reason) => shared.counts.ended(reason),
                },
                Err(error) => {
                    // Who waits in the kernel's queue is served when descriptors are free again.
                    shared.counts.ended(Ended::NotAccepted);
                    if let Some(untold) = seldom.turn("accept_failed") {
                        tracing::warn!(event = "accept_failed", %error, untold, "a connection could not be accepted");
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        drop(socket);
        open.close();
        let over = async {
            open.wait().await;
            done().await;
        };
        let late = tokio::time::timeout(drain, over).await.is_err();
        if late {
            tracing::warn!(event = "drain_over", "requests were still open when the time to end them was over");
        }
        cut.cancel();
        open.wait().await;
        if late {
            let _ = tokio::time::timeout(CUT_WITHIN, done()).await;
        }
    }
}
