//! All that touches rmcp. Outside this module tree the protocol crate is not known: the edge hands in a request that
//! has passed authentication, and gets an HTTP answer back.

mod handler;
mod wire;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use http_body_util::combinators::BoxBody;
use rmcp::ServiceExt;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

pub(crate) use wire::listed_tool;

use crate::front::Front;
use handler::{Caller, Handler};

/// The streamable HTTP service: stateless, JSON answers.
#[derive(Clone)]
pub(crate) struct Streamable {
    service: StreamableHttpService<Handler, NeverSessionManager>,
}

impl Streamable {
    /// One service for every route that speaks JSON-RPC. `stop` ends open answers when the process ends.
    #[must_use]
    pub(crate) fn new(front: Arc<Front>, stop: CancellationToken) -> Self {
        let mut config = StreamableHttpServerConfig::default();
        config.legacy_session_mode = false;
        config.json_response = true;
        config.cancellation_token = stop;
        // Host and Origin are checked by our own edge, before authentication and for every route.
        config.allowed_hosts = Vec::new();
        let handler = move || Ok(Handler::new(Arc::clone(&front), Caller::Request));
        Self { service: StreamableHttpService::new(handler, Arc::default(), config) }
    }

    /// Answers one request. The authenticated principal and its origin stand in the request's extensions.
    pub(crate) async fn answer(&self, request: Request<Full<Bytes>>) -> Response<BoxBody<Bytes, Infallible>> {
        self.service.handle(request).await
    }
}

/// Serves the process's own user over standard input and output until the other side closes it.
///
/// # Errors
/// The pipe broke before the handshake was done, or the service ended in a panic.
pub(crate) async fn serve_stdio(front: Arc<Front>, stop: CancellationToken) -> anyhow::Result<()> {
    let handler = Handler::new(front, Caller::Process);
    let running = handler.serve_with_ct(rmcp::transport::stdio(), stop).await?;
    running.waiting().await?;
    Ok(())
}
