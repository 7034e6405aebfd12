//! One connection: TLS where it is configured, then HTTP until one side ends it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use http::{Request, Response};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::pace::{Open, Overdue, Pace, Watchdog};
use super::places::Place;
use super::stall::{self, Streams};
use super::watched::Watched;
use super::{Settings, Tls, limits};
use crate::http::Peer;
use crate::telemetry::{ConnectionCounts, Ended};

/// What all connections of a listener share.
pub(super) struct Shared {
    pub(super) router: Router,
    pub(super) settings: Settings,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) counts: ConnectionCounts,
    /// Open requests may end.
    pub(super) stop: CancellationToken,
    /// Nothing may go on.
    pub(super) cut: CancellationToken,
}

/// What may be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
    /// Whichever the client begins with.
    Either,
}

/// Serves a connection to its end and counts how it ended.
pub(super) async fn serve(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr, place: Place) {
    let _open = shared.counts.open();
    // Without it every small answer waits for the client's delayed acknowledgement, about 40 ms (attack H22).
    if stream.set_nodelay(true).is_ok() {
        let ended = spoken(&shared, stream, peer).await;
        shared.counts.ended(ended);
    }
    drop(place);
}

async fn spoken(shared: &Arc<Shared>, stream: TcpStream, peer: SocketAddr) -> Ended {
    let pace = Arc::new(Pace::default());
    let stream = Watched::new(stream, Arc::clone(&pace));
    let Some(tls) = &shared.tls else {
        let protocol = if shared.settings.clear_http2 { Protocol::Either } else { Protocol::Http1 };
        return http(shared, stream, peer, pace, protocol).await;
    };
    let handshake = tls.acceptor().accept(stream);
    let handshake = tokio::time::timeout(shared.settings.deadlines.handshake, handshake);
    // Half a handshake is no open request.
    match shared.stop.run_until_cancelled(handshake).await {
        None => Ended::Closed,
        Some(Err(_elapsed)) => Ended::SlowHandshake,
        Some(Ok(Err(_))) => Ended::Handshake,
        Some(Ok(Ok(stream))) => {
            pace.restart();
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(super::tls::HTTP2);
            http(shared, stream, peer, pace, if is_http2 { Protocol::Http2 } else { Protocol::Http1 }).await
        }
    }
}

/// Drives HTTP until it ends by itself, is too slow, or the process must end.
async fn http<Stream>(
    shared: &Arc<Shared>,
    stream: Stream,
    peer: SocketAddr,
    pace: Arc<Pace>,
    protocol: Protocol,
) -> Ended
where
    Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = builder(&shared.settings, protocol);
    let mut watchdog = Watchdog::new(Arc::clone(&pace), shared.settings.deadlines);
    let service = service_fn(|request| answer(Arc::clone(shared), peer, pace.begin(request.version()), request));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let (mut stopped, mut cut) = (pin!(shared.stop.cancelled()), pin!(shared.cut.cancelled()));
    let mut leaving = None;
    poll_fn(|context| {
        loop {
            // How a connection ends is the client's affair; what happened in it is in the log already.
            if connection.as_mut().poll(context).is_ready() {
                return Poll::Ready(leaving.unwrap_or(Ended::Closed));
            }
            if cut.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ended::Drained);
            }
            leaving = match watchdog.poll(context) {
                Poll::Ready(Overdue::Header) => return Poll::Ready(Ended::SlowHeader),
                Poll::Ready(Overdue::Write) => return Poll::Ready(Ended::SlowReader),
                Poll::Ready(Overdue::End) => return Poll::Ready(leaving.unwrap_or(Ended::Closed)),
                Poll::Ready(Overdue::Idle) => Some(Ended::Idle),
                Poll::Pending if leaving.is_none() && stopped.as_mut().poll(context).is_ready() => Some(Ended::Closed),
                Poll::Pending => return Poll::Pending,
            };
            if pace.is_fresh() {
                return Poll::Ready(Ended::Closed);
            }
            pace.leave();
            connection.as_mut().graceful_shutdown();
        }
    })
    .await
}

/// HTTP within our limits (attack H16). The deadlines of a connection are [`Watchdog`]'s.
fn builder(settings: &Settings, protocol: Protocol) -> Builder<Streams> {
    let mut builder = Builder::new(Streams { write: settings.deadlines.write });
    builder.http1().max_buf_size(limits::HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS)
        .max_header_list_size(limits::HEADER_LIST_BYTES)
        .max_pending_accept_reset_streams(limits::PENDING_RESETS)
        .max_local_error_reset_streams(limits::LOCAL_RESETS)
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
        .max_frame_size(limits::FRAME_BYTES)
        .max_send_buf_size(limits::SEND_BYTES)
        .keep_alive_interval(limits::PING_EVERY)
        .keep_alive_timeout(limits::PONG_WITHIN);
    match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
        Protocol::Either => builder,
    }
}

async fn answer(
    shared: Arc<Shared>,
    peer: SocketAddr,
    open: Open,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(Peer(peer));
    let answer = shared.router.clone().oneshot(Request::from_parts(parts, Body::new(body))).await?;
    stall::handed_over();
    Ok(answer.map(|body| Answer { body, _open: open }))
}

/// An answer's body, which keeps its request open.
struct Answer {
    body: Body,
    _open: Open,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match &frame {
            Poll::Ready(_) => stall::handed_over(),
            Poll::Pending => stall::caught_up(),
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
