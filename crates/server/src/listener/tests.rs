//! A listener met through its real socket. Where a test waits for a deadline, tokio's clock stands still and jumps to the
//! next timer whenever nobody has anything to do: the deadlines are the real ones and nobody sleeps.

mod deadlines;
mod framing;
mod http2;
mod private;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::{StreamExt, stream};
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

/// A running listener.
struct Server {
    address: SocketAddr,
    counts: ConnectionCounts,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(settings: Settings) -> Self {
        Self::with_tls(settings, None).await
    }

    async fn with_tls(settings: Settings, tls: Option<Arc<Tls>>) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, counts, stop) =
            (socket.local_addr().unwrap(), ConnectionCounts::default(), CancellationToken::new());
        let ambient = Ambient::real();
        let listener = Listener { socket, settings, tls, counts: counts.clone(), ambient };
        let serving =
            tokio::spawn(listener.serve(router(), stop.clone(), CancellationToken::new(), || std::future::ready(())));
        Self { address, counts, stop, serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends these bytes on a connection of their own, and returns all that comes until the other side closes it.
    async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        rest(&mut stream).await
    }

    async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
    }
}

fn router() -> Router {
    let piece = || Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b'x'; 16 * 1024]));
    let endless = move || async move { Body::from_stream(stream::repeat_with(piece)) };
    let quiet = move || async move { Body::from_stream(stream::iter([piece()]).chain(stream::pending())) };
    let first_then_second = || async {
        let pieces = stream::iter(["first", "second"]).then(|piece| async move {
            tokio::task::yield_now().await;
            Ok::<_, std::convert::Infallible>(piece)
        });
        Body::from_stream(pieces)
    };
    Router::new()
        .route("/", get(|| async { "ours" }))
        .route("/length", post(length))
        .route("/endless", get(endless))
        .route("/quiet", get(quiet))
        .route("/pieces", get(first_then_second))
        .layer(from_fn(unambiguous))
}

/// As the gateway's own router does.
async fn unambiguous(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match crate::http::check_strictly(&mut parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(_) => crate::http::last_of(StatusCode::BAD_REQUEST.into_response(), parts.version),
    }
}

/// How many bytes the body has, read as every route of the gateway reads it.
async fn length(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match crate::http::read_body(&parts.headers, body, |_| Ok(())).await {
        Ok(body) => body.len().to_string().into_response(),
        Err(fault) => (fault.code().status(), fault.to_string()).into_response(),
    }
}

/// All that comes until the other side closes; a reset is an end like any other.
async fn rest(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Asks on a kept connection and reads one short answer.
async fn answer(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin), request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = vec![0; 4096];
    let length = stream.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

/// How long something took on tokio's clock.
#[expect(clippy::disallowed_methods, reason = "the clock that the deadlines under test run by")]
async fn timed<Output>(future: impl Future<Output = Output>) -> (Output, Duration) {
    let before = tokio::time::Instant::now();
    let output = future.await;
    (output, before.elapsed())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
